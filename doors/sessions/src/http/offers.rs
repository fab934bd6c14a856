//! How many offers one address posts. Each may make a session, which takes memory and a place in the store.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use crosspoint_auth::network;
use crosspoint_model::{Code, Refusal};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Addresses that have posted nothing for a while are forgotten every so many offers.
const SWEEP: u32 = 1024;

/// Offers, by address.
pub struct Offers {
    rate: DefaultKeyedRateLimiter<IpAddr>,
    since_sweep: AtomicU32,
}

impl Offers {
    /// So many a minute.
    pub fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self { rate: RateLimiter::keyed(quota), since_sweep: AtomicU32::new(0) }
    }

    /// Counts one.
    ///
    /// # Errors
    /// `rate-limited`.
    pub fn count(&self, address: IpAddr) -> Result<(), Refusal> {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) >= SWEEP {
            self.since_sweep.store(0, Ordering::Relaxed);
            self.rate.retain_recent();
        }
        self.rate.check_key(&network(address)).map_err(|_| {
            let detail = "too many offers from this address (sessions.per_minute); wait a minute";
            Refusal::new(Code::RateLimited, detail)
        })
    }
}
