//! What a worker tells the control plane.

use std::net::SocketAddr;

pub use crosspoint_mixer::Source as LevelSource;
use crosspoint_model::signal::{SlotCount, WarningKind};
use crosspoint_model::{LegKey, Levels, Refusal, RoomKey, TrackKey};
pub use crosspoint_router::SlotState;

/// Something that happened on a worker.
#[derive(Debug)]
pub enum Fact {
    /// ICE and DTLS are up: media flows.
    Connected {
        /// The leg.
        leg: LegKey,
        /// Does it go over TCP?
        tcp: bool,
        /// The client's address.
        remote: Option<SocketAddr>,
    },
    /// ICE lost the client; the leg waits for an ICE restart or for the control plane to remove it.
    Disconnected {
        /// The leg.
        leg: LegKey,
    },
    /// The leg is gone and will not come back.
    Ended {
        /// The leg.
        leg: LegKey,
        /// Why.
        end: LegEnd,
    },
    /// To [`super::Order::Negotiate`].
    Answer {
        /// The leg.
        leg: LegKey,
        /// The order's number.
        request: u64,
        /// The SDP answer.
        result: Result<String, Refusal>,
    },
    /// What is in some slots has changed.
    Slots {
        /// The leg.
        leg: LegKey,
        /// The slots that changed.
        slots: Vec<SlotState>,
    },
    /// The leg has fewer slots than it has subscriptions to show.
    SlotsWanted {
        /// The leg.
        leg: LegKey,
        /// So many in all.
        count: SlotCount,
    },
    /// Layers of a track that nobody wants; none: all are wanted. Without simulcast the one entry is `*`.
    Layers {
        /// The publishing leg.
        leg: LegKey,
        /// Its track.
        track: TrackKey,
        /// The rids.
        unwanted: Vec<String>,
    },
    /// Who speaks, who matters most first (the router's order), with smoothed levels in dBov.
    Speakers {
        /// The room.
        room: RoomKey,
        /// The tracks.
        speakers: Vec<(TrackKey, f32)>,
    },
    /// How loud voices and buses of a room are over the last 100 ms. Only those that are not silent; empty: all have fallen
    /// silent.
    Levels {
        /// The room.
        room: RoomKey,
        /// What is how loud.
        levels: Vec<(LevelSource, Levels)>,
    },
    /// The connection of a leg over the last 5 s.
    Stats {
        /// The leg.
        leg: LegKey,
        /// The figures.
        report: Box<LegReport>,
    },
    /// Reliable messages that a slow reader did not get.
    DataLost {
        /// The reader.
        leg: LegKey,
        /// How many.
        count: u32,
    },
    /// The room's state broke (a panic) and it was ended with its legs.
    RoomBroke {
        /// The room.
        room: RoomKey,
    },
    /// To [`super::Order::Report`].
    Report {
        /// The order's number.
        request: u64,
        /// Every leg.
        legs: Vec<LegReport>,
        /// Every track.
        tracks: Vec<TrackReport>,
    },
}

/// Why a leg ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LegEnd {
    /// The client closed it (DTLS close_notify).
    Closed,
    /// ICE or DTLS never came up in time.
    NeverConnected,
    /// Nothing was heard for too long.
    TimedOut,
    /// Its code failed (a panic); others are unharmed.
    Broke,
    /// Its room was closed.
    RoomClosed,
}

/// One direction of a leg over the last 5 s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowReport {
    /// Bits per second of RTP payload.
    pub bitrate: f64,
    /// Packets per second.
    pub packets: f64,
    /// Percent of packets lost.
    pub loss: f64,
    /// Milliseconds (RFC 3550 §6.4.1).
    pub jitter: f64,
}

/// A leg's connection.
#[derive(Clone, Debug, PartialEq)]
pub struct LegReport {
    /// The leg.
    pub leg: LegKey,
    /// Round trip in milliseconds.
    pub round_trip: Option<f64>,
    /// From the client.
    pub up: FlowReport,
    /// To the client.
    pub down: FlowReport,
    /// Estimated capacity to the client, bits per second.
    pub estimate: Option<f64>,
    /// Does it go over TCP?
    pub tcp: bool,
    /// Was the slower AES-CM profile negotiated instead of AES-GCM?
    pub aes_cm: bool,
    /// Packets sent to the client since it came.
    pub packets_sent: u64,
    /// Packets received since it came.
    pub packets_received: u64,
}

impl LegReport {
    /// The figure that a warning of this kind is about.
    pub fn figure(&self, kind: WarningKind) -> f64 {
        match kind {
            WarningKind::PacketLoss => self.up.loss.max(self.down.loss),
            WarningKind::Jitter => self.up.jitter.max(self.down.jitter),
            WarningKind::RoundTrip => self.round_trip.unwrap_or(0.0),
        }
    }
}

/// A published track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackReport {
    /// The track.
    pub track: TrackKey,
    /// The codec's name, once packets came (`opus`, `VP8`).
    pub codec: Option<&'static str>,
    /// Bits per second now, over all layers.
    pub bitrate: f64,
    /// The rids that are being received.
    pub layers: Vec<String>,
    /// How many legs it goes to.
    pub subscribers: usize,
}
