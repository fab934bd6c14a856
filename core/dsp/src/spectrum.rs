//! Measures a tone in mono samples: its level, what is there beside it, and clicks in it.
//!
//! All of it fits a sine of the given frequency by least squares and looks at what is left, so the frequency must be
//! right: an error of 1 Hz over a second is an error of a whole turn. Levels are dBFS of the root mean square, as those of
//! the meter: a sine of full scale has −3.01 dB.

use std::f64::consts::TAU;

use crate::RATE;

/// What nothing at all measures, in dB.
const NOTHING_DB: f64 = -200.0;
/// Clicks are looked for in pieces of this length: 5 ms.
const HOP: usize = 240;
/// Around each piece the tone is fitted to this much: 10 ms.
const FIT: usize = 480;

/// The level of the tone of `hz`, in dBFS. Other tones are kept out by a window: they must be 4 divided by the length of
/// `samples` away, 40 Hz for 100 ms.
pub fn tone_level(samples: &[f32], hz: f64) -> f64 {
    let window = |n: usize| 0.5 - 0.5 * (TAU * (n as f64 + 0.5) / samples.len() as f64).cos();
    decibels(Tone::<2>::fit(samples, hz, window).rms())
}

/// Everything beside the tone of `hz` and a constant (THD+N), in dB relative to that tone.
pub fn thdn(samples: &[f32], hz: f64) -> f64 {
    let tone: Tone<2> = Tone::fit(samples, hz, |_| 1.0);
    let left: Vec<f64> = tone.residual(samples, 0).collect();
    let mean = left.iter().sum::<f64>() / left.len().max(1) as f64;
    decibels(rms(left.iter().map(|sample| sample - mean)) / tone.rms())
}

/// The loudest 5 ms of what is left beside the tone of `hz`, in dB relative to the tone. The tone is fitted anew around
/// each 5 ms, with a level and a phase that may change in a curve. So a fade of 6 dB within 20 ms scores −43 dB; a lost
/// sample of a tone of 1 kHz scores −29 dB, a level that jumps by a tenth −31 dB, and a frame of silence −11 dB.
pub fn click_score(samples: &[f32], hz: f64) -> f64 {
    let whole = Tone::<2>::fit(samples, hz, |_| 1.0).rms();
    let starts = (0..(samples.len() + 1).saturating_sub(FIT)).step_by(HOP);
    let loudest = starts.map(|start| around(&samples[start..start + FIT], hz)).fold(0.0, f64::max);
    decibels(loudest / whole)
}

/// What is left of the middle, once the changing tone that fits the whole is taken away.
fn around(samples: &[f32], hz: f64) -> f64 {
    let from = (FIT - HOP) / 2;
    let tone: Tone<6> = Tone::fit(samples, hz, |_| 1.0);
    rms(tone.residual(&samples[from..from + HOP], from))
}

fn rms(samples: impl Iterator<Item = f64>) -> f64 {
    let (energy, count) = samples.fold((0.0, 0), |(energy, count), sample| (energy + sample * sample, count + 1));
    (energy / f64::from(count.max(1))).sqrt()
}

fn decibels(factor: f64) -> f64 {
    if factor > 0.0 { (20.0 * factor.log10()).max(NOTHING_DB) } else { NOTHING_DB }
}

/// A sum of waves of one frequency: cosine and sine (`N` = 2), and the same growing with time and with its square (`N` = 6).
struct Tone<const N: usize> {
    step: f64,
    factors: [f64; N],
}

impl<const N: usize> Tone<N> {
    /// The normal equations of the weighted least squares, solved.
    fn fit(samples: &[f32], hz: f64, weight: impl Fn(usize) -> f64) -> Self {
        let step = TAU * hz / f64::from(RATE);
        let (mut matrix, mut right) = ([[0.0; N]; N], [0.0; N]);
        for (n, sample) in samples.iter().enumerate() {
            let waves = waves::<N>(step, n);
            let weight = weight(n);
            for row in 0..N {
                right[row] += weight * waves[row] * f64::from(*sample);
                (0..N).for_each(|column| matrix[row][column] += weight * waves[row] * waves[column]);
            }
        }
        Self { step, factors: solve(matrix, right) }
    }

    fn rms(&self) -> f64 {
        self.factors[0].hypot(self.factors[1]) / 2_f64.sqrt()
    }

    /// `samples`, of which the first is number `offset`, without the tone.
    fn residual(&self, samples: &[f32], offset: usize) -> impl Iterator<Item = f64> {
        samples.iter().enumerate().map(move |(n, sample)| {
            let waves = waves::<N>(self.step, n + offset);
            f64::from(*sample) - waves.iter().zip(&self.factors).map(|(wave, factor)| wave * factor).sum::<f64>()
        })
    }
}

fn waves<const N: usize>(step: f64, n: usize) -> [f64; N] {
    let (sin, cos) = (step * n as f64).sin_cos();
    let growing = n as f64 / FIT as f64 - 0.5;
    std::array::from_fn(|index| growing.powi(index as i32 / 2) * if index % 2 == 0 { cos } else { sin })
}

/// Elimination without pivots, which a positive definite matrix does not need. What is not determined is 0.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> [f64; N] {
    for pivot in 0..N {
        for row in (0..N).filter(|row| *row != pivot) {
            if matrix[pivot][pivot] <= 0.0 {
                return [0.0; N];
            }
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            (0..N).for_each(|column| matrix[row][column] -= factor * matrix[pivot][column]);
            right[row] -= factor * right[pivot];
        }
    }
    std::array::from_fn(|row| right[row] / matrix[row][row])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{noise, sine};

    fn sum(one: &[f32], other: &[f32]) -> Vec<f32> {
        one.iter().zip(other).map(|(a, b)| a + b).collect()
    }

    #[test]
    fn a_tone_has_its_level_beside_a_louder_one() {
        let both = sum(&sine(1000.0, 1.0, 9600), &sine(440.0, 0.001, 9600));
        assert!((tone_level(&both, 1000.0) + 3.01).abs() < 0.01);
        assert!((tone_level(&both, 440.0) + 63.01).abs() < 0.1);
        assert!(tone_level(&both, 2500.0) < -90.0);
    }

    #[test]
    fn distortion_and_noise_are_what_is_beside_the_tone() {
        let tone = sine(997.0, 0.5, 48_000);
        assert!(thdn(&tone, 997.0) < -120.0);
        let harmonic = sum(&tone, &sine(2.0 * 997.0, 0.005, 48_000));
        assert!((thdn(&harmonic, 997.0) + 40.0).abs() < 0.1);
        let noisy = sum(&tone, &noise(1, 0.5 * 0.001 / 2_f32.sqrt(), 48_000));
        assert!((thdn(&noisy, 997.0) + 60.0).abs() < 0.2);
    }

    #[test]
    fn a_constant_is_no_distortion() {
        let lifted: Vec<f32> = sine(100.0, 0.5, 48_000).iter().map(|sample| sample + 0.1).collect();
        assert!(thdn(&lifted, 100.0) < -100.0);
    }

    #[test]
    fn a_lost_sample_is_a_click_and_a_slow_fade_is_none() {
        let tone = sine(1000.0, 0.5, 48_000);
        assert!(click_score(&tone, 1000.0) < -100.0);
        let fading: Vec<f32> =
            tone.iter().enumerate().map(|(n, sample)| sample * (1.0 - n as f32 / 96_000.0)).collect();
        assert!(click_score(&fading, 1000.0) < -60.0, "{}", click_score(&fading, 1000.0));
        let mut cut = tone;
        cut.remove(20_000);
        assert!(click_score(&cut, 1000.0) > -31.0, "{}", click_score(&cut, 1000.0));
    }

    #[test]
    fn silence_measures_as_nothing() {
        assert!(tone_level(&[0.0; 960], 1000.0) <= NOTHING_DB);
        assert!(tone_level(&[], 1000.0) <= NOTHING_DB);
    }
}
