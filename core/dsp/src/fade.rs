//! A gain that moves without clicks, and the beginnings and ends of what is cut.

use crate::RATE;
use crate::decibel::to_factor;

/// How long [`fade_in`] and [`fade_out`] take, in samples per channel: 5 ms.
pub const EDGE: usize = RATE as usize / 200;

/// The way of a gain through one frame: a straight line between two factors. One ramp can be applied to many sources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    /// The factor just before the first sample.
    pub from: f32,
    /// The factor at the last sample.
    pub to: f32,
}

impl Ramp {
    /// Multiplies the frame (interleaved) by the ramp.
    pub fn apply(self, frame: &mut [f32], channels: usize) {
        if self.from == self.to {
            if self.to != 1.0 {
                frame.iter_mut().for_each(|sample| *sample *= self.to);
            }
            return;
        }
        let step = (self.to - self.from) / (frame.len() / channels.max(1)).max(1) as f32;
        for (n, samples) in frame.chunks_mut(channels.max(1)).enumerate() {
            let gain = self.from + step * (n + 1) as f32;
            samples.iter_mut().for_each(|sample| *sample *= gain);
        }
    }
}

/// A gain that moves to its target in a straight line.
#[derive(Clone, Debug)]
pub struct Gain {
    channels: usize,
    current: f32,
    target: f32,
    step: f32,
    /// Samples per channel until the target.
    left: usize,
}

impl Gain {
    /// A gain that stands at `factor`, for so many interleaved channels.
    pub fn new(channels: usize, factor: f32) -> Self {
        Self { channels: channels.max(1), current: factor, target: factor, step: 0.0, left: 0 }
    }

    /// Moves to `factor` within `samples` per channel, from wherever it stands now.
    pub fn set(&mut self, factor: f32, samples: usize) {
        self.target = factor;
        self.left = if factor == self.current { 0 } else { samples };
        self.step = (factor - self.current) / samples.max(1) as f32;
        if self.left == 0 {
            self.current = factor;
        }
    }

    /// Moves to `db` within `samples` per channel.
    pub fn set_db(&mut self, db: f32, samples: usize) {
        self.set(to_factor(db), samples);
    }

    /// Where it will stand, as a factor.
    pub fn target(&self) -> f32 {
        self.target
    }

    /// Does it leave frames as they are, now and until it is set?
    pub fn is_unity(&self) -> bool {
        self.left == 0 && self.current == 1.0
    }

    /// Is it silent, now and until it is set?
    pub fn is_silent(&self) -> bool {
        self.left == 0 && self.current == 0.0
    }

    /// Multiplies the frame (interleaved).
    pub fn process(&mut self, frame: &mut [f32]) {
        let moving = self.left.min(frame.len() / self.channels);
        let (ramp, rest) = frame.split_at_mut(moving * self.channels);
        for samples in ramp.chunks_exact_mut(self.channels) {
            self.advance();
            samples.iter_mut().for_each(|sample| *sample *= self.current);
        }
        if self.current != 1.0 {
            rest.iter_mut().for_each(|sample| *sample *= self.current);
        }
    }

    fn advance(&mut self) {
        self.left -= 1;
        // From the target backwards: sums of steps would miss it.
        self.current = self.target - self.step * self.left as f32;
    }
}

/// Lets the first 5 ms rise from silence, or all of it if it is shorter.
pub fn fade_in(samples: &mut [f32], channels: usize) {
    let edge = (EDGE * channels).min(samples.len());
    Ramp { from: 0.0, to: 1.0 }.apply(&mut samples[..edge], channels);
}

/// Lets the last 5 ms fall to silence, or all of it if it is shorter.
pub fn fade_out(samples: &mut [f32], channels: usize) {
    let edge = (EDGE * channels).min(samples.len());
    let start = samples.len() - edge;
    Ramp { from: 1.0, to: 0.0 }.apply(&mut samples[start..], channels);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME;
    use crate::signals::sine;
    use crate::spectrum::{click_score, tone_level};

    #[test]
    fn a_gain_of_one_changes_no_bit() {
        let mut gain = Gain::new(1, 1.0);
        let tone = sine(440.0, 0.7, FRAME);
        let mut frame = tone.clone();
        gain.process(&mut frame);
        assert!(gain.is_unity());
        assert_eq!(frame, tone);
    }

    #[test]
    fn a_gain_moves_in_a_straight_line_and_arrives_exactly() {
        let mut gain = Gain::new(2, 1.0);
        gain.set(0.0, 100);
        assert!(!gain.is_unity());
        let mut frame = vec![1.0; 240];
        gain.process(&mut frame);
        assert!((frame[0] - 0.99).abs() < 1e-6 && frame[0] == frame[1], "both channels alike");
        assert!((frame[98] - 0.5).abs() < 1e-6);
        assert_eq!(frame[198..], [0.0; 42]);
        assert!(gain.is_silent());
    }

    #[test]
    fn a_gain_that_is_set_on_its_way_turns_where_it_stands() {
        let mut gain = Gain::new(1, 0.0);
        gain.set(1.0, 1000);
        let mut frame = vec![1.0; 500];
        gain.process(&mut frame);
        gain.set_db(-20.0, 500);
        let mut next = vec![1.0; 500];
        gain.process(&mut next);
        assert!((frame[499] - 0.5).abs() < 1e-5 && (next[0] - frame[499]).abs() < 0.002);
        assert_eq!(next[499], 0.1);
        assert_eq!(gain.target(), 0.1);
    }

    #[test]
    fn a_tone_whose_gain_moves_has_no_click() {
        let mut tone = sine(440.0, 0.5, 48_000);
        let mut gain = Gain::new(1, 1.0);
        for (n, frame) in tone.chunks_mut(FRAME).enumerate() {
            if n == 20 {
                gain.set_db(-6.0, FRAME);
            }
            gain.process(frame);
        }
        assert!(click_score(&tone, 440.0) < -40.0, "{}", click_score(&tone, 440.0));
        assert!((tone_level(&tone[28_800..], 440.0) + 15.03).abs() < 0.05);
    }

    #[test]
    fn edges_begin_and_end_in_silence() {
        let mut samples = vec![1.0; 2 * FRAME];
        fade_in(&mut samples, 2);
        fade_out(&mut samples, 2);
        assert!(samples[0] < 0.005 && samples[2 * FRAME - 1] == 0.0);
        assert!((samples[EDGE] - 0.5).abs() < 0.01, "the middle of the first edge");
        assert!(samples[2 * EDGE..2 * FRAME - 2 * EDGE].iter().all(|sample| *sample == 1.0));
        let mut short = [1.0; 4];
        fade_out(&mut short, 1);
        assert_eq!(short, [0.75, 0.5, 0.25, 0.0]);
    }
}
