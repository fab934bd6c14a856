//! How loud is somebody, and do they speak? By the levels that senders put into header extensions (RFC 6464), without
//! decoding anything.
//!
//! The level is the mean of the dBov values of the last 400 ms, none counted below [`FLOOR`]. A mean of decibels, unlike one
//! of power, hardly moves for a single click; a voice of −30 dBov passes [`BEGIN`] after some 120 ms.

use std::time::{Duration, Instant};

/// What is quieter counts as this much, and so does silence without packets. dBov.
pub const FLOOR: f32 = -60.0;
/// Who gets above this begins to speak. dBov, smoothed.
pub const BEGIN: f32 = -51.0;
/// Who falls below this has stopped. dBov, smoothed.
pub const END: f32 = -56.0;

const BUCKETS: usize = 10;
const BUCKET: Duration = Duration::from_millis(40);
/// So many buckets without a packet count as the one before them: packets can be 120 ms long.
const HOLD: usize = 2;

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    sum: i32,
    count: i32,
}

/// The smoothed level of one track, with the state of its speaker.
#[derive(Clone, Debug, Default)]
pub struct Level {
    buckets: [Bucket; BUCKETS],
    /// The beginning of the present bucket.
    current: Option<Instant>,
    index: usize,
    speaking: bool,
}

impl Level {
    /// Takes the level of a packet: dBov, −127 to 0.
    #[inline]
    pub fn add(&mut self, dbov: i8, now: Instant) {
        if self.current.is_none_or(|current| now.saturating_duration_since(current) >= BUCKET) {
            self.advance(now);
        }
        let bucket = &mut self.buckets[self.index];
        bucket.sum += i32::from(dbov).clamp(FLOOR as i32, 0);
        bucket.count += 1;
    }

    /// The smoothed level in dBov, from [`FLOOR`] to 0.
    pub fn smoothed(&self, now: Instant) -> f32 {
        let Some(current) = self.current else { return FLOOR };
        let old = steps(current, now);
        if old >= BUCKETS {
            return FLOOR;
        }
        // The bucket after the present one is the oldest: `old` of them have left the window.
        let living = (old + 1..=BUCKETS).map(|step| self.buckets[(self.index + step) % BUCKETS]);
        let sum: f32 = living.map(Bucket::mean).sum();
        let held = old.min(HOLD);
        let since = held as f32 * self.buckets[self.index].mean() + (old - held) as f32 * FLOOR;
        (sum + since) / BUCKETS as f32
    }

    /// Brings the speaker's state up to date and tells it: speaking or not, and how loud.
    pub fn judge(&mut self, now: Instant) -> (bool, f32) {
        let level = self.smoothed(now);
        self.speaking = if self.speaking { level > END } else { level > BEGIN && self.lasts() };
        (self.speaking, level)
    }

    /// A loud click fills one or two buckets; a voice fills more.
    fn lasts(&self) -> bool {
        self.buckets.iter().filter(|bucket| bucket.mean() > END).count() > 2
    }

    /// Did [`Self::judge`] find them speaking?
    pub fn is_speaking(&self) -> bool {
        self.speaking
    }

    #[cold]
    fn advance(&mut self, now: Instant) {
        let steps = self.current.map_or(BUCKETS, |current| steps(current, now));
        let before = self.buckets[self.index];
        for step in 1..=steps.min(BUCKETS) {
            self.index = (self.index + 1) % BUCKETS;
            let held = step < steps && step <= HOLD;
            self.buckets[self.index] = if held { before } else { Bucket::default() };
        }
        self.current = match self.current {
            Some(current) if steps < BUCKETS => Some(current + BUCKET * steps as u32),
            _ => Some(now),
        };
    }
}

impl Bucket {
    fn mean(self) -> f32 {
        if self.count == 0 { FLOOR } else { self.sum as f32 / self.count as f32 }
    }
}

fn steps(current: Instant, now: Instant) -> usize {
    (now.saturating_duration_since(current).as_millis() / BUCKET.as_millis()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voice_is_noticed_within_200_ms() {
        let mut voice = Voice::new();
        voice.hears(-127, 2_000);
        assert!(!voice.speaks());
        voice.hears(-32, 180);
        assert!(voice.speaks());
    }

    #[test]
    fn a_click_is_not_a_voice() {
        let mut voice = Voice::new();
        voice.hears(-127, 1_000);
        voice.hears(-5, 40);
        assert!(!voice.speaks());
        voice.hears(-127, 400);
        assert!(!voice.speaks());
    }

    #[test]
    fn a_voice_that_wavers_around_the_threshold_does_not_flicker() {
        let mut voice = Voice::new();
        voice.hears(-45, 600);
        assert!(voice.speaks());
        for _ in 0..20 {
            voice.hears(-53, 200);
            assert!(voice.speaks());
        }
        voice.hears(-127, 600);
        assert!(!voice.speaks());
    }

    #[test]
    fn without_packets_the_level_falls_to_the_floor() {
        let mut voice = Voice::new();
        voice.hears(-20, 1_000);
        assert_eq!(voice.level.smoothed(voice.now), -20.0);
        voice.now += Duration::from_millis(280);
        let half = voice.level.smoothed(voice.now);
        assert!((-45.0..=-35.0).contains(&half), "{half}");
        voice.now += Duration::from_millis(400);
        assert_eq!(voice.level.smoothed(voice.now), FLOOR);
        assert!(!voice.speaks());
    }

    #[test]
    fn long_packets_are_as_loud_as_short_ones() {
        let mut voice = Voice::new();
        for _ in 0..20 {
            voice.level.add(-30, voice.now);
            voice.now += Duration::from_millis(120);
        }
        assert_eq!(voice.level.smoothed(voice.now - Duration::from_millis(40)), -30.0);
    }

    struct Voice {
        level: Level,
        now: Instant,
    }

    impl Voice {
        fn new() -> Self {
            Self { level: Level::default(), now: Instant::now() }
        }

        /// Packets of 20 ms of this level for so many ms.
        fn hears(&mut self, dbov: i8, ms: u64) {
            for _ in 0..ms / 20 {
                self.level.add(dbov, self.now);
                self.now += Duration::from_millis(20);
            }
        }

        fn speaks(&mut self) -> bool {
            self.level.judge(self.now).0
        }
    }
}
