//! What a client of a mixed room says: Opus packets of something like speech, made once and sent over and over, with marks in
//! them, by which [`super::ear`] tells how long the way through a mixer took.
//!
//! ```text
//! turns of 500 ms: | talker 0 marks | talker 1 marks | ... | talker 0 marks |      babble below 2 kHz all the time
//!                       ▁▁▁▁▁▁                                                     a mark: 3 kHz for 60 ms
//! ```
//! The turns follow the wall clock, so that all talkers of a room agree whose it is.

use std::f32::consts::TAU;
use std::sync::Arc;

use anyhow::Result;
use crosspoint_codec::opus::{Encoder, EncoderSettings, RATE};

/// Samples of a packet: 20 ms.
pub const FRAME: usize = 960;
/// The pitch of a mark; a millisecond has a whole number of its periods, and the babble ends far below.
pub const MARK_HERTZ: f32 = 3000.0;
/// The amplitude of a mark.
pub const MARK_AMPLITUDE: f32 = 0.15;
/// Nobody marks twice within this time, and no two talkers of a room do.
pub const TURN_NS: u64 = TURN as u64 * FRAME_NS;

const FRAME_NS: u64 = 20_000_000;
/// Packets of a turn.
const TURN: usize = 25;
/// The packet of a turn in which its mark begins, and how many packets it lasts.
const MARK_FROM: usize = 5;
const MARK_FRAMES: usize = 3;
/// As browsers send a microphone.
const MICROPHONE: EncoderSettings = EncoderSettings { stereo: false, bitrate: 32_000, complexity: 5, fec: true };
/// Root mean square of the babble: −20 dB below full scale.
const LOUDNESS: f32 = 0.1;
const HIGHEST_HERTZ: f32 = 1600.0;
/// The encoder hears the end of the loop before its beginning, so that there is no seam.
const RUN_UP: usize = 10;

/// A loop of packets.
#[derive(Debug)]
pub struct Voice {
    packets: Vec<Vec<u8>>,
    /// The audio level that goes with each packet (RFC 6464), dBov.
    pub level: i8,
    /// Whose turn it is to mark: of so many, this one. None: never.
    turn: Option<(usize, usize)>,
}

impl Voice {
    /// The voice of talker `number` of `talkers` in a room.
    pub fn talking(number: usize, talkers: usize) -> Result<Arc<Self>> {
        let talkers = talkers.max(1);
        let turns = talkers * 4_usize.div_ceil(talkers);
        let (babble, mark) = (babble(number), mark());
        let sound = |frame: usize| {
            let (turn, place) = (frame / TURN % turns, frame % TURN);
            let mut samples = babble[place * FRAME..][..FRAME].to_vec();
            if turn % talkers == number && (MARK_FROM..MARK_FROM + MARK_FRAMES).contains(&place) {
                let mark = &mark[(place - MARK_FROM) * FRAME..][..FRAME];
                samples.iter_mut().zip(mark).for_each(|(sum, sample)| *sum += sample);
            }
            samples
        };
        let packets = encode(turns * TURN, sound)?;
        Ok(Arc::new(Self { packets, level: -20, turn: Some((number, talkers)) }))
    }

    /// A microphone in a room without a sound.
    pub fn silent() -> Result<Arc<Self>> {
        let packets = encode(TURN, |_| vec![0.0; FRAME])?;
        Ok(Arc::new(Self { packets, level: -127, turn: None }))
    }

    /// Which packet it is time for at `wall_ns` (since 1970).
    pub fn frame_at(wall_ns: u64) -> u64 {
        wall_ns / FRAME_NS
    }

    /// A packet.
    pub fn packet(&self, frame: u64) -> Vec<u8> {
        self.packets[(frame % self.packets.len() as u64) as usize].clone()
    }

    /// Does a mark begin with this packet?
    pub fn marks(&self, frame: u64) -> bool {
        let frame = (frame % self.packets.len() as u64) as usize;
        let due = |(number, talkers): (usize, usize)| frame / TURN % talkers == number && frame % TURN == MARK_FROM;
        self.turn.is_some_and(due)
    }
}

fn encode(frames: usize, sound: impl Fn(usize) -> Vec<f32>) -> Result<Vec<Vec<u8>>> {
    let mut encoder = Encoder::new(MICROPHONE)?;
    let mut packet = Vec::new();
    for frame in frames - RUN_UP..frames {
        encoder.encode(&sound(frame), &mut packet)?;
    }
    let mut packets = Vec::with_capacity(frames);
    for frame in 0..frames {
        encoder.encode(&sound(frame), &mut packet)?;
        packets.push(packet.clone());
    }
    Ok(packets)
}

/// A turn of vowels: harmonics of a pitch of one's own, four syllables a second. It begins as it ends.
fn babble(number: usize) -> Vec<f32> {
    let pitch = 100.0 + (number % 20) as f32 * 6.0;
    let harmonics: Vec<f32> = (1..).map(|k| pitch * k as f32).take_while(|hertz| *hertz < HIGHEST_HERTZ).collect();
    let sample = |n: usize| {
        let time = n as f32 / RATE as f32;
        // Phases apart, or all harmonics peak together.
        let wave = |(k, hertz): (usize, &f32)| ((hertz * time).fract() * TAU + (k * k) as f32).sin() / (k + 1) as f32;
        let vowel: f32 = harmonics.iter().enumerate().map(wave).sum();
        vowel * (0.6 + 0.4 * (4.0 * time * TAU).sin())
    };
    let mut samples: Vec<f32> = (0..TURN * FRAME).map(sample).collect();
    let rms = (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt();
    samples.iter_mut().for_each(|sample| *sample *= LOUDNESS / rms);
    samples
}

fn mark() -> Vec<f32> {
    let sample = |n: usize| (n as f32 * MARK_HERTZ * TAU / RATE as f32).sin() * MARK_AMPLITUDE;
    (0..MARK_FRAMES * FRAME).map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talkers_take_turns_with_their_marks() {
        let voices = [0, 1].map(|number| Voice::talking(number, 2).expect("a voice"));
        let marked = |voice: &Voice| (0..100).filter(|frame| voice.marks(*frame)).collect::<Vec<_>>();
        assert_eq!(voices.each_ref().map(|voice| marked(voice)), [vec![5, 55], vec![30, 80]]);
        assert!(!(0..1000).any(|frame| Voice::silent().expect("a voice").marks(frame)));
    }

    #[test]
    fn no_two_packets_of_a_talker_are_alike() {
        let voice = Voice::talking(0, 1).expect("a voice");
        let mut packets = voice.packets.clone();
        packets.sort();
        packets.dedup();
        assert_eq!(packets.len(), voice.packets.len());
    }
}
