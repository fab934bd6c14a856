//! Mesh rooms: browsers connect to each other, the server carries their offers, answers and candidates. Clients that do not
//! declare `perfect-negotiation` cannot resolve glare (two offers crossing, W3C WebRTC §10.7), so the server keeps it from
//! happening: one offer per pair is on its way, a crossing one is dropped.

use std::collections::BTreeMap;
use std::time::Duration;

use crosspoint_model::Identity;
use tokio::time::Instant;

/// An offer that nobody answers holds its pair for so long.
const UNANSWERED: Duration = Duration::from_secs(10);

/// The offers that are on their way.
#[derive(Debug, Default)]
pub(crate) struct Glare {
    flights: BTreeMap<(Identity, Identity), Flight>,
}

#[derive(Debug)]
struct Flight {
    by: Identity,
    since: Instant,
}

impl Glare {
    /// May this offer pass? If so it is on its way now. The first of two crossing ones wins; who offered may offer anew.
    pub(crate) fn offer(&mut self, from: &Identity, to: &Identity, now: Instant) -> bool {
        let pair = pair(from, to);
        if let Some(flight) = self.flights.get(&pair)
            && flight.by != *from
            && now.duration_since(flight.since) < UNANSWERED
        {
            return false;
        }
        self.flights.insert(pair, Flight { by: from.clone(), since: now });
        true
    }

    /// An answer passes: the pair is free.
    pub(crate) fn answer(&mut self, from: &Identity, to: &Identity) {
        let pair = pair(from, to);
        if self.flights.get(&pair).is_some_and(|flight| flight.by == *to) {
            self.flights.remove(&pair);
        }
    }

    /// Somebody went, or came back as a new page.
    pub(crate) fn forget(&mut self, who: &Identity) {
        self.flights.retain(|(one, other), _| one != who && other != who);
    }
}

fn pair(one: &Identity, other: &Identity) -> (Identity, Identity) {
    if one < other { (one.clone(), other.clone()) } else { (other.clone(), one.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> Identity {
        Identity::parse(name).expect("name")
    }

    #[test]
    fn of_two_crossing_offers_the_first_wins_until_it_is_answered() {
        let (mut glare, now) = (Glare::default(), Instant::now());
        assert!(glare.offer(&id("b"), &id("a"), now));
        assert!(!glare.offer(&id("a"), &id("b"), now), "crossing");
        assert!(glare.offer(&id("b"), &id("a"), now), "the same side may offer anew");
        assert!(glare.offer(&id("c"), &id("a"), now), "another pair");
        glare.answer(&id("b"), &id("a"));
        assert!(!glare.offer(&id("a"), &id("b"), now), "the offerer's own answer frees nothing");
        glare.answer(&id("a"), &id("b"));
        assert!(glare.offer(&id("a"), &id("b"), now));
    }

    #[test]
    fn an_unanswered_offer_frees_its_pair_after_ten_seconds_or_when_one_goes() {
        let (mut glare, now) = (Glare::default(), Instant::now());
        assert!(glare.offer(&id("a"), &id("b"), now));
        assert!(glare.offer(&id("b"), &id("a"), now + UNANSWERED));
        glare.forget(&id("b"));
        assert!(glare.offer(&id("a"), &id("b"), now + UNANSWERED));
    }
}
