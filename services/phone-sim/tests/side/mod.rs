//! The other side of the company, written by hand for tests: answers TwiML, takes callbacks and sockets, and keeps all that it
//! was asked. With it a company whose REST interface is reachable, and what measures tones.

#![allow(clippy::unwrap_used, dead_code)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosspoint_dsp::g711::{self, Law};
use crosspoint_phone_sim::{CallReport, CallRequest, PhoneCompany, Play, RATE, Settings, sign};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};
use url::form_urlencoded;

pub const ACCOUNT: &str = "AC00000000000000000000000000000000";
pub const TOKEN: &str = "a token for tests";
/// Nothing in these tests takes as long.
const DEADLINE: Duration = Duration::from_secs(10);

/// A request that the server got.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub params: BTreeMap<String, String>,
    pub signed: bool,
}

impl Asked {
    pub fn get(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }
}

/// A socket that the server got.
pub struct Socket {
    pub signed: bool,
    pub socket: WebSocket,
}

#[derive(Default)]
struct Book {
    answers: BTreeMap<String, (u16, String)>,
    slow: Duration,
    asked: Vec<Asked>,
}

#[derive(Clone)]
struct Server {
    book: Arc<Mutex<Book>>,
    base: String,
    sockets: mpsc::UnboundedSender<Socket>,
}

/// A server and a company.
pub struct World {
    server: Server,
    sockets: mpsc::UnboundedReceiver<Socket>,
    pub company: PhoneCompany,
    /// Where the company is.
    pub rest: String,
    http: reqwest::Client,
}

impl World {
    /// Both, with settings that may be changed before the company begins.
    pub async fn new(change: impl FnOnce(&mut Settings, &str)) -> Self {
        static TLS: Once = Once::new();
        TLS.call_once(|| rustls::crypto::aws_lc_rs::default_provider().install_default().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (sender, sockets) = mpsc::unbounded_channel();
        let server = Server { book: Arc::default(), base: base.clone(), sockets: sender };
        let router = Router::new().route("/media", any(media)).fallback(ask).with_state(server.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        // Below a prefix, as in a server with `--dev`.
        let rest = format!("http://{}/api/phone/simulator", listener.local_addr().unwrap());
        let mut settings = Settings::new(ACCOUNT, TOKEN, &rest, &format!("{base}/voice"));
        settings.status_callback = Some(format!("{base}/status"));
        change(&mut settings, &base);
        let company = PhoneCompany::new(settings).unwrap();
        let router = Router::new().nest("/api/phone/simulator", company.router());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { server, sockets, company, rest, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    pub async fn usual() -> Self {
        Self::new(|_, _| {}).await
    }

    /// The server answers this document at this path. `{base}` and `{media}` are its own addresses.
    pub fn answers(&self, path: &str, inside: &str) {
        let media = self.server.base.replace("http://", "ws://") + "/media";
        let inside = inside.replace("{base}", &self.server.base).replace("{media}", &media);
        self.answers_raw(path, 200, &format!("<?xml version=\"1.0\"?><Response>{inside}</Response>"));
    }

    pub fn answers_raw(&self, path: &str, status: u16, text: &str) {
        self.server.book.lock().unwrap().answers.insert(path.to_owned(), (status, text.to_owned()));
    }

    pub fn is_slow(&self, slow: Duration) {
        self.server.book.lock().unwrap().slow = slow;
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.server.base)
    }

    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let book = self.server.book.lock().unwrap();
        book.asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Somebody calls, playing a tone, and is recorded.
    pub fn call(&self, hz: f32) -> String {
        let play = Some(Play::Tone { hz, level: -12.0 });
        let request = CallRequest { from: "+15005550006".to_owned(), play, record: true, ..CallRequest::default() };
        self.company.place(request).unwrap()
    }

    pub async fn socket(&mut self) -> Socket {
        timeout(DEADLINE, self.sockets.recv()).await.expect("a stream connects").unwrap()
    }

    /// A request to the provider's REST interface.
    pub async fn rest(&self, method: &str, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.http.request(method, format!("{}/2010-04-01/Accounts/{ACCOUNT}{path}", self.rest));
        let request = request.basic_auth(ACCOUNT, Some(TOKEN)).body(body);
        let answer = request.header("content-type", "application/x-www-form-urlencoded").send().await.unwrap();
        assert_eq!(answer.headers()["x-stand-in"], "Simulated telephone company");
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// A request to the simulator's own interface.
    pub async fn control(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.rest)).json(body);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap_or(Value::Null))
    }

    /// Waits until something can be said of a call.
    pub async fn until(&self, sid: &str, what: &str, mut is: impl FnMut(&CallReport) -> bool) -> CallReport {
        wait_for(what, || self.company.report(sid).ok().filter(|report| is(report))).await
    }

    /// What a call has heard from here on, once it is so long.
    pub async fn hears(&self, sid: &str, milliseconds: usize) -> Vec<f32> {
        let heard = || self.company.heard(sid).unwrap().unwrap();
        let (from, length) = (heard().len(), milliseconds * RATE as usize / 1_000);
        let all = wait_for("more is heard", || Some(heard()).filter(|heard| heard.len() >= from + length)).await;
        all[from..from + length].iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
    }
}

/// Looks every few milliseconds, until there is something or it has taken too long.
pub async fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < DEADLINE, "{what}: waited in vain");
        sleep(Duration::from_millis(5)).await;
    }
}

async fn ask(State(server): State<Server>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let path = parts.uri.path().to_owned();
    let params: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let url = format!("{}{}", server.base, parts.uri);
    let signed =
        parts.headers.get("x-twilio-signature").is_some_and(|given| given == sign(TOKEN, &url, &params).as_str());
    let (answer, slow) = {
        let mut book = server.book.lock().unwrap();
        book.asked.push(Asked { path: path.clone(), params: params.into_iter().collect(), signed });
        (book.answers.get(&path).cloned(), book.slow)
    };
    sleep(slow).await;
    match answer {
        Some((status, text)) => {
            (StatusCode::from_u16(status).unwrap(), [("content-type", "text/xml")], text).into_response()
        }
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn media(State(server): State<Server>, upgrade: WebSocketUpgrade, request: Request) -> Response {
    let url = server.base.replace("http://", "ws://") + &request.uri().to_string();
    let given = request.headers().get("x-twilio-signature").cloned();
    let signed = given.is_some_and(|given| given == sign(TOKEN, &url, &[]).as_str());
    upgrade.on_upgrade(move |socket| async move {
        // A test that ended does not look any more.
        let _ = server.sockets.send(Socket { signed, socket });
    })
}

impl Socket {
    /// The next message; None once the stream is closed.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            match timeout(DEADLINE, self.socket.recv()).await.expect("a message comes") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    /// The next message of this kind; others are passed over.
    pub async fn next_of(&mut self, event: &str) -> Value {
        loop {
            let message = self.next().await.unwrap_or_else(|| panic!("the stream ended before {event}"));
            if message["event"] == event {
                return message;
            }
        }
    }

    /// Both messages at the beginning. Gives the stream's id.
    pub async fn begin(&mut self) -> String {
        self.next_of("connected").await;
        self.next_of("start").await["streamSid"].as_str().unwrap().to_owned()
    }

    pub async fn send(&mut self, message: &Value) {
        self.socket.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    pub async fn play(&mut self, stream: &str, bytes: &[u8]) {
        self.send(&json!({"event": "media", "streamSid": stream, "media": {"payload": STANDARD.encode(bytes)}})).await;
    }

    pub async fn mark(&mut self, stream: &str, name: &str) {
        self.send(&json!({"event": "mark", "streamSid": stream, "mark": {"name": name}})).await;
    }

    pub async fn clear(&mut self, stream: &str) {
        self.send(&json!({"event": "clear", "streamSid": stream})).await;
    }

    /// So much of what the caller says, as samples.
    pub async fn listen(&mut self, milliseconds: usize) -> Vec<f32> {
        let mut samples = Vec::new();
        while samples.len() < milliseconds * RATE as usize / 1_000 {
            let media = self.next_of("media").await;
            let bytes = STANDARD.decode(media["media"]["payload"].as_str().unwrap()).unwrap();
            g711::decode(Law::Mu, &bytes, &mut samples);
        }
        samples
    }
}

/// A tone as µ-law.
pub fn tone(hz: f32, milliseconds: usize) -> Vec<u8> {
    let samples = milliseconds * RATE as usize / 1_000;
    let turn = std::f32::consts::TAU * hz / RATE as f32;
    let samples: Vec<f32> = (0..samples).map(|n| 0.25 * (turn * n as f32).sin()).collect();
    let mut bytes = Vec::new();
    g711::encode(Law::Mu, &samples, &mut bytes);
    bytes
}

/// The level of a tone, in dB below a sine of full scale (Goertzel, under a Hann window).
pub fn level(samples: &[f32], hz: f64) -> f64 {
    let turn = std::f64::consts::TAU * hz / f64::from(RATE);
    let (mut real, mut imaginary, mut weight) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let window = 0.5 - 0.5 * (std::f64::consts::TAU * (n as f64 + 0.5) / samples.len() as f64).cos();
        let (sine, cosine) = (turn * n as f64).sin_cos();
        real += window * f64::from(*sample) * cosine;
        imaginary += window * f64::from(*sample) * sine;
        weight += window;
    }
    20.0 * (2.0 * real.hypot(imaginary) / weight).max(1e-10).log10()
}
