//! Samples as bytes: 16 bits, little-endian, one channel, at the client's rate. In the room they are `f32` at 48,000 a second.

use bytes::Bytes;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::{PcmFrame, Resampler};

/// Samples a second in the room.
const ROOM: u32 = 48_000;
/// A sample that is full scale.
const FULL: f32 = 32_768.0;

/// The client's rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// Speech, as most recognisers take it.
    Hz16000,
    /// What the room has.
    Hz48000,
}

impl Rate {
    /// From the query.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        match text {
            "16000" => Ok(Self::Hz16000),
            "48000" => Ok(Self::Hz48000),
            _ => Err(Refusal::new(Code::InvalidRequest, "rate is 16000 or 48000 samples a second")),
        }
    }

    /// Samples a second.
    pub fn samples(self) -> u32 {
        match self {
            Self::Hz16000 => 16_000,
            Self::Hz48000 => ROOM,
        }
    }

    /// Samples in 20 ms.
    pub fn frame(self) -> usize {
        self.samples() as usize / 50
    }
}

/// Carries sound between one client and the room.
pub struct Converter {
    up: Option<Resampler>,
    down: Option<Resampler>,
    samples: Vec<f32>,
    resampled: Vec<f32>,
}

impl Converter {
    pub fn new(rate: Rate) -> Self {
        let resampler = |from, to| (rate != Rate::Hz48000).then(|| Resampler::new(from, to));
        Self {
            up: resampler(rate.samples(), ROOM),
            down: resampler(ROOM, rate.samples()),
            samples: Vec::new(),
            resampled: Vec::new(),
        }
    }

    /// What a client sent, for the room. Refused when half a sample is left over.
    pub fn for_room(&mut self, bytes: &[u8]) -> Result<&[f32], Refusal> {
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            let detail = "a binary frame has an odd number of bytes: samples have two each, the low one first";
            return Err(Refusal::new(Code::MalformedMessage, detail));
        }
        self.samples.clear();
        self.samples.extend(pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / FULL));
        let Some(resampler) = &mut self.up else { return Ok(&self.samples) };
        self.resampled.clear();
        resampler.process(&self.samples, &mut self.resampled);
        Ok(&self.resampled)
    }

    /// What the room lets hear, for a client. Of two channels, what both have in common.
    pub fn for_client(&mut self, frame: &PcmFrame) -> Bytes {
        self.samples.clear();
        let channels = frame.channels.max(1);
        let whole = frame.samples.chunks_exact(channels);
        self.samples.extend(whole.map(|sample| sample.iter().sum::<f32>() / channels as f32));
        let samples = match &mut self.down {
            None => &self.samples,
            Some(resampler) => {
                self.resampled.clear();
                resampler.process(&self.samples, &mut self.resampled);
                &self.resampled
            }
        };
        // `as` rounds towards zero and stays in range: a limiter keeps the mix there, a filter may overshoot.
        samples.iter().flat_map(|sample| ((sample * FULL).round() as i16).to_le_bytes()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn bytes(samples: &[i16]) -> Vec<u8> {
        samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
    }

    fn frame(samples: &[f32], channels: usize) -> PcmFrame {
        PcmFrame { position: 0, samples: Arc::from(samples), channels }
    }

    #[test]
    fn at_the_room_s_rate_samples_go_through_as_they_are() {
        let mut converter = Converter::new(Rate::Hz48000);
        let sent = [0, 1, -1, i16::MAX, i16::MIN];
        let heard = converter.for_room(&bytes(&sent)).expect("whole samples").to_vec();
        assert_eq!(converter.for_client(&frame(&heard, 1)), bytes(&sent));
    }

    #[test]
    fn at_another_rate_each_frame_of_20_ms_gives_one() {
        let mut converter = Converter::new(Rate::Hz16000);
        assert_eq!(converter.for_room(&bytes(&[0; 320])).expect("whole samples").len(), 960);
        for _ in 0..10 {
            assert_eq!(converter.for_client(&frame(&[0.0; 960], 1)).len(), 2 * 320);
        }
    }

    #[test]
    fn two_channels_become_one_and_what_is_too_loud_does_not_wrap() {
        let mut converter = Converter::new(Rate::Hz48000);
        assert_eq!(
            converter.for_client(&frame(&[0.5, 0.0, 2.0, 2.0, -9.0, -9.0], 2)),
            bytes(&[8192, i16::MAX, i16::MIN])
        );
    }

    #[test]
    fn half_a_sample_is_refused() {
        assert_eq!(Converter::new(Rate::Hz48000).for_room(&[1, 2, 3]).expect_err("odd").code, Code::MalformedMessage);
    }
}
