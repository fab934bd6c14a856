//! What operators do and see.

use serde_json::json;

use super::*;
use crate::{CreateRoom, RoomEvent, RoomLimits, UpdateRoom};

fn create(name: &str) -> CreateRoom {
    serde_json::from_value(json!({ "roomId": name, "metadata": "m" })).expect("a request")
}

#[tokio::test(start_paused = true)]
async fn rooms_are_made_described_and_changed() {
    let house = house();
    house.rooms.create(create("r")).expect("made");
    assert_eq!(house.rooms.create(create("r")).expect_err("twice").code, Code::RoomExists);
    assert_eq!(house.rooms.create(create("")).expect_err("no name").code, Code::InvalidRequest);
    let ann = house.join_with_media("r", "ann").await;
    assert_eq!(ann.joined["metadata"], "m");
    let description = house.rooms.describe(&room("r")).await.expect("known");
    assert_eq!((description.users.len(), description.published.len()), (1, 2));
    assert!(description.users[0].connected && description.users[0].media);
    let limits = RoomLimits { participants: Some(1), ..RoomLimits::default() };
    let change = UpdateRoom { limits: Some(limits), pin: Some("1".into()), ..UpdateRoom::default() };
    assert!(house.rooms.update(&room("r"), change).expect("known").has_pin);
    let join = json!({ "roomId": "r", "pin": "1" });
    assert_eq!(house.refused(bearer("r", "bob"), join).await, Code::RoomFull);
    assert_eq!(house.rooms.describe(&room("none")).await.expect_err("unknown").code, Code::RoomNotFound);
}

#[tokio::test(start_paused = true)]
async fn operators_have_the_powers_of_admins() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let camera = ann.track("camera").parse().expect("an id");
    house.rooms.mute(&room("r"), &id("ann"), Some(camera), None, true).expect("muted");
    house.rooms.hold(&room("r"), &id("ann"), None, true).expect("held");
    assert_eq!(ann.heard(), ["muted", "held", "held"]);
    house.rooms.kick(&room("r"), &id("ann"), "bye").expect("kicked");
    assert_eq!(house.rooms.kick(&room("r"), &id("ann"), "").expect_err("gone").code, Code::ParticipantNotFound);
}

#[tokio::test(start_paused = true)]
async fn what_happens_is_told_in_order() {
    let house = house();
    let mut events = house.rooms.subscribe_events();
    let ann = house.join_with_media("r", "ann").await;
    ann.say(json!({ "type": "leave" }));
    house.rooms.close(&room("r"), "over").expect("closed");
    let mut seen = Vec::new();
    while let Ok(event) = events.try_recv() {
        seen.push(match event {
            RoomEvent::RoomStarted { .. } => "room started".to_owned(),
            RoomEvent::RoomFinished { reason, .. } => format!("room finished: {reason}"),
            RoomEvent::ParticipantJoined { user, .. } => format!("{} joined", user.user_id),
            RoomEvent::ParticipantLeft { user, reason, .. } => format!("{} {reason}", user.user_id),
            RoomEvent::TrackPublished { track, .. } => format!("{} published", track.source.as_str()),
            RoomEvent::TrackUnpublished { track, .. } => format!("{} unpublished", track.source.as_str()),
        });
    }
    let expected = [
        "room started",
        "ann joined",
        "microphone published",
        "camera published",
        "microphone unpublished",
        "camera unpublished",
        "ann left",
        "room finished: over",
    ];
    assert_eq!(seen, expected);
}
