//! From the rates of telephones and bots to ours and back. Mono frames of 20 ms in, frames of 20 ms out, a little later.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler as _, WindowFunction};

use crate::sane;

/// Frames per second.
const FRAMES: u32 = 50;
/// Samples of the lower rate that are transformed at once; half of it is the delay: 5 ms at 8 kHz. With half as many, a
/// tone of 3.4 kHz would lose 4 dB on its way to a telephone.
const BLOCK: usize = 80;

/// Changes the rate of one mono stream.
pub struct Resampler {
    /// None where both rates are the same.
    inner: Option<Fft<f32>>,
    input: Vec<f32>,
    output: Vec<f32>,
}

impl Resampler {
    /// From one rate to another, in Hz: 8,000, 16,000, 24,000 and 48,000 are known, and None is said to any other.
    pub fn new(from_hz: u32, to_hz: u32) -> Option<Self> {
        const KNOWN: [u32; 4] = [8_000, 16_000, 24_000, 48_000];
        if !KNOWN.contains(&from_hz) || !KNOWN.contains(&to_hz) {
            return None;
        }
        let times = from_hz.max(to_hz) / from_hz.min(to_hz);
        let block = if from_hz < to_hz { BLOCK } else { BLOCK * times as usize };
        let fft = || {
            let (from, to) = (from_hz as usize, to_hz as usize);
            Fft::new_custom(from, to, block, 1, 1, WindowFunction::Hann2, FixedSync::Both)
        };
        let inner = if from_hz == to_hz { None } else { Some(fft().ok()?) };
        let frame = |hz: u32| vec![0.0; (hz / FRAMES) as usize];
        Some(Self { inner, input: frame(from_hz), output: frame(to_hz) })
    }

    /// How much later sound comes out, in samples of the rate that comes out.
    pub fn delay_samples(&self) -> usize {
        self.inner.as_ref().map_or(0, |inner| inner.output_delay())
    }

    /// The next 20 ms. What is missing in the frame is silence, and so is what is not a number; what is too much is left out.
    pub fn process(&mut self, frame: &[f32]) -> &[f32] {
        let samples = frame.iter().map(|sample| sane(*sample)).chain(std::iter::repeat(0.0));
        self.input.iter_mut().zip(samples).for_each(|(into, sample)| *into = sample);
        let Some(inner) = &mut self.inner else { return &self.input };
        let (block_in, block_out) = (inner.input_frames_next(), inner.output_frames_next());
        for (from, to) in self.input.chunks_exact(block_in).zip(self.output.chunks_exact_mut(block_out)) {
            InterleavedSlice::new(from, 1, block_in)
                .and_then(|from| Ok((from, InterleavedSlice::new_mut(to, 1, block_out)?)))
                .map(|(from, mut to)| inner.process_into_buffer(&from, &mut to, None))
                .expect("a slice has room for as many samples as it has")
                .expect("both blocks have the sizes that it asked for");
        }
        &self.output
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;
    use crate::RATE;
    use crate::spectrum::{thdn, tone_level};

    const LOWER: [u32; 3] = [8_000, 16_000, 24_000];

    /// A second of a tone at any rate.
    fn tone(rate: u32, hz: f64) -> Vec<f32> {
        (0..rate).map(|n| 0.5 * (TAU * hz * f64::from(n) / f64::from(rate)).sin() as f32).collect()
    }

    fn resampled(from: u32, to: u32, samples: &[f32]) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).expect("known rates");
        let frames = samples.chunks((from / FRAMES) as usize);
        frames.flat_map(|frame| resampler.process(frame).to_vec()).collect()
    }

    /// The loss of a tone that comes through at `rate`, in dB. The measures believe that all rates are 48 kHz.
    fn change(out: &[f32], rate: u32, hz: f64) -> f64 {
        let as_if = hz * f64::from(RATE) / f64::from(rate);
        tone_level(&out[out.len() / 5..], as_if) - 20.0 * (0.5 / 2_f64.sqrt()).log10()
    }

    #[test]
    fn a_tone_keeps_its_level_in_both_directions() {
        for rate in LOWER {
            for part in [0.012, 0.1, 0.23, 0.37, 0.42] {
                let hz = part * f64::from(rate) + 3.3;
                let up = resampled(rate, RATE, &tone(rate, hz));
                assert!(change(&up, RATE, hz).abs() < 0.1, "{hz} of {rate}: {} dB up", change(&up, RATE, hz));
                let down = resampled(RATE, rate, &tone(RATE, hz));
                assert!(change(&down, rate, hz).abs() < 0.1, "{hz} of {rate}: {} dB down", change(&down, rate, hz));
            }
        }
    }

    #[test]
    fn nothing_is_added_on_the_way_up() {
        for rate in LOWER {
            for part in [0.012, 0.1, 0.23, 0.37, 0.42, 0.46] {
                let hz = part * f64::from(rate) + 3.3;
                let up = resampled(rate, RATE, &tone(rate, hz));
                assert!(thdn(&up[9_600..], hz) < -70.0, "{hz} of {rate}: {} dB", thdn(&up[9_600..], hz));
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_say_is_not_said_as_something_else() {
        for rate in LOWER {
            for part in [0.505, 0.53, 0.58, 0.66, 0.81, 0.97] {
                let hz = part * f64::from(rate) + 3.3;
                let down = resampled(RATE, rate, &tone(RATE, hz));
                let alias = 20.0 * (crate::rms(&down[down.len() / 5..]) * 2.0 * 2_f32.sqrt()).log10();
                assert!(alias < -60.0, "{hz} to {rate}: {alias} dB");
            }
        }
    }

    #[test]
    fn sound_comes_out_as_late_as_it_says() {
        for (from, to) in LOWER.iter().flat_map(|lower| [(*lower, RATE), (RATE, *lower)]) {
            let mut impulse = vec![0.0; (from / FRAMES) as usize * 4];
            let at = (from / FRAMES) as usize + 24;
            impulse[at] = 1.0;
            let out = resampled(from, to, &impulse);
            let peak = (0..out.len()).max_by(|a, b| out[*a].total_cmp(&out[*b])).unwrap();
            let delay = Resampler::new(from, to).unwrap().delay_samples();
            assert_eq!(peak, at * to as usize / from as usize + delay, "{from} to {to}");
            assert!(delay as u32 * 200 <= to, "5 ms at most");
        }
    }

    #[test]
    fn frames_have_20_ms_whatever_comes_in() {
        let mut resampler = Resampler::new(8_000, RATE).unwrap();
        for length in [0, 1, 160, 161, 5000] {
            assert_eq!(resampler.process(&vec![f32::NAN; length]), [0.0; 960]);
        }
        assert_eq!(Resampler::new(RATE, RATE).unwrap().process(&[0.25; 960]), [0.25; 960]);
        assert!(Resampler::new(44_100, RATE).is_none() && Resampler::new(RATE, 0).is_none());
    }
}
