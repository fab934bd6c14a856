//! What a client may say, however senseless.

use std::time::Duration;

use crosspoint_rtp::picture;
use crosspoint_rtp::vp8::Numbers;
use proptest::collection::vec;
use proptest::prelude::*;

use crate::leg::{Leg, PICTURE, PICTURE_SSRC, REDUNDANT, SOUND, SOUND_SSRC, VP8};
use crate::wire;

/// A message that is well-formed on its outside: a known kind, the right length, and sometimes one of our streams.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let kind = prop_oneof![Just((1, 205)), Just((15, 205)), Just((1, 206)), Just((4, 206)), Just((15, 206))];
    let kind = prop_oneof![kind, (0_u8..32, 199_u8..208)];
    let ssrc = prop_oneof![Just(PICTURE_SSRC), Just(SOUND_SSRC), any::<u32>()];
    (kind, ssrc, vec(any::<u8>(), 0..60)).prop_map(|((count, kind), ssrc, rest)| {
        let mut body = [vec![0; 4], ssrc.to_be_bytes().to_vec(), rest].concat();
        body.truncate(body.len() / 4 * 4);
        wire::message(count, kind, &body)
    })
}

/// Reports and feedback on what was sent, with numbers that make no sense.
fn sensible() -> impl Strategy<Value = Vec<u8>> {
    let block =
        (any::<u8>(), any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(lost, jitter, last_report, delay)| {
            wire::receiver_report(wire::Block { ssrc: PICTURE_SSRC, lost, jitter, last_report, delay })
        });
    let feedback = (any::<u16>(), any::<u8>(), vec(prop::option::of(0_u64..1 << 40), 1..40))
        .prop_map(|(base, count, arrivals)| wire::transport(base % 64, count, &arrivals));
    prop_oneof![block, feedback, vec(any::<u16>(), 0..40).prop_map(|lost| wire::nack(PICTURE_SSRC, lost))]
}

fn hear_all(packets: &[Vec<u8>]) {
    let mut leg = Leg::new();
    leg.egress.want(500_000, 5_000_000);
    for (sequence, packet) in (0..).zip(packets) {
        leg.picture(sequence, 700);
        let sound = leg.packet(80);
        leg.send(SOUND, &sound, REDUNDANT, sequence);
        leg.hear(packet);
        leg.pass(Duration::from_millis(30));
    }
    leg.picture(packets.len() as u64, 700);
    let flow = leg.egress.take_flow();
    assert!((0.0..=1.0).contains(&flow.loss));
    assert!(flow.estimate.is_none_or(|estimate| (50_000..=100_000_000).contains(&estimate)));
}

proptest! {
    #[test]
    fn bytes_without_sense_do_no_harm(packets in vec(vec(any::<u8>(), 0..120), 1..20)) {
        hear_all(&packets);
    }

    #[test]
    fn messages_without_sense_do_no_harm(compounds in vec(vec(message(), 1..4), 1..20)) {
        let packets: Vec<Vec<u8>> = compounds.iter().map(|messages| messages.concat()).collect();
        hear_all(&packets);
    }

    #[test]
    fn feedback_that_contradicts_itself_does_no_harm(packets in vec(sensible(), 1..40)) {
        hear_all(&packets);
    }

    #[test]
    fn vp8_numbers_fit_into_any_payload(payload in vec(any::<u8>(), 0..12), id in any::<u16>(), wide in any::<bool>()) {
        let mut leg = Leg::new();
        let packet = leg.packet_of(&payload);
        let numbers = Numbers { picture_id: Some(id), wide, tl0_pic_idx: Some(id as u8) };
        let sent = leg.send_numbered(PICTURE, &packet, VP8, 1, picture::Numbers { vp8: Some(numbers), frame: Some(id) });
        prop_assert_eq!(sent[0].payload.len(), payload.len());
    }
}
