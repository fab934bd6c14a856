//! Rooms, users, tracks and slots as clients see them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::{Identity, TrackId};

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum $type {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $type {
            /// The word that stands in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}

pub(crate) use words;

words!(
    /// What newcomers of a room get by default.
    RoomKind {
        /// Each track.
        Forward = "forward",
        /// The mix of the voices instead of each voice.
        Mix = "mix",
        /// The server only relays signalling; browsers connect to each other.
        Mesh = "mesh",
    }
);

words!(
    /// Sound or picture (W3C `MediaStreamTrack.kind`).
    MediaKind {
        /// Sound.
        Audio = "audio",
        /// Picture.
        Video = "video",
    }
);

words!(
    /// What a track shows or lets hear. The snake-case words are LiveKit's, which tokens carry.
    Source {
        /// A voice.
        Microphone = "microphone",
        /// A face.
        Camera = "camera",
        /// A shared screen or window.
        Screen = "screen_share",
        /// The sound of a shared screen; takes an audio slot of its own.
        ScreenAudio = "screen_share_audio",
        /// A generated face or voice.
        Avatar = "avatar",
        /// A remote desktop.
        Desktop = "desktop",
        /// A telephone line; takes an audio slot of its own.
        Phone = "phone",
        /// Anything else.
        Other = "other",
    }
);

impl Source {
    /// Audio of these sources always has a slot, however loud the others are.
    pub fn is_pinned(self) -> bool {
        matches!(self, Self::ScreenAudio | Self::Phone)
    }
}

/// A participant as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// The identity.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user_id: Identity,
    /// The name to show; empty when the token has none.
    #[serde(default)]
    pub name: String,
    /// Free text of the application.
    #[serde(default)]
    pub metadata: String,
    /// Attributes of the application, and of the server (`crosspoint.…`).
    #[serde(default)]
    pub attributes: BTreeMap<String, String>,
    /// When it joined, milliseconds since 1970.
    #[cfg_attr(feature = "typescript", ts(type = "number"))]
    pub joined_at: u64,
}

/// A published track as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct TrackView {
    /// The track.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub track_id: TrackId,
    /// Who publishes it.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub user_id: Identity,
    /// Sound or picture.
    pub kind: MediaKind,
    /// What it shows.
    pub source: Source,
    /// A name the publisher gave; may be empty.
    #[serde(default)]
    pub name: String,
    /// The publisher's own flag.
    pub muted: bool,
    /// The room's flag; only an admin clears it.
    pub held: bool,
    /// The m-line it arrives on at the server (the publisher's `mid`).
    pub mid: String,
    /// Width in pixels as announced; 0 when unknown.
    #[serde(default)]
    pub width: u32,
    /// Height in pixels as announced; 0 when unknown.
    #[serde(default)]
    pub height: u32,
    /// The simulcast rids, best first; empty without simulcast.
    #[serde(default)]
    pub layers: Vec<String>,
}

/// A receiving m-line of a subscriber and what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct SlotView {
    /// The m-line (W3C `RTCRtpTransceiver.mid`).
    pub mid: String,
    /// Sound or picture.
    pub kind: MediaKind,
    /// The track in it, if any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub track_id: Option<TrackId>,
    /// Who publishes that track.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub user_id: Option<Identity>,
    /// The simulcast layer that is being sent; absent without simulcast.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub layer: Option<String>,
    /// The server sends nothing now: bandwidth is too small for even the lowest layer.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    #[cfg_attr(feature = "typescript", ts(optional, as = "Option<bool>"))]
    pub paused: bool,
}

/// What a viewer wants of a video track.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Preference {
    /// The width of the element that shows it, in device pixels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub width: Option<u32>,
    /// The height of the element that shows it, in device pixels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub height: Option<u32>,
    /// Never send a better layer than this rid.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub layer: Option<String>,
    /// Who gets bandwidth first: higher wins, 0 by default.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub priority: Option<i32>,
    /// Keep the subscription but send nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub paused: Option<bool>,
    /// Audio: keep its slot however loud the others are.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[cfg_attr(feature = "typescript", ts(optional))]
    pub pinned: Option<bool>,
}
