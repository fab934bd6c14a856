//! The messages of a media stream, both ways (Twilio, *Media Streams: WebSocket messages*). Pure. All numbers of the
//! provider's messages are strings, but for those in `mediaFormat`.

use std::borrow::Cow;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

/// What a server may say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum FromServer {
    Media(Vec<u8>),
    Mark(String),
    Clear,
}

/// What it should not have said, with the provider's code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum WireError {
    /// An unknown event, a message without what belongs to it, or no message at all: 31924.
    Protocol(String),
    /// A binary frame, or sound that cannot be decoded: 31950.
    Undecodable(String),
}

impl WireError {
    pub(crate) fn code(&self) -> u16 {
        match self {
            Self::Protocol(_) => 31_924,
            Self::Undecodable(_) => 31_950,
        }
    }

    pub(crate) fn detail(&self) -> &str {
        match self {
            Self::Protocol(detail) | Self::Undecodable(detail) => detail,
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    stream_sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    media: Option<Media<'a>>,
    mark: Option<Mark>,
}

#[derive(Deserialize)]
struct Media<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Mark {
    name: String,
}

/// Reads what the server of the stream `stream_sid` sent.
pub(crate) fn read(text: &str, stream_sid: &str) -> Result<FromServer, WireError> {
    let protocol = |detail: String| WireError::Protocol(detail);
    let envelope: Envelope<'_> = serde_json::from_str(text).map_err(|error| protocol(error.to_string()))?;
    if !matches!(&*envelope.event, "media" | "mark" | "clear") {
        return Err(protocol(format!("unknown event {:?}", envelope.event)));
    }
    match envelope.stream_sid.as_deref() {
        Some(sid) if sid == stream_sid => {}
        Some(sid) => return Err(protocol(format!("streamSid {sid:?} is not that of this stream"))),
        None => return Err(protocol(format!("{} without streamSid", envelope.event))),
    }
    match &*envelope.event {
        "media" => {
            let media = envelope.media.ok_or_else(|| protocol("media without the object media".to_owned()))?;
            let bytes = STANDARD.decode(media.payload.as_bytes());
            bytes.map(FromServer::Media).map_err(|error| WireError::Undecodable(format!("payload: {error}")))
        }
        "mark" => {
            let mark = envelope.mark.ok_or_else(|| protocol("mark without the object mark".to_owned()))?;
            Ok(FromServer::Mark(mark.name))
        }
        _ => Ok(FromServer::Clear),
    }
}

/// Writes the provider's messages of one stream.
#[derive(Debug)]
pub(crate) struct Writer {
    stream_sid: String,
    account_sid: String,
    call_sid: String,
    sequence: u64,
    chunk: u64,
}

impl Writer {
    pub(crate) fn new(stream_sid: &str, account_sid: &str, call_sid: &str) -> Self {
        let owned = str::to_owned;
        Self {
            stream_sid: owned(stream_sid),
            account_sid: owned(account_sid),
            call_sid: owned(call_sid),
            sequence: 0,
            chunk: 0,
        }
    }

    /// The first message; it has neither a number nor the stream's id.
    pub(crate) fn connected(&self) -> String {
        r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#.to_owned()
    }

    pub(crate) fn start(&mut self, parameters: &[(String, String)]) -> String {
        let custom: serde_json::Map<_, _> =
            parameters.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        json!({
            "event": "start",
            "sequenceNumber": self.next(),
            "start": {
                "accountSid": self.account_sid,
                "streamSid": self.stream_sid,
                "callSid": self.call_sid,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": custom,
            },
            "streamSid": self.stream_sid,
        })
        .to_string()
    }

    /// A frame of the caller, and when it began, in milliseconds since the stream did.
    pub(crate) fn media(&mut self, timestamp: u64, frame: &[u8]) -> String {
        self.chunk += 1;
        let (sequence, chunk, stream_sid) = (self.next(), self.chunk, &self.stream_sid);
        // By hand, and into room that is enough: this goes out fifty times a second on each line.
        let mut text = String::with_capacity(200 + frame.len() * 4 / 3);
        let written = write!(
            text,
            r#"{{"event":"media","sequenceNumber":"{sequence}","media":{{"track":"inbound","chunk":"{chunk}","timestamp":"{timestamp}","payload":""#
        );
        written.expect("a string takes what is written to it");
        STANDARD.encode_string(frame, &mut text);
        write!(text, r#""}},"streamSid":"{stream_sid}"}}"#).expect("a string takes what is written to it");
        text
    }

    pub(crate) fn dtmf(&mut self, digit: char) -> String {
        let dtmf = json!({"track": "inbound_track", "digit": digit.to_string()});
        json!({"event": "dtmf", "streamSid": self.stream_sid, "sequenceNumber": self.next(), "dtmf": dtmf}).to_string()
    }

    pub(crate) fn mark(&mut self, name: &str) -> String {
        let mark = json!({"name": name});
        json!({"event": "mark", "sequenceNumber": self.next(), "streamSid": self.stream_sid, "mark": mark}).to_string()
    }

    pub(crate) fn stop(&mut self) -> String {
        let stop = json!({"accountSid": self.account_sid, "callSid": self.call_sid});
        json!({"event": "stop", "sequenceNumber": self.next(), "stop": stop, "streamSid": self.stream_sid}).to_string()
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        self.sequence.to_string()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn value(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn messages_have_the_fields_of_the_documentation_with_numbers_as_strings() {
        let mut writer = Writer::new("MZ1", "AC1", "CA1");
        assert_eq!(value(&writer.connected()), json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}));
        let start = value(&writer.start(&[("token".to_owned(), "a\"b".to_owned())]));
        assert_eq!((&start["sequenceNumber"], &start["streamSid"]), (&json!("1"), &json!("MZ1")));
        assert_eq!(start["start"]["mediaFormat"]["sampleRate"], json!(8000));
        assert_eq!(start["start"]["customParameters"], json!({"token": "a\"b"}));
        let media = value(&writer.media(20, &[0xFF; 160]));
        assert_eq!(media["sequenceNumber"], json!("2"));
        assert_eq!((&media["media"]["chunk"], &media["media"]["timestamp"]), (&json!("1"), &json!("20")));
        assert_eq!(STANDARD.decode(media["media"]["payload"].as_str().unwrap()).unwrap(), [0xFF; 160]);
        let dtmf = value(&writer.dtmf('#'));
        assert_eq!(dtmf["dtmf"], json!({"track": "inbound_track", "digit": "#"}));
        assert_eq!(value(&writer.mark("m\n"))["mark"]["name"], json!("m\n"));
        let stop = value(&writer.stop());
        assert_eq!(
            (&stop["sequenceNumber"], &stop["stop"]),
            (&json!("5"), &json!({"accountSid": "AC1", "callSid": "CA1"}))
        );
    }

    #[test]
    fn what_a_server_says_is_read() {
        let media = r#"{"event":"media","streamSid":"MZ1","media":{"payload":"AQI="}}"#;
        assert_eq!(read(media, "MZ1"), Ok(FromServer::Media(vec![1, 2])));
        let mark = r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"a"},"more":1}"#;
        assert_eq!(read(mark, "MZ1"), Ok(FromServer::Mark("a".to_owned())));
        assert_eq!(read(r#"{"event":"clear","streamSid":"MZ1"}"#, "MZ1"), Ok(FromServer::Clear));
    }

    #[test]
    fn what_a_server_should_not_say_has_the_providers_code() {
        for (text, code) in [
            ("not JSON", 31_924),
            (r#"{"event":"hold","streamSid":"MZ1"}"#, 31_924),
            (r#"{"event":"mark","streamSid":"MZ1"}"#, 31_924),
            (r#"{"event":"media","streamSid":"MZ1"}"#, 31_924),
            (r#"{"event":"clear"}"#, 31_924),
            (r#"{"event":"clear","streamSid":"MZ2"}"#, 31_924),
            (r#"{"event":"media","streamSid":"MZ1","media":{"payload":"A"}}"#, 31_950),
        ] {
            assert_eq!(read(text, "MZ1").unwrap_err().code(), code, "{text}");
        }
    }
}
