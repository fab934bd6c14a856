//! Shows: made, shown, changed, ended.

use crosspoint_model::show::ShowRole;
use serde_json::json;

use super::house::{House, KEY, request};

#[tokio::test]
async fn a_show_is_made_shown_changed_and_ended() {
    let house = House::empty(30).await;
    let made = house.post("/api/shows", &json!({ "showId": "morning", "numbers": ["+14155550100"] })).await;
    assert_eq!((made.status, made.header("location")), (201, "/api/shows/morning"), "{}", made.text);
    assert_eq!(made.header("cache-control"), "no-store");
    let again = house.post("/api/shows", &json!({ "showId": "morning" })).await;
    assert_eq!(again.problem(), (409, "show-exists"));
    assert_eq!(again.header("content-type"), "application/problem+json");
    assert_eq!(house.get("/api/shows").await.json[0]["showId"], "morning");

    let change = json!({ "title": "Good morning", "callerVoice": { "gain": -3.0 } });
    let changed = house.with(KEY, "PATCH", "/api/shows/morning", Some(&change)).await;
    let settings = &changed.json["settings"];
    assert_eq!(
        (&settings["title"], &settings["callerVoice"]["gain"], &settings["numbers"][0]),
        (&json!("Good morning"), &json!(-3.0), &json!("+14155550100"))
    );

    assert_eq!(house.with(KEY, "POST", "/api/shows/morning/close", None).await.json["open"], false);
    assert_eq!(house.with(KEY, "POST", "/api/shows/morning/open", None).await.json["open"], true);
    let switched = house.post("/api/shows/morning/media", &json!({ "media": "conference" })).await;
    assert_eq!(switched.json["media"], "conference");

    assert_eq!(house.with(KEY, "DELETE", "/api/shows/morning", None).await.status, 204);
    assert_eq!(house.get("/api/shows/morning").await.problem(), (404, "show-not-found"));
    assert_eq!(house.post("/api/shows", &json!({ "showId": "morning" })).await.status, 201, "its name is free");
}

#[tokio::test]
async fn who_directs_a_show_sees_what_leads_into_it_and_others_do_not() {
    let house = House::new().await;
    let path = "/api/shows/morning";
    let seen = house.get(path).await.json;
    assert!(seen["links"]["host"].as_str().is_some_and(|link| link.starts_with("https://show.example/")), "{seen}");
    let hook = &seen["webhooks"][0];
    assert_eq!(
        (&hook["provider"], &hook["voice"]),
        (&json!("twilio"), &json!("https://show.example/api/phone/voice?show=morning"))
    );
    assert!(hook["fallback"].as_str().is_some_and(|twiml| twiml.contains("<Conference")), "{hook}");

    let host = house.with(&house.invite(ShowRole::Host), "GET", path, None).await.json;
    assert!(host["links"]["screener"].is_string() && host["pin"] == seen["pin"]);
    let screener = house.with(&house.invite(ShowRole::Screener), "GET", path, None).await.json;
    assert_eq!((&screener["links"], &screener["pin"]), (&json!(null), &seen["pin"]));
    let guest = house.with(&house.invite(ShowRole::Guest), "GET", path, None).await.json;
    assert_eq!(
        (&guest["links"], &guest["pin"], &guest["settings"]["title"]),
        (&json!(null), &json!(""), &json!("Morning"))
    );
}

#[tokio::test]
async fn an_invitation_becomes_a_seat_of_its_role_and_no_other() {
    let house = House::new().await;
    let path = "/api/shows/morning/seats";
    for (role, room) in
        [(ShowRole::Host, "live-morning"), (ShowRole::Screener, "desk-morning"), (ShowRole::Guest, "lobby-morning")]
    {
        let seat = house.with(&house.invite(role), "POST", path, Some(&json!({ "name": "Ann" }))).await;
        assert_eq!((seat.status, &seat.json["role"], &seat.json["room"]), (201, &json!(role.as_str()), &json!(room)));
        assert_eq!(seat.json["callId"].is_string(), role == ShowRole::Guest);
        assert_eq!(seat.header("cache-control"), "no-store");
    }
    let climber = json!({ "name": "Eve", "role": "host" });
    for role in [ShowRole::Screener, ShowRole::Guest] {
        assert_eq!(house.with(&house.invite(role), "POST", path, Some(&climber)).await.problem(), (403, "forbidden"));
    }
    let chosen = house.post(path, &json!({ "name": "Bob", "role": "screener" })).await;
    assert_eq!(chosen.json["role"], "screener");
    assert_eq!(house.post(path, &json!({ "name": " " })).await.problem(), (400, "invalid-request"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_words() {
    let house = House::new().await;
    for (method, path, body) in [
        ("POST", "/api/shows", json!({ "showId": "evening", "colour": "red" })),
        ("POST", "/api/shows", json!({ "showId": "Evening!" })),
        ("POST", "/api/shows", json!({ "lines": -1 })),
        ("POST", "/api/shows", json!([])),
        ("PATCH", "/api/shows/morning", json!({ "colour": "red" })),
        ("PATCH", "/api/shows/morning", json!("red")),
        ("PATCH", "/api/shows/morning", json!({ "numbers": ["911"] })),
        ("POST", "/api/shows/morning/media", json!({ "media": "tin cans" })),
        ("POST", "/api/shows/morning/media", json!({ "media": "conference", "now": true })),
        ("POST", "/api/shows/morning/seats", json!({ "name": "Ann", "role": "king" })),
        ("POST", "/api/shows/morning/call-me", json!({ "number": "mother" })),
        ("PUT", "/api/callers/mother", json!({ "name": "Mother" })),
        ("PUT", "/api/callers/+14155550100", json!({ "calls": 7 })),
    ] {
        let refused = house.with(KEY, method, path, Some(&body)).await;
        assert_eq!(refused.problem(), (400, "invalid-request"), "{method} {path} {body}: {}", refused.text);
        assert!(refused.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let after = house.get("/api/shows/morning/calls/x/events?after=soon").await;
    assert_eq!(after.problem(), (400, "invalid-request"));
}

#[tokio::test]
async fn a_body_is_json_and_small() {
    let house = House::new().await;
    let bearer = format!("Bearer {KEY}");
    let post = |path: &'static str, kind: Option<&'static str>, body: String| {
        let auth = ("authorization", bearer.as_str());
        let headers: Vec<_> = kind.map(|kind| ("content-type", kind)).into_iter().chain([auth]).collect();
        house.run(request("192.0.2.7", "POST", path, body, &headers))
    };
    let json = Some("application/json");
    let large = format!("{{\"title\": \"{}\"}}", "x".repeat(64 * 1024));
    assert_eq!(post("/api/shows", json, large.clone()).await.problem(), (413, "message-too-large"));
    assert_eq!(post("/api/shows/morning/calls/x/drop", None, large).await.problem(), (413, "message-too-large"));
    assert_eq!(post("/api/shows", json, "{".into()).await.problem(), (400, "invalid-request"));
    assert_eq!(post("/api/shows", Some("text/plain"), "{}".into()).await.problem(), (415, "unsupported-media-type"));
    let unsaid = post("/api/shows/morning/calls/x/drop", None, "{}".into()).await;
    assert_eq!(unsaid.problem(), (415, "unsupported-media-type"));
}

#[tokio::test]
async fn every_route_is_described() {
    let house = House::empty(30).await;
    let described = house.get("/api/shows/openapi.json").await.json;
    let paths = described["paths"].as_object().expect("paths");
    let routes: usize = paths.values().map(|path| path.as_object().expect("methods").len()).sum();
    assert_eq!((paths.len(), routes), (14, 18), "{:?}", paths.keys());
    let schemas = described["components"]["schemas"].as_object().expect("schemas");
    for name in ["ShowDetail", "CallView", "ShowEvent", "NewShow", "SeatView", "CallerView"] {
        assert!(schemas.contains_key(name), "{name}: {:?}", schemas.keys());
    }
}
