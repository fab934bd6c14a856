//! A server without sockets, and how it is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use crosspoint_auth::{Attempts, DEV_KEY, Keys};
use crosspoint_carrier::{Account, Addresses, Carriers, Provider};
use crosspoint_config::Network;
use crosspoint_model::Secret;
use crosspoint_model::show::ShowRole;
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::{Options, Rooms};
use crosspoint_store::Store;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::archive::Archive;
use crate::http::{HttpDeps, router};
use crate::{Deps, Shows};

pub const KEY: &str = "an admin key of some length";

pub struct House {
    pub door: Router,
    pub shows: Shows,
}

impl House {
    /// With a show `morning`.
    pub async fn new() -> Self {
        let house = Self::empty(30).await;
        assert_eq!(house.post("/api/shows", &json!({ "showId": "morning", "title": "Morning" })).await.status, 201);
        house
    }

    /// Without a show; every address may fail so often in a minute.
    pub async fn empty(attempts: u32) -> Self {
        // Whoever comes second finds it done.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let (media, facts) = FakeMedia::new(1);
        let archive = Archive::open(Store::in_memory().expect("a store")).await.expect("an archive");
        let addresses = Addresses::new("https://show.example").expect("an address");
        let account = Account::new(Provider::Twilio, "AC1", Secret::new("a token"));
        let carriers = Carriers::new(vec![account], addresses);
        let deps = Deps {
            rooms: Rooms::new(media, facts, Options::default()),
            archive,
            carriers: carriers.clone(),
            player: None,
            keys: Keys::dev(),
            key: DEV_KEY.into(),
            token_lifetime: Duration::from_secs(600),
            public_url: Some("https://show.example".into()),
        };
        let shows = Shows::start(deps).await.expect("shows");
        let deps = HttpDeps {
            shows: shows.clone(),
            carriers,
            keys: Keys::dev(),
            attempts: Arc::new(Attempts::new(attempts)),
            admin_key: Some(Secret::new(KEY)),
            admin_addresses: vec![Network::parse("10.0.0.0/8").expect("a range")],
            public_host: Some("show.example".into()),
        };
        Self { door: router(deps), shows }
    }

    /// The token of an invitation.
    pub fn invite(&self, role: ShowRole) -> String {
        self.shows.invite("morning", role).expect("an invitation")
    }

    /// The token of a new seat, and the guest's call.
    pub async fn seat(&self, role: ShowRole) -> (String, String) {
        let asked = json!({ "name": "Ann", "topic": "the weather" });
        let seat = self.with(&self.invite(role), "POST", "/api/shows/morning/seats", Some(&asked)).await;
        assert_eq!(seat.status, 201, "{}", seat.text);
        let text = |name: &str| seat.json[name].as_str().unwrap_or_default().to_owned();
        (text("token"), text("callId"))
    }

    pub async fn get(&self, path: &str) -> Seen {
        self.with(KEY, "GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Seen {
        self.with(KEY, "POST", path, Some(body)).await
    }

    /// With this key or token.
    pub async fn with(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Seen {
        self.send("192.0.2.7", method, path, body, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// From this address.
    pub async fn send(
        &self,
        peer: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Seen {
        let json = ("content-type", "application/json");
        let headers: Vec<_> = headers.iter().copied().chain(body.map(|_| json)).collect();
        let body = body.map_or_else(String::new, Value::to_string);
        self.run(request(peer, method, path, body, &headers)).await
    }

    pub async fn run(&self, request: Request<Body>) -> Seen {
        let (parts, body) = self.door.clone().oneshot(request).await.expect("an answer").into_parts();
        let text = String::from_utf8_lossy(&body.collect().await.expect("a body").to_bytes()).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Seen { status: parts.status.as_u16(), headers: parts.headers, json, text }
    }
}

pub fn request(peer: &str, method: &str, path: &str, body: String, headers: &[(&str, &str)]) -> Request<Body> {
    let peer: SocketAddr = format!("{peer}:1").parse().expect("an address");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.extension(ConnectInfo(peer)).body(Body::from(body)).expect("a request")
}

/// An answer.
pub struct Seen {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
    pub text: String,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    pub fn problem(&self) -> (u16, &str) {
        (self.status, self.json["code"].as_str().unwrap_or_default())
    }
}
