//! What we tell of our streams, and what the client's RTCP leads to.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_egress::Packet;

use crate::leg::{Leg, OPUS, PICTURE, PICTURE_SSRC, RTX_SSRC, SOUND, SOUND_SSRC, VP8, timestamp};
use crate::wire::{self, Block, Sent};

const SECOND: Duration = Duration::from_secs(1);

fn reports_within(leg: &mut Leg, time: Duration) -> Vec<Sent> {
    leg.pass(time).1
}

#[test]
fn the_client_is_told_soon_after_the_first_packet_and_then_each_second() {
    let mut leg = Leg::new();
    assert_eq!(leg.egress.poll_timeout(), None, "nothing to tell yet");
    leg.picture(1, 100);
    let soon = leg.egress.poll_timeout().expect("something to tell");
    assert!(soon <= leg.now + Duration::from_millis(50));
    let reports = reports_within(&mut leg, Duration::from_millis(50));
    assert_eq!(reports.iter().map(|report| report.ssrc).collect::<Vec<_>>(), [PICTURE_SSRC]);
    for sequence in 2..7 {
        leg.picture(sequence, 100);
        assert_eq!(reports_within(&mut leg, SECOND).len(), 1);
    }
}

#[test]
fn a_stream_that_begins_later_is_told_of_soon_as_well() {
    let mut leg = Leg::new();
    leg.picture(1, 100);
    reports_within(&mut leg, Duration::from_millis(300));
    let sound = leg.packet(80);
    leg.send(SOUND, &sound, OPUS, 1);
    let reports = reports_within(&mut leg, Duration::from_millis(50));
    assert_eq!(reports.iter().map(|report| report.ssrc).collect::<Vec<_>>(), [PICTURE_SSRC, SOUND_SSRC]);
    assert_eq!(reports[0].ntp, reports[1].ntp, "both on one clock");
}

#[test]
fn a_report_counts_what_was_sent_and_tells_what_time_it_is() {
    let mut leg = Leg::new();
    (1..=4).for_each(|sequence| drop(leg.picture(sequence, 250)));
    let first = reports_within(&mut leg, Duration::from_millis(50))[0];
    assert_eq!((first.packets, first.bytes), (4, 1000));
    // The fourth packet was captured 20 ms before the report: that many ticks of 90 kHz were added.
    assert_eq!(first.timestamp, timestamp(4) + 1800);
    leg.picture(5, 250);
    let second = reports_within(&mut leg, SECOND)[0];
    let seconds = (second.ntp - first.ntp) as f64 / 2_f64.powi(32);
    assert!((seconds - 1.0).abs() < 1e-6, "{seconds} s apart");
}

#[test]
fn sound_and_picture_that_were_captured_together_are_told_as_such() {
    let mut leg = Leg::new();
    let captured = leg.now;
    leg.now += Duration::from_millis(70);
    for (line, types) in [(PICTURE, VP8), (SOUND, OPUS)] {
        let packet = Arc::new(Packet { captured, ..leg.plain(&[7; 10]) });
        leg.send(line, &packet, types, 1);
    }
    let reports = reports_within(&mut leg, Duration::from_millis(20));
    // 90 ms after the capture, in ticks of 90 and of 48 kHz.
    let since: Vec<u32> = reports.iter().map(|report| report.timestamp - timestamp(1)).collect();
    assert_eq!(since, [8100, 4320]);
}

#[test]
fn nobody_is_told_of_silence() {
    let mut leg = Leg::new();
    leg.picture(1, 100);
    let reports = reports_within(&mut leg, 60 * SECOND);
    assert!((9..=11).contains(&reports.len()), "for ten seconds, not {}", reports.len());
    assert_eq!(leg.egress.poll_timeout(), None, "and then it does not want to be called");
    leg.picture(2, 100);
    assert_eq!(reports_within(&mut leg, Duration::from_millis(50)).len(), 1);
}

#[test]
fn a_receiver_report_makes_the_round_trip_known() {
    let mut leg = Leg::new();
    leg.picture(1, 100);
    let report = reports_within(&mut leg, Duration::from_millis(20))[0];
    leg.now += Duration::from_millis(480);
    let mut block = Block { ssrc: PICTURE_SSRC, lost: 64, jitter: 900, last_report: 0, delay: 65_536 * 4 / 10 };
    leg.hear(&wire::receiver_report(block)).expect("the client's");
    assert_eq!(leg.egress.take_flow().round_trip, None, "it has not seen our report");
    block.last_report = (report.ntp >> 16) as u32;
    leg.hear(&wire::receiver_report(block)).expect("the client's");
    leg.picture(2, 100);
    let flow = leg.egress.take_flow();
    let round_trip = flow.round_trip.expect("480 ms less the 400 for which it was held");
    assert!(round_trip.abs_diff(Duration::from_millis(80)) < Duration::from_millis(1), "{round_trip:?}");
    assert_eq!((flow.loss, flow.jitter), (0.25, 10.0));
    block.last_report = block.last_report.wrapping_add(65_536 * 60);
    leg.hear(&wire::receiver_report(block)).expect("the client's");
    let later = leg.egress.take_flow();
    assert_eq!(later.round_trip, Some(round_trip), "no report was sent in a minute from now");
    assert_eq!(later.loss, 0.0, "nothing was sent since, so nothing was lost");
}

#[test]
fn whoever_cannot_show_a_picture_is_heard_on_the_right_line() {
    let mut leg = Leg::new();
    for (packet, lines) in [
        (wire::pli(PICTURE_SSRC), vec![PICTURE]),
        (wire::fir(PICTURE_SSRC), vec![PICTURE]),
        (wire::pli(SOUND_SSRC), vec![SOUND]),
        (wire::pli(RTX_SSRC), vec![]),
        (wire::fir(1), vec![]),
    ] {
        assert_eq!(leg.hear(&packet).expect("the client's").key_frames, lines);
    }
    let compound = [wire::receiver_report(Block::default()), wire::pli(PICTURE_SSRC)].concat();
    assert_eq!(leg.hear(&compound).expect("the client's").key_frames, [PICTURE]);
}

#[test]
fn what_is_not_ours_is_left_to_others() {
    let mut leg = Leg::new();
    let mut others = |packet: &[u8]| leg.hear(packet).expect("the client's").others;
    assert!(others(&wire::message(0, 200, &[0; 24])), "a sender report is about what the client sends");
    assert!(others(&wire::message(0, 203, &[])), "a good-bye");
    let own =
        [wire::receiver_report(Block::default()), wire::pli(PICTURE_SSRC), wire::nack(PICTURE_SSRC, [1])].concat();
    assert!(!others(&own));
}

#[test]
fn what_is_forged_leads_to_nothing() {
    let mut leg = Leg::new();
    assert!(leg.hear(b"forged").is_none());
    assert!(leg.hear(&wire::pli(PICTURE_SSRC)).is_some(), "what follows is read");
}
