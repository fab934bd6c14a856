//! The provider's side of a call written by hand, message by message, which can do what a provider never would.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::{ACCOUNT, TOKEN};
use crate::wait::PATIENCE;

/// How a caller is answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The whole of it.
    pub text: String,
    /// The address of `<Connect><Stream>`.
    pub stream: Option<String>,
    /// Its parameters.
    pub parameters: Vec<(String, String)>,
    /// The first conference of `<Dial><Conference>`.
    pub conference: Option<String>,
    /// All verbs, in order; several of a kind in a row are one.
    pub verbs: Vec<String>,
}

impl Document {
    /// Reads TwiML.
    pub fn read(text: &str) -> Result<Self, String> {
        let tree = roxmltree::Document::parse(text).map_err(|error| format!("{error}: {text}"))?;
        let root = tree.root_element();
        if root.tag_name().name() != "Response" {
            return Err(format!("no Response: {text}"));
        }
        let verbs = root.children().filter(roxmltree::Node::is_element).map(|node| node.tag_name().name().to_owned());
        let mut verbs: Vec<String> = verbs.collect();
        verbs.dedup();
        let mut document = Self { text: text.to_owned(), verbs, ..Self::default() };
        for node in root.descendants() {
            match node.tag_name().name() {
                "Stream" => document.stream = node.attribute("url").map(str::to_owned),
                "Conference" if document.conference.is_none() => {
                    document.conference = node.text().map(|name| name.trim().to_owned());
                }
                "Parameter" => {
                    let part = |name| node.attribute(name).unwrap_or_default().to_owned();
                    document.parameters.push((part("name"), part("value")));
                }
                _ => {}
            }
        }
        Ok(document)
    }

    /// The parameters as a stream's `start` has them.
    pub fn custom_parameters(&self) -> Value {
        self.parameters
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}

/// A provider.
#[derive(Clone, Debug)]
pub struct Provider {
    client: reqwest::Client,
    url: String,
}

impl Provider {
    /// One that calls the server there.
    pub fn of(url: &str) -> Self {
        let client = reqwest::Client::builder().timeout(PATIENCE).build().expect("an HTTP client");
        Self { client, url: url.to_owned() }
    }

    /// A new name for a call.
    pub fn new_sid() -> String {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the system has randomness");
        bytes.iter().fold("CA".to_owned(), |sid, byte| format!("{sid}{byte:02x}"))
    }

    /// Tells that somebody calls a number, and gives status and body of the answer.
    pub async fn ring(&self, sid: &str, from: &str, to: &str) -> Result<(StatusCode, String), reqwest::Error> {
        let parameters = [
            ("AccountSid", ACCOUNT),
            ("ApiVersion", "2010-04-01"),
            ("CallSid", sid),
            ("CallStatus", "ringing"),
            ("Direction", "inbound"),
            ("From", from),
            ("To", to),
        ];
        self.webhook("/api/phone/voice", &parameters, None).await
    }

    /// The same, where it must work.
    pub async fn document(&self, sid: &str, from: &str, to: &str) -> Document {
        let (status, body) = self.ring(sid, from, to).await.expect("an answer");
        assert_eq!(status, StatusCode::OK, "{body}");
        Document::read(&body).expect("TwiML")
    }

    /// Tells that a call is over.
    pub async fn completed(&self, sid: &str, from: &str, to: &str) {
        let parameters =
            [("AccountSid", ACCOUNT), ("CallSid", sid), ("CallStatus", "completed"), ("From", from), ("To", to)];
        let (status, body) = self.webhook("/api/phone/status", &parameters, None).await.expect("an answer");
        assert!(status.is_success(), "{status} {body}");
    }

    /// Posts a webhook, with its signature or another one.
    pub async fn webhook(
        &self,
        path: &str,
        parameters: &[(&str, &str)],
        signature: Option<&str>,
    ) -> Result<(StatusCode, String), reqwest::Error> {
        let url = format!("{}{path}", self.url);
        let owned: Vec<_> = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let genuine = crosspoint_phone_sim::sign(TOKEN, &url, &owned);
        let request = self.client.post(&url).header("X-Twilio-Signature", signature.unwrap_or(&genuine));
        let request = request.header("Content-Type", "application/x-www-form-urlencoded").body(form(parameters));
        let response = request.send().await?;
        Ok((response.status(), response.text().await?))
    }

    /// Opens the socket of a stream, with its signature or another one. An error is the status of the handshake.
    pub async fn connect(&self, stream: &str, signature: Option<&str>) -> Result<Line, u16> {
        let mut request = stream.into_client_request().expect("an address");
        let genuine = crosspoint_phone_sim::sign(TOKEN, stream, &[]);
        let value = signature.unwrap_or(&genuine).parse().expect("a header");
        request.headers_mut().insert("x-twilio-signature", value);
        match tokio_tungstenite::connect_async(request).await {
            Ok((socket, _)) => Ok(Line::on(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{stream}: {error}"),
        }
    }

    /// A call in a healthy stream: rings, connects, starts.
    pub async fn call(&self, from: &str, to: &str) -> (String, Line) {
        let sid = Self::new_sid();
        let document = self.document(&sid, from, to).await;
        let stream = document.stream.as_deref().unwrap_or_else(|| panic!("no stream: {}", document.text));
        let mut line = self.connect(stream, None).await.expect("a socket");
        line.say(&json!({"event": "connected", "protocol": "Call", "version": "1.0.0"})).await;
        line.start(&sid, &document.custom_parameters()).await;
        (sid, line)
    }
}

/// A form as it goes over the line.
pub fn form(parameters: &[(&str, &str)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect()
    };
    let pairs: Vec<String> =
        parameters.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect();
    pairs.join("&")
}

/// A stream's socket.
#[derive(Debug)]
pub struct Line {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The stream's id.
    pub sid: String,
    sequence: u64,
    chunk: u64,
}

impl Line {
    /// Opens one that nobody signed.
    pub async fn open(stream: &str) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(stream).await.expect("a socket");
        Self::on(socket)
    }

    fn on(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self { socket, sid: "MZ00000000000000000000000000000001".into(), sequence: 0, chunk: 0 }
    }

    /// Sends text as it is.
    pub async fn text(&mut self, text: &str) {
        // A server that has closed already is found out when it is listened to.
        let _ = self.socket.send(Message::Text(text.into())).await;
    }

    /// Sends a binary frame.
    pub async fn binary(&mut self, bytes: Vec<u8>) {
        let _ = self.socket.send(Message::Binary(bytes.into())).await;
    }

    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.text(&message.to_string()).await;
    }

    /// Begins the stream of a call.
    pub async fn start(&mut self, call: &str, parameters: &Value) {
        let message = json!({
            "event": "start",
            "sequenceNumber": self.next(),
            "streamSid": self.sid,
            "start": {
                "accountSid": ACCOUNT,
                "streamSid": self.sid,
                "callSid": call,
                "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
                "customParameters": parameters,
            },
        });
        self.say(&message).await;
    }

    /// Sends 20 ms of sound.
    pub async fn media(&mut self, bytes: &[u8]) {
        let payload = STANDARD.encode(bytes);
        self.payload(&payload).await;
    }

    /// Sends what stands in the place of sound.
    pub async fn payload(&mut self, payload: &str) {
        self.chunk += 1;
        let media = json!({
            "track": "inbound",
            "chunk": self.chunk.to_string(),
            "timestamp": (20 * (self.chunk - 1)).to_string(),
            "payload": payload,
        });
        let message = json!({"event": "media", "sequenceNumber": self.next(), "streamSid": self.sid, "media": media});
        self.say(&message).await;
    }

    /// The next message of the server.
    pub async fn next_message(&mut self) -> Option<Value> {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the server says something") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return None,
            }
        }
    }

    /// What the server has said already.
    pub async fn waiting_message(&mut self) -> Option<Value> {
        match tokio::time::timeout(Duration::from_millis(1), self.socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => Some(serde_json::from_str(&text).expect("JSON")),
            _ => None,
        }
    }

    /// Does the server send sound within this time?
    pub async fn hears_sound(&mut self, limit: Duration) -> bool {
        let sound = async {
            while let Some(message) = self.next_message().await {
                if message["event"] == "media" {
                    return true;
                }
            }
            false
        };
        tokio::time::timeout(limit, sound).await.unwrap_or(false)
    }

    /// Waits until the server closes: code and reason; 1006 where it just went.
    pub async fn close(&mut self) -> (u16, String) {
        let gone = (1006, String::new());
        let end = async {
            loop {
                match self.socket.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return (frame.code.into(), frame.reason.to_string()),
                    Some(Ok(Message::Close(None))) => return (1005, String::new()),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return gone.clone(),
                }
            }
        };
        tokio::time::timeout(PATIENCE, end).await.expect("the server closes")
    }

    fn next(&mut self) -> String {
        self.sequence += 1;
        self.sequence.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_read_with_its_verbs_its_stream_and_its_conference() {
        let text = r#"<?xml version="1.0"?><Response><Connect><Stream url="wss://a/b"><Parameter name="token" value="x&amp;y"/></Stream></Connect>
            <Dial><Conference beep="false">show-a</Conference></Dial></Response>"#;
        let document = Document::read(text).expect("TwiML");
        assert_eq!(document.verbs, ["Connect", "Dial"]);
        assert_eq!(document.stream.as_deref(), Some("wss://a/b"));
        assert_eq!(document.custom_parameters(), json!({"token": "x&y"}));
        assert_eq!(document.conference.as_deref(), Some("show-a"));
        assert!(Document::read("<html/>").is_err() && Document::read("no").is_err());
    }

    #[test]
    fn a_form_keeps_what_has_a_meaning_in_it() {
        assert_eq!(form(&[("From", "+1 2"), ("a", "b&c=d")]), "From=%2B1%202&a=b%26c%3Dd");
    }
}
