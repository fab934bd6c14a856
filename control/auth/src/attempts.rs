//! How often one address may fail to come in. Who comes with a right token is never counted, so that an office behind one
//! address gets in again after a restart.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};

use crosspoint_model::{Code, Refusal};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Addresses that have not failed lately are forgotten every so many failures.
const SWEEP: u32 = 1024;

/// Failed attempts, by address.
pub struct Attempts {
    failures: DefaultKeyedRateLimiter<IpAddr>,
    since_sweep: AtomicU32,
}

impl Attempts {
    /// So many failures a minute.
    pub fn new(per_minute: u32) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN));
        Self { failures: RateLimiter::keyed(quota), since_sweep: AtomicU32::new(0) }
    }

    /// Counts a failure and says what to answer: why it failed, or `rate-limited` when there were too many.
    pub fn failed(&self, address: IpAddr, why: Refusal) -> Refusal {
        if self.since_sweep.fetch_add(1, Ordering::Relaxed) % SWEEP == SWEEP - 1 {
            self.failures.retain_recent();
        }
        match self.failures.check_key(&network(address)) {
            Ok(()) => why,
            Err(_) => Refusal::new(Code::RateLimited, "too many failed attempts from this address; wait a minute"),
        }
    }
}

/// A household has one IPv4 address, or a whole /64 of IPv6 to choose from.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_too_often_is_told_to_wait_and_others_are_not() {
        let attempts = Attempts::new(3);
        let fail = |address: &str| {
            let why = Refusal::new(Code::Unauthorized, "no");
            attempts.failed(address.parse().expect("an address"), why).code
        };
        for _ in 0..3 {
            assert_eq!(fail("192.0.2.1"), Code::Unauthorized);
        }
        assert_eq!(fail("::ffff:192.0.2.1"), Code::RateLimited);
        assert_eq!(fail("192.0.2.2"), Code::Unauthorized);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let attempts = Attempts::new(1);
        let why = || Refusal::new(Code::Unauthorized, "no");
        assert_eq!(attempts.failed("2001:db8::1".parse().expect("an address"), why()).code, Code::Unauthorized);
        assert_eq!(attempts.failed("2001:db8::2".parse().expect("an address"), why()).code, Code::RateLimited);
    }
}
