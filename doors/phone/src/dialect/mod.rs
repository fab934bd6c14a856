//! The messages of each provider's media socket, and what they mean. Text frames with JSON, the same story everywhere: `connected`,
//! `start`, then `media` and `dtmf` and echoes of our `mark`s, at last `stop`; from us `media`, `mark`, `clear`.
//!
//! | | Twilio | SignalWire | Telnyx |
//! |---|---|---|---|
//! | file | `twilio` | `signalwire` | `telnyx` |
//! | names | camelCase | camelCase | snake_case |
//! | sound | µ-law 8000 | µ-law 8000, 16 bits at 16000 | µ-law and A-law 8000 |
//! | order | kept | kept | not guaranteed |

mod format;
mod signalwire;
mod telnyx;
#[cfg(test)]
mod tests;
mod twilio;

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosspoint_carrier::Provider;
use serde::Deserialize;
use serde_json::Value;

pub use self::format::Format;

/// What a message means.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// The stream begins.
    Started(Box<Started>),
    /// Sound of the caller.
    Audio(Audio),
    /// The caller pressed a key: `0`–`9`, `*`, `#`, `A`–`D`.
    Digit(char),
    /// What was sent before the mark of this name was played, or thrown away.
    Played(String),
    /// The call is over, or has gone elsewhere.
    Stopped,
    /// The provider complains of something.
    Complaint(String),
    /// It asks for nothing.
    Nothing,
}

/// The beginning of a stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Started {
    /// The provider's name of the stream.
    pub stream: String,
    /// And of the call.
    pub call: String,
    /// How the sound comes, or in their words what we do not support.
    pub format: Result<Format, String>,
    /// What our answer to the webhook put in.
    pub parameters: BTreeMap<String, String>,
}

/// A piece of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    /// Milliseconds since the stream began.
    pub timestamp_ms: u64,
    /// Its number, from 1.
    pub chunk: u64,
    /// As the format says.
    pub bytes: Vec<u8>,
}

/// What is no message of this dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// No JSON object with an `event`, or without what belongs to it.
    #[error("malformed message")]
    Malformed,
    /// An event that is not known.
    #[error("unknown event")]
    Unknown,
    /// Sound that is not base64.
    #[error("payload is not base64")]
    Payload,
}

/// Speaks with one provider.
#[derive(Clone, Copy, Debug)]
pub struct Dialect(pub Provider);

impl Dialect {
    /// What a text frame means.
    pub fn hear(self, text: &str) -> Result<Heard, Wrong> {
        match self.0 {
            Provider::Twilio => twilio::hear(text),
            Provider::SignalWire => signalwire::hear(text),
            Provider::Telnyx => telnyx::hear(text),
        }
    }

    /// Sound for the caller.
    pub fn media(self, stream: &str, bytes: &[u8]) -> String {
        let payload = STANDARD.encode(bytes);
        match self.0 {
            Provider::Twilio | Provider::SignalWire => twilio::media(stream, &payload),
            Provider::Telnyx => telnyx::media(&payload),
        }
    }

    /// Asks to be told when what was sent before has been played.
    pub fn mark(self, stream: &str, name: &str) -> String {
        match self.0 {
            Provider::Twilio | Provider::SignalWire => twilio::mark(stream, name),
            Provider::Telnyx => telnyx::mark(name),
        }
    }

    /// Has what waits to be played thrown away.
    pub fn clear(self, stream: &str) -> String {
        match self.0 {
            Provider::Twilio | Provider::SignalWire => twilio::clear(stream),
            Provider::Telnyx => telnyx::clear(),
        }
    }

    /// May sound come in another order than it was said?
    pub fn disorders(self) -> bool {
        self.0 == Provider::Telnyx
    }

    /// Does the echo of a mark say that what was before it has been played? Otherwise nothing can be told of how much waits at
    /// the provider. All three document that it does; providers of other dialects are known that echo at once.
    pub fn marks_are_played(self) -> bool {
        match self.0 {
            Provider::Twilio | Provider::Telnyx | Provider::SignalWire => true,
        }
    }
}

/// A number as providers write it: most of theirs are strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Number(u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = match Value::deserialize(deserializer)? {
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_u64(),
            _ => None,
        };
        number.map(Self).ok_or_else(|| serde::de::Error::custom("a number, or one in a string"))
    }
}

fn digit(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let digit = characters.next().filter(|digit| "0123456789*#ABCD".contains(*digit))?;
    characters.next().is_none().then_some(digit)
}

fn bytes(payload: &str) -> Result<Vec<u8>, Wrong> {
    STANDARD.decode(payload).map_err(|_| Wrong::Payload)
}

/// Parameters as an object of strings, or, as one provider's SDK has them, a list of names and values.
fn parameters(value: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match value {
        Value::Object(object) => object.iter().filter_map(|(name, value)| Some((name.clone(), text(value)?))).collect(),
        Value::Array(list) => {
            list.iter().filter_map(|pair| Some((text(&pair["name"])?, text(&pair["value"])?))).collect()
        }
        _ => BTreeMap::new(),
    }
}
