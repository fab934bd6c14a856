//! What the control plane tells a worker. Orders are carried out in the order in which they were given.
//!
//! Orders about a room go to the worker that has the room; orders about a leg or a track go to the leg's home, the worker that
//! has its transport, wherever its room is: what its room has to carry out goes there from the home, behind the leg itself.

use std::sync::Arc;

use crosspoint_mixer::PcmLine;
use crosspoint_model::{
    Bus, Hears, Identity, LegKey, Listening, MediaKind, MixSettings, Preference, RoomKey, Source, TrackKey,
    VoiceSettings,
};
pub use crosspoint_router::Follow;
use crosspoint_webrtc::Transport;

/// A command to a worker.
#[derive(Debug)]
pub enum Order {
    /// Make a room. Costs nothing until somebody is in it.
    OpenRoom {
        /// The new room.
        room: RoomKey,
        /// How it behaves.
        settings: RoomSettings,
    },
    /// End a room and every leg in it. Each leg's end is told by a fact.
    CloseRoom {
        /// The room.
        room: RoomKey,
    },
    /// Take over a transport that was built, with its answer, off the media thread.
    AddLeg(Box<NewLeg>),
    /// A new offer of a leg: more or fewer tracks or slots, or an ICE restart. [`super::Fact::Answer`] follows.
    Negotiate {
        /// The leg.
        leg: LegKey,
        /// Comes back in the answer.
        request: u64,
        /// The client's SDP.
        offer: String,
        /// Every track that the leg publishes from now on. Those that are missing end.
        publish: Vec<TrackSpec>,
    },
    /// An ICE restart or trickle over HTTP (RFC 8840 fragment) gives candidates one by one.
    AddCandidate {
        /// The leg.
        leg: LegKey,
        /// The value of a candidate attribute (RFC 8839 §5.1), with or without `candidate:`.
        candidate: String,
    },
    /// End a leg: its tracks, slots and subscriptions go with it. No fact follows.
    RemoveLeg {
        /// The leg.
        leg: LegKey,
    },
    /// Take a leg to another room. Its tracks go along, its subscriptions end, the transport stays.
    MoveLeg {
        /// The leg.
        leg: LegKey,
        /// The other room.
        to: RoomKey,
        /// The worker that has that room.
        worker: usize,
    },
    /// Send a track to a leg.
    Subscribe {
        /// The receiver.
        leg: LegKey,
        /// What.
        track: TrackKey,
        /// How.
        preference: Preference,
    },
    /// Send it no more.
    Unsubscribe {
        /// The receiver.
        leg: LegKey,
        /// What.
        track: TrackKey,
    },
    /// Change how it is sent.
    Prefer {
        /// The receiver.
        leg: LegKey,
        /// What.
        track: TrackKey,
        /// How from now on.
        preference: Preference,
    },
    /// Set the two flags of a track; nothing of it passes unless both are off.
    SetFlags {
        /// The track.
        track: TrackKey,
        /// The publisher's own.
        muted: bool,
        /// The room's.
        held: bool,
    },
    /// Set how a room mixes; none: it does not.
    SetMix {
        /// The room.
        room: RoomKey,
        /// How.
        mix: Option<MixSpec>,
    },
    /// Set how the voices of a leg are treated before they are mixed.
    SetVoice {
        /// Whose.
        leg: LegKey,
        /// How.
        settings: VoiceSettings,
    },
    /// Set what a leg hears unasked.
    Listen {
        /// The leg.
        leg: LegKey,
        /// What.
        listening: Listening,
    },
    /// Talkback: the leg's voices go to one participant alone; none: into the mix again.
    Talk {
        /// Who talks.
        leg: LegKey,
        /// To whom.
        to: Option<Identity>,
    },
    /// Tell how loud voices and buses are ([`super::Fact::Levels`]), or stop telling it.
    WatchLevels {
        /// The room.
        room: RoomKey,
        /// Tell it?
        watch: bool,
    },
    /// Let somebody in who hears and speaks plain sound (PCM): a service, a telephone, a player.
    AddPcm(Box<NewPcm>),
    /// Send a data-channel message, already framed (see `model::signal::DataHeader`).
    SendData {
        /// To whom.
        leg: LegKey,
        /// Over the reliable channel, or the lossy one?
        reliable: bool,
        /// The message.
        message: Arc<[u8]>,
    },
    /// Make a leg's code panic, to see that it ends alone.
    #[cfg(feature = "faults")]
    Fault {
        /// The leg.
        leg: LegKey,
        /// While a packet is written to it, or while it is driven itself?
        written_to: bool,
    },
    /// Tell the state of every leg and track: [`super::Fact::Report`] follows.
    Report {
        /// Comes back in the report.
        request: u64,
    },
}

/// A leg that comes.
#[derive(Debug)]
pub struct NewLeg {
    /// Its key.
    pub leg: LegKey,
    /// Its room.
    pub room: RoomKey,
    /// Whose it is; data messages name participants by it.
    pub identity: Identity,
    /// The transport, with the offer already accepted.
    pub transport: Transport,
    /// What it publishes.
    pub publish: Vec<TrackSpec>,
    /// What it may and wants.
    pub profile: LegProfile,
}

/// A track that a leg publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrackSpec {
    /// Its key.
    pub track: TrackKey,
    /// The m-line.
    pub mid: String,
    /// Sound or picture.
    pub kind: MediaKind,
    /// What it shows.
    pub source: Source,
    /// The publisher's flag.
    pub muted: bool,
    /// The room's flag.
    pub held: bool,
    /// Pixels of the best layer; 0: unknown.
    pub width: u32,
    /// Pixels of the best layer; 0: unknown.
    pub height: u32,
}

/// What a leg may and wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegProfile {
    /// May it receive tracks at all?
    pub subscribes: bool,
    /// Which sound of the room comes to it unasked?
    pub hears: Hears,
    /// WHEP: what is put in its slots without its asking.
    pub follows: Option<Follow>,
    /// May it send data?
    pub sends_data: bool,
    /// Bits per second that it is told to stay under when publishing.
    pub publish_bitrate: Option<u64>,
    /// Bits per second that it is sent at most.
    pub receive_bitrate: Option<u64>,
}

/// A leg of plain sound.
#[derive(Debug)]
pub struct NewPcm {
    /// Its key.
    pub leg: LegKey,
    /// Its room, which mixes.
    pub room: RoomKey,
    /// Whose it is.
    pub identity: Identity,
    /// Where it reads and writes.
    pub line: PcmLine,
    /// What it hears: a bus, without its own voice.
    pub hears: Option<Bus>,
    /// Its voice.
    pub speaks: Option<PcmVoice>,
}

/// The voice of a leg of plain sound.
#[derive(Clone, Debug, PartialEq)]
pub struct PcmVoice {
    /// Its key.
    pub track: TrackKey,
    /// What it is.
    pub source: Source,
    /// The bus that it speaks on.
    pub bus: Bus,
    /// The publisher's flag.
    pub muted: bool,
    /// The room's flag.
    pub held: bool,
    /// How it is treated.
    pub settings: VoiceSettings,
}

/// A room's mix.
#[derive(Clone, Debug, PartialEq)]
pub struct MixSpec {
    /// The track that it is.
    pub track: TrackKey,
    /// How it is made.
    pub settings: MixSettings,
}

/// How a room behaves on the media plane.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomSettings {
    /// Bits per second that each publisher is told to stay under.
    pub publish_bitrate: Option<u64>,
    /// Bytes of one data message.
    pub data_bytes: usize,
    /// Bytes of data that one leg may send per second.
    pub data_bytes_per_second: usize,
    /// Video slots on one leg.
    pub video_slots: usize,
    /// Audio slots on one leg.
    pub audio_slots: usize,
    /// Its mix; none: it makes none.
    pub mix: Option<MixSpec>,
}

impl Default for LegProfile {
    fn default() -> Self {
        Self {
            subscribes: false,
            hears: Hears::Nothing,
            follows: None,
            sends_data: false,
            publish_bitrate: None,
            receive_bitrate: None,
        }
    }
}
