//! The door on a free port, over a fake media plane and a desk that does what a test says; and a telephone company's client.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosspoint_auth::Attempts;
use crosspoint_carrier::{Account, Addresses, Carriers, Provider, signature};
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Bus, Code, Grant, Refusal, RoomId, Secret, Source};
use crosspoint_phone::{Figures, Phone, router};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::{
    CallDesk, CallRef, ConferenceEvent, Detached, IncomingCall, LineFigures, LineOrder, Options, PhoneLine, Rooms,
    TapRequest, TapVoice, Task, Welcome,
};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

pub const PATIENCE: Duration = Duration::from_secs(20);
pub const MEDIA: &str = "/api/twilio/media-stream";
const AUTH_TOKEN: &str = "12345";

/// What the desk is to answer.
#[derive(Clone, Debug)]
pub enum Mood {
    Welcomes(Welcome),
    Refuses,
    Panics,
}

/// Writes down what it is told.
pub struct Desk {
    rooms: Rooms,
    mood: Mutex<Mood>,
    told: Mutex<Vec<Told>>,
    lines: Mutex<BTreeMap<String, mpsc::UnboundedSender<LineOrder>>>,
    /// Of the line that was attached last.
    pub line: Arc<LineFigures>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    Incoming(IncomingCall),
    Pin(String, String),
    Attached(String, String),
    Keyed(String, char),
    Detached(String, Detached),
    Completed(String, String),
    Conference(ConferenceEvent),
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no test panics while it holds this")
}

impl Desk {
    pub fn is(&self, mood: Mood) {
        *lock(&self.mood) = mood;
    }

    pub fn told(&self) -> Vec<Told> {
        lock(&self.told).clone()
    }

    pub fn ends(&self) -> Vec<Detached> {
        let end = |told| match told {
            Told::Detached(_, how) => Some(how),
            _ => None,
        };
        self.told().into_iter().filter_map(end).collect()
    }

    pub fn order(&self, call: &str, order: LineOrder) {
        lock(&self.lines)[call].send(order).expect("the line is there");
    }

    fn note(&self, told: Told) {
        lock(&self.told).push(told);
    }

    fn decided(&self) -> Result<Welcome, Refusal> {
        match lock(&self.mood).clone() {
            Mood::Welcomes(welcome) => Ok(welcome),
            Mood::Refuses => Err(Refusal::new(Code::StoreUnavailable, "the disk is full")),
            Mood::Panics => Err(Refusal::new(Code::Internal, "panic")),
        }
    }

    fn line(&self, call: &CallRef, token: &str) -> Result<PhoneLine, Refusal> {
        // A token is for its call, once.
        if token != format!("token-of-{}", call.sid) || lock(&self.lines).contains_key(&call.sid) {
            return Err(Refusal::new(Code::Unauthorized, "the token is not this call's"));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
        let identity = format!("call-{}", call.sid);
        let bearer = Bearer { identity, grant: Grant::join("live"), expires: now + 3600, ..Bearer::default() };
        let tap = self.rooms.tap(&TapRequest {
            bearer,
            room: RoomId::parse("live").expect("a room"),
            hears: Some(Bus::Programme),
            speaks: Some(TapVoice::of(Source::Phone)),
            is_service: false,
        })?;
        let (orders, received) = mpsc::unbounded_channel();
        lock(&self.lines).insert(call.sid.clone(), orders);
        Ok(PhoneLine { tap, orders: received, figures: Arc::clone(&self.line) })
    }
}

impl CallDesk for Desk {
    fn incoming(&self, call: IncomingCall) -> Task<'_, Result<Welcome, Refusal>> {
        self.note(Told::Incoming(call));
        let decided = self.decided();
        let panics = matches!(*lock(&self.mood), Mood::Panics);
        Box::pin(async move {
            assert!(!panics, "the desk panics, as the test wants it");
            decided
        })
    }

    fn pin(&self, call: CallRef, digits: String) -> Task<'_, Result<Welcome, Refusal>> {
        self.note(Told::Pin(call.sid, digits));
        let decided = self.decided();
        Box::pin(async move { decided })
    }

    fn attach(&self, call: CallRef, token: String) -> Task<'_, Result<PhoneLine, Refusal>> {
        let line = self.line(&call, &token);
        self.note(Told::Attached(call.sid, token));
        Box::pin(async move { line })
    }

    fn keyed(&self, call: CallRef, digit: char) -> Task<'_, ()> {
        self.note(Told::Keyed(call.sid, digit));
        Box::pin(async {})
    }

    fn detached(&self, call: CallRef, how: Detached) -> Task<'_, ()> {
        self.note(Told::Detached(call.sid, how));
        Box::pin(async {})
    }

    fn completed(&self, call: CallRef, status: String) -> Task<'_, ()> {
        self.note(Told::Completed(call.sid, status));
        Box::pin(async {})
    }

    fn conference(&self, event: ConferenceEvent) -> Task<'_, ()> {
        self.note(Told::Conference(event));
        Box::pin(async {})
    }
}

pub struct Server {
    pub address: SocketAddr,
    pub rooms: Rooms,
    pub media: Arc<FakeMedia>,
    pub desk: Arc<Desk>,
    pub figures: Arc<Figures>,
}

pub async fn server() -> Server {
    server_with(10).await
}

/// With room for so many calls.
pub async fn server_with(max_calls: usize) -> Server {
    let (media, facts) = FakeMedia::new(1);
    let rooms = Rooms::new(Arc::clone(&media) as _, facts, Options::default());
    let desk = Arc::new(Desk {
        rooms: rooms.clone(),
        mood: Mutex::new(Mood::Refuses),
        told: Mutex::default(),
        lines: Mutex::default(),
        line: Arc::default(),
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let accounts = Provider::ALL.into_iter().map(|provider| Account::new(provider, "AC1", Secret::new(AUTH_TOKEN)));
    let addresses = Addresses::new(&format!("http://{address}")).expect("a URL");
    let figures = Arc::new(Figures::default());
    let door = router(Phone {
        rooms: rooms.clone(),
        desk: Arc::clone(&desk) as _,
        carriers: Carriers::new(accounts.collect(), addresses),
        attempts: Arc::new(Attempts::new(100)),
        max_calls,
        wait_url: None,
        figures: Arc::clone(&figures),
    });
    let service = door.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    Server { address, rooms, media, desk, figures }
}

/// An answer to a webhook.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Server {
    /// Posts a form as Twilio would, with its signature.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        let url = format!("http://{}{path}", self.address);
        let signed = signature::sign(&Secret::new(AUTH_TOKEN), &url, &signature::form(form.as_bytes()));
        self.request("POST", path, &[("x-twilio-signature", &signed)], form).await
    }

    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        let mut stream = TcpStream::connect(self.address).await.expect("it listens");
        stream.write_all(format!("{request}\r\n{body}").as_bytes()).await.expect("sent");
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// Opens a media socket, signed as Twilio does; the status instead where that is refused.
    pub async fn connect(&self, path: &str) -> Client {
        let url = format!("ws://{}{path}", self.address);
        let signed = signature::sign(&Secret::new(AUTH_TOKEN), &url, &[]);
        self.connect_with(path, Some(&signed)).await.expect("the handshake is accepted")
    }

    pub async fn connect_with(&self, path: &str, signature: Option<&str>) -> Result<Client, u16> {
        let mut request = format!("ws://{}{path}", self.address).into_client_request().expect("a request");
        if let Some(signature) = signature {
            request.headers_mut().insert("x-twilio-signature", signature.parse().expect("a header"));
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Client { socket }),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A call whose sound is here.
    pub async fn caller(&self, call: &str) -> Client {
        let mut client = self.connect(MEDIA).await;
        client.start(call).await;
        let identity = format!("call-{call}");
        eventually("it is attached", || self.media.with_line(&identity, |_| ()).is_some()).await;
        client
    }

    /// Samples of somebody that wait to be played.
    pub fn waits(&self, identity: &str) -> usize {
        self.media.with_line(identity, |line| line.waiting()).unwrap_or_default()
    }
}

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Client {
    pub async fn say(&mut self, message: Value) {
        self.say_text(message.to_string()).await;
    }

    pub async fn say_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("sent");
    }

    pub async fn send(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.expect("sent");
    }

    pub async fn start(&mut self, call: &str) {
        self.say(json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" })).await;
        self.say(start(call, &format!("token-of-{call}"))).await;
    }

    /// 20 ms of the caller.
    pub async fn media(&mut self, chunk: u64, bytes: &[u8]) {
        self.say(json!({
            "event": "media", "sequenceNumber": (chunk + 1).to_string(), "streamSid": "MZ1",
            "media": {
                "track": "inbound", "chunk": chunk.to_string(), "timestamp": (20 * (chunk - 1)).to_string(),
                "payload": STANDARD.encode(bytes),
            },
        }))
        .await;
    }

    /// The next message.
    pub async fn hear(&mut self) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => return serde_json::from_str(&text).expect("json"),
                Message::Close(frame) => panic!("a message was expected and {frame:?} came"),
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

    /// The same, for as long as it takes.
    pub async fn closed_at_last(&mut self) -> u16 {
        loop {
            if let Message::Close(frame) = self.socket.next().await.expect("open").expect("works") {
                return frame.expect("with a code").code.into();
            }
        }
    }

    async fn next(&mut self) -> Message {
        let message = timeout(PATIENCE, self.socket.next()).await.expect("the server says something in time");
        message.expect("the socket is open").expect("the socket works")
    }
}

pub fn start(call: &str, token: &str) -> Value {
    json!({
        "event": "start", "sequenceNumber": "1", "streamSid": "MZ1",
        "start": {
            "accountSid": "AC1", "streamSid": "MZ1", "callSid": call, "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": { "token": token, "show": "7", "call": "c1" },
        },
    })
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
