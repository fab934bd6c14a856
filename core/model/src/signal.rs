//! The messages of the signalling WebSocket (`GET /ws/webrtc?token=…`): JSON text frames, `type` in kebab-case, fields in
//! camelCase. `docs/protocol/signalling.md` tells the story; `sdk/ts/src/wire` is generated from these types.
//!
//! In a `forward` or `mix` room the client is the one who offers: its own tracks, plus receive-only m-lines (slots) through
//! which the server switches what it sends. In a `mesh` room the same messages are relayed to `targetUserId`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::TrackId;
use crate::refusal::Code;
use crate::room::{MediaKind, Preference, RoomKind, SlotView, Source, TrackView, UserView};

/// The version of the protocol that `join.protocol` names.
pub const PROTOCOL: u32 = 1;

/// The label of the data channel whose messages arrive in order and for certain.
pub const RELIABLE: &str = "reliable";
/// The label of the data channel whose messages are sent once (`ordered: false, maxRetransmits: 0`).
pub const LOSSY: &str = "lossy";

macro_rules! wire {
    ($(#[$doc:meta])* $vis:vis struct $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(optional_fields))]
        #[serde(rename_all = "camelCase")]
        $vis struct $name { $($body)* }
    };
}

wire! {
    /// A track that a client is about to send on an m-line of its offer.
    pub struct Publish {
        /// The m-line (`RTCRtpTransceiver.mid`) in the offer that goes with this.
        pub mid: String,
        /// What it shows.
        pub source: Source,
        /// A name for the application.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub name: Option<String>,
        /// Begins muted.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub muted: Option<bool>,
        /// Width in pixels of the best layer.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub width: Option<u32>,
        /// Height in pixels of the best layer.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub height: Option<u32>,
    }
}

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
        /// What the client can do: `perfect-negotiation` (mesh rooms: glare is its own business).
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

wire! {
    /// The browser's `RTCSessionDescription`.
    pub struct SessionDescription {
        /// `offer`, `answer`, `pranswer` or `rollback`.
        #[serde(rename = "type")]
        pub kind: String,
        /// The description (RFC 8866); absent in a rollback.
        #[serde(default)]
        pub sdp: String,
    }
}

wire! {
    /// An offer, an answer or a candidate, between a client and the server, or in a mesh room between two clients.
    pub struct Negotiation {
        /// The room.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub room_id: Option<String>,
        /// The sender. The server stamps it; what a client writes here is ignored.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub user_id: Option<String>,
        /// The receiver in a mesh room; absent: the server.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub target_user_id: Option<String>,
        /// The browser's own `RTCSessionDescription` or `RTCIceCandidate` object, as it is.
        #[cfg_attr(feature = "typescript", ts(type = "any"))]
        pub data: Value,
        /// With an offer to the server: what is sent on its m-lines (all of them, also those of earlier offers).
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub publish: Option<Vec<Publish>>,
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

wire! {
    /// The whole state of a room, for who has just come (or come back).
    pub struct Joined {
        /// The room.
        pub room_id: String,
        /// Oneself.
        pub user_id: String,
        /// What the room is.
        pub kind: RoomKind,
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

/// How good a connection is, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// Nothing to complain of.
    Excellent,
    /// Some loss or delay, hardly noticed.
    Good,
    /// Noticeably bad.
    Poor,
    /// Nothing arrives.
    Lost,
}

wire! {
    /// Somebody's connection.
    pub struct UserQuality {
        /// Who.
        pub user_id: String,
        /// How good.
        pub quality: Quality,
    }
}

/// What a quality warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// Percent of packets lost over 5 s. Warning at 3, critical at 10.
    PacketLoss,
    /// Milliseconds (RFC 3550 §6.4.1). Warning at 50, critical at 100.
    Jitter,
    /// Milliseconds. Warning at 300, critical at 600.
    RoundTrip,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// It is over.
    Clear,
    /// Noticeable.
    Warning,
    /// Hardly usable.
    Critical,
}

wire! {
    /// One direction of a connection over the last 5 s.
    pub struct FlowStats {
        /// Bits per second of media payload.
        pub bitrate: f64,
        /// Packets per second.
        pub packets: f64,
        /// Percent lost.
        pub loss: f64,
        /// Milliseconds (RFC 3550 §6.4.1).
        pub jitter: f64,
    }
}

wire! {
    /// One's own connection as the server sees it, every 5 s.
    pub struct ConnectionStats {
        /// Round trip in milliseconds, once measured.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub round_trip: Option<f64>,
        /// From the client to the server.
        pub up: FlowStats,
        /// From the server to the client.
        pub down: FlowStats,
        /// What the way to the client carries, bits per second, once estimated.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub estimate: Option<f64>,
        /// The network path in use: `udp` or `tcp`.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub path: Option<String>,
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

/// Codes with which the signalling socket is closed (RFC 6455 §7.4). Codes from 4000 are this protocol's own.
pub mod close {
    /// Bad or missing token, or a protocol violation that cannot go on. Reason `Unauthorized` in the first case.
    pub const POLICY: u16 = 1008;
    /// A message larger than the limit.
    pub const TOO_BIG: u16 = 1009;
    /// The server goes down; come again.
    pub const RESTART: u16 = 1012;
    /// A newer connection of the same identity took over. Do not reconnect.
    pub const REPLACED: u16 = 4000;
    /// An admin put this identity out. Do not reconnect.
    pub const KICKED: u16 = 4001;
    /// The room was closed. Do not reconnect.
    pub const ROOM_CLOSED: u16 = 4002;
    /// Nothing was heard of the client for too long. Reconnect and resume.
    pub const SILENT: u16 = 4003;
    /// The client did not read fast enough. Reconnect and resume.
    pub const TOO_SLOW: u16 = 4004;
}

wire! {
    /// The header of a data-channel message: binary frames are a 16-bit big-endian length, this header as JSON, the payload.
    pub struct DataHeader {
        /// To whom; absent: everybody else. Only from clients.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub to: Option<Vec<String>>,
        /// From whom. Only from the server, which stamps it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub from: Option<String>,
        /// What it is about.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub topic: Option<String>,
    }
}

/// The kinds of a description that [`SessionDescription::kind`] can name.
impl SessionDescription {
    /// An answer.
    pub fn answer(sdp: String) -> Self {
        Self { kind: "answer".into(), sdp }
    }
}

/// Counts m-lines, for `slots-wanted`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotCount {
    /// Audio lines.
    pub audio: u32,
    /// Video lines.
    pub video: u32,
}

impl SlotCount {
    /// The lines of a kind.
    pub fn of(self, kind: MediaKind) -> u32 {
        match kind {
            MediaKind::Audio => self.audio,
            MediaKind::Video => self.video,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_join_of_a_hand_written_client_is_understood() {
        let text = r#"{"type":"join","roomId":"r","userId":"u","timestamp":1700000000000}"#;
        let frame: ClientFrame = serde_json::from_str(text).expect("json");
        let ClientMessage::Join(join) = frame.message else { panic!("not a join") };
        assert_eq!((join.room_id.as_str(), join.user_id.as_deref()), ("r", Some("u")));
        assert!(join.kind.is_none() && join.offer.is_none());
    }

    #[test]
    fn a_preference_stands_flat_in_its_message() {
        let text = r#"{"type":"prefer","trackId":"TR_3","width":320,"height":180}"#;
        let frame: ClientFrame = serde_json::from_str(text).expect("json");
        let ClientMessage::Prefer { preference, .. } = frame.message else { panic!("not a prefer") };
        assert_eq!(preference.width, Some(320));
    }

    #[test]
    fn messages_are_kebab_case_with_camel_case_fields() {
        let message = ServerMessage::UserLeft { user_id: "u".into(), reason: "left".into() };
        let frame = ServerFrame { seq: Some(4), request: None, timestamp: None, message };
        let json = serde_json::to_string(&frame).expect("json");
        assert_eq!(json, r#"{"seq":4,"type":"user-left","userId":"u","reason":"left"}"#);
    }

    #[test]
    fn an_unknown_type_is_refused() {
        assert!(serde_json::from_str::<ClientFrame>(r#"{"type":"dance"}"#).is_err());
    }
}
