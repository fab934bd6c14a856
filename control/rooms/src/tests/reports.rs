//! What workers report.

use crosspoint_model::signal::{SlotCount, close};
use crosspoint_model::{LegKey, TrackId};
use crosspoint_worker::engine::{Fact, FlowReport, LegReport};
use serde_json::json;

use super::*;

fn report(leg: LegKey, loss: f64) -> Fact {
    let flow = FlowReport { bitrate: 1000.0, packets: 10.0, loss, jitter: 1.0 };
    let report = LegReport {
        leg,
        round_trip: Some(20.0),
        up: flow,
        down: FlowReport::default(),
        estimate: Some(5e6),
        tcp: true,
        aes_cm: true,
        packets_sent: 0,
        packets_received: 0,
    };
    Fact::Stats { leg, report: Box::new(report) }
}

#[tokio::test(start_paused = true)]
async fn a_bad_connection_is_told_to_its_owner_and_graded_for_the_room() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    let leg = house.media.leg_of("ann").expect("a leg");
    house.media.say(report(leg, 12.0));
    let warning = ann.hear("quality-warning").await;
    assert_eq!(
        (&warning["kind"], &warning["severity"], &warning["value"]),
        (&json!("packet-loss"), &json!("critical"), &json!(12.0))
    );
    let grade = bob.hear("connection-quality").await;
    assert_eq!(grade["users"], json!([{ "userId": "ann", "quality": "poor" }]));
    assert!(grade.get("seq").is_none());
    let stats = ann.hear("stats").await;
    assert_eq!(
        (&stats["up"]["loss"], &stats["path"], &stats["roundTrip"]),
        (&json!(12.0), &json!("tcp"), &json!(20.0))
    );
    house.media.say(report(leg, 12.0));
    house.settle().await;
    assert_eq!(ann.heard(), ["connection-quality", "stats"], "no new warning and no new grade");
    assert!(bob.heard().is_empty());
    house.media.say(Fact::Disconnected { leg });
    assert_eq!(bob.hear("connection-quality").await["users"][0]["quality"], "lost");
    let totals = house.rooms.totals();
    assert_eq!((totals.aes_cm_legs, totals.bitrate_in.round() as u64), (1, 1000));
}

#[tokio::test(start_paused = true)]
async fn speakers_go_to_everybody_and_to_who_comes_while_they_speak() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let room = house.media.arrivals()[0].1.room;
    let track: TrackId = bob.track("microphone").parse().expect("an id");
    house.media.say(Fact::Speakers { room, speakers: vec![(track.0, -20.0)] });
    let expected = json!([{ "userId": "bob", "trackId": track.to_string(), "level": -20.0 }]);
    assert_eq!(bob.hear("speakers").await["speakers"], expected);
    let ann = house.join_with_media("r", "ann").await;
    assert_eq!(ann.hear("speakers").await["speakers"], expected);
}

#[tokio::test(start_paused = true)]
async fn what_concerns_one_leg_is_told_to_its_owner_alone() {
    let house = house();
    let bob = house.join_with_media("r", "bob").await;
    let ann = house.join_with_media("r", "ann").await;
    bob.messages();
    let leg = house.media.leg_of("ann").expect("a leg");
    let track: TrackId = ann.track("camera").parse().expect("an id");
    house.media.say(Fact::SlotsWanted { leg, count: SlotCount { audio: 4, video: 6 } });
    house.media.say(Fact::Layers { leg, track: track.0, unwanted: vec!["h".into()] });
    house.media.say(Fact::DataLost { leg, count: 3 });
    let wanted = ann.hear("slots-wanted").await;
    assert_eq!((&wanted["audio"], &wanted["video"]), (&json!(4), &json!(6)));
    assert_eq!(ann.hear("layers").await["unwanted"], json!(["h"]));
    assert_eq!(ann.hear("data-lost").await["count"], 3);
    assert!(bob.heard().is_empty());
}

#[tokio::test(start_paused = true)]
async fn when_a_room_breaks_its_clients_are_told_to_come_again() {
    let house = house();
    let ann = house.join_with_media("r", "ann").await;
    let bob = house.join_with_media("other", "bob").await;
    house.media.say(Fact::RoomBroke { room: house.media.arrivals()[0].1.room });
    assert_eq!(ann.closed().await, close::RESTART);
    assert!(bob.heard().is_empty(), "another room notices nothing");
    house.join_with_media("r", "ann").await;
    assert_eq!(house.rooms.totals().broken_rooms, 1);
}

#[tokio::test(start_paused = true)]
async fn a_panic_over_one_report_costs_that_report_only() {
    let house = house();
    house.rooms.surviving(|| panic!("a test's own panic"));
    assert_eq!(house.rooms.totals().facts_lost, 1);
}
