//! Events as they happen.

use std::time::Duration;

use axum::body::BodyDataStream;
use crosspoint_model::show::ShowRole;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::house::{House, KEY, request};

#[tokio::test]
async fn the_whole_state_comes_first_and_then_what_happens() {
    let house = House::new().await;
    let mut reader = Reader::open(&house, &house.invite(ShowRole::Screener), None).await;
    let (id, snapshot) = reader.next().await;
    assert_eq!((&snapshot["event"], &snapshot["show"]["showId"]), (&json!("snapshot"), &json!("morning")));
    assert_eq!(id, snapshot["seq"].to_string());

    let (_, call) = house.seat(ShowRole::Guest).await;
    let (id, rang) = reader.next_kept().await;
    assert_eq!((&rang["what"], &rang["call"]["callId"]), (&json!("rang"), &json!(call)));
    assert_eq!(id, rang["seq"].to_string());
    house.with(KEY, "POST", "/api/shows/morning/close", None).await;
    assert_eq!(reader.next_kept().await.1["what"], "closed");
}

#[tokio::test]
async fn who_comes_back_hears_what_was_missed_and_then_the_whole_state() {
    let house = House::new().await;
    let (_, call) = house.seat(ShowRole::Guest).await;
    for verb in ["approve", "air", "hold"] {
        house.with(KEY, "POST", &format!("/api/shows/morning/calls/{call}/{verb}"), None).await;
    }
    let (id, snapshot) = Reader::open(&house, KEY, None).await.next().await;
    let now: u64 = snapshot["seq"].as_u64().expect("a number");
    let mut back = Reader::open(&house, KEY, Some(&(now - 2).to_string())).await;
    assert_eq!(back.next().await.1["what"], "aired");
    assert_eq!(back.next().await.1["what"], "held");
    let (again, state) = back.next().await;
    assert_eq!((again, &state["event"]), (id, &json!("snapshot")));

    for last in ["99999", "soon", ""] {
        let (_, first) = Reader::open(&house, KEY, Some(last)).await.next().await;
        assert_eq!(first["event"], "snapshot", "{last}");
    }
}

#[tokio::test]
async fn who_reads_too_slowly_gets_the_whole_state_again() {
    let house = House::new().await;
    let mut reader = Reader::open(&house, KEY, None).await;
    assert_eq!(reader.next().await.1["event"], "snapshot");
    for _ in 0..600 {
        house.with(KEY, "POST", "/api/shows/morning/close", None).await;
        house.with(KEY, "POST", "/api/shows/morning/open", None).await;
    }
    let (_, state) = reader.next().await;
    assert_eq!((&state["event"], &state["show"]["open"]), (&json!("snapshot"), &json!(true)));
    house.with(KEY, "POST", "/api/shows/morning/close", None).await;
    assert_eq!(reader.next_kept().await.1["what"], "closed");
}

#[tokio::test]
async fn a_token_may_stand_in_the_address_here_and_nowhere_else() {
    let house = House::new().await;
    let token = house.invite(ShowRole::Host);
    let events = format!("/api/shows/morning/events?token={token}");
    let mut reader = Reader::of(&house, request("192.0.2.7", "GET", &events, String::new(), &[])).await;
    assert_eq!(reader.next().await.1["event"], "snapshot");
    let elsewhere = format!("/api/shows/morning?token={token}");
    assert_eq!(house.send("192.0.2.7", "GET", &elsewhere, None, &[]).await.problem(), (401, "unauthorized"));
    let guest = house.invite(ShowRole::Guest);
    assert_eq!(house.with(&guest, "GET", "/api/shows/morning/events", None).await.problem(), (403, "forbidden"));
    let nowhere = house.get("/api/shows/evening/events").await;
    assert_eq!(nowhere.problem(), (404, "show-not-found"));
}

#[tokio::test]
async fn somebody_is_there_is_said_while_nothing_happens() {
    let house = House::new().await;
    let mut reader = Reader::open(&house, KEY, None).await;
    assert_eq!(reader.next().await.1["event"], "snapshot");
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert!(reader.block().await.starts_with(':'));
    assert_eq!(begun.elapsed().as_secs(), 15);
}

/// Reads an event stream.
struct Reader {
    body: BodyDataStream,
    text: String,
}

impl Reader {
    async fn open(house: &House, token: &str, last: Option<&str>) -> Self {
        let bearer = format!("Bearer {token}");
        let last = last.map(|last| ("last-event-id", last));
        let headers: Vec<_> = last.into_iter().chain([("authorization", bearer.as_str())]).collect();
        Self::of(house, request("192.0.2.7", "GET", "/api/shows/morning/events", String::new(), &headers)).await
    }

    async fn of(house: &House, request: axum::http::Request<axum::body::Body>) -> Self {
        let answer = house.door.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: answer.into_body().into_data_stream(), text: String::new() }
    }

    /// The next event and its id.
    async fn next(&mut self) -> (String, Value) {
        let block = tokio::time::timeout(Duration::from_secs(10), self.block()).await.expect("nothing was said");
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        (field("id:"), serde_json::from_str(&field("data:")).unwrap_or_else(|error| panic!("{error}: {block:?}")))
    }

    /// The next one that is kept.
    async fn next_kept(&mut self) -> (String, Value) {
        loop {
            let next = self.next().await;
            if !next.0.is_empty() {
                return next;
            }
        }
    }

    async fn block(&mut self) -> String {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return block;
            }
            let more = self.body.next().await.expect("the stream goes on").expect("bytes");
            self.text.push_str(&String::from_utf8_lossy(&more));
        }
    }
}
