//! The tones that tell who is heard, and how loud they are in what was heard.
//!
//! All are multiples of 50 Hz, so that they do not disturb each other in 20 ms; no low harmonic of one, as µ-law adds them at
//! 8,000 samples a second, falls on another.

use std::f64::consts::TAU;

use crosspoint_dsp::spectrum;

/// One for each who speaks, in Hz.
pub const TONES: [f64; 11] = [450.0, 650.0, 1150.0, 1400.0, 1550.0, 1750.0, 1900.0, 2100.0, 2400.0, 2650.0, 3000.0];
/// One that is none of them, and that nothing which µ-law adds to them falls on, as all of that is a multiple of 50 Hz: for looking
/// for the very soft.
pub const ODD: f64 = 1009.0;
/// How loud each is said: dB below a sine of full scale. Ten of them together stay below what a limiter touches.
pub const LOUDNESS: f64 = -24.0;
/// What that measures: the root mean square of a sine is 3.01 dB below its peak.
pub const SAID: f64 = LOUDNESS - 3.01;
/// The rate of telephone lines.
pub const PHONE_RATE: u32 = 8_000;
/// The rate of rooms.
pub const ROOM_RATE: u32 = 48_000;

/// The level of a tone in samples of this rate, in dB relative to how loud it was said.
pub fn level(samples: &[f32], rate: u32, hz: f64) -> f64 {
    // The measure takes 48,000 samples a second; at another rate the same turn of a sample is another frequency there.
    spectrum::tone_level(samples, hz * f64::from(ROOM_RATE) / f64::from(rate)) - SAID
}

/// The levels of all [`TONES`], in dB relative to how loud they were said. As [`level`] measures them, but that it is meant for
/// samples that last a multiple of 20 ms, and is fast.
pub fn levels(samples: &[f32], rate: u32) -> [f64; TONES.len()] {
    let turn = TAU / samples.len().max(1) as f64;
    let window = (0..samples.len()).map(|n| 0.5 - 0.5 * (turn * (n as f64 + 0.5)).cos());
    let windowed: Vec<f64> = samples.iter().zip(window).map(|(sample, weight)| f64::from(*sample) * weight).collect();
    // The mean of the window is a half.
    TONES.map(|hz| decibels(2.0 * amplitude(windowed.iter().copied(), samples.len(), rate, hz)))
}

/// The level of a tone in 20 ms, in dB relative to how loud it was said. Without a window: the tones of [`TONES`] are
/// orthogonal over 20 ms, and what begins in the middle has half its amplitude.
pub fn level_of_20_ms(samples: &[f32], rate: u32, hz: f64) -> f64 {
    decibels(amplitude(samples.iter().map(|sample| f64::from(*sample)), samples.len(), rate, hz))
}

/// Goertzel: the sum of the samples, each turned back by its place.
fn amplitude(samples: impl Iterator<Item = f64>, count: usize, rate: u32, hz: f64) -> f64 {
    let factor = 2.0 * (TAU * hz / f64::from(rate)).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (sample + factor * one - two, one);
    }
    let energy: f64 = one * one + two * two - factor * one * two;
    2.0 * energy.max(0.0).sqrt() / count.max(1) as f64
}

fn decibels(amplitude: f64) -> f64 {
    20.0 * amplitude.max(1e-10).log10() - LOUDNESS
}

/// So many samples of a tone as it is said.
pub fn said(hz: f64, rate: u32, samples: usize) -> Vec<f32> {
    let amplitude = 10_f64.powf(LOUDNESS / 20.0);
    let step = TAU * hz / f64::from(rate);
    (0..samples).map(|n| (amplitude * (step * n as f64).sin()) as f32).collect()
}

#[cfg(test)]
mod tests {
    use crosspoint_dsp::g711::{Law, decode, encode};

    use super::*;

    #[test]
    fn a_tone_measures_as_loud_as_it_was_said_at_both_rates() {
        for rate in [PHONE_RATE, ROOM_RATE] {
            for hz in TONES {
                let tone = said(hz, rate, rate as usize / 10);
                assert!(level(&tone, rate, hz).abs() < 0.01, "{rate} {hz}");
                let place = TONES.iter().position(|tone| *tone == hz).expect("a tone of ours");
                let all = levels(&tone, rate);
                assert!(all[place].abs() < 0.01, "{rate} {hz} {all:?}");
                let others = all.iter().enumerate().filter(|(index, _)| *index != place);
                assert!(others.into_iter().all(|(_, level)| *level < -60.0), "{rate} {hz} {all:?}");
                assert!(level_of_20_ms(&tone[..rate as usize / 50], rate, hz).abs() < 0.01, "{rate} {hz}");
            }
        }
    }

    #[test]
    fn all_the_others_together_do_not_sound_like_one_that_is_missing_even_over_a_telephone() {
        for missing in TONES {
            let mut sum = vec![0.0; PHONE_RATE as usize / 10];
            for hz in TONES.iter().filter(|hz| **hz != missing) {
                let tone = said(*hz, PHONE_RATE, sum.len());
                sum.iter_mut().zip(tone).for_each(|(sum, tone)| *sum += tone);
            }
            let (mut bytes, mut heard) = (Vec::new(), Vec::new());
            encode(Law::Mu, &sum, &mut bytes);
            decode(Law::Mu, &bytes, &mut heard);
            let leak = level(&heard, PHONE_RATE, missing);
            assert!(leak < -35.0, "{} measures {leak}", missing);
            let leak = level_of_20_ms(&heard[..160], PHONE_RATE, missing);
            assert!(leak < -25.0, "{} measures {leak} in 20 ms", missing);
        }
    }
}
