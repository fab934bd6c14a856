//! Another server on the same store.

use crosspoint_store::Store;
use serde_json::json;

use super::house::{House, OPEN, answer, candidate, offer, path};

#[tokio::test]
async fn sessions_survive_a_restart_with_all_that_was_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("store.db");
    let house = House::over(OPEN, Store::open(&file).expect("a store")).await;
    house.begin("offered", false).await;
    house.begin("answered", true).await;
    for port in [1, 2] {
        house.post(&path("answered", "candidate?role=viewer"), candidate(port)).await;
    }
    house.post(&path("answered", "candidate?role=agent"), json!({"candidate": null})).await;
    house.begin("again", true).await;
    house.post(&path("again", "candidate?role=agent"), candidate(9)).await;
    house.post(&path("again", "offer"), offer("b")).await;
    house.begin("gone", true).await;
    house.delete("/api/webrtc/session/gone").await;
    let before = house.get(&path("answered", "candidate")).await.json();
    house.store.close().await;

    let house = House::over(OPEN, Store::open(&file).expect("a store")).await;
    assert_eq!(house.get(&path("offered", "offer")).await.json()["offer"], offer("a"));
    assert_eq!(house.get(&path("answered", "answer")).await.json()["answer"], answer("a"));
    assert_eq!(house.get(&path("answered", "candidate")).await.json(), before);
    let again = house.get("/api/webrtc/session/again").await.json();
    assert_eq!((&again["revision"], &again["candidates"]["agent"]), (&json!(2), &json!(0)));
    assert_eq!(house.get("/api/webrtc/session/gone").await.problem(), (404, "no-session".into()));

    assert_eq!(house.post(&path("offered", "answer"), answer("a")).await.status(), 201, "they go on");
    house.post(&path("answered", "candidate?role=viewer"), candidate(3)).await;
    let since = path("answered", &format!("candidate?since={}", before["next"]));
    assert_eq!(house.get(&since).await.json()["candidates"].as_array().map(Vec::len), Some(1));
    let stats = house.stats().await;
    assert_eq!(
        (&stats["totals"]["restored"], &stats["totals"]["created"], &stats["sessions"]["total"]),
        (&json!(3), &json!(0), &json!(3))
    );
}
