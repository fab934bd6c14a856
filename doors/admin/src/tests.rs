//! The door against a media plane that only pretends.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request};
use crosspoint_auth::{Attempts, DEV_KEY, Keys, unix_now};
use crosspoint_config::Network;
use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::Join;
use crosspoint_model::{Bus, Code, Grant, Refusal, RoomId, Secret};
use crosspoint_rooms::fake::FakeMedia;
use crosspoint_rooms::{JoinRequest, Options, Outgoing, PlayRequest, Player, Playing, Rooms, Session};
use crosspoint_telemetry::Metrics;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Admin, router};

const KEY: &str = "an admin key of some length";

#[tokio::test]
async fn a_room_is_made_shown_changed_and_closed() {
    let house = House::new();
    let made =
        house.post("/api/rooms", &json!({ "roomId": "a/b", "metadata": "m", "limits": { "participants": 2 } })).await;
    assert_eq!((made.status, made.header("location")), (201, "/api/rooms/a%2Fb"));
    assert_eq!(house.post("/api/rooms", &json!({ "roomId": "a/b" })).await.problem(), (409, "room-exists".into()));

    assert_eq!(house.get("/api/rooms").await.json[0]["roomId"], "a/b");
    let changed = house.call("PATCH", "/api/rooms/a%2Fb", Some(&json!({ "locked": true }))).await;
    assert_eq!((changed.status, &changed.json["locked"]), (200, &json!(true)));
    let shown = house.get("/api/rooms/a%2Fb").await;
    assert_eq!((&shown.json["metadata"], &shown.json["limits"]["participants"]), (&json!("m"), &json!(2)));

    assert_eq!(house.call("DELETE", "/api/rooms/a%2Fb?reason=over", None).await.status, 204);
    assert_eq!(house.get("/api/rooms/a%2Fb").await.problem(), (404, "room-not-found".into()));
}

#[tokio::test]
async fn participants_are_shown_and_kicked_with_a_reason() {
    let house = House::new();
    let ann = house.join("standup", "ann").await;
    let listed = house.get("/api/rooms/standup/participants").await;
    assert_eq!((listed.json.as_array().map(Vec::len), &listed.json[0]["userId"]), (Some(1), &json!("ann")));
    assert_eq!(house.get("/api/rooms/standup/participants/ann").await.json["connected"], true);
    assert_eq!(house.get("/api/rooms/standup/participants/bob").await.problem(), (404, "participant-not-found".into()));

    assert_eq!(house.call("DELETE", "/api/rooms/standup/participants/ann?reason=rude", None).await.status, 204);
    let kicked = hear(&ann, "kicked").await;
    assert_eq!(kicked["reason"], "rude");
}

#[tokio::test]
async fn muting_holding_and_moving_reach_the_rooms() {
    let house = House::new();
    let ann = house.join("standup", "ann").await;
    let path = |what: &str| format!("/api/rooms/standup/participants/ann/{what}");
    assert_eq!(house.post(&path("mute"), &json!({ "muted": true })).await.status, 204);
    assert_eq!(house.post(&path("hold"), &json!({ "held": true, "source": "microphone" })).await.status, 204);
    assert_eq!(house.post(&path("mute"), &json!({ "muted": true, "loud": 1 })).await.problem().0, 400);
    assert_eq!(house.post(&path("move"), &json!({ "to": "other" })).await.status, 204);
    assert_eq!(hear(&ann, "moved").await["roomId"], "other");
}

#[tokio::test]
async fn a_room_that_mixes_is_made_and_changed() {
    let house = House::new();
    let made = house.post("/api/rooms", &json!({ "roomId": "r", "kind": "mix", "mix": { "stereo": true } })).await;
    assert_eq!(
        (made.status, &made.json["mix"]["stereo"], &made.json["mix"]["bitrate"]),
        (201, &json!(true), &json!(48_000))
    );
    let changed = house.call("PATCH", "/api/rooms/r", Some(&json!({ "mix": { "complexity": 9 } }))).await;
    assert_eq!((&changed.json["mix"]["complexity"], &changed.json["mix"]["stereo"]), (&json!(9), &json!(false)));
    let bad = house.call("PATCH", "/api/rooms/r", Some(&json!({ "mix": { "ducking": 99 } }))).await;
    assert_eq!(bad.problem(), (400, "invalid-request".into()));
    assert!(bad.json["detail"].as_str().is_some_and(|detail| detail.contains("ducking must be")), "{}", bad.json);
    let unknown = house.call("PATCH", "/api/rooms/r", Some(&json!({ "mix": { "colour": 1 } }))).await;
    assert_eq!(unknown.problem(), (400, "invalid-request".into()));
    assert_eq!(house.get("/api/rooms/r").await.json["mix"]["complexity"], 9);
    assert_eq!(house.get("/api/rooms/r/levels").await.json, json!([]));
    assert_eq!(house.get("/api/rooms/none/levels").await.problem(), (404, "room-not-found".into()));
}

#[tokio::test]
async fn a_voice_is_set_whole_and_changed_in_parts() {
    let house = House::new();
    house.post("/api/rooms", &json!({ "roomId": "r", "kind": "mix" })).await;
    let ann = house.join("r", "ann").await;
    let path = "/api/rooms/r/participants/ann/voice";
    assert_eq!(house.get(path).await.json["gain"], 0.0);
    let set = house.call("PUT", path, Some(&json!({ "gain": -3, "noiseGate": -50 }))).await;
    assert_eq!((set.status, &set.json["gain"], &set.json["noiseGate"]), (200, &json!(-3.0), &json!(-50.0)));
    assert_eq!(hear(&ann, "voice").await["userId"], "ann");
    let changed = house.call("PATCH", path, Some(&json!({ "highPass": true, "noiseGate": null }))).await;
    let expected = (json!(-3.0), json!(true), json!(null));
    assert_eq!(
        (&changed.json["gain"], &changed.json["highPass"], &changed.json["noiseGate"]),
        (&expected.0, &expected.1, &expected.2)
    );
    let whole = house.call("PUT", path, Some(&json!({ "ducks": true }))).await;
    assert_eq!((&whole.json["highPass"], &whole.json["ducks"]), (&json!(false), &json!(true)));
    for wrong in [json!({ "gain": 99 }), json!({ "gain": "loud" }), json!({ "colour": "red" })] {
        assert_eq!(house.call("PATCH", path, Some(&wrong)).await.problem(), (400, "invalid-request".into()), "{wrong}");
    }
    let nobody = house.get("/api/rooms/r/participants/bob/voice").await;
    assert_eq!(nobody.problem(), (404, "participant-not-found".into()));
    assert_eq!(house.get("/api/rooms/r/participants/ann").await.json["voice"]["ducks"], true);
}

#[tokio::test]
async fn who_hears_what_and_who_talks_to_whom_is_set() {
    let house = House::new();
    house.post("/api/rooms", &json!({ "roomId": "r", "kind": "mix" })).await;
    let (ann, _bob) = (house.join("r", "ann").await, house.join("r", "bob").await);
    let path = |what: &str| format!("/api/rooms/r/participants/ann/{what}");
    assert_eq!(house.post(&path("listen"), &json!({ "hears": "hold" })).await.status, 204);
    assert_eq!(hear(&ann, "listening").await["hears"], "hold");
    assert_eq!(house.post(&path("listen"), &json!({ "hears": "mix", "preFade": "bob" })).await.status, 204);
    assert_eq!(house.post("/api/rooms/r/participants/bob/talk", &json!({ "to": "ann" })).await.status, 204);
    assert_eq!(hear(&ann, "talkback").await["from"], "bob");
    let shown = house.get("/api/rooms/r/participants").await.json;
    assert_eq!((&shown[0]["listening"]["hears"], &shown[0]["listening"]["preFade"]), (&json!("mix"), &json!("bob")));
    assert_eq!(shown[1]["talksTo"], "ann");
    assert_eq!(house.post("/api/rooms/r/participants/bob/talk", &json!({ "to": null })).await.status, 204);
    assert_eq!(house.post(&path("listen"), &json!({ "hears": "radio" })).await.problem().0, 400);
    assert_eq!(
        house.post(&path("talk"), &json!({ "to": "eve" })).await.problem(),
        (404, "participant-not-found".into())
    );
    let guest = format!("Bearer {}", token(&Grant::join("r")));
    let refused = house.send("POST", &path("talk"), Some(&json!({ "to": "bob" })), &[("authorization", &guest)]).await;
    assert_eq!(refused.problem(), (403, "forbidden".into()));
}

#[tokio::test]
async fn files_are_played_by_whoever_can() {
    let wanted = json!({ "file": "a.wav", "bus": "hold", "loop": true });
    let none = House::new();
    assert_eq!(none.post("/api/rooms/a%20b/play", &wanted).await.problem(), (501, "player-unavailable".into()));
    let house = House::with(|admin| admin.player = Some(Arc::new(OneFile)));
    let begun = house.post("/api/rooms/a%20b/play", &wanted).await;
    assert_eq!((begun.status, begun.header("location")), (201, "/api/rooms/a%20b/play/7"));
    assert_eq!((&begun.json["loop"], &begun.json["bus"]), (&json!(true), &json!("hold")));
    assert_eq!(house.get("/api/rooms/a%20b/play/7").await.json["position"], 1.5);
    assert_eq!(house.call("DELETE", "/api/rooms/a%20b/play/7", None).await.status, 204);
    assert_eq!(house.get("/api/rooms/a%20b/play/8").await.problem(), (404, "not-found".into()));
    assert_eq!(house.post("/api/rooms/a%20b/play", &json!({ "file": "a.wav", "bus": "b" })).await.problem().0, 400);
    assert_eq!(house.send("POST", "/api/rooms/a%20b/play", Some(&wanted), &[]).await.problem().0, 401);
}

/// Plays whatever it is told, under the id 7.
struct OneFile;

impl Player for OneFile {
    fn play(&self, _: &RoomId, wanted: PlayRequest) -> Result<Playing, Refusal> {
        let PlayRequest { file, bus, repeats, gain } = wanted;
        Ok(Playing { id: "7".into(), file, bus, repeats, gain, position: 1.5, duration: 3.0 })
    }

    fn playing(&self, room: &RoomId, id: &str) -> Result<Playing, Refusal> {
        if id != "7" {
            return Err(Refusal::new(Code::NotFound, "not played"));
        }
        self.play(room, PlayRequest { file: "a.wav".into(), bus: Bus::Hold, repeats: true, gain: 0.0 })
    }

    fn stop(&self, room: &RoomId, id: &str) -> Result<(), Refusal> {
        self.playing(room, id).map(|_| ())
    }
}

#[tokio::test]
async fn strangers_learn_nothing() {
    let house = House::new();
    for path in ["/api/rooms", "/api/rooms/x", "/api/rooms/x/tracks", "/api/stats", "/metrics"] {
        let refused = house.send("GET", path, None, &[]).await;
        assert_eq!(refused.problem(), (401, "unauthorized".into()), "{path}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    for path in ["/healthz", "/readyz", "/api/openapi.json"] {
        assert_eq!(house.send("GET", path, None, &[]).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_token_may_do_what_its_grant_says() {
    let house = House::new();
    house.post("/api/rooms", &json!({ "roomId": "standup" })).await;
    let moderator = token(&Grant { room_admin: true, ..Grant::join("standup") });
    let lister = token(&Grant { room_list: true, ..Grant::default() });
    let guest = token(&Grant::join("standup"));
    for (token, path, status) in [
        (&moderator, "/api/rooms/standup", 200),
        (&moderator, "/api/rooms/other", 403),
        (&moderator, "/api/rooms", 403),
        (&lister, "/api/rooms", 200),
        (&lister, "/metrics", 200),
        (&lister, "/api/rooms/standup", 403),
        (&guest, "/api/rooms/standup", 403),
    ] {
        let bearer = format!("Bearer {token}");
        assert_eq!(house.send("GET", path, None, &[("authorization", &bearer)]).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_listed_address_needs_no_key_but_a_name_that_is_surely_ours() {
    let house = House::new();
    let from = |address: &'static str, host: &'static str| {
        let house = &house;
        async move { house.from(address, "GET", "/api/stats", None, &[("host", host)]).await.status }
    };
    assert_eq!(from("10.1.2.3:1", "192.0.2.1:8080").await, 200);
    assert_eq!(from("10.1.2.3:1", "meet.example.org").await, 200);
    assert_eq!(from("10.1.2.3:1", "evil.example.net").await, 403);
    assert_eq!(from("11.1.2.3:1", "192.0.2.1:8080").await, 401);
}

#[tokio::test]
async fn who_guesses_keys_is_told_to_wait() {
    let house = House::new();
    let mut last = 0;
    for _ in 0..40 {
        last = house.send("GET", "/api/rooms", None, &[("authorization", "Bearer guess")]).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(house.get("/api/rooms").await.status, 200);
}

#[tokio::test]
async fn tokens_are_handed_out_in_dev_only_and_not_to_other_names() {
    let wanted = json!({ "room": "standup", "identity": "ann", "canPublish": false });
    let house = House::with(|admin| admin.dev_tokens = true);
    let minted = house.send("POST", "/api/token", Some(&wanted), &[("host", "localhost:8080")]).await;
    let token = minted.json["token"].as_str().expect("a token");
    let bearer = Keys::dev().verify(token, unix_now()).expect("a bearer");
    assert_eq!((bearer.identity.as_str(), bearer.grant.can_publish), ("ann", Some(false)));
    let elsewhere = house.send("POST", "/api/token", Some(&wanted), &[("host", "evil.example.net")]).await;
    assert_eq!(elsewhere.problem(), (403, "forbidden".into()));
    let house = House::new();
    assert_eq!(house.send("POST", "/api/token", Some(&wanted), &[]).await.problem(), (403, "forbidden".into()));
}

#[tokio::test]
async fn an_operator_gets_an_invite_link_with_the_token_in_its_fragment() {
    let house = House::new();
    let made = house.post("/api/token", &json!({ "room": "a b", "canPublish": false, "ttl": 604_800 })).await;
    assert_eq!((made.status, made.header("cache-control")), (200, "no-store"));
    let token = made.json["token"].as_str().expect("a token");
    assert_eq!(made.json["link"], format!("https://meet.example.org/room/a%20b#token={token}"));
    let bearer = Keys::dev().verify(token, unix_now()).expect("a bearer");
    assert!(bearer.grant.may_join("a b") && !bearer.grant.may_join("other") && !bearer.grant.room_admin);
    assert_eq!(
        (bearer.grant.can_publish, bearer.expires),
        (Some(false), made.json["expires"].as_u64().expect("a time"))
    );
    assert!(bearer.expires.abs_diff(unix_now() + 604_800) < 5);
    let other = house.post("/api/token", &json!({ "room": "a b" })).await;
    assert_ne!(made.json["identity"], other.json["identity"], "two guests would put each other out");
}

#[tokio::test]
async fn a_host_invites_into_its_own_room_with_no_more_than_it_has() {
    let house = House::new();
    let host = token(&Grant { room_admin: true, can_subscribe: Some(false), ..Grant::join("standup") });
    let ask = |token: &str, wanted: Value| {
        let (house, bearer) = (&house, format!("Bearer {token}"));
        async move { house.send("POST", "/api/token", Some(&wanted), &[("authorization", &bearer)]).await }
    };
    let made = ask(&host, json!({ "room": "standup", "ttl": 604_800 })).await;
    let bearer = Keys::dev().verify(made.json["token"].as_str().expect("a token"), unix_now()).expect("a bearer");
    assert!(bearer.expires <= unix_now() + 600, "it ends with the host's own");
    assert_eq!(bearer.grant.can_subscribe, Some(false));
    for wanted in [json!({ "room": "standup", "record": true }), json!({ "room": "standup", "hidden": true })] {
        assert_eq!(ask(&host, wanted).await.problem(), (403, "forbidden".into()));
    }
    assert_eq!(ask(&host, json!({ "room": "other" })).await.problem(), (403, "forbidden".into()));
    let guest = token(&Grant::join("standup"));
    assert_eq!(ask(&guest, json!({ "room": "standup" })).await.problem(), (403, "forbidden".into()));
    assert_eq!(ask("guess", json!({ "room": "standup" })).await.problem(), (401, "unauthorized".into()));
}

#[tokio::test]
async fn strangers_who_ask_for_tokens_in_vain_may_still_log_in() {
    let house = House::new();
    for _ in 0..40 {
        house.send("POST", "/api/token", Some(&json!({ "room": "standup" })), &[]).await;
    }
    let refused = house.send("GET", "/api/rooms", None, &[("authorization", "Bearer typo")]).await;
    assert_eq!(refused.status, 401);
}

#[tokio::test]
async fn a_body_that_is_not_understood_is_told_why() {
    let house = House::new();
    let key = format!("Bearer {KEY}");
    let request = Request::post("/api/rooms").header("authorization", &key).body(Body::from("{}"));
    assert_eq!(house.run(request.expect("a request")).await.problem(), (415, "unsupported-media-type".into()));
    let unknown = house.post("/api/rooms", &json!({ "roomId": "a", "colour": "red" })).await;
    assert_eq!(unknown.problem(), (400, "invalid-request".into()));
    assert!(unknown.json["detail"].as_str().is_some_and(|detail| detail.contains("colour")), "{}", unknown.json);
    let large = json!({ "roomId": "a", "metadata": "x".repeat(300_000) });
    assert_eq!(house.post("/api/rooms", &large).await.problem(), (413, "message-too-large".into()));
}

#[tokio::test]
async fn metrics_and_statistics_count_rooms() {
    let house = House::new();
    let _ann = house.join("standup", "ann").await;
    let stats = house.get("/api/stats").await.json;
    assert_eq!((&stats["rooms"], &stats["participants"], &stats["draining"]), (&json!(1), &json!(1), &json!(false)));
    assert_eq!(stats["workers"].as_array().map(Vec::len), Some(1));
    let metrics = house.get("/metrics").await.text;
    for line in [
        "crosspoint_participants 1",
        "crosspoint_room_participants{room=\"standup\"} 1",
        "crosspoint_joins_total 1",
        "crosspoint_worker_packets_received_total{worker=\"0\"} 10",
        "crosspoint_worker_packets_dropped_total{worker=\"0\",why=\"forged\"} 2",
    ] {
        assert!(metrics.lines().any(|found| found.starts_with(line)), "{line} is not in\n{metrics}");
    }
}

#[tokio::test]
async fn a_server_that_goes_down_is_healthy_but_not_ready() {
    let house = House::new();
    house.rooms.drain(Duration::ZERO).await;
    assert_eq!(house.get("/readyz").await.status, 503);
    assert_eq!(house.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn the_description_names_every_path() {
    let description = House::new().get("/api/openapi.json").await.json;
    for path in [
        "/api/rooms",
        "/api/rooms/{room}/participants/{identity}/move",
        "/api/rooms/{room}/participants/{identity}/voice",
        "/api/rooms/{room}/participants/{identity}/listen",
        "/api/rooms/{room}/participants/{identity}/talk",
        "/api/rooms/{room}/levels",
        "/api/rooms/{room}/play",
        "/api/rooms/{room}/play/{id}",
        "/api/stats",
    ] {
        assert!(description["paths"][path].is_object(), "{path}");
    }
    assert!(description["components"]["schemas"]["Problem"].is_object());
}

struct House {
    door: Router,
    rooms: Rooms,
}

impl House {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Admin)) -> Self {
        let (media, facts) = FakeMedia::new(1);
        let rooms = Rooms::new(media, facts, Options::default());
        let mut admin = Admin {
            rooms: rooms.clone(),
            keys: Keys::dev(),
            metrics: Metrics::new(),
            attempts: Arc::new(Attempts::new(30)),
            key: Some(Secret::new(KEY)),
            addresses: vec![Network::parse("10.0.0.0/8").expect("a range")],
            public_host: Some("meet.example.org".into()),
            public_url: Some("https://meet.example.org".into()),
            token_lifetime: Duration::from_secs(60),
            player: None,
            dev_tokens: false,
        };
        change(&mut admin);
        Self { door: router(admin), rooms }
    }

    async fn join(&self, room: &str, identity: &str) -> Session {
        let bearer = Bearer {
            identity: identity.into(),
            grant: Grant::join(room),
            expires: unix_now() + 600,
            ..Bearer::default()
        };
        let join: Join = serde_json::from_value(json!({ "roomId": room })).expect("a join");
        let request = JoinRequest { bearer, join, request: None, address: None };
        self.rooms.join(request).await.expect("joined")
    }

    async fn get(&self, path: &str) -> Seen {
        self.call("GET", path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Seen {
        self.call("POST", path, Some(body)).await
    }

    /// With the admin key.
    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Seen {
        self.send(method, path, body, &[("authorization", &format!("Bearer {KEY}"))]).await
    }

    async fn send(&self, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Seen {
        self.from("192.0.2.7:1", method, path, body, headers).await
    }

    async fn from(&self, peer: &str, method: &str, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Seen {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let peer: SocketAddr = peer.parse().expect("an address");
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.run(request.extension(ConnectInfo(peer)).body(body).expect("a request")).await
    }

    async fn run(&self, request: Request<Body>) -> Seen {
        let (parts, body) = self.door.clone().oneshot(request).await.expect("an answer").into_parts();
        let text = String::from_utf8_lossy(&body.collect().await.expect("a body").to_bytes()).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        Seen { status: parts.status.as_u16(), headers: parts.headers, json, text }
    }
}

struct Seen {
    status: u16,
    headers: HeaderMap,
    json: Value,
    text: String,
}

impl Seen {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn problem(&self) -> (u16, String) {
        (self.status, self.json["code"].as_str().unwrap_or_default().to_owned())
    }
}

/// The next message of this type.
async fn hear(session: &Session, kind: &str) -> Value {
    let wait = async {
        loop {
            if let Outgoing::Text(text) = session.next().await {
                let message: Value = serde_json::from_str(&text).expect("json");
                if message["type"] == kind {
                    return message;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), wait).await.expect("it was not said")
}

fn token(grant: &Grant) -> String {
    let now = unix_now();
    let bearer = Bearer { key: DEV_KEY.into(), grant: grant.clone(), expires: now + 600, ..Bearer::default() };
    Keys::dev().mint(&bearer, now).expect("a token")
}
