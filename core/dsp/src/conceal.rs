//! Goes on with a voice where nothing has come of it, so that one late frame is no gap: its last period is said again and again,
//! softer with time, as in ITU-T G.711 Appendix I. What comes then is faded into it. One channel.

use crate::fade::{self, EDGE};
use crate::timescale::dot;
use crate::{RATE, decibel};

/// So long a sound is gone on with: 60 ms. Longer it would sound like a machine.
pub const LONGEST: usize = RATE as usize * 3 / 50;

/// The shortest period: 5 ms; a higher voice is said in several periods at once.
const SHORTEST_PERIOD: usize = RATE as usize / 200;
/// The longest: 15 ms.
const LONGEST_PERIOD: usize = RATE as usize * 3 / 200;
/// Over so much is compared: 10 ms.
const WINDOW: usize = RATE as usize / 100;
/// So much of what was heard last is kept.
const HEARD: usize = LONGEST_PERIOD + WINDOW;
/// So long it stays as loud as it was: 10 ms.
const LOUD: usize = RATE as usize / 100;
/// Less alike than this is no voice: noise that came again soon would buzz.
const ALIKE: f32 = 0.5;
/// Below this nobody hears what is done.
const QUIET_DB: f32 = -70.0;

/// See the module's head.
#[derive(Clone, Debug)]
pub struct Concealment {
    /// The last that was heard of the sound itself.
    heard: Vec<f32>,
    /// What is said again.
    period: Vec<f32>,
    /// By how much the first sample that is made would step away from the last that was heard.
    step: f32,
    made: usize,
}

impl Default for Concealment {
    fn default() -> Self {
        Self { heard: vec![0.0; HEARD], period: Vec::with_capacity(LONGEST_PERIOD), step: 0.0, made: 0 }
    }
}

impl Concealment {
    /// This was heard.
    pub fn remember(&mut self, sound: &[f32]) {
        self.made = 0;
        let last = &sound[sound.len().saturating_sub(HEARD)..];
        self.heard.rotate_left(last.len());
        self.heard[HEARD - last.len()..].copy_from_slice(last);
    }

    /// Adds so many samples to `out`: silence once [`LONGEST`] were made.
    pub fn go_on(&mut self, samples: usize, out: &mut Vec<f32>) {
        if self.made == 0 {
            self.find_period();
        }
        out.extend((0..samples).map(|_| self.next()));
    }

    /// What was made goes over into what comes now.
    pub fn join(&mut self, sound: &mut [f32]) {
        fade::fade_in(sound, 1);
        let edge = EDGE.min(sound.len());
        for (at, sample) in sound[..edge].iter_mut().enumerate() {
            *sample += self.next() * (1.0 - (at + 1) as f32 / edge as f32);
        }
    }

    /// Has it gone on since something was heard?
    pub fn has_begun(&self) -> bool {
        self.made > 0
    }

    /// Is nothing heard of it any more?
    pub fn is_over(&self) -> bool {
        self.made >= LONGEST
    }

    fn next(&mut self) -> f32 {
        let at = self.made;
        self.made += 1;
        if at >= LONGEST || self.period.is_empty() {
            return 0.0;
        }
        let step = if at < EDGE { self.step * (1.0 - (at + 1) as f32 / EDGE as f32) } else { 0.0 };
        let fading = at.saturating_sub(LOUD) as f32 / (LONGEST - LOUD) as f32;
        (self.period[at % self.period.len()] + step) * (1.0 - fading)
    }

    fn find_period(&mut self) {
        self.period.clear();
        if decibel::from_factor(crate::rms(&self.heard)) < QUIET_DB {
            return;
        }
        let length = period(&self.heard);
        self.period.extend_from_slice(&self.heard[HEARD - length..]);
        // Its end leads to its beginning: over a quarter it becomes what came before the beginning.
        let quarter = (length / 4).min(HEARD - length);
        let before = &self.heard[HEARD - length - quarter..HEARD - length];
        for (at, before) in before.iter().enumerate() {
            let weight = (at + 1) as f32 / quarter as f32;
            let sample = &mut self.period[length - quarter + at];
            *sample += weight * (before - *sample);
        }
        self.step = self.heard[HEARD - 1] - self.heard[HEARD - length - 1];
    }
}

/// The lag at which the end comes again most alike; the longest for what is no voice.
fn period(heard: &[f32]) -> usize {
    let end = &heard[HEARD - WINDOW..];
    let energy = dot(end, end);
    let likeness = |lag: usize| {
        let earlier = &heard[HEARD - WINDOW - lag..HEARD - lag];
        dot(end, earlier) / (energy * dot(earlier, earlier)).sqrt().max(f32::MIN_POSITIVE)
    };
    let all = (SHORTEST_PERIOD..=LONGEST_PERIOD).map(|lag| (lag, likeness(lag)));
    let best = all.fold((LONGEST_PERIOD, ALIKE), |best, one| if one.1 > best.1 { one } else { best });
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FRAME;
    use crate::signals::{noise, sine, voice};
    use crate::spectrum::{click_score, tone_level};

    /// A tone of which a piece of so many samples is missing in the middle.
    fn mended(hz: f64, missing: usize) -> Vec<f32> {
        let tone = sine(hz, 0.5, 20 * FRAME);
        let (before, rest) = tone.split_at(10 * FRAME);
        let mut concealment = Concealment::default();
        before.chunks(FRAME).for_each(|frame| concealment.remember(frame));
        let mut made = Vec::new();
        concealment.go_on(missing, &mut made);
        let mut after = rest[missing..].to_vec();
        concealment.join(&mut after);
        [before, &made, &after].concat()
    }

    #[test]
    fn a_tone_goes_on_over_one_missing_frame() {
        for hz in [100.0, 220.0, 440.0, 997.0, 1500.0, 3000.0] {
            let mended = mended(hz, FRAME);
            // A whole number of samples is not a whole number of periods.
            assert!(click_score(&mended, hz) < -30.0, "{hz} Hz: {} dB", click_score(&mended, hz));
            // As loud as it was for the first half, and a fifth softer at the end.
            let piece = 10 * FRAME..11 * FRAME;
            let change = tone_level(&mended[piece.clone()], hz) - tone_level(&sine(hz, 0.5, 20 * FRAME)[piece], hz);
            assert!((-1.2..0.1).contains(&change), "{hz} Hz: {change} dB");
        }
    }

    #[test]
    fn it_gets_softer_and_is_silent_after_60_ms() {
        let mut concealment = Concealment::default();
        concealment.remember(&voice(140.0, 0.1, 4 * FRAME));
        let mut made = Vec::new();
        (0..4).for_each(|_| concealment.go_on(FRAME, &mut made));
        assert!(concealment.is_over());
        let loudness: Vec<f32> = made.chunks(FRAME).map(crate::rms).collect();
        assert!(loudness[0] > loudness[1] && loudness[1] > loudness[2] && loudness[2] > 0.0, "{loudness:?}");
        assert_eq!(loudness[3], 0.0);
        concealment.remember(&[0.1; FRAME]);
        assert!(!concealment.has_begun() && !concealment.is_over());
    }

    #[test]
    fn silence_goes_on_as_silence_and_noise_does_not_buzz() {
        let mut concealment = Concealment::default();
        let mut made = Vec::new();
        concealment.go_on(FRAME, &mut made);
        assert_eq!(made, [0.0; FRAME]);
        concealment.remember(&noise(3, 0.1, 4 * FRAME));
        concealment.go_on(1, &mut made);
        assert_eq!(concealment.period.len(), LONGEST_PERIOD);
    }
}
