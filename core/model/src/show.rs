//! Call-in shows: a programme, the calls that come into it, and what is done with them.
//!
//! ```text
//!   ringing ──> screening ──> screened ──> waiting ──> next ──> on-air <──> hold      any ──> dropped (by somebody)
//!   (lobby)     (screening)   (lobby)      (live, held)         (live)     (live, held)   ──> off (hung up, lost)
//! ```

use serde::{Deserialize, Serialize};

use crate::mix::VoiceSettings;
use crate::room::words;

words!(
    /// The state of a call, in the order of its life.
    CallState {
        /// In the lobby: hears the hold source and nobody else, is heard by nobody.
        Ringing = "ringing",
        /// Alone with a screener in a room of their own.
        Screening = "screening",
        /// Was talked to, and waits in the lobby for somebody to decide.
        Screened = "screened",
        /// Approved: in the live room, hears the show, is held.
        Waiting = "waiting",
        /// The same, and the next to go on the air.
        Next = "next",
        /// In the live room, heard by all.
        OnAir = "on-air",
        /// Was on the air: in the live room, hears the show, is held.
        Hold = "hold",
        /// Over: the caller hung up, or was lost.
        Off = "off",
        /// Over: somebody put the caller out.
        Dropped = "dropped",
    }
);

impl CallState {
    /// Is the call over?
    pub fn is_over(self) -> bool {
        matches!(self, Self::Off | Self::Dropped)
    }

    /// Is its place in the live room?
    pub fn is_live(self) -> bool {
        matches!(self, Self::Waiting | Self::Next | Self::OnAir | Self::Hold)
    }
}

words!(
    /// How a call is connected.
    ConnectionType {
        /// A telephone, by a provider's media stream.
        MediaStream = "media-stream",
        /// A guest in a browser.
        Webrtc = "webrtc",
    }
);

words!(
    /// Where the sound of a call is now.
    CallLink {
        /// Announced, its sound has not come yet.
        Pending = "pending",
        /// Here.
        Connected = "connected",
        /// Was here and is gone; it may come back.
        Lost = "lost",
        /// In the telephone company's conference.
        Conference = "conference",
    }
);

words!(
    /// Who carries the sound of a show's telephones.
    ShowMedia {
        /// This server.
        Crosspoint = "crosspoint",
        /// The telephone company's conference: the fallback.
        Conference = "conference",
    }
);

words!(
    /// What somebody may do in a show (the token's attribute `crosspoint.role`).
    ShowRole {
        /// Everything, and is in the live room.
        Host = "host",
        /// Answers calls, talks to callers, approves and drops them.
        Screener = "screener",
        /// Calls in with a browser.
        Guest = "guest",
    }
);

words!(
    /// What those in the lobby hear.
    LobbySource {
        /// The show.
        Programme = "programme",
        /// A file of the player's folder, over and over again.
        File = "file",
        /// Nothing.
        Silence = "silence",
    }
);

/// A type of this file: what crosses the wire in JSON, with fields in camelCase.
macro_rules! wire {
    ($(#[$doc:meta])* pub struct $name:ident { $($body:tt)* }) => {
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
        #[cfg_attr(feature = "typescript", ts(optional_fields))]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "camelCase")]
        $(#[$doc])*
        pub struct $name { $($body)* }
    };
}

wire! {
    /// What can be set of a show. What is absent when one is made is as [`ShowSettings::default`] has it.
    #[serde(default, deny_unknown_fields)]
    pub struct ShowSettings {
        /// For people, at most 200 bytes.
        pub title: String,
        /// The telephone numbers that lead here, in E.164 (`+14155550100`). Empty: the calls that no other open show has the number of.
        pub numbers: Vec<String>,
        /// Calls at once; more telephones wait in the company's conference, and more guests are told that all lines are busy.
        pub lines: u32,
        /// What those in the lobby hear.
        pub lobby: LobbySource,
        /// The file, where that is one.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub lobby_file: Option<String>,
        /// Taking the next call drops the one on the air, unless it is locked. Otherwise that one goes on hold.
        pub take_drops_previous: bool,
        /// How the voices of callers are treated.
        pub caller_voice: VoiceSettings,
    }
}

impl Default for ShowSettings {
    fn default() -> Self {
        Self {
            title: String::new(),
            numbers: Vec::new(),
            lines: 40,
            lobby: LobbySource::Programme,
            lobby_file: None,
            take_drops_previous: false,
            caller_voice: VoiceSettings::default(),
        }
    }
}

wire! {
    /// A show as its staff sees it.
    pub struct ShowView {
        /// Its name in paths and rooms (`episodeId`): 1 to 64 of `a-z`, `0-9`, `-`.
        pub show_id: String,
        /// What can be set of it.
        pub settings: ShowSettings,
        /// Does it take calls? A closed one tells callers so.
        pub open: bool,
        /// Who carries the sound of its telephones.
        pub media: ShowMedia,
        /// With this, keyed in on a telephone, a host gets into the conference. Staff only.
        pub pin: String,
        /// The room with host, callers on the air and callers waiting: `live-{showId}`.
        pub live_room: String,
        /// The room of those who wait to be answered: `lobby-{showId}`.
        pub lobby_room: String,
        /// The room of screeners who talk to nobody: `desk-{showId}`.
        pub desk_room: String,
        /// When it was made, milliseconds since 1970.
        pub created_at: u64,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub ended_at: Option<u64>,
    }
}

wire! {
    /// What is known of a number from before.
    pub struct CallerView {
        /// E.164.
        pub number: String,
        /// The name that was noted last.
        #[serde(default)]
        pub name: String,
        /// Shown while it rings; empty: none.
        #[serde(default)]
        pub warning: String,
        /// Calls of it are turned away.
        #[serde(default)]
        pub banned: bool,
        /// How often it has called, this call apart.
        #[serde(default)]
        pub calls: u32,
        /// How often it was on the air.
        #[serde(default)]
        pub times_on_air: u32,
        /// When it called last before, milliseconds since 1970.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub last_call_at: Option<u64>,
    }
}

wire! {
    /// What a screener notes of a call. In a change, what is absent stays.
    #[derive(Default)]
    #[serde(default, deny_unknown_fields)]
    pub struct CallNotes {
        /// Of the caller.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub name: Option<String>,
        /// Where they call from.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub place: Option<String>,
        /// What they want to say.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub topic: Option<String>,
        /// For the staff.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub notes: Option<String>,
        /// 1 to 5; 0: none.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub rating: Option<u8>,
    }
}

wire! {
    /// A call as the staff of its show sees it.
    pub struct CallView {
        /// Which.
        pub call_id: String,
        /// Of which show.
        pub show_id: String,
        /// Its line on the desk, from 1; free lines are given again.
        pub line: u32,
        /// Its identity in rooms: `call-{callId}`.
        pub identity: String,
        /// How it is connected.
        pub connection_type: ConnectionType,
        /// The telephone company's name for it; absent: a browser.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub call_sid: Option<String>,
        /// The telephone company.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub provider: Option<String>,
        /// The caller's number; absent: withheld, or a browser.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub number: Option<String>,
        /// What is known of that number from before.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub caller: Option<CallerView>,
        /// Where in its life it is.
        pub state: CallState,
        /// Where its sound is.
        pub link: CallLink,
        /// The room that it is in, or would be if it were connected; absent: it is over.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub active_room: Option<String>,
        /// What was noted.
        pub notes: CallNotes,
        /// Taking the next call leaves it on the air.
        pub locked: bool,
        /// The identity of the screener who has it, or had it last.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub screener: Option<String>,
        /// The host wants it to be talked to again.
        pub returned: bool,
        /// The digits that the caller keyed in so far, the last 16.
        pub digits: String,
        /// When it came, milliseconds since 1970.
        pub created_at: u64,
        /// Since when it is in this state.
        pub state_since: u64,
        /// When it was approved: those who wait longest go on the air first.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub approved_at: Option<u64>,
        /// When it first went on the air.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub aired_at: Option<u64>,
        /// When it ended.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub ended_at: Option<u64>,
        /// Why it ended.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub end_reason: Option<String>,
    }
}

wire! {
    /// Somebody of a show's staff who is there now.
    pub struct StaffView {
        /// Who.
        pub identity: String,
        /// For people.
        pub name: String,
        /// `host` or `screener`.
        pub role: ShowRole,
        /// The room that they are in.
        pub room: String,
    }
}

wire! {
    /// How the telephone line of a call does. Volatile: told once a second, never kept.
    pub struct LineReport {
        /// Which call.
        pub call_id: String,
        /// Sound that waits at the telephone company to be played to the caller, milliseconds.
        pub backlog_ms: u32,
        /// What the jitter buffer for the caller's voice holds, milliseconds.
        pub buffer_ms: u32,
        /// How irregular the caller's frames come, milliseconds.
        pub jitter_ms: u32,
        /// Frames of the caller that had to be made up or were left out, so far.
        pub concealed: u64,
    }
}

/// What the staff of a show is told, as it happens. The first is always a [`ShowEvent::Snapshot`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS))]
#[cfg_attr(feature = "typescript", ts(optional_fields))]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ShowEvent {
    /// The whole state.
    Snapshot {
        /// The number of the last event that it holds.
        seq: u64,
        /// The show.
        show: Box<ShowView>,
        /// Its calls that are not over, and the last 50 that are.
        calls: Vec<CallView>,
        /// Who is there.
        staff: Vec<StaffView>,
    },
    /// A call came, or something of it changed.
    Call {
        /// Counts the events of this show, kept ones only.
        seq: u64,
        /// When, milliseconds since 1970.
        at: u64,
        /// What happened: `rang`, `picked-up`, `screened`, `approved`, `made-next`, `aired`, `held`, `returned`, `dropped`, `ended`,
        /// `locked`, `unlocked`, `noted`, `keyed`, `connected`, `lost`, `in-conference`.
        what: String,
        /// Who did it: an identity; absent: the caller, or the server itself.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
        /// As it is now.
        call: Box<CallView>,
    },
    /// Something of the show changed.
    Show {
        /// As in `call`.
        seq: u64,
        /// When, milliseconds since 1970.
        at: u64,
        /// What happened: `made`, `opened`, `closed`, `changed`, `switched`, `ended`.
        what: String,
        /// Who did it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        by: Option<String>,
        /// As it is now.
        show: Box<ShowView>,
    },
    /// Somebody of the staff came, went or moved. Volatile.
    Staff {
        /// Who is there now.
        staff: Vec<StaffView>,
    },
    /// How the telephone lines do. Volatile.
    Lines {
        /// Those that are connected.
        lines: Vec<LineReport>,
    },
}
