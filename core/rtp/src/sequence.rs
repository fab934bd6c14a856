//! One outgoing stream out of many sources, one after the other: layers of a track, tracks in a slot, before and after a
//! pause. Its sequence numbers and timestamps never jump and never repeat.
//!
//! ```text
//!  source A   10 11 .. 13        |            gaps of a source are kept, so that its loss stays visible
//!  source B          (restart)   | 700 701    the first packet after a restart follows the highest number
//!  output      1  2 ..  4          5   6      a late 12 of A before the switch is 3; after it, it is dropped
//! ```

use std::time::{Duration, Instant};

/// Where a packet stands in its source.
#[derive(Clone, Copy, Debug)]
pub struct Position {
    /// The sequence number, extended to 64 bits.
    pub sequence: u64,
    /// The timestamp.
    pub timestamp: u32,
    /// When it arrived.
    pub arrival: Instant,
    /// When it was captured, on the same clock for all sources, where sender reports tell (RFC 3550 §6.4.1).
    pub capture: Option<Instant>,
}

/// Where a packet stands in the outgoing stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The extended sequence number. The first one is 1, so that receivers begin with a roll-over count of 0.
    pub sequence: u64,
    /// The timestamp.
    pub timestamp: u32,
}

/// Packets this far behind the highest one of their source are no longer of use to anybody.
const LATE: u64 = 512;
/// A source that runs further ahead than this has begun anew with other numbers.
const AHEAD: u64 = 8192;
/// Above this, capture and arrival times contradict each other: somebody's clock was set.
const CLOCK_DOUBT: Duration = Duration::from_secs(1);

/// The highest packet that was given out: what the next source follows.
#[derive(Clone, Copy, Debug)]
struct Last {
    sequence: u64,
    timestamp: u32,
    arrival: Instant,
    capture: Option<Instant>,
}

/// The source that is being rewritten.
#[derive(Clone, Copy, Debug)]
struct Source {
    /// Its first sequence number: what lies before it belongs to the time before the switch.
    first: u64,
    /// Its highest.
    highest: u64,
    /// Added to its sequence numbers (wrapping).
    sequence: u64,
    /// Added to its timestamps (wrapping).
    timestamp: u32,
    /// A packet far outside of the window, kept to see whether another one follows it.
    stray: Option<u64>,
}

/// Rewrites one outgoing stream.
#[derive(Clone, Debug)]
pub struct Rewriter {
    clock_rate: u32,
    source: Option<Source>,
    last: Option<Last>,
}

impl Rewriter {
    /// A new stream with this many timestamp ticks per second.
    pub fn new(clock_rate: u32) -> Self {
        Self { clock_rate, source: None, last: None }
    }

    /// The next packet is the first one of another source (or of the same one after a pause).
    pub fn restart(&mut self) {
        self.source = None;
    }

    /// The packet's place in the outgoing stream; none: it must not be sent.
    #[inline]
    pub fn rewrite(&mut self, packet: &Position) -> Option<Rewritten> {
        let Some(source) = &mut self.source else {
            return Some(self.begin(packet, 1));
        };
        if packet.sequence > source.highest {
            if packet.sequence - source.highest > AHEAD {
                return self.stray(packet);
            }
            source.highest = packet.sequence;
        } else if packet.sequence < source.first || source.highest - packet.sequence > LATE {
            return self.stray(packet);
        }
        let out = Rewritten {
            sequence: packet.sequence.wrapping_add(source.sequence),
            timestamp: packet.timestamp.wrapping_add(source.timestamp),
        };
        self.remember(out, packet);
        Some(out)
    }

    /// The first packet of a source: `step` numbers and at least one tick after what was given out last.
    fn begin(&mut self, packet: &Position, step: u64) -> Rewritten {
        let out = match &self.last {
            None => Rewritten { sequence: 1, timestamp: packet.timestamp },
            Some(last) => Rewritten {
                sequence: last.sequence + step,
                timestamp: last.timestamp.wrapping_add(ticks(elapsed(last, packet), self.clock_rate).max(1)),
            },
        };
        self.source = Some(Source {
            first: packet.sequence,
            highest: packet.sequence,
            sequence: out.sequence.wrapping_sub(packet.sequence),
            timestamp: out.timestamp.wrapping_sub(packet.timestamp),
            stray: None,
        });
        self.remember(out, packet);
        out
    }

    /// RFC 3550 A.1: two packets in a row far outside of the window are a source that has begun anew. The output skips a
    /// number there, because something was lost.
    #[cold]
    fn stray(&mut self, packet: &Position) -> Option<Rewritten> {
        let source = self.source.as_mut()?;
        let distance = source.highest.abs_diff(packet.sequence);
        if distance <= LATE {
            return None;
        }
        let follows = source.stray.is_some_and(|stray| stray + 1 == packet.sequence);
        source.stray = Some(packet.sequence);
        follows.then(|| self.begin(packet, 2))
    }

    #[inline]
    fn remember(&mut self, out: Rewritten, packet: &Position) {
        match &mut self.last {
            Some(last) => {
                last.sequence = last.sequence.max(out.sequence);
                // Of all packets of a frame the first one tells when it came.
                let ahead = out.timestamp.wrapping_sub(last.timestamp);
                if ahead != 0 && ahead <= u32::MAX / 2 {
                    last.timestamp = out.timestamp;
                    last.arrival = packet.arrival;
                    last.capture = packet.capture;
                }
            }
            None => {
                self.last = Some(Last {
                    sequence: out.sequence,
                    timestamp: out.timestamp,
                    arrival: packet.arrival,
                    capture: packet.capture,
                });
            }
        }
    }
}

/// From the last frame of the old source to the first one of the new: by capture where both know it, else by arrival.
fn elapsed(last: &Last, packet: &Position) -> Duration {
    let by_arrival = packet.arrival.saturating_duration_since(last.arrival);
    match (last.capture, packet.capture) {
        (Some(before), Some(after)) => {
            let by_capture = after.saturating_duration_since(before);
            if by_capture.abs_diff(by_arrival) > CLOCK_DOUBT { by_arrival } else { by_capture }
        }
        _ => by_arrival,
    }
}

fn ticks(elapsed: Duration, clock_rate: u32) -> u32 {
    let ticks = elapsed.as_micros() * u128::from(clock_rate) / 1_000_000;
    // A pause of hours would jump over half of the circle and look like the past.
    u32::try_from(ticks).unwrap_or(u32::MAX).min(u32::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const VIDEO: u32 = 90_000;

    #[test]
    fn gaps_stay_and_late_packets_fit_into_them() {
        let t = Instant::now();
        let mut rewriter = Rewriter::new(VIDEO);
        assert_eq!(rewriter.rewrite(&at(t, 0, 100, 0)).map(|out| out.sequence), Some(1));
        assert_eq!(rewriter.rewrite(&at(t, 0, 103, 0)).map(|out| out.sequence), Some(4));
        assert_eq!(rewriter.rewrite(&at(t, 0, 101, 0)).map(|out| out.sequence), Some(2));
        assert_eq!(rewriter.rewrite(&at(t, 0, 99, 0)), None, "it lies before the beginning");
    }

    #[test]
    fn another_source_follows_without_a_gap_and_by_the_time_of_arrival() {
        let t = Instant::now();
        let mut rewriter = Rewriter::new(VIDEO);
        rewriter.rewrite(&at(t, 0, 100, 5_000));
        rewriter.rewrite(&at(t, 10, 101, 5_000));
        rewriter.restart();
        let out = rewriter.rewrite(&at(t, 40, 60_000, 77)).expect("the first packet passes");
        assert_eq!((out.sequence, out.timestamp), (3, 5_000 + 3_600), "40 ms after the frame's first packet");
        assert_eq!(rewriter.rewrite(&at(t, 41, 59_999, 77)), None, "a late packet of before the switch");
    }

    #[test]
    fn a_common_clock_beats_the_time_of_arrival() {
        let t = Instant::now() + Duration::from_secs(10);
        let captured = |position: Position, ms| Position { capture: Some(t + Duration::from_millis(ms)), ..position };
        let mut rewriter = Rewriter::new(VIDEO);
        rewriter.rewrite(&captured(at(t, 50, 1, 1_000), 0));
        rewriter.restart();
        let out = rewriter.rewrite(&captured(at(t, 190, 1, 9), 100)).expect("passes");
        assert_eq!(out.timestamp, 1_000 + 9_000);
        rewriter.restart();
        let out = rewriter.rewrite(&captured(at(t, 195, 1, 50), 90)).expect("passes");
        assert_eq!(out.timestamp, 1_000 + 9_001, "captured earlier, but time only goes forward");
    }

    #[test]
    fn a_source_that_begins_anew_is_taken_up_after_two_packets() {
        let t = Instant::now();
        let mut rewriter = Rewriter::new(VIDEO);
        rewriter.rewrite(&at(t, 0, 50_000, 0));
        assert_eq!(rewriter.rewrite(&at(t, 10, 7, 0)), None);
        let out = rewriter.rewrite(&at(t, 20, 8, 900)).expect("the second in a row");
        assert_eq!(out.sequence, 3, "one number is skipped: loss stays visible");
        assert_eq!(rewriter.rewrite(&at(t, 20, 9, 900)).map(|out| out.sequence), Some(4));
    }

    proptest! {
        #[test]
        fn sources_in_order_come_out_strictly_continuous(
            sources in proptest::collection::vec((any::<u16>(), any::<u32>(), 1u64..60, 0u64..400), 1..12)
        ) {
            let t = Instant::now();
            let mut rewriter = Rewriter::new(VIDEO);
            let (mut last, mut now): (Option<Rewritten>, u64) = (None, 0);
            for (first, timestamp, count, pause) in sources {
                rewriter.restart();
                now += pause;
                for step in 0..count {
                    let stamp = timestamp.wrapping_add(step as u32 * 3_000);
                    let out = rewriter.rewrite(&at(t, now, u64::from(first) + step, stamp)).expect("in order");
                    if let Some(last) = last {
                        prop_assert_eq!(out.sequence, last.sequence + 1);
                        let ahead = out.timestamp.wrapping_sub(last.timestamp);
                        prop_assert!((1..u32::MAX / 2).contains(&ahead));
                    } else {
                        prop_assert_eq!(out.sequence, 1);
                    }
                    last = Some(out);
                    now += 33;
                }
            }
        }

        #[test]
        fn disorder_within_a_source_never_gives_a_number_twice(
            mut order in Just((0u64..40).collect::<Vec<_>>()).prop_shuffle(), first in 1_000u64..60_000
        ) {
            let t = Instant::now();
            let mut rewriter = Rewriter::new(VIDEO);
            rewriter.rewrite(&at(t, 0, first, 0));
            let mut seen = std::collections::BTreeSet::new();
            for step in order.drain(..) {
                let out = rewriter.rewrite(&at(t, 1, first + 1 + step, 0)).expect("within the window");
                prop_assert_eq!(out.sequence, 2 + step);
                prop_assert!(seen.insert(out.sequence));
            }
        }
    }

    fn at(start: Instant, ms: u64, sequence: u64, timestamp: u32) -> Position {
        Position { sequence, timestamp, arrival: start + Duration::from_millis(ms), capture: None }
    }
}
