//! Coming back to a session.

use crosspoint_model::Hears;
use crosspoint_model::signal::close;
use crosspoint_worker::engine::Order;
use serde_json::json;

use super::*;

fn resume(client: &Client, last_seq: u64) -> Value {
    json!({ "roomId": "r", "resume": client.joined["resume"], "lastSeq": last_seq })
}

#[tokio::test(start_paused = true)]
async fn a_dropped_socket_does_not_end_the_session_and_nothing_is_missed() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let bob = house.join_with_media("r", "bob").await;
    let seq = ann.messages().last().expect("news")["seq"].as_u64().expect("numbered");
    let join = resume(&ann, seq);
    drop(ann);
    let _cleo = house.join("r", "cleo").await;
    bob.say(json!({ "type": "data", "payload": "hi" }));
    tokio::time::sleep(Duration::from_secs(29)).await;

    let ann = house.enter(bearer("r", "ann"), join.clone()).await.expect("resumes");
    assert_eq!((&ann.joined["resumed"], ann.joined.get("seq")), (&json!(true), None));
    assert_eq!(ann.joined["tracks"].as_array().map(Vec::len), Some(4));
    let missed = ann.messages();
    let kinds: Vec<_> = missed.iter().map(|m| m["type"].as_str().unwrap_or_default()).collect();
    assert_eq!(kinds, ["user-joined", "data"]);
    assert_eq!(missed[0]["seq"], seq + 1);
    assert!(!house.media.was_told(|order| matches!(order, Order::RemoveLeg { .. })), "media never stopped");
    assert!(!bob.heard().contains(&"user-left".to_owned()));

    assert_ne!(ann.joined["resume"], join["resume"], "a new token each time");
    assert_eq!(house.refused(bearer("r", "ann"), join).await, Code::ResumeFailed);
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert!(!bob.heard().contains(&"user-left".to_owned()), "the timer of the old socket has no effect");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_back_in_time_is_gone() {
    let house = house();
    let bob = house.join("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    let join = resume(&ann, 0);
    drop(ann);
    assert_eq!(house.rooms.totals().waiting_sessions, 1);
    let before = tokio::time::Instant::now();
    assert_eq!(bob.hear("user-left").await["reason"], "disconnected");
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(house.refused(bearer("r", "ann"), join).await, Code::ResumeFailed);
}

#[tokio::test(start_paused = true)]
async fn a_session_is_resumed_by_its_own_identity_only_and_the_newer_socket_wins() {
    let house = house();
    let ann = house.join("r", "ann").await;
    assert_eq!(house.refused(bearer("r", "eve"), resume(&ann, 0)).await, Code::IdentityMismatch);
    assert_eq!(house.refused(bearer("other", "ann"), resume(&ann, 0)).await, Code::Forbidden);
    assert_eq!(house.refused(bearer("r", "ann"), resume(&ann, 99)).await, Code::ResumeFailed);
    let again = house.enter(bearer("r", "ann"), resume(&ann, 0)).await.expect("resumes beside a dead socket");
    assert_eq!(ann.closed().await, close::REPLACED);
    drop(ann);
    tokio::time::sleep(Duration::from_secs(60)).await;
    again.say(json!({ "type": "ping" }));
    again.hear("pong").await;
}

#[tokio::test(start_paused = true)]
async fn a_reloaded_page_resumes_with_a_new_connection() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let old = house.media.leg_of("ann").expect("a leg");
    let mut join = media_join("r", "ann-reloaded");
    join["resume"] = ann.joined["resume"].clone();
    drop(ann);
    let ann = house.enter(bearer("r", "ann"), join).await.expect("resumes");
    assert_eq!((&ann.joined["resumed"], &ann.joined["answer"]["type"]), (&json!(true), &json!("answer")));
    assert!(house.media.was_told(|order| matches!(order, Order::RemoveLeg { leg } if *leg == old)));
    assert_ne!(house.media.leg_of("ann"), Some(old));
}

#[tokio::test(start_paused = true)]
async fn a_page_that_resumes_is_told_what_it_hears_and_who_talks_to_it() {
    let house = house();
    let ann = house.join_with_media("f", "ann").await;
    let host = house.enter(admin("f", "host"), media_join("f", "host")).await.expect("joins");
    house.rooms.listen(&room("f"), &id("ann"), Hears::Hold, None).expect("set");
    host.say(json!({ "type": "talk", "to": "ann" }));
    let seq = ann.messages().last().expect("news")["seq"].clone();
    let join = json!({ "roomId": "f", "resume": ann.joined["resume"], "lastSeq": seq });
    drop(ann);
    let ann = house.enter(bearer("f", "ann"), join).await.expect("resumes");
    let told = ann.messages();
    let first = |kind: &str| told.iter().find(|told| told["type"] == kind).cloned().unwrap_or_default();
    assert_eq!(first("listening")["hears"], "hold");
    assert_eq!((&first("talkback")["from"], &first("talkback")["active"]), (&json!("host"), &json!(true)));
}

#[tokio::test(start_paused = true)]
async fn a_resume_with_an_offer_of_the_same_connection_only_renegotiates() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let mut join = media_join("r", "ann");
    join["resume"] = ann.joined["resume"].clone();
    drop(ann);
    let ann = house.enter(bearer("r", "ann"), join).await.expect("resumes");
    assert_eq!(ann.joined["answer"]["type"], "answer");
    assert_eq!(house.media.arrivals().len(), 1);
}
