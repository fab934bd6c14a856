//! What may be asked of the company: calls, and faults in them.

use serde::Deserialize;

use crate::sound::Play;

/// A caller to be: whom it calls, and what it says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CallRequest {
    /// The caller's number. Empty: one of those that are kept free for fiction.
    pub from: String,
    /// The number that is called. Empty: another one of those.
    pub to: String,
    /// What the caller plays; nothing: silence, until a page brings a microphone.
    pub play: Option<Play>,
    /// A file is played over and over.
    pub repeat: bool,
    /// What the caller hears is kept.
    pub record: bool,
    /// The voice webhook, in place of the company's usual one.
    pub voice_url: Option<String>,
    /// In place of the company's usual one.
    pub fallback_url: Option<String>,
    /// In place of the company's usual one.
    pub fallback_twiml: Option<String>,
    /// In place of the company's usual one.
    pub status_callback: Option<String>,
    /// What the caller says is late by something up to this, in milliseconds.
    pub jitter_ms: u64,
    /// So long it rings before the voice webhook is asked, in milliseconds.
    pub ring_ms: u64,
}

/// What goes wrong with the socket of a call's stream.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Faults {
    /// What the caller says is held for so long, and then comes at once, in milliseconds.
    pub stall_ms: Option<u64>,
    /// From now on it is late by something between nothing and this, in milliseconds.
    pub jitter_ms: Option<u64>,
    /// The connection is gone without a word.
    pub cut_socket: bool,
}
