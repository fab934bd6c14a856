//! Takes away what is below voices: rumble, handling noise, a constant. Frames in, the same frames out, without delay.
//!
//! A Butterworth filter at 80 Hz, of biquads as in Robert Bristow-Johnson's "Audio EQ Cookbook". It calculates with f64,
//! because poles this close to 1 turn the rounding of f32 into noise that can be measured.

use std::f64::consts::{FRAC_1_SQRT_2, TAU};

use crate::{RATE, sane};

/// Here the filter takes 3 dB away.
const CORNER_HZ: f64 = 80.0;
/// States below this are silence. Left alone they would end as denormal numbers, which cost a hundred times as much.
const SILENT: f64 = 1e-20;

/// How steep the filter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slope {
    /// 2nd order: 12 dB per octave.
    Gentle,
    /// 4th order: 24 dB per octave.
    Steep,
}

/// A high-pass filter for frames of one or more channels.
#[derive(Clone, Debug)]
pub struct HighPass {
    channels: usize,
    /// One after the other, each with its states per channel.
    stages: Vec<(Biquad, Vec<State>)>,
}

impl HighPass {
    /// A filter for so many interleaved channels.
    pub fn new(channels: usize, slope: Slope) -> Self {
        let channels = channels.max(1);
        let stage = |q| (Biquad::high_pass(CORNER_HZ, q), vec![State::default(); channels]);
        let stages = match slope {
            Slope::Gentle => vec![stage(FRAC_1_SQRT_2)],
            // The two pairs of poles of a Butterworth filter of 4th order.
            Slope::Steep => vec![stage(0.541_196_1), stage(1.306_563)],
        };
        Self { channels, stages }
    }

    /// Filters the frame in place. What is not a number counts as silence.
    pub fn process(&mut self, frame: &mut [f32]) {
        for samples in frame.chunks_exact_mut(self.channels) {
            for (channel, sample) in samples.iter_mut().enumerate() {
                let mut value = f64::from(sane(*sample));
                for (biquad, states) in &mut self.stages {
                    value = states[channel].next(biquad, value);
                }
                *sample = value as f32;
            }
        }
        self.stages.iter_mut().flat_map(|(_, states)| states).for_each(State::settle);
    }
}

/// The coefficients of one section, divided by a0.
#[derive(Clone, Debug)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
}

impl Biquad {
    fn high_pass(hz: f64, q: f64) -> Self {
        let (sin, cos) = (TAU * hz / f64::from(RATE)).sin_cos();
        let alpha = sin / (2.0 * q);
        let a0 = 1.0 + alpha;
        let side = (1.0 + cos) / 2.0 / a0;
        Self { b: [side, -2.0 * side, side], a: [-2.0 * cos / a0, (1.0 - alpha) / a0] }
    }
}

/// What one channel remembers, in the transposed direct form II.
#[derive(Clone, Copy, Debug, Default)]
struct State([f64; 2]);

impl State {
    fn next(&mut self, biquad: &Biquad, x: f64) -> f64 {
        let Biquad { b, a } = biquad;
        let y = b[0] * x + self.0[0];
        self.0 = [b[1] * x - a[0] * y + self.0[1], b[2] * x - a[1] * y];
        y
    }

    fn settle(&mut self) {
        if self.0.iter().all(|value| value.abs() < SILENT) {
            self.0 = [0.0; 2];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME;
    use crate::signals::sine;
    use crate::spectrum::{thdn, tone_level};

    /// The gain of a tone, in dB.
    fn gain(slope: Slope, hz: f64) -> f64 {
        let tone = sine(hz, 0.5, 96_000);
        let mut out = tone.clone();
        let mut filter = HighPass::new(1, slope);
        out.chunks_mut(FRAME).for_each(|frame| filter.process(frame));
        tone_level(&out[48_000..], hz) - tone_level(&tone[48_000..], hz)
    }

    #[test]
    fn the_corner_takes_three_decibels_and_an_octave_below_takes_the_slope() {
        for (slope, octave) in [(Slope::Gentle, -12.3), (Slope::Steep, -24.1)] {
            assert!((gain(slope, 80.0) + 3.01).abs() < 0.05, "{}", gain(slope, 80.0));
            assert!((gain(slope, 40.0) - octave).abs() < 0.1, "{}", gain(slope, 40.0));
            assert!(gain(slope, 300.0).abs() < 0.05, "{}", gain(slope, 300.0));
            assert!(gain(slope, 10_000.0).abs() < 0.001);
        }
        assert!(gain(Slope::Steep, 50.0) < -16.0, "the hum of the mains");
    }

    #[test]
    fn a_voice_is_not_distorted() {
        let mut tone = sine(440.0, 0.5, 96_000);
        HighPass::new(1, Slope::Steep).process(&mut tone);
        assert!(thdn(&tone[48_000..], 440.0) < -120.0);
    }

    #[test]
    fn a_constant_goes_away_and_silence_becomes_exactly_silent() {
        let mut filter = HighPass::new(2, Slope::Steep);
        let mut frame = vec![0.5; 2 * FRAME];
        (0..20).for_each(|_| {
            frame.fill(0.5);
            filter.process(&mut frame);
        });
        assert!(crate::peak(&frame) < 1e-4);
        (0..50).for_each(|_| {
            frame.fill(0.0);
            filter.process(&mut frame);
        });
        assert_eq!(frame, vec![0.0; 2 * FRAME]);
    }

    #[test]
    fn channels_do_not_touch_each_other() {
        let mut stereo: Vec<f32> = sine(200.0, 0.5, FRAME).iter().flat_map(|left| [*left, 0.0]).collect();
        HighPass::new(2, Slope::Gentle).process(&mut stereo);
        assert!(stereo.chunks(2).all(|pair| pair[1] == 0.0));
        assert!(crate::peak(&stereo) > 0.4);
    }

    #[test]
    fn what_is_no_number_does_not_stay() {
        let mut frame = sine(440.0, 0.5, FRAME);
        frame[0] = f32::NAN;
        frame[1] = f32::INFINITY;
        HighPass::new(1, Slope::Gentle).process(&mut frame);
        assert!(frame.iter().all(|sample| sample.abs() < 0.6));
    }
}
