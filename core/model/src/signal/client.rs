//! What a client says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Negotiation, Publish, SessionDescription};
use crate::id::TrackId;
use crate::mix::{Hears, VoiceSettings};
use crate::room::{Preference, RoomKind, Source};

wire! {
    /// What a client asks for when it comes.
    pub struct Join {
        /// The protocol's version; absent: 1 (hand-written clients).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub protocol: Option<u32>,
        /// The room.
        pub room_id: String,
        /// Must be the token's `sub` when given.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub user_id: Option<String>,
        /// The kind of room to make if there is none yet. Absent: `mesh` without an offer, `forward` with one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub kind: Option<RoomKind>,
        /// The browser's offer: own tracks and receive-only slots. One round trip: the answer comes in `joined`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[cfg_attr(feature = "typescript", ts(as = "Option<SessionDescription>"))]
        pub offer: Option<SessionDescription>,
        /// What is sent on the offer's m-lines.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub publish: Option<Vec<Publish>>,
        /// What the client can do: `perfect-negotiation` (mesh rooms: glare is its own business), `levels` (rooms that mix:
        /// it wants `levels`).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub features: Option<Vec<String>>,
        /// The room's PIN, where it has one.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub pin: Option<String>,
        /// The `resume` of an earlier `joined`: take that session up again.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub resume: Option<String>,
        /// With `resume`: the last `seq` that was received; later reliable messages are sent again.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        #[cfg_attr(feature = "typescript", ts(as = "Option<f64>"))]
        pub last_seq: Option<u64>,
    }
}

/// What a client says. Unknown fields are ignored, unknown types refused.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields))]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ClientMessage {
    /// Come into a room.
    Join(Box<Join>),
    /// Go. The identity's place is given up at once.
    Leave {},
    /// Negotiate: own tracks and slots.
    Offer(Negotiation),
    /// Mesh rooms only.
    Answer(Negotiation),
    /// A trickled candidate.
    IceCandidate(Negotiation),
    /// Set a mute flag: one's own (`trackId`, or `source`, or all), or with an admin grant another's (`userId`).
    Mute {
        /// Whose; absent: one's own.
        user_id: Option<String>,
        /// Which track.
        track_id: Option<TrackId>,
        /// Which source, where no track is named.
        source: Option<Source>,
        /// The new state.
        muted: bool,
    },
    /// Set the room's flag; needs an admin grant.
    Hold {
        /// Whose.
        user_id: String,
        /// Which source; absent: all.
        source: Option<Source>,
        /// The new state.
        held: bool,
    },
    /// Receive this track.
    Subscribe {
        /// Which.
        track_id: TrackId,
        /// How.
        #[serde(flatten)]
        preference: Preference,
    },
    /// No more of this track.
    Unsubscribe {
        /// Which.
        track_id: TrackId,
    },
    /// How a subscribed track is wanted now. Replaces what was said before.
    Prefer {
        /// Which.
        track_id: TrackId,
        /// How.
        #[serde(flatten)]
        preference: Preference,
    },
    /// Change what others see of oneself.
    Update {
        /// The name.
        name: Option<String>,
        /// Free text.
        metadata: Option<String>,
        /// Attributes to set; an empty value removes one. Names that begin with `crosspoint.` are refused.
        attributes: Option<BTreeMap<String, String>>,
    },
    /// Send a small message over the signalling socket (data channels are the faster way).
    Data {
        /// To whom; absent: everybody else.
        to: Option<Vec<String>>,
        /// What it is about.
        topic: Option<String>,
        /// Any JSON.
        #[cfg_attr(feature = "typescript", ts(type = "any"))]
        payload: Value,
    },
    /// Put somebody out, until their token expires; needs an admin grant.
    Kick {
        /// Whom.
        user_id: String,
        /// Why; shown to them.
        reason: Option<String>,
    },
    /// Move somebody to another room; needs an admin grant.
    Move {
        /// Whom.
        user_id: String,
        /// Where to.
        to: String,
        /// Held on arrival.
        muted: Option<bool>,
    },
    /// How the voices of somebody are treated before they are mixed; needs an admin grant. All of it: what is absent is
    /// as usual.
    Voice {
        /// Whose.
        user_id: String,
        /// How.
        voice: VoiceSettings,
    },
    /// What sound comes unasked: one's own choice between `mix` and `tracks`; the rest needs an admin grant.
    Listen {
        /// Who hears it; absent: oneself.
        user_id: Option<String>,
        /// What.
        hears: Hears,
        /// Pre-fade listen: this participant as well, on the air or not.
        pre_fade: Option<String>,
    },
    /// Talkback: from now on one's own voice goes to this participant alone, not into the mix; needs an admin grant.
    Talk {
        /// To whom; absent: to the room again.
        to: Option<String>,
    },
    /// Close the room for everybody; needs an admin grant.
    CloseRoom {
        /// Why; shown to them.
        reason: Option<String>,
    },
    /// Record the room.
    StartRecording {},
    /// Stop that.
    StopRecording {},
    /// Are you there? `pong` comes back.
    Ping {},
}

/// A message of a client with its envelope.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields))]
pub struct ClientFrame {
    /// Milliseconds since 1970 by the client's clock. Not trusted, not needed; echoed in `pong`.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(as = "Option<f64>"))]
    pub timestamp: Option<Value>,
    /// A number that an `error` or `answer` to this message carries back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(as = "Option<f64>"))]
    pub request: Option<u64>,
    /// The message.
    #[serde(flatten)]
    pub message: ClientMessage,
}
