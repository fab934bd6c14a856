//! From room to room.

use crosspoint_model::{MediaKind, TrackId, TrackKey};
use crosspoint_worker::engine::{Fact, Order, SlotState};
use serde_json::json;

use super::*;
use crate::fake::Told;

impl House {
    fn worker_of(&self, name: &str) -> usize {
        self.rooms.list().iter().find(|summary| summary.room_id == room(name)).expect("a room").worker
    }
}

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
    let _mesh = house.join("m", "dora").await;
    for (who, to, code) in [
        ("ann", "a", "move-unavailable"),
        ("ann", "m", "move-unavailable"),
        ("nobody", "c", "participant-not-found"),
        ("ann", " ", "invalid-request"),
    ] {
        host.say(json!({ "type": "move", "userId": who, "to": to }));
        assert_eq!(host.error().await, code, "{who} to {to}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_moved_to_a_room_of_another_worker_stays_on_its_own() {
    let house = house_with(2, Options::default());
    let ann = house.join_with_media("a", "ann").await;
    let cleo = house.join_with_media("b", "cleo").await;
    assert_eq!((house.worker_of("a"), house.worker_of("b")), (0, 1));
    let leg = house.media.leg_of("ann").expect("a leg");
    house.rooms.move_to(&room("a"), &id("ann"), &room("b"), Some(true)).expect("moved");
    ann.hear("joined").await;
    let track = |source| key(&ann, source);
    let told = house.media.told();
    let orders: Vec<(usize, &Order)> = told
        .iter()
        .filter_map(|(worker, told)| match told {
            Told::Order(order) => Some((*worker, order)),
            Told::Arrival(_) => None,
        })
        .collect();
    let moved = orders.iter().position(|(_, order)| matches!(order, Order::MoveLeg { worker: 1, .. }));
    let moved = moved.expect("the move names the room's worker");
    assert_eq!(orders[moved].0, 0, "the order goes to the leg's own worker");
    let held = orders[..moved].iter().filter(|(worker, order)| {
        *worker == 0
            && matches!(order, Order::SetFlags { held: true, track: key, .. }
            if [track("microphone"), track("camera")].contains(key))
    });
    assert_eq!(held.count(), 2, "what is held there is held before it comes");

    ann.say(json!({ "type": "subscribe", "trackId": cleo.track("camera") }));
    ann.say(json!({ "type": "mute", "muted": true }));
    let offer = crate::fake::offer("ann", &[("0", "audio", "sendonly"), ("1", "video", "sendonly")]);
    ann.say(json!({ "type": "offer", "data": { "type": "offer", "sdp": offer } }));
    ann.hear("answer").await;
    house.rooms.kick(&room("b"), &id("ann"), "enough").expect("kicked");
    let told = house.media.told();
    let to_ann = |order: &Order| match order {
        Order::Subscribe { leg: whose, .. } | Order::Negotiate { leg: whose, .. } | Order::RemoveLeg { leg: whose } => {
            *whose == leg
        }
        Order::SetFlags { .. } => true,
        _ => false,
    };
    let about_ann = told.iter().filter(|(_, told)| matches!(told, Told::Order(order) if to_ann(order)));
    let workers: Vec<usize> = about_ann.map(|(worker, _)| *worker).collect();
    assert!(workers.len() >= 5, "{told:?}");
    assert!(workers.iter().all(|worker| *worker == 0), "all that is about her goes to her own worker: {told:?}");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_another_workers_room_is_no_load_any_more() {
    let house = house_with(2, Options::default());
    let legs = || house.rooms.totals().workers.iter().map(|worker| worker.legs).collect::<Vec<_>>();
    let ann = house.join_with_media("a", "ann").await;
    let _cleo = house.join_with_media("b", "cleo").await;
    house.rooms.move_to(&room("a"), &id("ann"), &room("b"), None).expect("moved");
    assert_eq!(legs(), [1, 1], "the connection weighs where it is");
    ann.say(json!({ "type": "leave" }));
    assert_eq!(legs(), [0, 1]);
    house.rooms.close(&room("b"), "over").expect("closed");
    assert_eq!(legs(), [0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_a_move_makes_is_on_the_movers_worker_unless_that_is_busier() {
    let house = house_with(2, Options::default());
    let _ann = house.join_with_media("a", "ann").await;
    let _ben = house.join_with_media("b", "ben").await;
    let _cleo = house.join_with_media("b", "cleo").await;
    house.rooms.move_to(&room("a"), &id("ann"), &room("near"), None).expect("moved");
    assert_eq!(house.worker_of("near"), 0);
    house.rooms.move_to(&room("b"), &id("ben"), &room("far"), None).expect("moved");
    assert_eq!(house.worker_of("far"), 0, "the worker that has fewer legs than his own");
}

#[tokio::test(start_paused = true)]
async fn what_the_worker_of_the_old_room_says_late_is_not_passed_on() {
    let house = house_with(2, Options::default());
    let ann = house.join_with_media("a", "ann").await;
    let cleo = house.join_with_media("b", "cleo").await;
    let leg = house.media.leg_of("ann").expect("a leg");
    house.rooms.move_to(&room("a"), &id("ann"), &room("b"), None).expect("moved");
    ann.hear("joined").await;
    let track = Some(key(&cleo, "camera"));
    let slot = |track| SlotState { mid: "2".to_owned(), kind: MediaKind::Video, track, layer: None, paused: false };
    house.media.say_from(1, Fact::Slots { leg, slots: vec![slot(track)] });
    house.media.say_from(0, Fact::Slots { leg, slots: vec![slot(None)] });
    house.media.say_from(0, Fact::Layers { leg, track: TrackKey(7), unwanted: vec!["*".to_owned()] });
    house.settle().await;
    let slots: Vec<Value> = ann.messages().into_iter().filter(|message| message["type"] != "stats").collect();
    assert_eq!(slots.len(), 1, "{slots:?}");
    assert_eq!(slots[0]["slots"][0]["trackId"], json!(cleo.track("camera")));
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

#[tokio::test(start_paused = true)]
async fn a_publisher_over_http_that_was_moved_comes_back_there_until_it_ends_by_its_will() {
    let house = house();
    let _ann = house.join_with_media("a", "ann").await;
    let _bob = house.join_with_media("b", "bob").await;
    let publish = || {
        let offer = crate::fake::offer("obs", &[("0", "audio", "sendonly")]);
        house.rooms.publish(crate::PublishRequest { bearer: bearer("a", "obs"), room: room("a"), offer }).expect("in")
    };
    let obs = publish();
    house.rooms.move_to(&room("a"), &id("obs"), &room("b"), None).expect("moved");
    let leg = house.media.leg_of("obs").expect("a leg");
    house.media.say(Fact::Ended { leg, end: crosspoint_worker::engine::LegEnd::Broke });
    obs.ended().await;
    drop(obs);
    let attending = || house.rooms.list().iter().map(|room| room.participants).collect::<Vec<_>>();
    let obs = publish();
    assert_eq!(attending(), [1, 2], "cut off and back");
    assert_eq!(obs.room(), &room("a"), "the one that its token is for");
    drop(obs);
    let _obs = publish();
    assert_eq!(attending(), [2, 1], "ended, and begun anew");
}

fn key(client: &Client, source: &str) -> TrackKey {
    client.track(source).parse::<TrackId>().expect("a track's id").0
}
