//! The rooms of this worker: a [`crosspoint_router::Room`] each, and what its outputs cause.

use std::collections::BTreeSet;
use std::time::Instant;

use crosspoint_model::{Hears, LegKey, RoomKey, TrackKey};
use crosspoint_router::{Forward, LegIndex, LegSlots, LegSpec, Output, Packet, Room, SlotSpec};
use crosspoint_webrtc::{Inbound, MediaLine};

use crate::engine::Engine;
use crate::fact::{Fact, LegEnd, TrackReport};
use crate::guard::guard;
use crate::leg::Leg;
use crate::order::{RoomSettings, TrackSpec};
use crate::routes::Index;
use crate::timers::{Deadline, Owner};

/// A room and who is in it.
#[derive(Debug)]
pub(crate) struct RoomEntry {
    key: RoomKey,
    pub(crate) settings: RoomSettings,
    pub(crate) router: Room,
    pub(crate) members: BTreeSet<Index>,
    deadline: Deadline,
    touched: bool,
    /// The codec of each track, once packets came.
    codecs: Vec<(TrackKey, &'static str)>,
}

impl RoomEntry {
    pub(crate) fn new(key: RoomKey, settings: RoomSettings) -> Self {
        let (router, members) = (Room::new(), BTreeSet::new());
        Self { key, settings, router, members, deadline: Deadline::default(), touched: false, codecs: Vec::new() }
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

/// The engine's slab index, as the router has it.
fn to_leg(index: Index) -> LegIndex {
    LegIndex(u32::try_from(index).expect("a worker has fewer than 2^32 legs"))
}

fn to_index(leg: LegIndex) -> Index {
    leg.0 as Index
}

impl Engine {
    /// Puts a leg with its tracks into a room; with the slots it had in another one, or with fresh ones.
    pub(crate) fn enter_room(&mut self, index: Index, room: RoomKey, kept: Option<LegSlots>, now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        leg.room = room;
        let (key, spec, slots) = (leg.key, to_spec(leg, self.rooms.get(&room)), to_slots(&leg.lines));
        let (publish, estimate) = (leg.publish.clone(), leg.transport.estimate());
        let Some(entry) = self.rooms.get_mut(&room) else {
            self.out.facts.push(Fact::Ended { leg: key, end: LegEnd::RoomClosed });
            return self.remove_leg(index, now);
        };
        entry.members.insert(index);
        self.in_room(room, |room| {
            room.add_leg(to_leg(index), spec, now);
            match kept {
                Some(kept) => room.restore_slots(to_leg(index), kept, now),
                None => room.set_slots(to_leg(index), &slots, now),
            }
            if let Some(estimate) = estimate {
                room.handle_estimate(to_leg(index), estimate, now);
            }
        });
        for spec in &publish {
            self.publish(index, spec, now);
        }
    }

    /// Takes a leg with its tracks out of its room. Its slots can go on in another.
    pub(crate) fn leave_room(&mut self, index: Index, now: Instant) -> Option<LegSlots> {
        let leg = self.legs.get(index)?;
        let room = leg.room;
        let entry = self.rooms.get_mut(&room)?;
        if !entry.members.remove(&index) {
            return None;
        }
        entry.codecs.retain(|(track, _)| leg.publish.iter().all(|spec| spec.track != *track));
        let mut slots = None;
        self.in_room(room, |room| slots = Some(room.remove_leg(to_leg(index), now)));
        slots
    }

    /// After a negotiation: other slots, and tracks that came or went.
    pub(crate) fn renegotiated(&mut self, index: Index, publish: Vec<TrackSpec>, now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        let before = std::mem::replace(&mut leg.publish, publish.clone());
        leg.read_lines();
        let slots = to_slots(&leg.lines);
        for gone in before.iter().filter(|old| publish.iter().all(|new| new.track != old.track)) {
            self.tracks.remove(&gone.track);
            self.in_room_of(index, |room, _| room.remove_track(gone.track, now));
        }
        self.in_room_of(index, |room, leg| room.set_slots(leg, &slots, now));
        for fresh in publish.iter().filter(|new| before.iter().all(|old| old.track != new.track)) {
            self.publish(index, fresh, now);
        }
    }

    fn publish(&mut self, index: Index, spec: &TrackSpec, now: Instant) {
        let Some(line) = self.legs.get(index).and_then(|leg| leg.media_line(spec)) else {
            tracing::debug!(track = spec.track.0, mid = spec.mid, "a track names a line that was not negotiated");
            return;
        };
        let track = crosspoint_router::TrackSpec {
            track: spec.track,
            owner: to_leg(index),
            kind: spec.kind,
            source: spec.source,
            rids: line.rids.clone(),
            width: spec.width,
            height: spec.height,
            muted: spec.muted,
            held: spec.held,
        };
        self.tracks.insert(spec.track, index);
        self.in_room_of(index, |room, _| room.add_track(track, now));
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

    /// Works on the room of a leg.
    pub(crate) fn in_room_of(&mut self, index: Index, work: impl FnOnce(&mut Room, LegIndex)) {
        let Some(room) = self.legs.get(index).map(|leg| leg.room) else { return };
        self.in_room(room, |room| work(room, to_leg(index)));
    }

    /// Works on the room of a leg that is named by its key.
    pub(crate) fn in_room_of_key(&mut self, leg: LegKey, work: impl FnOnce(&mut Room, LegIndex)) {
        if let Some(index) = self.index_of(leg) {
            self.in_room_of(index, work);
        }
    }

    fn in_room(&mut self, room: RoomKey, work: impl FnOnce(&mut Room)) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        let router = &mut entry.router;
        if guard(|| work(router)).is_none() {
            entry.router = Room::new();
            self.broken_rooms.push(room);
        }
        self.touch(room);
    }

    fn touch(&mut self, room: RoomKey) {
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
        match output {
            Output::RequestKeyFrame { track, layer } => {
                let Some(&index) = self.tracks.get(&track) else { return };
                self.with_leg(index, |leg| {
                    if let Some(line) = leg.line_of(track) {
                        leg.transport.request_key_frame(line, layer);
                    }
                });
            }
            Output::SlotsChanged { leg, slots } => {
                let Some(leg) = self.legs.get(to_index(leg)) else { return };
                self.out.facts.push(Fact::Slots { leg: leg.key, slots });
            }
            Output::SlotsWanted { leg, count } => {
                let Some(leg) = self.legs.get(to_index(leg)) else { return };
                self.out.facts.push(Fact::SlotsWanted { leg: leg.key, count });
            }
            Output::Layers { track, unwanted } => {
                let Some(leg) = self.tracks.get(&track).and_then(|index| self.legs.get(*index)) else { return };
                self.out.facts.push(Fact::Layers { leg: leg.key, track, unwanted });
            }
            Output::Speakers { speakers } => self.out.facts.push(Fact::Speakers { room, speakers }),
            Output::DesiredBitrate { leg, minimum, desired } => {
                self.with_leg(to_index(leg), |leg| leg.transport.desire(minimum, desired));
            }
        }
    }

    fn room_broke(&mut self, room: RoomKey, now: Instant) {
        let Some(entry) = self.rooms.get_mut(&room) else { return };
        tracing::error!(room = room.0, "a room's code panicked; the room ends");
        // Whatever state it was left in must not be asked again, not even to take its legs out.
        entry.router = Room::new();
        for index in std::mem::take(&mut entry.members) {
            self.say_goodbye(index, now);
            self.end_leg(index, LegEnd::RoomClosed, now);
        }
        self.rooms.remove(&room);
        self.out.facts.push(Fact::RoomBroke { room });
    }
}

fn to_spec(leg: &Leg, room: Option<&RoomEntry>) -> LegSpec {
    LegSpec {
        identity: leg.identity.clone(),
        subscribes: leg.profile.subscribes,
        auto_audio: leg.profile.hears == Hears::Tracks,
        hears_mix: matches!(leg.profile.hears, Hears::Mix | Hears::Hold),
        follows: leg.profile.follows.clone(),
        audio_slots: room.map_or(0, |room| room.settings.audio_slots),
        video_slots: room.map_or(0, |room| room.settings.video_slots),
        receive_bitrate: leg.profile.receive_bitrate,
    }
}

fn to_slots(lines: &[MediaLine]) -> Vec<SlotSpec> {
    let slots = lines.iter().enumerate().filter(|(_, line)| line.sends);
    let slots = slots.filter_map(|(index, line)| {
        Some(SlotSpec { index: u16::try_from(index).ok()?, mid: line.mid.clone(), kind: line.kind })
    });
    slots.collect()
}
