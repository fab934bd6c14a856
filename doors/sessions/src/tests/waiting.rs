//! Long polls.

use std::time::Duration;

use serde_json::json;

use super::house::{House, OPEN, Seen, answer, candidate, offer, path};
use crate::Settings;
use crate::id::SessionId;

#[tokio::test]
async fn who_waits_is_told_when_it_comes() {
    let house = House::open().await;
    let offer_comes = waits(&house, "offer?wait=30").await;
    house.begin("vm7", false).await;
    assert_eq!(done(offer_comes).await.json()["offer"], offer("a"));

    let answer_comes = waits(&house, "answer?wait=30").await;
    let candidate_comes = waits(&house, "candidate?wait=30&role=agent").await;
    let end_comes = waits(&house, "candidate?wait=30&role=viewer").await;
    let next_comes = waits(&house, "offer?wait=30&after=1").await;
    house.post(&path("vm7", "answer"), answer("a")).await;
    assert_eq!(done(answer_comes).await.json()["answer"], answer("a"));
    house.post(&path("vm7", "candidate"), json!({"candidate": candidate(1), "from": "viewer"})).await;
    assert_eq!(done(candidate_comes).await.json()["candidates"].as_array().map(Vec::len), Some(1));
    house.post(&path("vm7", "candidate"), json!({"candidate": null, "from": "agent"})).await;
    assert_eq!(done(end_comes).await.json()["ended"], true);
    house.post(&path("vm7", "offer"), offer("b")).await;
    assert_eq!(done(next_comes).await.json()["revision"], 2);
    assert!(!house.sessions.0.waiting.is_at(&vm7()), "all places are free again");
}

#[tokio::test]
async fn deleting_a_session_tells_all_who_wait_there() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    let waiting = waits_for_everything(&house).await;
    assert_eq!(house.delete("/api/webrtc/session/vm7").await.status(), 204);
    for waiting in waiting {
        assert_eq!(done(waiting).await.problem(), (404, "no-session".into()));
    }
}

#[tokio::test]
async fn as_the_server_goes_down_whoever_waits_gets_an_answer() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    let waiting = waits_for_everything(&house).await;
    house.sessions.close();
    for waiting in waiting {
        assert_eq!(done(waiting).await.problem(), (503, "draining".into()));
    }
    assert_eq!(house.get(&path("vm7", "answer?wait=30")).await.problem(), (503, "draining".into()));
    assert_eq!(house.get(&path("vm7", "offer")).await.status(), 200, "what is there is still told");
}

#[tokio::test]
async fn waiting_is_bounded_in_time() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    tokio::time::pause();
    for (what, seconds, problem) in [
        ("answer?wait=7", 7, (404, "not-ready")),
        ("answer?wait=100000", 30, (404, "not-ready")),
        ("candidate?wait=7", 7, (200, "")),
    ] {
        let begun = tokio::time::Instant::now();
        let seen = house.get(&path("vm7", what)).await;
        assert_eq!((seen.problem(), begun.elapsed().as_secs()), ((problem.0, problem.1.into()), seconds), "{what}");
    }
    let begun = tokio::time::Instant::now();
    assert_eq!(house.get(&path("nobody", "answer?wait=30")).await.problem(), (404, "no-session".into()));
    assert_eq!(begun.elapsed(), Duration::ZERO, "only an offer may come before its session");
    assert_eq!(house.get(&path("vm7", "answer?wait=soon")).await.problem(), (400, "invalid-request".into()));
}

#[tokio::test]
async fn only_so_many_wait_at_one_session() {
    let house = House::new(Settings { waiting: 2, ..OPEN }).await;
    house.begin("vm7", false).await;
    let waiting = [waits(&house, "answer?wait=30").await, waits(&house, "events").await];
    let refused = house.get(&path("vm7", "answer?wait=30")).await;
    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "rate-limited".into()), "10"));
    assert_eq!(
        house.get(&path("vm7", "answer")).await.problem(),
        (404, "not-ready".into()),
        "who does not wait may ask"
    );
    assert_eq!(house.get(&path("vm7", "events")).await.problem(), (429, "rate-limited".into()));
    for waiting in waiting {
        waiting.abort();
    }
    house.until(async || !house.sessions.0.waiting.is_at(&vm7())).await;
}

fn vm7() -> SessionId {
    SessionId::parse("vm7").expect("an id")
}

/// At a session of which an offer was posted.
async fn waits_for_everything(house: &House) -> [tokio::task::JoinHandle<Seen>; 3] {
    [
        waits(house, "answer?wait=30").await,
        waits(house, "candidate?wait=30").await,
        waits(house, "offer?wait=30&after=1").await,
    ]
}

/// Asks, and comes back when the one who asks waits.
async fn waits(house: &House, what: &str) -> tokio::task::JoinHandle<Seen> {
    let before = house.sessions.0.waiting.count_at(&vm7());
    let asked = house.spawn("GET", &path("vm7", what));
    house.until(async || house.sessions.0.waiting.count_at(&vm7()) > before).await;
    asked
}

async fn done(asked: tokio::task::JoinHandle<Seen>) -> Seen {
    tokio::time::timeout(Duration::from_secs(5), asked).await.expect("it was not told").expect("it ended")
}
