//! A leg of this worker on its way through rooms, here and on other workers. While its room is elsewhere, what its client sends
//! goes up to that worker, and what it is sent comes down from there. The other side of this is in `guests.rs`.

use std::sync::Arc;
use std::time::Instant;

use crosspoint_model::{LegKey, RoomKey, TrackKey};
use crosspoint_router::LegSlots;
use crosspoint_webrtc::Inbound;

use crate::engine::Engine;
use crate::fact::{Fact, LegEnd};
use crate::numbers::Numbers;
use crate::relay::{Down, Enter, Message, Relay, Up};
use crate::routes::Index;
use crate::seat::Member;

/// Where the room of a leg is, if it is not here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Away {
    pub(crate) host: usize,
    /// What that room's publishers are told to stay under.
    pub(crate) publish_bitrate: Option<u64>,
}

impl Engine {
    /// Carries out what another worker's engine gave for this one. What it causes is queued until [`Self::flush`].
    pub fn handle_relay(&mut self, relay: Relay, now: Instant) {
        let Relay { leg, visit, message } = relay;
        match message {
            Message::Up(up) => self.handle_up(leg, visit, up, now),
            Message::Down(down) => self.handle_down(leg, visit, down, now),
            Message::Plain(new) => self.add_plain(*new, now),
        }
    }

    /// What is for other workers' engines, each with its worker's number. Give it out before the facts of the same turn: then
    /// whatever the control plane orders in consequence of a fact comes after it.
    pub fn take_relays(&mut self) -> Vec<(usize, Relay)> {
        std::mem::take(&mut self.out.relays)
    }

    pub(crate) fn move_leg(&mut self, leg: LegKey, to: RoomKey, worker: usize, now: Instant) {
        if let Some(index) = self.plain_of(leg) {
            return self.move_plain(index, to, worker, now);
        }
        let Some(index) = self.index_of(leg) else { return };
        let mut slots = self.leave_room(index, now);
        let Some(leg) = self.legs.get_mut(index) else { return };
        if worker != self.worker && leg.numbers.is_none() {
            leg.numbers = Some(Numbers::following(slots.take().unwrap_or_default()));
        }
        if let Some(numbers) = &mut leg.numbers {
            // From now on the leg numbers its streams itself, whichever room they come from.
            numbers.restart();
            slots = None;
        }
        let fresh = slots.is_none();
        self.enter_room(index, to, worker, slots, now);
        if fresh {
            self.arrived(Member::Leg(index));
        } else {
            self.want_every_layer(Member::Leg(index));
        }
    }

    /// Puts a leg with its tracks into a room; with the slots it had in another one, or with fresh ones.
    pub(crate) fn enter_room(
        &mut self,
        index: Index,
        room: RoomKey,
        worker: usize,
        kept: Option<LegSlots>,
        now: Instant,
    ) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        leg.visit += 1;
        leg.seat.room = room;
        leg.seat.pre_fade = None;
        let estimate = leg.transport.estimate();
        if worker == self.worker {
            if !self.take_seat(Member::Leg(index), kept, estimate, now) {
                self.end_leg(index, LegEnd::RoomClosed, now);
            }
            return;
        }
        leg.away = Some(Away { host: worker, publish_bitrate: None });
        let seat = &leg.seat;
        let enter = Enter {
            home: self.worker,
            room,
            identity: seat.identity.clone(),
            profile: seat.profile.clone(),
            publish: seat.publish.clone(),
            lines: seat.lines.clone(),
            voice: seat.voice.clone(),
            estimate,
        };
        self.tell_host(index, Up::Enter(Box::new(enter)));
    }

    /// Takes a leg with its tracks out of its room. Its slots can go on in another, where they come back.
    pub(crate) fn leave_room(&mut self, index: Index, now: Instant) -> Option<LegSlots> {
        self.tell_host(index, Up::Leave);
        let leg = self.legs.get_mut(index)?;
        if leg.away.take().is_some() {
            return None;
        }
        self.leave_seat(Member::Leg(index), now)
    }

    /// A packet came from the client of this leg.
    pub(crate) fn packet_came(&mut self, index: Index, packet: Arc<Inbound>, now: Instant) {
        let Some(leg) = self.legs.get(index) else { return };
        let (Some(track), room) = (leg.track_on(packet.line), leg.seat.room) else { return };
        if leg.away.is_some() {
            return self.tell_host(index, Up::Packet { track, packet });
        }
        self.forward(room, track, &packet, now);
    }

    /// Says something to the worker that has the leg's room, if that is another one.
    pub(crate) fn tell_host(&mut self, index: Index, up: Up) {
        let Some(leg) = self.legs.get(index) else { return };
        let Some(away) = leg.away else { return };
        let relay = Relay { leg: leg.seat.key, visit: leg.visit, message: Message::Up(up) };
        self.out.relays.push((away.host, relay));
    }

    /// What the host of a leg wants of its transport.
    fn handle_down(&mut self, leg: LegKey, visit: u64, down: Down, now: Instant) {
        let Some(index) = self.index_of(leg) else { return };
        let Some(leg) = self.legs.get_mut(index).filter(|leg| leg.visit == visit) else { return };
        match down {
            Down::Entered { publish_bitrate } => {
                leg.away.iter_mut().for_each(|away| away.publish_bitrate = publish_bitrate);
            }
            Down::Forward { line, packet, numbers, picture } => {
                self.with_leg(index, |leg| leg.send(line, &packet, numbers, picture));
            }
            Down::RequestKeyFrame { track, layer } => self.request_key_frame(index, track, layer),
            Down::Desire { minimum, desired } => self.with_leg(index, |leg| leg.transport.desire(minimum, desired)),
            Down::Data { reliable, message } => self.send_data(index, reliable, message, now),
            Down::RoomEnded => {
                self.say_goodbye(index, now);
                self.end_leg(index, LegEnd::RoomClosed, now);
            }
        }
    }

    pub(crate) fn request_key_frame(&mut self, index: Index, track: TrackKey, layer: u8) {
        self.with_leg(index, |leg| {
            if let Some(line) = leg.line_of(track) {
                leg.transport.request_key_frame(line, layer);
            }
        });
    }

    /// Somebody came into a room of this worker with slots that it has not numbered before. The control plane took everything
    /// out of them; what the room before told of them may still reach it, so that those that stay empty are told as well.
    pub(crate) fn arrived(&mut self, member: Member) {
        let Some(seat) = self.seat(member) else { return };
        let Some(entry) = self.rooms.get(&seat.room) else { return };
        let mut slots = entry.router.slots(member.number());
        slots.retain(|slot| slot.track.is_none());
        if !slots.is_empty() {
            let leg = seat.key;
            self.out.facts.push(Fact::Slots { leg, slots });
        }
        self.want_every_layer(member);
    }
}
