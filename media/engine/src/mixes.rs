//! The mixes of this worker's rooms: their voices and listeners, their ticks, and their packets on the way out.
//!
//! A tick is begun when it is due and then done job by job ([`Engine::work`]), so that packets that are to be forwarded never
//! wait for more than one decoding or encoding.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_mixer::{Audience, ListenerId, Mixer, Output, Packet, VoiceSpec};
use crosspoint_model::{Bus, Hears, Identity, LegKey, Levels, Listening, MediaKind, RoomKey, TrackKey, VoiceSettings};
use crosspoint_router::{LegIndex, MixFrame};
use crosspoint_rtp::keyframe::Codec;
use crosspoint_webrtc::Inbound;
use crosspoint_webrtc::packet::Format;

use crate::engine::Engine;
use crate::fact::Fact;
use crate::guard::guard;
use crate::order::{MixSpec, Order, TrackSpec};
use crate::relay::Up;
use crate::rooms::RoomEntry;
use crate::seat::{Member, Seat};
use crate::timers::{Deadline, Owner};

/// Rooms have their ticks at different times, so that their work does not come all at once: at so many places within the 20 ms.
const PLACES: u64 = 20;

/// A room's mix.
#[derive(Debug)]
pub(crate) struct Mix {
    pub(crate) mixer: Mixer,
    spec: MixSpec,
    deadline: Deadline,
    /// Does it stand in the list of those that have work?
    queued: bool,
}

/// What the engine keeps for all mixes.
#[derive(Debug, Default)]
pub(crate) struct Mixes {
    /// Rooms whose mixers have work, who waits longest first.
    working: VecDeque<RoomKey>,
    /// Scratch: who gets a packet.
    audience: Vec<ListenerId>,
    /// The format of every packet that is made here.
    opus: Option<Arc<Format>>,
}

impl Mix {
    pub(crate) fn new(room: RoomKey, spec: MixSpec, now: Instant) -> Self {
        let place = Duration::from_millis(room.0 % PLACES);
        let mixer = Mixer::new(spec.settings.clone(), now.checked_sub(place).unwrap_or(now));
        Self { mixer, spec, deadline: Deadline::default(), queued: false }
    }
}

/// What the control plane orders.
impl Engine {
    pub(crate) fn set_mix(&mut self, room: RoomKey, spec: Option<MixSpec>, now: Instant) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        entry.settings.mix.clone_from(&spec);
        match (&mut entry.mix, spec) {
            (Some(mix), Some(spec)) if mix.spec.track == spec.track => {
                mix.mixer.set(spec.settings.clone(), now);
                mix.spec = spec;
                self.schedule_mix(room);
            }
            (_, spec) => self.replace_mix(room, spec, now),
        }
    }

    /// A room begins to mix, or stops.
    pub(crate) fn replace_mix(&mut self, room: RoomKey, spec: Option<MixSpec>, now: Instant) {
        let Some(entry) = self.rooms.get(&room) else { return };
        let members: Vec<Member> = entry.members.iter().copied().collect();
        // Services take their lines along.
        members.iter().for_each(|member| self.leave_mix(*member, now));
        let track = spec.as_ref().map(|spec| spec.track);
        if let Some(entry) = self.rooms.get_mut(&room) {
            entry.mix = spec.map(|spec| Mix::new(room, spec, now));
        }
        self.in_room(room, |room| room.set_mix(track, now));
        for member in members {
            self.join_mix(member, now);
        }
    }

    pub(crate) fn set_voice(&mut self, leg: LegKey, settings: VoiceSettings) {
        let Some(member) = self.member_of(leg) else { return };
        if let Member::Leg(index) = member {
            self.tell_host(index, Up::Order(Box::new(Order::SetVoice { leg, settings: settings.clone() })));
        }
        let Some(seat) = self.seat_mut(member) else { return };
        seat.voice = settings;
        let (room, identity, settings) = (seat.room, seat.identity.clone(), seat.voice.clone());
        self.in_mix(room, |mixer| mixer.set_voices(&identity, &settings));
    }

    pub(crate) fn listen(&mut self, leg: LegKey, listening: Listening, now: Instant) {
        // A service hears what it asked for when it came.
        let Some(member) = self.member_of(leg).filter(|member| !matches!(member, Member::Plain(_))) else { return };
        if let Member::Leg(index) = member {
            self.tell_host(index, Up::Order(Box::new(Order::Listen { leg, listening: listening.clone() })));
        }
        let Some(seat) = self.seat_mut(member) else { return };
        seat.profile.hears = listening.hears;
        seat.pre_fade.clone_from(&listening.pre_fade);
        let (auto, mix) = (listening.hears == Hears::Tracks, seat.hears_mix());
        self.in_room_of(member, |room, leg| room.set_hears(leg, auto, mix, now));
        self.seat_listener(member, now);
    }

    pub(crate) fn talk(&mut self, leg: LegKey, to: Option<Identity>, now: Instant) {
        let Some(member) = self.member_of(leg) else { return };
        if let Member::Leg(index) = member {
            self.tell_host(index, Up::Order(Box::new(Order::Talk { leg, to: to.clone() })));
        }
        let Some(seat) = self.seat(member) else { return };
        let (room, identity) = (seat.room, seat.identity.clone());
        let mut before = None;
        self.in_mix(room, |mixer| before = mixer.talk(&identity, to.as_ref()));
        self.keep_private(room, &identity, to.is_some(), now);
        for whom in [before, to].into_iter().flatten() {
            self.address(room, &whom, now);
        }
    }

    /// A leg subscribes to the mix, or no more.
    pub(crate) fn want_mix(&mut self, member: Member, wanted: bool, now: Instant) {
        let Some(seat) = self.seat_mut(member) else { return };
        seat.mix_wanted = wanted;
        let (room, auto, mix) = (seat.room, seat.profile.hears == Hears::Tracks, seat.hears_mix());
        self.in_room(room, |room| room.set_hears(member.number(), auto, mix, now));
        self.seat_listener(member, now);
    }

    /// What somebody says to one alone is no track that others could have in a slot.
    fn keep_private(&mut self, room: RoomKey, whose: &Identity, private: bool, now: Instant) {
        let tracks: Vec<TrackKey> = self
            .members_of(room, whose)
            .filter_map(|member| self.seat(member))
            .flat_map(|seat| seat.publish.iter().filter(|spec| spec.kind == MediaKind::Audio).map(|spec| spec.track))
            .collect();
        self.in_room(room, |room| tracks.iter().for_each(|track| room.set_private(*track, private, now)));
    }

    /// Whom somebody talks to alone needs a place to hear that, whatever it hears otherwise.
    fn address(&mut self, room: RoomKey, who: &Identity, now: Instant) {
        let members: Vec<Member> = self.members_of(room, who).collect();
        for member in members.into_iter().filter(|member| !matches!(member, Member::Plain(_))) {
            self.note_addressed(member);
            let Some(seat) = self.seat(member) else { continue };
            let (auto, mix) = (seat.profile.hears == Hears::Tracks, seat.hears_mix());
            self.in_room(room, |room| room.set_hears(member.number(), auto, mix, now));
            self.seat_listener(member, now);
        }
    }

    fn note_addressed(&mut self, member: Member) {
        let Some(seat) = self.seat(member) else { return };
        let mix = self.rooms.get(&seat.room).and_then(|entry| entry.mix.as_ref());
        let addressed = mix.is_some_and(|mix| mix.mixer.is_addressed(&seat.identity));
        if let Some(seat) = self.seat_mut(member) {
            seat.addressed = addressed;
        }
    }

    fn members_of<'a>(&'a self, room: RoomKey, who: &'a Identity) -> impl Iterator<Item = Member> + 'a {
        let members = self.rooms.get(&room).into_iter().flat_map(|entry| entry.members.iter().copied());
        members.filter(move |member| self.seat(*member).is_some_and(|seat| seat.identity == *who))
    }

    pub(crate) fn watch_levels(&mut self, room: RoomKey, watch: bool) {
        self.in_mix(room, |mixer| mixer.watch_levels(watch));
    }
}

/// Who comes and goes.
impl Engine {
    /// Somebody who has just come into a room speaks and listens in its mix.
    pub(crate) fn join_mix(&mut self, member: Member, now: Instant) {
        let Some(seat) = self.seat(member) else { return };
        let publish = seat.publish.clone();
        if let Member::Plain(index) = member {
            return self.join_mix_plainly(index, now);
        }
        publish.iter().for_each(|spec| self.add_voice(member, spec));
        let Some(seat) = self.seat(member) else { return };
        let (room, identity) = (seat.room, seat.identity.clone());
        let mix = self.rooms.get(&room).and_then(|entry| entry.mix.as_ref());
        if mix.is_some_and(|mix| mix.mixer.is_addressed(&identity)) {
            return self.address(room, &identity, now);
        }
        self.seat_listener(member, now);
    }

    pub(crate) fn add_voice(&mut self, member: Member, spec: &TrackSpec) {
        let Some(seat) = self.seat(member).filter(|_| spec.kind == MediaKind::Audio) else { return };
        if matches!(member, Member::Plain(_)) {
            return;
        }
        let (room, voice) = (seat.room, voice(seat, spec, Bus::Programme));
        self.in_mix(room, |mixer| mixer.add_voice(voice));
    }

    pub(crate) fn remove_voice(&mut self, room: RoomKey, track: TrackKey, now: Instant) {
        self.in_mix(room, |mixer| mixer.remove_voice(track, now));
    }

    /// Somebody goes out of a room.
    pub(crate) fn leave_mix(&mut self, member: Member, now: Instant) {
        let Some(seat) = self.seat(member) else { return };
        let tracks: Vec<TrackKey> = seat.publish.iter().map(|spec| spec.track).collect();
        let (room, id, identity) = (seat.room, ListenerId(member.number().0), seat.identity.clone());
        let last = self.members_of(room, &identity).all(|other| other == member);
        let mut line = None;
        self.in_mix(room, |mixer| {
            tracks.iter().for_each(|track| mixer.remove_voice(*track, now));
            if last {
                // Only now: what it said last fades out for whom it was said to.
                mixer.talk(&identity, None);
            }
            line = mixer.remove_listener(id, now);
        });
        if let (Member::Plain(index), Some(line)) = (member, line) {
            self.keep_line(index, line);
        }
    }

    /// A leg that hears the mix is a listener of it.
    fn seat_listener(&mut self, member: Member, now: Instant) {
        let Some(seat) = self.seat(member) else { return };
        let (room, id, identity) = (seat.room, ListenerId(member.number().0), seat.identity.clone());
        let hears = if seat.mix_wanted { Hears::Mix } else { seat.profile.hears };
        let listening = Listening { hears, pre_fade: seat.pre_fade.clone() };
        let listens = seat.profile.subscribes && seat.hears_mix();
        self.in_mix(room, |mixer| {
            if mixer.has_listener(id) && listens {
                mixer.set_listening(id, listening);
            } else if listens {
                mixer.add_listener(id, identity, listening);
            } else {
                // A leg of packets has no line.
                drop(mixer.remove_listener(id, now));
            }
        });
    }
}

/// Packets and ticks.
impl Engine {
    /// A packet of a voice came into its room.
    pub(crate) fn hear(&mut self, room: RoomKey, track: TrackKey, packet: &Inbound) {
        let mixes = self.rooms.get(&room).is_some_and(|entry| entry.mix.is_some());
        if !mixes || packet.format.codec != Codec::Opus {
            return;
        }
        let packet = Packet {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            level: packet.level,
            payload: &packet.media.payload,
            arrival: packet.arrival,
        };
        self.in_mix(room, |mixer| mixer.handle_packet(track, &packet));
    }

    /// Is there a tick to work on?
    pub fn has_work(&self) -> bool {
        !self.mixes.working.is_empty()
    }

    /// Does one job of a mix, of some tens to hundreds of µs. What it causes is queued until [`Self::flush`].
    pub fn work(&mut self, now: Instant) {
        let Some(room) = self.mixes.working.pop_front() else { return };
        self.in_mix(room, Mixer::work);
        while let Some(output) = self.rooms.get_mut(&room).and_then(|entry| entry.mix.as_mut()?.mixer.poll_output()) {
            self.handle_mix_output(room, output, now);
        }
    }

    pub(crate) fn mix_timeout(&mut self, owner: Owner, room: RoomKey, now: Instant) {
        let Some(mix) = self.rooms.get_mut(&room).and_then(|entry| entry.mix.as_mut()) else { return };
        if self.timers.settle(owner, &mut mix.deadline, now) {
            self.in_mix(room, |mixer| mixer.handle_timeout(now));
        }
    }

    /// Works on a room's mixer, if it mixes. A panic in there costs the room.
    pub(crate) fn in_mix(&mut self, room: RoomKey, work: impl FnOnce(&mut Mixer)) {
        let Some(mix) = self.rooms.get_mut(&room).and_then(|entry| entry.mix.as_mut()) else { return };
        let mixer = &mut mix.mixer;
        if guard(|| work(mixer)).is_none() {
            if let Some(entry) = self.rooms.get_mut(&room) {
                entry.mix = None;
            }
            self.broken_rooms.push(room);
            return self.touch(room);
        }
        self.schedule_mix(room);
    }

    fn schedule_mix(&mut self, room: RoomKey) {
        let Some(mix) = self.rooms.get_mut(&room).and_then(|entry| entry.mix.as_mut()) else { return };
        if mix.mixer.has_work() {
            if !std::mem::replace(&mut mix.queued, true) || !self.mixes.working.contains(&room) {
                self.mixes.working.push_back(room);
            }
            return;
        }
        mix.queued = false;
        let wanted = mix.mixer.poll_timeout();
        self.timers.set(Owner::Mix(room.0), &mut mix.deadline, wanted);
    }

    fn handle_mix_output(&mut self, room: RoomKey, output: Output, now: Instant) {
        match output {
            Output::Packet { audience, payload, position, due, begins } => {
                let frame = MixFrame { position, payload_len: payload.len(), due };
                let opus = self.mixes.opus.get_or_insert_with(|| Arc::new(Format::opus())).clone();
                let packet = Inbound::made(opus, payload, begins, due);
                match audience {
                    Audience::Solo(track, number) => self.send_alone(room, track, number, &frame, packet, now),
                    _ => self.send_mix(room, audience, &frame, &Arc::new(packet)),
                }
            }
            Output::Gap(audience) => self.for_audience(room, audience, |entry, leg| entry.router.skip_mix(leg)),
            Output::Levels(levels) => self.tell_levels(room, levels),
            Output::Abandoned(id) => self.plain_abandoned(Member::of(LegIndex(id.0)), now),
        }
    }

    fn send_mix(&mut self, room: RoomKey, audience: Audience, frame: &MixFrame, packet: &Arc<Inbound>) {
        let mut forwards = std::mem::take(&mut self.forwards);
        self.for_audience(room, audience, |entry, leg| forwards.extend(entry.router.forward_mix(leg, frame)));
        if let (Some(entry), Audience::Bus(Bus::Programme)) = (self.rooms.get_mut(&room), audience) {
            entry.router.note_mix(frame);
        }
        for forward in forwards.drain(..) {
            self.deliver(&forward, packet);
        }
        self.forwards = forwards;
    }

    fn for_audience(&mut self, room: RoomKey, audience: Audience, mut each: impl FnMut(&mut RoomEntry, LegIndex)) {
        let mut ids = std::mem::take(&mut self.mixes.audience);
        ids.clear();
        if let Some(entry) = self.rooms.get_mut(&room) {
            match (audience, &entry.mix) {
                (Audience::Bus(bus), Some(mix)) => ids.extend_from_slice(mix.mixer.audience(bus)),
                (Audience::One(id), _) => ids.push(id),
                _ => {}
            }
            ids.iter().for_each(|id| each(entry, LegIndex(id.0)));
        }
        self.mixes.audience = ids;
    }

    /// A voice of plain sound, for those who hear it as a track.
    fn send_alone(
        &mut self,
        room: RoomKey,
        track: TrackKey,
        number: u64,
        frame: &MixFrame,
        packet: Inbound,
        now: Instant,
    ) {
        let packet = Inbound { sequence: number, timestamp: frame.position as u32, ..packet };
        self.forward_only(room, track, &Arc::new(packet), now);
    }

    /// Voices of plain sound are encoded by themselves while somebody has one in a slot.
    pub(crate) fn note_plain_feeds(&mut self, room: RoomKey) {
        let Some(RoomEntry { members, router, mix: Some(mix), .. }) = self.rooms.get_mut(&room) else { return };
        let plains = members.iter().filter_map(|member| match member {
            Member::Plain(index) => self.plains.get(*index),
            Member::Leg(_) | Member::Guest(_) => None,
        });
        for spec in plains.flat_map(|plain| &plain.seat.publish) {
            mix.mixer.set_alone(spec.track, router.is_fed(spec.track));
        }
    }

    fn tell_levels(&mut self, room: RoomKey, levels: Vec<(crosspoint_mixer::Source, Levels)>) {
        self.out.facts.push(Fact::Levels { room, levels });
    }
}

/// A track of a seat as a voice.
pub(crate) fn voice(seat: &Seat, spec: &TrackSpec, bus: Bus) -> VoiceSpec {
    VoiceSpec {
        track: spec.track,
        identity: seat.identity.clone(),
        settings: seat.voice.clone(),
        passes: !spec.muted && !spec.held,
        bus,
    }
}
