//! Brings every speaker to the same level, slowly. Frames of 20 ms in, the same frames out, without delay.
//!
//! Only speech counts: frames that are clearly louder than the softest of the last seconds. In pauses the gain stands
//! still, or it would turn up the noise. A guard turns it down at once where a peak would leave full scale; that passes
//! within a second and does not count as a louder speaker.

use crate::decibel::{from_factor, to_factor};
use crate::fade::Ramp;
use crate::sane;

/// Where speech shall be, in dBFS of the root mean square.
pub const TARGET_DB: f32 = -20.0;
/// The most that a soft speaker is raised by, unless said otherwise.
pub const MOST_DB: f32 = 24.0;

/// The most that a loud speaker is turned down by.
const LEAST_DB: f32 = -15.0;
/// The gain rises by so much in a frame of speech: 4 dB per second.
const UP_DB: f32 = 0.08;
/// And falls by so much: 20 dB per second.
const DOWN_DB: f32 = 0.4;
/// Speech is at least so much above the noise.
const ABOVE_NOISE_DB: f32 = 10.0;
/// And never below this.
const SOFTEST_DB: f32 = -60.0;
/// The speech level is the mean power of about so many frames of speech: 0.8 s, some syllables.
const MEMORY: f32 = 40.0;
/// The gain raises no sample beyond this.
const CEILING: f32 = 0.95;
/// The guard lets go by so much per frame: 12 dB per second.
const GUARD_RELEASE_DB: f32 = 0.24;

/// The automatic gain of one speaker.
#[derive(Clone, Debug)]
pub struct Agc {
    channels: usize,
    most_db: f32,
    noise: NoiseFloor,
    /// The mean power of the frames of speech, and how many there were up to [`MEMORY`].
    power: f32,
    heard: f32,
    gain_db: f32,
    /// What the guard takes away, in dB: 0 or less.
    guard_db: f32,
    /// The factor at the end of the last frame.
    applied: f32,
}

impl Agc {
    /// A gain of 0 dB for so many interleaved channels, that rises to `most_db` at most.
    pub fn new(channels: usize, most_db: f32) -> Self {
        Self {
            channels: channels.max(1),
            most_db: most_db.max(0.0),
            noise: NoiseFloor::default(),
            power: 0.0,
            heard: 0.0,
            gain_db: 0.0,
            guard_db: 0.0,
            applied: 1.0,
        }
    }

    /// The gain towards which it works now, in dB.
    pub fn gain_db(&self) -> f32 {
        self.gain_db
    }

    /// Applies the gain to a frame of 20 ms. What is not a number becomes silence.
    pub fn process(&mut self, frame: &mut [f32]) {
        frame.iter_mut().for_each(|sample| *sample = sane(*sample));
        let rms = crate::rms(frame);
        let level_db = from_factor(rms);
        self.noise.add(level_db);
        if level_db > SOFTEST_DB.max(self.noise.level_db() + ABOVE_NOISE_DB) {
            self.follow(rms);
        }
        let wanted = to_factor(self.gain_db + self.guard_db);
        let gain = self.guard(wanted, crate::peak(frame));
        self.apply(frame, gain);
    }

    fn follow(&mut self, rms: f32) {
        self.heard = (self.heard + 1.0).min(MEMORY);
        self.power += (rms * rms - self.power) / self.heard;
        let missing = TARGET_DB - from_factor(self.power.sqrt()) - self.gain_db;
        self.gain_db = (self.gain_db + missing.clamp(-DOWN_DB, UP_DB)).clamp(LEAST_DB, self.most_db);
    }

    /// The gain for a frame with this peak: less than wanted if it would leave full scale, but not less than 1 for that.
    fn guard(&mut self, wanted: f32, peak: f32) -> f32 {
        let bound = (CEILING / peak.max(f32::MIN_POSITIVE)).max(1.0);
        if wanted <= bound {
            self.guard_db = (self.guard_db + GUARD_RELEASE_DB).min(0.0);
            return wanted;
        }
        self.guard_db = (from_factor(bound) - self.gain_db).min(0.0);
        bound
    }

    /// From the last gain to this one within the frame, or on the way down before the first sample that is too loud.
    fn apply(&mut self, frame: &mut [f32], gain: f32) {
        let from = std::mem::replace(&mut self.applied, gain);
        let ceiling = CEILING.max(crate::peak(frame));
        let too_loud = |samples: &[f32]| crate::peak(samples) * from > ceiling;
        let until = if gain < from { frame.chunks(self.channels).position(too_loud) } else { None };
        let (ramp, rest) = frame.split_at_mut(until.map_or(frame.len(), |samples| samples * self.channels));
        Ramp { from, to: gain }.apply(ramp, self.channels);
        Ramp { from: gain, to: gain }.apply(rest, self.channels);
    }
}

/// The level of the softest frame of the last 3 to 4 s: what is there while nobody speaks.
#[derive(Clone, Debug)]
struct NoiseFloor {
    /// The softest of each of the last four spans.
    softest_db: [f32; 4],
    frames: u32,
}

/// Frames in a span: 1 s.
const SPAN: u32 = 50;

impl Default for NoiseFloor {
    fn default() -> Self {
        Self { softest_db: [f32::MAX; 4], frames: 0 }
    }
}

impl NoiseFloor {
    fn add(&mut self, level_db: f32) {
        if self.frames == SPAN {
            self.softest_db.rotate_right(1);
            self.softest_db[0] = f32::MAX;
            self.frames = 0;
        }
        self.softest_db[0] = self.softest_db[0].min(level_db);
        self.frames += 1;
    }

    fn level_db(&self) -> f32 {
        self.softest_db.iter().fold(f32::MAX, |least, softest| least.min(*softest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signals::{is_pause, noise, voice};
    use crate::{FRAME, RATE};

    const SECOND: usize = RATE as usize;

    fn controlled(agc: &mut Agc, samples: &[f32]) -> Vec<f32> {
        let mut out = samples.to_vec();
        out.chunks_mut(FRAME).for_each(|frame| agc.process(frame));
        out
    }

    /// The level of what [`voice`] says, without its pauses.
    fn spoken_db(samples: &[f32]) -> f32 {
        let spoken: Vec<f32> = samples.iter().enumerate().filter(|(n, _)| !is_pause(*n)).map(|(_, x)| *x).collect();
        from_factor(crate::rms(&spoken))
    }

    #[test]
    fn a_soft_and_a_loud_speaker_come_to_the_same_level() {
        for rms in [0.01, 0.03, 0.1, 0.25] {
            let out = controlled(&mut Agc::new(1, MOST_DB), &voice(130.0, rms, 20 * SECOND));
            let level = spoken_db(&out[10 * SECOND..]);
            assert!((level - TARGET_DB).abs() < 2.5, "{level} of {}", from_factor(rms));
        }
    }

    #[test]
    fn it_raises_by_no_more_than_it_may() {
        let mut agc = Agc::new(1, 12.0);
        let out = controlled(&mut agc, &voice(130.0, 0.003, 20 * SECOND));
        assert!((spoken_db(&out[10 * SECOND..]) + 38.46).abs() < 0.3, "{}", spoken_db(&out[10 * SECOND..]));
        assert!(agc.gain_db() <= 12.0);
    }

    #[test]
    fn noise_is_not_pumped_up_in_pauses() {
        let mut agc = Agc::new(1, MOST_DB);
        let mut talk = voice(130.0, 0.05, 10 * SECOND);
        talk.iter_mut().zip(noise(1, 0.002, 10 * SECOND)).for_each(|(sample, noise)| *sample += noise);
        controlled(&mut agc, &talk);
        let after_talk = agc.gain_db();
        let pause = controlled(&mut agc, &noise(2, 0.002, 30 * SECOND));
        assert!((agc.gain_db() - after_talk).abs() < 0.01, "{} after {after_talk}", agc.gain_db());
        assert!((from_factor(crate::rms(&pause[SECOND..])) + 53.98 - after_talk).abs() < 0.5);
    }

    #[test]
    fn noise_alone_is_never_raised() {
        let mut agc = Agc::new(1, MOST_DB);
        controlled(&mut agc, &noise(1, 0.01, 20 * SECOND));
        assert_eq!(agc.gain_db(), 0.0);
    }

    #[test]
    fn a_shout_after_whispering_does_not_clip() {
        let mut agc = Agc::new(1, MOST_DB);
        controlled(&mut agc, &voice(130.0, 0.008, 15 * SECOND));
        assert!(agc.gain_db() > 15.0, "{}", agc.gain_db());
        for gain in [0.2, 0.9, 1.0] {
            let mut frame = noise(9, 0.001, FRAME);
            frame[123..].iter_mut().zip(noise(3, gain / 3_f32.sqrt(), FRAME)).for_each(|(x, loud)| *x = loud);
            let loudest = crate::peak(&frame);
            agc.process(&mut frame);
            assert!(crate::peak(&frame) <= CEILING.max(loudest) + 1e-5, "{} of {loudest}", crate::peak(&frame));
        }
    }

    #[test]
    fn a_knock_does_not_count_as_a_loud_speaker() {
        let mut agc = Agc::new(1, MOST_DB);
        controlled(&mut agc, &voice(130.0, 0.02, 15 * SECOND));
        let before = agc.gain_db();
        let mut knock = vec![0.0; FRAME];
        knock[400] = 0.9;
        agc.process(&mut knock);
        let talk = controlled(&mut agc, &voice(130.0, 0.02, 4 * SECOND));
        assert!((agc.gain_db() - before).abs() < 1.5, "{} after {before}", agc.gain_db());
        assert!((spoken_db(&talk[2 * SECOND..]) - TARGET_DB).abs() < 2.5);
    }

    #[test]
    fn what_is_no_number_does_not_stay() {
        let mut agc = Agc::new(2, MOST_DB);
        agc.process(&mut [f32::NAN; 2 * FRAME]);
        let mut frame = vec![0.1; 2 * FRAME];
        agc.process(&mut frame);
        assert!(frame.iter().all(|sample| (sample - 0.1).abs() < 0.01));
    }
}
