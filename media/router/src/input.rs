//! What comes into a room.

use std::time::Instant;

use crosspoint_model::{Identity, MediaKind, Source, TrackKey};
use crosspoint_rtp::picture;

/// A leg as the engine numbers it (an index of its slab). Used again only after [`crate::Room::remove_leg`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegIndex(pub u32);

/// What a leg is and wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegSpec {
    /// Whose it is. A participant does not hear itself through another of its legs.
    pub identity: Identity,
    /// May it receive tracks at all?
    pub subscribes: bool,
    /// Does every voice of the others come to it unasked?
    pub auto_audio: bool,
    /// Does the room's mix come to it unasked, in place of the voices?
    pub hears_mix: bool,
    /// What is put into its slots without its asking.
    pub follows: Option<Follow>,
    /// The most audio slots that are asked of it.
    pub audio_slots: usize,
    /// The most video slots that are asked of it.
    pub video_slots: usize,
    /// Bits per second that it is sent at most; none: as much as its connection carries.
    pub receive_bitrate: Option<u64>,
}

/// What a viewer sees that asks for nothing itself (WHEP).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Who speaks (or spoke last, or came first) with a picture; every voice is heard through the audio slots.
    Dominant,
    /// One participant.
    Participant {
        /// Who.
        identity: Identity,
        /// Only this source (and the sound of a shared screen with its picture). None: all of its tracks.
        source: Option<Source>,
    },
}

/// An m-line on which tracks can be sent to a leg.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotSpec {
    /// The index of the m-line: comes back in [`crate::Forward::slot`].
    pub index: u16,
    /// Its mid. A slot that keeps its mid and kind over a negotiation keeps its track and its numbers.
    pub mid: String,
    /// Sound or picture.
    pub kind: MediaKind,
}

/// A published track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackSpec {
    /// Its key.
    pub track: TrackKey,
    /// The leg that publishes it.
    pub owner: LegIndex,
    /// Sound or picture.
    pub kind: MediaKind,
    /// What it shows.
    pub source: Source,
    /// The simulcast rids, best first (at most 8); empty without simulcast.
    pub rids: Vec<String>,
    /// Pixels of the best layer; 0: unknown.
    pub width: u32,
    /// Pixels of the best layer; 0: unknown.
    pub height: u32,
    /// The publisher's flag.
    pub muted: bool,
    /// The room's flag.
    pub held: bool,
}

/// A frame of the room's mix.
#[derive(Clone, Copy, Debug)]
pub struct MixFrame {
    /// The place of its first sample, 48,000 a second.
    pub position: u64,
    /// Bytes of payload.
    pub payload_len: usize,
    /// When it was due.
    pub due: Instant,
}

/// A packet of a track.
#[derive(Clone, Copy, Debug)]
pub struct Packet {
    /// The publisher's sequence number, extended to 64 bits.
    pub sequence: u64,
    /// The publisher's timestamp.
    pub timestamp: u32,
    /// The RTP marker.
    pub marker: bool,
    /// Does a key frame begin here ([`crosspoint_rtp::keyframe::starts_key_frame`])?
    pub starts_key_frame: bool,
    /// Bytes of payload.
    pub payload_len: usize,
    /// RFC 6464: dBov, −127 to 0.
    pub level: Option<i8>,
    /// The numbers of its picture.
    pub picture: picture::Numbers,
    /// When it arrived.
    pub arrival: Instant,
    /// When it was captured, on our clock, where sender reports tell.
    pub capture: Option<Instant>,
}
