//! Who hears what.

use crosspoint_model::{Hears, Listening, TrackId, TrackKey};
use crosspoint_worker::engine::Order;
use serde_json::json;

use super::mixing::{enter_mixed, join_mixed};
use super::*;
use crate::fake::Told;

fn listenings(house: &House) -> Vec<Listening> {
    let listening = |(_, told): (usize, Told)| match told {
        Told::Order(Order::Listen { listening, .. }) => Some(listening),
        _ => None,
    };
    house.media.told().into_iter().filter_map(listening).collect()
}

fn hears(hears: Hears) -> Listening {
    Listening { hears, pre_fade: None }
}

#[tokio::test(start_paused = true)]
async fn everybody_chooses_between_the_mix_and_each_voice() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    ann.say(json!({ "type": "listen", "hears": "mix" }));
    let told = ann.hear("listening").await;
    assert_eq!((&told["hears"], told.get("preFade")), (&json!("mix"), None));
    assert!(house.media.was_told(|order| matches!(order, Order::SetMix { mix: Some(_), .. })), "the room mixes now");
    ann.say(json!({ "type": "listen", "hears": "mix" }));
    ann.say(json!({ "type": "listen", "hears": "tracks" }));
    ann.hear("listening").await;
    assert_eq!(listenings(&house), [hears(Hears::Mix), hears(Hears::Tracks)]);
    assert!(house.rooms.list()[0].mix.is_some(), "and goes on mixing");
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_for_admins_and_who_was_put_on_hold_does_not_come_back_by_choosing() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    for message in [
        json!({ "type": "listen", "hears": "hold" }),
        json!({ "type": "listen", "hears": "nothing" }),
        json!({ "type": "listen", "hears": "mix", "preFade": "host" }),
        json!({ "type": "listen", "userId": "host", "hears": "tracks" }),
    ] {
        ann.say(message.clone());
        assert_eq!(ann.error().await, "forbidden", "{message}");
    }
    host.say(json!({ "type": "listen", "userId": "ann", "hears": "hold" }));
    assert_eq!(ann.hear("listening").await["hears"], "hold");
    ann.say(json!({ "type": "listen", "hears": "mix" }));
    assert_eq!(ann.error().await, "forbidden");
    assert!(!host.heard().contains(&"listening".to_owned()), "that is told to the one concerned");
    host.say(json!({ "type": "listen", "hears": "mix", "preFade": "ann" }));
    assert_eq!(host.hear("listening").await["preFade"], "ann");
    host.say(json!({ "type": "listen", "hears": "mix", "preFade": "host" }));
    assert_eq!(host.error().await, "invalid-request");
    host.say(json!({ "type": "listen", "hears": "mix", "preFade": "nobody" }));
    assert_eq!(host.error().await, "participant-not-found");
    let pre_fade = Listening { hears: Hears::Mix, pre_fade: Some(id("ann")) };
    assert_eq!(listenings(&house), [hears(Hears::Hold), pre_fade]);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_connection_hears_what_the_one_before_heard() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let _ann = join_mixed(&house, "r", "ann").await;
    house.rooms.listen(&room("r"), &id("ann"), Hears::Hold, None).expect("set");
    host.say(json!({ "type": "listen", "hears": "tracks", "preFade": "ann" }));
    host.hear("listening").await;
    house.media.told();
    let ann = join_mixed(&house, "r", "ann").await;
    assert_eq!(ann.hear("listening").await["hears"], "hold", "joined does not say it");
    let offer = crate::fake::offer("another connection", &[("0", "audio", "sendonly")]);
    host.say(json!({ "type": "offer", "data": { "type": "offer", "sdp": offer } }));
    host.hear("answer").await;
    let arrivals: Vec<_> = house.media.arrivals().iter().map(|(_, arrival)| arrival.profile.hears).collect();
    assert_eq!(arrivals, [Hears::Hold, Hears::Tracks]);
    assert_eq!(listenings(&house), [Listening { hears: Hears::Tracks, pre_fade: Some(id("ann")) }]);
}

#[tokio::test(start_paused = true)]
async fn what_an_admin_decided_waits_for_who_left_and_an_own_choice_does_not() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    ann.say(json!({ "type": "listen", "hears": "tracks" }));
    ann.say(json!({ "type": "leave" }));
    let ann = join_mixed(&house, "r", "ann").await;
    assert_eq!(house.media.arrivals()[2].1.profile.hears, Hears::Mix);
    host.say(json!({ "type": "listen", "userId": "ann", "hears": "nothing" }));
    ann.say(json!({ "type": "leave" }));
    let _ann = join_mixed(&house, "r", "ann").await;
    assert_eq!(house.media.arrivals()[3].1.profile.hears, Hears::Nothing);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_subscribe_hears_nothing_whoever_wishes_it() {
    let house = house();
    let mut deaf = bearer("r", "deaf");
    deaf.grant.can_subscribe = Some(false);
    let _deaf = enter_mixed(&house, deaf, "r").await;
    let refused = house.rooms.listen(&room("r"), &id("deaf"), Hears::Mix, None);
    assert_eq!(refused.expect_err("refused").code, Code::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn on_a_move_one_hears_what_the_other_room_has_for_everybody() {
    let house = house();
    let ann = house.join_with_media("forward", "ann").await;
    let _cleo = join_mixed(&house, "mix", "cleo").await;
    house.rooms.move_to(&room("forward"), &id("ann"), &room("mix"), None).expect("moved");
    let joined = ann.hear("joined").await;
    assert_eq!((&joined["kind"], joined["mix"].is_string()), (&json!("mix"), true));
    house.rooms.listen(&room("mix"), &id("ann"), Hears::Hold, None).expect("on hold");
    house.rooms.move_to(&room("mix"), &id("ann"), &room("forward"), None).expect("moved back");
    assert_eq!(listenings(&house), [hears(Hears::Mix), hears(Hears::Hold), hears(Hears::Tracks)]);
    house.rooms.move_to(&room("forward"), &id("ann"), &room("mix"), None).expect("moved again");
    assert_eq!(listenings(&house), [hears(Hears::Mix)], "whoever moves somebody in lets them hear");
}

/// What comes to somebody by their own choice, as the media plane was told.
fn choices(house: &House) -> Vec<(&'static str, TrackKey)> {
    let choice = |(_, told): (usize, Told)| match told {
        Told::Order(Order::Subscribe { track, .. }) => Some(("subscribe", track)),
        Told::Order(Order::Unsubscribe { track, .. }) => Some(("unsubscribe", track)),
        Told::Order(Order::Prefer { track, .. }) => Some(("prefer", track)),
        _ => None,
    };
    house.media.told().into_iter().filter_map(choice).collect()
}

fn key(track: &str) -> TrackKey {
    track.parse::<TrackId>().expect("a track's id").0
}

#[tokio::test(start_paused = true)]
async fn who_was_put_on_hold_brings_themselves_no_sound_until_that_ends() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    let (voice, picture) = (host.track("microphone"), host.track("camera"));
    let mix = ann.joined["mix"].as_str().expect("a mix").to_owned();
    for track in [&voice, &picture] {
        ann.say(json!({ "type": "subscribe", "trackId": track }));
    }
    choices(&house);
    for hears in ["hold", "nothing"] {
        host.say(json!({ "type": "listen", "userId": "ann", "hears": hears }));
    }
    assert_eq!(choices(&house), [("unsubscribe", key(&voice))], "what she chose is not heard, and seen");
    for (kind, track) in [("subscribe", &voice), ("prefer", &voice), ("subscribe", &mix), ("prefer", &mix)] {
        ann.say(json!({ "type": kind, "trackId": track }));
        assert_eq!(ann.error().await, "forbidden", "{kind}");
    }
    ann.say(json!({ "type": "prefer", "trackId": picture }));
    let offer = crate::fake::offer("another connection", &[("0", "audio", "sendonly")]);
    ann.say(json!({ "type": "offer", "data": { "type": "offer", "sdp": offer } }));
    ann.hear("answer").await;
    assert_eq!(choices(&house), [("prefer", key(&picture)), ("subscribe", key(&picture))], "nor by a fresh connection");
    host.say(json!({ "type": "listen", "userId": "ann", "hears": "mix" }));
    assert_eq!(choices(&house), [("subscribe", key(&voice))], "it comes again");
}

#[tokio::test(start_paused = true)]
async fn an_admin_who_hears_nothing_unasked_may_ask_for_single_voices() {
    let house = house();
    let host = enter_mixed(&house, admin("r", "host"), "r").await;
    let ann = join_mixed(&house, "r", "ann").await;
    host.say(json!({ "type": "listen", "hears": "nothing" }));
    host.say(json!({ "type": "subscribe", "trackId": ann.track("microphone") }));
    assert_eq!(choices(&house), [("subscribe", key(&ann.track("microphone")))]);
}

#[tokio::test(start_paused = true)]
async fn the_mix_is_a_track_that_can_be_subscribed_to() {
    let house = house();
    let _ann = join_mixed(&house, "r", "ann").await;
    let bob = join_mixed(&house, "r", "bob").await;
    let mix = bob.joined["mix"].as_str().expect("a mix").to_owned();
    bob.say(json!({ "type": "subscribe", "trackId": mix }));
    bob.say(json!({ "type": "prefer", "trackId": mix }));
    assert_eq!(choices(&house), [("subscribe", key(&mix)), ("prefer", key(&mix))]);
    let cleo = house.join_with_media("forward", "cleo").await;
    cleo.say(json!({ "type": "subscribe", "trackId": mix }));
    assert_eq!(cleo.error().await, "track-not-found");
}

#[tokio::test(start_paused = true)]
async fn of_very_many_who_left_the_first_are_forgotten_and_who_is_there_is_not() {
    let house = house();
    let most = crate::memory::MOST + 1;
    let _ann = join_mixed(&house, "r", "ann").await;
    house.rooms.listen(&room("r"), &id("ann"), Hears::Hold, None).expect("set");
    for number in 0..=most {
        let guest = house.join("r", &format!("guest-{number}")).await;
        house.rooms.hold(&room("r"), guest.session.identity(), None, true).expect("held");
        house.rooms.listen(&room("r"), guest.session.identity(), Hears::Hold, None).expect("set");
        guest.say(json!({ "type": "leave" }));
        house.settle().await;
    }
    let known = house.rooms.inner.registry.room(&room("r")).expect("a room");
    let state = known.lock();
    let last = id(&format!("guest-{most}"));
    assert!(!state.holds.contains_key(&id("guest-0")) && state.holds.contains_key(&last));
    assert!(!state.listening.contains_key(&id("guest-0")) && state.listening.contains_key(&last));
    assert!(state.listening.contains_key(&id("ann")), "the oldest of all, but she is there");
}
