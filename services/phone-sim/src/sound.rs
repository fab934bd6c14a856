//! Sound files on their way to and from a telephone line: WAV files, mono, 8,000 samples a second.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crosspoint_dsp::resample::Resampler;
use hound::{SampleFormat, WavReader, WavSpec, WavWriter};
use serde::Deserialize;

use crate::{RATE, SimulatorError};

/// What a caller plays.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Play {
    /// A tone of so many Hz at `level` dB below a sine of full scale.
    Tone {
        /// Its frequency.
        hz: f32,
        /// Its level in dB: 0 is full scale.
        #[serde(default = "usual_level")]
        level: f32,
    },
    /// A WAV file of the folder in [`Settings::files`](crate::Settings::files).
    File(String),
    /// Samples at 8,000 a second, −1 to 1. Not over HTTP.
    #[serde(skip)]
    Samples(Arc<[f32]>),
}

fn usual_level() -> f32 {
    -12.0
}

/// Reads a WAV file for a line: 8,000, 16,000, 24,000 or 48,000 samples a second; several channels become one.
///
/// # Errors
///
/// Files that are no WAV files, or of another rate.
pub fn read_wav(path: &Path) -> Result<Arc<[f32]>, SimulatorError> {
    let name = path.display().to_string();
    let bytes =
        std::fs::read(path).map_err(|error| SimulatorError::Sound { name: name.clone(), why: error.to_string() })?;
    decode_wav(&bytes).map_err(|why| SimulatorError::Sound { name, why })
}

/// Samples at 8,000 a second as a WAV file of 16 bits.
pub fn wav_bytes(samples: &[i16]) -> Vec<u8> {
    let spec = WavSpec { channels: 1, sample_rate: RATE, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::with_capacity(44 + samples.len() * 2));
    let mut writer = WavWriter::new(&mut bytes, spec).expect("memory takes a header");
    for sample in samples {
        writer.write_sample(*sample).expect("memory takes a sample");
    }
    writer.finalize().expect("memory takes the length");
    bytes.into_inner()
}

/// The file of this name in the folder. Names that lead elsewhere are not found.
pub(crate) fn in_folder(folder: Option<&PathBuf>, name: &str) -> Result<Arc<[f32]>, SimulatorError> {
    let sound = |why: &str| SimulatorError::Sound { name: name.to_owned(), why: why.to_owned() };
    let folder = folder.ok_or_else(|| sound("the simulator was given no folder of files"))?;
    if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
        return Err(sound("a file is named without a folder"));
    }
    read_wav(&folder.join(name))
}

/// Reads a whole file in memory.
pub(crate) fn decode_wav(bytes: &[u8]) -> Result<Arc<[f32]>, String> {
    let mut reader = WavReader::new(Cursor::new(bytes)).map_err(|error| error.to_string())?;
    let spec = reader.spec();
    let samples: Vec<f32> = match spec.sample_format {
        SampleFormat::Float => collect(reader.samples::<f32>().map(|sample| sample.map(f64::from)))?,
        SampleFormat::Int => {
            let full = f64::from(1_u32 << (spec.bits_per_sample - 1).min(31));
            collect(reader.samples::<i32>().map(|sample| sample.map(|sample| f64::from(sample) / full)))?
        }
    };
    let channels = usize::from(spec.channels.max(1));
    let mono: Vec<f32> =
        samples.chunks_exact(channels).map(|frame| frame.iter().sum::<f32>() / channels as f32).collect();
    at_line_rate(&mono, spec.sample_rate)
}

fn collect(samples: impl Iterator<Item = hound::Result<f64>>) -> Result<Vec<f32>, String> {
    samples
        .map(|sample| sample.map(|sample| sample as f32))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

fn at_line_rate(mono: &[f32], rate: u32) -> Result<Arc<[f32]>, String> {
    if rate == RATE {
        return Ok(mono.into());
    }
    let mut resampler = Resampler::new(rate, RATE)
        .ok_or_else(|| format!("{rate} samples a second; 8000, 16000, 24000 and 48000 can be played"))?;
    let frame = rate as usize / 50;
    // Silence at the end pushes out what the filter still holds.
    let padded = mono.len() + frame;
    let mut out = Vec::with_capacity(padded / frame * crate::FRAME);
    for start in (0..padded).step_by(frame) {
        let piece = mono.get(start..).unwrap_or(&[]);
        out.extend_from_slice(resampler.process(&piece[..piece.len().min(frame)]));
    }
    Ok(out.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::Tone;

    fn tone(rate: u32) -> Vec<f32> {
        // A tone of 400 Hz at that rate is one of `400 × 8000 / rate` at ours.
        let mut samples = vec![0.0; rate as usize];
        Tone::new(400.0 * RATE as f32 / rate as f32, -6.0).fill(&mut samples);
        samples
    }

    #[test]
    fn what_is_written_is_read_again() {
        let samples: Vec<i16> = (0..1_600).map(|n| (n * 20 - 16_000) as i16).collect();
        let read = decode_wav(&wav_bytes(&samples)).unwrap();
        let again: Vec<i16> = read.iter().map(|sample| (sample * 32_768.0) as i16).collect();
        assert_eq!(again, samples);
    }

    #[test]
    fn files_of_other_rates_keep_their_pitch_and_level() {
        let heard = at_line_rate(&tone(48_000), 48_000).unwrap();
        let middle = &heard[2_000..6_000];
        let crossings = middle.windows(2).filter(|pair| pair[0] < 0.0 && pair[1] >= 0.0).count();
        assert!((199..=201).contains(&crossings), "{crossings}");
        let peak = middle.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((peak - 0.501).abs() < 0.02, "{peak}");
        assert!(at_line_rate(&tone(44_100), 44_100).is_err());
    }

    #[test]
    fn names_that_lead_out_of_the_folder_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(folder.path().join("secret.wav"), wav_bytes(&[1, 2])).unwrap();
        std::fs::write(inside.join("open.wav"), wav_bytes(&[1, 2])).unwrap();
        assert!(in_folder(Some(&inside), "open.wav").is_ok());
        for name in ["../secret.wav", "..", "", "/etc/passwd"] {
            assert!(in_folder(Some(&inside), name).is_err(), "{name}");
        }
        assert!(in_folder(None, "open.wav").is_err());
    }
}
