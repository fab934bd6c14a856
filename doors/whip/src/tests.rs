//! The doors against a media plane that only pretends.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode};
use crosspoint_auth::{Attempts, DEV_KEY, Keys, unix_now};
use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::IceServer;
use crosspoint_model::{Grant, LegKey};
use crosspoint_rooms::fake::{FakeMedia, offer};
use crosspoint_rooms::{Follow, Options, Rooms};
use crosspoint_worker::engine::{Fact, LegEnd, Order};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::{Whip, router};

const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
const NEW_CREDENTIALS: &str = "a=ice-ufrag:new\r\na=ice-pwd:0123456789012345678901\r\n";

#[tokio::test]
async fn an_offer_is_answered_with_201_and_all_that_the_rfc_asks_for() {
    let house = House::new();
    let response = house.publish("standup").await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(response.header("content-type"), SDP);
    assert!(response.header("location").starts_with("/whip/standup/"), "{}", response.header("location"));
    assert!(response.header("etag").starts_with('"') && response.header("etag").ends_with('"'));
    assert_eq!(response.header("link"), "<stun:stun.example.org>; rel=\"ice-server\"");
    assert_eq!(response.header("accept-patch"), FRAGMENT);
    assert!(response.text.starts_with("v=0"));
    assert_eq!(house.rooms.totals().participants, 1);
}

#[tokio::test]
async fn every_post_is_a_participant_of_its_own() {
    let house = House::new();
    let (first, second) = (house.publish("standup").await, house.publish("standup").await);
    assert_ne!(first.header("location"), second.header("location"));
    assert_eq!(house.rooms.totals().participants, 2);
}

#[tokio::test]
async fn a_viewer_follows_who_speaks_or_whom_it_names() {
    let house = House::new();
    let too_early = house.send(house.post("/whep/standup", &viewing())).await;
    assert_eq!(too_early.problem(), (404, "room-not-found".into()));
    house.publish("standup").await;
    for (query, expected) in [("", 201), ("?participant=ann&source=camera", 201), ("?source=camera", 400)] {
        let request = house.post(&format!("/whep/standup{query}"), &viewing());
        assert_eq!(house.send(request).await.status(), expected, "{query}");
    }
    let follows: Vec<_> = house.media.arrivals().into_iter().filter_map(|(_, leg)| leg.profile.follows).collect();
    assert!(
        matches!(&follows[..], [Follow::Dominant, Follow::Participant { identity, .. }] if identity.as_str() == "ann")
    );
    assert_eq!(house.rooms.totals().viewers, 2);
}

#[tokio::test]
async fn delete_ends_the_session_and_its_url() {
    let house = House::new();
    let session = house.publish("standup").await.header("location").to_owned();
    let stranger = house.token("bob", &Grant::join("standup"));
    assert_eq!(house.delete(&session, &stranger).await.problem(), (403, "forbidden".into()));
    let another_room = session.replace("standup", "other");
    assert_eq!(house.delete(&another_room, &house.ann).await.status(), 404);

    assert_eq!(house.delete(&session, &house.ann).await.status(), 200);
    assert_eq!(house.delete(&session, &house.ann).await.problem(), (404, "session-not-found".into()));
    house.until(|| house.rooms.totals().participants == 0).await;
}

#[tokio::test]
async fn the_url_ends_with_the_media() {
    let house = House::new();
    let session = house.publish("standup").await.header("location").to_owned();
    let leg: LegKey = house.media.leg_of("ann").expect("a leg");
    house.media.say(Fact::Ended { leg, end: LegEnd::Closed });
    house.until(|| house.rooms.totals().participants == 0).await;
    assert_eq!(house.delete(&session, &house.ann).await.status(), 404);
}

#[tokio::test]
async fn a_candidate_is_trickled_only_into_the_current_ice_session() {
    let house = House::new();
    let created = house.publish("standup").await;
    let (session, tag) = (created.header("location"), created.header("etag"));
    let candidate = "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n";
    assert_eq!(house.patch(session, None, FRAGMENT, candidate).await.problem(), (428, "precondition-required".into()));
    assert_eq!(house.patch(session, Some("\"old\""), FRAGMENT, candidate).await.problem().0, 412);
    assert_eq!(house.patch(session, Some(tag), SDP, candidate).await.problem().0, 415);
    assert_eq!(house.patch(session, Some(tag), FRAGMENT, "nonsense").await.problem().0, 400);
    assert_eq!(house.patch(session, Some(tag), FRAGMENT, NEW_CREDENTIALS).await.problem().0, 400);
    assert_eq!(house.patch(session, Some(tag), FRAGMENT, candidate).await.status(), 204);
    let is_it =
        |order: &Order| matches!(order, Order::AddCandidate { candidate, .. } if candidate.starts_with("1 1 udp"));
    assert!(house.media.was_told(is_it));
}

#[tokio::test]
async fn an_ice_restart_gives_new_credentials_and_a_new_tag() {
    let house = House::new();
    let created = house.publish("standup").await;
    let (session, tag) = (created.header("location"), created.header("etag"));
    assert_eq!(house.patch(session, Some("*"), FRAGMENT, "").await.problem().0, 400);
    let restarted = house.patch(session, Some("*"), FRAGMENT, NEW_CREDENTIALS).await;
    assert_eq!(restarted.status(), 200, "{}", restarted.text);
    assert_eq!(restarted.header("content-type"), FRAGMENT);
    assert!(restarted.text.contains("a=ice-ufrag:"));
    assert_ne!(restarted.header("etag"), tag);
    assert_eq!(house.patch(session, Some(tag), FRAGMENT, "").await.problem().0, 412);
    assert_eq!(house.patch(session, Some(restarted.header("etag")), FRAGMENT, NEW_CREDENTIALS).await.status(), 204);
}

#[tokio::test]
async fn a_player_that_cannot_set_headers_puts_the_token_into_the_url() {
    let house = House::new();
    let request = Request::post(format!("/whip/standup?token={}", house.ann)).header("content-type", SDP);
    let created = house.send(request.body(publishing().into()).expect("a request")).await;
    assert_eq!(created.status(), 201);
    let end = Request::delete(created.header("location")).body(Body::empty()).expect("a request");
    assert_eq!(house.send(end).await.status(), 200);
}

#[tokio::test]
async fn what_is_not_allowed_is_refused_with_problem_details() {
    let house = House::new();
    let whip = |token: &str, kind: &str, body: &str| {
        let request = Request::post("/whip/standup").header("content-type", kind);
        request.header("authorization", format!("Bearer {token}")).body(body.to_owned().into()).expect("a request")
    };
    let listener = house.token("eve", &Grant { can_publish: Some(false), ..Grant::join("standup") });
    let elsewhere = house.token("eve", &Grant::join("other"));
    for (request, status, code) in [
        (whip("nonsense", SDP, &publishing()), 401, "unauthorized"),
        (whip(&elsewhere, SDP, &publishing()), 403, "forbidden"),
        (whip(&listener, SDP, &publishing()), 403, "forbidden"),
        (whip(&house.ann, "application/json", &publishing()), 415, "unsupported-media-type"),
        (whip(&house.ann, SDP, "hello"), 422, "invalid-sdp"),
        (whip(&house.ann, SDP, ""), 422, "invalid-sdp"),
        (whip(&house.ann, SDP, &"x".repeat(200 * 1024)), 413, "message-too-large"),
    ] {
        let response = house.send(request).await;
        assert_eq!(response.problem(), (status, code.into()), "{}", response.text);
        assert_eq!(response.header("content-type"), "application/problem+json");
    }
    let without = Request::post("/whip/standup").header("content-type", SDP).body(publishing().into());
    let refused = house.send(without.expect("a request")).await;
    assert_eq!((refused.status(), refused.header("www-authenticate")), (StatusCode::UNAUTHORIZED, "Bearer"));
    assert_eq!(house.rooms.totals().participants, 0);
}

#[tokio::test]
async fn other_methods_are_answered_with_405_and_options_with_what_is_possible() {
    let house = House::new();
    for path in ["/whip/standup", "/whep/standup", "/whip/standup/x"] {
        for method in [Method::GET, Method::HEAD, Method::PUT] {
            let request = Request::builder().method(method.clone()).uri(path).body(Body::empty()).expect("a request");
            let response = house.send(request).await;
            assert_eq!(response.status(), 405, "{method} {path}");
            assert!(response.header("allow").contains("OPTIONS"));
        }
    }
    let options = |path: &str| Request::options(path).body(Body::empty()).expect("a request");
    assert_eq!(house.send(options("/whip/standup")).await.header("accept-post"), SDP);
    assert_eq!(house.send(options("/whep/standup/x")).await.header("accept-patch"), FRAGMENT);
}

#[tokio::test]
async fn a_server_that_goes_down_says_when_to_come_again() {
    let house = House::new();
    house.rooms.drain(Duration::ZERO).await;
    let refused = house.publish("standup").await;
    assert_eq!(refused.problem(), (503, "draining".into()));
    assert!(!refused.header("retry-after").is_empty());
}

struct House {
    door: Router,
    rooms: Rooms,
    media: Arc<FakeMedia>,
    ann: String,
}

impl House {
    fn new() -> Self {
        let (media, facts) = FakeMedia::new(1);
        let stun = IceServer { urls: vec!["stun:stun.example.org".into()], username: None, credential: None };
        let rooms =
            Rooms::new(media.clone(), facts, Options { ice_servers: Arc::new(vec![stun]), ..Options::default() });
        let whip = Whip { rooms: rooms.clone(), keys: Keys::dev(), attempts: Arc::new(Attempts::new(1000)) };
        let ann = mint("ann", &Grant::join("standup"));
        Self { door: router(whip), rooms, media, ann }
    }

    fn token(&self, identity: &str, grant: &Grant) -> String {
        mint(identity, grant)
    }

    fn post(&self, path: &str, offer: &str) -> Request<Body> {
        let request = Request::post(path).header("content-type", "application/sdp; charset=utf-8");
        let request = request.header("authorization", format!("Bearer {}", self.ann));
        request.body(offer.to_owned().into()).expect("a request")
    }

    async fn publish(&self, room: &str) -> Seen {
        self.send(self.post(&format!("/whip/{room}"), &publishing())).await
    }

    async fn delete(&self, session: &str, token: &str) -> Seen {
        let request = Request::delete(session).header("authorization", format!("Bearer {token}"));
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    async fn patch(&self, session: &str, if_match: Option<&str>, kind: &str, body: &str) -> Seen {
        let mut request = Request::patch(session).header("content-type", kind);
        request = request.header("authorization", format!("Bearer {}", self.ann));
        if let Some(tag) = if_match {
            request = request.header("if-match", tag);
        }
        self.send(request.body(body.to_owned().into()).expect("a request")).await
    }

    async fn send(&self, request: Request<Body>) -> Seen {
        let response = self.door.clone().oneshot(request).await.expect("an answer");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a body").to_bytes();
        Seen { text: String::from_utf8_lossy(&bytes).into_owned(), parts: Response::from_parts(parts, ()) }
    }

    /// Waits until something is so.
    async fn until(&self, is_so: impl Fn() -> bool) {
        let wait = async {
            while !is_so() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(5), wait).await.expect("it did not come about");
    }
}

struct Seen {
    parts: Response<()>,
    text: String,
}

impl Seen {
    fn status(&self) -> StatusCode {
        self.parts.status()
    }

    fn header(&self, name: &str) -> &str {
        self.parts.headers().get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn problem(&self) -> (u16, String) {
        let problem: Value = serde_json::from_str(&self.text).unwrap_or_default();
        (self.status().as_u16(), problem["code"].as_str().unwrap_or_default().to_owned())
    }
}

fn mint(identity: &str, grant: &Grant) -> String {
    let expires = unix_now() + 600;
    let bearer =
        Bearer { key: DEV_KEY.into(), identity: identity.into(), grant: grant.clone(), expires, ..Bearer::default() };
    Keys::dev().mint(&bearer, unix_now()).expect("a token")
}

fn publishing() -> String {
    offer("one", &[("0", "audio", "sendonly"), ("1", "video", "sendonly")])
}

fn viewing() -> String {
    offer("two", &[("0", "audio", "recvonly"), ("1", "video", "recvonly")])
}
