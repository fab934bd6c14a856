//! Sounds for tests: the same in every run.

use std::f64::consts::TAU;

use crate::RATE;

/// `samples` of a sine of `hz` that begins at phase 0 and reaches `amplitude`.
pub fn sine(hz: f64, amplitude: f32, samples: usize) -> Vec<f32> {
    let step = TAU * hz / f64::from(RATE);
    (0..samples).map(|n| amplitude * (step * n as f64).sin() as f32).collect()
}

/// `samples` of white noise with the given root mean square; a seed gives the same noise in every run.
pub fn noise(seed: u64, rms: f32, samples: usize) -> Vec<f32> {
    // Evenly distributed in −1..1, that is √(1/3) in the mean.
    let scale = rms * 3_f32.sqrt();
    let mut state = seed;
    (0..samples).map(|_| scale * uniform(&mut state)).collect()
}

/// Something like speech: syllables of 16 harmonics on a gliding pitch around `hz`, four per second, and after every
/// 1.5 s of them a pause of 0.5 s. `rms` is that of the 1.5 s.
pub fn voice(hz: f64, rms: f32, samples: usize) -> Vec<f32> {
    let rate = f64::from(RATE);
    let mut phase = 0.0;
    let mut voice: Vec<f32> = (0..samples)
        .map(|n| {
            let second = n as f64 / rate;
            phase += TAU * hz * (1.0 + 0.1 * (TAU * 0.7 * second).sin()) / rate;
            let syllable = (TAU * 2.0 * second).sin().abs();
            (if is_pause(n) { 0.0 } else { syllable * harmonics(phase) }) as f32
        })
        .collect();
    let spoken: Vec<f32> = voice.iter().enumerate().filter(|(n, _)| !is_pause(*n)).map(|(_, sample)| *sample).collect();
    let scale = rms / crate::rms(&spoken).max(f32::MIN_POSITIVE);
    voice.iter_mut().for_each(|sample| *sample *= scale);
    voice
}

/// Is sample `n` of [`voice`] in one of its pauses?
pub fn is_pause(n: usize) -> bool {
    n % (2 * RATE as usize) >= 3 * RATE as usize / 2
}

/// The sum of sin(k · phase) / k for k up to 16, with sin((k + 1)x) = 2 cos x sin kx − sin((k − 1)x).
fn harmonics(phase: f64) -> f64 {
    let (sin, cos) = phase.sin_cos();
    let (mut before, mut this, mut sum) = (0.0, sin, 0.0);
    for k in 1..=16 {
        sum += this / f64::from(k);
        (before, this) = (this, 2.0 * cos * this - before);
    }
    sum
}

/// SplitMix64, of which the upper bits become a number in −1..1.
fn uniform(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^= mixed >> 31;
    (mixed >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
}
