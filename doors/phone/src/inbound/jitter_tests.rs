use crosspoint_dsp::signals::{noise, sine, voice};
use crosspoint_dsp::spectrum::click_score;

use super::*;

const TICK: i64 = 20_000;
/// The door looks so long after a tick.
const LOOK: i64 = 15_000;

/// A mixer and a line, in virtual time.
struct Line {
    jitter: Jitter,
    ring: std::collections::VecDeque<f32>,
    heard: Vec<f32>,
    now: i64,
    tick: i64,
    /// When it was looked last.
    seen: i64,
    /// Samples in the ring after each arrival.
    levels: Vec<usize>,
    /// Samples in the ring and how often it was looked, each millisecond.
    waited: usize,
    looked: usize,
}

impl Line {
    /// Whose mixer ticks at this phase.
    fn new(phase: i64) -> Self {
        let jitter = Jitter::default();
        Self {
            jitter,
            ring: Default::default(),
            heard: Vec::new(),
            now: 0,
            tick: phase,
            seen: -1,
            levels: Vec::new(),
            waited: 0,
            looked: 0,
        }
    }

    /// Lets time pass, with its ticks and looks.
    fn until(&mut self, then: i64) {
        while self.now + 1000 < then {
            self.pass(self.now + 1000);
            self.waited += self.ring.len();
            self.looked += 1;
        }
        self.pass(then);
    }

    fn pass(&mut self, then: i64) {
        loop {
            let look = self.tick - TICK + LOOK;
            if look > self.seen && look <= then {
                (self.now, self.seen) = (look, look);
                if let Some(tail) = self.jitter.due(look, self.ring.len()) {
                    self.ring.extend(tail);
                }
            } else if self.tick <= then {
                self.now = self.tick;
                self.take();
                self.tick += TICK;
            } else {
                self.now = then;
                return;
            }
        }
    }

    fn take(&mut self) {
        let there = self.ring.len().min(FRAME);
        self.heard.extend(self.ring.drain(..there));
        self.heard.extend(std::iter::repeat_n(0.0, FRAME - there));
    }

    /// Says this, its frames delayed by so much each (µs).
    fn say(&mut self, sound: &[f32], delay: impl Fn(usize) -> i64) {
        let mut before = 0;
        for (number, frame) in sound.chunks_exact(FRAME).enumerate() {
            let media = number as i64 * TICK;
            // Over TCP nothing is overtaken.
            let arrival = (media + delay(number)).max(before);
            before = arrival;
            self.until(arrival);
            let mut frame = frame.to_vec();
            self.jitter.arrive(arrival, media, self.ring.len(), &mut frame);
            self.ring.extend(frame);
            self.levels.push(self.ring.len());
        }
    }
}

fn ms(samples: usize) -> usize {
    samples / MS as usize
}

#[test]
fn without_jitter_10_to_40_ms_wait_and_nothing_is_made_up() {
    let speech = voice(140.0, 0.1, 20 * 48_000);
    for phase in [0, 100, 3_000, 10_000, 14_900, 15_100, 19_900] {
        let mut line = Line::new(phase);
        line.say(&speech, |_| 5_000);
        // The first two seconds show what is needed.
        let settled = &line.levels[200..];
        // That is after a frame has come; until the next it is 20 ms less.
        let most = settled.iter().max().expect("levels");
        assert!(ms(*most) <= 50, "{} ms at phase {phase}", ms(*most));
        let mean = line.waited as f64 / line.looked as f64 / MS as f64;
        assert!((10.0..=40.0).contains(&mean), "{mean} ms on average at phase {phase}");
        assert_eq!(line.jitter.concealed(), 0, "at phase {phase}");
    }
}

#[test]
fn even_jitter_is_ridden_out_after_a_few_seconds() {
    let speech = voice(140.0, 0.1, 60 * 48_000);
    let random = noise(7, 1.0 / 3_f32.sqrt(), 4000);
    let mut line = Line::new(7_000);
    line.say(&speech, |number| ((random[number] + 1.0) * 30_000.0) as i64);
    let later = line.levels[1500..].iter().max().expect("levels");
    assert!(ms(*later) <= 130, "{} ms for 60 ms of jitter", ms(*later));
    // One in five hundred may be later than what is waited for.
    assert!(line.jitter.concealed() <= 12, "{}", line.jitter.concealed());
    assert!((50..=64).contains(&line.jitter.jitter_ms()), "{}", line.jitter.jitter_ms());
}

#[test]
fn after_a_stall_the_caller_is_not_late_ever_after() {
    let speech = voice(140.0, 0.1, 40 * 48_000);
    let mut line = Line::new(7_000);
    // From the fifth second on nothing comes for a second, and then everything at once.
    line.say(&speech, |number| if (250..300).contains(&number) { (300 - number as i64) * TICK } else { 0 });
    let after = line.levels[300..].iter().max().expect("levels");
    assert!(ms(*after) <= 400, "bounded: {} ms", ms(*after));
    let end = line.levels[1900..].iter().max().expect("levels");
    assert!(ms(*end) <= 45, "{} ms in the end", ms(*end));
    assert!(line.jitter.concealed() > 20, "what is too late is left out");
}

#[test]
fn clocks_that_drift_apart_are_followed_without_a_gap() {
    for ppm in [-200, 200] {
        let speech = voice(140.0, 0.1, 4 * 60 * 48_000);
        let mut line = Line::new(7_000);
        line.say(&speech, |number| number as i64 * TICK * ppm / 1_000_000);
        assert_eq!(line.jitter.concealed(), 0, "at {ppm} ppm");
        let most = line.levels[200..].iter().max().expect("levels");
        assert!(ms(*most) <= 50, "{} ms at {ppm} ppm", ms(*most));
    }
}

#[test]
fn where_frames_are_missing_the_sound_ends_and_begins_without_a_click() {
    let tone = sine(440.0, 0.5, 4 * 48_000);
    let mut line = Line::new(7_000);
    line.say(&tone, |number| if (100..105).contains(&number) { (105 - number as i64) * TICK } else { 0 });
    assert!(line.jitter.concealed() >= 1);
    let steps = line.heard.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    let steepest = 0.5 * std::f32::consts::TAU * 440.0 / 48_000.0;
    let step = steps.fold(0.0, f32::max);
    assert!(step < 1.3 * steepest, "a step of {step} where the tone has {steepest}");
}

#[test]
fn one_frame_that_is_late_is_no_gap_and_the_next_one_is_waited_for() {
    let tone = sine(440.0, 0.5, 8 * 48_000);
    for late in [12_000, 19_000, 26_000, 39_000] {
        let mut line = Line::new(7_000);
        line.say(&tone, |number| if [150, 180].contains(&number) { late } else { 0 });
        let concealed = line.jitter.concealed();
        assert!((1..=2).contains(&concealed), "the second one is in time: {concealed} at {late} µs");
        let settled = &line.heard[48_000..line.heard.len() - 2 * FRAME];
        let softest = settled.chunks_exact(480).map(rms).fold(f32::MAX, f32::min);
        assert!(softest > 0.15, "10 ms as soft as {softest} at {late} µs");
    }
}

#[test]
fn a_tone_goes_through_as_it_is() {
    let tone = sine(440.0, 0.5, 4 * 48_000);
    let mut line = Line::new(7_000);
    line.say(&tone, |_| 0);
    assert_eq!(line.jitter.concealed(), 0);
    let middle = &line.heard[2 * FRAME..line.heard.len() - 2 * FRAME];
    assert!(click_score(middle, 440.0) < -40.0, "{}", click_score(middle, 440.0));
}

#[test]
fn a_mixer_that_takes_nothing_does_not_let_the_ring_grow() {
    let mut jitter = Jitter::default();
    let mut level = 0;
    for number in 0..10_000 {
        let mut frame = vec![0.1; FRAME];
        jitter.arrive(number * TICK, number * TICK, level, &mut frame);
        level += frame.len();
    }
    assert!(ms(level) < 200, "{} ms", ms(level));
}

#[test]
fn the_strangest_times_are_endured() {
    let mut jitter = Jitter::default();
    for now in [0, i64::MAX, -1, i64::MIN, 5] {
        for media in [i64::MAX, 0, i64::MIN] {
            for level in [0, 1, 480_000] {
                let mut frame = vec![0.1; FRAME];
                jitter.arrive(now, media, level, &mut frame);
                assert!(frame.len() <= FRAME + 300 * MS as usize, "{}", frame.len());
                let _ = jitter.due(now, level);
            }
        }
    }
}

fn rms(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
}
