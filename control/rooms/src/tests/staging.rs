//! What services that direct rooms need.

use crosspoint_model::signal::{ServerMessage, close};
use crosspoint_model::{Bus, Source, VoiceSettings};
use serde_json::json;

use super::mixing::join_mixed;
use super::*;
use crate::{Stage, TapRequest, TapVoice};

fn phone(room_name: &str, who: &str) -> TapRequest {
    TapRequest {
        bearer: bearer("", who),
        room: room(room_name),
        hears: Some(Bus::Programme),
        speaks: Some(TapVoice::of(Source::Phone)),
        is_service: false,
    }
}

#[tokio::test(start_paused = true)]
async fn a_stage_is_there_once_and_on_the_worker_of_the_room_that_it_is_near() {
    let house = house_with(2, Options::default());
    house.rooms.ensure(&room("live"), &Stage::default()).expect("made");
    let _ann = join_mixed(&house, "live", "ann").await;
    let near = Stage { near: Some(room("live")), ..Stage::default() };
    house.rooms.ensure(&room("lobby"), &near).expect("made");
    house.rooms.ensure(&room("lobby"), &near).expect("there already");
    let rooms = house.rooms.list();
    assert_eq!(rooms.len(), 2);
    assert_eq!(rooms[0].worker, rooms[1].worker, "beside it, though the other worker is idle");
    assert!(rooms.iter().all(|room| room.mix.is_some()));
    assert!(house.rooms.exists(&room("lobby")) && !house.rooms.exists(&room("nowhere")));
}

#[tokio::test(start_paused = true)]
async fn who_is_expected_elsewhere_comes_in_there_held() {
    let house = house();
    for name in ["lobby", "live"] {
        house.rooms.ensure(&room(name), &Stage::default()).expect("made");
    }
    house.rooms.expect_in(&room("lobby"), &id("guest"), &room("live"));
    house.rooms.hold_coming(&room("live"), &id("guest"), true).expect("held");
    let guest = house.enter(bearer("lobby", "guest"), media_join("lobby", "guest")).await.expect("joins");
    assert_eq!(guest.joined["roomId"], "live");
    assert_eq!(guest.joined["tracks"][0]["held"], json!(true));
    house.rooms.expect_nowhere(&room("lobby"), &id("guest"));
    house.rooms.send_away(&room("live"), &id("guest"), "over").expect("put out");
    assert_eq!(guest.closed().await, close::KICKED);
    let again = house.enter(bearer("lobby", "guest"), media_join("lobby", "guest")).await.expect("is not banned");
    assert_eq!(again.joined["roomId"], "lobby");
}

#[tokio::test(start_paused = true)]
async fn a_telephone_comes_into_any_room_as_it_was_set_before() {
    let house = house();
    house.rooms.ensure(&room("lobby"), &Stage::default()).expect("made");
    let voice = VoiceSettings { auto_gain_control: true, ..VoiceSettings::default() };
    house.rooms.voice_coming(&room("lobby"), &id("call"), &voice).expect("remembered");
    house.rooms.hold_coming(&room("lobby"), &id("call"), true).expect("held");
    let _tap = house.rooms.tap(&phone("lobby", "call")).expect("comes in");
    house.media.with_line("call", |line| {
        let speaks = line.speaks.as_ref().expect("a voice");
        assert!(speaks.held && speaks.settings.auto_gain_control);
    });
    let wrong = VoiceSettings { gain: 99.0, ..voice };
    let refusal = house.rooms.voice_coming(&room("lobby"), &id("call"), &wrong).expect_err("refused");
    assert_eq!(refusal.code, Code::InvalidRequest);
}

#[tokio::test(start_paused = true)]
async fn those_present_are_known_and_one_of_them_is_told() {
    let house = house();
    let ann = join_mixed(&house, "r", "ann").await;
    let bob = join_mixed(&house, "r", "bob").await;
    let present: Vec<String> = house.rooms.present(&room("r")).iter().map(|one| one.identity.to_string()).collect();
    assert_eq!(present, ["ann", "bob"]);
    ann.messages();
    bob.messages();
    assert!(house.rooms.tell(&room("r"), &id("ann"), &ServerMessage::Recording { active: true }));
    assert!(!house.rooms.tell(&room("r"), &id("cas"), &ServerMessage::Recording { active: true }));
    assert_eq!((ann.heard(), bob.heard()), (vec!["recording".to_owned()], Vec::new()));
    assert!(house.rooms.present(&room("nowhere")).is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_is_held_cannot_come_in_beside_oneself_to_be_heard() {
    let house = house();
    house.rooms.ensure(&room("live"), &Stage::default()).expect("made");
    let _first = house.rooms.tap(&phone("live", "call")).expect("comes in");
    house.rooms.hold(&room("live"), &id("call"), None, true).expect("held");
    let second = house.rooms.tap(&phone("live", "call")).expect("comes in once more");
    assert_eq!(second.handle.identity(), &id("call-2"));
    house.media.with_line("call-2", |line| assert!(line.speaks.as_ref().is_some_and(|voice| voice.held)));
}

#[tokio::test(start_paused = true)]
async fn a_room_of_another_kind_makes_way_for_a_stage() {
    let house = house();
    let squatter = house.join_with_media("live", "squatter").await;
    house.rooms.ensure(&room("live"), &Stage::default()).expect("made");
    assert_eq!(squatter.closed().await, close::ROOM_CLOSED);
    assert!(house.rooms.list()[0].mix.is_some());
}
