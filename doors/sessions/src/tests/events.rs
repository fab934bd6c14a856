//! What happens, as it happens.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::house::{House, answer, candidate, offer, path, request};

#[tokio::test]
async fn an_agent_may_listen_before_there_is_an_offer_and_hears_all_of_the_other_side() {
    let house = House::open().await;
    let mut agent = Reader::open(&house, "?role=agent", None).await;
    house.begin("vm7", false).await;
    let heard = agent.next().await;
    assert_eq!((heard.name.as_str(), &heard.data["offer"], &heard.data["revision"]), ("offer", &offer("a"), &json!(1)));
    let mut viewer = Reader::open(&house, "?role=viewer", None).await;
    post(&house, "viewer", json!(candidate(1))).await;
    post(&house, "viewer", json!({"candidate": null})).await;
    let heard = agent.next().await;
    assert_eq!(
        (heard.name.as_str(), &heard.data["sdpMid"], &heard.data["from"]),
        ("candidate", &json!("0"), &json!("viewer"))
    );
    let heard = agent.next().await;
    assert_eq!((heard.name.as_str(), heard.data), ("end-of-candidates", json!({"from": "viewer"})));

    house.post(&path("vm7", "answer"), answer("a")).await;
    post(&house, "agent", json!(candidate(2))).await;
    assert_eq!(viewer.next().await.data["answer"], answer("a"));
    assert_eq!(viewer.next().await.data["from"], "agent");
    house.post(&path("vm7", "state"), json!({"state": "connected", "connectMs": 80})).await;
    for reader in [&mut agent, &mut viewer] {
        let heard = reader.next().await;
        assert_eq!((heard.name.as_str(), &heard.data["state"]), ("state", &json!("connected")));
    }
    house.delete("/api/webrtc/session/vm7").await;
    for reader in [&mut agent, &mut viewer] {
        assert_eq!(reader.next().await.name, "ended");
        assert!(reader.block().await.is_none(), "nothing comes after the end");
    }
}

#[tokio::test]
async fn who_comes_back_hears_what_came_meanwhile_and_nothing_twice() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    let mut reader = Reader::open(&house, "", None).await;
    let names = [reader.next().await, reader.next().await].map(|heard| heard.name);
    assert_eq!(names, ["offer", "answer"]);
    post(&house, "agent", json!(candidate(1))).await;
    let last = reader.next().await.id;
    drop(reader);
    post(&house, "agent", json!(candidate(2))).await;
    let mut back = Reader::open(&house, "", Some(&last)).await;
    assert!(back.next().await.data["candidate"].as_str().is_some_and(|line| line.contains(" 2 typ host")));

    let mut stale = Reader::open(&house, "", Some("99999")).await;
    assert_eq!(stale.next().await.name, "offer", "a number of an earlier session");
}

#[tokio::test]
async fn somebody_is_there_is_said_while_nothing_happens() {
    let house = House::open().await;
    let mut reader = Reader::open(&house, "", None).await;
    tokio::time::pause();
    let begun = tokio::time::Instant::now();
    assert!(reader.block().await.expect("a comment").starts_with(':'));
    assert_eq!(begun.elapsed().as_secs(), 15);
}

async fn post(house: &House, role: &str, body: Value) {
    assert_eq!(house.post(&format!("{}?role={role}", path("vm7", "candidate")), body).await.status(), 200);
}

struct Heard {
    name: String,
    id: String,
    data: Value,
}

/// Reads an event stream.
struct Reader {
    body: BodyDataStream,
    text: String,
}

impl Reader {
    async fn open(house: &House, query: &str, last: Option<&str>) -> Self {
        let last: Vec<_> = last.into_iter().map(|last| ("last-event-id", last)).collect();
        let request = request("GET", &format!("{}{query}", path("vm7", "events")), None, &last);
        let answer = house.door.clone().oneshot(request).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream");
        Self { body: answer.into_body().into_data_stream(), text: String::new() }
    }

    async fn next(&mut self) -> Heard {
        let block = tokio::time::timeout(Duration::from_secs(10), self.block()).await.expect("nothing was said");
        let block = block.expect("the stream goes on");
        let field =
            |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().trim().to_owned();
        let data = serde_json::from_str(&field("data:")).unwrap_or_else(|error| panic!("{error}: {block:?}"));
        Heard { name: field("event:"), id: field("id:"), data }
    }

    /// None: it is over.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = block.to_owned();
                self.text = rest.to_owned();
                return Some(block);
            }
            let more = self.body.next().await?.expect("bytes");
            self.text.push_str(&String::from_utf8_lossy(&more));
        }
    }
}
