//! One voice from packets to sound that never stops: the jitter buffer and the decoder.
//!
//! ```text
//!   packets ─> Queue ──> decoder ──> sound ──> 20 ms a tick
//!                 │   holes: FEC of the next packet, else concealment
//!                 └─ delay: the 99 % quantile of what packets were late by; the sound is shortened or
//!                    lengthened by single pitch periods to keep it, so that neither clock runs away
//! ```
//! Who is silent (by the levels of RFC 6464, or by the size of the packets) is not decoded: the last packets wait, so that
//! the beginning of a word is there when it turns out to be one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_codec::opus::{self, Decoder};
use crosspoint_dsp::delay::DelayEstimator;
use crosspoint_dsp::{FRAME, fade, timescale};

use crate::queue::{Put, Queue, Queued};

/// A packet louder than this wakes the decoder. dBov.
const LOUD: i8 = -60;
/// Opus packets up to this size carry silence (DTX).
const SILENT_BYTES: usize = 10;
/// So long after the last loud packet does decoding go on. Samples.
pub(crate) const HANG: i64 = 48_000 / 2;
/// So much of silence is kept for when it turns out to be the beginning of a word. µs.
const PRE_ROLL: i64 = 80_000;
/// More than this too late: shortened. µs.
pub(crate) const TOO_LATE: i64 = 28_000;
/// Much too late, where single periods would take too long: packets are left out. µs.
pub(crate) const FAR_TOO_LATE: i64 = 140_000;
/// Less than this before it is due: lengthened. µs.
const TOO_SOON: i64 = -6_000;
/// No more than one change takes away or adds. Samples: 15 ms.
const MOST: usize = timescale::LONGEST;
/// So many ticks between two changes of pace, so that nobody hears them.
const PACE: u32 = 5;
/// So many packets in a row are concealed before the voice counts as gone.
pub(crate) const CONCEALED: u32 = 5;
/// Above this the sender's clock and ours have nothing to do with each other: begin anew. µs.
const CLOCK_JUMP: i64 = 1_000_000;
/// An estimate of delay is at least this much. µs.
const LEAST: i64 = 3_000;

/// A packet of a voice.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// The sender's sequence number, extended to 64 bits.
    pub sequence: u64,
    /// The sender's timestamp, 48,000 a second.
    pub timestamp: u32,
    /// RFC 6464: dBov, −127 to 0.
    pub level: Option<i8>,
    /// The Opus packet.
    pub payload: &'a Arc<[u8]>,
    /// When it arrived.
    pub arrival: Instant,
}

/// What happened to the packets of a voice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Taken in.
    pub received: u64,
    /// No Opus packets, or such that the decoder refused.
    pub invalid: u64,
    /// Came after their time.
    pub late: u64,
    /// Frames that were recovered from the packet behind them.
    pub recovered: u64,
    /// Frames that were made up.
    pub concealed: u64,
    /// Times that nothing was there to play.
    pub underruns: u64,
    /// Times that sound was shortened or lengthened.
    pub stretched: u64,
    /// Frames that were decoded.
    pub decoded: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Silent: the last packets wait.
    Idle,
    /// A loud packet came: playing begins when it is due.
    Waking,
    /// Playing.
    Playing,
    /// Packets are given out as they are ([`Receiver::pass`]).
    Passing,
}

#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) epoch: Instant,
    pub(crate) stereo: bool,
    pub(crate) state: State,
    pub(crate) queue: Queue,
    pub(crate) delay: DelayEstimator,
    /// Made with the first packet that is decoded.
    pub(crate) decoder: Option<Decoder>,
    /// Decoded and not played yet, interleaved.
    pub(crate) sound: Vec<f32>,
    /// The packet to decode next, and its place.
    pub(crate) next: u64,
    pub(crate) next_media: i64,
    /// Samples of the packet before: so long is a lost one.
    pub(crate) length: usize,
    /// The end of the last loud packet.
    pub(crate) loud_until: i64,
    pub(crate) lost_in_a_row: u32,
    pub(crate) since_stretch: u32,
    pub(crate) fade_in: bool,
    pub(crate) passed: VecDeque<Queued>,
    pub(crate) figures: Figures,
}

impl Receiver {
    pub(crate) fn new(stereo: bool, epoch: Instant) -> Self {
        Self {
            epoch,
            stereo,
            state: State::Idle,
            queue: Queue::default(),
            delay: DelayEstimator::default(),
            decoder: None,
            sound: Vec::new(),
            next: 0,
            next_media: 0,
            length: FRAME,
            loud_until: i64::MIN,
            lost_in_a_row: 0,
            since_stretch: PACE,
            fade_in: true,
            passed: VecDeque::new(),
            figures: Figures::default(),
        }
    }

    /// Takes a packet. True: the voice wants to be called at each tick from now on.
    pub(crate) fn handle_packet(&mut self, packet: &Packet<'_>) -> bool {
        let Some(samples) = opus::duration(packet.payload) else {
            self.figures.invalid += 1;
            return false;
        };
        self.figures.received += 1;
        let plays = self.is_awake() && self.state != State::Waking;
        if plays && packet.sequence < self.next && self.next - packet.sequence < 512 {
            self.figures.late += 1;
            // Too late to be heard, not too late to learn from.
            self.note_delay(packet.arrival, self.next_media - (self.next - packet.sequence) as i64 * samples as i64);
            return false;
        }
        let loud = match packet.level {
            Some(level) => level >= LOUD,
            None => packet.payload.len() > SILENT_BYTES,
        };
        let media = match self.queue.put(packet, samples, loud) {
            Put::Again => return false,
            Put::Waits(media) => media,
            Put::Anew(media) => {
                self.begin_anew(packet.sequence, media);
                media
            }
        };
        self.note_delay(packet.arrival, media);
        if loud {
            self.loud_until = self.loud_until.max(media + samples as i64);
        }
        if self.state == State::Idle {
            self.trim(self.micros(packet.arrival));
            if loud {
                self.state = State::Waking;
                return true;
            }
        }
        false
    }

    /// Does it want to be called at each tick?
    pub(crate) fn is_awake(&self) -> bool {
        self.state != State::Idle
    }

    /// The level of the packet that was passed on last, as its sender gave it.
    pub(crate) fn passed_level(&self) -> Option<i8> {
        self.passed.back().filter(|_| self.is_passing()).and_then(|packet| packet.level)
    }

    /// How much later than the fastest packet would allow is it played at this moment?
    pub(crate) fn delay(&self, now: Instant) -> Option<Duration> {
        let playing = matches!(self.state, State::Playing | State::Passing);
        let excess = self.delay.excess_us(self.micros(now), to_micros(self.playing_media()));
        playing.then(|| Duration::from_micros(excess.max(0) as u64))
    }

    /// Is a lone talker's packet given out as it is?
    pub(crate) fn is_passing(&self) -> bool {
        self.state == State::Passing
    }

    /// Writes the next 20 ms into `frame`, which it fills. False: there is nothing, and `frame` is as it was.
    pub(crate) fn render(&mut self, now: Instant, frame: &mut [f32]) -> bool {
        let now = self.micros(now);
        let plays = match self.state {
            State::Idle | State::Passing => false,
            State::Waking => self.begin(now),
            State::Playing => true,
        };
        if !plays {
            return false;
        }
        self.keep_pace(now);
        let wanted = frame.len();
        while self.sound.len() < wanted && self.state == State::Playing {
            self.decode_next();
        }
        let there = self.sound.len().min(wanted);
        frame[..there].copy_from_slice(&self.sound[..there]);
        frame[there..].fill(0.0);
        self.sound.drain(..there);
        if std::mem::take(&mut self.fade_in) {
            fade::fade_in(frame, self.channels());
        }
        if self.state == State::Idle || self.playing_media() > self.loud_until.saturating_add(HANG) {
            fade::fade_out(frame, self.channels());
            self.rest();
        }
        true
    }

    /// Throws away what is too old to become the beginning of a word.
    pub(crate) fn idle(&mut self, now: Instant) {
        self.rest();
        self.trim(self.micros(now));
    }

    pub(crate) fn channels(&self) -> usize {
        if self.stereo { 2 } else { 1 }
    }

    pub(crate) fn micros(&self, at: Instant) -> i64 {
        at.saturating_duration_since(self.epoch).as_micros() as i64
    }

    /// The place of the sample that is played next.
    pub(crate) fn playing_media(&self) -> i64 {
        self.next_media - (self.sound.len() / self.channels()) as i64
    }

    fn target(&self) -> i64 {
        self.delay.target_us().max(LEAST)
    }

    /// How much later than it could be is this place played now, in µs.
    pub(crate) fn excess(&self, now: i64, media: i64) -> i64 {
        self.delay.excess_us(now, to_micros(media)) - self.target()
    }

    fn note_delay(&mut self, arrival: Instant, media: i64) {
        let (arrival, media) = (self.micros(arrival), to_micros(media));
        if self.delay.excess_us(arrival, media).abs() > CLOCK_JUMP {
            self.delay.reset();
        }
        self.delay.add(arrival, media);
    }

    fn begin_anew(&mut self, sequence: u64, media: i64) {
        self.delay.reset();
        (self.next, self.next_media) = (sequence, media);
        self.loud_until = self.loud_until.min(media);
        self.fade_in = true;
    }

    /// Goes to sleep. What waits stays.
    pub(crate) fn rest(&mut self) {
        self.state = State::Idle;
        self.sound.clear();
        self.passed.clear();
        self.queue.drop_before(self.next);
        self.lost_in_a_row = 0;
    }

    fn trim(&mut self, now: i64) {
        let target = self.target();
        while let Some(front) = self.queue.front() {
            let end = to_micros(front.media + front.samples as i64);
            if self.delay.excess_us(now, end) <= target + PRE_ROLL {
                break;
            }
            self.queue.pop();
        }
    }

    /// Begins to play when the first packet is due. False: not yet.
    pub(crate) fn begin(&mut self, now: i64) -> bool {
        // What could have been played a whole packet ago has no business here any more.
        while let Some(front) = self.queue.front()
            && self.excess(now, front.media + front.samples as i64) >= 0
            && !(front.loud && self.queue.iter().nth(1).is_none())
        {
            self.queue.pop();
        }
        let Some(front) = self.queue.front() else {
            self.rest();
            return false;
        };
        if self.excess(now, front.media) < 0 {
            return false;
        }
        (self.next, self.next_media, self.length) = (front.sequence, front.media, front.samples);
        self.state = State::Playing;
        self.fade_in = true;
        self.lost_in_a_row = 0;
        self.sound.clear();
        if let Some(decoder) = &mut self.decoder {
            decoder.reset();
        }
        true
    }

    /// Shortens or lengthens what is about to be played when it is too late or too soon.
    fn keep_pace(&mut self, now: i64) {
        self.since_stretch = self.since_stretch.saturating_add(1);
        let excess = self.excess(now, self.playing_media());
        if excess > FAR_TOO_LATE {
            return self.leap(now);
        }
        if self.since_stretch < PACE || (TOO_SOON..=TOO_LATE).contains(&excess) {
            return;
        }
        let enough = 2 * FRAME * self.channels();
        while self.sound.len() < enough && self.queue.front().is_some_and(|front| front.sequence == self.next) {
            self.decode_next();
        }
        if self.sound.len() < enough {
            return;
        }
        let channels = self.channels();
        let changed = if excess > 0 {
            timescale::shorten(&mut self.sound, channels, MOST)
        } else {
            timescale::lengthen(&mut self.sound, channels, MOST)
        };
        if changed > 0 {
            self.figures.stretched += 1;
            self.since_stretch = 0;
        }
    }

    /// Leaves out whole packets.
    fn leap(&mut self, now: i64) {
        self.sound.clear();
        while let Some(front) = self.queue.front()
            && self.excess(now, front.media + front.samples as i64) > 0
        {
            (self.next, self.next_media) = (front.sequence + 1, front.media + front.samples as i64);
            self.queue.pop();
        }
        self.figures.stretched += 1;
        self.fade_in = true;
    }
}

pub(crate) fn to_micros(samples: i64) -> i64 {
    samples * 1000 / 48
}
