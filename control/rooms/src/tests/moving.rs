//! From room to room.

use crosspoint_worker::engine::Order;
use serde_json::json;

use super::*;

#[tokio::test(start_paused = true)]
async fn who_is_moved_keeps_its_connection_and_sees_the_other_room() {
    let house = house();
    let host = house.enter(admin("", "host"), media_join("a", "host")).await.expect("joins");
    let ann = house.join_with_media("a", "ann").await;
    let cleo = house.join_with_media("b", "cleo").await;
    host.messages();
    host.say(json!({ "type": "move", "userId": "ann", "to": "b", "muted": true }));
    assert_eq!(ann.hear("moved").await["roomId"], "b");
    let joined = ann.hear("joined").await;
    assert_eq!((&joined["roomId"], &joined["participants"]), (&json!("b"), &json!(["cleo"])));
    assert_eq!(joined["resume"], ann.joined["resume"]);
    let own = joined["tracks"].as_array().expect("tracks").iter().filter(|t| t["userId"] == "ann");
    assert_eq!(own.map(|track| track["held"].clone()).collect::<Vec<_>>(), [json!(true), json!(true)]);
    assert_eq!(host.heard(), ["unpublished", "unpublished", "user-left"]);
    assert_eq!(cleo.heard(), ["user-joined", "published", "published"]);
    assert!(house.media.was_told(|order| matches!(order, Order::MoveLeg { .. })));
    assert!(!house.media.was_told(|order| matches!(order, Order::RemoveLeg { .. })));

    ann.say(json!({ "type": "data", "payload": "hello there" }));
    assert_eq!(cleo.hear("data").await["from"], "ann", "what it says goes to the new room");
}

#[tokio::test(start_paused = true)]
async fn who_was_moved_comes_back_there_with_the_old_token_until_it_leaves() {
    let house = house();
    let ann = house.join("a", "ann").await;
    house.rooms.move_to(&room("a"), &id("ann"), &room("b"), None).expect("moved");
    let again = house.join("a", "ann").await;
    assert_eq!(again.joined["roomId"], "b");
    let named = house.enter(bearer("a", "ann"), json!({ "roomId": "b" })).await.expect("may name it, too");
    assert_eq!(house.refused(bearer("a", "eve"), json!({ "roomId": "b" })).await, Code::Forbidden);
    let resume = json!({ "roomId": "b", "resume": named.joined["resume"] });
    drop((ann, again, named));
    let resumed = house.enter(bearer("a", "ann"), resume).await.expect("resumes");
    assert_eq!(resumed.joined["roomId"], "b");
    resumed.say(json!({ "type": "leave" }));
    assert_eq!(house.join("a", "ann").await.joined["roomId"], "a");
}

#[tokio::test(start_paused = true)]
async fn a_move_that_cannot_be_is_refused_with_the_reason() {
    let house = house_with(2, Options::default());
    let host = house.enter(admin("", "host"), media_join("a", "host")).await.expect("joins");
    let _ann = house.join_with_media("a", "ann").await;
    let _cleo = house.join_with_media("b", "cleo").await;
    let _mesh = house.join("m", "dora").await;
    for (who, to, code) in [
        ("ann", "b", "move-unavailable"),
        ("ann", "a", "move-unavailable"),
        ("ann", "m", "move-unavailable"),
        ("nobody", "c", "participant-not-found"),
        ("ann", " ", "invalid-request"),
    ] {
        host.say(json!({ "type": "move", "userId": who, "to": to }));
        assert_eq!(host.error().await, code, "{who} to {to}");
    }
    host.say(json!({ "type": "move", "userId": "ann", "to": "new" }));
    host.hear("user-left").await;
    let worker_of = |name: &str| house.rooms.list().iter().find(|r| r.room_id == room(name)).map(|r| r.worker);
    assert_eq!(worker_of("new"), worker_of("a"), "a room that a move makes is on the same worker");
}

#[tokio::test(start_paused = true)]
async fn an_admin_of_one_room_cannot_move_people_into_another() {
    let house = house();
    let host = house.join_as_admin("a", "host").await;
    let _ann = house.join("a", "ann").await;
    host.say(json!({ "type": "move", "userId": "ann", "to": "b" }));
    assert_eq!(host.error().await, "forbidden");
}

#[tokio::test(start_paused = true)]
async fn who_was_moved_twice_comes_back_to_the_last_room_and_to_the_first_when_that_is_closed() {
    let house = house();
    let ann = house.join("a", "ann").await;
    house.rooms.move_to(&room("a"), &id("ann"), &room("b"), None).expect("moved");
    house.rooms.move_to(&room("b"), &id("ann"), &room("c"), None).expect("moved again");
    let refreshed = house.join("a", "ann").await;
    assert_eq!(refreshed.joined["roomId"], "c");
    house.rooms.move_to(&room("c"), &id("ann"), &room("d"), None).expect("moved after a refresh");
    drop((ann, refreshed));
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(house.join("a", "ann").await.joined["roomId"], "d", "to be cut off is not to leave");
    house.rooms.close(&room("d"), "over").expect("closed");
    assert_eq!(house.join("a", "ann").await.joined["roomId"], "a");
    house.rooms.move_to(&room("a"), &id("ann"), &room("e"), None).expect("moved");
    house.rooms.move_to(&room("e"), &id("ann"), &room("a"), None).expect("moved home");
    assert_eq!(house.join("a", "ann").await.joined["roomId"], "a");
}

#[tokio::test(start_paused = true)]
async fn who_is_moved_between_kinds_keeps_its_connection_and_what_is_held_stays_held() {
    let house = house();
    let ann = house.join_with_media("forward", "ann").await;
    let mixed = json!({ "roomId": "mix", "kind": "mix" });
    house.rooms.create(serde_json::from_value(mixed).expect("a request")).expect("made");
    house.rooms.move_to(&room("forward"), &id("ann"), &room("mix"), Some(true)).expect("moved");
    let joined = ann.hear("joined").await;
    assert_eq!((&joined["roomId"], &joined["kind"]), (&json!("mix"), &json!("mix")));
    assert!(!house.media.was_told(|order| matches!(order, Order::RemoveLeg { .. })));
    ann.say(json!({ "type": "mute", "muted": true }));
    ann.say(json!({ "type": "mute", "muted": false }));
    let again = house.join_with_media("forward", "ann").await;
    assert_eq!(again.joined["roomId"], "mix");
    let own = again.joined["tracks"].as_array().expect("tracks").iter();
    let flags = own.map(|track| (track["held"].clone(), track["muted"].clone()));
    assert_eq!(flags.collect::<Vec<_>>(), [(json!(true), json!(false)), (json!(true), json!(false))]);
}
