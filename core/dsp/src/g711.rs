//! G.711: one byte a sample, 8,000 a second, as telephone networks carry it (ITU-T G.711, 1988).
//!
//! Both laws cut the range of a sample into segments that double in size, and each segment into 16 steps.

/// Which of the two laws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// North America and Japan (PCMU, `audio/x-mulaw`).
    Mu,
    /// Elsewhere (PCMA, `audio/x-alaw`).
    A,
}

/// The byte of silence under µ-law.
pub const MU_SILENCE: u8 = 0xFF;

const FULL: f32 = 32_768.0;
/// Added before µ-law looks for the segment, so that the first one begins at it.
const BIAS: i32 = 0x84;
/// The largest magnitude that µ-law has a code for.
const CLIP: i32 = 32_635;

/// Samples (−1 to 1) as bytes, added to `out`. What is louder than full scale is as loud as can be.
pub fn encode(law: Law, samples: &[f32], out: &mut Vec<u8>) {
    out.extend(samples.iter().map(|sample| {
        // `as` saturates, and makes 0 of what is no number.
        let linear = (sample * FULL).round() as i16;
        match law {
            Law::Mu => mu_of(linear),
            Law::A => a_of(linear),
        }
    }));
}

/// Bytes as samples, added to `out`.
pub fn decode(law: Law, bytes: &[u8], out: &mut Vec<f32>) {
    out.extend(bytes.iter().map(|byte| {
        let linear = match law {
            Law::Mu => of_mu(*byte),
            Law::A => of_a(*byte),
        };
        f32::from(linear) / FULL
    }));
}

fn mu_of(linear: i16) -> u8 {
    let sign = if linear < 0 { 0x80 } else { 0 };
    let magnitude = i32::from(linear).abs().min(CLIP) + BIAS;
    let segment = (magnitude >> 7).ilog2();
    let step = (magnitude >> (segment + 3)) & 0x0F;
    // The bits go inverted over the line, so that silence has many ones.
    !(sign | (segment as u8) << 4 | step as u8)
}

fn of_mu(byte: u8) -> i16 {
    let code = !byte;
    let segment = u32::from(code >> 4 & 0x07);
    let step = i32::from(code & 0x0F);
    let magnitude = (((step << 3) + BIAS) << segment) - BIAS;
    (if code & 0x80 == 0 { magnitude } else { -magnitude }) as i16
}

/// Every second bit goes inverted over the line.
const EVEN_BITS: u8 = 0x55;

fn a_of(linear: i16) -> u8 {
    let sign = if linear < 0 { 0 } else { 0x80 };
    // Thirteen bits; of the negative half the ones' complement, so that it has as many codes as the other.
    let magnitude = i32::from(if linear < 0 { !linear } else { linear }) >> 3;
    let code = if magnitude < 32 {
        magnitude >> 1
    } else {
        let segment = magnitude.ilog2() - 4;
        ((segment as i32) << 4) | (magnitude >> segment & 0x0F)
    };
    (sign | code as u8) ^ EVEN_BITS
}

fn of_a(byte: u8) -> i16 {
    let code = byte ^ EVEN_BITS;
    let segment = u32::from(code >> 4 & 0x07);
    let step = i32::from(code & 0x0F);
    // The middle of the step.
    let magnitude = match segment {
        0 => (step << 4) + 8,
        _ => ((step << 4) + 0x108) << (segment - 1),
    };
    (if code & 0x80 == 0 { -magnitude } else { magnitude }) as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_recommendation() {
        // G.711 tables 1a to 2b: the ends and the middle of each law, as 16 bits.
        for (byte, linear) in [(0x80, 32_124), (0x00, -32_124), (0xFF, 0), (0x7F, 0), (0xFE, 8), (0x8F, 16_764)] {
            assert_eq!(of_mu(byte), linear, "µ-law {byte:#x}");
        }
        for (byte, linear) in [(0xD5, 8), (0x55, -8), (0xAA, 32_256), (0x2A, -32_256), (0xD4, 24)] {
            assert_eq!(of_a(byte), linear, "A-law {byte:#x}");
        }
    }

    #[test]
    fn every_code_is_its_own_again() {
        for byte in 0..=u8::MAX {
            // Negative zero of µ-law comes back as zero.
            let mu = if byte == 0x7F { 0xFF } else { byte };
            assert_eq!(mu_of(of_mu(byte)), mu, "µ-law");
            assert_eq!(a_of(of_a(byte)), byte, "A-law");
        }
    }

    #[test]
    fn a_sample_is_off_by_no_more_than_half_a_step() {
        for linear in i16::MIN..=i16::MAX {
            let magnitude = i32::from(linear).abs();
            let bound = (magnitude / 32 + 8).max(8);
            let mu = i32::from(of_mu(mu_of(linear))) - i32::from(linear);
            assert!(mu.abs() <= bound.max(magnitude - CLIP + 512), "µ-law {linear}: off by {mu}");
            let a = i32::from(of_a(a_of(linear))) - i32::from(linear);
            assert!(a.abs() <= bound.max(512), "A-law {linear}: off by {a}");
        }
    }

    #[test]
    fn what_is_too_loud_or_no_number_does_no_harm() {
        let mut bytes = Vec::new();
        encode(Law::Mu, &[9.0, -9.0, f32::NAN], &mut bytes);
        assert_eq!(bytes, [0x80, 0x00, MU_SILENCE]);
    }
}
