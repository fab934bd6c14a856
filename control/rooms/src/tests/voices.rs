//! How voices are treated.

use crosspoint_model::VoiceSettings;
use crosspoint_worker::engine::Order;
use serde_json::json;

use super::mixing::{enter_mixed, join_mixed};
use super::*;
use crate::fake::Told;

/// The gains that the media plane was told, in order.
fn gains(house: &House) -> Vec<f32> {
    let gain = |(_, told): (usize, Told)| match told {
        Told::Order(Order::SetVoice { settings, .. }) => Some(settings.gain),
        _ => None,
    };
    house.media.told().into_iter().filter_map(gain).collect()
}

#[tokio::test(start_paused = true)]
async fn an_admin_sets_a_voice_and_everybody_is_told() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    let voice = json!({ "gain": -6.0, "noiseSuppression": true });
    host.say(json!({ "type": "voice", "userId": "ann", "voice": voice }));
    let told = ann.hear("voice").await;
    assert_eq!(
        (&told["userId"], &told["voice"]["gain"], &told["voice"]["highPass"]),
        (&json!("ann"), &json!(-6.0), &json!(false))
    );
    assert_eq!(host.hear("voice").await["voice"]["noiseSuppression"], true);
    host.say(json!({ "type": "voice", "userId": "ann", "voice": voice }));
    ann.say(json!({ "type": "voice", "userId": "host", "voice": {} }));
    assert_eq!(ann.error().await, "forbidden");
    host.say(json!({ "type": "voice", "userId": "ann", "voice": { "gain": 99 } }));
    assert_eq!(host.hear("error").await["message"], "gain must be -60 to 24 decibels");
    host.say(json!({ "type": "voice", "userId": "eve", "voice": {} }));
    assert_eq!(host.error().await, "participant-not-found");
    assert_eq!(gains(&house), [-6.0], "the same again is nothing new");
    let bob = join_mixed(&house, "r", "bob").await;
    assert_eq!(bob.joined["voices"]["ann"]["gain"], -6.0);
    assert_eq!(bob.joined["voices"].as_object().map(serde_json::Map::len), Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_voice_is_remembered_for_who_comes_back_and_goes_along_to_another_room() {
    let house = house();
    let _host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    let quieter = |voice| Ok(VoiceSettings { gain: -12.0, ..voice });
    house.rooms.change_voice(&room("r"), &id("ann"), quieter).expect("changed");
    ann.say(json!({ "type": "leave" }));
    let ann = join_mixed(&house, "r", "ann").await;
    assert_eq!(ann.joined["voices"]["ann"]["gain"], -12.0);
    let cleo = join_mixed(&house, "other", "cleo").await;
    house.rooms.move_to(&room("r"), &id("ann"), &room("other"), None).expect("moved");
    assert_eq!(cleo.hear("voice").await["userId"], "ann");
    assert_eq!(ann.hear("joined").await["voices"]["ann"]["gain"], -12.0);
    assert_eq!(gains(&house), [-12.0; 3]);
    house.rooms.change_voice(&room("other"), &id("ann"), |_| Ok(VoiceSettings::default())).expect("changed");
    house.rooms.move_to(&room("other"), &id("ann"), &room("r"), None).expect("moved back");
    assert_eq!(house.rooms.voice(&room("r"), &id("ann")).expect("known"), VoiceSettings::default());
}

#[tokio::test(start_paused = true)]
async fn a_mesh_room_treats_no_voices() {
    let house = house();
    let host = house.join_as_admin("m", "host").await;
    for message in [
        json!({ "type": "voice", "userId": "host", "voice": {} }),
        json!({ "type": "listen", "hears": "nothing" }),
        json!({ "type": "talk", "to": null }),
    ] {
        host.say(message.clone());
        assert_eq!(host.error().await, "invalid-request", "{message}");
    }
}
