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
        if let Some(&before) = self.guests_by_key.get(&leg) {
            self.remove_guest(before, now);
        }
        let Enter { home, room, identity, profile, publish, lines, voice, estimate } = enter;
        let (pre_fade, addressed, mix_wanted, allowance) = (None, false, false, None);
        let seat = Seat {
            key: leg,
            room,
            identity,
            profile,
            publish,
            lines,
            voice,
            pre_fade,
            addressed,
            mix_wanted,
            allowance,
        };
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosspoint_model::{Identity, MediaKind, Preference, RoomKey, Source, TrackKey};
    use crosspoint_webrtc::MediaLine;

    use super::*;
    use crate::fact::Fact;
    use crate::order::{LegProfile, Order, RoomSettings, TrackSpec};

    const ROOM: RoomKey = RoomKey(1);
    const HOME: usize = 7;

    #[test]
    fn a_guest_is_welcomed_sees_what_is_there_and_leaves_nothing_behind() {
        let (mut engine, now) = host();
        enter(&mut engine, 1, 1, now);
        enter(&mut engine, 2, 1, now);
        engine.flush(now);
        let welcomes = engine.take_relays();
        let welcome = |leg| {
            let mut of_leg = welcomes.iter().filter(|(to, relay)| *to == HOME && relay.leg == LegKey(leg));
            of_leg.any(|(_, relay)| {
                let Message::Down(down) = &relay.message else { return false };
                relay.visit == 1 && matches!(down, Down::Entered { publish_bitrate: Some(500_000) })
            })
        };
        assert!(welcome(1) && welcome(2), "{welcomes:?}");
        assert_eq!(
            in_slots(&mut engine),
            [(LegKey(1), TrackKey(21)), (LegKey(2), TrackKey(11))],
            "each hears the other"
        );
        say(&mut engine, 2, 1, Up::Leave, now);
        engine.flush(now);
        assert_eq!((engine.guests.len(), engine.tracks.len()), (1, 2));
        assert_eq!(engine.rooms[&ROOM].members.len(), 1);
    }

    #[test]
    fn what_comes_late_of_a_visit_that_is_over_does_nothing() {
        let (mut engine, now) = host();
        enter(&mut engine, 1, 3, now);
        say(&mut engine, 1, 2, Up::Renegotiated { lines: Vec::new(), publish: Vec::new() }, now);
        say(&mut engine, 1, 2, Up::Leave, now);
        assert_eq!(engine.guests.len(), 1, "this visit goes on");
        assert_eq!(engine.guests[0].seat.publish.len(), 2);
        say(&mut engine, 1, 3, Up::Leave, now);
        say(&mut engine, 1, 3, Up::Data { reliable: true, message: Vec::new() }, now);
        assert!(engine.guests.is_empty() && engine.guests_by_key.is_empty() && engine.tracks.is_empty());
    }

    #[test]
    fn who_comes_into_a_room_that_is_no_more_is_sent_back() {
        let (mut engine, now) = host();
        engine.handle_order(Order::CloseRoom { room: ROOM }, now);
        enter(&mut engine, 1, 1, now);
        let relays = engine.take_relays();
        assert!(matches!(relays[..], [(HOME, Relay { message: Message::Down(Down::RoomEnded), .. })]), "{relays:?}");
        assert!(engine.guests.is_empty() && engine.guests_by_key.is_empty());
    }

    #[test]
    fn guests_are_told_when_their_room_ends() {
        let (mut engine, now) = host();
        enter(&mut engine, 1, 1, now);
        engine.take_relays();
        engine.handle_order(Order::CloseRoom { room: ROOM }, now);
        let relays = engine.take_relays();
        assert!(matches!(relays[..], [(HOME, Relay { message: Message::Down(Down::RoomEnded), .. })]), "{relays:?}");
        assert!(engine.guests.is_empty() && engine.rooms.is_empty());
        assert!(engine.take_facts().iter().all(|fact| !matches!(fact, Fact::Ended { .. })), "its home tells its end");
    }

    #[test]
    fn a_wish_that_overtakes_its_track_waits_for_it() {
        let (mut engine, now) = host();
        enter(&mut engine, 1, 1, now);
        let preference = Preference::default();
        let wish = Order::Subscribe { leg: LegKey(1), track: TrackKey(22), preference };
        say(&mut engine, 1, 1, Up::Order(Box::new(wish)), now);
        let voice = Order::Prefer { leg: LegKey(1), track: TrackKey(21), preference: Preference::default() };
        say(&mut engine, 1, 1, Up::Order(Box::new(voice)), now);
        say(&mut engine, 1, 1, Up::Order(Box::new(Order::Unsubscribe { leg: LegKey(1), track: TrackKey(21) })), now);
        enter(&mut engine, 2, 1, now);
        engine.flush(now);
        let camera = (LegKey(1), TrackKey(22));
        assert!(in_slots(&mut engine).contains(&camera));
    }

    #[test]
    fn flags_reach_a_guests_tracks_behind_the_guest() {
        let (mut engine, now) = host();
        enter(&mut engine, 1, 1, now);
        let held = Order::SetFlags { track: TrackKey(11), muted: false, held: true };
        say(&mut engine, 1, 1, Up::Order(Box::new(held)), now);
        assert!(engine.guests[0].seat.publish.iter().any(|spec| spec.track == TrackKey(11) && spec.held));
    }

    #[test]
    fn data_goes_to_guests_by_way_of_their_homes() {
        let (mut engine, now) = host();
        enter(&mut engine, 1, 1, now);
        enter(&mut engine, 2, 4, now);
        engine.take_relays();
        say(&mut engine, 1, 1, Up::Data { reliable: false, message: b"\0\x02{}hello".to_vec() }, now);
        let relays = engine.take_relays();
        let [(HOME, Relay { leg: LegKey(2), visit: 4, message: Message::Down(Down::Data { message, .. }) })] =
            &relays[..]
        else {
            panic!("{relays:?}");
        };
        let message: &Arc<[u8]> = message;
        assert!(message.ends_with(b"hello") && message.len() > 9, "with the sender's name");
    }

    fn host() -> (Engine, Instant) {
        let (mut engine, now) = (Engine::of_worker(1), Instant::now());
        let settings = RoomSettings {
            publish_bitrate: Some(500_000),
            data_bytes: 1_000,
            data_bytes_per_second: 100_000,
            video_slots: 4,
            audio_slots: 4,
            mix: None,
        };
        engine.handle_order(Order::OpenRoom { room: ROOM, settings }, now);
        (engine, now)
    }

    /// A leg with a voice (its number and a 1), a camera (and a 2) and a slot for each.
    fn enter(engine: &mut Engine, leg: u64, visit: u64, now: Instant) {
        let kind = |mid: usize| if mid.is_multiple_of(2) { MediaKind::Audio } else { MediaKind::Video };
        let line = |mid: usize| MediaLine {
            mid: mid.to_string(),
            kind: kind(mid),
            receives: mid < 2,
            sends: mid >= 2,
            rids: Vec::new(),
        };
        let track = |mid: usize| TrackSpec {
            track: TrackKey(leg * 10 + mid as u64 + 1),
            mid: mid.to_string(),
            kind: kind(mid),
            source: if mid == 0 { Source::Microphone } else { Source::Camera },
            muted: false,
            held: false,
            width: 0,
            height: 0,
        };
        let profile = LegProfile {
            subscribes: true,
            hears: crosspoint_model::Hears::Tracks,
            sends_data: true,
            ..LegProfile::default()
        };
        let enter = Enter {
            home: HOME,
            room: ROOM,
            identity: Identity::parse(&format!("leg-{leg}")).expect("a name"),
            profile,
            publish: (0..2).map(track).collect(),
            lines: (0..4).map(line).collect(),
            estimate: None,
            voice: crosspoint_model::VoiceSettings::default(),
        };
        say(engine, leg, visit, Up::Enter(Box::new(enter)), now);
    }

    fn say(engine: &mut Engine, leg: u64, visit: u64, up: Up, now: Instant) {
        engine.handle_relay(Relay { leg: LegKey(leg), visit, message: Message::Up(up) }, now);
    }

    /// What facts say is in slots.
    fn in_slots(engine: &mut Engine) -> Vec<(LegKey, TrackKey)> {
        let facts = engine.take_facts();
        let slots = facts.iter().filter_map(|fact| match fact {
            Fact::Slots { leg, slots } => Some((*leg, slots)),
            _ => None,
        });
        let mut filled: Vec<_> =
            slots.flat_map(|(leg, slots)| slots.iter().filter_map(move |slot| Some((leg, slot.track?)))).collect();
        filled.sort();
        filled
    }
}
