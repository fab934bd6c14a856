//! Talking to one alone.

use crosspoint_worker::engine::Order;
use serde_json::json;

use super::mixing::{enter_mixed, join_mixed};
use super::*;
use crate::fake::Told;

/// To whom legs talk, as the media plane was told.
fn talks(house: &House) -> Vec<Option<String>> {
    let talk = |(_, told): (usize, Told)| match told {
        Told::Order(Order::Talk { to, .. }) => Some(to.map(|to| to.to_string())),
        _ => None,
    };
    house.media.told().into_iter().filter_map(talk).collect()
}

async fn talkback(client: &Client) -> (String, bool) {
    let told = client.hear("talkback").await;
    (told["from"].as_str().expect("who").to_owned(), told["active"] == true)
}

#[tokio::test(start_paused = true)]
async fn an_admin_talks_to_one_and_then_to_another_and_each_is_told() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let (ann, bob) = (join_mixed(&house, "r", "ann").await, join_mixed(&house, "r", "bob").await);
    host.say(json!({ "type": "talk", "to": "ann" }));
    assert_eq!(talkback(&ann).await, ("host".into(), true));
    host.say(json!({ "type": "talk", "to": "bob" }));
    assert_eq!(talkback(&ann).await, ("host".into(), false));
    assert_eq!(talkback(&bob).await, ("host".into(), true));
    host.say(json!({ "type": "talk" }));
    assert_eq!(talkback(&bob).await, ("host".into(), false));
    assert_eq!(talks(&house), [Some("ann".into()), Some("bob".into()), None]);
    ann.say(json!({ "type": "talk", "to": "host" }));
    assert_eq!(ann.error().await, "forbidden");
    host.say(json!({ "type": "talk", "to": "host" }));
    assert_eq!(host.error().await, "invalid-request");
    host.say(json!({ "type": "talk", "to": "eve" }));
    assert_eq!(host.error().await, "participant-not-found");
}

#[tokio::test(start_paused = true)]
async fn who_talks_to_one_that_leaves_or_is_moved_is_heard_by_nobody_until_they_say_to_whom_they_talk() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    host.say(json!({ "type": "talk", "to": "ann" }));
    ann.say(json!({ "type": "leave" }));
    assert_eq!(host.error().await, "participant-not-found", "the talker knows");
    assert_eq!(talks(&house), [Some("ann".into())], "and is not put on the air");
    host.say(json!({ "type": "talk" }));
    assert_eq!(talks(&house), [None], "but by saying so");

    let bob = join_mixed(&house, "r", "bob").await;
    host.say(json!({ "type": "talk", "to": "bob" }));
    house.rooms.move_to(&room("r"), &id("bob"), &room("other"), None).expect("moved");
    assert_eq!([talkback(&bob).await.1, talkback(&bob).await.1], [true, false]);
    assert_eq!(host.error().await, "participant-not-found");
    house.rooms.move_to(&room("other"), &id("bob"), &room("r"), None).expect("moved back");
    assert_eq!(talkback(&bob).await, ("host".into(), true), "who comes back is talked to again");
    assert_eq!(talks(&house), [Some("bob".into())]);
}

#[tokio::test(start_paused = true)]
async fn talkback_ends_when_the_talker_is_moved() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let cleo = join_mixed(&house, "r", "cleo").await;
    host.say(json!({ "type": "talk", "to": "cleo" }));
    house.rooms.move_to(&room("r"), &id("host"), &room("other"), None).expect("moved");
    assert_eq!([talkback(&cleo).await.1, talkback(&cleo).await.1], [true, false]);
    let order = house.media.told().into_iter().filter_map(|(_, told)| match told {
        Told::Order(Order::Talk { to, .. }) => Some(if to.is_some() { "alone" } else { "all" }),
        Told::Order(Order::MoveLeg { .. }) => Some("move"),
        _ => None,
    });
    let order: Vec<_> = order.collect();
    assert_eq!(order, ["alone", "move", "all"], "what was for one is not heard by those who stay");
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_goes_on_talking_to_one_and_a_new_page_does_not() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    host.say(json!({ "type": "talk", "to": "ann" }));
    let offer = crate::fake::offer("another connection", &[("0", "audio", "sendonly")]);
    host.say(json!({ "type": "offer", "data": { "type": "offer", "sdp": offer } }));
    host.hear("answer").await;
    assert_eq!(talks(&house), [Some("ann".into()), Some("ann".into())]);
    talkback(&ann).await;
    let ann = join_mixed(&house, "r", "ann").await;
    assert_eq!(talkback(&ann).await, ("host".into(), true), "who is talked to is told again");
    let _host = enter_mixed(&house, admin("r", "host"), "r").await;
    assert_eq!(talkback(&ann).await, ("host".into(), false));
}
