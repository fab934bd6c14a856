//! Which tracks get which slots.

mod support;

use crosspoint_model::Preference;
use crosspoint_router::{LegIndex, Output, Room};
use support::{Stage, slots};

#[test]
fn video_comes_only_to_who_subscribes_and_never_to_its_owner() {
    let mut stage = Stage::new();
    let (anna, ben, carl) = (stage.leg(1, 2, 2), stage.leg(2, 2, 2), stage.leg(3, 2, 2));
    let camera = stage.camera(1, anna);
    assert!(stage.subscribe(ben, camera));
    assert!(!stage.subscribe(anna, camera), "one's own");
    stage.play(200);
    assert!(!stage.got(ben, camera).is_empty());
    assert_eq!((stage.tracks(anna), stage.tracks(carl)), (vec![], vec![]));
}

#[test]
fn a_picture_begins_with_a_key_frame_that_is_asked_for_at_once() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.camera(1, anna);
    stage.play(400);
    stage.forget();
    stage.subscribe(ben, camera);
    assert_eq!(stage.key_frame_requests(camera, 0), 1);
    stage.play(200);
    assert!(stage.got(ben, camera)[0].key);
    assert_eq!(stage.key_frame_requests(camera, 0), 1);
}

#[test]
fn who_may_not_subscribe_gets_nothing() {
    let mut stage = Stage::new();
    let anna = stage.leg(1, 2, 2);
    let mute = stage.leg_with(2, 2, 2, |spec| (spec.subscribes, spec.auto_audio) = (false, true));
    let (microphone, camera) = (stage.microphone(1, anna), stage.camera(2, anna));
    assert!(!stage.subscribe(mute, camera));
    assert!(!stage.subscribe(mute, microphone));
    stage.play(200);
    assert!(stage.tracks(mute).is_empty());
}

#[test]
fn a_subscription_keeps_its_slot_when_others_come_and_go() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 3));
    let cameras: Vec<_> = (1..=3).map(|key| stage.camera(key, anna)).collect();
    for camera in &cameras {
        stage.subscribe(ben, *camera);
    }
    stage.unsubscribe(ben, cameras[0]);
    assert_eq!(stage.slot(ben, "v1").track, Some(cameras[1]));
    assert_eq!(stage.slot(ben, "v2").track, Some(cameras[2]));
    stage.subscribe(ben, cameras[0]);
    assert_eq!(stage.slot(ben, "v0").track, Some(cameras[0]));
}

#[test]
fn a_negotiation_keeps_what_is_in_the_slots_that_stay() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let cameras: Vec<_> = (1..=2).map(|key| stage.camera(key, anna)).collect();
    for camera in &cameras {
        stage.subscribe(ben, *camera);
    }
    stage.play(200);
    let asked = stage.key_frame_requests(cameras[0], 0);
    stage.slots(ben, 2, 2);
    assert_eq!(stage.slot(ben, "v0").track, Some(cameras[0]));
    assert_eq!(stage.slot(ben, "v1").track, Some(cameras[1]));
    stage.play(200);
    assert_eq!(stage.key_frame_requests(cameras[0], 0), asked, "it goes on without a new key frame");
    stage.assert_continuous();
}

#[test]
fn a_slot_goes_on_counting_whatever_is_in_it() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let (one, two) = (stage.camera(1, anna), stage.camera(2, anna));
    for _ in 0..3 {
        for camera in [one, two] {
            stage.subscribe(ben, camera);
            stage.play(300);
            stage.unsubscribe(ben, camera);
            stage.play(100);
        }
    }
    assert_eq!(stage.tracks(ben), [1, 2]);
    assert_eq!(stage.sent[0].forward.sequence, 1);
    stage.assert_continuous();
}

#[test]
fn the_frames_of_a_new_screen_follow_those_of_the_old_camera_in_its_slot() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.camera(1, anna);
    stage.subscribe(ben, camera);
    stage.play(5_000);
    stage.unsubscribe(ben, camera);
    // It counts from where the camera began long ago.
    let screen = stage.camera(2, anna);
    stage.subscribe(ben, screen);
    stage.play(300);
    let last = stage.got(ben, camera).last().and_then(|sent| sent.forward.picture.frame).expect("a number");
    let first = stage.got(ben, screen).first().and_then(|sent| sent.forward.picture.frame);
    assert_eq!(first, Some(last.wrapping_add(1)));
    stage.assert_continuous();
}

#[test]
fn a_slot_that_goes_and_comes_back_goes_on_counting() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.camera(1, anna);
    stage.subscribe(ben, camera);
    stage.play(300);
    stage.slots(ben, 0, 0);
    stage.play(300);
    stage.slots(ben, 0, 1);
    stage.play(300);
    assert!(stage.got(ben, camera).iter().filter(|sent| sent.key).count() == 2, "it begins twice");
    stage.assert_continuous();
}

#[test]
fn more_slots_are_asked_for_in_steps_and_once() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 0));
    let cameras: Vec<_> = (1..=5).map(|key| stage.camera(key, anna)).collect();
    stage.subscribe(ben, cameras[0]);
    assert_eq!(stage.slots_wanted(ben), [(0, 2)]);
    stage.subscribe(ben, cameras[1]);
    assert_eq!(stage.slots_wanted(ben), [(0, 2)], "not repeated");
    stage.subscribe(ben, cameras[2]);
    assert_eq!(stage.slots_wanted(ben), [(0, 2), (0, 4)]);
    stage.slots(ben, 0, 4);
    stage.subscribe(ben, cameras[3]);
    assert_eq!(stage.slots_wanted(ben).len(), 2);
    stage.subscribe(ben, cameras[4]);
    assert_eq!(stage.slots_wanted(ben), [(0, 2), (0, 4), (0, 6)]);
}

#[test]
fn what_is_asked_for_together_is_one_question() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg_with(2, 0, 0, |spec| spec.video_slots = 5));
    let cameras: Vec<_> = (1..=8).map(|key| stage.camera(key, anna)).collect();
    for camera in cameras {
        stage.room.subscribe(ben, camera, Preference::default(), stage.now);
    }
    stage.settle();
    assert_eq!(stage.slots_wanted(ben), [(0, 5)], "the limit");
}

#[test]
fn changes_of_slots_are_told_once_and_only_those() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 2));
    let (one, two) = (stage.camera(1, anna), stage.camera(2, anna));
    stage.room.subscribe(ben, one, Preference::default(), stage.now);
    stage.room.subscribe(ben, two, Preference::default(), stage.now);
    stage.settle();
    let told = |stage: &Stage| -> Vec<Vec<String>> {
        let slots = stage.said.iter().filter_map(|(_, output)| match output {
            Output::SlotsChanged { slots, .. } => Some(slots.iter().map(|slot| slot.mid.clone()).collect()),
            _ => None,
        });
        slots.collect()
    };
    assert_eq!(told(&stage), [["v0", "v1"]]);
    stage.forget();
    stage.unpublish(two);
    assert_eq!(told(&stage), [["v1"]]);
}

#[test]
fn a_muted_track_sends_nothing_and_keeps_its_slot() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 1, 1));
    let (microphone, camera) = (stage.microphone(1, anna), stage.camera(2, anna));
    stage.subscribe(ben, camera);
    stage.play(200);
    stage.mute(microphone, true);
    stage.mute(camera, true);
    let before = stage.sent.len();
    stage.play(300);
    assert_eq!(stage.sent.len(), before);
    assert_eq!(stage.slot(ben, "a0").track, Some(microphone));
    assert_eq!(stage.slot(ben, "v0").track, Some(camera));
    stage.mute(microphone, false);
    stage.mute(camera, false);
    stage.play(300);
    let after = &stage.sent[before..];
    let first = after.iter().find(|sent| sent.track == camera).expect("it is seen again");
    assert!(first.key && after.iter().any(|sent| sent.track == microphone));
    stage.assert_continuous();
}

#[test]
fn a_move_to_another_room_goes_on_counting() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 0, 1));
    let camera = stage.camera(1, anna);
    stage.subscribe(ben, camera);
    stage.play(200);
    let last = stage.sent.last().expect("something was sent").forward.sequence;
    let slots = stage.room.remove_leg(ben, stage.now);
    stage.settle();

    let mut other = Stage::new();
    other.now = stage.now;
    let dora = other.leg(5, 0, 0);
    let camera = other.camera(9, dora);
    other.leg_with(7, 0, 0, |_| ());
    other.room.restore_slots(LegIndex(7), slots, other.now);
    other.subscribe(LegIndex(7), camera);
    other.play(200);
    assert_eq!(other.sent[0].forward.sequence, last + 1);
}

#[test]
fn a_viewer_that_leaves_leaves_nothing_behind() {
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 0, 0), stage.leg(2, 1, 1));
    stage.microphone(1, anna);
    let camera = stage.camera(2, anna);
    stage.subscribe(ben, camera);
    stage.play(100);
    stage.leave(ben);
    stage.forget();
    stage.play(100);
    assert!(stage.sent.is_empty());
    assert!(stage.room.figures(stage.now).iter().all(|figures| figures.subscribers == 0));
    stage.leave(anna);
    assert!(stage.room.is_empty());
}

#[test]
fn an_empty_room_and_an_idle_room_want_no_timer() {
    let mut room = Room::new();
    assert_eq!(room.poll_timeout(), None);
    let mut stage = Stage::new();
    let (anna, ben) = (stage.leg(1, 2, 2), stage.leg(2, 2, 2));
    stage.microphone(1, anna);
    let camera = stage.simulcast(2, ben);
    stage.subscribe(anna, camera);
    stage.play(5_000);
    stage.timeouts = 0;
    stage.play(10_000);
    assert_eq!((stage.timeouts, stage.room.poll_timeout()), (0, None), "silence and a steady picture");
    room.set_slots(LegIndex(1), &slots(1, 1), stage.now);
    assert_eq!(room.poll_timeout(), None, "there is no such leg");
}

#[test]
fn sound_and_picture_of_a_participant_come_in_slots_of_one_pair() {
    let mut stage = Stage::new();
    let (anna, ben, carl) = (stage.leg(1, 0, 0), stage.leg(2, 0, 0), stage.leg(3, 3, 3));
    stage.microphone(1, anna);
    stage.microphone(2, ben);
    let (of_anna, of_ben) = (stage.camera(3, anna), stage.camera(4, ben));
    // The pictures are asked for in the other order.
    stage.subscribe(carl, of_ben);
    stage.subscribe(carl, of_anna);
    assert_eq!(stage.slot(carl, "v0").track, Some(of_anna));
    assert_eq!(stage.slot(carl, "v1").track, Some(of_ben));
}
