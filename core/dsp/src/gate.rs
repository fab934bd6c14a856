//! Closes a microphone while nobody speaks into it. Frames in, the same frames out, without delay.
//!
//! The level is looked at in pieces of 5 ms. At the threshold the gate opens, within the piece that reached it; it closes
//! when the level has been 6 dB below the threshold for 200 ms, so that neither a soft syllable nor a level just at the
//! threshold lets it flutter.

use crate::RATE;
use crate::decibel::from_factor;
use crate::fade::Ramp;

/// The level is measured over 5 ms; it is also how long the gate takes to open.
const PIECE: usize = RATE as usize / 200;
/// It closes this much below the level at which it opens.
const HYSTERESIS_DB: f32 = 6.0;
/// And only after so many soft pieces: 200 ms.
const HOLD: u32 = 40;
/// Then the gain falls by this factor per piece: 60 dB in 100 ms.
const RELEASE: f32 = 0.708;
/// From here on it is closed altogether.
const CLOSED: f32 = 0.001;

/// A noise gate for frames of one or more channels.
#[derive(Clone, Debug)]
pub struct Gate {
    channels: usize,
    threshold_db: f32,
    /// Pieces until it closes; 0 is closed or closing.
    hold: u32,
    gain: f32,
}

impl Gate {
    /// A closed gate for so many interleaved channels, that opens at `threshold_db` (dBFS, root mean square). −45 is a good
    /// one for a microphone at arm's length.
    pub fn new(channels: usize, threshold_db: f32) -> Self {
        Self { channels: channels.max(1), threshold_db, hold: 0, gain: 0.0 }
    }

    /// From now on it opens at this level.
    pub fn set_threshold(&mut self, threshold_db: f32) {
        self.threshold_db = threshold_db;
    }

    /// Does it let sound through?
    pub fn is_open(&self) -> bool {
        self.hold > 0
    }

    /// Lets the frame through or fades it to silence.
    pub fn process(&mut self, frame: &mut [f32]) {
        for piece in frame.chunks_mut(PIECE * self.channels) {
            self.listen(from_factor(crate::rms(piece)));
            let to = self.next_gain();
            Ramp { from: self.gain, to }.apply(piece, self.channels);
            self.gain = to;
        }
    }

    fn listen(&mut self, level_db: f32) {
        let stays_open_at = self.threshold_db - HYSTERESIS_DB;
        if level_db >= self.threshold_db || (self.is_open() && level_db >= stays_open_at) {
            self.hold = HOLD;
        } else {
            self.hold = self.hold.saturating_sub(1);
        }
    }

    fn next_gain(&self) -> f32 {
        match self.is_open() {
            true => 1.0,
            false if self.gain > CLOSED => self.gain * RELEASE,
            false => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME;
    use crate::signals::{noise, sine};
    use crate::spectrum::click_score;

    fn gated(gate: &mut Gate, samples: &[f32]) -> Vec<f32> {
        let mut out = samples.to_vec();
        out.chunks_mut(FRAME).for_each(|frame| gate.process(frame));
        out
    }

    #[test]
    fn noise_below_the_threshold_is_silenced_altogether() {
        let mut gate = Gate::new(1, -45.0);
        assert_eq!(gated(&mut gate, &noise(1, 0.003, 9600)), vec![0.0; 9600]);
        assert!(!gate.is_open());
    }

    #[test]
    fn a_voice_opens_it_within_5_ms_and_passes_unchanged() {
        let mut gate = Gate::new(1, -45.0);
        let tone = sine(440.0, 0.1, 9600);
        let out = gated(&mut gate, &tone);
        assert_eq!(out[PIECE..], tone[PIECE..]);
        assert!(crate::peak(&out[PIECE / 2..PIECE]) > 0.05);
    }

    #[test]
    fn it_stays_open_for_200_ms_and_closes_within_100_ms_more() {
        let mut gate = Gate::new(1, -45.0);
        gated(&mut gate, &sine(440.0, 0.1, 9600));
        let soft = noise(2, 0.001, 24_000);
        let out = gated(&mut gate, &soft);
        assert_eq!(out[..HOLD as usize * PIECE - PIECE], soft[..HOLD as usize * PIECE - PIECE], "held");
        assert_eq!(out[14_640..], vec![0.0; 9360], "closed after 305 ms");
    }

    #[test]
    fn a_level_between_the_two_thresholds_keeps_what_was() {
        let between = sine(440.0, 0.006, 48_000);
        let mut gate = Gate::new(1, -45.0);
        assert_eq!(crate::peak(&gated(&mut gate, &between)), 0.0, "it was closed");
        gated(&mut gate, &sine(440.0, 0.1, 960));
        assert_eq!(gated(&mut gate, &between), between, "it was open");
        gate.set_threshold(-30.0);
        assert_eq!(gated(&mut gate, &between)[24_000..], vec![0.0; 24_000]);
    }

    #[test]
    fn opening_and_closing_make_no_click() {
        let mut gate = Gate::new(2, -20.0);
        let stereo = |gain: f32| -> Vec<f32> { sine(1000.0, gain, 24_000).iter().flat_map(|x| [*x, *x]).collect() };
        let mut out = gated(&mut gate, &[stereo(0.5), stereo(0.05)].concat());
        out.drain(..2 * PIECE);
        let left: Vec<f32> = out[48_000..].chunks(2).map(|pair| pair[0]).take(14_000).collect();
        assert!(click_score(&left, 1000.0) < -30.0, "{}", click_score(&left, 1000.0));
    }
}
