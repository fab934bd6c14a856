//! Which layer of a picture each viewer gets, and what publishers are asked for.

mod support;

use crosspoint_model::Preference;
use crosspoint_router::{LegIndex, Output};
use crosspoint_rtp::picture;
use support::{Stage, of_height};

const H: u8 = 0;
const M: u8 = 1;
const L: u8 = 2;

#[test]
fn the_smallest_layer_that_fills_the_element_is_sent() {
    for (height, layer) in [(1080, H), (720, H), (400, H), (360, M), (181, M), (180, L), (90, L)] {
        let (mut stage, ben, camera) = watched(of_height(height));
        stage.play(1_000);
        assert_eq!(stage.got(ben, camera).last().expect("a picture").layer, layer, "{height}");
    }
}

#[test]
fn a_cap_holds_however_large_the_element_is() {
    let preference = Preference { layer: Some("m".into()), ..of_height(1080) };
    let (mut stage, ben, camera) = watched(preference);
    stage.play(3_000);
    assert!(!stage.layers(ben, camera).contains(&H));
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("m"));
}

#[test]
fn layers_are_switched_at_key_frames_without_a_break() {
    let (mut stage, ben, camera) = watched(of_height(720));
    stage.play(1_000);
    for height in [180, 360, 720, 360, 180] {
        stage.prefer(ben, camera, of_height(height));
        stage.play(700);
    }
    assert_eq!(stage.layers(ben, camera), [H, L, M, H, M, L]);
    let got = stage.got(ben, camera);
    for pair in got.windows(2).filter(|pair| pair[0].layer != pair[1].layer) {
        assert!(pair[1].key);
    }
    stage.assert_continuous();
}

#[test]
fn paused_keeps_the_slot_and_sends_nothing() {
    let (mut stage, ben, camera) = watched(Preference::default());
    stage.play(500);
    stage.prefer(ben, camera, Preference { paused: Some(true), ..Preference::default() });
    stage.forget();
    stage.play(500);
    assert!(stage.sent.is_empty());
    let slot = stage.slot(ben, "v0");
    assert_eq!((slot.track, slot.paused), (Some(camera), false), "it was the viewer, not the bandwidth");
    stage.prefer(ben, camera, Preference::default());
    stage.play(500);
    assert!(stage.got(ben, camera)[0].key);
}

#[test]
fn bandwidth_brings_the_layer_down_at_once_and_up_later() {
    let (mut stage, ben, camera) = watched(Preference::default());
    stage.estimate(ben, 3_000_000);
    stage.play(3_000);
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("h"));
    stage.forget();
    stage.estimate(ben, 300_000);
    stage.play(200);
    assert_eq!(stage.layers(ben, camera).last(), Some(&L));
    stage.estimate(ben, 3_000_000);
    stage.play(1_000);
    assert_eq!(stage.layers(ben, camera).last(), Some(&L), "not within 2 s of the downgrade");
    stage.play(1_500);
    assert_eq!(stage.layers(ben, camera).last(), Some(&H));
    stage.assert_continuous();
}

#[test]
fn a_wavering_estimate_does_not_make_the_picture_waver() {
    let (mut stage, ben, camera) = watched(Preference::default());
    stage.estimate(ben, 3_000_000);
    stage.play(4_000);
    stage.forget();
    for step in 0..100 {
        stage.estimate(ben, if step % 2 == 0 { 2_000_000 } else { 2_150_000 });
        stage.play(100);
    }
    assert_eq!(stage.layers(ben, camera), [H]);
}

#[test]
fn everyone_is_small_before_anyone_is_large_and_priority_decides_who_grows() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 3));
    let cameras: Vec<_> = (1..=3).map(|key| stage.simulcast(key, anna)).collect();
    stage.play(4_000);
    stage.estimate(ben, 3_000_000);
    for (camera, priority) in cameras.iter().zip([0, 5, 0]) {
        stage.prefer(ben, *camera, Preference { priority: Some(priority), ..Preference::default() });
    }
    stage.play(1_000);
    let layers: Vec<_> = (0..3).map(|slot| stage.slot(ben, &format!("v{slot}")).layer.unwrap_or_default()).collect();
    assert_eq!(layers[1], "h");
    assert!(layers[0] != "h" && layers[2] != "h", "{layers:?}");
}

#[test]
fn pause_is_the_last_resort_and_comes_late() {
    let (mut stage, ben, camera) = watched(Preference::default());
    stage.play(2_000);
    stage.estimate(ben, 50_000);
    stage.play(2_500);
    assert!(!stage.slot(ben, "v0").paused);
    assert_eq!(stage.layers(ben, camera).last(), Some(&L));
    stage.play(1_500);
    assert!(stage.slot(ben, "v0").paused);
    stage.forget();
    stage.play(500);
    assert!(stage.sent.is_empty());
    stage.estimate(ben, 1_000_000);
    stage.play(3_000);
    assert!(!stage.slot(ben, "v0").paused && !stage.sent.is_empty());
}

#[test]
fn sound_is_never_paused() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 1, 1));
    let (microphone, camera) = (stage.microphone(1, anna), stage.camera(2, anna));
    stage.subscribe(ben, camera);
    stage.estimate(ben, 10_000);
    stage.play(10_000);
    stage.forget();
    stage.play(200);
    assert!(stage.got(ben, camera).is_empty());
    assert_eq!(stage.got(ben, microphone).len(), 10);
}

#[test]
fn a_fixed_bound_limits_a_leg_without_an_estimate() {
    let mut stage = Stage::new();
    let anna = stage.leg(1, 0, 0);
    let ben = stage.leg_with(2, 0, 1, |spec| spec.receive_bitrate = Some(800_000));
    let camera = stage.simulcast(1, anna);
    stage.subscribe(ben, camera);
    stage.play(6_000);
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("m"));
}

#[test]
fn a_dead_layer_is_replaced_by_a_living_one() {
    let (mut stage, ben, camera) = watched(Preference::default());
    stage.play(1_000);
    stage.sends(camera, 0, false);
    stage.play(2_000);
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("m"));
    stage.sends(camera, 0, true);
    stage.play(500);
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("h"));
    stage.assert_continuous();
}

#[test]
fn a_better_layer_stands_in_for_a_dead_lower_one() {
    let (mut stage, ben, camera) = watched(of_height(180));
    stage.estimate(ben, 10_000_000);
    stage.play(1_000);
    stage.sends(camera, 2, false);
    stage.play(2_000);
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("m"));
}

#[test]
fn key_frame_requests_of_many_viewers_merge() {
    let mut stage = Stage::new();
    let anna = stage.leg(1, 0, 0);
    let camera = stage.camera(1, anna);
    let viewers: Vec<LegIndex> = (2..12).map(|index| stage.leg(index, 0, 1)).collect();
    stage.play(1_000);
    for viewer in &viewers {
        stage.subscribe(*viewer, camera);
    }
    stage.play(1_000);
    stage.forget();
    for viewer in &viewers {
        stage.room.handle_key_frame_request(*viewer, 40, stage.now);
    }
    stage.settle();
    assert_eq!(stage.key_frame_requests(camera, 0), 1, "the first leaves at once");
    stage.play(2_000);
    assert_eq!(stage.key_frame_requests(camera, 0), 1, "its key frame answered the others");
}

#[test]
fn a_key_frame_that_does_not_come_is_asked_for_again() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.camera(1, anna);
    stage.play(1_000);
    stage.subscribe(ben, camera);
    stage.forget();
    let mut sequence = 1_000_000;
    for _ in 0..30 {
        stage.now += std::time::Duration::from_millis(100);
        sequence += 1;
        let packet = packet(sequence, stage.now);
        stage.deliver(camera, 0, &packet);
    }
    assert!((2..=3).contains(&stage.key_frame_requests(camera, 0)));
}

#[test]
fn publishers_hear_which_layers_nobody_wants() {
    let (mut stage, ben, camera) = watched(of_height(180));
    stage.play(1_500);
    assert_eq!(stage.unwanted(), [], "not at once");
    stage.play(1_500);
    assert_eq!(stage.unwanted(), [(1, vec!["h".to_owned(), "m".to_owned()])]);
    stage.forget();
    stage.sends(camera, 0, false);
    stage.sends(camera, 1, false);
    stage.play(2_000);
    stage.prefer(ben, camera, of_height(360));
    assert_eq!(stage.unwanted(), [(1, vec!["h".to_owned()])], "wanted again at once");
    assert_eq!(stage.key_frame_requests(camera, M), 1);
    stage.sends(camera, 1, true);
    stage.play(500);
    assert_eq!(stage.slot(ben, "v0").layer.as_deref(), Some("m"));
}

#[test]
fn a_picture_that_nobody_watches_is_unwanted() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.camera(1, anna);
    stage.play(2_500);
    assert_eq!(stage.unwanted(), [(1, vec!["*".to_owned()])]);
    stage.forget();
    stage.subscribe(ben, camera);
    assert_eq!(stage.unwanted(), [(1, vec![])]);
    assert_eq!(stage.key_frame_requests(camera, 0), 1);
    stage.play(4_000);
    assert_eq!(stage.unwanted().len(), 1);
}

#[test]
fn the_estimator_hears_what_there_is_to_win() {
    let (mut stage, ben, _) = watched(Preference::default());
    stage.estimate(ben, 400_000);
    stage.play(3_000);
    stage.estimate(ben, 400_000);
    let told = stage.said.iter().rev().find_map(|(_, output)| match output {
        Output::DesiredBitrate { leg, minimum, desired } if *leg == ben => Some((*minimum, *desired)),
        _ => None,
    });
    let (minimum, desired) = told.expect("it is told");
    assert!((600_000..1_000_000).contains(&minimum), "{minimum}");
    assert!((1_900_000..2_600_000).contains(&desired), "{desired}");
}

/// Ben watches a simulcast camera of Anna.
fn watched(preference: Preference) -> (Stage, LegIndex, crosspoint_model::TrackKey) {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.simulcast(1, anna);
    stage.prefer(ben, camera, preference);
    (stage, ben, camera)
}

fn packet(sequence: u64, arrival: std::time::Instant) -> crosspoint_router::Packet {
    crosspoint_router::Packet {
        sequence,
        timestamp: sequence as u32 * 3_000,
        marker: true,
        starts_key_frame: false,
        payload_len: 1_000,
        level: None,
        picture: picture::Numbers::default(),
        arrival,
        capture: None,
    }
}
