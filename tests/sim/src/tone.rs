//! A tone for each participant, encoded with Opus, and how loud each of them is in what somebody decodes.

use std::f32::consts::TAU;
use std::sync::Arc;

use crosspoint_codec::opus::{Encoder, EncoderSettings};
use crosspoint_dsp::signals::sine;
use crosspoint_dsp::{FRAME, RATE};

/// The tones. Each has whole periods in 20 ms, so that any number of packets of it is a loop without a seam, and none is a
/// multiple of another.
pub const TONES: [f64; 8] = [350.0, 600.0, 950.0, 1450.0, 2050.0, 2750.0, 3550.0, 4450.0];

/// Eight of them together do not reach full scale.
pub const AMPLITUDE: f32 = 0.1;
/// What a packet says of its loudness (RFC 6464): that of a sine of [`AMPLITUDE`].
pub const LEVEL: i8 = -20;

/// Frames until an encoder sounds as it goes on to sound.
const WARM: usize = 100;
/// Packets of the loop: a second.
const LOOP: usize = 50;
/// Nothing at all measures this.
const NOTHING: f32 = -100.0;

/// How loud each tone is, in decibels relative to how it was sent.
pub type Levels = [f32; TONES.len()];

/// What a microphone says that hears nothing but its tone. No packet leans on the one before: where a slot is switched from
/// one sender to another, a decoder would make something up of what the one left behind in it, and that is not the server's.
#[derive(Clone, Debug)]
pub struct Tone {
    /// Which of [`TONES`].
    pub number: usize,
    packets: Vec<Arc<[u8]>>,
}

impl Tone {
    /// Encodes a second of it.
    pub fn new(number: usize) -> Self {
        let settings = EncoderSettings { stereo: false, bitrate: 128_000, complexity: 5, fec: false };
        Self::encoded(number, settings)
    }

    /// The same with other settings.
    pub fn encoded(number: usize, settings: EncoderSettings) -> Self {
        let mut encoder = Encoder::new(settings).expect("an encoder");
        let frame = frame(number);
        let mut encode = || {
            let mut packet = Vec::new();
            encoder.encode_alone(&frame, &mut packet).expect("a packet");
            Arc::from(packet)
        };
        (0..WARM).for_each(|_| drop(encode()));
        Self { number, packets: (0..LOOP).map(|_| encode()).collect() }
    }

    /// The packet of this number.
    pub fn packet(&self, number: u64) -> Arc<[u8]> {
        self.packets[number as usize % LOOP].clone()
    }
}

/// 20 ms of a tone: any number of them behind each other are one tone.
pub fn frame(number: usize) -> Vec<f32> {
    sine(TONES[number], AMPLITUDE, FRAME)
}

/// Measures 20 ms of sound, with Goertzel's algorithm (1958) behind a Hann window, which keeps tones out that are more than
/// 100 Hz away.
#[derive(Debug)]
pub struct Meter {
    window: Vec<f32>,
}

impl Default for Meter {
    fn default() -> Self {
        let window = |n: usize| 0.5 - 0.5 * (TAU * (n as f32 + 0.5) / FRAME as f32).cos();
        Self { window: (0..FRAME).map(window).collect() }
    }
}

impl Meter {
    /// The levels in a frame of 20 ms.
    pub fn levels(&self, frame: &[f32]) -> Levels {
        std::array::from_fn(|number| self.level(frame, TONES[number] as f32))
    }

    fn level(&self, frame: &[f32], hz: f32) -> f32 {
        let step = TAU * hz / RATE as f32;
        let factor = 2.0 * step.cos();
        let (mut last, mut before) = (0.0_f32, 0.0_f32);
        for (sample, weight) in frame.iter().zip(&self.window) {
            (last, before) = (sample * weight + factor * last - before, last);
        }
        let power = last * last + before * before - factor * last * before;
        // The window lets half of it through; a sine is two such waves of half its amplitude.
        let amplitude = power.max(0.0).sqrt() * 4.0 / FRAME as f32;
        (20.0 * (amplitude / AMPLITUDE).log10()).max(NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use crosspoint_codec::opus::Decoder;

    use super::*;

    #[test]
    fn a_tone_is_measured_beside_all_others_and_where_it_is_missing() {
        let mut sound = vec![0.0; FRAME];
        for number in (0..TONES.len()).filter(|number| *number != 3) {
            sound.iter_mut().zip(frame(number)).for_each(|(sum, sample)| *sum += sample);
        }
        let levels = Meter::default().levels(&sound);
        for (number, level) in levels.iter().enumerate() {
            let is_right = if number == 3 { *level < -70.0 } else { level.abs() < 0.1 };
            assert!(is_right, "{levels:?}");
        }
        assert_eq!(Meter::default().levels(&[0.0; FRAME]), [NOTHING; TONES.len()]);
    }

    #[test]
    fn a_loop_of_packets_is_the_tone_and_has_no_seam() {
        for number in 0..TONES.len() {
            let (tone, meter) = (Tone::new(number), Meter::default());
            let mut decoder = Decoder::new(false).expect("a decoder");
            for packet in 0..120 {
                let mut sound = Vec::new();
                decoder.decode(&tone.packet(packet), &mut sound).expect("Opus");
                let levels = meter.levels(&sound);
                let others = (0..TONES.len()).filter(|other| *other != number).map(|other| levels[other]);
                let loudest = others.fold(NOTHING, f32::max);
                assert!(packet < 6 || (levels[number].abs() < 1.0 && loudest < -40.0), "{number}/{packet}: {levels:?}");
            }
        }
    }
}
