//! What the caller hears, from the mixer's frames to the provider's payloads: one payload of 20 ms for each frame, never more, at
//! the mixer's own pace. How much of it waits at the provider is `backlog`'s, and that enough does `cushion`'s.

mod backlog;
mod cushion;

use crosspoint_rooms::{PcmFrame, Resampler};

pub use self::backlog::{Backlog, Step};
pub use self::cushion::Cushion;
use crate::dialect::Format;

/// Samples a second in the room.
const ROOM: u32 = 48_000;
/// What is quieter than this nobody misses. dBFS.
const PAUSE_DB: f32 = -50.0;

/// One line's ear.
pub struct Ear {
    format: Format,
    resampler: Resampler,
    mono: Vec<f32>,
    resampled: Vec<f32>,
    bytes: Vec<u8>,
}

impl Ear {
    pub fn new(format: Format) -> Self {
        let (mono, resampled, bytes) = (Vec::new(), Vec::new(), Vec::new());
        Self { format, resampler: Resampler::new(ROOM, format.rate), mono, resampled, bytes }
    }

    /// Takes a frame of the mixer. Is it a pause?
    pub fn listen(&mut self, frame: &PcmFrame) -> bool {
        self.mono.clear();
        let channels = frame.channels.max(1);
        let whole = frame.samples.chunks_exact(channels);
        self.mono.extend(whole.map(|sample| sample.iter().sum::<f32>() / channels as f32));
        let energy: f32 = self.mono.iter().map(|sample| sample * sample).sum();
        let square = energy / self.mono.len().max(1) as f32;
        // The filter has to hear everything, also what is left out.
        self.resampled.clear();
        self.resampler.process(&self.mono, &mut self.resampled);
        self.format.encode(&self.resampled, &mut self.bytes);
        square < 10_f32.powf(PAUSE_DB / 10.0)
    }

    /// 20 ms of silence.
    pub fn silence(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.format.encode(&vec![0.0; self.format.rate as usize / 50], &mut bytes);
        bytes
    }

    /// The next payload of exactly 20 ms.
    pub fn payload(&mut self) -> Option<Vec<u8>> {
        let size = self.format.frame_bytes();
        (self.bytes.len() >= size).then(|| self.bytes.drain(..size).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosspoint_dsp::FRAME;
    use crosspoint_dsp::signals::sine;

    use super::*;

    fn frame(samples: &[f32], channels: usize) -> PcmFrame {
        PcmFrame { position: 0, samples: Arc::from(samples), channels }
    }

    #[test]
    fn each_frame_of_the_mixer_gives_one_payload_of_20_ms() {
        for format in [Format::MU_LAW, Format::A_LAW, Format::WIDE] {
            let mut ear = Ear::new(format);
            for _ in 0..100 {
                ear.listen(&frame(&[0.1; FRAME], 1));
                assert_eq!(ear.payload().map(|payload| payload.len()), Some(format.frame_bytes()));
                assert_eq!(ear.payload(), None);
            }
        }
    }

    #[test]
    fn a_pause_is_told_from_a_quiet_voice_and_two_channels_become_one() {
        let mut ear = Ear::new(Format::MU_LAW);
        assert!(ear.listen(&frame(&[0.0; FRAME], 1)));
        assert!(ear.listen(&frame(&sine(440.0, 0.004, FRAME), 1)), "-51 dB");
        assert!(!ear.listen(&frame(&sine(440.0, 0.006, FRAME), 1)), "-47 dB");
        let opposite: Vec<f32> = (0..2 * FRAME).map(|n| if n % 2 == 0 { 0.5 } else { -0.5 }).collect();
        assert!(ear.listen(&frame(&opposite, 2)));
    }

    #[test]
    fn a_tone_keeps_its_level() {
        let mut ear = Ear::new(Format::WIDE);
        let mut heard = Vec::new();
        for piece in sine(1000.0, 0.5, 48_000).chunks(FRAME) {
            ear.listen(&frame(piece, 1));
            while let Some(payload) = ear.payload() {
                Format::WIDE.decode(&payload, &mut heard);
            }
        }
        let middle = &heard[1600..14_400];
        let rms = (middle.iter().map(|sample| sample * sample).sum::<f32>() / middle.len() as f32).sqrt();
        let change = 20.0 * (rms / (0.5 / 2_f32.sqrt())).log10();
        assert!(change.abs() < 0.2, "{change} dB");
    }
}
