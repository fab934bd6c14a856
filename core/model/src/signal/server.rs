//! What the server says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ConnectionStats, Negotiation, SessionDescription, Severity, UserQuality, WarningKind};
use crate::id::TrackId;
use crate::mix::{Bus, Hears, Levels, VoiceSettings};
use crate::refusal::Code;
use crate::room::{RoomKind, SlotView, TrackView, UserView};
use crate::show::ShowEvent;

wire! {
    /// The whole state of a room, for who has just come (or come back).
    pub struct Joined {
        /// The room.
        pub room_id: String,
        /// Oneself.
        pub user_id: String,
        /// What the room is.
        pub kind: RoomKind,
        /// The room's mix, as it stands in slots; absent where the room does not mix.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub mix: Option<TrackId>,
        /// How voices are treated that are not treated as usual, by identity.
        #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
        #[cfg_attr(feature = "typescript", ts(as = "Option<BTreeMap<String, VoiceSettings>>"))]
        pub voices: BTreeMap<String, VoiceSettings>,
        /// The identities of the others, never oneself.
        pub participants: Vec<String>,
        /// The others in full.
        pub users: Vec<UserView>,
        /// The tracks of the others, and one's own.
        pub tracks: Vec<TrackView>,
        /// What is in which receiving m-line.
        pub slots: Vec<SlotView>,
        /// For `RTCConfiguration.iceServers`.
        pub ice_servers: Vec<IceServer>,
        /// To the offer in `join`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub answer: Option<SessionDescription>,
        /// Presented in the next `join` within `resumeSeconds` of a dropped socket, it takes this session up again.
        pub resume: String,
        /// How long a dropped session waits.
        pub resume_seconds: u32,
        /// Was a session taken up again (media never stopped), or is this a new one?
        pub resumed: bool,
        /// Free text of the room.
        pub metadata: String,
    }
}

wire! {
    /// The W3C `RTCIceServer` dictionary.
    pub struct IceServer {
        /// `stun:`, `turn:` and `turns:` addresses.
        pub urls: Vec<String>,
        /// Of `turn:`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub username: Option<String>,
        /// Of `turn:`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub credential: Option<String>,
    }
}

wire! {
    /// Who speaks, loudest first.
    pub struct Speaker {
        /// Who.
        pub user_id: String,
        /// Through which track.
        pub track_id: TrackId,
        /// Smoothed level in dBov (RFC 6464): 0 is full scale, −127 silence.
        pub level: f32,
    }
}

wire! {
    /// Loudness of one thing that a mixer has.
    #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
    pub struct Level {
        /// Whose voice; absent: a bus.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub user_id: Option<String>,
        /// Which bus, where it is no voice.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub bus: Option<Bus>,
        /// How loud over the last 100 ms.
        #[serde(flatten)]
        pub levels: Levels,
    }
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields))]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ServerMessage {
    /// You are in.
    Joined(Box<Joined>),
    /// Somebody came.
    UserJoined {
        /// Who.
        user_id: String,
        /// In full.
        user: UserView,
    },
    /// Somebody went.
    UserLeft {
        /// Who.
        user_id: String,
        /// `left`, `disconnected`, `kicked` or `moved`.
        reason: String,
    },
    /// A new track; also sent for one's own, with its id.
    Published {
        /// The track.
        track: TrackView,
    },
    /// A track is gone.
    Unpublished {
        /// Which.
        track_id: TrackId,
        /// Whose.
        user_id: String,
    },
    /// What is in which receiving m-line now. Lines that are not named are as before.
    Slots {
        /// The lines that changed.
        slots: Vec<SlotView>,
    },
    /// More receiving m-lines are needed: please offer so many in all.
    SlotsWanted {
        /// Audio lines in all.
        audio: u32,
        /// Video lines in all.
        video: u32,
    },
    /// Layers of one's own track that nobody wants now: stop encoding them (`active: false`).
    Layers {
        /// The track.
        track_id: TrackId,
        /// The rids that nobody wants; empty: all are wanted. Without simulcast, `*`: nobody wants the track.
        unwanted: Vec<String>,
    },
    /// Somebody's mute flag, own ones included.
    Muted {
        /// Whose.
        user_id: String,
        /// Which track.
        track_id: TrackId,
        /// The flag.
        muted: bool,
    },
    /// The room's flag of a track.
    Held {
        /// Whose.
        user_id: String,
        /// Which track.
        track_id: TrackId,
        /// The flag.
        held: bool,
    },
    /// What others see of somebody has changed.
    Updated {
        /// The new state.
        user: UserView,
    },
    /// Who speaks now.
    Speakers {
        /// Loudest first; empty: nobody.
        speakers: Vec<Speaker>,
    },
    /// How loud voices and buses of a room that mixes are, ten times a second while there is sound. For those who joined with
    /// the feature `levels`.
    Levels {
        /// Those that are not silent; empty: all have fallen silent.
        levels: Vec<Level>,
    },
    /// How somebody's voices are treated before they are mixed.
    Voice {
        /// Whose.
        user_id: String,
        /// How.
        voice: VoiceSettings,
    },
    /// What sound comes to oneself unasked has changed.
    Listening {
        /// What.
        hears: Hears,
        /// Pre-fade listen: this participant as well.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pre_fade: Option<String>,
    },
    /// Talkback: somebody talks to oneself alone, or no more.
    Talkback {
        /// Who.
        from: String,
        /// Do they?
        active: bool,
    },
    /// Whose connection changed.
    ConnectionQuality {
        /// Those that changed.
        users: Vec<UserQuality>,
    },
    /// One's own connection, every 5 s.
    Stats(Box<ConnectionStats>),
    /// One's own connection became bad, worse, or good again.
    QualityWarning {
        /// What.
        kind: WarningKind,
        /// How much, in the unit of the kind.
        value: f64,
        /// How bad.
        severity: Severity,
    },
    /// A fresh token for the next connection; the old one ends soon.
    Token {
        /// The JWT.
        token: String,
    },
    /// Mesh rooms only.
    Offer(Negotiation),
    /// To an offer.
    Answer(Negotiation),
    /// A trickled candidate.
    IceCandidate(Negotiation),
    /// From another participant, over signalling.
    Data {
        /// From whom.
        from: String,
        /// What it is about.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        topic: Option<String>,
        /// Any JSON.
        #[cfg_attr(feature = "typescript", ts(type = "any"))]
        payload: Value,
    },
    /// So many reliable data-channel messages could not be delivered, because this reader was too slow for 5 s.
    DataLost {
        /// How many.
        count: u32,
    },
    /// You are in another room now; the connection stays. `joined` of the new room follows.
    Moved {
        /// Where.
        room_id: String,
    },
    /// You are out. The socket closes.
    Kicked {
        /// `replaced` when a newer connection of this identity took over, else what the admin wrote.
        reason: String,
    },
    /// The room is no more. The socket closes.
    RoomClosed {
        /// Why.
        reason: String,
    },
    /// Is the room being recorded?
    Recording {
        /// Yes or no.
        active: bool,
    },
    /// What happens in a show, for its staff.
    Show {
        /// Which show.
        show_id: String,
        /// What. In a field of its own: it has a `seq` besides that of the frame.
        event: Box<ShowEvent>,
    },
    /// The server goes down; come again, there or here.
    Draining {
        /// Milliseconds until everybody is cut off.
        deadline_ms: u32,
        /// Where to; absent: the same address.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        url: Option<String>,
    },
    /// Something was refused.
    Error {
        /// What kind.
        code: Code,
        /// What exactly, for a person.
        message: String,
        /// Where to read about it.
        docs: String,
    },
    /// To `ping`.
    Pong {},
}

/// A message of the server with its envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields))]
pub struct ServerFrame {
    /// The number of a reliable message; give the last one in `join.lastSeq` to get the later ones again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(as = "Option<f64>"))]
    pub seq: Option<u64>,
    /// The `request` of the message that this answers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(as = "Option<f64>"))]
    pub request: Option<u64>,
    /// Milliseconds since 1970 by the server's clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(as = "Option<f64>"))]
    pub timestamp: Option<u64>,
    /// The message.
    #[serde(flatten)]
    pub message: ServerMessage,
}
