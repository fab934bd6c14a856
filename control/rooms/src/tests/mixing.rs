//! Rooms that mix.

use crosspoint_model::{Hears, MixSettings};
use crosspoint_worker::engine::{Fact, MixSpec, Order, SlotState};
use serde_json::json;

use super::*;
use crate::fake::Told;
use crate::{CreateRoom, Follow, PublishRequest, UpdateRoom, ViewRequest};

/// Joins as [`House::join_with_media`] does, with the kind of room to make.
pub(super) async fn join_mixed(house: &House, room: &str, identity: &str) -> Client {
    enter_mixed(house, bearer(room, identity), room).await
}

pub(super) async fn enter_mixed(house: &House, bearer: Bearer, room: &str) -> Client {
    let mut join = media_join(room, &bearer.identity);
    join["kind"] = json!("mix");
    house.enter(bearer, join).await.expect("joins")
}

fn create(request: Value) -> CreateRoom {
    serde_json::from_value(request).expect("a request")
}

/// What the media plane was told of mixes, in order: at the beginning of rooms and later.
fn mixes(house: &House) -> Vec<Option<MixSpec>> {
    let told = house.media.told();
    let mix = |(_, told): (usize, Told)| match told {
        Told::Order(Order::OpenRoom { settings, .. }) => Some(settings.mix),
        Told::Order(Order::SetMix { mix, .. }) => Some(mix),
        _ => None,
    };
    told.into_iter().filter_map(mix).collect()
}

#[tokio::test(start_paused = true)]
async fn a_room_of_kind_mix_gives_its_mix_to_newcomers() {
    let house = house();
    let ann = join_mixed(&house, "r", "ann").await;
    assert_eq!(ann.joined["kind"], "mix");
    let arrival = house.media.arrivals().remove(0).1;
    assert_eq!(arrival.profile.hears, Hears::Mix);
    let Some(Some(mix)) = mixes(&house).into_iter().next() else { panic!("no mix") };
    assert_eq!(ann.joined["mix"], json!(crosspoint_model::TrackId(mix.track)));
    assert_eq!(mix.settings, MixSettings::default());

    let slot = SlotState {
        mid: "2".into(),
        kind: crosspoint_model::MediaKind::Audio,
        track: Some(mix.track),
        layer: None,
        paused: false,
    };
    house.media.say(Fact::Slots { leg: arrival.leg, slots: vec![slot] });
    let slots = ann.hear("slots").await["slots"].clone();
    assert_eq!(slots, json!([{ "mid": "2", "kind": "audio", "trackId": ann.joined["mix"] }]), "it is nobody's");
}

#[tokio::test(start_paused = true)]
async fn a_forward_room_gives_each_voice_and_has_no_mix() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    assert!(ann.joined.get("mix").is_none());
    assert_eq!(house.media.arrivals()[0].1.profile.hears, Hears::Tracks);
    assert_eq!(house.rooms.list()[0].mix, None);
    assert_eq!(mixes(&house), [None]);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_subscribe_does_not_hear_the_mix() {
    let house = house();
    let mut deaf = bearer("r", "ann");
    deaf.grant.can_subscribe = Some(false);
    enter_mixed(&house, deaf, "r").await;
    assert_eq!(house.media.arrivals()[0].1.profile.hears, Hears::Nothing);
}

#[tokio::test(start_paused = true)]
async fn a_mix_is_set_when_the_room_is_made_and_changed_later() {
    let house = house();
    let made = create(json!({ "roomId": "r", "kind": "mix", "mix": { "stereo": true, "bitrate": 96_000 } }));
    let made = house.rooms.create(made).expect("made");
    let settings = MixSettings { stereo: true, bitrate: 96_000, ..MixSettings::default() };
    assert_eq!(made.mix, Some(settings.clone()));
    let change = UpdateRoom { mix: Some(MixSettings::default()), ..UpdateRoom::default() };
    assert_eq!(house.rooms.update(&room("r"), change).expect("changed").mix, Some(MixSettings::default()));
    let mixes = mixes(&house);
    let [Some(first), Some(second)] = mixes.as_slice() else { panic!("{mixes:?}") };
    assert_eq!((&first.settings, &second.settings), (&settings, &MixSettings::default()));
    assert_eq!(first.track, second.track, "it stays the same track");
}

#[tokio::test(start_paused = true)]
async fn bad_settings_of_a_mix_are_refused_in_words() {
    let house = house();
    let refused = house.rooms.create(create(json!({ "roomId": "r", "kind": "mix", "mix": { "bitrate": 5 } })));
    let refused = refused.expect_err("too few bits");
    assert_eq!(refused.code, Code::InvalidRequest);
    assert!(refused.detail.contains("bitrate must be"), "{refused}");
    let mesh = house.rooms.create(create(json!({ "roomId": "r", "kind": "mesh", "mix": {} })));
    assert_eq!(mesh.expect_err("no media").code, Code::InvalidRequest);
    assert!(house.rooms.list().is_empty());
    house.rooms.create(create(json!({ "roomId": "r", "kind": "mix" }))).expect("made");
    let mix = Some(MixSettings { complexity: 11, ..MixSettings::default() });
    let refused = house.rooms.update(&room("r"), UpdateRoom { mix, ..UpdateRoom::default() });
    assert_eq!(refused.expect_err("too complex").code, Code::InvalidRequest);
    assert_eq!(house.rooms.list()[0].mix, Some(MixSettings::default()), "nothing changed");
}

#[tokio::test(start_paused = true)]
async fn an_operator_makes_a_forward_room_mix_and_newcomers_hear_each_voice_all_the_same() {
    let house = house();
    let _ann = house.join_with_media("r", "ann").await;
    let change = UpdateRoom { mix: Some(MixSettings::default()), ..UpdateRoom::default() };
    house.rooms.update(&room("r"), change).expect("changed");
    assert!(house.media.was_told(|order| matches!(order, Order::SetMix { mix: Some(_), .. })));
    let bob = house.join_with_media("r", "bob").await;
    assert!(bob.joined["mix"].is_string());
    assert_eq!(house.media.arrivals()[1].1.profile.hears, Hears::Tracks);
}

#[tokio::test(start_paused = true)]
async fn publishers_over_http_talk_into_the_mix_and_viewers_of_nobody_in_particular_hear_it() {
    let house = house();
    house.rooms.create(create(json!({ "roomId": "r", "kind": "mix" }))).expect("made");
    let offer = crate::fake::offer("obs", &[("0", "audio", "sendonly")]);
    let request = PublishRequest { bearer: bearer("r", "obs"), room: room("r"), offer };
    let _obs = house.rooms.publish(request).expect("comes in");
    let view = |follow| {
        let offer = crate::fake::offer("player", &[("0", "audio", "recvonly"), ("1", "video", "recvonly")]);
        house.rooms.view(ViewRequest { bearer: bearer("r", "v"), room: room("r"), offer, follow }).expect("comes in")
    };
    let _all = view(Follow::Dominant);
    let _one = view(Follow::Participant { identity: id("obs"), source: None });
    let hears: Vec<_> = house.media.arrivals().iter().map(|(_, arrival)| arrival.profile.hears).collect();
    assert_eq!(hears, [Hears::Nothing, Hears::Mix, Hears::Nothing]);
}
