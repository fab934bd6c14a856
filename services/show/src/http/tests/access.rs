//! Who may do what.

use crosspoint_auth::{DEV_KEY, Keys, unix_now};
use crosspoint_model::Grant;
use crosspoint_model::grant::Bearer;
use crosspoint_model::show::ShowRole;
use serde_json::{Value, json};

use super::house::{House, KEY};

/// What is asked, and whether an operator, a host, a screener and a guest may.
fn table() -> Vec<(&'static str, String, Option<Value>, [bool; 4])> {
    let show = |rest: &str| format!("/api/shows/morning{rest}");
    let call = |rest: &str| show(&format!("/calls/nobody{rest}"));
    vec![
        ("GET", "/api/shows".into(), None, [true, false, false, false]),
        ("POST", "/api/shows".into(), Some(json!({})), [true, false, false, false]),
        ("GET", show(""), None, [true, true, true, true]),
        ("GET", show("/calls"), None, [true, true, true, false]),
        ("GET", call(""), None, [true, true, true, false]),
        ("GET", call("/events"), None, [true, true, true, false]),
        ("GET", "/api/callers/+14155550100".into(), None, [true, true, true, false]),
        ("PUT", "/api/callers/+14155550100".into(), Some(json!({})), [true, true, true, false]),
        ("POST", call("/pick-up"), None, [true, true, true, false]),
        ("POST", call("/screened"), None, [true, true, true, false]),
        ("POST", call("/approve"), None, [true, true, true, false]),
        ("POST", call("/screen"), None, [true, true, true, false]),
        ("POST", call("/drop"), None, [true, true, true, false]),
        ("POST", call("/lock"), None, [true, true, true, false]),
        ("POST", call("/unlock"), None, [true, true, true, false]),
        ("POST", call("/notes"), Some(json!({})), [true, true, true, false]),
        ("POST", call("/hang-up"), None, [true, true, true, false]),
        ("POST", call("/next"), None, [true, true, false, false]),
        ("POST", call("/air"), None, [true, true, false, false]),
        ("POST", call("/hold"), None, [true, true, false, false]),
        ("POST", show("/next"), None, [true, true, false, false]),
        ("POST", show("/call-me"), Some(json!({ "number": "x" })), [true, true, false, false]),
        ("PATCH", show(""), Some(json!({})), [true, true, false, false]),
        ("POST", show("/media"), Some(json!({ "media": "crosspoint" })), [true, true, false, false]),
        ("POST", show("/close"), None, [true, true, false, false]),
        ("POST", show("/open"), None, [true, true, false, false]),
    ]
}

#[tokio::test]
async fn each_role_may_what_is_its_own_and_nothing_else() {
    let house = House::new().await;
    let seats = [
        KEY.to_owned(),
        house.seat(ShowRole::Host).await.0,
        house.seat(ShowRole::Screener).await.0,
        house.seat(ShowRole::Guest).await.0,
    ];
    for (method, path, body, allowed) in table() {
        for (who, (token, allowed)) in ["operator", "host", "screener", "guest"].iter().zip(seats.iter().zip(allowed)) {
            let seen = house.with(token, method, &path, body.as_ref()).await;
            assert_eq!(seen.status != 403, allowed, "{who}: {method} {path}: {} {}", seen.status, seen.text);
            assert_ne!(seen.status, 401, "{who}: {method} {path}");
        }
        let nobody = house.send("192.0.2.8", method, &path, body.as_ref(), &[]).await;
        assert!(matches!(nobody.status, 401 | 429), "nobody: {method} {path}: {}", nobody.status);
    }
    let guest = &seats[3];
    assert_eq!(house.with(guest, "DELETE", "/api/shows/morning", None).await.problem(), (403, "forbidden"));
    assert_eq!(house.with(&seats[2], "DELETE", "/api/shows/morning", None).await.problem(), (403, "forbidden"));
    assert_eq!(house.with(&seats[1], "DELETE", "/api/shows/morning", None).await.status, 204);
}

#[tokio::test]
async fn the_staff_of_one_show_has_nothing_to_say_in_another() {
    let house = House::new().await;
    house.post("/api/shows", &json!({ "showId": "evening" })).await;
    let (host, _) = house.seat(ShowRole::Host).await;
    for (method, path) in [("GET", ""), ("GET", "/calls"), ("GET", "/events"), ("POST", "/next"), ("DELETE", "")] {
        let seen = house.with(&host, method, &format!("/api/shows/evening{path}"), None).await;
        assert_eq!(seen.problem(), (403, "forbidden"), "{method} {path}");
    }
    // And callers are not theirs any more when their show is over.
    assert_eq!(house.with(&host, "GET", "/api/callers/+14155550100", None).await.status, 200);
    house.with(KEY, "DELETE", "/api/shows/morning", None).await;
    assert_eq!(house.with(&host, "GET", "/api/callers/+14155550100", None).await.problem(), (404, "show-not-found"));
}

#[tokio::test]
async fn a_token_that_grants_rooms_grants_shows() {
    let house = House::new().await;
    let token = |grant: Grant| {
        let now = unix_now();
        let bearer = Bearer { key: DEV_KEY.into(), grant, expires: now + 60, ..Bearer::default() };
        Keys::dev().mint(&bearer, now).expect("a token")
    };
    let lists = token(Grant { room_list: true, ..Grant::default() });
    let makes = token(Grant { room_create: true, ..Grant::default() });
    let directs = token(Grant { room_admin: true, room: "live-morning".into(), ..Grant::default() });
    let everywhere = token(Grant { room_admin: true, ..Grant::default() });
    let listed = house.with(&lists, "GET", "/api/shows", None).await;
    assert_eq!((listed.status, &listed.json[0]["pin"]), (200, &json!("")), "who lists shows is no host of them");
    assert_ne!(house.get("/api/shows").await.json[0]["pin"], json!(""));
    assert_eq!(house.with(&lists, "POST", "/api/shows", Some(&json!({}))).await.problem(), (403, "forbidden"));
    let made = house.with(&makes, "POST", "/api/shows", Some(&json!({ "showId": "evening" }))).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(house.with(&directs, "POST", "/api/shows/morning/close", None).await.status, 200);
    assert_eq!(house.with(&directs, "POST", "/api/shows/evening/close", None).await.problem(), (403, "forbidden"));
    assert_eq!(house.with(&everywhere, "POST", "/api/shows/evening/close", None).await.status, 200);
    let joins = token(Grant::join("live-morning"));
    assert_eq!(house.with(&joins, "GET", "/api/shows/morning", None).await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn a_listed_address_is_an_operator_by_names_that_are_the_servers_own() {
    let house = House::new().await;
    let from = |host, origin: Option<&'static str>| {
        let headers: Vec<_> = [("host", host)].into_iter().chain(origin.map(|origin| ("origin", origin))).collect();
        let house = &house;
        async move { house.send("10.1.2.3", "POST", "/api/shows/morning/close", None, &headers).await.status }
    };
    assert_eq!(from("10.0.0.1:8080", None).await, 200);
    assert_eq!(from("show.example", Some("https://show.example")).await, 200);
    assert_eq!(from("evil.example.net", None).await, 403, "a name that anybody could point here");
    assert_eq!(from("10.0.0.1:8080", Some("https://evil.example.net")).await, 403, "somebody else's page");
    let foreign = house.send("192.0.2.9", "GET", "/api/shows", None, &[("host", "10.0.0.1")]).await;
    assert_eq!(foreign.problem(), (401, "unauthorized"));
}

#[tokio::test]
async fn who_guesses_is_told_to_wait_and_who_has_the_key_is_not() {
    let house = House::empty(3).await;
    for _ in 0..3 {
        let wrong = house.with("a wrong key", "GET", "/api/shows", None).await;
        assert_eq!((wrong.problem(), wrong.header("www-authenticate")), ((401, "unauthorized"), "Bearer"));
    }
    let events = "/api/shows/morning/events?token=guess";
    assert_eq!(house.send("192.0.2.7", "GET", events, None, &[]).await.problem(), (429, "rate-limited"));
    assert_eq!(house.get("/api/shows").await.status, 200);
}
