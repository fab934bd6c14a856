//! A sine at telephone rate, one phasor turned sample by sample: hundreds of callers play one at the same time.

use std::f64::consts::TAU;

use crosspoint_dsp::decibel;

use crate::RATE;

/// A tone that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Tone {
    /// Cosine and sine of the place in the turn.
    phasor: (f64, f64),
    step: (f64, f64),
    amplitude: f32,
}

impl Tone {
    /// So many Hz at so many dB below a sine of full scale.
    pub(crate) fn new(hz: f32, level_db: f32) -> Self {
        let angle = TAU * f64::from(hz) / f64::from(RATE);
        Self { phasor: (1.0, 0.0), step: (angle.cos(), angle.sin()), amplitude: decibel::to_factor(level_db).min(1.0) }
    }

    pub(crate) fn fill(&mut self, frame: &mut [f32]) {
        for sample in frame.iter_mut() {
            let (cosine, sine) = self.phasor;
            *sample = sine as f32 * self.amplitude;
            self.phasor = (cosine * self.step.0 - sine * self.step.1, sine * self.step.0 + cosine * self.step.1);
        }
        // Rounding would let the phasor shrink or grow over hours.
        let length = self.phasor.0.hypot(self.phasor.1);
        self.phasor = (self.phasor.0 / length, self.phasor.1 / length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_has_its_frequency_and_its_level() {
        let mut samples = vec![0.0; RATE as usize];
        let mut tone = Tone::new(440.0, -12.0);
        samples.chunks_mut(160).for_each(|frame| tone.fill(frame));
        let crossings = samples.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((439..=440).contains(&crossings), "{crossings}");
        let peak = samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((decibel::from_factor(peak) + 12.0).abs() < 0.05, "{peak}");
    }
}
