//! Calls, and what is done with them.

use crosspoint_model::show::ShowRole;
use serde_json::json;

use super::house::{House, KEY};

#[tokio::test]
async fn a_guest_is_picked_up_by_one_screener_and_the_other_is_told_who_has_the_call() {
    let house = House::new().await;
    let (_, call) = house.seat(ShowRole::Guest).await;
    let [(first, _), (second, _)] = [house.seat(ShowRole::Screener).await, house.seat(ShowRole::Screener).await];
    let path = format!("/api/shows/morning/calls/{call}");
    assert_eq!(house.with(&first, "GET", &path, None).await.json["state"], "ringing");

    let pick_up = format!("{path}/pick-up");
    assert_eq!(house.with(&first, "POST", &pick_up, None).await.json["state"], "screening");
    assert_eq!(house.with(&second, "POST", &pick_up, None).await.problem(), (409, "call-taken"));
    let host = house.seat(ShowRole::Host).await.0;
    assert_eq!(house.with(&host, "POST", &format!("{path}/air"), None).await.problem(), (409, "call-state"));

    let noted = json!({ "name": "Ann", "place": "Ulm", "rating": 4 });
    let approved = house.with(&first, "POST", &format!("{path}/approve"), Some(&noted)).await.json;
    assert_eq!((&approved["state"], &approved["notes"]["place"]), (&json!("waiting"), &json!("Ulm")));
    assert_eq!(approved["notes"]["topic"], "the weather", "what is absent stays");
    assert_eq!(house.with(&host, "POST", &format!("{path}/air"), None).await.json["state"], "on-air");
    assert_eq!(house.with(&host, "POST", &format!("{path}/lock"), None).await.json["locked"], true);
    let dropped = house.with(&host, "POST", &format!("{path}/drop"), Some(&json!({ "reason": "rude" }))).await.json;
    assert_eq!((&dropped["state"], &dropped["endReason"]), (&json!("dropped"), &json!("rude")));
}

#[tokio::test]
async fn what_happened_with_a_call_is_told_in_order_with_who_did_it() {
    let house = House::new().await;
    let (_, call) = house.seat(ShowRole::Guest).await;
    let path = format!("/api/shows/morning/calls/{call}");
    house.with(KEY, "POST", &format!("{path}/approve"), None).await;
    house.with(KEY, "POST", &format!("{path}/air"), None).await;
    let told = house.get(&format!("{path}/events")).await.json;
    let told = told.as_array().expect("events");
    let what: Vec<_> = told.iter().map(|event| event["what"].as_str().unwrap_or_default()).collect();
    assert_eq!(what, ["rang", "approved", "aired"]);
    assert_eq!((&told[0]["by"], &told[2]["by"]), (&json!(null), &json!("operator")));
    let later = house.get(&format!("{path}/events?after={}", told[1]["seq"])).await.json;
    assert_eq!((later.as_array().map(Vec::len), &later[0]["what"]), (Some(1), &json!("aired")));
    assert_eq!(house.get("/api/shows/morning/calls/x/events").await.problem(), (404, "call-not-found"));
}

#[tokio::test]
async fn a_guest_hangs_up_its_own_call_alone() {
    let house = House::new().await;
    let ((ann, own), (_, other)) = (house.seat(ShowRole::Guest).await, house.seat(ShowRole::Guest).await);
    let hang_up = |call: &str| format!("/api/shows/morning/calls/{call}/hang-up");
    assert_eq!(house.with(&ann, "POST", &hang_up(&other), None).await.problem(), (403, "forbidden"));
    assert_eq!(house.with(&ann, "POST", &hang_up(&own), None).await.json["state"], "off");
    let invite = house.invite(ShowRole::Guest);
    assert_eq!(house.with(&invite, "POST", &hang_up(&other), None).await.problem(), (403, "forbidden"));
}

#[tokio::test]
async fn a_verb_is_known_and_takes_what_goes_with_it() {
    let house = House::new().await;
    let (_, call) = house.seat(ShowRole::Guest).await;
    let act = |verb: &str, body| {
        let path = format!("/api/shows/morning/calls/{call}/{verb}");
        let house = &house;
        async move { house.with(KEY, "POST", &path, Some(&body)).await }
    };
    let unknown = act("promote", json!({})).await;
    assert_eq!(unknown.problem(), (404, "not-found"));
    assert!(
        unknown.json["detail"].as_str().is_some_and(|detail| detail.contains("pick-up, screened")),
        "{}",
        unknown.text
    );
    for (verb, body) in [
        ("air", json!({ "reason": "now" })),
        ("drop", json!({ "why": "rude" })),
        ("notes", json!({ "mood": "good" })),
        ("notes", json!({ "rating": 9 })),
        ("notes", json!([1])),
    ] {
        assert_eq!(act(verb, body.clone()).await.problem(), (400, "invalid-request"), "{verb} {body}");
    }
    assert_eq!(act("notes", json!({ "notes": "calm" })).await.json["notes"]["notes"], "calm");
    assert_eq!(house.post("/api/shows/morning/calls/x/drop", &json!({})).await.problem(), (404, "call-not-found"));
}

#[tokio::test]
async fn nobody_waits_is_said_when_the_next_one_is_wanted() {
    let house = House::new().await;
    assert_eq!(house.with(KEY, "POST", "/api/shows/morning/next", None).await.problem(), (409, "call-state"));
}

#[tokio::test]
async fn what_is_noted_of_a_number_is_known_of_it() {
    let house = House::new().await;
    let path = "/api/callers/+14155550100";
    let unknown = house.get(path).await.json;
    assert_eq!((&unknown["number"], &unknown["banned"]), (&json!("+14155550100"), &json!(false)));
    let (screener, _) = house.seat(ShowRole::Screener).await;
    let noted = json!({ "name": "Bob", "warning": "shouts", "banned": true });
    assert_eq!(house.with(&screener, "PUT", path, Some(&noted)).await.status, 200);
    let known = house.get("/api/callers/%2B14155550100").await.json;
    assert_eq!((&known["name"], &known["warning"], &known["banned"]), (&json!("Bob"), &json!("shouts"), &json!(true)));
}
