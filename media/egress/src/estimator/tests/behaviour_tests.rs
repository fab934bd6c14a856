//! What the estimate must do on ways of all kinds.

use proptest::prelude::*;

use super::super::{HIGHEST, LOWEST};
use super::*;

const SEEDS: std::ops::Range<u64> = 1..5;

#[test]
fn on_a_wide_way_the_estimate_never_dips_whatever_is_sent() {
    let contents: [fn(u64) -> usize; 3] = [|_| 3, |ms| if ms < 5_000 { 0 } else { 3 }, |_| 1];
    for (delay, jitter) in [(5, 0), (25, 0), (100, 0), (5, 8), (25, 8), (100, 8), (25, 20)] {
        for (layers, seed) in contents.into_iter().zip(SEEDS) {
            let seen = play(Scene { delay, jitter, seed, layers, ..Scene::default() }, 30);
            let least = seen.least(0, 30);
            assert!(least >= 1_900_000, "{least} with {delay} ms, jitter {jitter} ms, seed {seed}");
        }
    }
}

#[test]
fn on_a_wide_way_there_is_soon_room_for_what_is_desired() {
    for (delay, jitter) in [(5, 0), (25, 0), (100, 0), (5, 8), (25, 8), (100, 8)] {
        for at_most in [1, 3] {
            let desired = Some(2_200_000);
            let seen = play(Scene { delay, jitter, desired, at_most, ..Scene::default() }, 3);
            let reached = seen.above(0, 2_500_000);
            assert!(reached.is_some_and(|after| after < 500), "{reached:?} with {delay} ms, jitter {jitter} ms");
        }
    }
}

#[test]
fn a_link_that_becomes_narrow_is_followed_within_half_a_second() {
    for (seed, jitter) in SEEDS.flat_map(|seed| [(seed, 0), (seed, 5)]) {
        let seen = play(Scene { rate: narrow_for_20_s, seed, jitter, ..Scene::default() }, 30);
        let fell = (10_000..30_000).find(|ms| seen.estimates[*ms] < 300_000).map(|ms| ms - 10_000);
        assert!(fell.is_some_and(|after| after < 500), "{fell:?} with seed {seed}");
        let mean = seen.mean(11, 30);
        assert!((250_000..=305_000).contains(&mean), "{mean} with seed {seed}");
        let least = seen.least(11, 30);
        assert!(least > 182_000, "{least} does not carry the lowest layer, with seed {seed}");
        let picture = seen.pictures.iter().find(|at| **at > 10_300).map(|at| at - 10_000);
        assert!(picture.is_some_and(|after| after < 1_000), "{picture:?} with seed {seed}");
    }
}

#[test]
fn probing_on_a_narrow_link_disturbs_nobody() {
    for (seed, jitter) in SEEDS.flat_map(|seed| [(seed, 0), (seed, 5)]) {
        let seen = play(Scene { rate: narrow_for_20_s, seed, jitter, ..Scene::default() }, 30);
        let gap = seen.longest_gap(11_000, 30_000);
        assert!(gap < 150, "{gap} ms without a picture, with seed {seed}");
        let padding: usize = seen.padding.iter().filter(|(at, _)| *at > 11_000).map(|(_, bytes)| bytes).sum();
        assert!(padding * 8 / 19 < 20_000, "{padding} bytes in 19 s");
    }
}

#[test]
fn padding_larger_than_asked_for_keeps_to_the_rate() {
    for seed in SEEDS {
        let scene = Scene { rate: narrow_for_20_s, least_padding: 1000, seed, ..Scene::default() };
        let seen = play(scene, 33);
        let gap = seen.longest_gap(11_000, 30_000);
        assert!(gap < 200, "{gap} ms without a picture, with seed {seed}");
        let (mean, all) = (seen.mean(11, 30), seen.above(30, 2_300_000));
        assert!((240_000..=305_000).contains(&mean), "{mean} with seed {seed}");
        assert!(all.is_some_and(|after| after < 2_500), "{all:?} with seed {seed}");
    }
}

#[test]
fn a_link_that_becomes_wide_again_is_found_within_two_seconds() {
    for (seed, jitter) in SEEDS.flat_map(|seed| [(seed, 0), (seed, 5)]) {
        let seen = play(Scene { rate: narrow_for_20_s, seed, jitter, ..Scene::default() }, 33);
        let (middle, all) = (seen.above(30, 650_000), seen.above(30, 2_300_000));
        assert!(middle.is_some_and(|after| after < 1_500), "{middle:?} with seed {seed}");
        assert!(all.is_some_and(|after| after < 2_000), "{all:?} with seed {seed}");
    }
}

#[test]
fn it_is_found_as_soon_when_probing_has_failed_for_minutes() {
    let rate = |ms| if (10_000..150_000).contains(&ms) { 300_000 } else { 3_000_000 };
    for seed in SEEDS {
        let seen = play(Scene { rate, seed, ..Scene::default() }, 153);
        let all = seen.above(150, 2_300_000);
        assert!(all.is_some_and(|after| after < 2_000), "{all:?} with seed {seed}");
    }
}

#[test]
fn a_call_that_begins_on_a_narrow_link_finds_its_rate() {
    for rate in [(|_| 300_000) as fn(u64) -> u64, |_| 1_000_000] {
        let seen = play(Scene { rate, ..Scene::default() }, 20);
        let fell = (0..20_000).find(|ms| seen.estimates[*ms] < rate(0));
        assert!(fell.is_some_and(|after| after < 1_500), "{fell:?}");
        let mean = seen.mean(5, 20);
        assert!((rate(0) / 100 * 85..rate(0)).contains(&mean), "{mean} of {}", rate(0));
    }
}

#[test]
fn a_layer_that_just_fits_is_kept() {
    for (rate, layer) in [((|_| 560_000) as fn(u64) -> u64, 182_000), (|_| 700_000, 532_000), (|_| 1_500_000, 532_000)]
    {
        let seen = play(Scene { rate, ..Scene::default() }, 30);
        assert!(seen.least(5, 30) > layer, "{} on {}", seen.least(5, 30), rate(0));
        assert_eq!(seen.dropped(5_000), 0.0);
    }
}

#[test]
fn a_way_that_stalls_now_and_then_is_no_narrow_one() {
    let stalls: [fn(u64) -> u64; 3] = [
        |ms| if ms % 1300 < 120 { 8 } else { 100_000_000 },
        |ms| if ms % 3000 < 250 { 8 } else { 100_000_000 },
        |ms| if ms % 1300 < 120 { 8 } else { 3_000_000 },
    ];
    for (rate, seed) in stalls.into_iter().zip(SEEDS) {
        let seen = play(Scene { rate, queue: u64::MAX, seed, ..Scene::default() }, 30);
        assert!(seen.least(0, 30) >= 1_900_000, "{} with seed {seed}", seen.least(0, 30));
    }
}

#[test]
fn a_paused_picture_without_sound_comes_back() {
    let rate = |ms| if (10_000..30_000).contains(&ms) { 100_000 } else { 3_000_000 };
    for seed in SEEDS {
        let seen = play(Scene { rate, seed, audio: |_| false, ..Scene::default() }, 34);
        assert!(seen.mean(12, 30) < 110_000, "{} with seed {seed}", seen.mean(12, 30));
        let all = seen.above(30, 2_300_000);
        assert!(all.is_some_and(|after| after < 2_500), "{all:?} with seed {seed}");
    }
}

#[test]
fn random_loss_on_a_wide_way_is_endured() {
    for seed in SEEDS {
        for (loss, least) in [(0.05, 1_500_000), (0.2, 1_000_000)] {
            let seen = play(Scene { loss, seed, ..Scene::default() }, 30);
            assert!(seen.least(0, 30) > least, "{} at {loss}, seed {seed}", seen.least(0, 30));
            assert!(seen.mean(5, 30) > 2_032_000, "{} at {loss}, seed {seed}", seen.mean(5, 30));
        }
    }
}

#[test]
fn a_link_with_a_tiny_queue_is_not_overrun() {
    for seed in SEEDS {
        let seen = play(Scene { rate: |_| 1_000_000, queue: 30, seed, ..Scene::default() }, 30);
        let most = seen.estimates[5_000..].iter().max().expect("30 s");
        assert!((700_000..1_100_000).contains(most), "{most} with seed {seed}");
        assert!(seen.dropped(5_000) < 0.05, "{} with seed {seed}", seen.dropped(5_000));
    }
}

#[test]
fn feedback_that_is_lost_for_two_seconds_costs_a_little_for_a_moment() {
    for seed in SEEDS {
        let feedback_lost = |ms| (10_000..12_000).contains(&ms);
        let seen = play(Scene { feedback_lost, seed, ..Scene::default() }, 30);
        let (before, least) = (seen.estimates[9_999], seen.least(10, 13));
        assert!(least < before && least > before / 2, "from {before} to {least} with seed {seed}");
        let after = seen.least(14, 30);
        assert!(after > 2_032_000, "{after} with seed {seed}");
    }
}

#[test]
fn an_idle_time_costs_no_timer_and_no_dip_even_if_clocks_drift() {
    let seen = play(
        Scene {
            layers: |ms| if (10_000..100_000).contains(&ms) { 0 } else { 3 },
            audio: |ms| !(10_000..100_000).contains(&ms),
            // 180 ms in the 90 s.
            drift: 2_000,
            ..Scene::default()
        },
        110,
    );
    assert!(seen.timers.iter().all(|at| *at < 11_000 || *at >= 100_000), "a timer while idle");
    let before = seen.estimates[11_000];
    assert!(seen.estimates[11_000..100_000].iter().all(|estimate| *estimate == before));
    assert!(seen.least(100, 110) >= before / 100 * 95, "{} after {before}", seen.least(100, 110));
}

#[test]
fn nothing_is_probed_before_something_was_sent_or_while_nothing_is_wanted() {
    let now = Instant::now();
    let mut estimator = Estimator::new(2_000_000, now);
    estimator.want(500_000, 5_000_000);
    assert_eq!((estimator.poll_timeout(), estimator.poll_probe(now)), (None, None));
    estimator.want(0, 0);
    estimator.sent(1, 100, None, now);
    assert_eq!((estimator.poll_timeout(), estimator.poll_probe(now)), (None, None));
    estimator.want(500_000, 5_000_000);
    assert_eq!(estimator.poll_timeout(), Some(now));
    assert!(estimator.poll_probe(now).is_some());
}

#[test]
fn a_client_that_never_answers_is_probed_at_most_once_a_second() {
    let start = Instant::now();
    let mut estimator = Estimator::new(2_000_000, start);
    estimator.sent(1, 100, None, start);
    estimator.want(0, 5_000_000);
    let mut clusters = Vec::new();
    for (ms, sequence) in (0..20_000).zip(2..) {
        let now = start + Duration::from_millis(ms);
        estimator.sent(sequence, 1000, None, now);
        while let Some(probe) = estimator.poll_probe(now) {
            clusters.push(probe.id);
        }
    }
    clusters.dedup();
    assert!((3..=20).contains(&clusters.len()), "{}", clusters.len());
    assert_eq!(estimator.estimate(), 2_000_000, "nothing is known");
}

#[test]
fn a_client_that_begins_with_what_arrived_hides_no_loss() {
    let start = Instant::now();
    let mut estimator = Estimator::new(2_000_000, start);
    let mut feedback = Feedback::default();
    for (round, count) in (0..20u64).zip(1..) {
        let at = start + Duration::from_millis(round * 50);
        let sequences = round * 10 + 1..round * 10 + 11;
        sequences.clone().for_each(|sequence| estimator.sent(sequence, 1000, None, at));
        // The first five of ten are lost.
        let received: Vec<_> = sequences.skip(5).map(|sequence| (sequence, round * 50_000 + 20_000)).collect();
        assert!(feedback.read(&write(received[0].0, &received, count)));
        estimator.feedback(&feedback, at + Duration::from_millis(40));
    }
    assert!((0.45..0.52).contains(&estimator.loss()), "{}", estimator.loss());
}

proptest! {
    #[test]
    fn whatever_a_client_claims_the_estimate_stays_within_its_bounds(
        steps in proptest::collection::vec((0u64..300, 0usize..40, any::<u16>(), any::<u32>(), any::<bool>(),
            proptest::collection::vec(any::<u8>(), 0..60)), 1..80)
    ) {
        let start = Instant::now();
        let mut estimator = Estimator::new(2_000_000, start);
        let (mut ms, mut sequence) = (0, 0);
        let mut feedback = Feedback::default();
        for (pause, packets, base, reference, near, noise) in steps {
            ms += pause;
            let now = start + Duration::from_millis(ms);
            estimator.want(u64::from(reference), u64::from(reference) * 4);
            for _ in 0..packets {
                sequence += 1;
                estimator.sent(sequence, usize::from(base), None, now);
            }
            while let Some(probe) = estimator.poll_probe(now) {
                sequence += 1;
                estimator.sent(sequence, probe.bytes, Some(probe.id), now);
            }
            let base = if near { (sequence as u16).wrapping_sub(30) } else { base };
            let reference = if near { (ms / 64) as u32 } else { reference };
            feedback.read(&claim(base, reference, &noise));
            estimator.feedback(&feedback, now);
            prop_assert!((LOWEST..=HIGHEST).contains(&estimator.estimate()));
            prop_assert!((0.0..=1.0).contains(&estimator.loss()));
        }
    }
}

/// All of forty packets arrived, with these deltas.
fn claim(base: u16, reference: u32, deltas: &[u8]) -> Vec<u8> {
    let mut out = vec![0x8f, 205, 0, 25, 0, 0, 0, 1, 0, 0, 0, 2];
    out.extend(base.to_be_bytes());
    out.extend([0, 40]);
    out.extend(&(reference & 0xff_ffff).to_be_bytes()[1..]);
    out.push(0);
    out.extend((0x4000u16 | 40).to_be_bytes());
    out.extend(deltas);
    out.resize(104, 0x7f);
    out
}

fn narrow_for_20_s(ms: u64) -> u64 {
    if (10_000..30_000).contains(&ms) { 300_000 } else { 3_000_000 }
}

impl Seen {
    /// Between two seconds.
    fn least(&self, from: usize, to: usize) -> u64 {
        self.estimates[from * 1000..to * 1000].iter().copied().min().expect("it was played")
    }

    fn mean(&self, from: usize, to: usize) -> u64 {
        let span = &self.estimates[from * 1000..to * 1000];
        span.iter().sum::<u64>() / span.len() as u64
    }

    /// How many ms after this second the estimate exceeds a rate.
    fn above(&self, from: usize, rate: u64) -> Option<usize> {
        self.estimates[from * 1000..].iter().position(|estimate| *estimate > rate)
    }

    /// Between two pictures within this time, all in ms.
    fn longest_gap(&self, from: u64, to: u64) -> u64 {
        let within = |pair: &&[u64]| pair[0] >= from && pair[1] < to;
        self.pictures.windows(2).filter(within).map(|pair| pair[1] - pair[0]).max().expect("pictures")
    }

    /// The share that the link dropped from this millisecond on.
    fn dropped(&self, from: u64) -> f64 {
        let within = || self.fates.iter().filter(|(at, _)| *at >= from);
        within().filter(|(_, dropped)| *dropped).count() as f64 / within().count() as f64
    }
}
