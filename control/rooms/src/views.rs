//! Rooms as operators see them, and what operators ask for.

use std::collections::BTreeMap;

use crosspoint_model::signal::ConnectionStats;
use crosspoint_model::{Hears, Listening, MixSettings, RoomId, RoomKind, TrackView, UserView, VoiceSettings};
use crosspoint_worker::Traffic;
use serde::{Deserialize, Serialize};

macro_rules! view {
    ($(#[$doc:meta])* pub struct $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "camelCase")]
        pub struct $name { $($body)* }
    };
}

view! {
    /// A room at a glance.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct RoomSummary {
        /// Its name.
        #[cfg_attr(feature = "openapi", schema(value_type = String))]
        pub room_id: RoomId,
        /// What newcomers get.
        pub kind: RoomKind,
        /// Participants, hidden ones included, services (a player, say) apart.
        pub participants: usize,
        /// WHEP viewers.
        pub viewers: usize,
        /// Published tracks.
        pub tracks: usize,
        /// When it was made, milliseconds since 1970.
        pub created_at: u64,
        /// Does nobody new come in?
        pub locked: bool,
        /// Does it ask for a PIN?
        pub has_pin: bool,
        /// Free text.
        pub metadata: String,
        /// How it mixes; absent: it does not.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub mix: Option<MixSettings>,
        /// The media worker that it is on.
        pub worker: usize,
        /// Bits per second that its participants send, over the last 5 s.
        pub bitrate_in: f64,
        /// Bits per second that its participants receive, over the last 5 s.
        pub bitrate_out: f64,
    }
}

view! {
    /// A room in full.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct RoomDescription {
        /// At a glance.
        #[serde(flatten)]
        pub summary: RoomSummary,
        /// What it allows, where it differs from the server's limits.
        pub limits: RoomLimits,
        /// Who is in it.
        pub users: Vec<ParticipantView>,
        /// What is published.
        pub published: Vec<TrackStats>,
    }
}

view! {
    /// A participant as operators see it.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct ParticipantView {
        /// As others see it.
        #[serde(flatten)]
        pub user: UserView,
        /// Are others not told of it?
        pub hidden: bool,
        /// Does its signalling socket stand? Participants that came over HTTP have none.
        pub connected: bool,
        /// Has it a media transport?
        pub media: bool,
        /// How its voices are treated before they are mixed.
        pub voice: VoiceSettings,
        /// What sound comes to it unasked.
        pub listening: ListeningView,
        /// Talkback: whom alone it talks to.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub talks_to: Option<String>,
        /// Its connection over the last 5 s, once measured.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
        pub stats: Option<ConnectionStats>,
    }
}

view! {
    /// What sound comes to a participant unasked.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
    pub struct ListeningView {
        /// What.
        pub hears: Hears,
        /// Pre-fade listen: this participant as well, on the air or not.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub pre_fade: Option<String>,
    }
}

impl From<Listening> for ListeningView {
    fn from(listening: Listening) -> Self {
        Self { hears: listening.hears, pre_fade: listening.pre_fade.map(|who| who.to_string()) }
    }
}

view! {
    /// A track as operators see it.
    #[derive(Clone, Debug, PartialEq, Serialize)]
    pub struct TrackStats {
        /// As others see it.
        #[serde(flatten)]
        pub track: TrackView,
        /// The codec's name, once packets came.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub codec: Option<String>,
        /// Bits per second now, over all layers.
        pub bitrate: f64,
        /// The rids that are being received.
        pub receiving: Vec<String>,
        /// How many legs it goes to.
        pub subscribers: usize,
    }
}

view! {
    /// Bounds of one room. What is absent is as the server has it.
    #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    pub struct RoomLimits {
        /// Participants, WHEP viewers apart.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub participants: Option<usize>,
        /// WHEP viewers.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub viewers: Option<usize>,
        /// Bits per second that each participant may publish.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub publish_bitrate: Option<u64>,
        /// Bits per second that each participant may receive.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub receive_bitrate: Option<u64>,
        /// Seconds that it stays when empty.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub empty_seconds: Option<u64>,
        /// Seconds that it may live.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lifetime_seconds: Option<u64>,
    }
}

view! {
    /// A room that is asked for.
    #[derive(Clone, Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct CreateRoom {
        /// Its name.
        pub room_id: String,
        /// What newcomers get; `forward` when absent.
        #[serde(default)]
        pub kind: Option<RoomKind>,
        /// Free text.
        #[serde(default)]
        pub metadata: String,
        /// Does nobody come in?
        #[serde(default)]
        pub locked: bool,
        /// What newcomers must give.
        #[serde(default)]
        pub pin: Option<String>,
        /// How it mixes. Absent: as usual in a room of kind `mix`, not at all in others until somebody asks.
        #[serde(default)]
        pub mix: Option<MixSettings>,
        /// Its own bounds.
        #[serde(default)]
        pub limits: RoomLimits,
    }
}

view! {
    /// A change of a room. What is absent stays.
    #[derive(Clone, Debug, Default, PartialEq, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    pub struct UpdateRoom {
        /// Free text.
        pub metadata: Option<String>,
        /// Does nobody new come in?
        pub locked: Option<bool>,
        /// What newcomers must give; an empty text: nothing.
        pub pin: Option<String>,
        /// How it mixes, all of it: what is absent is as usual.
        pub mix: Option<MixSettings>,
        /// Its own bounds, all of them.
        pub limits: Option<RoomLimits>,
    }
}

/// The whole server in numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Rooms.
    pub rooms: usize,
    /// Participants.
    pub participants: usize,
    /// WHEP viewers.
    pub viewers: usize,
    /// Published tracks.
    pub tracks: usize,
    /// Signalling sessions whose socket is gone and that wait to be resumed.
    pub waiting_sessions: usize,
    /// Bits per second from participants, over the last 5 s.
    pub bitrate_in: f64,
    /// Bits per second to participants, over the last 5 s.
    pub bitrate_out: f64,
    /// Legs that negotiated the slower AES-CM profile instead of AES-GCM.
    pub aes_cm_legs: usize,
    /// Joins since the start, those over HTTP included.
    pub joins: u64,
    /// Sessions that were resumed since the start.
    pub resumes: u64,
    /// Refused joins since the start, by [`crosspoint_model::Code::as_str`].
    pub refusals: BTreeMap<&'static str, u64>,
    /// Rooms whose media state broke since the start.
    pub broken_rooms: u64,
    /// Reports of workers that were lost because taking them in panicked.
    pub facts_lost: u64,
    /// Per worker, by index.
    pub workers: Vec<WorkerTotals>,
    /// Does the server go down?
    pub draining: bool,
}

/// One worker in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorkerTotals {
    /// Rooms on it.
    pub rooms: usize,
    /// Legs on it.
    pub legs: usize,
    /// What came and went on it since it started.
    pub traffic: Traffic,
}
