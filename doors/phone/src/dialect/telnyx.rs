//! Telnyx's media streaming. <https://developers.telnyx.com/api-reference/websockets/stream-call-media-over-websocket>
//!
//! Names in snake_case, `stream_id` beside `start`; `media` carries RTP payloads without their headers, "order is not
//! guaranteed". Its L16 is refused: the documents do not say in which order its bytes come, and reports contradict each other.

use serde::Deserialize;
use serde_json::{Value, json};

use super::twilio::unknown_or_malformed;
use super::{Audio, Format, Heard, Number, Started, Wrong, bytes, digit, parameters};

#[derive(Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
enum Message {
    Connected,
    Start {
        start: Box<Start>,
        #[serde(default)]
        stream_id: String,
    },
    Media {
        media: Media,
    },
    Dtmf {
        dtmf: Dtmf,
    },
    Mark {
        mark: Mark,
    },
    Stop,
    Error {
        #[serde(default)]
        payload: Value,
    },
}

#[derive(Deserialize)]
struct Start {
    /// In TeXML this is the webhooks' `CallSid`.
    call_control_id: String,
    media_format: MediaFormat,
    #[serde(default)]
    custom_parameters: Value,
}

#[derive(Deserialize)]
struct MediaFormat {
    encoding: String,
    sample_rate: Number,
    channels: Option<Number>,
}

#[derive(Deserialize)]
struct Media {
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
    let message: Message = serde_json::from_str(text).map_err(|_| unknown_or_malformed(text))?;
    Ok(match message {
        Message::Connected => Heard::Nothing,
        Message::Start { start, stream_id } => Heard::Started(Box::new(Started {
            stream: stream_id,
            format: format(&start.media_format),
            call: start.call_control_id,
            parameters: parameters(&start.custom_parameters),
        })),
        Message::Media { media } if media.track.as_deref().is_some_and(|track| track != "inbound") => Heard::Nothing,
        Message::Media { media } => {
            Heard::Audio(Audio { timestamp_ms: media.timestamp.0, chunk: media.chunk.0, bytes: bytes(&media.payload)? })
        }
        Message::Dtmf { dtmf } => Heard::Digit(digit(&dtmf.digit).ok_or(Wrong::Malformed)?),
        Message::Mark { mark } => Heard::Played(mark.name),
        Message::Stop => Heard::Stopped,
        Message::Error { payload } => Heard::Complaint(complaint(&payload)),
    })
}

fn format(given: &MediaFormat) -> Result<Format, String> {
    let MediaFormat { encoding, sample_rate: Number(rate), channels } = given;
    let channels = channels.map_or(1, |Number(channels)| channels);
    match (encoding.as_str(), rate, channels) {
        ("PCMU", 8000, 1) => Ok(Format::MU_LAW),
        ("PCMA", 8000, 1) => Ok(Format::A_LAW),
        _ => Err(format!("{encoding} at {rate} with {channels} channels is not supported")),
    }
}

fn complaint(payload: &Value) -> String {
    let words = ["title", "detail"].iter().filter_map(|name| payload[name].as_str());
    words.collect::<Vec<_>>().join(": ")
}

pub fn media(payload: &str) -> String {
    json!({ "event": "media", "media": { "payload": payload } }).to_string()
}

pub fn mark(name: &str) -> String {
    json!({ "event": "mark", "mark": { "name": name } }).to_string()
}

pub fn clear() -> String {
    json!({ "event": "clear" }).to_string()
}
