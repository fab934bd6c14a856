//! What legs want of the tracks in their room. A wish can come before its track does, when the track comes along with a leg of
//! another worker: the client that wished it has heard of the move from the control plane. Then it waits for the track.

use std::collections::VecDeque;
use std::time::Instant;

use crosspoint_model::{LegKey, RoomKey, TrackKey};

use crate::engine::Engine;
use crate::order::Order;
use crate::relay::Up;
use crate::seat::Member;

/// So many wishes wait in one room; of more the oldest are given up.
const MAX_EARLY: usize = 256;

/// Wishes for tracks that have not come (or have gone already), in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Early(VecDeque<(LegKey, TrackKey, Order)>);

impl Early {
    fn keep(&mut self, leg: LegKey, track: TrackKey, wish: Order) {
        if self.0.len() >= MAX_EARLY {
            self.0.pop_front();
        }
        self.0.push_back((leg, track, wish));
    }

    /// The leg has left.
    pub(crate) fn forget(&mut self, leg: LegKey) {
        self.0.retain(|(whose, ..)| *whose != leg);
    }

    /// The wishes for a track that has come.
    fn take(&mut self, track: TrackKey) -> Vec<(LegKey, TrackKey, Order)> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let (meant, others) = std::mem::take(&mut self.0).into_iter().partition(|(_, which, _)| *which == track);
        self.0 = others;
        Vec::from(meant)
    }
}

impl Engine {
    /// A leg subscribes, unsubscribes or prefers.
    pub(crate) fn wish(&mut self, leg: LegKey, track: TrackKey, wish: Order, now: Instant) {
        let Some(member) = self.member_of(leg) else { return };
        if let Member::Leg(index) = member
            && self.legs.get(index).is_some_and(|leg| leg.away.is_some())
        {
            return self.tell_host(index, Up::Order(Box::new(wish)));
        }
        let Some(room) = self.seat(member).map(|seat| seat.room) else { return };
        if self.is_mix_of(track, room) {
            let wanted = match &wish {
                Order::Subscribe { preference, .. } | Order::Prefer { preference, .. } => {
                    preference.paused != Some(true)
                }
                _ => false,
            };
            return self.want_mix(member, wanted, now);
        }
        if !self.is_track_in(track, room) {
            if let Some(entry) = self.rooms.get_mut(&room) {
                entry.early.keep(leg, track, wish);
            }
            return;
        }
        self.in_room_of(member, |room, leg| match wish {
            Order::Subscribe { preference, .. } => {
                room.subscribe(leg, track, preference, now);
            }
            Order::Prefer { preference, .. } => {
                room.prefer(leg, track, preference, now);
            }
            _ => room.unsubscribe(leg, track, now),
        });
    }

    /// A track has come: what was wished of it before is carried out.
    pub(crate) fn grant_early_wishes(&mut self, room: RoomKey, track: TrackKey, now: Instant) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        for (leg, track, wish) in entry.early.take(track) {
            self.wish(leg, track, wish, now);
        }
    }

    fn is_mix_of(&self, track: TrackKey, room: RoomKey) -> bool {
        let mix = self.rooms.get(&room).and_then(|entry| entry.settings.mix.as_ref());
        mix.is_some_and(|mix| mix.track == track)
    }

    fn is_track_in(&self, track: TrackKey, room: RoomKey) -> bool {
        let owner = self.tracks.get(&track).and_then(|owner| self.seat(*owner));
        owner.is_some_and(|seat| seat.room == room)
    }
}
