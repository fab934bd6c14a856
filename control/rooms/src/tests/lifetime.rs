//! The ends of rooms, and of the server.

use crosspoint_model::Limits;
use crosspoint_model::signal::close;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::*;

#[tokio::test(start_paused = true)]
async fn an_empty_room_stays_for_a_while_and_only_if_it_stays_empty_goes() {
    let house = house();
    let ann = house.join("r", "ann").await;
    ann.say(json!({ "type": "leave" }));
    sleep(Duration::from_secs(59)).await;
    let ann = house.join("r", "ann").await;
    sleep(Duration::from_secs(120)).await;
    assert_eq!(house.rooms.list().len(), 1, "somebody is in it");
    ann.say(json!({ "type": "leave" }));
    sleep(Duration::from_secs(61)).await;
    assert!(house.rooms.list().is_empty());
    assert_eq!(house.rooms.totals().workers[0].rooms, 0);
}

#[tokio::test(start_paused = true)]
async fn a_room_with_a_lifetime_ends_with_people_in_it() {
    let house = house();
    let request = json!({ "roomId": "r", "kind": "mesh", "limits": { "lifetimeSeconds": 100 } });
    house.rooms.create(serde_json::from_value(request).expect("a request")).expect("made");
    let ann = house.join("r", "ann").await;
    let before = Instant::now();
    assert_eq!(ann.closed().await, close::ROOM_CLOSED);
    assert_eq!(before.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_server_has_a_limit_of_rooms() {
    let house = house_with(1, Options { limits: Limits { rooms: 1, ..Limits::default() }, ..Options::default() });
    let _ann = house.join("a", "ann").await;
    assert_eq!(house.refused(bearer("b", "bob"), json!({ "roomId": "b" })).await, Code::ServerFull);
}

#[tokio::test(start_paused = true)]
async fn while_draining_nobody_new_comes_and_at_the_deadline_sockets_close() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let rooms = house.rooms.clone();
    let before = Instant::now();
    let drain = tokio::spawn(async move { rooms.drain(Duration::from_secs(20)).await });
    assert_eq!(ann.hear("draining").await["deadlineMs"], 20_000);
    assert_eq!(house.refused(bearer("r", "bob"), json!({ "roomId": "r" })).await, Code::Draining);
    assert_eq!(house.refused(bearer("new", "bob"), json!({ "roomId": "new" })).await, Code::Draining);
    let resume = json!({ "roomId": "r", "resume": ann.joined["resume"] });
    let ann = house.enter(bearer("r", "ann"), resume).await.expect("who is here may resume");
    assert_eq!(ann.closed().await, close::RESTART);
    drain.await.expect("drains");
    assert_eq!(before.elapsed().as_secs(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_drain_ends_as_soon_as_everybody_has_left() {
    let house = house();
    let ann = house.join("r", "ann").await;
    let rooms = house.rooms.clone();
    let before = Instant::now();
    let drain = tokio::spawn(async move { rooms.drain(Duration::from_secs(3600)).await });
    ann.hear("draining").await;
    ann.say(json!({ "type": "leave" }));
    drain.await.expect("drains");
    assert!(before.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_room_and_a_session_have_one_timer_each_however_often_they_come_and_go() {
    let house = house();
    let mut ann = house.join("r", "ann").await;
    let idle = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    house.settle().await;
    let before = idle();
    for _ in 0..50 {
        let join = json!({ "roomId": "r", "resume": ann.joined["resume"] });
        drop(ann);
        ann = house.enter(bearer("r", "ann"), join).await.expect("resumes");
    }
    for _ in 0..50 {
        ann.say(json!({ "type": "leave" }));
        ann.closed().await;
        ann = house.join("r", "ann").await;
    }
    house.settle().await;
    assert!(idle() <= before + 2, "{} tasks, {before} before", idle());
}
