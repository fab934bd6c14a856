//! Browsers that connect to each other.

use serde_json::json;

use super::*;

fn offer(from: &str, to: &str) -> Value {
    json!({ "type": "offer", "roomId": "r", "userId": from, "targetUserId": to, "data": { "type": "offer", "sdp": from } })
}

#[tokio::test(start_paused = true)]
async fn messages_are_relayed_with_the_true_sender() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    ann.say(offer("mallory", "bob"));
    let heard = bob.hear("offer").await;
    assert_eq!(
        (&heard["userId"], &heard["targetUserId"], &heard["roomId"]),
        (&json!("ann"), &json!("bob"), &json!("r"))
    );
    assert_eq!(heard["data"], json!({ "type": "offer", "sdp": "mallory" }), "the browser's own object, as it is");
    bob.say(json!({ "type": "answer", "targetUserId": "ann", "data": { "type": "answer", "sdp": "a" } }));
    assert_eq!(ann.hear("answer").await["userId"], "bob");
    let candidate = json!({ "candidate": "candidate:1", "sdpMid": "0", "usernameFragment": null });
    ann.say(json!({ "type": "ice-candidate", "targetUserId": "bob", "data": candidate }));
    assert_eq!(bob.hear("ice-candidate").await["data"], candidate);

    ann.say(offer("ann", "nobody"));
    assert_eq!(ann.error().await, "target-not-found");
    ann.say(json!({ "type": "offer", "data": {} }));
    assert_eq!(ann.error().await, "target-not-found");
}

#[tokio::test(start_paused = true)]
async fn between_simple_clients_a_crossing_offer_is_dropped() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let perfect = json!({ "roomId": "r", "features": ["perfect-negotiation"] });
    let bob = house.enter(bearer("r", "bob"), perfect.clone()).await.expect("joins");
    let cleo = house.enter(bearer("r", "cleo"), perfect).await.expect("joins");
    for client in [&ann, &bob, &cleo] {
        client.messages();
    }
    ann.say(offer("ann", "bob"));
    bob.say(offer("bob", "ann"));
    assert_eq!((bob.heard(), ann.heard()), (vec!["offer".to_owned()], vec![]), "one of them is simple");
    bob.say(json!({ "type": "answer", "targetUserId": "ann", "data": {} }));
    bob.say(offer("bob", "ann"));
    assert_eq!(ann.heard(), ["answer", "offer"]);

    bob.say(offer("bob", "cleo"));
    cleo.say(offer("cleo", "bob"));
    assert_eq!((cleo.heard(), bob.heard()), (vec!["offer".to_owned()], vec!["offer".to_owned()]), "both resolve glare");
}

#[tokio::test(start_paused = true)]
async fn a_page_that_came_back_is_announced_so_that_the_others_call_it_again() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    ann.messages();
    bob.say(offer("bob", "ann"));
    let _bob_again = house.join("r", "bob").await;
    assert_eq!(ann.heard(), ["offer", "user-joined"]);
    ann.say(offer("ann", "bob"));
    assert_eq!(_bob_again.heard(), ["offer"], "the old page's offer is not in the way");
}

#[tokio::test(start_paused = true)]
async fn an_offer_in_the_join_of_a_mesh_room_is_passed_over() {
    let house = house();
    let _ann = house.join("r", "ann").await;
    let bob = house.join_with_media("r", "bob").await;
    assert_eq!((&bob.joined["kind"], bob.joined.get("answer")), (&json!("mesh"), None));
    assert!(house.media.arrivals().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_relayed_is_bounded_in_size_and_rate() {
    let limits = crosspoint_model::Limits { sdp_bytes: 5000, data_bytes_per_second: 6000, ..Default::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    bob.messages();
    let data =
        |kind: &str, size: usize| json!({ "type": kind, "targetUserId": "bob", "data": { "x": "x".repeat(size) } });
    ann.say(data("offer", 5000));
    assert_eq!(ann.error().await, "message-too-large");
    ann.say(data("answer", 5000));
    assert_eq!(ann.error().await, "message-too-large");
    ann.say(data("ice-candidate", 4096));
    assert_eq!(ann.error().await, "message-too-large");
    for kind in ["offer", "ice-candidate", "answer"] {
        ann.say(data(kind, 4000));
    }
    assert_eq!(bob.heard(), ["offer", "ice-candidate"]);
    assert_eq!(ann.error().await, "rate-limited");
    tokio::time::sleep(Duration::from_secs(1)).await;
    ann.say(data("answer", 100));
    assert_eq!(bob.heard(), ["answer"]);
}

#[tokio::test(start_paused = true)]
async fn who_resumes_is_not_held_up_by_an_offer_from_before() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    ann.say(offer("ann", "bob"));
    let join = json!({ "roomId": "r", "resume": ann.joined["resume"] });
    drop(ann);
    let ann = house.enter(bearer("r", "ann"), join).await.expect("resumes");
    bob.say(offer("bob", "ann"));
    assert_eq!(ann.heard(), ["offer"]);
}
