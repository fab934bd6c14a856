//! Packets that the client asks for again.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_egress::{ExtensionIds, Packet, PayloadTypes};

use crate::leg::{Leg, PICTURE, PICTURE_SSRC, RTX_SSRC, SOUND_SSRC, VP8, timestamp};
use crate::wire::{self, Rtp};

/// The numbers that resends had at first.
fn originals(resent: &[Rtp]) -> Vec<u16> {
    resent.iter().map(|packet| u16::from_be_bytes([packet.payload[0], packet.payload[1]])).collect()
}

#[test]
fn a_missing_packet_comes_again_on_a_stream_of_its_own() {
    let mut leg = Leg::new();
    for sequence in 0xffff..0x1_0004 {
        leg.picture(sequence, 50);
    }
    let resent = leg.ask_again([0xffff, 2]);
    assert_eq!(originals(&resent), [0xffff, 2]);
    assert!(resent.iter().all(|packet| (packet.ssrc, packet.payload_type) == (RTX_SSRC, 97)));
    assert_eq!(resent.iter().map(|packet| packet.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(resent[1].timestamp, timestamp(0x1_0002));
    assert_eq!((resent[1].marker, &resent[1].payload[2..]), (true, [7; 50].as_slice()));
}

#[test]
fn a_mask_asks_for_the_sixteen_that_follow() {
    let mut leg = Leg::new();
    (100..120).for_each(|sequence| drop(leg.picture(sequence, 50)));
    let pair = [0, 0, 0, 1, 0, 0, 0x10, 0, 0, 100, 0x80, 0b10];
    leg.hear(&wire::message(1, 205, &pair)).expect("the client's");
    assert_eq!(originals(&leg.flush()), [100, 102, 116]);
}

#[test]
fn what_is_on_its_way_is_not_sent_again_within_a_round_trip() {
    let mut leg = Leg::new();
    leg.picture(1, 50);
    leg.learn_round_trip(Duration::from_millis(100));
    assert_eq!(leg.ask_again([1]).len(), 1, "the first time at once");
    leg.now += Duration::from_millis(90);
    assert!(leg.ask_again([1]).is_empty());
    leg.now += Duration::from_millis(15);
    assert_eq!(leg.ask_again([1]).len(), 1);
    assert!(leg.ask_again([1, 1]).is_empty());
}

#[test]
fn nor_within_some_milliseconds_where_the_round_trip_is_not_known() {
    let mut leg = Leg::new();
    leg.picture(1, 50);
    leg.now += Duration::from_millis(5);
    assert_eq!(leg.ask_again([1, 1]).len(), 1);
    leg.now += Duration::from_millis(10);
    assert!(leg.ask_again([1]).is_empty());
    leg.now += Duration::from_millis(10);
    assert_eq!(leg.ask_again([1]).len(), 1);
}

#[test]
fn what_was_before_a_key_frame_does_not_come_again() {
    let mut leg = Leg::new();
    leg.picture(1, 50);
    let begins = Arc::new(Packet { begins: true, ..leg.plain(&[7; 50]) });
    leg.send(PICTURE, &begins, VP8, 2);
    leg.picture(3, 50);
    leg.now += Duration::from_millis(5);
    assert_eq!(originals(&leg.ask_again([1, 2, 3])), [2, 3]);
}

#[test]
fn a_key_frame_that_comes_late_does_not_make_what_followed_it_forgotten() {
    let mut leg = Leg::new();
    leg.picture(5, 50);
    let begins = Arc::new(Packet { begins: true, ..leg.plain(&[7; 50]) });
    leg.send(PICTURE, &begins, VP8, 4);
    leg.now += Duration::from_millis(5);
    assert_eq!(originals(&leg.ask_again([4, 5])), [4, 5]);
}

#[test]
fn what_is_too_old_or_was_never_sent_does_not_come() {
    let mut leg = Leg::new();
    leg.picture(1, 50);
    leg.picture(3, 50);
    assert!(leg.ask_again([2, 0, 4, 257, 0x8001]).is_empty());
    leg.now += Duration::from_millis(1600);
    assert!(leg.ask_again([1, 3]).is_empty());
    leg.picture(4, 50);
    for media in [SOUND_SSRC, RTX_SSRC, 77] {
        leg.hear(&wire::nack(media, [4])).expect("the client's");
        assert!(leg.flush().is_empty(), "{media:x} is another stream");
    }
}

#[test]
fn a_client_that_takes_no_resends_gets_none() {
    let mut leg = Leg::new();
    let packet = leg.packet(50);
    leg.send(PICTURE, &packet, PayloadTypes { rtx: None, ..VP8 }, 1);
    assert!(leg.ask_again([1]).is_empty());
}

#[test]
fn resends_at_once_are_bounded_by_what_the_way_carries() {
    let mut leg = Leg::new();
    (0..200).for_each(|sequence| drop(leg.picture(sequence, 1000)));
    // The first estimate is 2 Mbit/s, and 0.15 s of that are 37,500 bytes.
    assert_eq!(leg.egress.estimate(), Some(2_000_000));
    leg.now += Duration::from_millis(5);
    let resent = leg.ask_again(0..200);
    assert_eq!(originals(&resent), (0..38).collect::<Vec<u16>>());
    assert!(leg.ask_again(100..200).is_empty(), "nothing is left");
    // A share of what is sent may be resent: 10 packets of 1000 bytes are worth three.
    (200..210).for_each(|sequence| drop(leg.picture(sequence, 1000)));
    assert!((3..=4).contains(&leg.ask_again(100..200).len()));
}

#[test]
fn and_by_what_the_client_says_where_nothing_is_estimated() {
    let mut leg = Leg::with(ExtensionIds::default());
    (0..100).for_each(|sequence| drop(leg.picture(sequence, 1000)));
    leg.hear(&wire::remb(400_000)).expect("the client's");
    leg.now += Duration::from_millis(5);
    assert_eq!(leg.ask_again(0..100).len(), 8, "7500 bytes");
}

#[test]
fn a_wish_is_fulfilled_before_the_next_flush_only_once() {
    let mut leg = Leg::new();
    leg.picture(1, 50);
    leg.now += Duration::from_millis(5);
    leg.hear(&wire::nack(PICTURE_SSRC, [1])).expect("the client's");
    assert!(leg.egress.is_dirty(), "it waits for the flush");
    leg.hear(&wire::nack(PICTURE_SSRC, [1])).expect("the client's");
    assert_eq!(leg.flush().len(), 1);
}

#[test]
fn what_was_sent_before_a_change_of_rooms_does_not_come_again() {
    let mut leg = Leg::new();
    (1..4).for_each(|sequence| drop(leg.picture(sequence, 50)));
    leg.egress.forget_sent();
    leg.picture(4, 50);
    assert_eq!(originals(&leg.ask_again([1, 2, 3, 4])), [4]);
}
