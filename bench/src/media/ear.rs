//! A client that listens closely: it decodes what comes and notes when marks begin ([`super::voice`]).
//!
//! A sample counts as heard when its packet has come, plus its place in there: no buffer of the client's is counted. Codec and
//! filter delays are in it; the same ear measures them on a path without a server.

use std::f32::consts::TAU;

use anyhow::Result;
use crosspoint_codec::opus::{Decoder, RATE};

use super::voice::{MARK_AMPLITUDE, MARK_HERTZ, TURN_NS};

/// How strong the tone is is asked every millisecond.
const STEP: usize = 48;
const STEP_NS: u64 = 1_000_000;
/// Over so many samples it is taken: 8 ms under a Hann window, through which babble does not shine, however many talk.
const WINDOW: usize = 384;
/// What is weaker than this share of a mark is none.
const AUDIBLE: f32 = 0.25;

/// A mark as its talker made it.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    /// In which room.
    pub room: u32,
    /// By whom.
    pub client: u32,
    /// When its packet left, ns since 1970.
    pub at_ns: u64,
}

/// Decodes one client's stream.
#[derive(Debug)]
pub struct Ear {
    decoder: Decoder,
    sound: Vec<f32>,
    /// The end of the sound so far.
    last: Vec<f32>,
    /// Sine and cosine of the tone under the window.
    tone: Vec<(f32, f32)>,
    /// How strong it was at which time (ns since 1970).
    heard: Vec<(u64, f32)>,
}

impl Ear {
    /// An ear that has heard nothing yet.
    pub fn new() -> Result<Self> {
        let tone = (0..WINDOW).map(|n| {
            let (sin, cos) = (n as f32 * MARK_HERTZ * TAU / RATE as f32).sin_cos();
            let window = (1.0 - (n as f32 * TAU / WINDOW as f32).cos()) * 2.0 / WINDOW as f32;
            (sin * window, cos * window)
        });
        Ok(Self {
            decoder: Decoder::new(false)?,
            sound: Vec::new(),
            last: vec![0.0; WINDOW],
            tone: tone.collect(),
            heard: Vec::new(),
        })
    }

    /// A packet that arrived at `arrived` (ns since 1970).
    pub fn handle(&mut self, packet: &[u8], arrived: u64) {
        self.sound.clear();
        // What a server sends that is no Opus is silence here, and then misses in the count of marks.
        let _ = self.decoder.decode(packet, &mut self.sound);
        for (number, step) in self.sound.chunks_exact(STEP).enumerate() {
            self.last.drain(..STEP);
            self.last.extend_from_slice(step);
            let (sin, cos) = self
                .last
                .iter()
                .zip(&self.tone)
                .fold((0.0, 0.0), |sum, (x, tone)| (sum.0 + x * tone.0, sum.1 + x * tone.1));
            self.heard.push((arrived + number as u64 * STEP_NS, f32::hypot(sin, cos)));
        }
    }

    /// Milliseconds from each mark to when it was heard; none: it was not.
    pub fn delays(&self, marks: impl Iterator<Item = u64>) -> Vec<Option<f64>> {
        let mut heard = self.heard.clone();
        heard.sort_unstable_by_key(|(at, _)| *at);
        marks.map(|at| onset(&heard, at).map(|onset| onset.saturating_sub(at) as f64 / 1e6)).collect()
    }
}

/// When the tone reached half of its strength within the turn after `from`.
fn onset(heard: &[(u64, f32)], from: u64) -> Option<u64> {
    let first = heard.partition_point(|(at, _)| *at < from);
    let last = heard.partition_point(|(at, _)| *at < from + TURN_NS * 9 / 10);
    let turn = &heard[first..last];
    let peak = turn.iter().map(|(_, strength)| *strength).fold(0.0, f32::max);
    if peak < MARK_AMPLITUDE * AUDIBLE {
        return None;
    }
    let at = turn.iter().position(|(_, strength)| *strength >= peak / 2.0)?;
    let (time, strength) = turn[at];
    let before = turn[..at].last().map_or(0.0, |(_, strength)| *strength);
    let early = (strength - peak / 2.0) / (strength - before).max(f32::EPSILON);
    Some(time.saturating_sub((early * STEP_NS as f32) as u64))
}

#[cfg(test)]
mod tests {
    use super::super::voice::Voice;
    use super::*;

    /// Sends a voice to an ear over a path that takes `delay`, from the packet's frame number on.
    fn listen(voice: &Voice, delay: u64) -> (Ear, Vec<u64>) {
        let mut ear = Ear::new().expect("an ear");
        let mut marks = Vec::new();
        for frame in 0..150_u64 {
            let sent = 1_000_000_000 + frame * 20_000_000;
            if voice.marks(frame) {
                marks.push(sent);
            }
            ear.handle(&voice.packet(frame), sent + delay);
        }
        (ear, marks)
    }

    #[test]
    fn the_ear_measures_how_long_the_path_is() {
        let voice = Voice::talking(1, 2).expect("a voice");
        let delays = [0, 37_000_000].map(|delay| {
            let (ear, marks) = listen(&voice, delay);
            let delays: Option<Vec<f64>> = ear.delays(marks.into_iter()).into_iter().collect();
            delays.expect("all marks are heard")
        });
        let codec = delays[0][0];
        assert!((1.0..20.0).contains(&codec), "{codec} ms of the codec and the ear");
        for (short, long) in delays[0].iter().zip(&delays[1]) {
            assert!((long - short - 37.0).abs() < 0.01 && (short - codec).abs() < 2.0, "{short} ms, {long} ms");
        }
    }

    #[test]
    fn babble_is_no_mark() {
        let (ear, _) = listen(&Voice::talking(0, 2).expect("a voice"), 0);
        let others = listen(&Voice::talking(1, 2).expect("a voice"), 0).1;
        assert!(ear.delays(others.into_iter()).iter().all(Option::is_none));
    }
}
