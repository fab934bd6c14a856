//! A server on a free port over a fake media plane, and clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crosspoint_audio::{Audio, router};
use crosspoint_auth::Attempts;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Grant, Limits, Refusal};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::socket::Gate;
use crosspoint_rooms::{Options, Rooms};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
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

/// Tokens are `identity@room`, with `-` behind it for those who may not publish, in place of JWTs.
pub async fn server_with(limits: Limits) -> Server {
    let (media, facts) = FakeMedia::new(1);
    let attempts = Arc::new(Attempts::new(limits.failures_per_minute));
    let rooms = Rooms::new(Arc::clone(&media) as _, facts, Options { limits, ..Options::default() });
    let gate = Gate { verify: Arc::new(verify), attempts, allowed_origins: Vec::new().into() };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let door = router(Audio { rooms: rooms.clone(), gate });
    let service = door.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Server { address, rooms, media }
}

fn verify(token: &str) -> Result<Bearer, Refusal> {
    let refused = || Refusal::new(Code::Unauthorized, "not a token of this test");
    let (identity, room) = token.split_once('@').ok_or_else(refused)?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let can_publish = room.ends_with('-').then_some(false);
    let grant = Grant { can_publish, ..Grant::join(room.trim_end_matches('-')) };
    Ok(Bearer { identity: identity.to_owned(), grant, expires: now + 3600, ..Bearer::default() })
}

impl Server {
    pub async fn connect(&self, query: &str) -> Client {
        let url = format!("ws://{}/ws/audio?{query}", self.address);
        let (socket, _) = connect_async(url).await.expect("the upgrade is accepted");
        Client { socket }
    }

    /// Lets somebody hear 20 ms, once they are there.
    pub async fn lets_hear(&self, identity: &str, position: u64, samples: &[f32]) {
        eventually("it has come", || self.media.with_line(identity, |line| line.give(position, samples)).is_some())
            .await;
    }

    /// Waits until somebody has said exactly this, and plays it.
    pub async fn plays(&self, identity: &str, samples: &[f32]) {
        eventually("it is said", || self.waits(identity) == samples.len()).await;
        let played = self.media.with_line(identity, |line| line.play(samples.len())).expect("it is there");
        assert_eq!(played, samples);
    }

    /// Samples of somebody that wait to be played.
    pub fn waits(&self, identity: &str) -> usize {
        self.media.with_line(identity, |line| line.waiting()).unwrap_or_default()
    }
}

pub fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub async fn say(&mut self, word: Value) {
        self.say_text(word.to_string()).await;
    }

    pub async fn say_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("sent");
    }

    pub async fn send(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.expect("sent");
    }

    /// Waits for a word of this type; other words and sound before it are passed over.
    pub async fn hear(&mut self, kind: &str) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => {
                    let word: Value = serde_json::from_str(&text).expect("json");
                    if word["type"] == kind {
                        return word;
                    }
                }
                Message::Close(frame) => panic!("{kind} was expected and {frame:?} came"),
                _ => {}
            }
        }
    }

    /// Waits for sound.
    pub async fn sound(&mut self) -> Vec<u8> {
        loop {
            match self.next().await {
                Message::Binary(bytes) => return bytes.to_vec(),
                Message::Close(frame) => panic!("sound was expected and {frame:?} came"),
                _ => {}
            }
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
