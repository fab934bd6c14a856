//! How the sound of a stream comes: bytes to samples and back.

use crosspoint_dsp::g711::{self, Law};

/// A sample that is full scale.
const FULL: f32 = 32_768.0;

/// How a sample is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// One byte, by one of the two laws.
    G711(Law),
    /// 16 bits with sign, the low byte first.
    Linear16,
}

/// How sound is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Each sample.
    pub codec: Codec,
    /// Samples a second.
    pub rate: u32,
}

impl Format {
    /// µ-law at 8000: what every provider has.
    pub const MU_LAW: Self = Self { codec: Codec::G711(Law::Mu), rate: 8000 };
    /// A-law at 8000.
    pub const A_LAW: Self = Self { codec: Codec::G711(Law::A), rate: 8000 };
    /// 16 bits at 16,000.
    pub const WIDE: Self = Self { codec: Codec::Linear16, rate: 16_000 };

    /// Bytes of 20 ms.
    pub fn frame_bytes(self) -> usize {
        self.rate as usize / 50 * self.sample_bytes()
    }

    /// Bytes as samples, added to `out`. False: half a sample is left over, and nothing was added.
    pub fn decode(self, bytes: &[u8], out: &mut Vec<f32>) -> bool {
        match self.codec {
            Codec::G711(law) => g711::decode(law, bytes, out),
            Codec::Linear16 => {
                let (pairs, rest) = bytes.as_chunks::<2>();
                if !rest.is_empty() {
                    return false;
                }
                out.extend(pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / FULL));
            }
        }
        true
    }

    /// Samples as bytes, added to `out`.
    pub fn encode(self, samples: &[f32], out: &mut Vec<u8>) {
        match self.codec {
            Codec::G711(law) => g711::encode(law, samples, out),
            // `as` saturates, and makes 0 of what is no number.
            Codec::Linear16 => {
                out.extend(samples.iter().flat_map(|sample| ((sample * FULL).round() as i16).to_le_bytes()));
            }
        }
    }

    fn sample_bytes(self) -> usize {
        match self.codec {
            Codec::G711(_) => 1,
            Codec::Linear16 => 2,
        }
    }
}
