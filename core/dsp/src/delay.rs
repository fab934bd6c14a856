//! How long must sound wait before it is played, so that almost all of it is there in time? Times of arrival in, a delay
//! out.
//!
//! A packet's delay is known but for a constant: its arrival minus its media time, where only the clocks of two machines
//! meet. The least of the last seconds ([`DelayEstimator::base_us`]) stands for the fastest way through the network; it
//! follows clocks that drift apart. How much later than that packets come is kept in a histogram that forgets; the target
//! is what 99 % of them stay below.
//!
//! All times are microseconds of any clock that runs on: one of ours for arrivals, the sender's for media.

/// The base is the least delay of this much time.
const WINDOW_US: i64 = BUCKET_US * BUCKETS as i64;
const BUCKET_US: i64 = 2_000_000;
const BUCKETS: usize = 5;
/// The histogram's resolution and size: 500 bins up to a second; what is later counts as a second.
const BIN_US: i64 = 2_000;
const BINS: usize = 500;
/// A packet counts for less and less: for 1/e after 10 s.
const FORGET_US: f64 = 10_000_000.0;
/// The target covers this part of all packets.
const COVERED: f64 = 0.99;
/// The target falls by no more than this per second, so that the next burst finds it still up.
const FALL_US_PER_S: i64 = 20_000;
/// A delay so far from the base is no delay: the sender's clock was set anew, or it was asleep.
const JUMP_US: i64 = 1_000_000;
/// Weights grow instead of all bins shrinking; beyond this they are scaled back.
const HEAVY: f64 = 1e9;

/// Watches the packets of one source.
#[derive(Clone, Debug)]
pub struct DelayEstimator {
    base: Base,
    bins: Vec<f64>,
    total: f64,
    weight: f64,
    last_arrival_us: Option<i64>,
    target_us: i64,
}

impl Default for DelayEstimator {
    fn default() -> Self {
        Self {
            base: Base::default(),
            bins: vec![0.0; BINS],
            total: 0.0,
            weight: 1.0,
            last_arrival_us: None,
            target_us: BIN_US,
        }
    }
}

impl DelayEstimator {
    /// A packet has come whose first sample has this media time. One that comes again must not be counted again.
    ///
    /// A delay that jumps by more than 1 s begins a new estimate, as [`DelayEstimator::reset`] does.
    pub fn add(&mut self, arrival_us: i64, media_us: i64) {
        let delay = arrival_us.saturating_sub(media_us);
        if self.base.least().is_some_and(|base| delay.saturating_sub(base).saturating_abs() > JUMP_US) {
            self.reset();
        }
        let elapsed = self.last_arrival_us.map_or(0, |last| arrival_us.saturating_sub(last).clamp(0, WINDOW_US));
        self.last_arrival_us = Some(arrival_us);
        let moved = self.base.add(arrival_us, delay);
        self.shift(moved);
        // What is counted from a later base is less.
        self.target_us -= moved.max(0);
        self.count(delay.saturating_sub(self.base.least().unwrap_or(delay)), elapsed);
        let covered = self.quantile_us(COVERED);
        self.target_us = covered.max(self.target_us - FALL_US_PER_S * elapsed / 1_000_000);
    }

    /// Forgets everything: the sender or the way is another.
    pub fn reset(&mut self) {
        self.base = Base::default();
        self.bins.fill(0.0);
        self.total = 0.0;
        self.weight = 1.0;
        self.last_arrival_us = None;
        self.target_us = BIN_US;
    }

    /// How long after the fastest packets a sample should be played: 2 ms at least, 1 s at most.
    pub fn target_us(&self) -> i64 {
        self.target_us
    }

    /// The least of arrival minus media time in the last 10 s.
    pub fn base_us(&self) -> Option<i64> {
        self.base.least()
    }

    /// How far the delays lie apart: between those that half and 99 % of the packets stay below.
    pub fn spread_us(&self) -> i64 {
        self.quantile_us(COVERED) - self.quantile_us(0.5)
    }

    /// How much later than the fastest packet would allow the sample is that is played now. To be compared with the
    /// target: more is delay that nobody needs, less will run dry. 0 before the first packet.
    pub fn excess_us(&self, now_us: i64, playing_media_us: i64) -> i64 {
        self.base.least().map_or(0, |base| now_us.saturating_sub(playing_media_us).saturating_sub(base))
    }

    /// What is in the histogram was counted from a base that has moved by this much.
    ///
    /// Less than a bin is drift: then what was counted was right when it was counted.
    fn shift(&mut self, moved_us: i64) {
        let bins = (moved_us / BIN_US).clamp(-(BINS as i64), BINS as i64);
        let distance = bins.unsigned_abs() as usize;
        if bins > 0 {
            let below: f64 = self.bins[..distance].iter().sum();
            self.bins.copy_within(distance.., 0);
            self.bins[BINS - distance..].fill(0.0);
            self.bins[0] += below;
        } else if bins < 0 {
            let beyond: f64 = self.bins[BINS - distance..].iter().sum();
            self.bins.copy_within(..BINS - distance, distance);
            self.bins[..distance].fill(0.0);
            self.bins[BINS - 1] += beyond;
        }
    }

    fn count(&mut self, late_us: i64, elapsed_us: i64) {
        self.weight *= (elapsed_us as f64 / FORGET_US).exp();
        let bin = (late_us / BIN_US).clamp(0, BINS as i64 - 1) as usize;
        self.bins[bin] += self.weight;
        self.total += self.weight;
        if self.weight > HEAVY {
            self.bins.iter_mut().for_each(|bin| *bin /= HEAVY);
            self.total = self.bins.iter().sum();
            self.weight /= HEAVY;
        }
    }

    /// The upper end of the bin in which this part of the packets is reached.
    fn quantile_us(&self, part: f64) -> i64 {
        let mut beyond = self.total * (1.0 - part);
        for (index, bin) in self.bins.iter().enumerate().rev() {
            beyond -= bin;
            if beyond < 0.0 {
                return (index as i64 + 1) * BIN_US;
            }
        }
        BIN_US
    }
}

/// The least delay of a sliding window, in buckets of 2 s.
#[derive(Clone, Debug, Default)]
struct Base {
    /// Per bucket its number, counted from the beginning of the clock, and its least delay.
    buckets: [Option<(i64, i64)>; BUCKETS],
    least: Option<i64>,
}

impl Base {
    fn least(&self) -> Option<i64> {
        self.least
    }

    /// Says how far the least has moved.
    fn add(&mut self, arrival_us: i64, delay: i64) -> i64 {
        let number = arrival_us.div_euclid(BUCKET_US);
        let bucket = &mut self.buckets[number.rem_euclid(BUCKETS as i64) as usize];
        *bucket = match *bucket {
            Some((same, least)) if same == number => Some((number, least.min(delay))),
            _ => Some((number, delay)),
        };
        let recent = self.buckets.iter().flatten().filter(|(other, _)| number - other < BUCKETS as i64);
        let least = recent.map(|(_, least)| *least).min();
        let before = std::mem::replace(&mut self.least, least);
        least.zip(before).map_or(0, |(now, before)| now - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::noise;

    const MS: i64 = 1000;
    const PACKET: i64 = 20 * MS;
    /// Arrival minus media time when the way takes no time: any number will do.
    const APART: i64 = 987_654_321;

    /// Sends a packet every 20 ms from packet `from` on, each with the delay that the iterator says.
    fn run(estimator: &mut DelayEstimator, from: i64, delays: impl IntoIterator<Item = i64>) -> i64 {
        let mut number = from;
        for delay in delays {
            let media = number * PACKET;
            estimator.add(media + APART + delay, media);
            number += 1;
        }
        number
    }

    fn jitter(seed: u64, most: i64, packets: usize) -> impl Iterator<Item = i64> {
        let scale = most as f32 / 2.0;
        noise(seed, 1.0 / 3_f32.sqrt(), packets).into_iter().map(move |x| ((x + 1.0) * scale) as i64)
    }

    #[test]
    fn a_constant_delay_needs_the_least_target() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0, [70 * MS; 1000]);
        assert_eq!((estimator.target_us(), estimator.spread_us()), (2 * MS, 0));
        assert_eq!(estimator.base_us(), Some(APART + 70 * MS));
    }

    #[test]
    fn the_target_covers_even_jitter() {
        let mut estimator = DelayEstimator::default();
        run(&mut estimator, 0, jitter(1, 60 * MS, 3000));
        assert!((57 * MS..=62 * MS).contains(&estimator.target_us()), "{}", estimator.target_us());
        assert!((25 * MS..=33 * MS).contains(&estimator.spread_us()), "{}", estimator.spread_us());
    }

    #[test]
    fn the_target_rises_within_a_few_packets_and_falls_within_a_minute() {
        let mut estimator = DelayEstimator::default();
        let next = run(&mut estimator, 0, [0; 1000]);
        let next = run(&mut estimator, next, jitter(2, 60 * MS, 50));
        assert!(estimator.target_us() >= 50 * MS, "{} after a second", estimator.target_us());
        let next = run(&mut estimator, next, [0; 250]);
        assert!(estimator.target_us() >= 40 * MS, "{} after 5 s more", estimator.target_us());
        run(&mut estimator, next, [0; 3000]);
        assert_eq!(estimator.target_us(), 2 * MS);
    }

    #[test]
    fn one_late_packet_is_for_concealment_and_many_are_for_the_target() {
        let mut estimator = DelayEstimator::default();
        let next = run(&mut estimator, 0, [0; 1000]);
        let next = run(&mut estimator, next, [200 * MS]);
        assert_eq!(estimator.target_us(), 2 * MS);
        // The network stands still for 200 ms: ten packets arrive together.
        run(&mut estimator, next, (0..10).map(|n| (200 - 20 * n) * MS));
        assert!(estimator.target_us() >= 100 * MS, "{}", estimator.target_us());
    }

    #[test]
    fn drifting_clocks_are_followed_for_half_an_hour() {
        for ppm in [-100, 100] {
            let mut estimator = DelayEstimator::default();
            let packets = 30 * 60 * 50;
            let drift = |n: i64| n * PACKET * ppm / 1_000_000;
            let delays = jitter(3, 60 * MS, packets).enumerate().map(|(n, jitter)| jitter + drift(n as i64));
            let last = run(&mut estimator, 0, delays);
            let now = APART + drift(last);
            assert!((estimator.base_us().unwrap() - now).abs() <= 2 * MS, "base at {ppm} ppm");
            assert!((57 * MS..=63 * MS).contains(&estimator.target_us()), "{} at {ppm} ppm", estimator.target_us());
        }
    }

    #[test]
    fn a_slower_way_raises_the_target_until_it_is_the_only_way() {
        let mut estimator = DelayEstimator::default();
        let next = run(&mut estimator, 0, [0; 1000]);
        let next = run(&mut estimator, next, [50 * MS; 100]);
        assert_eq!(estimator.target_us(), 52 * MS);
        run(&mut estimator, next, [50 * MS; 900]);
        assert_eq!(estimator.base_us(), Some(APART + 50 * MS));
        assert_eq!(estimator.target_us(), 2 * MS, "counted from the new base");
    }

    #[test]
    fn what_was_slow_at_first_is_late_once_the_fast_way_is_known() {
        let mut estimator = DelayEstimator::default();
        let next = run(&mut estimator, 0, [100 * MS; 50]);
        run(&mut estimator, next, [0; 10]);
        assert!((99 * MS..=103 * MS).contains(&estimator.target_us()), "{}", estimator.target_us());
    }

    #[test]
    fn the_excess_is_what_playing_is_late() {
        let mut estimator = DelayEstimator::default();
        assert_eq!(estimator.excess_us(5, 3), 0);
        let next = run(&mut estimator, 0, jitter(4, 10 * MS, 500));
        let base = estimator.base_us().unwrap();
        assert_eq!(estimator.excess_us(next * PACKET + base + 35 * MS, next * PACKET), 35 * MS);
    }

    #[test]
    fn a_clock_that_jumps_begins_anew() {
        let mut estimator = DelayEstimator::default();
        let next = run(&mut estimator, 0, jitter(5, 60 * MS, 500));
        for hours in [5, -5] {
            run(&mut estimator, next, [hours * 3_600_000 * MS; 2]);
            assert_eq!(estimator.target_us(), 2 * MS);
            assert_eq!(estimator.base_us(), Some(APART + hours * 3_600_000 * MS));
        }
        estimator.reset();
        assert_eq!(estimator.base_us(), None);
    }

    #[test]
    fn the_strangest_times_are_endured() {
        let mut estimator = DelayEstimator::default();
        for arrival in [0, i64::MAX, i64::MIN, -1, 1] {
            for media in [i64::MIN, 0, i64::MAX] {
                estimator.add(arrival, media);
                estimator.excess_us(media, arrival);
                assert!((2 * MS..=1000 * MS).contains(&estimator.target_us()));
            }
        }
        // Every packet with the same timestamp.
        (0..10_000).for_each(|n| estimator.add(n * PACKET, 0));
        assert!(estimator.target_us() <= 1000 * MS);
    }
}
