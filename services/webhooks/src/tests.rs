//! The sender against a receiver on loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use crosspoint_auth::{DEV_KEY, Keys, unix_now};
use crosspoint_model::{RoomId, Secret};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::{CreateRoom, Options, RoomLimits, Rooms};
use crosspoint_telemetry::Metrics;
use serde_json::Value;

use crate::{Pace, Settings, Webhooks};

#[tokio::test]
async fn what_happens_is_told_in_order_and_signed() {
    let house = House::new(&[]).await;
    house.make_and_close("standup");
    house.webhooks.finish(Duration::from_secs(10)).await;
    let heard = house.heard.lock().expect("the list");
    let events: Vec<_> = heard.iter().map(|(_, body)| body["event"].as_str().unwrap_or_default()).collect();
    assert_eq!(events, ["room_started", "room_finished"]);
    for (headers, body) in heard.iter() {
        assert_eq!(headers["content-type"], "application/webhook+json");
        assert_eq!(body["room"]["name"], "standup");
    }
    assert_eq!(heard[1].1["reason"], "over");
    assert_ne!(heard[0].1["id"], heard[1].1["id"]);
    // The same key and the same second sign the same claims.
    let token = heard[0].0["authorization"].to_str().expect("text");
    assert!(Keys::dev().verify(token, unix_now()).is_ok());
    let other = Keys::new(BTreeMap::from([(DEV_KEY.to_owned(), Secret::new("another secret of enough characters"))]));
    assert!(other.verify(token, unix_now()).is_err());
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again() {
    let house = House::new(&[StatusCode::INTERNAL_SERVER_ERROR, StatusCode::TOO_MANY_REQUESTS]).await;
    house.make_and_close("standup");
    house.until_heard(4).await;
    let events = house.events();
    assert_eq!(events, ["room_started", "room_started", "room_started", "room_finished"]);
    house.webhooks.finish(Duration::from_secs(10)).await;
}

#[tokio::test]
async fn what_a_receiver_refuses_is_given_up_and_counted() {
    let house = House::new(&[StatusCode::BAD_REQUEST]).await;
    house.make_and_close("standup");
    house.until_heard(2).await;
    assert_eq!(house.events(), ["room_started", "room_finished"]);
    house.webhooks.finish(Duration::from_secs(10)).await;
    let figures = house.metrics.encode().expect("figures");
    assert!(figures.contains("crosspoint_webhooks_lost_total 1"), "{figures}");
    assert!(figures.contains("crosspoint_webhooks_delivered_total 1"), "{figures}");
}

type Heard = Arc<Mutex<Vec<(HeaderMap, Value)>>>;

#[derive(Clone)]
struct Receiver {
    heard: Heard,
    answers: Arc<Mutex<Vec<StatusCode>>>,
}

struct House {
    rooms: Rooms,
    webhooks: Webhooks,
    heard: Heard,
    metrics: Metrics,
}

impl House {
    /// A receiver that answers the first requests like this, and the later ones with 200.
    async fn new(answers: &[StatusCode]) -> Self {
        // Two tests may race for it; whoever comes second finds it done.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let heard = Heard::default();
        let answers = answers.iter().rev().copied().collect();
        let receiver = Receiver { heard: heard.clone(), answers: Arc::new(Mutex::new(answers)) };
        let (media, facts) = FakeMedia::new(1);
        let rooms = Rooms::new(media, facts, Options::default());
        let metrics = Metrics::new();
        let settings = Settings {
            urls: vec![format!("http://{}/hook", listen(receiver).await)],
            keys: Keys::dev(),
            key: DEV_KEY.into(),
            pace: Pace { pause: Duration::from_millis(10), ..Pace::default() },
        };
        let webhooks = Webhooks::start(&rooms, settings, &metrics).expect("a sender");
        Self { rooms, webhooks, heard, metrics }
    }

    fn make_and_close(&self, name: &str) {
        let wanted = CreateRoom {
            room_id: name.into(),
            kind: None,
            mix: None,
            metadata: String::new(),
            locked: false,
            pin: None,
            limits: RoomLimits::default(),
        };
        self.rooms.create(wanted).expect("a room");
        self.rooms.close(&RoomId::parse(name).expect("a name"), "over").expect("closed");
    }

    fn events(&self) -> Vec<String> {
        let heard = self.heard.lock().expect("the list");
        heard.iter().map(|(_, body)| body["event"].as_str().unwrap_or_default().to_owned()).collect()
    }

    async fn until_heard(&self, count: usize) {
        let wait = async {
            while self.heard.lock().expect("the list").len() < count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), wait).await.expect("they did not come");
    }
}

async fn listen(receiver: Receiver) -> SocketAddr {
    let hook = |State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes| async move {
        let body = serde_json::from_slice(&body).expect("json");
        receiver.heard.lock().expect("the list").push((headers, body));
        receiver.answers.lock().expect("the list").pop().unwrap_or(StatusCode::OK)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let router = Router::new().route("/hook", post(hook)).with_state(receiver);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}
