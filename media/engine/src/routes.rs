//! Whose datagram is this? By the address it comes from, or, for a STUN request from a new address, by the user fragment
//! in it. Two look-ups at most, however many legs there are.

use std::net::SocketAddr;

use crosspoint_webrtc::{Datagram, credentials};
use rustc_hash::FxHashMap;

/// Addresses that one leg may be reached by. A client that roams more gets its oldest forgotten.
const ADDRESSES: usize = 16;

/// User fragments that one leg answers to: the last, and the one before its ICE restart.
const UFRAGS: usize = 2;

/// The slab index of a leg.
pub(crate) type Index = usize;

/// The two maps.
#[derive(Debug, Default)]
pub(crate) struct Routes {
    by_address: FxHashMap<(bool, SocketAddr), Index>,
    by_ufrag: FxHashMap<Box<[u8]>, Index>,
    of_leg: FxHashMap<Index, Known>,
}

#[derive(Debug, Default)]
struct Known {
    addresses: Vec<(bool, SocketAddr)>,
    ufrags: Vec<Box<[u8]>>,
}

/// What the maps say about a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// It is this leg's.
    Known(Index),
    /// It is a request that names this leg; its signature has to be checked before the address is believed.
    Claimed(Index),
    /// Nobody's.
    Unknown,
}

impl Routes {
    /// Whose is it?
    pub(crate) fn find(&self, datagram: &Datagram<'_>) -> Route {
        let known = self.by_address.get(&(datagram.tcp, datagram.source)).copied();
        // RFC 7983: 0 to 3 is STUN.
        let ufrag = if datagram.contents.first().is_some_and(|byte| *byte < 4) {
            credentials::stun_ufrag(datagram.contents)
        } else {
            None
        };
        match (known, ufrag) {
            (Some(known), None) => Route::Known(known),
            (None, None) => Route::Unknown,
            // The same address with another leg's fragment: a page was reloaded and the browser took the same port again.
            (known, Some(ufrag)) => match self.by_ufrag.get(ufrag).copied() {
                Some(index) if known == Some(index) => Route::Known(index),
                Some(index) => Route::Claimed(index),
                None => Route::Unknown,
            },
        }
    }

    /// Believes that this address is the leg's.
    pub(crate) fn learn(&mut self, index: Index, tcp: bool, source: SocketAddr) {
        if let Some(before) = self.by_address.insert((tcp, source), index)
            && let Some(known) = self.of_leg.get_mut(&before)
        {
            known.addresses.retain(|address| *address != (tcp, source));
        }
        let known = self.of_leg.entry(index).or_default();
        known.addresses.push((tcp, source));
        if known.addresses.len() > ADDRESSES {
            let oldest = known.addresses.remove(0);
            self.by_address.remove(&oldest);
        }
    }

    /// The leg answers to this user fragment from now on (and to the one before: checks may be under way).
    pub(crate) fn name(&mut self, index: Index, ufrag: &str) {
        let ufrag: Box<[u8]> = ufrag.as_bytes().into();
        self.by_ufrag.insert(ufrag.clone(), index);
        let known = self.of_leg.entry(index).or_default();
        if !known.ufrags.contains(&ufrag) {
            known.ufrags.push(ufrag);
        }
        if known.ufrags.len() > UFRAGS {
            let oldest = known.ufrags.remove(0);
            self.by_ufrag.remove(&oldest);
        }
    }

    /// Every leg that something leads to.
    #[cfg(feature = "faults")]
    pub(crate) fn legs(&self) -> impl Iterator<Item = Index> + '_ {
        let routed = self.by_address.values().chain(self.by_ufrag.values());
        routed.copied().chain(self.of_leg.keys().copied())
    }

    /// The leg is gone.
    pub(crate) fn forget(&mut self, index: Index) {
        let Some(known) = self.of_leg.remove(&index) else { return };
        for address in known.addresses {
            self.by_address.remove(&address);
        }
        for ufrag in known.ufrags {
            self.by_ufrag.remove(&ufrag);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    fn datagram(port: u16, contents: &[u8]) -> Datagram<'_> {
        let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Datagram { tcp: false, source: address(port), destination: address(1), contents, arrival: Instant::now() }
    }

    fn binding_request(ufrag: &str) -> Vec<u8> {
        let username = format!("{ufrag}:them");
        let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
        request.extend([0; 12]);
        request.extend([0, 6]);
        request.extend(u16::try_from(username.len()).expect("short").to_be_bytes());
        request.extend(username.as_bytes());
        request.resize(request.len().next_multiple_of(4), 0);
        let length = u16::try_from(request.len() - 20).expect("short");
        request[2..4].copy_from_slice(&length.to_be_bytes());
        request
    }

    #[test]
    fn an_address_is_believed_only_after_it_was_learnt() {
        let mut routes = Routes::default();
        routes.name(7, "AAseven");
        let request = binding_request("AAseven");
        assert_eq!(routes.find(&datagram(50, &request)), Route::Claimed(7));
        assert_eq!(routes.find(&datagram(50, &[128, 0])), Route::Unknown);
        routes.learn(7, false, SocketAddr::from(([127, 0, 0, 1], 50)));
        assert_eq!(routes.find(&datagram(50, &request)), Route::Known(7));
        assert_eq!(routes.find(&datagram(50, &[128, 0])), Route::Known(7));
    }

    #[test]
    fn a_known_address_with_another_fragment_claims_the_other_leg() {
        let mut routes = Routes::default();
        routes.name(1, "AAone");
        routes.name(2, "AAtwo");
        let address = SocketAddr::from(([127, 0, 0, 1], 50));
        routes.learn(1, false, address);
        let request = binding_request("AAtwo");
        assert_eq!(routes.find(&datagram(50, &request)), Route::Claimed(2));
        routes.learn(2, false, address);
        routes.forget(1);
        assert_eq!(routes.find(&datagram(50, &[128])), Route::Known(2), "the first leg's end does not take it away");
    }

    #[test]
    fn a_leg_that_ends_leaves_nothing() {
        let mut routes = Routes::default();
        routes.name(1, "AAone");
        for port in 0..40 {
            routes.learn(1, false, SocketAddr::from(([127, 0, 0, 1], port)));
        }
        assert_eq!(routes.by_address.len(), ADDRESSES);
        routes.forget(1);
        assert!(routes.by_address.is_empty() && routes.by_ufrag.is_empty() && routes.of_leg.is_empty());
    }
}
