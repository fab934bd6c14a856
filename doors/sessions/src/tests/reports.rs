//! What sides report, and the figures.

use crosspoint_telemetry::Metrics;
use serde_json::{Value, json};

use super::house::{House, answer, offer, path};

#[tokio::test]
async fn the_first_report_for_an_offer_counts_once() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    let connected = json!({"state": "connected", "pair": {"local": "host", "remote": "relay"}, "connectMs": 120});
    assert_eq!(report(&house, "viewer", connected.clone()).await, (404, "not-ready".into()));
    house.post(&path("vm7", "answer"), answer("a")).await;
    for _ in 0..2 {
        report(&house, "agent", json!({"state": "connected"})).await;
        report(&house, "viewer", connected.clone()).await;
    }
    let session = house.get("/api/webrtc/session/vm7").await.json();
    assert_eq!(
        (&session["state"], &session["pair"]),
        (&json!("connected"), &json!({"viewer": "host", "agent": "relay"}))
    );
    report(&house, "viewer", json!({"state": "failed", "cause": "ice", "detail": "the network changed"})).await;
    report(&house, "agent", json!({"state": "failed", "cause": "timeout"})).await;
    let session = house.get("/api/webrtc/session/vm7").await.json();
    assert_eq!(session["failure"], json!({"cause": "ice", "detail": "the network changed"}));

    house.post(&path("vm7", "offer"), offer("b")).await;
    house.post(&path("vm7", "answer"), answer("b")).await;
    assert_eq!(
        report(&house, "viewer", json!({"state": "failed", "revision": 1})).await,
        (409, "stale-revision".into())
    );
    report(&house, "viewer", json!({"state": "failed", "cause": "dtls"})).await;
    // What was not counted as connected cannot be lost.
    for state in
        [json!({"state": "connected"}), json!({"state": "failed", "cause": "timeout"}), json!({"state": "connected"})]
    {
        report(&house, "viewer", state).await;
    }
    let stats = house.stats().await;
    let totals = &stats["totals"];
    assert_eq!((&totals["created"], &totals["offers"], &totals["answered"]), (&json!(1), &json!(2), &json!(2)));
    assert_eq!((&totals["connected"], &totals["failed"], &stats["successRate"]), (&json!(1), &json!(1), &json!(0.5)));
    assert_eq!(
        (&stats["failures"]["dtls"], &stats["lost"]["ice"], &stats["lost"]["timeout"]),
        (&json!(1), &json!(1), &json!(0))
    );
    assert_eq!((&stats["pairs"], &stats["sessions"]["connected"]), (&json!({"host/relay": 1}), &json!(1)));
    assert_eq!(stats["timeToAnswer"]["count"], 2);
}

#[tokio::test]
async fn what_is_no_report_is_refused() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    for body in [
        json!({}),
        json!({"state": "new"}),
        json!({"state": "connected", "pair": {"local": "host", "remote": "moon"}}),
        json!({"state": "failed", "from": "host"}),
    ] {
        assert_eq!(
            house.post(&path("vm7", "state"), body.clone()).await.problem(),
            (400, "invalid-request".into()),
            "{body}"
        );
    }
}

#[tokio::test]
async fn prometheus_reads_the_same_figures() {
    let house = House::open().await;
    let metrics = Metrics::new();
    metrics.collect(house.sessions.clone());
    house.begin("vm7", true).await;
    report(
        &house,
        "viewer",
        json!({"state": "connected", "connectMs": 300, "pair": {"local": "srflx", "remote": "host"}}),
    )
    .await;
    house.begin("vm8", false).await;
    house.delete("/api/webrtc/session/vm8").await;
    let text = metrics.encode().expect("text");
    for line in [
        r#"crosspoint_webrtc_sessions{state="connected"} 1"#,
        r#"crosspoint_webrtc_sessions{state="offered"} 0"#,
        "crosspoint_webrtc_sessions_created_total 2",
        "crosspoint_webrtc_sessions_connected_total 1",
        r#"crosspoint_webrtc_sessions_ended_total{cause="deleted"} 1"#,
        r#"crosspoint_webrtc_sessions_pairs_total{viewer="srflx",agent="host"} 1"#,
        r#"crosspoint_webrtc_sessions_connect_seconds_bucket{le="0.5"} 1"#,
        "crosspoint_webrtc_sessions_answer_seconds_count 1",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
}

async fn report(house: &House, role: &str, body: Value) -> (u16, String) {
    house.post(&format!("{}?role={role}", path("vm7", "state")), body).await.problem()
}
