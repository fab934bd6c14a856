//! A server on a free port over a fake media plane, and WebSocket clients of a library that is not ours alone.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crosspoint_auth::Attempts;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Grant, Limits, Refusal};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::socket::Gate;
use crosspoint_rooms::{Options, Rooms};
use crosspoint_signal::{Signal, router};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    pub address: SocketAddr,
    pub rooms: Rooms,
    pub media: Arc<FakeMedia>,
}

pub async fn server() -> Server {
    server_with(Limits::default()).await
}

/// Tokens are `identity@room`, or `identity@room!` for admins, in place of JWTs.
pub async fn server_with(limits: Limits) -> Server {
    let (media, facts) = FakeMedia::new(1);
    let attempts = Arc::new(Attempts::new(limits.failures_per_minute));
    let rooms = Rooms::new(Arc::clone(&media) as _, facts, Options { limits, ..Options::default() });
    let allowed_origins = ["https://meet.example".to_owned()].into();
    let gate = Gate { verify: Arc::new(verify), attempts, allowed_origins };
    let signal = Signal { rooms: rooms.clone(), gate };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let service = router(signal).into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Server { address, rooms, media }
}

fn verify(token: &str) -> Result<Bearer, Refusal> {
    let refused = || Refusal::new(Code::Unauthorized, "not a token of this test");
    let (identity, room) = token.split_once('@').ok_or_else(refused)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let grant = Grant { room_admin: room.ends_with('!'), ..Grant::join(room.trim_end_matches('!')) };
    Ok(Bearer { identity: identity.to_owned(), grant, expires: now + 3600, ..Bearer::default() })
}

impl Server {
    pub fn url(&self, token: &str) -> String {
        format!("ws://{}/ws/webrtc?token={token}", self.address)
    }

    pub async fn connect(&self, token: &str) -> Client {
        Client::open(self.url(token), &[]).await
    }

    /// Connects and joins; the client has heard `joined`.
    pub async fn join(&self, room: &str, token: &str) -> Client {
        let mut client = self.connect(token).await;
        client.say(json!({ "type": "join", "roomId": room })).await;
        client.joined = client.hear("joined").await;
        client
    }
}

pub struct Client {
    pub socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    pub joined: Value,
}

impl Client {
    pub async fn open(url: String, headers: &[(&'static str, &'static str)]) -> Self {
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        let (socket, _) = connect_async(request).await.expect("the upgrade is accepted");
        Self { socket, joined: Value::Null }
    }

    pub async fn say(&mut self, message: Value) {
        self.say_text(message.to_string()).await;
    }

    pub async fn say_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("sent");
    }

    /// Waits for a message of this type; others before it are passed over.
    pub async fn hear(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("json");
                    if message["type"] == kind {
                        return message;
                    }
                }
                Message::Close(frame) => panic!("{kind} was expected and {frame:?} came"),
                _ => {}
            }
        }
    }

    pub async fn error(&mut self) -> String {
        self.hear("error").await["code"].as_str().expect("a code").to_owned()
    }

    /// What was said up to the answer of a ping.
    pub async fn until_pong(&mut self) -> Vec<String> {
        self.say(json!({ "type": "ping" })).await;
        let mut kinds = Vec::new();
        loop {
            let Message::Text(text) = self.next().await else { continue };
            let message: Value = serde_json::from_str(&text).expect("json");
            let kind = message["type"].as_str().expect("a type").to_owned();
            if kind == "pong" {
                return kinds;
            }
            kinds.push(kind);
        }
    }

    /// Waits for the close.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.next().await {
                let frame = frame.expect("with a code");
                return (frame.code.into(), frame.reason.to_string());
            }
        }
    }

    async fn next(&mut self) -> Message {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the server says something in time");
        message.expect("the socket is open").expect("the socket works")
    }
}

/// Waits until this is true.
pub async fn eventually(what: &str, is_true: impl Fn() -> bool) {
    let waiting = async {
        while !is_true() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
