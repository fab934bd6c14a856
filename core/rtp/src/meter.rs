//! Bits and packets per second over the last second, in ten buckets of 100 ms.

use std::time::{Duration, Instant};

const BUCKETS: usize = 10;
const BUCKET: Duration = Duration::from_millis(100);
/// Below this much time a rate says nothing.
const SHORTEST: Duration = Duration::from_millis(200);

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    bytes: u32,
    packets: u32,
}

/// Counts the packets of one stream.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    buckets: [Bucket; BUCKETS],
    /// The beginning of the present bucket.
    current: Option<Instant>,
    index: usize,
    bytes: u64,
    packets: u64,
    /// The first packet after a silence of a window or more.
    since: Option<Instant>,
    last: Option<Instant>,
}

impl Meter {
    /// Counts a packet.
    #[inline]
    pub fn add(&mut self, bytes: usize, now: Instant) {
        if self.current.is_none_or(|current| now.saturating_duration_since(current) >= BUCKET) {
            self.advance(now);
        }
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let bucket = &mut self.buckets[self.index];
        bucket.bytes = bucket.bytes.saturating_add(bytes);
        bucket.packets += 1;
        self.bytes += u64::from(bytes);
        self.packets += 1;
        self.last = Some(now);
    }

    /// Bits per second. A stream that began less than a second ago is judged by the time it has had.
    pub fn bitrate(&self, now: Instant) -> u64 {
        let (bytes, _) = self.counted(now);
        self.per_second(bytes * 8, now)
    }

    /// Packets per second.
    pub fn packet_rate(&self, now: Instant) -> u64 {
        let (_, packets) = self.counted(now);
        self.per_second(packets, now)
    }

    /// When the last packet came.
    pub fn last(&self) -> Option<Instant> {
        self.last
    }

    /// For how long packets have been coming without a silence of a whole window.
    pub fn age(&self, now: Instant) -> Duration {
        self.since.map_or(Duration::ZERO, |since| now.saturating_duration_since(since))
    }

    fn per_second(&self, count: u64, now: Instant) -> u64 {
        let window = BUCKET * BUCKETS as u32;
        let time = self.age(now).clamp(SHORTEST, window);
        count * 1000 / time.as_millis() as u64
    }

    /// What the buckets within the window hold.
    fn counted(&self, now: Instant) -> (u64, u64) {
        let Some(current) = self.current else { return (0, 0) };
        let old = steps(current, now).min(BUCKETS);
        let expired = (1..=old).map(|step| self.buckets[(self.index + step) % BUCKETS]);
        expired.fold((self.bytes, self.packets), |(bytes, packets), bucket| {
            (bytes - u64::from(bucket.bytes), packets - u64::from(bucket.packets))
        })
    }

    #[cold]
    fn advance(&mut self, now: Instant) {
        let steps = self.current.map_or(BUCKETS, |current| steps(current, now));
        for _ in 0..steps.min(BUCKETS) {
            self.index = (self.index + 1) % BUCKETS;
            let bucket = std::mem::take(&mut self.buckets[self.index]);
            self.bytes -= u64::from(bucket.bytes);
            self.packets -= u64::from(bucket.packets);
        }
        self.current = match self.current {
            Some(current) if steps < BUCKETS => Some(current + BUCKET * steps as u32),
            _ => {
                self.since = Some(now);
                Some(now)
            }
        };
    }
}

fn steps(current: Instant, now: Instant) -> usize {
    (now.saturating_duration_since(current).as_millis() / BUCKET.as_millis()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_soon_and_forgotten_after_a_second() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut meter = Meter::default();
        for ms in (0..3_000).step_by(10) {
            meter.add(125, at(ms));
            if ms == 500 {
                assert!((95_000..115_000).contains(&meter.bitrate(at(ms))), "{}", meter.bitrate(at(ms)));
            }
        }
        assert!((90_000..=105_000).contains(&meter.bitrate(at(2_999))), "{}", meter.bitrate(at(2_999)));
        assert!((90..=105).contains(&meter.packet_rate(at(2_999))));
        assert!(meter.bitrate(at(3_500)) < 60_000);
        assert_eq!(meter.bitrate(at(4_000)), 0);
        assert_eq!(meter.last(), Some(at(2_990)));
    }

    #[test]
    fn after_a_silence_the_measure_begins_anew() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut meter = Meter::default();
        meter.add(1000, at(0));
        meter.add(1000, at(10_000));
        assert_eq!(meter.age(at(10_100)), Duration::from_millis(100));
        assert_eq!(meter.bitrate(at(10_100)), 40_000, "8000 bits in at least 200 ms");
    }
}
