//! Keeps a sum of voices within what can be encoded. Frames in, the same frames out, [`LOOKAHEAD`] samples later.
//!
//! ```text
//! sample ──┬── delay of LOOKAHEAD ───────────────────────────────────── × ── out
//!          └── wanted gain ── least of the last 65 ── release ── mean of 64 ──┘
//! ```
//!
//! Each of the 64 gains in the mean was bounded by what the sample that leaves wants, so their mean is too: no peak gets
//! through, and yet the gain moves in straight lines instead of jumps. All channels share one gain, or the picture would
//! wander.

use std::collections::VecDeque;

use crate::{RATE, sane};

/// Samples per channel that the limiter looks ahead; what comes out is this much later.
pub const LOOKAHEAD: usize = 64;

/// −1 dBFS, so that what a lossy codec adds does not clip in a receiver that decodes to integers.
const THRESHOLD: f32 = 0.891;
/// No sample is ever beyond this, whatever comes in.
const CEILING: f32 = 0.98;
/// A peak keeps the gain down for this many samples: half a period of 50 Hz, so that the gain does not follow the wave.
const HOLD: u32 = RATE / 100;
/// Then the gain returns with a time constant of 100 ms.
const RELEASE: f32 = 1.0 / (0.1 * RATE as f32);
/// And the last bit of the way at this speed, since steps that shrink forever end nowhere.
const LEAST_RELEASE: f32 = 1e-6;
/// A gain of 1 as an integer: sums of integers stay exact for as long as a room lives, sums of floats do not.
const UNITY: u32 = 1 << 30;

/// One look-ahead limiter for the channels of one bus.
#[derive(Clone, Debug)]
pub struct Limiter {
    channels: usize,
    /// The last [`LOOKAHEAD`] samples of all channels, as a ring.
    delayed: Vec<f32>,
    delayed_at: usize,
    least: Least,
    /// After the release: what goes into the mean.
    released: f32,
    hold: u32,
    /// The last [`LOOKAHEAD`] gains in units of 1 / [`UNITY`], as a ring, and their sum.
    gains: [u32; LOOKAHEAD],
    gains_at: usize,
    sum: u64,
}

impl Limiter {
    /// A limiter for frames with so many channels, interleaved.
    pub fn new(channels: usize) -> Self {
        let channels = channels.max(1);
        Self {
            channels,
            delayed: vec![0.0; LOOKAHEAD * channels],
            delayed_at: 0,
            least: Least::default(),
            released: 1.0,
            hold: 0,
            gains: [UNITY; LOOKAHEAD],
            gains_at: 0,
            sum: u64::from(UNITY) * LOOKAHEAD as u64,
        }
    }

    /// Replaces the frame by the one of [`LOOKAHEAD`] samples before, with no sample beyond ±0.98. While nothing exceeds
    /// −1 dBFS, the samples stay what they are. What is not a number becomes silence.
    pub fn process(&mut self, frame: &mut [f32]) {
        if crate::peak(frame) <= THRESHOLD && self.is_at_rest() {
            self.delay(frame);
            return;
        }
        for samples in frame.chunks_exact_mut(self.channels) {
            let gain = self.next_gain(crate::peak(samples));
            self.delay(samples);
            samples.iter_mut().for_each(|sample| *sample = (*sample * gain).clamp(-CEILING, CEILING));
        }
    }

    /// Is the gain 1, and has nothing that is still delayed asked for less?
    fn is_at_rest(&self) -> bool {
        self.sum == u64::from(UNITY) * LOOKAHEAD as u64 && self.released >= 1.0 && self.least.forget_if_unity()
    }

    fn delay(&mut self, samples: &mut [f32]) {
        for sample in samples {
            *sample = std::mem::replace(&mut self.delayed[self.delayed_at], sane(*sample));
            self.delayed_at = (self.delayed_at + 1) % self.delayed.len();
        }
    }

    /// The gain for the sample that leaves while one with the given peak comes in.
    fn next_gain(&mut self, peak: f32) -> f32 {
        let wanted = if peak > THRESHOLD { THRESHOLD / peak } else { 1.0 };
        let least = self.least.push(wanted);
        self.release(least);
        let gain = (self.released * UNITY as f32) as u32;
        self.sum += u64::from(gain);
        self.sum -= u64::from(std::mem::replace(&mut self.gains[self.gains_at], gain));
        self.gains_at = (self.gains_at + 1) % LOOKAHEAD;
        self.sum as f32 / (UNITY as f32 * LOOKAHEAD as f32)
    }

    fn release(&mut self, least: f32) {
        if least < 1.0 && least <= self.released {
            self.released = least;
            self.hold = HOLD;
        } else if self.hold > 0 {
            self.hold -= 1;
        } else {
            let step = ((1.0 - self.released) * RELEASE).max(LEAST_RELEASE);
            self.released = (self.released + step).min(least);
        }
    }
}

/// The least of the last [`LOOKAHEAD`] + 1 gains: a queue of those that no later one undercuts, rising from its front.
#[derive(Clone, Debug)]
struct Least {
    rising: VecDeque<(u64, f32)>,
    pushed: u64,
}

impl Default for Least {
    fn default() -> Self {
        Self { rising: VecDeque::with_capacity(LOOKAHEAD + 2), pushed: 0 }
    }
}

impl Least {
    fn push(&mut self, gain: f32) -> f32 {
        while self.rising.back().is_some_and(|(_, last)| *last >= gain) {
            self.rising.pop_back();
        }
        self.rising.push_back((self.pushed, gain));
        while self.rising.front().is_some_and(|(at, _)| at + (LOOKAHEAD as u64) < self.pushed) {
            self.rising.pop_front();
        }
        self.pushed += 1;
        self.rising.front().map_or(gain, |(_, least)| *least)
    }

    /// Gains of 1 need not be remembered: a missing one counts as 1.
    fn forget_if_unity(&self) -> bool {
        self.rising.front().is_none_or(|(_, least)| *least >= 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME;
    use crate::signals::{noise, sine};
    use crate::spectrum::{thdn, tone_level};

    fn limited(samples: &[f32], channels: usize) -> Vec<f32> {
        let mut limiter = Limiter::new(channels);
        let mut out = samples.to_vec();
        out.chunks_mut(FRAME * channels).for_each(|frame| limiter.process(frame));
        out
    }

    #[test]
    fn what_is_below_the_threshold_is_only_delayed() {
        let soft = noise(7, 0.4, 48_000);
        assert_eq!(limited(&soft, 1)[LOOKAHEAD..], soft[..soft.len() - LOOKAHEAD]);
        assert_eq!(limited(&soft, 2)[2 * LOOKAHEAD..], soft[..soft.len() - 2 * LOOKAHEAD]);
    }

    #[test]
    fn nothing_gets_beyond_the_threshold_however_loud() {
        for (seed, rms) in [(1, 0.6), (2, 1.0), (3, 3.0), (4, 1000.0), (5, 1e12)] {
            let out = limited(&noise(seed, rms, 48_000), 1);
            assert!(crate::peak(&out) <= THRESHOLD * 1.0001, "{} of {rms}", crate::peak(&out));
        }
    }

    #[test]
    fn one_peak_in_silence_does_not_pass_either() {
        for at in 0..200 {
            let mut click = vec![0.0; 2 * FRAME];
            click[FRAME - 100 + at] = -4.0;
            click[FRAME - 90 + at] = 2.0;
            assert!(crate::peak(&limited(&click, 1)) <= THRESHOLD * 1.0001);
        }
    }

    #[test]
    fn two_voices_of_full_scale_stay_clean() {
        for hz in [60.0, 100.0, 440.0, 997.0, 3000.0] {
            let out = limited(&sine(hz, 2.0, 96_000), 1);
            let settled = &out[48_000..];
            assert!(thdn(settled, hz) < -60.0, "{hz} Hz: {} dB", thdn(settled, hz));
            assert!((tone_level(settled, hz) + 4.01).abs() < 0.1, "{hz} Hz: {} dB", tone_level(settled, hz));
        }
    }

    #[test]
    fn after_a_peak_the_gain_returns_to_exactly_one() {
        let mut samples = sine(440.0, 0.5, 3 * 48_000);
        samples[1000] = 8.0;
        let out = limited(&samples, 1);
        assert!(out[1200 + LOOKAHEAD].abs() < 0.5 * samples[1200].abs(), "held down");
        assert_eq!(out[96_000 + LOOKAHEAD..], samples[96_000..samples.len() - LOOKAHEAD]);
    }

    #[test]
    fn both_channels_get_the_same_gain() {
        let mut samples = vec![0.25; 2 * 4800];
        samples.chunks_exact_mut(2).skip(1000).for_each(|pair| pair[1] = 2.0);
        let out = limited(&samples, 2);
        let last = &out[out.len() - 2..];
        assert!((last[1] / last[0] - 8.0).abs() < 1e-3);
    }

    #[test]
    fn what_is_no_number_is_silence_and_does_not_stay() {
        let mut samples = sine(440.0, 0.5, 4 * FRAME);
        samples[100] = f32::NAN;
        samples[200] = f32::INFINITY;
        samples[300] = f32::NEG_INFINITY;
        let out = limited(&samples, 1);
        assert_eq!((out[164], out[264], out[364]), (0.0, 0.0, 0.0));
        assert_eq!(out[400 + LOOKAHEAD..], samples[400..samples.len() - LOOKAHEAD]);
    }
}
