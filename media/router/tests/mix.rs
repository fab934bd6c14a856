//! The room's mix: a track that nobody publishes.

mod support;

use std::time::Duration;

use crosspoint_model::{Preference, Source, TrackKey};
use crosspoint_router::{Follow, LegIndex, MixFrame};
use support::{Stage, identity};

const MIX: TrackKey = TrackKey(99);

fn frame(stage: &Stage, position: u64) -> MixFrame {
    MixFrame { position, payload_len: 100, due: stage.start + Duration::from_micros(position * 1000 / 48) }
}

fn stage() -> (Stage, LegIndex) {
    let mut stage = Stage::new();
    stage.room.set_mix(Some(MIX), stage.now);
    let leg = stage.leg_with(1, 2, 2, |spec| spec.hears_mix = true);
    (stage, leg)
}

#[test]
fn who_hears_the_mix_gets_it_in_place_of_the_voices() {
    let (mut stage, leg) = stage();
    let other = stage.leg(2, 2, 2);
    let voice = stage.microphone(5, other);
    stage.speaks(voice, -20);
    stage.play(500);
    let tracks: Vec<_> = stage.room.slots(leg).iter().filter_map(|slot| slot.track).collect();
    assert_eq!(tracks, [MIX]);
    assert_eq!(stage.room.mix_legs().collect::<Vec<_>>(), [leg]);
}

#[test]
fn its_numbers_have_no_gaps_where_nothing_was_sent_and_one_where_a_packet_was_lost() {
    let (mut stage, leg) = stage();
    let first = stage.room.forward_mix(leg, &frame(&stage, 0)).expect("a slot");
    let second = stage.room.forward_mix(leg, &frame(&stage, 48_000)).expect("a slot");
    assert_eq!(second.sequence, first.sequence + 1);
    assert_eq!(second.timestamp, first.timestamp.wrapping_add(48_000));
    stage.room.skip_mix(leg);
    let third = stage.room.forward_mix(leg, &frame(&stage, 48_960)).expect("a slot");
    assert_eq!(third.sequence, second.sequence + 2);
}

#[test]
fn a_change_to_each_voice_and_back_goes_on_counting() {
    let (mut stage, leg) = stage();
    let other = stage.leg(2, 2, 2);
    let voice = stage.microphone(5, other);
    let before = stage.room.forward_mix(leg, &frame(&stage, 0)).expect("a slot");
    stage.room.set_hears(leg, true, false, stage.now);
    assert_eq!(stage.room.forward_mix(leg, &frame(&stage, 960)), None);
    let tracks: Vec<_> = stage.room.slots(leg).iter().filter_map(|slot| slot.track).collect();
    assert_eq!(tracks, [voice]);
    stage.room.set_hears(leg, false, true, stage.now);
    let after = stage.room.forward_mix(leg, &frame(&stage, 9600)).expect("a slot");
    assert_eq!((after.slot, after.sequence), (before.slot, before.sequence + 1));
    assert_eq!(after.timestamp.wrapping_sub(before.timestamp), 9600);
    assert_eq!(stage.room.check_invariants(), Ok(()));
}

#[test]
fn it_can_be_subscribed_to_and_left_out() {
    let (mut stage, leg) = stage();
    let other = stage.leg_with(2, 2, 0, |_| {});
    assert!(stage.room.subscribe(other, MIX, Preference::default(), stage.now));
    assert_eq!(stage.room.mix_legs().collect::<Vec<_>>(), [leg, other]);
    let paused = Preference { paused: Some(true), ..Preference::default() };
    assert!(stage.room.subscribe(leg, MIX, paused, stage.now));
    assert_eq!(stage.room.mix_legs().collect::<Vec<_>>(), [other]);
    assert_eq!(stage.room.check_invariants(), Ok(()));
}

#[test]
fn a_viewer_of_one_participant_hears_that_one_alone() {
    let (mut stage, _) = stage();
    let publisher = stage.leg(2, 0, 0);
    let voice = stage.audio(5, publisher, Source::Microphone, Some(-20));
    let follow = Follow::Participant { identity: identity(2), source: None };
    let viewer = stage.leg_with(3, 1, 1, |spec| {
        (spec.follows, spec.hears_mix) = (Some(follow), true);
    });
    let tracks: Vec<_> = stage.room.slots(viewer).iter().filter_map(|slot| slot.track).collect();
    assert_eq!(tracks, [voice]);
}

#[test]
fn without_it_nobody_hears_it() {
    let (mut stage, leg) = stage();
    stage.room.set_mix(None, stage.now);
    assert!(stage.room.slots(leg).iter().all(|slot| slot.track.is_none()));
    assert_eq!(stage.room.check_invariants(), Ok(()));
}
