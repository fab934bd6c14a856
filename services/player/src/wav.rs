//! A WAV file as samples of the room's kind: one channel, 48,000 a second. One or two channels, any usual rate, 16, 24 or 32 bits
//! (whole numbers), or 32-bit floating point.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::Resampler;
use hound::{SampleFormat, WavReader, WavSpec};

/// Samples a second in the room.
pub const ROOM: u32 = 48_000;
/// The rates that files have.
const RATES: std::ops::RangeInclusive<u32> = 8_000..=192_000;

/// A file that is being read.
pub struct Wav {
    path: PathBuf,
    reader: WavReader<BufReader<File>>,
    resampler: Resampler,
    is_over: bool,
}

impl Wav {
    /// Opens a file, as far as it is of a kind that can be played.
    pub fn open(path: &Path) -> Result<Self, Refusal> {
        let reader = WavReader::open(path).map_err(|error| unplayable(&format!("it is no WAV file: {error}")))?;
        let spec = reader.spec();
        check(spec)?;
        let resampler = Resampler::new(spec.sample_rate, ROOM);
        Ok(Self { path: path.to_owned(), reader, resampler, is_over: false })
    }

    /// Seconds that it lasts.
    pub fn duration(&self) -> f64 {
        f64::from(self.reader.duration()) / f64::from(self.reader.spec().sample_rate)
    }

    /// The next samples: about so many milliseconds of them. None: it is over.
    pub fn read(&mut self, milliseconds: u32) -> Option<Vec<f32>> {
        if self.is_over {
            return None;
        }
        let spec = self.reader.spec();
        let channels = usize::from(spec.channels);
        let most = (spec.sample_rate / 1000 * milliseconds) as usize * channels;
        let samples = self.raw(spec, most);
        self.is_over = samples.len() < most;
        let mono: Vec<f32> =
            samples.chunks_exact(channels).map(|sample| sample.iter().sum::<f32>() / channels as f32).collect();
        let mut out = Vec::new();
        self.resampler.process(&mono, &mut out);
        Some(out)
    }

    /// Begins anew. The filter goes on, so that nothing clicks where the end meets the beginning.
    pub fn rewind(&mut self) -> Result<(), Refusal> {
        let again = WavReader::open(&self.path).map_err(|error| unplayable(&error.to_string()))?;
        if again.spec() != self.reader.spec() {
            return Err(unplayable("it was changed while it was played"));
        }
        self.reader = again;
        self.is_over = false;
        Ok(())
    }

    /// What stands in the file, −1 to 1. A file that is cut off ends where it ends.
    fn raw(&mut self, spec: WavSpec, most: usize) -> Vec<f32> {
        match spec.sample_format {
            SampleFormat::Float => self.reader.samples::<f32>().take(most).map_while(Result::ok).collect(),
            SampleFormat::Int => {
                let full = (1_i64 << (spec.bits_per_sample - 1)) as f32;
                self.reader
                    .samples::<i32>()
                    .take(most)
                    .map_while(Result::ok)
                    .map(|sample| sample as f32 / full)
                    .collect()
            }
        }
    }
}

fn check(spec: WavSpec) -> Result<(), Refusal> {
    if !(1..=2).contains(&spec.channels) {
        return Err(unplayable(&format!("it has {} channels; one or two can be played", spec.channels)));
    }
    if !RATES.contains(&spec.sample_rate) {
        return Err(unplayable(&format!("it has {} samples a second; 8000 to 192000 can be played", spec.sample_rate)));
    }
    match (spec.sample_format, spec.bits_per_sample) {
        (SampleFormat::Int, 16 | 24 | 32) | (SampleFormat::Float, 32) => Ok(()),
        (_, bits) => Err(unplayable(&format!("its samples have {bits} bits; 16, 24 and 32 can be played"))),
    }
}

fn unplayable(why: &str) -> Refusal {
    Refusal::new(Code::InvalidRequest, format!("the file cannot be played: {why}"))
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Writes a file of this kind with so many samples per channel, all of this value of full scale.
    pub fn write(path: &Path, spec: WavSpec, count: u32, value: f32) {
        let mut writer = hound::WavWriter::create(path, spec).expect("a file");
        let full = f64::from(value) * (1_i64 << (spec.bits_per_sample - 1)) as f64;
        for _ in 0..count * u32::from(spec.channels) {
            match spec.sample_format {
                SampleFormat::Float => writer.write_sample(value).expect("written"),
                SampleFormat::Int => writer.write_sample(full as i32).expect("written"),
            }
        }
        writer.finalize().expect("whole");
    }

    pub fn spec(channels: u16, sample_rate: u32, bits_per_sample: u16) -> WavSpec {
        WavSpec { channels, sample_rate, bits_per_sample, sample_format: SampleFormat::Int }
    }

    #[test]
    fn every_usual_kind_of_file_is_read_at_its_loudness_and_length() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let float = WavSpec { sample_format: SampleFormat::Float, ..spec(1, 48_000, 32) };
        for spec in [spec(1, 48_000, 16), spec(2, 44_100, 16), spec(1, 8_000, 24), spec(2, 96_000, 32), float] {
            write(&path, spec, spec.sample_rate / 2, 0.5);
            let mut wav = Wav::open(&path).expect("playable");
            assert!((wav.duration() - 0.5).abs() < 0.001, "{spec:?}");
            let mut samples = Vec::new();
            while let Some(piece) = wav.read(100) {
                samples.extend(piece);
            }
            assert!(samples.len().abs_diff(24_000) <= 1, "{spec:?}: {}", samples.len());
            assert!((samples[12_000] - 0.5).abs() < 0.001, "{spec:?}: {}", samples[12_000]);
            wav.rewind().expect("again");
            assert!(wav.read(100).is_some());
        }
    }

    #[test]
    fn what_cannot_be_played_is_refused_in_words() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        let refused = |path: &Path| Wav::open(path).err().expect("refused");
        std::fs::write(&path, "RIFF and no more").expect("written");
        assert!(refused(&path).detail.contains("no WAV file"));
        for (spec, word) in
            [(spec(3, 48_000, 16), "channels"), (spec(1, 4_000, 16), "a second"), (spec(1, 48_000, 8), "bits")]
        {
            write(&path, spec, 10, 0.0);
            assert!(refused(&path).detail.contains(word), "{spec:?}");
        }
    }

    #[test]
    fn a_file_that_is_cut_off_ends_where_it_ends() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.wav");
        write(&path, spec(1, 48_000, 16), 48_000, 0.5);
        let bytes = std::fs::read(&path).expect("read");
        std::fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
        let mut wav = Wav::open(&path).expect("its head is whole");
        let mut pieces = 0;
        while wav.read(100).is_some() {
            pieces += 1;
        }
        assert!((4..=6).contains(&pieces), "{pieces}");
    }
}
