//! A leg on this worker: its transport, what it publishes, its place in a room.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_model::{Identity, LegKey, RoomKey, TrackKey};
use crosspoint_webrtc::{MediaLine, Transport, TransportStats};

use crate::data::{Allowance, Outgoing};
use crate::fact::{FlowReport, LegReport};
use crate::order::{LegProfile, NewLeg, TrackSpec};
use crate::timers::Deadline;

/// How long a new leg may take for ICE and DTLS, and a lost one to come back.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) key: LegKey,
    pub(crate) room: RoomKey,
    pub(crate) identity: Identity,
    pub(crate) transport: Transport,
    pub(crate) profile: LegProfile,
    pub(crate) publish: Vec<TrackSpec>,
    pub(crate) lines: Vec<MediaLine>,
    /// The track on each line, by the line's position.
    tracks: Vec<Option<TrackKey>>,
    pub(crate) phase: Phase,
    /// Its code panicked: it is not touched again, and ends in the next flush.
    pub(crate) broken: bool,
    /// Is something queued that [`Transport::flush`] has to send?
    pub(crate) dirty: bool,
    pub(crate) deadline: Deadline,
    pub(crate) outgoing: Outgoing,
    pub(crate) allowance: Option<Allowance>,
    pub(crate) tcp: bool,
    pub(crate) remote: Option<SocketAddr>,
    pub(crate) aes_cm: bool,
    pub(crate) stats: TransportStats,
}

/// How far a leg has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// ICE and DTLS are being set up, until then.
    Connecting(Instant),
    /// Media flows.
    Connected,
    /// ICE has lost the client; it may come back until then.
    Lost(Instant),
}

impl Leg {
    pub(crate) fn new(new: NewLeg, now: Instant) -> Self {
        let NewLeg { leg, room, identity, transport, publish, profile } = new;
        let mut leg = Self {
            key: leg,
            room,
            identity,
            transport,
            profile,
            publish,
            lines: Vec::new(),
            tracks: Vec::new(),
            phase: Phase::Connecting(now + PATIENCE),
            broken: false,
            dirty: false,
            deadline: Deadline::default(),
            outgoing: Outgoing::default(),
            allowance: None,
            tcp: false,
            remote: None,
            aes_cm: false,
            stats: TransportStats::default(),
        };
        leg.read_lines();
        leg
    }

    /// Takes over the transport's lines, after a negotiation.
    pub(crate) fn read_lines(&mut self) {
        self.lines = self.transport.lines().collect();
        self.tracks = self.lines.iter().map(|line| self.track_of_mid(&line.mid)).collect();
    }

    /// The track that comes in on a line.
    pub(crate) fn track_on(&self, line: u16) -> Option<TrackKey> {
        self.tracks.get(usize::from(line)).copied().flatten()
    }

    /// The line that a track comes in on.
    pub(crate) fn line_of(&self, track: TrackKey) -> Option<u16> {
        self.tracks.iter().position(|known| *known == Some(track)).and_then(|line| u16::try_from(line).ok())
    }

    /// The mid, kind and rids of a track's line.
    pub(crate) fn media_line(&self, spec: &TrackSpec) -> Option<&MediaLine> {
        self.lines.iter().find(|line| line.mid == spec.mid && line.receives && line.kind == spec.kind)
    }

    /// Until when it may go on as it is.
    pub(crate) fn expires(&self) -> Option<Instant> {
        match self.phase {
            Phase::Connecting(until) | Phase::Lost(until) => Some(until),
            Phase::Connected => None,
        }
    }

    /// Its figures.
    pub(crate) fn report(&self) -> LegReport {
        let flow = |flow: crosspoint_webrtc::FlowStats| FlowReport {
            bitrate: flow.bitrate,
            packets: flow.packets,
            loss: flow.loss,
            jitter: flow.jitter,
        };
        LegReport {
            leg: self.key,
            round_trip: self.stats.round_trip,
            up: flow(self.stats.up),
            down: flow(self.stats.down),
            estimate: self.stats.estimate,
            tcp: self.tcp,
            aes_cm: self.aes_cm,
            packets_sent: self.stats.packets_sent,
            packets_received: self.stats.packets_received,
        }
    }

    fn track_of_mid(&self, mid: &str) -> Option<TrackKey> {
        self.publish.iter().find(|spec| spec.mid == mid).map(|spec| spec.track)
    }
}
