//! What participants say about themselves and to each other.

use crosspoint_model::Limits;
use crosspoint_model::signal::close;
use crosspoint_worker::engine::Order;
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn subscriptions_become_orders_as_far_as_the_token_allows() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    let camera = bob.track("camera");
    ann.say(json!({ "type": "subscribe", "trackId": camera, "width": 320 }));
    ann.say(json!({ "type": "prefer", "trackId": camera, "width": 160 }));
    ann.say(json!({ "type": "unsubscribe", "trackId": camera }));
    assert!(
        house.media.was_told(|o| matches!(o, Order::Subscribe { preference, .. } if preference.width == Some(320)))
    );
    assert!(house.media.was_told(|o| matches!(o, Order::Prefer { preference, .. } if preference.width == Some(160))));
    assert!(house.media.was_told(|o| matches!(o, Order::Unsubscribe { .. })));
    ann.say(json!({ "type": "subscribe", "trackId": "TR_99999", "request": 4 }));
    assert_eq!(ann.hear("error").await["request"], 4);
    ann.say(json!({ "type": "subscribe", "trackId": ann.track("camera") }));
    assert_eq!(ann.error().await, "invalid-request");

    let mut deaf = bearer("r", "deaf");
    deaf.grant.can_subscribe = Some(false);
    let deaf = house.enter(deaf, media_join("r", "deaf")).await.expect("joins");
    deaf.say(json!({ "type": "subscribe", "trackId": camera }));
    assert_eq!(deaf.error().await, "forbidden");
    let profile = house.media.arrivals().last().expect("a leg").1.profile.clone();
    assert!(!profile.subscribes && profile.hears == crosspoint_model::Hears::Nothing);
}

#[tokio::test(start_paused = true)]
async fn everybody_hears_of_a_mute_once() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    ann.say(json!({ "type": "mute", "source": "microphone", "muted": true }));
    ann.say(json!({ "type": "mute", "source": "microphone", "muted": true }));
    let heard = bob.hear("muted").await;
    assert_eq!((&heard["userId"], &heard["trackId"]), (&json!("ann"), &json!(ann.track("microphone"))));
    assert_eq!(ann.heard(), ["muted"]);
    assert!(house.media.was_told(|o| matches!(o, Order::SetFlags { muted: true, held: false, .. })));
    ann.say(json!({ "type": "mute", "trackId": bob.track("camera"), "muted": true }));
    assert_eq!(ann.error().await, "track-not-found", "not one of its own");
}

#[tokio::test(start_paused = true)]
async fn a_participant_describes_itself_but_not_as_the_server_does() {
    let limits = Limits { metadata_bytes: 100, ..Limits::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    let bob = house.join("r", "bob").await;
    let mut token = bearer("r", "ann");
    token.attributes.insert("crosspoint.role".into(), "host".into());
    let ann = house.enter(token, json!({ "roomId": "r" })).await.expect("joins");
    ann.say(json!({ "type": "update", "metadata": "hi", "attributes": { "mood": "fine", "hand": "up" } }));
    ann.say(json!({ "type": "update", "attributes": { "hand": "" } }));
    bob.hear("updated").await;
    let user = bob.hear("updated").await["user"].clone();
    assert_eq!(user["attributes"], json!({ "mood": "fine", "crosspoint.role": "host" }));
    assert_eq!((&user["metadata"], &user["name"]), (&json!("hi"), &json!("ANN")));
    ann.say(json!({ "type": "update", "attributes": { "crosspoint.role": "" } }));
    assert_eq!(ann.error().await, "forbidden");
    ann.say(json!({ "type": "update", "metadata": "x".repeat(101) }));
    assert_eq!(ann.error().await, "message-too-large");
}

#[tokio::test(start_paused = true)]
async fn data_goes_to_all_others_or_to_those_who_are_named() {
    let limits = Limits { data_bytes: 200, data_bytes_per_second: 400, ..Limits::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    let cleo = house.join("r", "cleo").await;
    for client in [&ann, &bob, &cleo] {
        client.messages();
    }
    ann.say(json!({ "type": "data", "topic": "chat", "payload": { "text": "all" } }));
    ann.say(json!({ "type": "data", "to": ["cleo", "nobody"], "payload": 1 }));
    let heard = bob.messages();
    assert_eq!((heard.len(), &heard[0]["from"], &heard[0]["payload"]["text"]), (1, &json!("ann"), &json!("all")));
    assert_eq!(cleo.messages().len(), 2);
    assert_eq!(ann.error().await, "target-not-found");
    ann.say(json!({ "type": "data", "payload": "x".repeat(200) }));
    assert_eq!(ann.error().await, "message-too-large");
    for _ in 0..4 {
        ann.say(json!({ "type": "data", "payload": "x".repeat(100) }));
    }
    assert_eq!(ann.error().await, "rate-limited");

    let mut mute = bearer("r", "dora");
    mute.grant.can_publish_data = Some(false);
    let dora = house.enter(mute, json!({ "roomId": "r" })).await.expect("joins");
    dora.say(json!({ "type": "data", "payload": 1 }));
    assert_eq!(dora.error().await, "forbidden");
}

#[tokio::test(start_paused = true)]
async fn a_ping_is_answered_with_the_client_s_own_time() {
    let house = house();
    let ann = house.join("r", "ann").await;
    ann.say(json!({ "type": "ping", "timestamp": 1_700_000_000_000_u64, "request": 2 }));
    let expected = json!({ "type": "pong", "timestamp": 1_700_000_000_000_u64, "request": 2 });
    assert_eq!(ann.hear("pong").await, expected, "and no seq");
    ann.say(json!({ "type": "ping", "timestamp": { "not": "a number" } }));
    assert_eq!(ann.hear("pong").await, json!({ "type": "pong" }));
    ann.say(json!({ "type": "join", "roomId": "r" }));
    assert_eq!(ann.error().await, "already-joined");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_is_cut_off() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    for number in 0..600 {
        bob.say(json!({ "type": "data", "payload": number }));
    }
    assert_eq!(ann.closed().await, close::TOO_SLOW);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_recorder_says_so() {
    let house = house();
    let mut token = bearer("r", "ann");
    token.grant.room_record = true;
    let ann = house.enter(token, json!({ "roomId": "r" })).await.expect("joins");
    ann.say(json!({ "type": "start-recording" }));
    assert_eq!(ann.error().await, "recording-unavailable");
    let bob = house.join("r", "bob").await;
    bob.say(json!({ "type": "start-recording" }));
    assert_eq!(bob.error().await, "forbidden");
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_comes_before_the_old_one_ends() {
    struct Issuer;
    impl crate::TokenIssuer for Issuer {
        fn refresh(&self, bearer: &Bearer) -> Option<crate::FreshToken> {
            Some(crate::FreshToken { token: format!("fresh for {}", bearer.identity), expires: bearer.expires + 3600 })
        }
    }
    let house = house_with(1, Options { tokens: Some(Arc::new(Issuer)), ..Options::default() });
    let ann = house.join("r", "ann").await;
    let before = tokio::time::Instant::now();
    assert_eq!(ann.hear("token").await["token"], "fresh for ann");
    let after = before.elapsed().as_secs();
    assert!((3535..=3545).contains(&after), "{after} s");
}

#[tokio::test(start_paused = true)]
async fn who_is_named_twice_gets_data_once_and_each_receiver_is_paid_for() {
    let limits = Limits { data_bytes_per_second: 1000, ..Limits::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    let ann = house.join("r", "ann").await;
    let bob = house.join("r", "bob").await;
    bob.messages();
    ann.say(json!({ "type": "data", "to": ["bob", "bob", "bob"], "payload": 1 }));
    assert_eq!(bob.heard(), ["data"]);
    ann.say(json!({ "type": "data", "to": ["a", "b", "c"], "payload": 1 }));
    assert_eq!(ann.error().await, "invalid-request", "more names than participants");
    tokio::time::sleep(Duration::from_secs(5)).await;
    ann.say(json!({ "type": "data", "to": ["ann", "bob"], "payload": "x".repeat(900) }));
    assert_eq!((ann.heard(), bob.heard()), (vec!["data".to_owned()], vec!["data".to_owned()]));
    tokio::time::sleep(Duration::from_millis(800)).await;
    ann.say(json!({ "type": "data", "payload": 1 }));
    assert_eq!(ann.error().await, "rate-limited", "both receivers are paid back first");
}

#[tokio::test(start_paused = true)]
async fn sound_that_was_preferred_without_a_subscription_is_preferred_on_a_fresh_connection() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    ann.say(json!({ "type": "prefer", "trackId": bob.track("microphone"), "pinned": true }));
    ann.say(json!({ "type": "prefer", "trackId": bob.track("camera"), "width": 640 }));
    let sdp = crate::fake::offer("ann-2", &[("0", "audio", "recvonly")]);
    ann.say(json!({ "type": "offer", "data": { "type": "offer", "sdp": sdp } }));
    ann.hear("answer").await;
    let new = house.media.leg_of("ann").expect("a leg");
    let told = house.media.told();
    let again: Vec<_> = told
        .iter()
        .filter_map(|(_, told)| match told {
            crate::fake::Told::Order(Order::Subscribe { leg, preference, .. }) if *leg == new => {
                Some(preference.pinned)
            }
            _ => None,
        })
        .collect();
    assert_eq!(again, [Some(true)], "the picture was never subscribed to");
}
