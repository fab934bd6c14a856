//! Coming in.

use crosspoint_model::Limits;
use crosspoint_model::signal::close;
use crosspoint_worker::engine::Order;
use serde_json::json;

use super::*;
use crate::fake::Told;

#[tokio::test(start_paused = true)]
async fn a_newcomer_learns_who_is_there_and_the_others_learn_of_it() {
    let house = house();
    let ann = house.join("r", "ann").await;
    assert_eq!(ann.joined["kind"], "mesh", "the kind for who says neither kind nor offer");
    let bob = house.join("r", "bob").await;
    assert_eq!(bob.joined["participants"], json!(["ann"]));
    assert_eq!(bob.joined["users"][0]["name"], "ANN");
    let news = ann.hear("user-joined").await;
    assert_eq!((&news["userId"], &news["user"]["name"], &news["seq"]), (&json!("bob"), &json!("BOB"), &json!(1)));
    bob.say(json!({ "type": "leave" }));
    let news = ann.hear("user-left").await;
    assert_eq!((&news["userId"], &news["reason"]), (&json!("bob"), &json!("left")));
    assert_eq!(bob.closed().await, 1000);
}

#[tokio::test(start_paused = true)]
async fn an_offer_is_answered_in_joined_and_its_tracks_are_published() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    assert_eq!(ann.joined["kind"], "forward");
    assert_eq!(ann.joined["answer"], json!({ "type": "answer", "sdp": crate::fake::ANSWER }));
    assert_eq!(ann.joined["slots"], json!([{ "mid": "2", "kind": "video" }]));
    assert_eq!(ann.joined["tracks"].as_array().map(Vec::len), Some(2));

    let bob = house.join_with_media("r", "bob").await;
    assert_eq!(bob.joined["tracks"].as_array().map(Vec::len), Some(4));
    let published = [ann.hear("published").await, ann.hear("published").await];
    assert_eq!(published.map(|m| m["track"]["source"].clone()), [json!("microphone"), json!("camera")]);
    assert!(bob.heard().is_empty(), "its own tracks stand in joined");

    let arrivals = house.media.arrivals();
    assert_eq!(arrivals.len(), 2);
    assert_eq!(arrivals[0].1.publish.len(), 2);
    assert!(arrivals[0].1.profile.hears == crosspoint_model::Hears::Tracks && arrivals[0].1.profile.subscribes);
    assert!(matches!(&house.media.told()[0].1, Told::Order(Order::OpenRoom { .. })), "the room comes before its legs");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_come_in_is_refused() {
    let limits = Limits { participants_per_room: 2, ..Limits::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    let join = json!({ "roomId": "r" });
    assert_eq!(house.refused(bearer("other", "ann"), join.clone()).await, Code::Forbidden);
    assert_eq!(
        house.refused(bearer("r", "ann"), json!({ "roomId": "r", "userId": "eve" })).await,
        Code::IdentityMismatch
    );
    assert_eq!(
        house.refused(bearer("r", "ann"), json!({ "roomId": "r", "protocol": 2 })).await,
        Code::ProtocolUnsupported
    );
    assert_eq!(house.refused(bearer("r", ""), join.clone()).await, Code::InvalidRequest);
    let bad = json!({ "roomId": "r", "offer": { "type": "offer", "sdp": "nonsense" } });
    assert_eq!(house.refused(bearer("r", "ann"), bad).await, Code::InvalidSdp);
    assert!(house.rooms.list().is_empty(), "no refused join left a room behind");

    let _ann = house.join("r", "ann").await;
    let _bob = house.join("r", "bob").await;
    assert_eq!(house.refused(bearer("r", "eve"), join.clone()).await, Code::RoomFull);
    house.enter(bearer("r", "bob"), join).await.expect("who is there already is no additional participant");
    assert_eq!(house.rooms.totals().refusals["room-full"], 1);
}

#[tokio::test(start_paused = true)]
async fn a_locked_room_and_a_pin_keep_strangers_out() {
    let house = house();
    let request = json!({ "roomId": "r", "kind": "mesh", "pin": "1234" });
    house.rooms.create(serde_json::from_value(request).expect("a request")).expect("made");
    assert_eq!(house.refused(bearer("r", "ann"), json!({ "roomId": "r" })).await, Code::WrongPin);
    assert_eq!(house.refused(bearer("r", "ann"), json!({ "roomId": "r", "pin": "123" })).await, Code::WrongPin);
    house.enter(bearer("r", "ann"), json!({ "roomId": "r", "pin": "1234" })).await.expect("the PIN is right");

    let lock = crate::UpdateRoom { locked: Some(true), ..Default::default() };
    assert!(house.rooms.update(&room("r"), lock).expect("updated").locked);
    let join = json!({ "roomId": "r", "pin": "1234" });
    assert_eq!(house.refused(bearer("r", "bob"), join.clone()).await, Code::RoomLocked);
    house.enter(admin("r", "bob"), join).await.expect("an admin comes in");
}

#[tokio::test(start_paused = true)]
async fn without_auto_create_a_join_makes_no_room_unless_the_token_may() {
    let house = house_with(1, Options { auto_create: false, ..Options::default() });
    let join = json!({ "roomId": "r" });
    assert_eq!(house.refused(bearer("r", "ann"), join.clone()).await, Code::RoomNotFound);
    let mut creator = bearer("r", "ann");
    creator.grant.room_create = true;
    house.enter(creator, join).await.expect("may make rooms");
}

#[tokio::test(start_paused = true)]
async fn the_newest_connection_of_an_identity_wins_and_others_see_no_leave() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let old = house.join_with_media("r", "ann").await;
    let old_leg = house.media.leg_of("ann").expect("a leg");
    bob.messages();
    let new = house.join_with_media("r", "ann").await;
    assert_eq!(old.hear("kicked").await["reason"], "replaced");
    assert_eq!(old.closed().await, close::REPLACED);
    assert_eq!(bob.heard(), ["unpublished", "unpublished", "published", "published"]);
    assert!(house.media.was_told(|order| matches!(order, Order::RemoveLeg { leg } if *leg == old_leg)));
    drop(old);
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(bob.heard().is_empty(), "the old session's end is nobody's leave");
    assert_eq!(new.joined["participants"], json!(["bob"]));
}

#[tokio::test(start_paused = true)]
async fn a_hidden_participant_is_not_told_of_and_does_not_publish() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let mut hidden = bearer("r", "spy");
    hidden.grant.hidden = true;
    assert_eq!(house.refused(hidden.clone(), media_join("r", "spy")).await, Code::Forbidden);
    let spy = house.enter(hidden, json!({ "roomId": "r" })).await.expect("joins");
    assert_eq!(spy.joined["participants"], json!(["ann"]));
    let bob = house.join_with_media("r", "bob").await;
    assert_eq!(bob.joined["participants"], json!(["ann"]));
    assert_eq!(ann.heard(), ["user-joined", "published", "published"], "only of bob");
    spy.say(json!({ "type": "leave" }));
    assert!(ann.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn rooms_go_to_the_worker_with_the_fewest_legs() {
    let house = house_with(2, Options::default());
    for (room, who) in [("a", "1"), ("a", "2"), ("b", "3"), ("c", "4"), ("d", "5")] {
        std::mem::forget(house.join_with_media(room, who).await);
    }
    let workers: Vec<usize> = house.rooms.list().iter().map(|room| room.worker).collect();
    assert_eq!(workers, [0, 1, 1, 0]);
    assert_eq!(house.rooms.totals().workers.iter().map(|worker| worker.legs).collect::<Vec<_>>(), [3, 2]);
}

#[tokio::test(start_paused = true)]
async fn in_a_big_room_presence_arrives_in_batches_and_completely() {
    let house = house_with(
        1,
        Options { limits: Limits { participants_per_room: 500, ..Limits::default() }, ..Options::default() },
    );
    let first = house.join("r", "first").await;
    let mut others = Vec::new();
    for number in 0..100 {
        others.push(house.join("r", &format!("n{number}")).await);
    }
    for number in 0..100 {
        assert_eq!(first.hear("user-joined").await["userId"], format!("n{number}"));
    }
}

#[tokio::test(start_paused = true)]
async fn after_too_many_wrong_pins_a_room_does_not_tell_a_right_one() {
    let house = house();
    let request = json!({ "roomId": "r", "kind": "mesh", "pin": "1234" });
    house.rooms.create(serde_json::from_value(request).expect("a request")).expect("made");
    let with = |pin: &str| json!({ "roomId": "r", "pin": pin });
    for _ in 0..30 {
        assert_eq!(house.refused(bearer("r", "ann"), with("1")).await, Code::WrongPin);
    }
    assert_eq!(house.refused(bearer("r", "ann"), with("1234")).await, Code::RateLimited);
    assert_eq!(house.refused(bearer("r", "ann"), json!({ "roomId": "r" })).await, Code::WrongPin, "that is no guess");
    house.enter(admin("r", "host"), json!({ "roomId": "r" })).await.expect("admins need none");
    tokio::time::sleep(Duration::from_secs(2)).await;
    house.enter(bearer("r", "ann"), with("1234")).await.expect("after a moment");
}
