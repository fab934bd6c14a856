//! A door with its sessions, and requests to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, StatusCode};
use crosspoint_auth::{Attempts, DEV_KEY, Keys, unix_now};
use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::IceServer;
use crosspoint_model::{Grant, Secret};
use crosspoint_rooms::IceServers;
use crosspoint_store::Store;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Deps, Sessions, Settings, router};

/// The admin key.
pub const KEY: &str = "an-admin-key-for-tests";

/// How most tests want it: open, so that no token is needed.
pub const OPEN: Settings = Settings {
    open: true,
    count: 10_000,
    candidates: 5,
    waiting: 4,
    per_minute: 1000,
    unanswered: Duration::from_secs(120),
    idle: Duration::from_secs(1800),
    lifetime: Duration::from_secs(24 * 3600),
    sdp_bytes: 128 * 1024,
};

/// The same with tokens.
pub const CLOSED: Settings = Settings { open: false, ..OPEN };

pub struct House {
    pub door: Router,
    pub sessions: Sessions,
    pub store: Store,
}

impl House {
    pub async fn open() -> Self {
        Self::new(OPEN).await
    }

    pub async fn new(settings: Settings) -> Self {
        Self::over(settings, Store::in_memory().expect("a store")).await
    }

    pub async fn over(settings: Settings, store: Store) -> Self {
        let sessions = Sessions::start(settings, store.clone()).await.expect("sessions");
        let deps = Deps {
            sessions: sessions.clone(),
            ice_servers: Arc::new(Named),
            keys: Keys::dev(),
            attempts: Arc::new(Attempts::new(1000)),
            admin_key: Some(Secret::new(KEY)),
            admin_addresses: Vec::new(),
            public_host: None,
        };
        Self { door: router(deps), sessions, store }
    }

    pub async fn send(&self, request: Request<Body>) -> Seen {
        seen(self.door.clone(), request).await
    }

    /// A request that goes on by itself.
    pub fn spawn(&self, method: &str, path: &str) -> tokio::task::JoinHandle<Seen> {
        tokio::spawn(seen(self.door.clone(), request(method, path, None, &[])))
    }

    /// The same, with a body.
    pub fn post_later(&self, path: &str, body: Value) -> tokio::task::JoinHandle<Seen> {
        tokio::spawn(seen(self.door.clone(), request("POST", path, Some(body), &[])))
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.send(request("GET", path, None, &[])).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Seen {
        self.send(request("POST", path, Some(body), &[])).await
    }

    pub async fn delete(&self, path: &str) -> Seen {
        self.send(request("DELETE", path, None, &[])).await
    }

    /// With a token, or the admin key.
    pub async fn with(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Seen {
        self.send(request(method, path, body, &[("authorization", &format!("Bearer {token}"))])).await
    }

    pub async fn stats(&self) -> Value {
        self.with(KEY, "GET", "/api/webrtc/stats", None).await.json()
    }

    /// Has this session been offered, and answered if wanted?
    pub async fn begin(&self, id: &str, answered: bool) {
        assert_eq!(self.post(&path(id, "offer"), offer("a")).await.status(), 201);
        if answered {
            assert_eq!(self.post(&path(id, "answer"), answer("a")).await.status(), 201);
        }
    }

    /// Waits until something is so. Its deadline is by the clock on the wall, since tests make the other one jump.
    pub async fn until(&self, is_so: impl AsyncFn() -> bool) {
        let begun = std::time::Instant::now();
        while !is_so().await {
            assert!(begun.elapsed() < Duration::from_secs(20), "it did not come about");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

async fn seen(door: Router, request: Request<Body>) -> Seen {
    let response = door.oneshot(request).await.expect("an answer");
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    Seen { text: String::from_utf8_lossy(&bytes).into_owned(), parts: Response::from_parts(parts, ()) }
}

/// An answer of the door.
pub struct Seen {
    parts: Response<()>,
    pub text: String,
}

impl Seen {
    pub fn status(&self) -> StatusCode {
        self.parts.status()
    }

    pub fn header(&self, name: &str) -> &str {
        self.parts.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {} {}", self.status(), self.text))
    }

    pub fn problem(&self) -> (u16, String) {
        let problem: Value = serde_json::from_str(&self.text).unwrap_or_default();
        (self.status().as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// Names whom it made the credentials for.
struct Named;

impl IceServers for Named {
    fn fresh(&self, identity: &str) -> Vec<IceServer> {
        let urls = vec!["turn:turn.example.org".into()];
        vec![IceServer { urls, username: Some(identity.into()), credential: Some("secret".into()) }]
    }
}

pub fn request(method: &str, path: &str, body: Option<Value>, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let body = match body {
        Some(body) => {
            request = request.header("content-type", "application/json");
            body.to_string().into()
        }
        None => Body::empty(),
    };
    request.body(body).expect("a request")
}

/// The same from an address.
pub fn from(address: &str, mut request: Request<Body>) -> Request<Body> {
    let peer = SocketAddr::new(address.parse().expect("an address"), 40_000);
    request.extensions_mut().insert(ConnectInfo(peer));
    request
}

/// A path of a session.
pub fn path(id: &str, what: &str) -> String {
    format!("/api/webrtc/session/{id}/{what}")
}

/// A session description with this ICE user fragment.
pub fn sdp(ufrag: &str) -> String {
    format!(
        "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n\
         a=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789012345678901\r\n"
    )
}

/// An offer, told from others by its ICE user fragment: `offer-…`.
pub fn offer(name: &str) -> Value {
    json!({"type": "offer", "sdp": sdp(&format!("offer-{name}"))})
}

/// An answer: `answer-…`.
pub fn answer(name: &str) -> Value {
    json!({"type": "answer", "sdp": sdp(&format!("answer-{name}"))})
}

/// A candidate from this port.
pub fn candidate(port: u16) -> Value {
    json!({"candidate": format!("candidate:1 1 udp 2122260223 192.0.2.1 {port} typ host"), "sdpMid": "0", "sdpMLineIndex": 0})
}

/// A token of a session.
pub fn token(session: &str, role: &str) -> String {
    mint(&[("crosspoint.session", session), ("crosspoint.role", role)], Grant::default())
}

pub fn mint(attributes: &[(&str, &str)], grant: Grant) -> String {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (key, expires) = (DEV_KEY.to_owned(), unix_now() + 600);
    let bearer = Bearer { key, attributes, grant, expires, ..Bearer::default() };
    Keys::dev().mint(&bearer, unix_now()).expect("a token")
}
