//! What the estimate must do on ways of all kinds.

use super::*;

#[test]
fn explore() {
    for jitter in [0, 8] { for delay in [5, 25, 100] { for seed in 1..6 {
        let seen = play(Scene { delay, jitter, seed, ..Scene::default() }, 30);
        let d22 = play(Scene { delay, jitter, seed, desired: Some(2_200_000), ..Scene::default() }, 30);
        let low = play(Scene { delay, jitter, seed, desired: Some(2_200_000), at_most: 1, ..Scene::default() }, 30);
        let late = play(Scene { delay, jitter, seed, layers: |ms| if ms < 5000 {0} else {3}, ..Scene::default() }, 30);
        eprintln!("clean d{delay} j{jitter} s{seed}: min {} {} {} {} above2.5 {:?} {:?} end {}", seen.min(0,30), d22.min(0,30), low.min(0,30), late.min(0,30), d22.first_above(0,2_500_000), low.first_above(0,2_500_000), seen.estimates[29_999]);
    }}}
    for seed in 1..9 { for jitter in [0, 5] {
        let s = play(Scene { rate: step, seed, jitter, ..Scene::default() }, 40);
        eprintln!("step s{seed} j{jitter}: below300 +{:?} mean {} min {} max {} firstpic {:?} freezes {} | >650 {:?} >2.3 {:?} pad {} worst gap {}",
            s.first_below(10, 300_000).map(|x| x-10_000), s.mean(12,30), s.min(11,30), s.max(11,30),
            s.pictures.iter().find(|p| **p > 10_500).map(|p| p-10_000), s.freezes(12_000, 30_000, 1000),
            s.first_above(30, 650_000).map(|x| x-30_000), s.first_above(30, 2_300_000).map(|x| x-30_000),
            s.padding.iter().filter(|(at,_)| (12_000..30_000).contains(at)).map(|p| p.1).sum::<usize>(), s.worst_gap(12_000,30_000));
        if seed == 1 { for t in (9_800..12_000).step_by(100).chain((12_000..30_000).step_by(1000)).chain((30_000..32_500).step_by(100)) { eprint!("{}:{} ", t, s.estimates[t]/1000); } eprintln!(); }
    }}
    for seed in 1..4 { for loss in [0.05, 0.2] {
        let s = play(Scene { loss, seed, ..Scene::default() }, 30);
        eprintln!("loss {loss} s{seed}: min {} mean {}", s.min(0,30), s.mean(2,30));
    }
        let s = play(Scene { rate: |_| 1_000_000, queue: 30, seed, ..Scene::default() }, 30);
        eprintln!("tiny s{seed}: max after 5 {} mean {} loss {}", s.max(5,30), s.mean(5,30), s.lost(5_000,30_000));
        let s = play(Scene { feedback_lost: |ms| (10_000..12_000).contains(&ms), seed, ..Scene::default() }, 30);
        eprintln!("silence s{seed}: before {} min {} back {:?}", s.estimates[9_999], s.min(10,30), s.first_above(12, 2_032_000));
    }
}

pub(super) fn step(ms: u64) -> u64 {
    if (10_000..30_000).contains(&ms) { 300_000 } else { 3_000_000 }
}

impl Seen {
    fn span(&self, from: usize, to: usize) -> &[u64] {
        &self.estimates[from * 1000..to * 1000]
    }

    fn min(&self, from: usize, to: usize) -> u64 {
        self.span(from, to).iter().copied().min().expect("not empty")
    }

    fn max(&self, from: usize, to: usize) -> u64 {
        self.span(from, to).iter().copied().max().expect("not empty")
    }

    fn mean(&self, from: usize, to: usize) -> u64 {
        self.span(from, to).iter().sum::<u64>() / self.span(from, to).len() as u64
    }

    fn first_above(&self, from: usize, rate: u64) -> Option<usize> {
        (from * 1000..self.estimates.len()).find(|ms| self.estimates[*ms] > rate)
    }

    fn first_below(&self, from: usize, rate: u64) -> Option<usize> {
        (from * 1000..self.estimates.len()).find(|ms| self.estimates[*ms] < rate)
    }

    fn freezes(&self, from: u64, to: u64, longer: u64) -> usize {
        self.gaps(from, to).filter(|gap| *gap > longer).count()
    }

    fn worst_gap(&self, from: u64, to: u64) -> u64 {
        self.gaps(from, to).max().unwrap_or(0)
    }

    fn gaps(&self, from: u64, to: u64) -> impl Iterator<Item = u64> {
        self.pictures.windows(2).filter(move |pair| pair[0] >= from && pair[1] < to).map(|pair| pair[1] - pair[0])
    }

    fn lost(&self, from: u64, to: u64) -> f64 {
        let within = || self.fates.iter().filter(|(at, _)| (from..to).contains(at));
        within().filter(|(_, dropped)| *dropped).count() as f64 / within().count() as f64
    }
}
