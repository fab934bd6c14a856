//! Who is heard, who speaks, and what a viewer sees that follows.

mod support;

use crosspoint_model::{Preference, Source, TrackKey};
use crosspoint_router::{Follow, LegIndex};
use support::{Stage, identity};

#[test]
fn every_voice_of_the_others_comes_unasked_and_never_ones_own() {
    let (mut stage, legs, _) = meeting(4);
    stage.play(100);
    for (at, leg) in legs.iter().enumerate() {
        let others: Vec<u64> = (0..4).filter(|other| *other != at as u64).collect();
        assert_eq!(stage.tracks(*leg), others);
    }
    stage.assert_continuous();
}

#[test]
fn a_participant_does_not_hear_itself_through_its_other_leg() {
    let mut stage = Stage::new();
    let anna = stage.leg(1, 2, 0);
    let phone = stage.leg_with(2, 2, 0, |spec| (spec.identity, spec.auto_audio) = (identity(1), true));
    stage.microphone(1, anna);
    stage.audio(2, phone, Source::Phone, Some(-127));
    stage.play(100);
    assert!(stage.sent.is_empty());
}

#[test]
fn up_to_eight_voices_have_a_slot_each_and_more_share_three() {
    let (mut stage, legs, voices) = meeting(9);
    stage.play(100);
    assert_eq!(stage.tracks(legs[0]).len(), 8);
    let late = stage.leg(100, 8, 0);
    let voice = stage.microphone(100, late);
    stage.forget();
    stage.play(100);
    assert_eq!(stage.tracks(legs[0]).len(), 3, "there are nine others now");
    stage.speaks(voices[7], -30);
    stage.play(1_000);
    stage.speaks(voices[7], -127);
    stage.speaks(voice, -30);
    stage.play(1_000);
    stage.forget();
    stage.play(100);
    assert_eq!(stage.tracks(legs[0]), [1, 7, 100], "who spoke last, and one who was there");
}

#[test]
fn who_begins_to_speak_in_a_big_room_is_heard_within_200_ms() {
    let (mut stage, legs, voices) = meeting(12);
    stage.play(1_000);
    stage.forget();
    let began = stage.now;
    stage.speaks(voices[11], -32);
    stage.play(400);
    let heard = stage.got(legs[0], voices[11]).first().expect("it is heard").at;
    assert!((heard - began).as_millis() <= 200, "{:?}", heard - began);
}

#[test]
fn four_who_speak_at_once_do_not_chase_each_other_out_of_three_slots() {
    let (mut stage, legs, voices) = meeting(12);
    for (voice, level) in voices[1..5].iter().zip([-30, -31, -29, -30]) {
        stage.speaks(*voice, level);
    }
    stage.play(1_000);
    stage.forget();
    stage.play(3_000);
    assert_eq!(stage.tracks(legs[0]).len(), 3);
    stage.speaks(voices[4], -15);
    stage.play(1_000);
    stage.forget();
    stage.play(100);
    assert!(stage.tracks(legs[0]).contains(&4), "who is clearly louder gets one");
}

#[test]
fn telephones_shared_sound_and_pinned_voices_have_slots_of_their_own() {
    let (mut stage, legs, voices) = meeting(12);
    stage.audio(50, legs[1], Source::Phone, Some(-127));
    stage.audio(51, legs[2], Source::ScreenAudio, Some(-127));
    stage.prefer(legs[0], voices[9], Preference { pinned: Some(true), ..Preference::default() });
    for voice in &voices[1..4] {
        stage.speaks(*voice, -20);
    }
    stage.play(1_000);
    stage.forget();
    stage.play(100);
    assert_eq!(stage.tracks(legs[0]), [1, 2, 3, 9, 50, 51]);
}

#[test]
fn a_voice_without_levels_is_never_silenced() {
    let (mut stage, legs, voices) = meeting(12);
    stage.audio(60, legs[5], Source::Microphone, None);
    for voice in &voices[1..4] {
        stage.speaks(*voice, -20);
    }
    stage.play(1_000);
    assert!(stage.speakers().last().is_some_and(|speaking| speaking.contains(&60)), "its packets say that it speaks");
    stage.forget();
    stage.play(100);
    assert_eq!(stage.tracks(legs[0]), [1, 2, 3, 60]);
}

#[test]
fn a_voice_that_a_viewer_paused_does_not_come() {
    let (mut stage, legs, voices) = meeting(3);
    stage.prefer(legs[0], voices[1], Preference { paused: Some(true), ..Preference::default() });
    stage.play(100);
    assert_eq!(stage.tracks(legs[0]), [2]);
}

#[test]
fn a_single_slot_carries_who_spoke_last_even_beside_a_silent_telephone() {
    let (mut stage, legs, voices) = meeting(3);
    stage.audio(50, legs[1], Source::Phone, Some(-127));
    let viewer = stage.viewer_of(90, 1, 0, Follow::Dominant);
    stage.speaks(voices[2], -30);
    stage.play(500);
    stage.forget();
    stage.play(100);
    assert_eq!(stage.tracks(viewer), [2]);
}

#[test]
fn speakers_are_told_on_change_and_silence_at_the_end() {
    let (mut stage, _, voices) = meeting(3);
    stage.play(2_000);
    assert!(stage.speakers().is_empty());
    stage.speaks(voices[1], -30);
    stage.play(1_000);
    stage.speaks(voices[2], -30);
    stage.play(1_000);
    stage.speaks(voices[1], -127);
    stage.play(1_000);
    stage.speaks(voices[2], -127);
    stage.play(1_000);
    // Between the two of them, who has fallen silent is passed before the smoothed level says so.
    assert_eq!(stage.speakers(), [vec![1], vec![1, 2], vec![2, 1], vec![2], vec![]]);
    stage.timeouts = 0;
    stage.play(5_000);
    assert_eq!(stage.timeouts, 0, "silence costs nothing");
}

#[test]
fn speakers_are_told_at_most_every_100_ms() {
    let (mut stage, _, voices) = meeting(6);
    for round in 0..40 {
        stage.speaks(voices[round % 6], if round % 2 == 0 { -10 } else { -127 });
        stage.play(60);
    }
    let told: Vec<_> = stage
        .said
        .iter()
        .filter(|(_, output)| matches!(output, crosspoint_router::Output::Speakers { .. }))
        .map(|(at, _)| *at)
        .collect();
    assert!(told.windows(2).all(|pair| (pair[1] - pair[0]).as_millis() >= 100));
}

#[test]
fn a_muted_voice_stops_being_a_speaker() {
    let (mut stage, _, voices) = meeting(2);
    stage.speaks(voices[1], -30);
    stage.play(1_000);
    stage.mute(voices[1], true);
    stage.play(300);
    assert_eq!(stage.speakers(), [vec![1], vec![]]);
}

#[test]
fn a_follower_sees_who_speaks_and_changes_at_most_every_second() {
    let (mut stage, legs, voices) = meeting(3);
    let cameras: Vec<TrackKey> = (0..3).map(|at| stage.camera(20 + at as u64, legs[at])).collect();
    let viewer = stage.viewer_of(90, 3, 1, Follow::Dominant);
    stage.play(1_500);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[0]), "the first, before anybody has spoken");
    stage.speaks(voices[2], -30);
    stage.play(500);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[2]));
    stage.speaks(voices[2], -127);
    stage.speaks(voices[1], -20);
    stage.play(400);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[2]), "not yet");
    stage.play(1_000);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[1]));
    stage.speaks(voices[1], -127);
    stage.play(2_000);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[1]), "who spoke last stays");
    assert_eq!(stage.tracks(viewer), [0, 1, 2, 20, 21, 22]);
    stage.assert_continuous();
}

#[test]
fn a_follower_sees_somebody_else_when_the_picture_goes() {
    let (mut stage, legs, voices) = meeting(2);
    let cameras: Vec<TrackKey> = (0..2).map(|at| stage.camera(20 + at as u64, legs[at])).collect();
    let viewer = stage.viewer_of(90, 3, 1, Follow::Dominant);
    stage.speaks(voices[1], -30);
    stage.play(2_000);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[1]));
    stage.mute(cameras[1], true);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[0]));
    stage.mute(cameras[1], false);
    stage.unpublish(cameras[0]);
    stage.play(1_500);
    assert_eq!(stage.slot(viewer, "v0").track, Some(cameras[1]));
}

#[test]
fn a_follower_of_one_participant_gets_its_picture_and_sound() {
    let (mut stage, legs, _) = meeting(3);
    for (at, leg) in legs.iter().enumerate() {
        stage.camera(20 + at as u64, *leg);
    }
    let follow = |source| Follow::Participant { identity: identity(2), source };
    let all = stage.viewer_of(90, 1, 1, follow(None));
    let picture = stage.viewer_of(91, 1, 1, follow(Some(Source::Camera)));
    stage.play(500);
    assert_eq!(stage.tracks(all), [1, 21]);
    assert_eq!(stage.tracks(picture), [21]);
    assert!(stage.slots_wanted(all).is_empty(), "it cannot negotiate again");
}

/// So many participants, each with a voice (tracks 0, 1, …) and twelve audio slots.
fn meeting(count: u32) -> (Stage, Vec<LegIndex>, Vec<TrackKey>) {
    let mut stage = Stage::new();
    let legs: Vec<LegIndex> = (1..=count).map(|index| stage.leg(index, 12, 0)).collect();
    let voices = legs.iter().enumerate().map(|(at, leg)| stage.microphone(at as u64, *leg)).collect();
    (stage, legs, voices)
}
