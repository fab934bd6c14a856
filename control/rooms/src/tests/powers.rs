//! What an admin grant allows over signalling, and nobody else may.

use crosspoint_model::signal::close;
use crosspoint_worker::engine::Order;
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn without_an_admin_grant_nobody_has_power_over_others() {
    let house = house();
    let _bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    for message in [
        json!({ "type": "kick", "userId": "bob" }),
        json!({ "type": "mute", "userId": "bob", "muted": true }),
        json!({ "type": "hold", "userId": "bob", "held": true }),
        json!({ "type": "hold", "userId": "ann", "held": false }),
        json!({ "type": "move", "userId": "bob", "to": "elsewhere" }),
        json!({ "type": "close-room" }),
    ] {
        ann.say(message.clone());
        assert_eq!(ann.error().await, "forbidden", "{message}");
    }
    assert_eq!(house.rooms.list().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_is_kicked_stays_out() {
    let house = house();
    let ann = house.join_as_admin("r", "ann").await;
    let bob = house.join("r", "bob").await;
    ann.say(json!({ "type": "kick", "userId": "bob", "reason": "rude" }));
    assert_eq!(bob.hear("kicked").await["reason"], "rude");
    assert_eq!(bob.closed().await, close::KICKED);
    assert_eq!(ann.hear("user-left").await["reason"], "kicked");
    assert_eq!(house.refused(bearer("r", "bob"), json!({ "roomId": "r" })).await, Code::Kicked);
    let resume = json!({ "roomId": "r", "resume": bob.joined["resume"] });
    assert_eq!(house.refused(bearer("r", "bob"), resume).await, Code::ResumeFailed);
    ann.say(json!({ "type": "kick", "userId": "bob" }));
    assert_eq!(ann.error().await, "participant-not-found");
}

#[tokio::test(start_paused = true)]
async fn a_kick_ends_when_the_token_it_was_against_would_have() {
    let house = house();
    let ann = house.join_as_admin("r", "ann").await;
    let mut token = bearer("r", "bob");
    token.expires = now_seconds();
    house.enter(token, json!({ "roomId": "r" })).await.expect("joins");
    ann.say(json!({ "type": "kick", "userId": "bob" }));
    house.enter(bearer("r", "bob"), json!({ "roomId": "r" })).await.expect("a new token");
}

#[tokio::test(start_paused = true)]
async fn a_hold_is_the_room_s_and_survives_new_tracks_and_new_connections() {
    let house = house();
    let ann = house.enter(admin("r", "ann"), media_join("r", "ann")).await.expect("joins");
    let bob = house.join_with_media("r", "bob").await;
    ann.say(json!({ "type": "hold", "userId": "bob", "source": "microphone", "held": true }));
    let held = bob.hear("held").await;
    assert_eq!((&held["trackId"], &held["held"]), (&json!(bob.track("microphone")), &json!(true)));
    assert!(house.media.was_told(|o| matches!(o, Order::SetFlags { muted: false, held: true, .. })));
    bob.say(json!({ "type": "mute", "muted": true }));
    bob.say(json!({ "type": "mute", "muted": false }));
    let again = house.join_with_media("r", "bob").await;
    let microphone = again.joined["tracks"]
        .as_array()
        .expect("tracks")
        .iter()
        .find(|t| t["userId"] == "bob" && t["source"] == "microphone")
        .expect("a microphone");
    assert_eq!((&microphone["held"], &microphone["muted"]), (&json!(true), &json!(false)));
    ann.say(json!({ "type": "mute", "userId": "bob", "muted": true }));
    assert_eq!(again.hear("muted").await["muted"], true);
}

#[tokio::test(start_paused = true)]
async fn a_closed_room_ends_for_everybody() {
    let house = house();
    let ann = house.join_as_admin("r", "ann").await;
    let bob = house.join("r", "bob").await;
    ann.say(json!({ "type": "close-room", "reason": "lunch" }));
    assert_eq!(bob.hear("room-closed").await["reason"], "lunch");
    assert_eq!((ann.closed().await, bob.closed().await), (close::ROOM_CLOSED, close::ROOM_CLOSED));
    assert!(house.media.was_told(|order| matches!(order, Order::CloseRoom { .. })));
    assert!(house.rooms.list().is_empty());
    house.join("r", "bob").await;
}

#[tokio::test(start_paused = true)]
async fn a_kick_outlasts_every_token_that_the_identity_came_with() {
    let house = house();
    let long = bearer("r", "bob");
    let short = crosspoint_model::grant::Bearer { expires: now_seconds(), ..long.clone() };
    let host = house.join_as_admin("r", "host").await;
    let _first = house.enter(long.clone(), json!({ "roomId": "r" })).await.expect("joins");
    let second = house.enter(short.clone(), json!({ "roomId": "r" })).await.expect("joins anew with a shorter token");
    let join = json!({ "roomId": "r", "resume": second.joined["resume"] });
    drop(second);
    let third = house.enter(short, join).await.expect("resumes with it");
    host.say(json!({ "type": "kick", "userId": "bob" }));
    third.closed().await;
    assert_eq!(house.refused(long, json!({ "roomId": "r" })).await, Code::Kicked);
}
