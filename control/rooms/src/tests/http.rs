//! WHIP publishers and WHEP viewers.

use crosspoint_model::Limits;
use crosspoint_worker::engine::{Fact, LegEnd, Order};
use serde_json::json;

use super::*;
use crate::{Follow, IceParameters, LegHandle, PublishRequest, ViewRequest};

fn publish(house: &House, who: Bearer) -> Result<LegHandle, Refusal> {
    let offer = crate::fake::offer("obs", &[("0", "audio", "sendonly"), ("1", "video", "sendonly")]);
    house.rooms.publish(PublishRequest { bearer: who, room: room("r"), offer })
}

fn view(house: &House, who: Bearer) -> Result<LegHandle, Refusal> {
    let offer = crate::fake::offer("player", &[("0", "audio", "recvonly"), ("1", "video", "recvonly")]);
    house.rooms.view(ViewRequest { bearer: who, room: room("r"), offer, follow: Follow::Dominant })
}

#[tokio::test(start_paused = true)]
async fn each_publisher_is_a_participant_that_others_see_come_and_go() {
    let house = house();
    let ann = house.enter(bearer("r", "ann"), json!({ "roomId": "r", "kind": "forward" })).await.expect("joins");
    let first = publish(&house, bearer("r", "obs")).expect("comes in");
    let second = publish(&house, bearer("r", "obs")).expect("comes in");
    assert_eq!((first.identity(), second.identity()), (&id("obs"), &id("obs-2")));
    assert_eq!(first.answer(), crate::fake::ANSWER);
    assert_eq!(ann.hear("user-joined").await["userId"], "obs");
    let sources = [ann.hear("published").await, ann.hear("published").await].map(|m| m["track"]["source"].clone());
    assert_eq!(sources, [json!("microphone"), json!("camera")]);
    assert_eq!(ann.hear("user-joined").await["userId"], "obs-2");
    drop(first);
    assert_eq!(ann.hear("user-left").await["reason"], "left");
    let leg = house.media.leg_of("obs-2").expect("a leg");
    house.media.say(Fact::Ended { leg, end: LegEnd::TimedOut });
    second.ended().await;
    assert_eq!(ann.hear("user-left").await["reason"], "disconnected");
}

#[tokio::test(start_paused = true)]
async fn a_publisher_s_sources_are_those_that_its_token_allows() {
    let house = house();
    let mut screen = bearer("r", "obs");
    screen.grant.can_publish_sources = vec![crosspoint_model::Source::Screen, crosspoint_model::Source::ScreenAudio];
    let _obs = publish(&house, screen).expect("comes in");
    let ann = house.join_with_media("r", "ann").await;
    let sources: Vec<_> =
        ann.joined["tracks"].as_array().expect("tracks").iter().map(|t| t["source"].clone()).collect();
    assert_eq!(sources[..2], [json!("screen_share_audio"), json!("screen_share")]);
    let mut mute = bearer("r", "mute");
    mute.grant.can_publish = Some(false);
    assert_eq!(publish(&house, mute).expect_err("refused").code, Code::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn viewers_are_not_seen_and_have_a_limit_of_their_own() {
    let limits = Limits { participants_per_room: 1, viewers_per_room: 2, ..Limits::default() };
    let house = house_with(1, Options { limits, ..Options::default() });
    assert_eq!(view(&house, bearer("r", "v")).expect_err("no room").code, Code::RoomNotFound);
    let ann = house.join_with_media("r", "ann").await;
    let one = view(&house, bearer("r", "v")).expect("comes in");
    let _two = view(&house, bearer("r", "")).expect("an identity is not needed");
    assert_eq!(view(&house, bearer("r", "v")).expect_err("full").code, Code::RoomFull);
    assert!(ann.heard().is_empty());
    let arrival = house.media.arrivals()[1].1.clone();
    assert_eq!((arrival.profile.follows, arrival.publish.len()), (Some(Follow::Dominant), 0));
    drop(one);
    assert!(house.media.was_told(|order| matches!(order, Order::RemoveLeg { leg } if *leg == arrival.leg)));
    assert_eq!(house.rooms.totals().viewers, 1);
}

#[tokio::test(start_paused = true)]
async fn ice_restarts_over_http_with_the_client_s_new_credentials() {
    let house = house();
    let obs = publish(&house, bearer("r", "obs")).expect("comes in");
    obs.add_candidate("1 1 udp 1 10.0.0.1 5 typ host");
    let client = IceParameters { ufrag: "new".into(), password: "password".into(), candidates: vec!["c".into()] };
    let server = obs.restart_ice(&client).await.expect("restarts");
    assert_eq!((server.ufrag.as_str(), server.password.as_str()), ("fake", "fake-password"));
    assert!(house.media.was_told(|order| matches!(order, Order::Negotiate { offer, publish, .. }
        if offer.contains("a=ice-ufrag:new\r\n") && publish.len() == 2)));
    assert!(house.media.was_told(|order| matches!(order, Order::AddCandidate { candidate, .. } if candidate == "c")));
    assert_eq!(house.rooms.list()[0].tracks, 2);
}

#[tokio::test(start_paused = true)]
async fn a_kick_and_a_closed_room_end_http_legs_and_kicked_tokens_stay_out() {
    let house = house();
    let first = publish(&house, bearer("r", "obs")).expect("comes in");
    let second = publish(&house, bearer("r", "obs")).expect("comes in");
    let viewer = view(&house, bearer("r", "v")).expect("comes in");
    house.rooms.kick(&room("r"), &id("obs-2"), "no").expect("kicked");
    assert!(second.has_ended() && !first.has_ended());
    assert_eq!(publish(&house, bearer("r", "obs")).expect_err("out").code, Code::Kicked);
    house.rooms.close(&room("r"), "over").expect("closed");
    first.ended().await;
    viewer.ended().await;
    let mesh = house.join("m", "ann").await;
    let offer = crate::fake::offer("obs", &[]);
    let refused = house.rooms.publish(PublishRequest { bearer: bearer("m", "obs"), room: room("m"), offer });
    assert_eq!(refused.expect_err("no media in a mesh room").code, Code::InvalidRequest);
    drop(mesh);
}
