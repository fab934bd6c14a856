//! Sound that is sent twice (RFC 2198).

use std::time::Duration;

use crosspoint_egress::PayloadTypes;

use crate::leg::{Leg, PICTURE, REDUNDANT, SOUND, SOUND_SSRC, VP8};
use crate::wire;

const FRAME: Duration = Duration::from_millis(20);

/// Sends 20 ms of sound; gives what of the sound before came with it.
fn speak(leg: &mut Leg, sequence: u64) -> wire::Previous {
    leg.now += FRAME;
    let sound = [sequence as u8; 30];
    let packet = leg.packet_of(&sound);
    let [sent] = leg.send(SOUND, &packet, REDUNDANT, sequence).try_into().expect("one packet");
    assert_eq!(sent.payload_type, 63);
    let (previous, payload_type, primary) = wire::redundant(&sent.payload);
    assert_eq!((payload_type, primary.as_slice()), (111, sound.as_slice()));
    previous
}

#[test]
fn each_packet_carries_the_one_before_it() {
    let mut leg = Leg::new();
    assert_eq!(speak(&mut leg, 9), None, "the first has none");
    assert_eq!(speak(&mut leg, 10), Some((960, vec![9; 30])));
    assert_eq!(speak(&mut leg, 11), Some((960, vec![10; 30])));
}

#[test]
fn after_a_gap_a_packet_carries_only_itself() {
    let mut leg = Leg::new();
    speak(&mut leg, 1);
    assert_eq!(speak(&mut leg, 3), None, "2 was before it");
    assert_eq!(speak(&mut leg, 2), None, "and 3 was not before 2");
    assert_eq!(speak(&mut leg, 4), None);
    assert_eq!(speak(&mut leg, 5), Some((960, vec![4; 30])));
}

#[test]
fn it_ends_20_s_after_the_last_loss_and_returns_with_it() {
    let mut leg = Leg::new();
    let mut sequence = 0;
    let mut carried = |leg: &mut Leg, frames: u64| {
        let twice = (sequence..sequence + frames).filter(|sequence| speak(leg, *sequence).is_some()).count() as u64;
        sequence += frames;
        twice
    };
    assert_eq!(carried(&mut leg, 1000), 999, "20 s from the beginning on, as nothing is known yet");
    carried(&mut leg, 1);
    assert_eq!(carried(&mut leg, 100), 0);
    leg.lose(SOUND_SSRC, 1);
    assert_eq!(carried(&mut leg, 100), 0, "a 256th is no reason");
    leg.lose(SOUND_SSRC, 12);
    assert_eq!(carried(&mut leg, 500), 500);
    leg.lose(SOUND_SSRC, 0);
    leg.lose(SOUND_SSRC, 12);
    assert!(carried(&mut leg, 1100).abs_diff(1000) <= 1, "20 s after the last one");
    assert_eq!(carried(&mut leg, 10), 0);
}

#[test]
fn what_is_sent_twice_is_not_counted_twice() {
    let mut leg = Leg::new();
    (0..10).for_each(|sequence| drop(speak(&mut leg, sequence)));
    let flow = leg.egress.take_flow();
    assert_eq!((flow.packets, flow.bytes), (10, 300));
}

#[test]
fn a_picture_is_never_sent_twice() {
    let mut leg = Leg::new();
    let types = PayloadTypes { red: Some(63), ..VP8 };
    for sequence in 0..3 {
        let packet = leg.packet(30);
        let sent = &leg.send(PICTURE, &packet, types, sequence)[0];
        assert_eq!((sent.payload_type, sent.payload.as_slice()), (96, [7; 30].as_slice()));
    }
}

#[test]
fn after_a_change_of_rooms_a_packet_carries_nothing_of_the_room_before() {
    let mut leg = Leg::new();
    speak(&mut leg, 1);
    leg.egress.forget_sent();
    assert_eq!(speak(&mut leg, 2), None);
    assert_eq!(speak(&mut leg, 3), Some((960, vec![2; 30])));
}
