//! From one sample rate to another, for taps whose other side does not count 48,000 samples a second.
//!
//! A polyphase filter (Crochiere and Rabiner, *Multirate Digital Signal Processing*, §2.3): the low pass of the slower side,
//! cut into one short filter for each place that an output sample can have between two input samples. Sample for sample,
//! without blocks, so that nothing waits for more to come: clients send pieces of any size, and files have any rate. The one of
//! `core/dsp` cannot stand in for it: it takes whole frames of 20 ms, and of the rates only those of telephones and 48,000.

/// Input samples that one output sample is made of, where the rate goes up. Going down it is as much longer.
const TAPS: usize = 48;
/// How much of the slower side's band passes: a little is left for the filter's slope.
const PASSED: f64 = 0.9;

/// One channel from one rate to another.
#[derive(Clone, Debug)]
pub struct Resampler {
    /// For each phase the filter's taps, the oldest sample's first.
    phases: Vec<Vec<f32>>,
    /// Phases that the place goes on by with each output sample.
    step: usize,
    phase: usize,
    /// What went in and is still needed.
    history: Vec<f32>,
}

impl Resampler {
    /// From so many samples a second to so many. Neither is 0.
    pub fn new(from: u32, to: u32) -> Self {
        let common = greatest_common_divisor(from, to);
        let (up, down) = ((to / common) as usize, (from / common) as usize);
        let taps = TAPS * down.div_ceil(up).max(1);
        let phases = low_pass(up, down, taps);
        Self { phases, step: down, phase: 0, history: vec![0.0; taps - 1] }
    }

    /// Takes what comes in, and adds to `out` what comes out. It is late by half of the filter: 24 samples of the slower side.
    pub fn process(&mut self, input: &[f32], out: &mut Vec<f32>) {
        self.history.extend_from_slice(input);
        let taps = self.phases[0].len();
        let mut at = 0;
        while let Some(window) = self.history.get(at..at + taps) {
            let filter = &self.phases[self.phase];
            out.push(dot(window, filter));
            self.phase += self.step;
            at += self.phase / self.phases.len();
            self.phase %= self.phases.len();
        }
        self.history.drain(..at.min(self.history.len()));
    }
}

/// In sums side by side, which a processor adds at once; one sum would have to wait for itself. Of a telephone's line this is most of
/// the work.
fn dot(samples: &[f32], factors: &[f32]) -> f32 {
    const LANES: usize = 8;
    let (samples, last) = samples.as_chunks::<LANES>();
    let (factors, last_factors) = factors.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (samples, factors) in samples.iter().zip(factors) {
        for lane in 0..LANES {
            sums[lane] += samples[lane] * factors[lane];
        }
    }
    let rest: f32 = last.iter().zip(last_factors).map(|(sample, factor)| sample * factor).sum();
    sums.iter().sum::<f32>() + rest
}

/// A windowed sinc at `up` times the input's rate, by phase.
fn low_pass(up: usize, down: usize, taps: usize) -> Vec<Vec<f32>> {
    let length = up * taps;
    let middle = (length - 1) as f64 / 2.0;
    let cutoff = PASSED / up.max(down) as f64;
    let weight = |index: usize| {
        let x = index as f64 - middle;
        let sinc = if x == 0.0 {
            1.0
        } else {
            (std::f64::consts::PI * cutoff * x).sin() / (std::f64::consts::PI * cutoff * x)
        };
        sinc * blackman(index as f64 / (length - 1).max(1) as f64)
    };
    let filter = |phase: usize| -> Vec<f32> {
        let weights: Vec<f64> = (0..taps).rev().map(|tap| weight(phase + tap * up)).collect();
        // Each phase passes a constant as it is, so that none is louder than the others.
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| (weight / sum) as f32).collect()
    };
    (0..up).map(filter).collect()
}

/// The Blackman window, for a place from 0 to 1.
fn blackman(place: f64) -> f64 {
    let turn = std::f64::consts::TAU * place;
    0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(rate: u32, frequency: f64, seconds: f64) -> Vec<f32> {
        let count = (f64::from(rate) * seconds) as usize;
        (0..count).map(|n| (std::f64::consts::TAU * frequency * n as f64 / f64::from(rate)).sin() as f32).collect()
    }

    /// How loud a frequency is, in dB against a full-scale tone of it. The ends are left out.
    fn level(samples: &[f32], rate: u32, frequency: f64) -> f64 {
        let samples = &samples[rate as usize / 10..samples.len() - rate as usize / 10];
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, sample) in samples.iter().enumerate() {
            let turn = std::f64::consts::TAU * frequency * n as f64 / f64::from(rate);
            // A window keeps the tone itself from leaking everywhere.
            let weight = blackman(n as f64 / samples.len() as f64) * f64::from(*sample);
            real += weight * turn.cos();
            imaginary += weight * turn.sin();
        }
        20.0 * (real.hypot(imaginary) * 2.0 / (0.42 * samples.len() as f64)).log10()
    }

    #[test]
    fn a_tone_keeps_its_level_and_gets_no_mirror_image() {
        for (from, to) in [(16_000, 48_000), (48_000, 16_000), (44_100, 48_000), (8_000, 48_000), (96_000, 48_000)] {
            let mut out = Vec::new();
            Resampler::new(from, to).process(&tone(from, 1000.0, 1.0), &mut out);
            assert!(out.len().abs_diff(to as usize) <= 1, "{from} to {to}: {} samples", out.len());
            let heard = level(&out, to, 1000.0);
            assert!(heard.abs() < 0.1, "{from} to {to}: {heard} dB");
            let mirror = f64::from(from.min(to)) - 1000.0;
            if from < to {
                let heard = level(&out, to, mirror);
                assert!(heard < -70.0, "{from} to {to}: {heard} dB at {mirror} Hz");
            }
        }
    }

    #[test]
    fn what_the_slower_side_cannot_carry_does_not_come_back_as_something_else() {
        let mut out = Vec::new();
        Resampler::new(48_000, 16_000).process(&tone(48_000, 9_500.0, 1.0), &mut out);
        let alias = level(&out, 16_000, 6_500.0);
        assert!(alias < -70.0, "{alias} dB");
    }

    #[test]
    fn pieces_of_any_size_give_the_same_as_the_whole() {
        let whole = tone(16_000, 440.0, 0.1);
        let (mut at_once, mut in_pieces) = (Vec::new(), Vec::new());
        Resampler::new(16_000, 48_000).process(&whole, &mut at_once);
        let mut resampler = Resampler::new(16_000, 48_000);
        whole.chunks(7).for_each(|piece| resampler.process(piece, &mut in_pieces));
        assert_eq!(at_once, in_pieces);
        assert_eq!(at_once.len(), 3 * whole.len(), "nothing waits for more to come");
    }
}
