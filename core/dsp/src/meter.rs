//! How loud was it, and did it clip? Frames in, and now and then their levels out.

use crate::decibel::from_factor;
use crate::sane;

/// From here on a sample counts as clipped.
const CLIPPED: f32 = 0.999;

/// What was heard since the last time one asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// The largest sample, in dBFS, not below −127.
    pub peak_db: f32,
    /// The root mean square, in dBFS, not below −127. A sine of full scale has −3.01.
    pub rms_db: f32,
    /// Did a sample reach full scale?
    pub clipped: bool,
}

/// Measures one participant or bus; all channels count together.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    peak: f32,
    /// Of f64, since ten minutes of small squares are lost in an f32.
    energy: f64,
    samples: u64,
}

impl Meter {
    /// Listens to a frame of any length.
    pub fn add(&mut self, frame: &[f32]) {
        let energy: f32 = frame.iter().map(|sample| sane(*sample).powi(2)).sum();
        self.peak = self.peak.max(crate::peak(frame));
        self.energy += f64::from(energy);
        self.samples += frame.len() as u64;
    }

    /// The levels since the last call; silence if nothing was added.
    pub fn take(&mut self) -> Levels {
        let heard = std::mem::take(self);
        let rms = (heard.energy / heard.samples.max(1) as f64).sqrt() as f32;
        Levels { peak_db: from_factor(heard.peak), rms_db: from_factor(rms), clipped: heard.peak >= CLIPPED }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{noise, sine};

    fn levels(samples: &[f32]) -> Levels {
        let mut meter = Meter::default();
        samples.chunks(960).for_each(|frame| meter.add(frame));
        meter.take()
    }

    #[test]
    fn a_sine_has_its_peak_and_three_decibels_less() {
        let heard = levels(&sine(997.0, 0.1, 48_000));
        assert!((heard.peak_db + 20.0).abs() < 0.01 && (heard.rms_db + 23.01).abs() < 0.01, "{heard:?}");
        assert!(!heard.clipped);
    }

    #[test]
    fn noise_has_its_root_mean_square() {
        assert!((levels(&noise(3, 0.01, 48_000)).rms_db + 40.0).abs() < 0.1);
    }

    #[test]
    fn silence_and_nothing_are_at_the_floor() {
        let floor = Levels { peak_db: -127.0, rms_db: -127.0, clipped: false };
        assert_eq!((levels(&[0.0; 960]), levels(&[]), levels(&[f32::NAN])), (floor, floor, floor));
    }

    #[test]
    fn full_scale_is_clipped_once() {
        let mut meter = Meter::default();
        meter.add(&[0.0, -1.0]);
        assert!(meter.take().clipped);
        assert!(!meter.take().clipped);
        meter.add(&[0.998]);
        assert!(!meter.take().clipped);
    }
}
