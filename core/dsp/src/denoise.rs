//! Takes steady noise out of a voice: fans, traffic, hiss. Mono frames in, the same frames out, a few milliseconds later.
//!
//! The work is done by `sonora`, WebRTC's noise suppression in Rust. It stands behind [`Denoiser`], so that another one
//! can take its place. As in browsers it takes away what is below 100 Hz too, and turns the phase of what is just above.

use sonora::config::{MaxProcessingRate, NoiseSuppression, NoiseSuppressionLevel, Pipeline};
use sonora::{AudioProcessing, Config, StreamConfig};

use crate::{FRAME, RATE, sane};

/// It works on 10 ms.
const STEP: usize = FRAME / 2;
/// The overlap of its transforms and the filters that split three bands: 7 ms, as measured below.
const DELAY: usize = 334;

/// Something that takes noise out of one voice.
pub trait Denoiser {
    /// Replaces a mono frame of 20 ms, or of any whole number of 10 ms; what is left over stays as it is.
    fn process(&mut self, frame: &mut [f32]);

    /// How much later sound comes out, in samples.
    fn delay_samples(&self) -> usize;
}

/// How much of the noise goes. More takes a little more of the voice with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Suppression {
    /// About 12 dB.
    Moderate,
    /// About 18 dB.
    High,
    /// About 21 dB.
    VeryHigh,
}

/// A noise suppression as in browsers.
pub struct WebRtcDenoiser {
    inner: AudioProcessing,
    input: [f32; STEP],
}

impl WebRtcDenoiser {
    /// Needs about half a second of noise before it knows it.
    pub fn new(suppression: Suppression) -> Self {
        let level = match suppression {
            Suppression::Moderate => NoiseSuppressionLevel::Moderate,
            Suppression::High => NoiseSuppressionLevel::High,
            Suppression::VeryHigh => NoiseSuppressionLevel::VeryHigh,
        };
        let config = Config {
            pipeline: Pipeline {
                maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
                ..Pipeline::default()
            },
            noise_suppression: Some(NoiseSuppression { level, ..NoiseSuppression::default() }),
            ..Config::default()
        };
        let stream = StreamConfig::new(RATE, 1);
        let inner = AudioProcessing::builder().config(config).capture_config(stream).render_config(stream).build();
        Self { inner, input: [0.0; STEP] }
    }
}

impl Denoiser for WebRtcDenoiser {
    fn process(&mut self, frame: &mut [f32]) {
        for step in frame.chunks_exact_mut(STEP) {
            self.input.iter_mut().zip(step.iter()).for_each(|(into, sample)| *into = sane(*sample).clamp(-1.0, 1.0));
            self.inner.process_capture_f32(&[&self.input], &mut [step]).expect("10 ms of one channel at a known rate");
        }
    }

    fn delay_samples(&self) -> usize {
        DELAY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decibel::from_factor;
    use crate::signals::{is_pause, noise, voice};

    const SECOND: usize = RATE as usize;

    fn denoised(suppression: Suppression, samples: &[f32]) -> Vec<f32> {
        let mut denoiser = WebRtcDenoiser::new(suppression);
        let mut out = samples.to_vec();
        out.chunks_mut(FRAME).for_each(|frame| denoiser.process(frame));
        out
    }

    fn sum(one: &[f32], other: &[f32]) -> Vec<f32> {
        one.iter().zip(other).map(|(a, b)| a + b).collect()
    }

    /// The level of the pauses of [`voice`], or of all but them, 100 ms away from their edges and from the fourth second on.
    fn level(samples: &[f32], pauses: bool) -> f32 {
        const MARGIN: usize = SECOND / 10;
        let wanted = |n: usize| [n - MARGIN, n, n + MARGIN].iter().all(|n| is_pause(*n) == pauses);
        let chosen: Vec<f32> = (4 * SECOND..samples.len()).filter(|n| wanted(*n)).map(|n| samples[n]).collect();
        from_factor(crate::rms(&chosen))
    }

    #[test]
    fn noise_falls_and_the_voice_stays() {
        let voice = voice(140.0, 0.1, 10 * SECOND);
        for (suppression, least) in
            [(Suppression::Moderate, 10.0), (Suppression::High, 14.0), (Suppression::VeryHigh, 15.0)]
        {
            for rms in [0.003, 0.01, 0.02] {
                let noisy = sum(&voice, &noise(1, rms, 10 * SECOND));
                let out = denoised(suppression, &noisy);
                let fell = level(&noisy, true) - level(&out, true);
                assert!(fell >= least, "{suppression:?}: {fell} dB of noise at {rms}");
                let lost = level(&voice, false) - level(&out, false);
                assert!(lost.abs() < 3.0, "{suppression:?}: {lost} dB of the voice beside noise at {rms}");
            }
        }
    }

    #[test]
    fn sound_comes_out_as_late_as_it_says() {
        let bursts: Vec<f32> = noise(3, 0.1, 4 * SECOND)
            .into_iter()
            .enumerate()
            .map(|(n, x)| if n / 4800 % 3 == 0 { x } else { 0.0 })
            .collect();
        let out = denoised(Suppression::Moderate, &bursts);
        let from = 2 * SECOND;
        let likeness = |lag: usize| -> f32 { (from..from + SECOND).map(|n| out[n + lag] * bursts[n]).sum() };
        let delay = (0..1000).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b)));
        assert_eq!(delay, Some(WebRtcDenoiser::new(Suppression::Moderate).delay_samples()));
    }

    #[test]
    fn what_is_no_number_or_far_too_loud_does_not_stay() {
        let mut strange = voice(140.0, 0.1, 3 * SECOND);
        strange[100] = f32::NAN;
        strange[5000] = f32::INFINITY;
        strange[9000] = 1e30;
        let out = denoised(Suppression::High, &strange);
        assert!(out.iter().all(|sample| sample.abs() <= 1.0));
        let usual = denoised(Suppression::High, &voice(140.0, 0.1, 3 * SECOND));
        let last = 2 * SECOND..11 * SECOND / 4;
        assert!((from_factor(crate::rms(&out[last.clone()])) - from_factor(crate::rms(&usual[last]))).abs() < 1.0);
    }

    #[test]
    fn silence_stays_silent() {
        assert!(crate::peak(&denoised(Suppression::VeryHigh, &vec![0.0; SECOND])) < 1e-6);
    }

    #[test]
    fn it_can_be_handed_to_another_thread() {
        fn is_send<T: Send>(_: &T) {}
        is_send(&WebRtcDenoiser::new(Suppression::Moderate));
    }
}
