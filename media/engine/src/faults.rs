//! For tests only (feature `faults`): panics on demand, and what must always hold.

use std::time::Instant;

use crosspoint_model::LegKey;
use crosspoint_model::signal::DataHeader;

use crate::data;
use crate::engine::Engine;
use crate::relay::{Message, Relay, Up};
use crate::seat::{Member, Seat};

/// What a data message begins with, and its payload.
pub fn parse_data(message: &[u8]) -> Option<(DataHeader, &[u8])> {
    data::parse(message)
}

impl Relay {
    /// One that says nothing to anybody; it may be lost, or not.
    pub fn idle(may_be_lost: bool) -> Self {
        let data = || Up::Data { reliable: false, message: Vec::new() };
        let message = Message::Up(if may_be_lost { data() } else { Up::Leave });
        Self { leg: LegKey(0), visit: 0, message }
    }
}

impl Engine {
    /// Makes a leg's code panic.
    pub(crate) fn fail(&mut self, leg: LegKey, written_to: bool, now: Instant) {
        let Some(index) = self.index_of(leg) else { return };
        if written_to {
            self.with_leg(index, |_| panic!("a fault while a leg is written to, as ordered"));
        } else {
            self.drive(index, now, |_, _| panic!("a fault while a leg is driven, as ordered"));
        }
    }

    /// Checks that legs, rooms, tracks and routes agree, and each room for itself. The error says what does not.
    pub fn check_invariants(&self) -> Result<(), String> {
        for (key, room) in &self.rooms {
            room.router.check_invariants().map_err(|what| format!("room {}: {what}", key.0))?;
            for member in &room.members {
                let there = self.seat(*member).is_some_and(|seat| seat.room == *key);
                require(there, || format!("room {} has a member that is not in it", key.0))?;
            }
        }
        for (index, leg) in &self.legs {
            let known = self.by_key.get(&leg.seat.key) == Some(&index);
            require(known, || format!("leg {} is not found by its key", leg.seat.key.0))?;
            self.check_seat(Member::Leg(index), &leg.seat, leg.away.is_none())?;
        }
        for (index, guest) in &self.guests {
            let known = self.guests_by_key.get(&guest.seat.key) == Some(&index);
            require(known, || format!("guest {} is not found by its key", guest.seat.key.0))?;
            self.check_seat(Member::Guest(index), &guest.seat, true)?;
        }
        require(self.by_key.len() == self.legs.len(), || "a key leads to a leg that is gone".into())?;
        require(self.guests_by_key.len() == self.guests.len(), || "a key leads to a guest that is gone".into())?;
        for (track, owner) in &self.tracks {
            let seat = self.seat(*owner);
            let known = seat.is_some_and(|seat| seat.publish.iter().any(|spec| spec.track == *track));
            require(known, || format!("track {} is nobody's", track.0))?;
        }
        require(self.routes.legs().all(|index| self.legs.contains(index)), || "a route leads nowhere".into())
    }

    fn check_seat(&self, member: Member, seat: &Seat, here: bool) -> Result<(), String> {
        let name = || format!("leg {}", seat.key.0);
        let in_room = self.rooms.get(&seat.room).is_some_and(|room| room.members.contains(&member));
        require(in_room == here, || format!("{} is in no room, or in one of two workers", name()))?;
        for spec in seat.publish.iter().filter(|spec| seat.media_line(spec).is_some()) {
            require(self.tracks.get(&spec.track) == Some(&member), || format!("{} has lost a track", name()))?;
        }
        Ok(())
    }

    /// How many guests there are.
    pub fn guest_count(&self) -> usize {
        self.guests.len()
    }

    /// How many legs there are.
    pub fn leg_count(&self) -> usize {
        self.legs.len()
    }
}

fn require(holds: bool, complaint: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint()) }
}
