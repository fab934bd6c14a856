//! How many answers those get who have not proved who they are. An answer is larger than a request, and the sender of a
//! datagram can be forged: without a bound the server would send more to a victim than an attacker sends to it.

use std::hash::BuildHasher;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rustc_hash::FxBuildHasher;

/// Answers to one address in one second. A browser needs one for each of its servers; many browsers may share an address.
const PER_SECOND: u16 = 200;
/// Addresses share this many counters, so that the memory is bounded.
const COUNTERS: usize = 4096;

/// The counters of this second.
#[derive(Debug)]
pub(crate) struct Doorstep {
    answers: Box<[u16; COUNTERS]>,
    since: Option<Instant>,
}

impl Doorstep {
    pub fn new() -> Self {
        Self { answers: Box::new([0; COUNTERS]), since: None }
    }

    /// May this address get an answer now?
    pub fn admits(&mut self, client: IpAddr, now: Instant) -> bool {
        if self.since.is_none_or(|since| now.saturating_duration_since(since) >= Duration::from_secs(1)) {
            self.since = Some(now);
            self.answers.fill(0);
        }
        // The whole network of an IPv6 client counts as one: it has all addresses of it.
        let whose = match client {
            IpAddr::V4(ip) => u64::from(u32::from(ip)),
            IpAddr::V6(ip) => (u128::from(ip) >> 64) as u64,
        };
        let at = usize::try_from(FxBuildHasher.hash_one(whose) % COUNTERS as u64).unwrap_or_default();
        let answers = &mut self.answers[at];
        *answers = answers.saturating_add(1);
        *answers <= PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_so_many_answers_a_second_and_others_theirs() {
        let (mut doorstep, now) = (Doorstep::new(), Instant::now());
        let client: IpAddr = "192.0.2.1".parse().expect("an address");
        let admitted = (0..10_000).filter(|_| doorstep.admits(client, now)).count();
        assert_eq!(admitted, usize::from(PER_SECOND));
        assert!(doorstep.admits("192.0.2.2".parse().expect("an address"), now));
        assert!(doorstep.admits(client, now + Duration::from_secs(1)));
    }
}
