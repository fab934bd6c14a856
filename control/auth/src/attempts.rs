//! How often one address may fail to come in. Who comes with a right token is never counted, so that an office behind one
//! address gets in again after a restart.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crosspoint_model::{Code, Refusal};

/// Addresses whose failures are forgiven are forgotten every so many failures.
const SWEEP: u32 = 1024;
/// In so long, all failures that are allowed are forgiven.
const ALL: Duration = Duration::from_secs(60);

/// Failed attempts, by address.
pub struct Attempts {
    /// In so long, one failure is forgiven.
    each: Duration,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    /// When all failures of an address will have been forgiven.
    forgiven: HashMap<IpAddr, Instant>,
    since_sweep: u32,
}

impl Attempts {
    /// So many failures a minute.
    pub fn new(per_minute: u32) -> Self {
        Self { each: ALL / per_minute.max(1), book: Mutex::default() }
    }

    /// Counts a failure and says what to answer: why it failed, or `rate-limited` when there were too many.
    pub fn failed(&self, address: IpAddr, why: Refusal) -> Refusal {
        let now = Instant::now();
        let mut book = self.book();
        book.since_sweep += 1;
        if book.since_sweep >= SWEEP {
            book.since_sweep = 0;
            book.forgiven.retain(|_, forgiven| *forgiven > now);
        }
        let forgiven = book.forgiven.entry(network(address)).or_insert(now);
        let later = (*forgiven).max(now) + self.each;
        if later > now + ALL {
            return too_many();
        }
        *forgiven = later;
        why
    }

    /// Has this address failed too often already? Ask before a secret is compared, so that who is refused does not learn
    /// whether its guess was right. Counts nothing.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        let now = Instant::now();
        match self.book().forgiven.get(&network(address)) {
            Some(forgiven) if *forgiven + self.each > now + ALL => Err(too_many()),
            _ => Ok(()),
        }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many() -> Refusal {
    Refusal::new(Code::RateLimited, "too many failed attempts from this address; wait a minute")
}

/// Whom an address stands for where callers are counted: a household has one IPv4 address, or a whole /64 of IPv6 to choose from.
pub fn network(address: IpAddr) -> IpAddr {
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
    fn who_has_no_attempts_left_is_known_before_the_next_one_and_asking_costs_none() {
        let attempts = Attempts::new(2);
        let address: IpAddr = "192.0.2.1".parse().expect("an address");
        for _ in 0..2 {
            for _ in 0..5 {
                assert_eq!(attempts.check(address), Ok(()));
            }
            attempts.failed(address, Refusal::new(Code::WrongPin, "no"));
        }
        assert_eq!(attempts.check(address).map_err(|refusal| refusal.code), Err(Code::RateLimited));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let attempts = Attempts::new(1);
        let why = || Refusal::new(Code::Unauthorized, "no");
        assert_eq!(attempts.failed("2001:db8::1".parse().expect("an address"), why()).code, Code::Unauthorized);
        assert_eq!(attempts.failed("2001:db8::2".parse().expect("an address"), why()).code, Code::RateLimited);
    }
}
