//! The rooms of this worker: a [`crosspoint_router::Room`] each, and what its outputs cause.

use std::collections::BTreeSet;
use std::time::Instant;

use crosspoint_model::{LegKey, RoomKey, TrackKey};
use crosspoint_router::{Forward, LegIndex, LegSlots, Output, Packet, Room};
use crosspoint_webrtc::{Inbound, MediaLine};

use crate::engine::Engine;
use crate::fact::{Fact, LegEnd, TrackReport};
use crate::guard::guard;
use crate::mixes::Mix;
use crate::order::{RoomSettings, TrackSpec};
use crate::relay::{Down, Up};
use crate::routes::Index;
use crate::seat::{Member, Seat};
use crate::timers::{Deadline, Owner};
use crate::wishes::Early;

/// A room and who is in it.
#[derive(Debug)]
pub(crate) struct RoomEntry {
    key: RoomKey,
    pub(crate) settings: RoomSettings,
    pub(crate) router: Room,
    pub(crate) members: BTreeSet<Member>,
    deadline: Deadline,
    touched: bool,
    /// The codec of each track, once packets came.
    codecs: Vec<(TrackKey, &'static str)>,
    /// Wishes that came before their tracks.
    pub(crate) early: Early,
    /// Its mix, where it makes one.
    pub(crate) mix: Option<Mix>,
}

impl RoomEntry {
    pub(crate) fn new(key: RoomKey, settings: RoomSettings) -> Self {
        Self {
            key,
            settings,
            router: Room::new(),
            members: BTreeSet::new(),
            deadline: Deadline::default(),
            touched: false,
            codecs: Vec::new(),
            early: Early::default(),
            mix: None,
        }
    }

    pub(crate) fn track_reports(&self, now: Instant) -> Vec<TrackReport> {
        let codec = |track| self.codecs.iter().find(|(known, _)| *known == track).map(|(_, codec)| *codec);
        let figures = self.router.figures(now);
        let reports = figures.into_iter().map(|figures| TrackReport {
            track: figures.track,
            codec: codec(figures.track),
            bitrate: figures.bitrate as f64,
            layers: figures.layers,
            subscribers: figures.subscribers,
        });
        reports.collect()
    }
}

impl Engine {
    /// Puts somebody with their tracks into the room of their seat; with the slots they had in another one, or with fresh ones.
    /// False: there is no such room here.
    pub(crate) fn take_seat(
        &mut self,
        member: Member,
        kept: Option<LegSlots>,
        estimate: Option<u64>,
        now: Instant,
    ) -> bool {
        let Some(seat) = self.seat(member) else { return false };
        let (room, publish, slots) = (seat.room, seat.publish.clone(), seat.slots());
        let Some(entry) = self.rooms.get(&room) else { return false };
        let spec = seat.spec(&entry.settings);
        self.rooms.entry(room).and_modify(|entry| {
            entry.members.insert(member);
        });
        self.in_room(room, |room| {
            room.add_leg(member.number(), spec, now);
            match kept {
                Some(kept) => room.restore_slots(member.number(), kept, now),
                None => room.set_slots(member.number(), &slots, now),
            }
            if let Some(estimate) = estimate {
                room.handle_estimate(member.number(), estimate, now);
            }
        });
        for spec in &publish {
            self.publish(member, spec, now);
        }
        self.join_mix(member, now);
        true
    }

    /// Takes somebody with their tracks out of their room. Their slots can go on in another.
    pub(crate) fn leave_seat(&mut self, member: Member, now: Instant) -> Option<LegSlots> {
        self.leave_mix(member, now);
        let seat = self.seat(member)?;
        let (key, room) = (seat.key, seat.room);
        let tracks: Vec<TrackKey> = seat.publish.iter().map(|spec| spec.track).collect();
        let entry = self.rooms.get_mut(&room)?;
        if !entry.members.remove(&member) {
            return None;
        }
        entry.early.forget(key);
        entry.codecs.retain(|(track, _)| !tracks.contains(track));
        let mut slots = None;
        self.in_room(room, |room| slots = Some(room.remove_leg(member.number(), now)));
        slots
    }

    /// After a negotiation of a leg of this worker.
    pub(crate) fn renegotiated(&mut self, index: Index, publish: Vec<TrackSpec>, now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        let lines = leg.read_lines(&publish);
        if leg.away.is_some() {
            self.tell_host(index, Up::Renegotiated { lines: lines.clone(), publish: publish.clone() });
        }
        // Where its room is elsewhere, this changes what is known of it here.
        self.reseat(Member::Leg(index), lines, publish, now);
    }

    /// Other slots, and tracks that came or went.
    pub(crate) fn reseat(&mut self, member: Member, lines: Vec<MediaLine>, publish: Vec<TrackSpec>, now: Instant) {
        let Some(seat) = self.seat_mut(member) else { return };
        let room = seat.room;
        let before = std::mem::replace(&mut seat.publish, publish.clone());
        seat.lines = lines;
        let slots = seat.slots();
        for gone in before.iter().filter(|old| publish.iter().all(|new| new.track != old.track)) {
            self.tracks.remove(&gone.track);
            self.in_room_of(member, |room, _| room.remove_track(gone.track, now));
            self.remove_voice(room, gone.track, now);
            if let Some(entry) = self.rooms.get_mut(&room) {
                entry.codecs.retain(|(track, _)| *track != gone.track);
            }
        }
        self.in_room_of(member, |room, leg| room.set_slots(leg, &slots, now));
        for fresh in publish.iter().filter(|new| before.iter().all(|old| old.track != new.track)) {
            self.publish(member, fresh, now);
            self.add_voice(member, fresh);
        }
    }

    fn publish(&mut self, member: Member, spec: &TrackSpec, now: Instant) {
        let Some(seat) = self.seat(member) else { return };
        let room = seat.room;
        let Some(track) = seat.track(spec, member) else {
            tracing::debug!(track = spec.track.0, mid = spec.mid, "a track names a line that was not negotiated");
            return;
        };
        let mix = self.rooms.get(&room).and_then(|entry| entry.mix.as_ref());
        let private = mix.is_some_and(|mix| mix.mixer.is_private(&seat.identity));
        self.tracks.insert(spec.track, member);
        self.in_room(room, |room| {
            let key = track.track;
            room.add_track(track, now);
            room.set_private(key, private, now);
        });
        self.grant_early_wishes(room, spec.track, now);
    }

    /// Where a packet of a track goes.
    pub(crate) fn route_packet(
        &mut self,
        room: RoomKey,
        track: TrackKey,
        packet: &Inbound,
        forwards: &mut Vec<Forward>,
        now: Instant,
    ) {
        let view = Packet {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            marker: packet.media.marker,
            starts_key_frame: packet.media.begins,
            payload_len: packet.media.payload.len(),
            level: packet.level,
            picture: packet.picture,
            arrival: packet.arrival,
            capture: packet.capture,
        };
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        if !entry.codecs.iter().any(|(known, _)| *known == track) {
            entry.codecs.push((track, packet.format.name()));
        }
        let router = &mut entry.router;
        if guard(|| router.handle_packet(track, packet.layer, &view, forwards)).is_none() {
            forwards.clear();
            return self.room_broke(room, now);
        }
        self.touch(room);
    }

    /// Works on somebody's room, if it is on this worker.
    pub(crate) fn in_room_of(&mut self, member: Member, work: impl FnOnce(&mut Room, LegIndex)) {
        let Some(room) = self.seat(member).map(|seat| seat.room) else { return };
        self.in_room(room, |room| work(room, member.number()));
    }

    /// Somebody in a room, or in one of another worker.
    pub(crate) fn seat(&self, member: Member) -> Option<&Seat> {
        match member {
            Member::Leg(index) => self.legs.get(index).map(|leg| &leg.seat),
            Member::Guest(index) => self.guests.get(index).map(|guest| &guest.seat),
            Member::Plain(index) => self.plains.get(index).map(|plain| &plain.seat),
        }
    }

    pub(crate) fn seat_mut(&mut self, member: Member) -> Option<&mut Seat> {
        match member {
            Member::Leg(index) => self.legs.get_mut(index).map(|leg| &mut leg.seat),
            Member::Guest(index) => self.guests.get_mut(index).map(|guest| &mut guest.seat),
            Member::Plain(index) => self.plains.get_mut(index).map(|plain| &mut plain.seat),
        }
    }

    /// A leg of this worker, or a guest.
    pub(crate) fn member_of(&self, leg: LegKey) -> Option<Member> {
        let own = self.by_key.get(&leg).copied().map(Member::Leg);
        let guest = || self.guests_by_key.get(&leg).copied().map(Member::Guest);
        own.or_else(guest).or_else(|| self.plain_of(leg).map(Member::Plain))
    }

    pub(crate) fn in_room(&mut self, room: RoomKey, work: impl FnOnce(&mut Room)) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        let router = &mut entry.router;
        if guard(|| work(router)).is_none() {
            entry.router = Room::new();
            self.broken_rooms.push(room);
        }
        self.touch(room);
    }

    pub(crate) fn touch(&mut self, room: RoomKey) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        if !std::mem::replace(&mut entry.touched, true) {
            self.touched.push(room);
        }
    }

    pub(crate) fn room_timeout(&mut self, owner: Owner, room: RoomKey, now: Instant) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        if self.timers.settle(owner, &mut entry.deadline, now) {
            self.in_room(room, |room| room.handle_timeout(now));
        }
    }

    /// Carries out what rooms want.
    pub(crate) fn settle_rooms(&mut self, now: Instant) {
        for room in std::mem::take(&mut self.broken_rooms) {
            self.room_broke(room, now);
        }
        for room in std::mem::take(&mut self.touched) {
            let Some(entry) = self.rooms.get_mut(&room) else { continue };
            entry.touched = false;
            while let Some(output) = self.next_output(room, now) {
                self.handle_output(room, output);
            }
            self.note_plain_feeds(room);
            let Some(entry) = self.rooms.get_mut(&room) else { continue };
            let wanted = entry.router.poll_timeout();
            self.timers.set(Owner::Room(entry.key.0), &mut entry.deadline, wanted);
        }
    }

    fn next_output(&mut self, room: RoomKey, now: Instant) -> Option<Output> {
        let router = &mut self.rooms.get_mut(&room)?.router;
        let polled = guard(|| router.poll_output());
        if polled.is_none() {
            self.room_broke(room, now);
        }
        polled.flatten()
    }

    fn handle_output(&mut self, room: RoomKey, output: Output) {
        // What a room wanted of somebody who has left it since is void.
        let here = |engine: &Self, member| engine.seat(member).filter(|seat| seat.room == room).map(|seat| seat.key);
        match output {
            Output::RequestKeyFrame { track, layer } => match self.tracks.get(&track).copied() {
                Some(Member::Leg(index)) => self.request_key_frame(index, track, layer),
                Some(Member::Guest(index)) => self.tell_home(index, Down::RequestKeyFrame { track, layer }),
                Some(Member::Plain(_)) | None => {}
            },
            Output::SlotsChanged { leg, slots } => {
                let Some(leg) = here(self, Member::of(leg)) else { return };
                self.out.facts.push(Fact::Slots { leg, slots });
            }
            Output::SlotsWanted { leg, count } => {
                let Some(leg) = here(self, Member::of(leg)) else { return };
                self.out.facts.push(Fact::SlotsWanted { leg, count });
            }
            Output::Layers { track, unwanted } => {
                let Some(leg) = self.tracks.get(&track).and_then(|owner| here(self, *owner)) else { return };
                self.out.facts.push(Fact::Layers { leg, track, unwanted });
            }
            Output::Speakers { speakers } => self.out.facts.push(Fact::Speakers { room, speakers }),
            Output::DesiredBitrate { leg, minimum, desired } => match Member::of(leg) {
                Member::Leg(index) => self.with_leg(index, |leg| leg.transport.desire(minimum, desired)),
                Member::Guest(index) => self.tell_home(index, Down::Desire { minimum, desired }),
                Member::Plain(_) => {}
            },
        }
    }

    fn room_broke(&mut self, room: RoomKey, now: Instant) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        tracing::error!(room = room.0, "a room's code panicked; the room ends");
        // Whatever state it was left in must not be asked again, not even to take its legs out.
        entry.router = Room::new();
        entry.mix = None;
        let members = std::mem::take(&mut entry.members);
        self.end_members(members, now);
        self.rooms.remove(&room);
        self.out.facts.push(Fact::RoomBroke { room });
    }

    /// Their room has ended, and they with it.
    pub(crate) fn end_members(&mut self, members: impl IntoIterator<Item = Member>, now: Instant) {
        for member in members {
            match member {
                Member::Leg(index) => {
                    self.say_goodbye(index, now);
                    self.end_leg(index, LegEnd::RoomClosed, now);
                }
                Member::Guest(index) => self.dismiss_guest(index, now),
                Member::Plain(index) => self.end_plain(index, LegEnd::RoomClosed, now),
            }
        }
    }
}
