//! What the way carries, as the client's feedback tells.

use std::time::{Duration, Instant};

use crosspoint_egress::{ExtensionIds, FIRST_ESTIMATE};

use crate::leg::{IDS, Leg, OPUS, PICTURE_SSRC, RTX_SSRC, SOUND};
use crate::wire;

const MILLISECOND: Duration = Duration::from_millis(1);
/// Header, extensions, IPv4, UDP and the seal are about this much.
const AROUND: usize = 70;

/// A way of so many bits per second, 20 ms long, with a queue, and a client at its end that tells each 50 ms what came.
struct Way {
    rate: u64,
    free_at: Duration,
    start: Instant,
    /// From the first packet that was not told of on.
    first: u16,
    arrivals: Vec<Option<u64>>,
    count: u8,
    told: Duration,
    sequence: u64,
    resent: usize,
    /// What the sending half said of changes.
    heard: Vec<u64>,
}

impl Way {
    fn new(leg: &Leg, rate: u64) -> Self {
        let (first, sequence) = (1, 1);
        let (arrivals, heard) = (Vec::new(), Vec::new());
        let (free_at, told) = (Duration::ZERO, Duration::ZERO);
        Self { rate, free_at, start: leg.now, first, arrivals, count: 0, told, sequence, resent: 0, heard }
    }

    /// So many seconds of a picture of `bits` per second.
    fn carry(&mut self, leg: &mut Leg, bits: u64, seconds: u64) {
        let bytes = (bits / 8 / 200) as usize - AROUND;
        for millisecond in 0..1000 * seconds {
            let mut sent = leg.pass(MILLISECOND).0;
            if millisecond % 5 == 0 {
                sent.extend(leg.picture(self.sequence, bytes));
                self.sequence += 1;
            }
            let now = leg.now - self.start;
            for packet in sent {
                self.resent += usize::from(packet.ssrc == RTX_SSRC);
                let length = (packet.payload.len() + AROUND) as u64;
                self.free_at = self.free_at.max(now) + Duration::from_micros(length * 8_000_000 / self.rate);
                // More than half a second of queue there is not.
                let fits = self.free_at < now + Duration::from_millis(500);
                self.arrivals.push(fits.then(|| (self.free_at.as_micros() as u64) + 10_000));
                if !fits {
                    self.free_at = now + Duration::from_millis(500);
                }
            }
            if now >= self.told + Duration::from_millis(50) {
                self.tell(leg, now);
            }
        }
    }

    /// What has arrived and come back by now.
    fn tell(&mut self, leg: &mut Leg, now: Duration) {
        self.told = now;
        let back = (now.as_micros() as u64).saturating_sub(10_000);
        let known = self.arrivals.iter().rposition(|arrival| arrival.is_some_and(|arrival| arrival <= back));
        let Some(known) = known else { return };
        let told: Vec<Option<u64>> = self.arrivals.drain(..=known).collect();
        let wishes = leg.hear(&wire::transport(self.first, self.count, &told)).expect("the client's");
        self.heard.extend(wishes.estimate);
        self.first = self.first.wrapping_add(told.len() as u16);
        self.count = self.count.wrapping_add(1);
    }
}

#[test]
fn the_estimate_follows_a_way_that_is_narrower_than_what_is_sent() {
    let mut leg = Leg::new();
    leg.egress.want(1_500_000, 1_500_000);
    let mut way = Way::new(&leg, 600_000);
    way.carry(&mut leg, 1_000_000, 2);
    let estimate = leg.egress.estimate().expect("an estimate");
    assert!((300_000..=700_000).contains(&estimate), "{estimate} of 600,000");
    assert_eq!(way.heard.last().map(|last| last.abs_diff(estimate) * 100 < estimate * 3), Some(true));
}

#[test]
fn resent_packets_find_out_that_a_way_carries_more_than_is_sent() {
    let mut leg = Leg::new();
    leg.egress.want(1_000_000, 5_000_000);
    let mut way = Way::new(&leg, 8_000_000);
    way.carry(&mut leg, 1_000_000, 4);
    let estimate = leg.egress.estimate().expect("an estimate");
    assert!((4_000_000..=9_000_000).contains(&estimate), "{estimate} of 8,000,000");
    assert!(way.resent > 0, "by resends");
}

#[test]
fn nothing_is_found_out_that_nobody_wants() {
    let mut leg = Leg::new();
    let mut way = Way::new(&leg, 8_000_000);
    way.carry(&mut leg, 1_000_000, 2);
    assert_eq!(way.resent, 0);
    assert!(way.heard.iter().all(|estimate| *estimate >= FIRST_ESTIMATE / 2), "{:?}", way.heard);
}

#[test]
fn without_transport_wide_feedback_the_clients_own_estimate_counts() {
    let mut leg = Leg::with(ExtensionIds { transport_sequence: 0, ..IDS });
    leg.picture(1, 100);
    assert_eq!(leg.egress.estimate(), None);
    assert_eq!(leg.hear(&wire::remb(777_216)).expect("the client's").estimate, Some(777_216));
    assert_eq!(leg.egress.estimate(), Some(777_216));
    let feedback = wire::transport(1, 0, &[Some(1000)]);
    assert_eq!(leg.hear(&feedback).expect("the client's").estimate, None, "feedback on what has no number");
}

#[test]
fn with_it_ours_counts() {
    let mut leg = Leg::new();
    leg.picture(1, 100);
    assert_eq!(leg.hear(&wire::remb(50_000)).expect("the client's").estimate, None);
    assert_eq!(leg.egress.estimate(), Some(FIRST_ESTIMATE));
}

#[test]
fn a_leg_that_gets_sound_alone_has_nothing_to_estimate() {
    let mut leg = Leg::new();
    leg.egress.want(1_000_000, 2_000_000);
    for sequence in 1..100 {
        let packet = leg.packet(80);
        leg.send(SOUND, &packet, OPUS, sequence);
        assert!(leg.pass(20 * MILLISECOND).0.is_empty(), "nor to find out");
    }
    leg.hear(&wire::transport(1, 0, &[Some(1000); 50])).expect("the client's");
    assert_eq!(leg.egress.estimate(), None);
    leg.hear(&wire::nack(PICTURE_SSRC, [1])).expect("the client's");
    assert!(leg.flush().is_empty());
}
