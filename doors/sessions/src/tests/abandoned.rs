//! Sessions that nobody ends.

use std::time::Duration;

use serde_json::{Value, json};

use super::house::{House, OPEN, answer, candidate, path};
use crate::Settings;
use crate::id::SessionId;

#[tokio::test]
async fn an_offer_that_nobody_answers_ends_its_session_however_often_it_is_asked_for() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    house.begin("vm8", true).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(118)).await;
    assert_eq!(house.get(&path("vm7", "offer")).await.status(), 200);
    tokio::time::advance(Duration::from_secs(4)).await;
    house.until(async || house.get(&path("vm7", "offer")).await.problem().1 == "no-session").await;
    assert_eq!(house.get(&path("vm8", "offer")).await.status(), 200);
    assert_eq!(house.stats().await["totals"]["ended"]["unanswered"], 1);
}

#[tokio::test]
async fn a_session_of_which_nothing_is_heard_ends_unless_somebody_waits_there() {
    let house = House::open().await;
    for id in ["quiet", "polled", "waited-for"] {
        house.begin(id, true).await;
    }
    let waiting = house.spawn("GET", &path("waited-for", "events"));
    house.until(async || house.sessions.0.waiting.is_at(&SessionId::parse("waited-for").expect("an id"))).await;
    tokio::time::pause();
    for _ in 0..4 {
        tokio::time::advance(Duration::from_secs(600)).await;
        assert_eq!(house.get(&path("polled", "answer")).await.status(), 200);
    }
    house.until(async || house.stats().await["totals"]["ended"]["idle"] == 1).await;
    assert_eq!(house.get("/api/webrtc/session/quiet").await.problem(), (404, "no-session".into()));
    assert_eq!(house.get("/api/webrtc/session/waited-for").await.status(), 200);
    waiting.abort();
}

#[tokio::test]
async fn a_session_lasts_so_long_and_who_waits_there_is_told() {
    let house = House::new(Settings { lifetime: Duration::from_secs(60), ..OPEN }).await;
    house.begin("vm7", true).await;
    let waiting = house.spawn("GET", &path("vm7", "events?role=viewer"));
    house.until(async || house.sessions.0.waiting.is_at(&SessionId::parse("vm7").expect("an id"))).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    // No deadline: while the store's thread works, the time that stands still would run.
    let heard = waiting.await.expect("told");
    assert!(heard.text.contains("event: answer") && heard.text.contains("event: ended"), "{}", heard.text);
    assert_eq!(house.stats().await["totals"]["ended"]["lifetime"], 1);
}

#[tokio::test]
async fn a_thousand_sessions_abandoned_at_every_step_are_all_cleaned_up_and_the_figures_are_true() {
    let house = House::open().await;
    for number in 0..1000 {
        abandon(&house, &format!("vm{number}"), number % 8).await;
    }
    let stats = house.stats().await;
    assert_eq!(
        stats["sessions"],
        json!({"total": 875, "offered": 250, "answered": 250, "connected": 250, "failed": 125})
    );
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(121)).await;
    house.until(async || house.stats().await["sessions"]["offered"] == 0).await;
    tokio::time::advance(Duration::from_secs(1800)).await;
    house.until(async || house.stats().await["sessions"]["total"] == 0).await;

    let stats = house.stats().await;
    let totals = &stats["totals"];
    assert_eq!(totals["ended"], json!({"deleted": 125, "unanswered": 250, "idle": 625, "lifetime": 0}));
    let total = |name: &str| totals[name].as_u64();
    assert_eq!((total("created"), total("offers"), total("answered")), (Some(1000), Some(1125), Some(875)));
    assert_eq!(
        (total("connected"), total("failed"), &stats["successRate"]),
        (Some(250), Some(125), &json!(250.0 / 375.0))
    );
    assert_eq!((&stats["pairs"]["host/srflx"], &stats["failures"]["ice"]), (&json!(250), &json!(125)));
    let left: (i64, i64) = house
        .store
        .read(|db| {
            let counts = "SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM session_candidates)";
            Ok(db.query_row(counts, [], |row| Ok((row.get(0)?, row.get(1)?)))?)
        })
        .await
        .expect("counts");
    assert_eq!(left, (0, 0));
}

/// Leaves a session at one of eight steps.
async fn abandon(house: &House, id: &str, step: u32) {
    let connected = || json!({"state": "connected", "pair": {"local": "host", "remote": "srflx"}, "connectMs": 90});
    let post = async |what: &str, body: Value| {
        let seen = house.post(&path(id, what), body).await;
        assert!(seen.status().is_success(), "{id} {what}: {}", seen.text);
    };
    house.begin(id, !matches!(step, 0 | 1)).await;
    match step {
        // Offered.
        0 => {}
        1 => post("candidate?role=viewer", candidate(1)).await,
        // Answered.
        2 => {}
        3 => post("candidate?role=agent", candidate(1)).await,
        // Connected.
        4 => post("state?role=viewer", connected()).await,
        5 => {
            post("state?role=viewer", connected()).await;
            post("candidate?role=agent", json!({"candidate": null})).await;
        }
        // Failed, after a second round.
        6 => {
            post("offer", super::house::offer("b")).await;
            post("answer", answer("b")).await;
            post("state?role=agent", json!({"state": "failed", "cause": "ice"})).await;
        }
        // Deleted.
        _ => assert_eq!(house.delete(&format!("/api/webrtc/session/{id}")).await.status(), 204),
    }
}
