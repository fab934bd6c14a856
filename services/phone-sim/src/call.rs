//! One call as others see it: the REST interfaces, the browser's handset, the command line. What happens in it is decided in
//! `course.rs`.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard};
use std::time::SystemTime;

use serde::Serialize;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use crate::STAND_IN;
use crate::handset::Handset;
use crate::line::Command;
use crate::log::{Log, LogLine};

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallState {
    /// Not answered yet; the first document is being fetched.
    Ringing,
    /// Answered, in some verb.
    InProgress,
    /// Answered, and in a conference.
    InConference,
    /// Over.
    Ended,
}

/// Its place in a conference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConferenceSeat {
    /// The conference's id.
    pub sid: String,
    /// The conference's name.
    pub name: String,
    /// Nobody hears this call.
    pub muted: bool,
    /// It hears the hold tone, and nobody hears it.
    pub hold: bool,
}

/// What its media stream has seen; of the last one where there were several.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamReport {
    /// The stream's id.
    pub stream_sid: String,
    /// Whether its socket is open.
    pub open: bool,
    /// What is queued to be played, in milliseconds.
    pub playout_queue_ms: u64,
    /// `media` messages of the server.
    pub media_received: u64,
    /// Bytes of sound in them.
    pub media_bytes: u64,
    /// `media` messages to the server.
    pub media_sent: u64,
    /// Marks of the server.
    pub marks: u64,
    /// Marks that went back.
    pub marks_returned: u64,
    /// How often the server emptied the queue.
    pub clears: u64,
    /// Gaps between one piece of the server's sound and the next.
    pub underruns: u64,
    /// How long they were, in milliseconds.
    pub underrun_ms: u64,
    /// The provider's error codes, and how often each occurred.
    pub errors: BTreeMap<u16, u64>,
}

/// All that can be said of a call.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallReport {
    /// That this is a stand-in.
    pub stand_in: &'static str,
    /// The call's id.
    pub call_sid: String,
    /// Who calls.
    pub from: String,
    /// Who is called.
    pub to: String,
    /// `inbound` (a caller of ours) or `outbound-api` (asked for over REST).
    pub direction: &'static str,
    /// Where it stands.
    pub state: CallState,
    /// The verb it is in: `Stream`, `Conference`, `Gather`, `Say`, `Play`, `Pause`, `fetch`; empty before and after.
    pub verb: &'static str,
    /// Its place in a conference.
    pub conference: Option<ConferenceSeat>,
    /// Seconds since it was answered, until it ended.
    pub connected_seconds: f64,
    /// Its media stream.
    pub stream: Option<StreamReport>,
    /// Streams it has had.
    pub streams: u32,
    /// Whether the file that it plays has come to its end.
    pub said_all: bool,
    /// Why it ended.
    pub end_reason: Option<String>,
    /// The provider's code of the last error, with its explanation.
    pub error: Option<String>,
    /// What happened.
    pub log: Vec<LogLine>,
}

/// Who called whom.
#[derive(Clone, Debug)]
pub(crate) struct Parties {
    pub(crate) sid: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) direction: &'static str,
}

/// What changes in the course of a call.
#[derive(Debug)]
pub(crate) struct Situation {
    pub(crate) state: CallState,
    /// As the provider says it: queued, ringing, in-progress, completed, busy, failed, no-answer.
    pub(crate) status: &'static str,
    pub(crate) verb: &'static str,
    pub(crate) conference: Option<ConferenceSeat>,
    pub(crate) answered: Option<(Instant, SystemTime)>,
    pub(crate) ended: Option<(Instant, SystemTime)>,
    pub(crate) stream: Option<StreamReport>,
    pub(crate) streams: u32,
    pub(crate) end_reason: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) log: Log,
}

/// A call.
pub(crate) struct Call {
    pub(crate) parties: Parties,
    pub(crate) created: SystemTime,
    pub(crate) changed: Notify,
    commands: mpsc::UnboundedSender<Command>,
    situation: Mutex<Situation>,
    handset: Mutex<Handset>,
}

impl Call {
    pub(crate) fn new(parties: Parties, handset: Handset, commands: mpsc::UnboundedSender<Command>) -> Self {
        let situation = Situation {
            state: CallState::Ringing,
            status: "ringing",
            verb: "",
            conference: None,
            answered: None,
            ended: None,
            stream: None,
            streams: 0,
            end_reason: None,
            error: None,
            log: Log::new(Instant::now()),
        };
        Self {
            parties,
            created: SystemTime::now(),
            changed: Notify::new(),
            commands,
            situation: Mutex::new(situation),
            handset: Mutex::new(handset),
        }
    }

    pub(crate) fn sid(&self) -> &str {
        &self.parties.sid
    }

    pub(crate) fn situation(&self) -> MutexGuard<'_, Situation> {
        self.situation.lock().expect("nobody panics with a call in hand")
    }

    pub(crate) fn handset(&self) -> MutexGuard<'_, Handset> {
        self.handset.lock().expect("nobody panics with a handset in hand")
    }

    /// Tells the call's course. Whether there still is one.
    pub(crate) fn command(&self, command: Command) -> bool {
        !self.has_ended() && self.commands.send(command).is_ok()
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.situation().state == CallState::Ended
    }

    pub(crate) fn log(&self, what: &'static str, text: impl Into<String>) {
        let text = text.into();
        tracing::debug!(call = self.sid(), what, text, "{STAND_IN}");
        self.situation().log.add(what, text);
        self.changed.notify_waiters();
    }

    /// An error of the provider's list: in the log, and in the report.
    pub(crate) fn error(&self, code: u16, detail: &str) {
        let text = format!("{code} {detail}");
        self.situation().error = Some(text.clone());
        self.log("error", text);
    }

    pub(crate) fn report(&self) -> CallReport {
        let said_all = self.handset().finished();
        let now = self.situation();
        let until = now.ended.map_or_else(Instant::now, |(ended, _)| ended);
        let connected = now.answered.map_or(0.0, |(answered, _)| until.duration_since(answered).as_secs_f64());
        CallReport {
            stand_in: STAND_IN,
            call_sid: self.parties.sid.clone(),
            from: self.parties.from.clone(),
            to: self.parties.to.clone(),
            direction: self.parties.direction,
            state: now.state,
            verb: now.verb,
            conference: now.conference.clone(),
            connected_seconds: (connected * 1_000.0).round() / 1_000.0,
            stream: now.stream.clone(),
            streams: now.streams,
            said_all,
            end_reason: now.end_reason.clone(),
            error: now.error.clone(),
            log: now.log.from(0),
        }
    }

    /// Seconds it was connected, as the provider counts them.
    pub(crate) fn duration(&self) -> u64 {
        let now = self.situation();
        match (now.answered, now.ended) {
            (Some((answered, _)), Some((ended, _))) => ended.duration_since(answered).as_secs_f64().ceil() as u64,
            _ => 0,
        }
    }
}
