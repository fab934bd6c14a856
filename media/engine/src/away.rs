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
        leg.transport.forget_sent();
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
        leg.seat.addressed = false;
        leg.seat.mix_wanted = false;
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use crosspoint_model::{Identity, MediaKind, Preference, Source};
    use crosspoint_webrtc::{Factory, Host, HostCandidate};

    use super::*;
    use crate::order::{LegProfile, NewLeg, Order, RoomSettings, TrackSpec};

    const LEG: LegKey = LegKey(5);
    const TRACK: TrackKey = TrackKey(50);
    const HERE: RoomKey = RoomKey(1);
    const THERE: RoomKey = RoomKey(2);
    /// A voice and a slot.
    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\na=setup:actpass\r\n\
        a=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
        a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n\
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=recvonly\r\na=rtcp-mux\r\na=setup:actpass\r\n\
        a=rtpmap:111 opus/48000/2\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
        a=fingerprint:sha-256 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14:15:16:17:18:19:1A:1B:1C:1D:1E:1F\r\n";

    #[test]
    fn a_leg_that_goes_away_enters_there_with_all_that_its_room_must_know_and_leaves_when_it_comes_home() {
        let (mut engine, now) = home();
        engine.handle_order(Order::SetFlags { track: TRACK, muted: true, held: false }, now);
        move_to(&mut engine, THERE, 1, now);
        assert!(engine.rooms[&HERE].members.is_empty());
        let relays = engine.take_relays();
        let [(1, Relay { leg: LEG, visit: 2, message: Message::Up(Up::Enter(enter)) })] = &relays[..] else {
            panic!("{relays:?}");
        };
        assert_eq!((enter.home, enter.room, enter.identity.as_str()), (0, THERE, "ann"));
        assert_eq!(
            enter.lines.iter().map(|line| (line.receives, line.sends)).collect::<Vec<_>>(),
            [(true, false), (false, true)]
        );
        assert!(enter.publish[0].muted, "the flags go along");

        move_to(&mut engine, HERE, 0, now);
        let relays = engine.take_relays();
        assert!(matches!(relays[..], [(1, Relay { visit: 2, message: Message::Up(Up::Leave), .. })]), "{relays:?}");
        assert_eq!(engine.rooms[&HERE].members.len(), 1);
    }

    #[test]
    fn orders_about_a_leg_that_is_away_follow_it() {
        let (mut engine, now) = home();
        move_to(&mut engine, THERE, 1, now);
        engine.take_relays();
        let preference = Preference::default();
        engine.handle_order(Order::Subscribe { leg: LEG, track: TrackKey(9), preference }, now);
        engine.handle_order(Order::SetFlags { track: TRACK, muted: false, held: true }, now);
        engine.handle_order(Order::RemoveLeg { leg: LEG }, now);
        let relays = engine.take_relays();
        let orders: Vec<&Up> = relays
            .iter()
            .filter_map(|(worker, relay)| match &relay.message {
                Message::Up(up) if *worker == 1 => Some(up),
                _ => None,
            })
            .collect();
        let [Up::Order(wish), Up::Order(flags), Up::Leave] = orders[..] else { panic!("{relays:?}") };
        assert!(matches!(**wish, Order::Subscribe { track: TrackKey(9), .. }));
        assert!(matches!(**flags, Order::SetFlags { track: TRACK, held: true, .. }));
        assert!(engine.legs.is_empty() && engine.tracks.is_empty());
    }

    #[test]
    fn what_the_room_before_says_late_does_nothing() {
        let (mut engine, now) = home();
        move_to(&mut engine, THERE, 1, now);
        move_to(&mut engine, RoomKey(3), 2, now);
        engine.take_facts();
        let ended = |visit| Relay { leg: LEG, visit, message: Message::Down(Down::RoomEnded) };
        let entered = |visit, rate| {
            let entered = Down::Entered { publish_bitrate: Some(rate) };
            Relay { leg: LEG, visit, message: Message::Down(entered) }
        };
        engine.handle_relay(entered(3, 700), now);
        engine.handle_relay(entered(2, 500), now);
        engine.handle_relay(ended(2), now);
        let away = engine.legs.iter().next().and_then(|(_, leg)| leg.away);
        assert_eq!(away.map(|away| (away.host, away.publish_bitrate)), Some((2, Some(700))));
        engine.handle_relay(ended(3), now);
        assert!(engine.legs.is_empty());
        let facts = engine.take_facts();
        assert!(matches!(facts[..], [Fact::Ended { leg: LEG, end: LegEnd::RoomClosed }]), "{facts:?}");
    }

    #[test]
    fn a_leg_that_never_goes_away_keeps_no_numbers_of_its_own() {
        let (mut engine, now) = home();
        let numbered = |engine: &Engine| engine.legs.iter().any(|(_, leg)| leg.numbers.is_some());
        engine.handle_order(Order::OpenRoom { room: RoomKey(3), settings: settings() }, now);
        move_to(&mut engine, RoomKey(3), 0, now);
        assert!(!numbered(&engine));
        move_to(&mut engine, THERE, 1, now);
        move_to(&mut engine, HERE, 0, now);
        assert!(numbered(&engine));
    }

    fn home() -> (Engine, Instant) {
        let (mut engine, now) = (Engine::new(), Instant::now());
        engine.handle_order(Order::OpenRoom { room: HERE, settings: settings() }, now);
        let address = SocketAddr::from(([192, 0, 2, 1], 7000));
        let host = Host { worker: 0, candidates: vec![HostCandidate { address, tcp: false }] };
        let accepted = Factory::new().accept(&host, OFFER, now).expect("accepted");
        let track = TrackSpec {
            track: TRACK,
            mid: "0".to_owned(),
            kind: MediaKind::Audio,
            source: Source::Microphone,
            muted: false,
            held: false,
            width: 0,
            height: 0,
        };
        let leg = NewLeg {
            leg: LEG,
            room: HERE,
            identity: Identity::parse("ann").expect("a name"),
            transport: accepted.transport,
            publish: vec![track],
            profile: LegProfile { subscribes: true, hears: crosspoint_model::Hears::Tracks, ..LegProfile::default() },
        };
        engine.handle_order(Order::AddLeg(Box::new(leg)), now);
        (engine, now)
    }

    fn settings() -> RoomSettings {
        RoomSettings {
            publish_bitrate: None,
            data_bytes: 1_000,
            data_bytes_per_second: 100_000,
            video_slots: 4,
            audio_slots: 4,
            mix: None,
        }
    }

    fn move_to(engine: &mut Engine, to: RoomKey, worker: usize, now: Instant) {
        engine.handle_order(Order::MoveLeg { leg: LEG, to, worker }, now);
    }
}
