//! Legs of other workers in rooms of this one. A [`Guest`] is what its home told of it; what its room wants of its transport
//! goes back there. The other side of this is in `away.rs`.

use std::time::Instant;

use crosspoint_model::LegKey;

use crate::engine::Engine;
use crate::relay::{Down, Enter, Message, Relay, Up};
use crate::routes::Index;
use crate::seat::{Member, Seat};

/// A leg whose transport is on another worker.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) seat: Seat,
    pub(crate) home: usize,
    pub(crate) visit: u64,
}

impl Engine {
    /// What the home of a guest tells.
    pub(crate) fn handle_up(&mut self, leg: LegKey, visit: u64, up: Up, now: Instant) {
        if let Up::Enter(enter) = up {
            return self.enter_guest(leg, visit, *enter, now);
        }
        let Some(&index) = self.guests_by_key.get(&leg) else { return };
        let Some(guest) = self.guests.get(index).filter(|guest| guest.visit == visit) else { return };
        let (member, room) = (Member::Guest(index), guest.seat.room);
        match up {
            // Handled above.
            Up::Enter(_) => {}
            Up::Leave => self.remove_guest(index, now),
            Up::Packet { track, packet } => self.forward(room, track, &packet, now),
            Up::KeyFrameRequest { line } => {
                self.in_room_of(member, |room, guest| room.handle_key_frame_request(guest, line, now));
            }
            Up::Estimate(rate) => self.in_room_of(member, |room, guest| room.handle_estimate(guest, rate, now)),
            Up::Renegotiated { lines, publish } => self.reseat(member, lines, publish, now),
            Up::Data { reliable, message } => self.relay_data(member, reliable, &message, now),
            Up::Order(order) => self.handle_order(*order, now),
        }
    }

    fn enter_guest(&mut self, leg: LegKey, visit: u64, enter: Enter, now: Instant) {
        let Enter { home, room, identity, profile, publish, lines, voice, estimate } = enter;
        let (pre_fade, allowance) = (None, None);
        let seat = Seat { key: leg, room, identity, profile, publish, lines, voice, pre_fade, allowance };
        let index = self.guests.insert(Guest { seat, home, visit });
        self.guests_by_key.insert(leg, index);
        let member = Member::Guest(index);
        if !self.take_seat(member, None, estimate, now) {
            self.tell_home(index, Down::RoomEnded);
            return self.remove_guest(index, now);
        }
        let publish_bitrate = self.rooms.get(&room).and_then(|room| room.settings.publish_bitrate);
        self.tell_home(index, Down::Entered { publish_bitrate });
        self.arrived(member);
    }

    /// Takes a guest out with all that is its own.
    pub(crate) fn remove_guest(&mut self, index: Index, now: Instant) {
        self.leave_seat(Member::Guest(index), now);
        let Some(guest) = self.guests.try_remove(index) else { return };
        self.guests_by_key.remove(&guest.seat.key);
        for spec in &guest.seat.publish {
            self.tracks.remove(&spec.track);
        }
    }

    /// The room of a guest has ended: so does the leg, at its home.
    pub(crate) fn dismiss_guest(&mut self, index: Index, now: Instant) {
        self.tell_home(index, Down::RoomEnded);
        self.remove_guest(index, now);
    }

    /// Says something to the worker that has the guest's transport.
    pub(crate) fn tell_home(&mut self, index: Index, down: Down) {
        let Some(guest) = self.guests.get(index) else { return };
        let relay = Relay { leg: guest.seat.key, visit: guest.visit, message: Message::Down(down) };
        self.out.relays.push((guest.home, relay));
    }
}
