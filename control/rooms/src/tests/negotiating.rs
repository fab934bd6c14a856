//! Offers after the first.

use crosspoint_worker::engine::{Fact, LegEnd, Order, SlotState};
use serde_json::json;

use super::*;

fn offer(connection: &str, lines: &[(&str, &str, &str)], publish: Value) -> Value {
    let sdp = crate::fake::offer(connection, lines);
    json!({ "type": "offer", "request": 8, "data": { "type": "offer", "sdp": sdp }, "publish": publish })
}

#[tokio::test(start_paused = true)]
async fn a_later_offer_adds_and_ends_tracks_when_it_is_answered() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let bob = house.join_with_media("r", "bob").await;
    bob.messages();
    let lines = [
        ("0", "audio", "sendonly"),
        ("1", "video", "inactive"),
        ("2", "video", "recvonly"),
        ("3", "video", "sendonly"),
    ];
    let publish = json!([{ "mid": "0", "source": "microphone" }, { "mid": "3", "source": "screen_share" }]);
    ann.say(offer("ann", &lines, publish));
    let answer = ann.hear("answer").await;
    assert_eq!((&answer["request"], &answer["data"]["type"]), (&json!(8), &json!("answer")));
    assert_eq!(bob.hear("unpublished").await["trackId"], ann.track("camera"));
    assert_eq!(bob.hear("published").await["track"]["source"], "screen_share");
    assert_eq!(ann.hear("published").await["track"]["source"], "screen_share", "with its id, for the publisher too");
    assert!(house.media.was_told(|order| matches!(order, Order::Negotiate { publish, .. } if publish.len() == 2)));
    assert_eq!(house.media.arrivals().len(), 2, "no new leg");
}

#[tokio::test(start_paused = true)]
async fn a_refused_offer_changes_nothing() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let lines = [("0", "audio", "sendonly"), ("1", "video", "sendonly"), ("2", "video", "recvonly")];
    ann.say(offer("ann", &lines, json!([{ "mid": "9", "source": "camera" }])));
    assert_eq!(ann.error().await, "invalid-request");
    let mut broken = offer("ann", &lines, json!([]));
    broken["data"]["sdp"] = json!(broken["data"]["sdp"].as_str().expect("text").replace("v=0", "v=1"));
    ann.say(broken);
    let error = ann.hear("error").await;
    assert_eq!((&error["code"], &error["request"]), (&json!("invalid-sdp"), &json!(8)));
    ann.say(json!({ "type": "offer", "data": { "type": "answer", "sdp": "v=0" } }));
    assert_eq!(ann.error().await, "invalid-sdp");
    ann.say(json!({ "type": "offer", "data": 5 }));
    assert_eq!(ann.error().await, "invalid-sdp");
    ann.say(json!({ "type": "answer", "data": {} }));
    assert_eq!(ann.error().await, "negotiation-conflict");
    assert_eq!(house.rooms.list()[0].tracks, 2);
}

#[tokio::test(start_paused = true)]
async fn who_joined_without_an_offer_gets_a_leg_with_the_first_one() {
    let house = house();
    let ann = house.enter(bearer("r", "ann"), json!({ "roomId": "r", "kind": "forward" })).await.expect("joins");
    let candidate =
        json!({ "type": "ice-candidate", "data": { "candidate": "candidate:1 1 udp 1 10.0.0.1 5 typ host" } });
    ann.say(candidate.clone());
    assert_eq!(ann.error().await, "negotiation-conflict");
    ann.say(offer("ann", &[("0", "audio", "sendonly")], json!([{ "mid": "0", "source": "microphone" }])));
    assert_eq!(ann.hear("answer").await["request"], 8);
    ann.hear("published").await;
    ann.say(candidate);
    ann.say(json!({ "type": "ice-candidate", "data": { "candidate": "" } }));
    ann.say(json!({ "type": "ice-candidate", "data": null }));
    assert!(ann.heard().is_empty());
    let candidates = house
        .media
        .told()
        .into_iter()
        .filter(|(_, told)| matches!(told, crate::fake::Told::Order(Order::AddCandidate { .. })));
    assert_eq!(candidates.count(), 1, "the last-candidate marks are not passed on");
}

#[tokio::test(start_paused = true)]
async fn when_a_leg_dies_its_tracks_end_and_a_new_offer_brings_everything_back() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    ann.say(json!({ "type": "subscribe", "trackId": bob.track("camera"), "width": 640 }));
    let old = house.media.leg_of("ann").expect("a leg");
    bob.messages();
    house.media.say(Fact::Ended { leg: old, end: LegEnd::TimedOut });
    house.settle().await;
    assert_eq!(bob.heard(), ["unpublished", "unpublished"], "but no leave");
    let lines = [("0", "audio", "sendonly"), ("1", "video", "recvonly")];
    ann.say(offer("ann-2", &lines, json!([{ "mid": "0", "source": "microphone" }])));
    ann.hear("answer").await;
    let new = house.media.leg_of("ann").expect("a leg");
    assert_ne!(new, old);
    assert!(
        house.media.was_told(|order| matches!(order, Order::Subscribe { leg, preference, .. }
            if *leg == new && preference.width == Some(640))),
        "what it watched comes again"
    );
    assert_eq!(bob.hear("published").await["track"]["userId"], "ann");
}

#[tokio::test(start_paused = true)]
async fn an_offer_of_another_peer_connection_replaces_the_leg_that_still_lives() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let old = house.media.leg_of("ann").expect("a leg");
    ann.say(offer("ann-2", &[("0", "audio", "sendonly")], json!([])));
    ann.hear("answer").await;
    assert!(house.media.was_told(|order| matches!(order, Order::RemoveLeg { leg } if *leg == old)));
    assert_eq!(house.media.arrivals().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_is_in_slots_is_told_with_its_publisher_and_stands_in_a_resumed_joined() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    let track: crosspoint_model::TrackId = bob.track("camera").parse().expect("an id");
    let leg = house.media.leg_of("ann").expect("a leg");
    let kind = crosspoint_model::MediaKind::Video;
    let slot = SlotState { mid: "2".into(), kind, track: Some(track.0), layer: Some("m".into()), paused: false };
    house.media.say(Fact::Slots { leg, slots: vec![slot] });
    let expected =
        json!([{ "mid": "2", "kind": "video", "trackId": track.to_string(), "userId": "bob", "layer": "m" }]);
    assert_eq!(ann.hear("slots").await["slots"], expected);
    let join = json!({ "roomId": "r", "resume": ann.joined["resume"] });
    drop(ann);
    let ann = house.enter(bearer("r", "ann"), join).await.expect("resumes");
    assert_eq!(ann.joined["slots"], expected);
}

#[tokio::test(start_paused = true)]
async fn offers_are_limited_to_twenty_at_once_and_two_per_second() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let again = || {
        let lines = [("0", "audio", "sendonly"), ("1", "video", "sendonly"), ("2", "video", "recvonly")];
        let sdp = crate::fake::offer("ann", &lines);
        json!({ "type": "offer", "data": { "type": "offer", "sdp": sdp } })
    };
    for _ in 0..20 {
        ann.say(again());
        ann.hear("answer").await;
    }
    ann.say(again());
    assert_eq!(ann.error().await, "rate-limited");
    tokio::time::sleep(Duration::from_secs(1)).await;
    for _ in 0..2 {
        ann.say(again());
        ann.hear("answer").await;
    }
    ann.say(again());
    assert_eq!(ann.error().await, "rate-limited");
}

#[tokio::test(start_paused = true)]
async fn who_loses_its_connection_is_told_to_offer_again() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let leg = house.media.leg_of("ann").expect("a leg");
    ann.messages();
    house.media.say(Fact::Ended { leg, end: LegEnd::TimedOut });
    let error = ann.hear("error").await;
    assert_eq!((&error["code"], error.get("request")), (&json!("media-unavailable"), None));
}

#[tokio::test(start_paused = true)]
async fn an_offer_whose_connection_ends_meanwhile_is_refused_with_its_request() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let leg = house.media.leg_of("ann").expect("a leg");
    ann.messages();
    // Said before the offer, so that it comes before the answer.
    house.media.say(Fact::Ended { leg, end: LegEnd::Closed });
    ann.say(offer("ann", &[("0", "audio", "sendonly")], json!([])));
    house.settle().await;
    let messages = ann.messages();
    let errors: Vec<_> = messages.iter().filter(|m| m["type"] == "error").collect();
    assert_eq!(errors.len(), 1);
    assert_eq!((&errors[0]["code"], &errors[0]["request"]), (&json!("media-unavailable"), &json!(8)));
}

#[tokio::test(start_paused = true)]
async fn long_names_and_mids_of_tracks_are_refused() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let mid = "m".repeat(65);
    let lines = [("0", "audio", "sendonly"), (mid.as_str(), "video", "sendonly")];
    ann.say(offer("ann", &lines, json!([{ "mid": "0", "source": "microphone", "name": "n".repeat(257) }])));
    assert_eq!(ann.error().await, "invalid-request");
    ann.say(offer("ann", &lines, json!([{ "mid": mid, "source": "camera" }])));
    assert_eq!(ann.error().await, "invalid-request");
    ann.say(offer("ann", &lines, json!([{ "mid": "0", "source": "microphone", "name": "n".repeat(256) }])));
    ann.hear("answer").await;
}
