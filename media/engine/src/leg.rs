//! A leg of this worker: its transport, its seat in a room here or on another worker.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_model::{TrackKey, VoiceSettings};
use crosspoint_rtp::picture;
use crosspoint_rtp::sequence::Rewritten;
use crosspoint_webrtc::{Inbound, MediaLine, Transport, TransportStats};

use crate::away::Away;
use crate::data::Outgoing;
use crate::fact::{FlowReport, LegReport};
use crate::numbers::Numbers;
use crate::order::{NewLeg, TrackSpec};
use crate::seat::Seat;
use crate::timers::Deadline;

/// How long a new leg may take for ICE and DTLS, and a lost one to come back.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A leg.
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) seat: Seat,
    /// Is its room on another worker?
    pub(crate) away: Option<Away>,
    /// Counts its rooms.
    pub(crate) visit: u64,
    /// The numbers of its streams, since it was away for the first time. Before that its rooms hand them on.
    pub(crate) numbers: Option<Numbers>,
    pub(crate) transport: Transport,
    /// The track on each line, by the line's position.
    tracks: Vec<Option<TrackKey>>,
    pub(crate) phase: Phase,
    /// Its code panicked: it is not touched again, and ends in the next flush.
    pub(crate) broken: bool,
    /// Is something queued that [`Transport::flush`] has to send?
    pub(crate) dirty: bool,
    pub(crate) deadline: Deadline,
    pub(crate) outgoing: Outgoing,
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
        let seat = Seat {
            key: leg,
            room,
            identity,
            profile,
            publish: Vec::new(),
            lines: Vec::new(),
            voice: VoiceSettings::default(),
            pre_fade: None,
            addressed: false,
            mix_wanted: false,
            allowance: None,
        };
        let mut leg = Self {
            seat,
            away: None,
            visit: 0,
            numbers: None,
            transport,
            tracks: Vec::new(),
            phase: Phase::Connecting(now + PATIENCE),
            broken: false,
            dirty: false,
            deadline: Deadline::default(),
            outgoing: Outgoing::default(),
            tcp: false,
            remote: None,
            aes_cm: false,
            stats: TransportStats::default(),
        };
        leg.seat.lines = leg.read_lines(&publish);
        leg.seat.publish = publish;
        leg
    }

    /// The transport's lines, after a negotiation, for its seat.
    pub(crate) fn read_lines(&mut self, publish: &[TrackSpec]) -> Vec<MediaLine> {
        let lines: Vec<MediaLine> = self.transport.lines().collect();
        let track = |line: &MediaLine| publish.iter().find(|spec| spec.mid == line.mid).map(|spec| spec.track);
        self.tracks = lines.iter().map(track).collect();
        if let Some(numbers) = &mut self.numbers {
            numbers.renegotiated(&lines);
        }
        lines
    }

    /// Sends a packet on one of its lines, with the numbers that the room gave it.
    pub(crate) fn send(&mut self, line: u16, packet: &Inbound, numbers: Rewritten, picture: picture::Numbers) {
        let (mut numbers, mut picture) = (numbers, picture);
        if let Some(own) = &mut self.numbers {
            let Some(view) = self.seat.lines.get(usize::from(line)) else { return };
            let Some(rewritten) = own.rewrite((line, view), packet, numbers, picture) else { return };
            (numbers, picture) = rewritten;
        }
        self.transport.forward(line, packet, numbers.sequence, numbers.timestamp, picture);
    }

    /// The track that comes in on a line.
    pub(crate) fn track_on(&self, line: u16) -> Option<TrackKey> {
        self.tracks.get(usize::from(line)).copied().flatten()
    }

    /// The line that a track comes in on.
    pub(crate) fn line_of(&self, track: TrackKey) -> Option<u16> {
        self.tracks.iter().position(|known| *known == Some(track)).and_then(|line| u16::try_from(line).ok())
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
            leg: self.seat.key,
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
}
