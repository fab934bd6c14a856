//! What comes out of a room.

use crosspoint_model::signal::SlotCount;
use crosspoint_model::{MediaKind, TrackKey};
use crosspoint_rtp::picture;

use crate::input::LegIndex;

/// Send the packet that was just handled to this leg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forward {
    /// To whom.
    pub leg: LegIndex,
    /// On which m-line ([`crate::SlotSpec::index`]).
    pub slot: u16,
    /// With this extended sequence number.
    pub sequence: u64,
    /// With this timestamp.
    pub timestamp: u32,
    /// With these picture numbers (when the packet came with some).
    pub picture: picture::Numbers,
}

/// Something that the room wants done or known.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Ask the publisher for a key frame.
    RequestKeyFrame {
        /// Of this track.
        track: TrackKey,
        /// Of this layer: an index into its rids, 0 without simulcast.
        layer: u8,
    },
    /// What is in some slots of a leg has changed.
    SlotsChanged {
        /// The leg.
        leg: LegIndex,
        /// Only the slots that changed.
        slots: Vec<SlotState>,
    },
    /// A leg has fewer slots than it could use. Not repeated until it has negotiated, unless it needs even more.
    SlotsWanted {
        /// The leg.
        leg: LegIndex,
        /// So many in all, never fewer than it has.
        count: SlotCount,
    },
    /// Which layers of a video track nobody wants.
    Layers {
        /// The track.
        track: TrackKey,
        /// The rids, `*` for a track without simulcast; empty: all are wanted.
        unwanted: Vec<String>,
    },
    /// Who speaks now, first who matters most, with smoothed levels in dBov. Empty: nobody.
    Speakers {
        /// The tracks.
        speakers: Vec<(TrackKey, f32)>,
    },
    /// What a leg's bandwidth estimator should aim for (told for every leg with video; without an estimator it has no effect).
    DesiredBitrate {
        /// The leg.
        leg: LegIndex,
        /// Bits per second that let the next subscription have its next better layer.
        minimum: u64,
        /// Bits per second at which every subscription has what it prefers.
        desired: u64,
    },
}

/// A slot and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotState {
    /// The m-line's mid.
    pub mid: String,
    /// Sound or picture.
    pub kind: MediaKind,
    /// The track in it.
    pub track: Option<TrackKey>,
    /// The simulcast rid that is sent.
    pub layer: Option<String>,
    /// Bandwidth is too small for even the lowest layer.
    pub paused: bool,
}

/// A track in figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackFigures {
    /// The track.
    pub track: TrackKey,
    /// Bits per second of payload now, over all layers.
    pub bitrate: u64,
    /// The rids that are being received.
    pub layers: Vec<String>,
    /// How many legs it goes to.
    pub subscribers: usize,
}
