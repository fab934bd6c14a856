//! The messages of the signalling WebSocket (`GET /ws/webrtc?token=…`): JSON text frames, `type` in kebab-case, fields in
//! camelCase. `docs/protocol/signalling.md` tells the story; `sdk/ts/src/wire` is generated from these types.
//!
//! In a `forward` or `mix` room the client is the one who offers: its own tracks, plus receive-only m-lines (slots) through
//! which the server switches what it sends. In a `mesh` room the same messages are relayed to `targetUserId`.
//!
//! | file | what it holds |
//! |---|---|
//! | `client.rs` | what a client says |
//! | `server.rs` | what the server says |
//! | `stats.rs` | connection figures and warnings |
//!
//! Here stand the pieces that both directions use.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::room::{MediaKind, Source};

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

mod client;
mod server;
mod stats;

pub use client::{ClientFrame, ClientMessage, Join};
pub use server::{IceServer, Joined, Level, ServerFrame, ServerMessage, Speaker};
pub use stats::{ConnectionStats, FlowStats, Quality, Severity, UserQuality, WarningKind};

/// The version of the protocol that `join.protocol` names.
pub const PROTOCOL: u32 = 1;

/// The label of the data channel whose messages arrive in order and for certain.
pub const RELIABLE: &str = "reliable";
/// The label of the data channel whose messages are sent once (`ordered: false, maxRetransmits: 0`).
pub const LOSSY: &str = "lossy";

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

impl SessionDescription {
    /// An answer.
    pub fn answer(sdp: String) -> Self {
        Self { kind: "answer".into(), sdp }
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

/// Codes with which the signalling socket is closed (RFC 6455 §7.4). Codes from 4000 are this protocol's own.
pub mod close {
    /// What the connection was for is done: its client left.
    pub const NORMAL: u16 = 1000;
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
    fn the_number_of_an_event_of_a_show_is_not_that_of_its_message() {
        let show = r#"{"showId":"s","settings":{},"open":true,"media":"crosspoint","pin":"1","liveRoom":"l",
            "lobbyRoom":"o","deskRoom":"d","createdAt":0}"#;
        let text = format!(r#"{{"event":"snapshot","seq":41,"show":{show},"calls":[],"staff":[]}}"#);
        let event = serde_json::from_str(&text).expect("json");
        let message = ServerMessage::Show { show_id: "s".into(), event };
        let frame = ServerFrame { seq: Some(3), request: None, timestamp: None, message };
        let text = serde_json::to_string(&frame).expect("json");
        assert!(text.starts_with(r#"{"seq":3,"type":"show","showId":"s","event":{"event":"snapshot","seq":41,"#));
    }

    #[test]
    fn an_unknown_type_is_refused() {
        assert!(serde_json::from_str::<ClientFrame>(r#"{"type":"dance"}"#).is_err());
    }
}
