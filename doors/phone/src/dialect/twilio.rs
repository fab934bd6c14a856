//! Twilio Media Streams. <https://www.twilio.com/docs/voice/media-streams/websocket-messages>
//!
//! All numbers are strings but those of `mediaFormat`. `connected` comes first and has no `streamSid`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Audio, Format, Heard, Number, Started, Wrong, bytes, digit, parameters};

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Message {
    Connected,
    Start { start: Start },
    Media { media: Media },
    Dtmf { dtmf: Dtmf },
    Mark { mark: Mark },
    Stop,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    stream_sid: String,
    call_sid: String,
    media_format: MediaFormat,
    #[serde(default)]
    custom_parameters: Value,
}

/// As it says it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MediaFormat {
    pub encoding: String,
    pub sample_rate: u32,
    #[serde(default = "one")]
    pub channels: u32,
}

fn one() -> u32 {
    1
}

#[derive(Deserialize)]
struct Media {
    #[serde(default)]
    track: Option<String>,
    #[serde(default)]
    chunk: Number,
    timestamp: Number,
    payload: String,
}

#[derive(Deserialize)]
struct Dtmf {
    digit: String,
}

#[derive(Deserialize)]
struct Mark {
    name: String,
}

pub fn hear(text: &str) -> Result<Heard, Wrong> {
    hear_with(text, format)
}

/// For dialects that differ in their formats alone.
pub fn hear_with(text: &str, format: fn(&MediaFormat) -> Option<Format>) -> Result<Heard, Wrong> {
    let message: Message = serde_json::from_str(text).map_err(|_| unknown_or_malformed(text))?;
    Ok(match message {
        Message::Connected => Heard::Nothing,
        Message::Start { start } => {
            let MediaFormat { encoding, sample_rate, channels } = &start.media_format;
            let words = || format!("{encoding} at {sample_rate} with {channels} channels is not supported");
            Heard::Started(Box::new(Started {
                format: format(&start.media_format).ok_or_else(words),
                stream: start.stream_sid,
                call: start.call_sid,
                parameters: parameters(&start.custom_parameters),
            }))
        }
        // What the caller hears is ours anyway.
        Message::Media { media } if media.track.as_deref().is_some_and(|track| track != "inbound") => Heard::Nothing,
        Message::Media { media } => {
            Heard::Audio(Audio { timestamp_ms: media.timestamp.0, chunk: media.chunk.0, bytes: bytes(&media.payload)? })
        }
        Message::Dtmf { dtmf } => Heard::Digit(digit(&dtmf.digit).ok_or(Wrong::Malformed)?),
        Message::Mark { mark } => Heard::Played(mark.name),
        Message::Stop => Heard::Stopped,
    })
}

fn format(given: &MediaFormat) -> Option<Format> {
    let is_it = given.encoding == "audio/x-mulaw" && given.sample_rate == 8000 && given.channels == 1;
    is_it.then_some(Format::MU_LAW)
}

/// Was only its event not known?
pub fn unknown_or_malformed(text: &str) -> Wrong {
    #[derive(Deserialize)]
    struct Event {
        event: String,
    }
    const KNOWN: [&str; 7] = ["connected", "start", "media", "dtmf", "mark", "stop", "error"];
    match serde_json::from_str::<Event>(text) {
        Ok(Event { event }) if !KNOWN.contains(&event.as_str()) => Wrong::Unknown,
        _ => Wrong::Malformed,
    }
}

pub fn media(stream: &str, payload: &str) -> String {
    json!({ "event": "media", "streamSid": stream, "media": { "payload": payload } }).to_string()
}

pub fn mark(stream: &str, name: &str) -> String {
    json!({ "event": "mark", "streamSid": stream, "mark": { "name": name } }).to_string()
}

pub fn clear(stream: &str) -> String {
    json!({ "event": "clear", "streamSid": stream }).to_string()
}
