//! What the engines of two workers tell each other of a leg that is *away*: its transport stays with its home worker for life,
//! its room is on another one, the host, where it is a *guest*.
//!
//! ```text
//!  client ──> home: transport ── Up: packets, wishes, feedback ────> host: room (router)
//!  client <── home: transport <─ Down: what to send, what to ask ─── host
//! ```
//! Relays between two engines arrive in the order in which they were given. Each names the leg's *visit*, which counts its
//! rooms: what is late, because the leg has moved on, is dropped by whoever gets it.

use std::sync::Arc;

use crosspoint_model::{Identity, LegKey, RoomKey, TrackKey, VoiceSettings};
use crosspoint_rtp::picture;
use crosspoint_rtp::sequence::Rewritten;
use crosspoint_webrtc::{Inbound, MediaLine};

use crate::order::{LegProfile, NewPcm, Order, TrackSpec};

/// One message from an engine to another.
#[derive(Debug)]
pub struct Relay {
    pub(crate) leg: LegKey,
    pub(crate) visit: u64,
    pub(crate) message: Message,
}

impl Relay {
    /// May it be lost when the other worker cannot keep up? What it carries can be lost on a network as well; of all others the
    /// state of two engines depends.
    pub fn may_be_lost(&self) -> bool {
        match &self.message {
            Message::Up(up) => matches!(up, Up::Packet { .. } | Up::Data { .. } | Up::KeyFrameRequest { .. }),
            Message::Down(down) => {
                matches!(down, Down::Forward { .. } | Down::Data { .. } | Down::RequestKeyFrame { .. })
            }
            Message::Plain(_) => false,
        }
    }
}

#[derive(Debug)]
pub(crate) enum Message {
    Up(Up),
    Down(Down),
    /// A leg of plain sound moves here, whole.
    Plain(Box<NewPcm>),
}

/// From the leg's home to its host.
#[derive(Debug)]
pub(crate) enum Up {
    /// The leg comes into a room of the host.
    Enter(Box<Enter>),
    /// It goes. Nothing of this visit comes after this.
    Leave,
    /// A packet of one of its tracks.
    Packet { track: TrackKey, packet: Arc<Inbound> },
    /// Its client cannot decode what is in the slot on this line.
    KeyFrameRequest { line: u16 },
    /// What the way to its client carries, bits per second.
    Estimate(u64),
    /// Its lines and what it publishes, after a negotiation.
    Renegotiated { lines: Vec<MediaLine>, publish: Vec<TrackSpec> },
    /// A data message of its client.
    Data { reliable: bool, message: Vec<u8> },
    /// An order that its room carries out.
    Order(Box<Order>),
}

/// All that the host needs to know of a guest.
#[derive(Debug)]
pub(crate) struct Enter {
    pub(crate) home: usize,
    pub(crate) room: RoomKey,
    pub(crate) identity: Identity,
    pub(crate) profile: LegProfile,
    pub(crate) publish: Vec<TrackSpec>,
    pub(crate) lines: Vec<MediaLine>,
    pub(crate) voice: VoiceSettings,
    pub(crate) estimate: Option<u64>,
}

/// From the host to the leg's home.
#[derive(Debug)]
pub(crate) enum Down {
    /// The leg is in the room, whose publishers are told to stay under so many bits per second.
    Entered { publish_bitrate: Option<u64> },
    /// Send this packet on this line. The numbers are the room's.
    Forward { line: u16, packet: Arc<Inbound>, numbers: Rewritten, picture: picture::Numbers },
    /// Ask the client for a key frame.
    RequestKeyFrame { track: TrackKey, layer: u8 },
    /// What the bandwidth estimator should aim for.
    Desire { minimum: u64, desired: u64 },
    /// Send the client a data message, already framed.
    Data { reliable: bool, message: Arc<[u8]> },
    /// The room is no more: the leg ends with it.
    RoomEnded,
}
