//! For tests only (feature `faults`): panics on demand, and what must always hold.

use std::time::Instant;

use crosspoint_model::LegKey;
use crosspoint_model::signal::DataHeader;

use crate::data;
use crate::engine::Engine;

/// What a data message begins with, and its payload.
pub fn parse_data(message: &[u8]) -> Option<(DataHeader, &[u8])> {
    data::parse(message)
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
            for index in &room.members {
                let there = self.legs.get(*index).is_some_and(|leg| leg.room == *key);
                require(there, || format!("room {} has a member that is not in it", key.0))?;
            }
        }
        for (index, leg) in &self.legs {
            let name = || format!("leg {}", leg.key.0);
            require(self.by_key.get(&leg.key) == Some(&index), || format!("{} is not found by its key", name()))?;
            let room = self.rooms.get(&leg.room);
            require(room.is_some_and(|room| room.members.contains(&index)), || format!("{} is in no room", name()))?;
            for spec in leg.publish.iter().filter(|spec| leg.media_line(spec).is_some()) {
                require(self.tracks.get(&spec.track) == Some(&index), || format!("{} has lost a track", name()))?;
            }
        }
        require(self.by_key.len() == self.legs.len(), || "a key leads to a leg that is gone".into())?;
        for (track, index) in &self.tracks {
            let known = self.legs.get(*index).is_some_and(|leg| leg.publish.iter().any(|spec| spec.track == *track));
            require(known, || format!("track {} is nobody's", track.0))?;
        }
        require(self.routes.legs().all(|index| self.legs.contains(index)), || "a route leads nowhere".into())
    }

    /// How many legs there are.
    pub fn leg_count(&self) -> usize {
        self.legs.len()
    }
}

fn require(holds: bool, complaint: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint()) }
}
