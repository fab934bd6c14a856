//! Going down.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustix::process::Signal;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::house::{PATIENCE, Server, run};

#[test]
fn an_empty_server_ends_at_once() {
    let server = Server::start(&["--drain.deadline", "1h"]);
    server.signal(Signal::TERM);
    assert!(server.ended_well());
}

#[tokio::test]
async fn who_is_inside_is_told_and_may_stay_until_the_second_signal() {
    let mut server = Server::start(&["--drain.deadline", "1h", "--drain.url", "https://other.example.org"]);
    let mut ann = Client::join(&server, "ann").await;
    server.signal(Signal::INT);
    let told = ann.hear("draining").await;
    assert_eq!(
        (told["deadlineMs"].as_u64(), told["url"].as_str()),
        (Some(3_600_000), Some("https://other.example.org"))
    );
    assert!(server.get("/readyz").starts_with("HTTP/1.1 503"));
    assert!(server.get("/healthz").starts_with("HTTP/1.1 200"));
    assert!(!server.has_ended());
    server.signal(Signal::INT);
    assert!(server.ended_well());
}

#[tokio::test]
async fn at_the_deadline_who_is_left_is_cut_off() {
    let server = Server::start(&["--drain.deadline", "300ms"]);
    let mut ann = Client::join(&server, "ann").await;
    server.signal(Signal::TERM);
    // RFC 6455 §7.4 with the registry's 1012: service restart.
    assert_eq!(ann.closed().await, Some(1012));
    drop(ann);
    assert!(server.ended_well());
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn join(server: &Server, identity: &str) -> Self {
        let output = run(&["token", "create", "--dev", "--room", "standup", "--identity", identity]);
        let token = String::from_utf8(output.stdout).expect("a token");
        let url = format!("ws://{}/ws/webrtc?token={}", server.address, token.trim());
        let (socket, _) = connect_async(url).await.expect("a connection");
        let mut client = Self(socket);
        client.0.send(Message::text(r#"{"type":"join","roomId":"standup"}"#)).await.expect("sent");
        client.hear("joined").await;
        client
    }

    /// The next message of this type.
    async fn hear(&mut self, kind: &str) -> Value {
        let wait = async {
            loop {
                let message = self.0.next().await.expect("an open socket").expect("a message");
                let json: Value =
                    message.to_text().ok().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
                if json["type"] == kind {
                    return json;
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("it was not said")
    }

    /// The code that the socket is closed with.
    async fn closed(&mut self) -> Option<u16> {
        let wait = async {
            while let Some(Ok(message)) = self.0.next().await {
                if let Message::Close(frame) = message {
                    return frame.map(|frame| frame.code.into());
                }
            }
            None
        };
        tokio::time::timeout(PATIENCE + Duration::from_secs(1), wait).await.expect("it was not closed")
    }
}
