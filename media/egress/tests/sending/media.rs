//! What a packet looks like when it leaves.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_egress::{Carried, ExtensionIds, Packet};
use crosspoint_rtp::picture;
use crosspoint_rtp::vp8::Numbers;
use proptest::prelude::*;

use crate::leg::{IDS, Leg, OPUS, PICTURE, PICTURE_SSRC, RTX_SSRC, SOUND, SOUND_SSRC, VP8, picture, timestamp};
use crate::wire::Rtp;

#[test]
fn a_packet_has_its_lines_numbers_and_the_payload_as_it_came() {
    let mut leg = Leg::new();
    let packet = leg.packet_of(b"picture");
    let [sent] = leg.send(PICTURE, &packet, VP8, 70_000).try_into().expect("one packet");
    assert_eq!((sent.ssrc, sent.sequence, sent.timestamp), (PICTURE_SSRC, (70_000 % 65_536) as u16, timestamp(70_000)));
    assert_eq!((sent.payload_type, sent.marker, sent.payload.as_slice()), (96, true, b"picture".as_slice()));
    let silent = Arc::new(Packet { marker: false, ..leg.plain(b"sound") });
    let [sound] = leg.send(SOUND, &silent, OPUS, 5).try_into().expect("one packet");
    assert_eq!((sound.ssrc, sound.payload_type, sound.marker, sound.sequence), (SOUND_SSRC, 111, false, 5));
}

#[test]
fn extensions_stand_under_the_clients_ids() {
    let mut leg = Leg::new();
    let carried = Carried {
        level: Some(0x85),
        orientation: Some(1),
        content_type: Some(2),
        capture_time: Some(0x0102_0304_0506_0708),
        playout_delay: Some([0, 1, 2]),
        descriptor: Some([3; 5].as_slice().into()),
    };
    let packet = Arc::new(Packet { carried, ..leg.plain(&[7; 10]) });
    leg.now += Duration::from_millis(1500);
    let [sent] = leg.send(PICTURE, &packet, VP8, 1).try_into().expect("one packet");
    let expected: [(u8, &[u8]); 9] = [
        (1, &[0x85]),
        // 1.5 s as 6.18 bits.
        (2, &[0x06, 0x00, 0x00]),
        (3, &[0, 1]),
        (4, b"0"),
        (5, &[1]),
        (6, &[2]),
        (7, &[1, 2, 3, 4, 5, 6, 7, 8]),
        (8, &[0, 1, 2]),
        (9, &[3; 5]),
    ];
    assert_eq!(sent.extensions, expected.into_iter().map(|(id, value)| (id, value.to_vec())).collect());
}

#[test]
fn a_client_that_takes_no_extensions_gets_none() {
    let mut leg = Leg::with(ExtensionIds::default());
    assert!(leg.picture(1, 100)[0].extensions.is_empty());
    let mut leg = Leg::with(ExtensionIds { level: 1, ..ExtensionIds::default() });
    let carried = Carried { level: Some(3), orientation: Some(1), ..Carried::default() };
    let packet = Arc::new(Packet { carried, ..leg.plain(b"sound") });
    let sent = &leg.send(SOUND, &packet, OPUS, 1)[0];
    assert_eq!(sent.extensions.iter().collect::<Vec<_>>(), [(&1, &vec![3])]);
}

#[test]
fn a_value_that_is_too_long_for_one_byte_takes_two() {
    let mut leg = Leg::new();
    let carried = Carried { descriptor: Some([3; 40].as_slice().into()), orientation: Some(1), ..Carried::default() };
    let packet = Arc::new(Packet { carried, ..leg.plain(&[7; 10]) });
    let sent = &leg.send(PICTURE, &packet, VP8, 1)[0];
    assert_eq!((sent.extensions[&9].as_slice(), sent.extensions[&5].as_slice()), ([3; 40].as_slice(), [1].as_slice()));
    assert_eq!((transport_number(sent), sent.payload.as_slice()), (1, [7; 10].as_slice()));
}

#[test]
fn transport_wide_numbers_go_on_over_lines_and_resends() {
    let mut leg = Leg::new();
    let mut sent = Vec::new();
    for sequence in 10..20 {
        sent.extend(leg.picture(sequence, 100));
        let sound = leg.packet(80);
        sent.extend(leg.send(SOUND, &sound, OPUS, sequence));
        sent.extend(leg.ask_again([sequence as u16]));
    }
    let numbers: Vec<u16> = sent.iter().map(transport_number).collect();
    assert_eq!(numbers, (1..=30).collect::<Vec<u16>>());
}

#[test]
fn several_packets_leave_in_the_order_in_which_they_were_queued() {
    let mut leg = Leg::new();
    for sequence in 1..=5 {
        let packet = leg.packet(10);
        leg.egress.forward(PICTURE, &packet, VP8, (sequence, timestamp(sequence)), picture::Numbers::default());
    }
    assert!(leg.egress.is_dirty());
    assert_eq!(leg.flush().iter().map(|packet| packet.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
}

#[test]
fn the_m_line_is_named_until_the_first_report_on_it_and_not_after() {
    let mut leg = Leg::new();
    let named = |sent: &[Rtp]| sent.iter().all(|packet| packet.extensions.contains_key(&IDS.mid));
    assert!(named(&leg.picture(1, 100)) && named(&leg.picture(2, 100)) && named(&leg.ask_again([1])));
    leg.lose(SOUND_SSRC, 0);
    assert!(named(&leg.picture(3, 100)), "the report was on another line");
    leg.lose(PICTURE_SSRC, 0);
    let after = [leg.picture(4, 100), leg.ask_again([3])].concat();
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|packet| !packet.extensions.contains_key(&IDS.mid)));
    assert!(after.iter().all(|packet| packet.extensions.contains_key(&IDS.transport_sequence)));
}

#[test]
fn nothing_is_queued_before_the_handshake_is_over() {
    let mut leg = Leg::waiting(IDS);
    let packet = leg.packet(100);
    leg.egress.forward(PICTURE, &packet, VP8, (1, timestamp(1)), picture::Numbers::default());
    assert!(!leg.egress.is_dirty());
    assert!(leg.hear(&crate::wire::pli(PICTURE_SSRC)).is_none(), "nor can feedback be opened");
    leg.connect();
    assert!(leg.flush().is_empty(), "what came too early is gone");
    assert_eq!(leg.picture(2, 100).len(), 1);
}

#[test]
fn nothing_leaves_on_a_line_that_is_not_ours() {
    let mut leg = Leg::new();
    let packet = leg.packet(10);
    assert!(leg.send(1, &packet, VP8, 1).is_empty(), "between two that are");
    assert!(leg.send(900, &packet, VP8, 1).is_empty());
}

#[test]
fn a_number_given_twice_leaves_once() {
    let mut leg = Leg::new();
    assert_eq!(leg.picture(70_000, 100).len(), 1);
    assert_eq!(leg.picture(70_000, 100).len(), 0);
    assert_eq!(leg.picture(69_990, 100).len(), 1, "late, but for the first time");
    assert_eq!(leg.picture(69_990, 100).len(), 0);
    assert_eq!(leg.picture(70_000 + 65_536, 100).len(), 1, "the same on the wire, not under the same key stream");
    assert_eq!(leg.picture(70_001, 100).len(), 0, "too late to know");
    assert_eq!(leg.egress.take_flow().packets, 3);
}

#[test]
fn a_line_that_is_negotiated_again_does_not_begin_anew() {
    let mut leg = Leg::new();
    leg.picture(7, 100);
    leg.lose(PICTURE_SSRC, 0);
    leg.ask_again([7]);
    leg.egress.set_line(PICTURE, picture(ExtensionIds { send_time: 12, ..IDS }));
    assert!(leg.picture(7, 100).is_empty());
    let sent = &leg.picture(8, 100)[0];
    assert!(sent.extensions.contains_key(&12) && !sent.extensions.contains_key(&IDS.mid));
    assert_eq!(leg.ask_again([8])[0].sequence, 2, "resends go on, too");
}

#[test]
fn vp8_numbers_are_those_of_the_line_in_media_and_in_resends() {
    let mut leg = Leg::new();
    // Picture id 0x102 in 15 bits, TL0PICIDX 3, then the temporal layer and the frame.
    let payload = [0x90, 0xe0, 0x81, 0x02, 0x03, 0x20, 1, 2, 3];
    let packet = leg.packet_of(&payload);
    let numbers = Numbers { picture_id: Some(0x7abc), wide: true, tl0_pic_idx: Some(0xfe) };
    let expected = [0x90, 0xe0, 0xfa, 0xbc, 0xfe, 0x20, 1, 2, 3];
    let numbers = picture::Numbers { vp8: Some(numbers), frame: None };
    assert_eq!(leg.send_numbered(PICTURE, &packet, VP8, 1, numbers)[0].payload, expected);
    assert_eq!(leg.ask_again([1])[0].payload[2..], expected);
    assert_eq!(*packet.payload, payload, "others have numbers of their own");
    assert_eq!(leg.send(PICTURE, &packet, VP8, 2)[0].payload, payload, "the next one has none");
}

#[test]
fn a_dependency_descriptor_has_the_frame_number_of_the_line_in_media_and_in_resends() {
    let mut leg = Leg::new();
    let descriptor: Arc<[u8]> = [0xc1, 0x00, 0x01, 0x80, 0x00].as_slice().into();
    let carried = Carried { descriptor: Some(descriptor.clone()), ..Carried::default() };
    let packet = Arc::new(Packet { carried, ..leg.plain(&[7; 10]) });
    let numbers = picture::Numbers { vp8: None, frame: Some(0x0203) };
    let expected = [0xc1, 0x02, 0x03, 0x80, 0x00];
    assert_eq!(leg.send_numbered(PICTURE, &packet, VP8, 1, numbers)[0].extensions[&IDS.descriptor], expected);
    assert_eq!(leg.ask_again([1])[0].extensions[&IDS.descriptor], expected);
    assert_eq!(packet.carried.descriptor, Some(descriptor), "others have numbers of their own");
}

proptest! {
    /// The seal of [`Leg`] fails the test when a number is used twice.
    #[test]
    fn whatever_is_forwarded_and_asked_for_nothing_is_sealed_twice(
        steps in prop::collection::vec((0_u64..200, any::<bool>(), 0_u64..40), 1..200)
    ) {
        let mut leg = Leg::new();
        let mut high = 65_400;
        for (step, asks, time) in steps {
            high += step / 20;
            let sequence = high - step % 50;
            if asks {
                let resent = leg.ask_again([sequence as u16, high as u16]);
                prop_assert!(resent.iter().all(|packet| packet.ssrc == RTX_SSRC));
            } else {
                leg.picture(sequence, 100);
            }
            leg.pass(Duration::from_millis(time));
        }
    }
}

fn transport_number(packet: &Rtp) -> u16 {
    let value = &packet.extensions[&IDS.transport_sequence];
    u16::from_be_bytes([value[0], value[1]])
}
