//! How much of the caller's voice waits in the tap's ring: as little as its arrivals allow. A state machine; time comes in.
//!
//! The mixer takes 20 ms at each of its ticks, whatever is there. Shortly before each tick it is looked what is left beyond those
//! 20 ms (the *spare*). The least spare of the last ten seconds is what nobody needed: more than [`RESERVE`] of it is taken out of
//! the sound by single pitch periods, less is put in. So the buffer follows the network, and clocks that drift apart, by itself.
//!
//! | state | |
//! |---|---|
//! | dry | nothing is there. The next frame waits for as long as it came earlier than almost all do ([`DelayEstimator`]), and 26 ms |
//! | flowing | frames go into the ring as they come |
//!
//! A frame that is late is no gap: the voice is gone on with ([`Concealment`]), up to 60 ms, and what comes then is faded into that. By
//! what was made up more waits from then on, so that the next one is in time. After a stall frames come all at once; what is far beyond
//! what the arrivals ask for is left out, so that the caller is not late ever after.

use crosspoint_dsp::conceal::Concealment;
use crosspoint_dsp::delay::DelayEstimator;
use crosspoint_dsp::{FRAME, fade, timescale};

/// What is to be left before a tick. Samples: 6 ms, for the times of threads.
const RESERVE: i64 = 6 * MS;
/// Less is put right before it runs dry. Samples.
const LEAST: i64 = 2 * MS;
/// More is taken out. Samples.
const MOST: i64 = RESERVE + 4 * MS;
/// So far beyond what the arrivals ask for, frames are left out. Samples.
const FAR: usize = 140 * MS as usize;
/// Until it is only so far beyond. Samples.
const NEAR: usize = 40 * MS as usize;
/// Frames are never waited for longer than this. µs.
const PATIENCE: i64 = 200_000;
/// At least so much is put in: a period of most voices fits. Samples.
const PERIOD: usize = 10 * MS as usize;
/// So many ticks between two changes of pace, so that nobody hears them.
const PACE: u32 = 5;
/// What came so shortly before the look may come after it the next time: it does not count. µs.
const CLOSE: i64 = 2_000;
/// So long a time must have been watched before anything is taken out. µs.
const WATCHED: i64 = 2_000_000;
/// What fades out where sound is left out. Samples: 10 ms.
const TAIL: usize = 10 * MS as usize;
/// After so long without a look the mixer may have found nothing where nobody saw it. µs.
const MISSED: i64 = 25_000;
/// Samples of a millisecond.
const MS: i64 = 48;

/// See the module's head.
#[derive(Debug, Default)]
pub struct Jitter {
    delay: DelayEstimator,
    is_flowing: bool,
    leaves_out: bool,
    spares: Spares,
    since_change: u32,
    /// When it was looked last.
    looked: i64,
    /// When a frame came last, and how many samples it had.
    newest: (i64, usize),
    concealment: Concealment,
    /// What was made up.
    made: Vec<f32>,
    concealed: u64,
}

impl Jitter {
    /// A frame has arrived; `level` samples are in the ring. What is in `sound` afterwards is to be written.
    pub fn arrive(&mut self, now: i64, media: i64, level: usize, sound: &mut Vec<f32>) {
        self.delay.add(now, media);
        self.newest = (now, sound.len());
        if self.is_too_much(level) {
            self.leave_out(sound);
            return;
        }
        let may_have_run_dry = level == 0 && now.saturating_sub(self.looked) > MISSED;
        if !self.is_flowing || may_have_run_dry {
            self.begin(now, media, level, sound);
        } else if self.concealment.has_begun() {
            self.concealment.join(sound);
            self.begin_to_watch();
        } else {
            self.keep_pace(now, sound);
        }
        self.concealment.remember(sound);
    }

    /// The next tick is near; `level` samples are in the ring. What is to be written because no frame came in time.
    pub fn due(&mut self, now: i64, level: usize) -> Option<&[f32]> {
        if !self.is_flowing {
            return None;
        }
        self.looked = now;
        self.since_change = self.since_change.saturating_add(1);
        if level >= FRAME {
            let (arrival, samples) = self.newest;
            let close = if now.saturating_sub(arrival) < CLOSE { samples } else { 0 };
            self.spares.note(now, level as i64 - (FRAME + close) as i64);
            return None;
        }
        self.concealed += 1;
        self.made.clear();
        self.concealment.go_on(FRAME - level, &mut self.made);
        self.is_flowing = !self.concealment.is_over();
        Some(&self.made)
    }

    /// Milliseconds that almost no frame is later than the fastest.
    pub fn jitter_ms(&self) -> u32 {
        u32::try_from(self.delay.target_us() / 1000).unwrap_or_default()
    }

    /// Frames that were made up or left out.
    pub fn concealed(&self) -> u64 {
        self.concealed
    }

    /// What the arrivals ask for. µs.
    fn target(&self) -> i64 {
        self.delay.target_us().min(PATIENCE)
    }

    fn is_too_much(&mut self, level: usize) -> bool {
        let target = (self.target() * MS / 1000) as usize;
        self.leaves_out = level > target + if self.leaves_out { NEAR } else { FAR };
        self.leaves_out
    }

    fn leave_out(&mut self, sound: &mut Vec<f32>) {
        self.concealed += 1;
        sound.clear();
        if std::mem::take(&mut self.is_flowing) {
            // Here the sound is cut: it ends softly, and what comes after the gap begins so.
            self.concealment.go_on(TAIL, sound);
            fade::Ramp { from: 1.0, to: 0.0 }.apply(sound, 1);
        }
    }

    /// Waits for as long as the frame came earlier than almost all do, and for a frame more: how the mixer's ticks lie between the
    /// arrivals is not known yet. What of that is not needed is taken out later.
    fn begin(&mut self, now: i64, media: i64, level: usize, sound: &mut Vec<f32>) {
        let early = (self.target() - self.delay.excess_us(now, media)).max(0);
        let wait = (early * MS / 1000 + RESERVE) as usize + FRAME;
        fade::fade_in(sound, 1);
        sound.splice(..0, std::iter::repeat_n(0.0, wait.saturating_sub(level)));
        self.is_flowing = true;
        self.begin_to_watch();
    }

    /// What was seen so far says nothing of what is left from now on.
    fn begin_to_watch(&mut self) {
        self.since_change = 0;
        self.spares = Spares::default();
    }

    fn keep_pace(&mut self, now: i64, sound: &mut Vec<f32>) {
        let Some(spare) = self.spares.least(now) else { return };
        if self.since_change < PACE {
            return;
        }
        let changed = if spare > MOST && self.spares.is_watched(now) {
            -(timescale::shorten(sound, 1, (spare - RESERVE) as usize) as i64)
        } else if spare < LEAST {
            timescale::lengthen(sound, 1, ((RESERVE - spare) as usize).max(PERIOD)) as i64
        } else {
            0
        };
        if changed != 0 {
            self.since_change = 0;
            self.spares.shift(changed);
        }
    }
}

/// The least spare of a sliding window of ten seconds, in buckets of two.
#[derive(Debug, Default)]
struct Spares {
    buckets: [Option<(i64, i64)>; 5],
    since: Option<i64>,
}

impl Spares {
    const BUCKET: i64 = 2_000_000;

    fn note(&mut self, now: i64, spare: i64) {
        self.since.get_or_insert(now);
        let number = now.div_euclid(Self::BUCKET);
        let bucket = &mut self.buckets[number.rem_euclid(5) as usize];
        *bucket = match *bucket {
            Some((same, least)) if same == number => Some((number, least.min(spare))),
            _ => Some((number, spare)),
        };
    }

    fn least(&self, now: i64) -> Option<i64> {
        let number = now.div_euclid(Self::BUCKET);
        let recent = self.buckets.iter().flatten().filter(|(other, _)| number - other < 5);
        recent.map(|(_, least)| *least).min()
    }

    fn is_watched(&self, now: i64) -> bool {
        self.since.is_some_and(|since| now - since >= WATCHED)
    }

    /// The sound was made longer by so much.
    fn shift(&mut self, by: i64) {
        self.buckets.iter_mut().flatten().for_each(|(_, least)| *least += by);
    }
}

#[cfg(test)]
#[path = "jitter_tests.rs"]
mod tests;
