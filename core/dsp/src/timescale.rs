//! Makes what waits to be played a little shorter or longer without anybody hearing it: one period of the voice is taken
//! out, or said twice. What comes in is the buffer, what comes out is by how much its length changed.
//!
//! ```text
//!            |<---- lag ---->|<- overlap ->|
//! shorten:   [fades out]·····[fades in]·······rest      out = [cross-fade] + rest
//! lengthen:  [fades in]······[fades out]······rest      out = all up to the cross-fade + [cross-fade] + what follows [fades in]
//! ```
//!
//! The lag is the one with the highest normalised correlation between the two pieces that are to be one, as in WSOLA
//! (Verhelst and Roelands, 1993). Where even that is low, as in the middle of a consonant, nothing is done.

use crate::RATE;
use crate::decibel::from_factor;

/// The shortest piece that is taken out or put in, in samples per channel: 2.5 ms.
pub const SHORTEST: usize = RATE as usize / 400;
/// The longest: 15 ms, a little more than one period of a low voice.
pub const LONGEST: usize = RATE as usize * 3 / 200;

/// Over so much is compared and faded, in samples per channel: 10 ms, or down to 5 ms in a short buffer.
const OVERLAP: usize = RATE as usize / 100;
const LEAST_OVERLAP: usize = OVERLAP / 2;
/// Pieces that are less alike than this stay apart.
const ALIKE: f32 = 0.9;
/// Below this nobody hears what is done, alike or not.
const QUIET_DB: f32 = -50.0;

/// Takes up to `most` samples per channel out of the beginning of `buffer` (interleaved). Says how many samples per channel
/// are gone: 0, or between [`SHORTEST`] and [`LONGEST`].
pub fn shorten(buffer: &mut Vec<f32>, channels: usize, most: usize) -> usize {
    let Some(Splice { lag, overlap }) = Splice::find(buffer, channels, most) else { return 0 };
    for at in 0..overlap * channels {
        let fading_in = weight(at, overlap, channels);
        let later = buffer[at + lag * channels];
        buffer[at] += fading_in * (later - buffer[at]);
    }
    buffer.copy_within((lag + overlap) * channels.., overlap * channels);
    buffer.truncate(buffer.len() - lag * channels);
    lag
}

/// Puts up to `most` samples per channel into the beginning of `buffer` (interleaved). Says how many samples per channel
/// were added: 0, or between [`SHORTEST`] and [`LONGEST`]. Allocates if the buffer has no room for them.
pub fn lengthen(buffer: &mut Vec<f32>, channels: usize, most: usize) -> usize {
    let Some(Splice { lag, overlap }) = Splice::find(buffer, channels, most) else { return 0 };
    let before = buffer.len();
    buffer.resize(before + lag * channels, 0.0);
    buffer.copy_within(..before, lag * channels);
    // The beginning now stands twice. Its second saying is entered from what followed the first.
    let second = lag * channels;
    for at in 0..overlap * channels {
        let fading_out = 1.0 - weight(at, overlap, channels);
        let followed = buffer[at + 2 * second];
        buffer[at + second] += fading_out * (followed - buffer[at + second]);
    }
    lag
}

/// How far the cross-fade has got at sample `at`: from above 0 to 1.
fn weight(at: usize, overlap: usize, channels: usize) -> f32 {
    (at / channels + 1) as f32 / overlap as f32
}

/// Where two pieces of a buffer become one.
struct Splice {
    /// Samples per channel between them.
    lag: usize,
    /// Samples per channel in each.
    overlap: usize,
}

impl Splice {
    fn find(buffer: &[f32], channels: usize, most: usize) -> Option<Self> {
        let samples = buffer.len() / channels.max(1);
        let overlap = samples.saturating_sub(LONGEST).clamp(LEAST_OVERLAP, OVERLAP);
        let longest = samples.saturating_sub(overlap).min(LONGEST).min(most);
        if longest < SHORTEST || channels == 0 {
            return None;
        }
        let region = &buffer[..(longest + overlap) * channels];
        if from_factor(crate::rms(region)) < QUIET_DB {
            return Some(Self { lag: longest, overlap });
        }
        let (lag, likeness) = most_alike(region, channels, overlap, longest);
        (likeness >= ALIKE).then_some(Self { lag, overlap })
    }
}

/// The lag at which the first `overlap` samples of the region come again most alike, and their normalised correlation.
fn most_alike(region: &[f32], channels: usize, overlap: usize, longest: usize) -> (usize, f32) {
    let mut mixed = [0.0; LONGEST + OVERLAP];
    mix_down(region, channels, &mut mixed);
    let first = &mixed[..overlap];
    let energy = f64::from(dot(first, first));
    // Of f64, since what is added here is subtracted again later.
    let mut later_energy: f64 = mixed[SHORTEST..SHORTEST + overlap].iter().map(|sample| square(*sample)).sum();
    let mut best = (SHORTEST, f32::MIN);
    for lag in SHORTEST..=longest {
        let later = &mixed[lag..lag + overlap];
        let likeness = dot(first, later) / (energy * later_energy).sqrt().max(f64::MIN_POSITIVE) as f32;
        if likeness > best.1 {
            best = (lag, likeness);
        }
        later_energy -= square(mixed[lag]);
        later_energy += mixed.get(lag + overlap).map_or(0.0, |sample| square(*sample));
    }
    best
}

/// One channel out of all; the first counts most, so that two in opposite phase do not cancel each other.
fn mix_down(region: &[f32], channels: usize, mixed: &mut [f32]) {
    for (samples, mixed) in region.chunks_exact(channels).zip(mixed) {
        *mixed = samples[0] + 0.5 * samples[1..].iter().sum::<f32>();
    }
}

fn square(sample: f32) -> f64 {
    f64::from(sample) * f64::from(sample)
}

/// The sum of products, in lanes that the compiler turns into vectors: sums of floats in one row it must not reorder.
pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    const LANES: usize = 16;
    let mut sums = [0.0; LANES];
    let (one, one_rest) = one.as_chunks::<LANES>();
    let (other, other_rest) = other.as_chunks::<LANES>();
    for (a, b) in one.iter().zip(other) {
        (0..LANES).for_each(|lane| sums[lane] += a[lane] * b[lane]);
    }
    let rest: f32 = one_rest.iter().zip(other_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME;
    use crate::signals::{noise, sine, voice};
    use crate::spectrum::{click_score, thdn};

    /// A whole number of samples is not a whole number of periods, so the phase after a cut is off by a fraction of a
    /// sample. Against one tone fitted over both sides that is −50 dB for most tones, −33.6 dB for the worst (2,524 Hz).
    const PHASE_DB: f64 = -33.0;

    /// 100 ms of a tone, then two frames of it that `change` has changed, and 100 ms that follow them without a seam.
    fn changed(hz: f64, change: impl Fn(&mut Vec<f32>) -> usize) -> Vec<f32> {
        let tone = sine(hz, 0.5, 9600 + 2 * FRAME);
        let mut middle = tone[4800..4800 + 2 * FRAME].to_vec();
        assert!(change(&mut middle) > 0, "{hz} Hz");
        [&tone[..4800], &middle[..], &tone[4800 + 2 * FRAME..]].concat()
    }

    fn tones() -> impl Iterator<Item = f64> {
        (0..).map(|n| 100.0 * 1.037_f64.powi(n)).take_while(|hz| *hz <= 4000.0)
    }

    #[test]
    fn a_steady_tone_stays_a_steady_tone_when_it_is_shortened() {
        for hz in tones() {
            let short = changed(hz, |buffer| shorten(buffer, 1, LONGEST));
            assert!(short.len() < 9600 + 2 * FRAME);
            assert!(thdn(&short, hz) < PHASE_DB, "{hz} Hz: {} dB", thdn(&short, hz));
            assert!(click_score(&short, hz) < -60.0, "{hz} Hz: {} dB", click_score(&short, hz));
        }
    }

    #[test]
    fn a_steady_tone_stays_a_steady_tone_when_it_is_lengthened() {
        for hz in tones() {
            let long = changed(hz, |buffer| lengthen(buffer, 1, LONGEST));
            assert!(long.len() > 9600 + 2 * FRAME);
            assert!(thdn(&long, hz) < PHASE_DB, "{hz} Hz: {} dB", thdn(&long, hz));
            assert!(click_score(&long, hz) < -60.0, "{hz} Hz: {} dB", click_score(&long, hz));
        }
    }

    #[test]
    fn the_tones_that_one_measures_with_keep_their_phase() {
        for hz in [100.0, 200.0, 250.0, 440.0, 500.0, 997.0, 1000.0, 1500.0, 2000.0, 3000.0, 4000.0] {
            let short = changed(hz, |buffer| shorten(buffer, 1, LONGEST));
            assert!(thdn(&short, hz) < -43.0, "{hz} Hz: {} dB", thdn(&short, hz));
        }
    }

    #[test]
    fn one_frame_is_enough_for_a_low_voice() {
        let mut buffer = sine(90.0, 0.5, FRAME);
        assert_eq!(shorten(&mut buffer, 1, LONGEST), 533);
        assert_eq!(buffer.len(), FRAME - 533);
    }

    #[test]
    fn the_length_changes_by_what_is_said_and_by_no_more_than_is_wanted() {
        let voice = voice(140.0, 0.1, 2 * FRAME);
        for most in [SHORTEST, 300, 500, LONGEST] {
            let (mut short, mut long) = (voice.clone(), voice.clone());
            let (gone, added) = (shorten(&mut short, 1, most), lengthen(&mut long, 1, most));
            assert_eq!((short.len() + gone, long.len() - added), (voice.len(), voice.len()));
            assert!(gone <= most && added <= most);
        }
        assert_eq!(shorten(&mut voice.clone(), 1, SHORTEST - 1), 0);
        assert_eq!(shorten(&mut voice[..300].to_vec(), 1, LONGEST), 0, "too short to look at");
        assert_eq!(shorten(&mut Vec::new(), 2, LONGEST), 0);
    }

    #[test]
    fn both_channels_are_cut_at_the_same_place() {
        let stereo: Vec<f32> = sine(300.0, 0.5, 2 * FRAME).iter().flat_map(|left| [*left, -left]).collect();
        for change in [shorten, lengthen] {
            let mut buffer = stereo.clone();
            assert!(change(&mut buffer, 2, LONGEST) > 0);
            assert!(buffer.chunks_exact(2).all(|pair| (pair[1] + pair[0]).abs() < 1e-6));
        }
    }

    #[test]
    fn loud_noise_stays_and_soft_noise_goes() {
        let mut loud = noise(1, 0.1, 2 * FRAME);
        assert_eq!((shorten(&mut loud, 1, LONGEST), lengthen(&mut loud, 1, LONGEST)), (0, 0));
        assert_eq!(loud, noise(1, 0.1, 2 * FRAME));
        let mut soft = noise(1, 0.001, 2 * FRAME);
        assert_eq!(shorten(&mut soft, 1, LONGEST), LONGEST);
        assert_eq!(lengthen(&mut vec![0.0; FRAME], 1, 500), 500);
    }

    #[test]
    fn most_of_a_voice_can_be_shortened() {
        let voice = voice(120.0, 0.1, 96_000);
        let cuts = voice.chunks_exact(2 * FRAME).filter(|piece| shorten(&mut piece.to_vec(), 1, LONGEST) > 0).count();
        assert!(cuts >= 40, "{cuts} of 50");
    }

    #[test]
    fn what_is_no_number_is_left_alone() {
        let mut buffer = sine(300.0, 0.5, 2 * FRAME);
        buffer[100] = f32::NAN;
        assert_eq!(shorten(&mut buffer, 1, LONGEST), 0);
    }
}
