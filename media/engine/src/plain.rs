//! Legs of plain sound: services, telephones, players. They have no transport; their room's mixer reads and writes their line.
//! Such a leg has no home: when it moves to a room of another worker, it goes there whole.

use std::collections::VecDeque;
use std::time::Instant;

use crosspoint_mixer::ListenerId;
use crosspoint_mixer::PcmLine;
use crosspoint_model::{Bus, LegKey, MediaKind, RoomKey, TrackKey};
use crosspoint_webrtc::MediaLine;

use crate::engine::Engine;
use crate::fact::{Fact, LegEnd};
use crate::mixes::voice;
use crate::order::{LegProfile, NewPcm, Order, PcmVoice, TrackSpec};
use crate::relay::{Message, Relay};
use crate::routes::Index;
use crate::seat::{Member, Seat};

/// The name of its one m-line, for its track.
const MID: &str = "0";

/// A leg of plain sound.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) seat: Seat,
    hears: Option<Bus>,
    speaks: Option<PcmVoice>,
    /// While no mixer has it.
    line: Option<PcmLine>,
}

/// Orders about legs that are not here yet: they come from the control plane, while such a leg moves in from another worker. The
/// oldest go first: those of legs that have ended since never find them.
#[derive(Debug, Default)]
pub(crate) struct EarlyOrders(VecDeque<Order>);

/// So many wait.
const MAX_EARLY: usize = 256;

impl EarlyOrders {
    fn keep(&mut self, order: Order) {
        if self.0.len() >= MAX_EARLY {
            self.0.pop_front();
        }
        self.0.push_back(order);
    }

    /// Those about this leg and its tracks.
    fn take(&mut self, leg: LegKey, tracks: &[TrackKey]) -> Vec<Order> {
        let about = |order: &Order| match order {
            Order::SetFlags { track, .. } => tracks.contains(track),
            Order::RemoveLeg { leg: whose }
            | Order::MoveLeg { leg: whose, .. }
            | Order::SetVoice { leg: whose, .. } => *whose == leg,
            _ => false,
        };
        let (meant, others) = std::mem::take(&mut self.0).into_iter().partition(about);
        self.0 = others;
        Vec::from(meant)
    }
}

impl Engine {
    /// Keeps an order that is about a leg, or a track, that nobody here knows.
    pub(crate) fn keep_if_early(&mut self, order: Order) -> Option<Order> {
        let early = match &order {
            Order::SetFlags { track, .. } => !self.tracks.contains_key(track),
            Order::RemoveLeg { leg } | Order::MoveLeg { leg, .. } | Order::SetVoice { leg, .. } => {
                self.member_of(*leg).is_none()
            }
            _ => false,
        };
        if early {
            self.early.keep(order);
            return None;
        }
        Some(order)
    }

    pub(crate) fn add_plain(&mut self, new: NewPcm, now: Instant) {
        let NewPcm { leg, room, identity, line, hears, speaks } = new;
        let track = |voice: &PcmVoice| TrackSpec {
            track: voice.track,
            mid: MID.into(),
            kind: MediaKind::Audio,
            source: voice.source,
            muted: voice.muted,
            held: voice.held,
            width: 0,
            height: 0,
        };
        let line_of_track =
            MediaLine { mid: MID.into(), kind: MediaKind::Audio, receives: true, sends: false, rids: Vec::new() };
        let seat = Seat {
            key: leg,
            room,
            identity,
            profile: LegProfile::default(),
            publish: speaks.iter().map(track).collect(),
            lines: vec![line_of_track],
            voice: speaks.as_ref().map(|voice| voice.settings.clone()).unwrap_or_default(),
            pre_fade: None,
            addressed: false,
            mix_wanted: false,
            allowance: None,
        };
        let tracks: Vec<TrackKey> = seat.publish.iter().map(|spec| spec.track).collect();
        let index = self.plains.insert(Plain { seat, hears, speaks, line: Some(line) });
        self.plains_by_key.insert(leg, index);
        if !self.take_seat(Member::Plain(index), None, None, now) {
            return self.end_plain(index, LegEnd::RoomClosed, now);
        }
        for order in self.early.take(leg, &tracks) {
            self.handle_order(order, now);
        }
    }

    /// Its line goes into the mixer of its room.
    pub(crate) fn join_mix_plainly(&mut self, index: Index, now: Instant) {
        let Some(plain) = self.plains.get_mut(index) else { return };
        let Some(line) = plain.line.take() else { return };
        let (room, hears, identity) = (plain.seat.room, plain.hears, plain.seat.identity.clone());
        let bus = plain.speaks.as_ref().map_or(Bus::Programme, |voice| voice.bus);
        let spec = plain.seat.publish.first().map(|spec| voice(&plain.seat, spec, bus));
        let id = ListenerId(Member::Plain(index).number().0);
        let mut line = Some(line);
        self.in_mix(room, |mixer| {
            if let Some(line) = line.take() {
                mixer.add_plain(id, &identity, line, hears, spec, now);
            }
        });
        // Where the room does not mix, it waits until it does.
        if let (Some(line), Some(plain)) = (line, self.plains.get_mut(index)) {
            plain.line = Some(line);
        }
    }

    /// Its line came back from a mixer.
    pub(crate) fn keep_line(&mut self, index: Index, line: PcmLine) {
        if let Some(plain) = self.plains.get_mut(index) {
            plain.line = Some(line);
        }
    }

    pub(crate) fn move_plain(&mut self, index: Index, to: RoomKey, worker: usize, now: Instant) {
        self.leave_seat(Member::Plain(index), now);
        if worker == self.worker {
            if let Some(plain) = self.plains.get_mut(index) {
                plain.seat.room = to;
            }
            if !self.take_seat(Member::Plain(index), None, None, now) {
                self.end_plain(index, LegEnd::RoomClosed, now);
            }
            return;
        }
        let Some(Plain { seat, hears, speaks, line }) = self.forget_plain(index) else { return };
        let Some(line) = line else { return };
        let speaks = speaks.zip(seat.publish.first()).map(|(voice, spec)| PcmVoice {
            muted: spec.muted,
            held: spec.held,
            settings: seat.voice.clone(),
            ..voice
        });
        let new = NewPcm { leg: seat.key, room: to, identity: seat.identity, line, hears, speaks };
        let relay = Relay { leg: seat.key, visit: 0, message: Message::Plain(Box::new(new)) };
        self.out.relays.push((worker, relay));
    }

    /// Both ends of its service are gone.
    pub(crate) fn plain_abandoned(&mut self, member: Member, now: Instant) {
        if let Member::Plain(index) = member {
            self.end_plain(index, LegEnd::Closed, now);
        }
    }

    /// It has ended by itself.
    pub(crate) fn end_plain(&mut self, index: Index, end: LegEnd, now: Instant) {
        let Some(plain) = self.plains.get(index) else { return };
        self.out.facts.push(Fact::Ended { leg: plain.seat.key, end });
        self.remove_plain(index, now);
    }

    pub(crate) fn remove_plain(&mut self, index: Index, now: Instant) {
        self.leave_seat(Member::Plain(index), now);
        self.forget_plain(index);
    }

    /// The index of a leg of plain sound.
    pub(crate) fn plain_of(&self, leg: LegKey) -> Option<Index> {
        self.plains_by_key.get(&leg).copied()
    }

    fn forget_plain(&mut self, index: Index) -> Option<Plain> {
        let plain = self.plains.try_remove(index)?;
        self.plains_by_key.remove(&plain.seat.key);
        for spec in &plain.seat.publish {
            self.tracks.remove(&spec.track);
        }
        Some(plain)
    }
}
