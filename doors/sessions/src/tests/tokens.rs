//! Who may do what.

use crosspoint_model::Grant;
use serde_json::json;

use super::house::{CLOSED, House, KEY, answer, candidate, mint, offer, path, request, token};

#[tokio::test]
async fn without_a_token_nothing_is_done_unless_the_door_is_open() {
    let house = House::new(CLOSED).await;
    for (method, path) in [
        ("GET", path("vm7", "offer")),
        ("GET", path("vm7", "events")),
        ("DELETE", "/api/webrtc/session/vm7".into()),
        ("GET", "/api/webrtc/ice-servers".into()),
        ("GET", "/api/webrtc/stats".into()),
    ] {
        let refused = house.send(request(method, &path, None, &[])).await;
        assert_eq!(refused.problem(), (401, "unauthorized".into()), "{method} {path}");
        assert_eq!(refused.header("www-authenticate"), "Bearer");
    }
    assert_eq!(house.post(&path("vm7", "offer"), offer("a")).await.problem(), (401, "unauthorized".into()));
    assert_eq!(
        house.with("nonsense", "GET", &path("vm7", "offer"), None).await.problem(),
        (401, "unauthorized".into())
    );
    let open = House::open().await;
    assert_eq!(
        open.with("nonsense", "GET", &path("vm7", "offer"), None).await.problem().0,
        401,
        "a token must be right"
    );
}

#[tokio::test]
async fn a_viewer_offers_and_an_agent_answers() {
    let house = House::new(CLOSED).await;
    let agent = token("vm7", "agent");
    assert_eq!(
        house.with(&agent, "POST", &path("vm7", "offer"), Some(offer("a"))).await.problem(),
        (403, "forbidden".into())
    );
    for (role, name) in [("viewer", "a"), ("controller", "b")] {
        let of_role = token("vm7", role);
        assert_eq!(house.with(&of_role, "POST", &path("vm7", "offer"), Some(offer(name))).await.status(), 201);
        let refused = house.with(&of_role, "POST", &path("vm7", "answer"), Some(answer(name))).await;
        assert_eq!(refused.problem(), (403, "forbidden".into()));
        let in_address = format!("{}?token={agent}", path("vm7", "answer"));
        assert_eq!(house.post(&in_address, answer(name)).await.status(), 201);
    }
    let as_viewer = format!("{}?role=viewer", path("vm7", "candidate"));
    assert_eq!(
        house.with(&agent, "POST", &as_viewer, Some(candidate(1))).await.json()["from"],
        "agent",
        "the token counts"
    );
    assert_eq!(house.with(&agent, "DELETE", "/api/webrtc/session/vm7", None).await.status(), 204);
}

#[tokio::test]
async fn a_token_of_another_session_or_of_none_is_forbidden() {
    let house = House::new(CLOSED).await;
    house.with(KEY, "POST", &path("vm7", "offer"), Some(offer("a"))).await;
    for stranger in [
        token("vm8", "viewer"),
        token("vm7", "host"),
        mint(&[("crosspoint.session", "vm7")], Grant::default()),
        mint(&[], Grant::join("standup")),
    ] {
        for (method, path, body) in [
            ("GET", path("vm7", "offer"), None),
            ("GET", path("vm7", "events"), None),
            ("POST", path("vm7", "offer"), Some(offer("b"))),
            ("POST", path("vm7", "candidate"), Some(candidate(1))),
            ("DELETE", "/api/webrtc/session/vm7".into(), None),
        ] {
            let refused = house.with(&stranger, method, &path, body).await;
            assert_eq!(refused.problem(), (403, "forbidden".into()), "{method} {path}");
        }
    }
    let refused = house.with(&token("vm8", "viewer"), "GET", &path("vm7", "offer"), None).await;
    assert!(refused.text.contains("another session, not for vm7"), "{}", refused.text);
    let open = House::open().await;
    let refused = open.with(&token("vm8", "viewer"), "GET", &path("vm7", "offer"), None).await;
    assert_eq!(refused.problem(), (403, "forbidden".into()), "where none is needed, another's is still wrong");
}

#[tokio::test]
async fn operators_do_everything_as_either_side() {
    let house = House::new(CLOSED).await;
    let with = async |method: &str, what: &str, body| house.with(KEY, method, &path("vm7", what), body).await;
    assert_eq!(with("POST", "offer", Some(offer("a"))).await.status(), 201);
    assert_eq!(with("POST", "answer", Some(answer("a"))).await.status(), 201);
    assert_eq!(with("POST", "candidate?role=agent", Some(candidate(1))).await.json()["from"], "agent");
    assert_eq!(with("GET", "candidate", None).await.json()["candidates"][0]["from"], "agent");
    assert_eq!(with("POST", "offer?role=agent", Some(offer("b"))).await.problem(), (403, "forbidden".into()));
    assert_eq!(with("GET", "offer?role=host", None).await.problem(), (400, "invalid-request".into()));
    assert_eq!(house.with(KEY, "DELETE", "/api/webrtc/session/vm7", None).await.status(), 204);
}

#[tokio::test]
async fn ice_servers_are_for_whoever_has_a_token_and_made_anew_for_each() {
    let house = House::new(CLOSED).await;
    let named = |name: &str| json!({"iceServers": [{"urls": ["turn:turn.example.org"], "username": name, "credential": "secret"}]});
    let seen = house.with(&token("vm7", "agent"), "GET", "/api/webrtc/ice-servers", None).await;
    assert_eq!((seen.json(), seen.header("cache-control")), (named("vm7"), "no-store"));
    let other = mint(&[], Grant::join("standup"));
    assert_eq!(house.with(&other, "GET", "/api/webrtc/ice-servers", None).await.status(), 200);
    assert_eq!(House::open().await.get("/api/webrtc/ice-servers").await.json(), named("session"));
}

#[tokio::test]
async fn figures_are_for_who_may_list_rooms() {
    let house = House::new(CLOSED).await;
    let lister = mint(&[], Grant { room_list: true, ..Grant::default() });
    let viewer = token("vm7", "viewer");
    assert_eq!(house.with(&lister, "GET", "/api/webrtc/stats", None).await.status(), 200);
    assert_eq!(house.with(KEY, "GET", "/api/webrtc/stats", None).await.status(), 200);
    assert_eq!(house.with(&viewer, "GET", "/api/webrtc/stats", None).await.problem(), (403, "forbidden".into()));
    assert_eq!(House::open().await.get("/api/webrtc/stats").await.status(), 200);
}

#[tokio::test]
async fn the_description_for_programs_has_every_path() {
    let described = House::open().await.get("/api/webrtc/openapi.json").await.json();
    let paths = described["paths"].as_object().expect("paths");
    assert_eq!(paths.len(), 8, "{:?}", paths.keys());
    assert!(paths.contains_key("/api/webrtc/session/{id}/candidate"));
}
