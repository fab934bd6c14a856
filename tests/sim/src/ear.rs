//! What a receiver decodes: each audio slot has a decoder, and each frame of 20 ms that comes out of it is measured.
//!
//! A frame stands where its RTP timestamp puts it and is heard when its packet arrives: what a jitter buffer of the receiver
//! would add to that is the receiver's. A packet that is lost is waited for a while, for it may come as redundant audio; what
//! then stands in for it is no more than a gap.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_codec::opus::{Decoder, duration};
use crosspoint_dsp::FRAME;
use crosspoint_rtp::red;
use str0m::media::Mid;

use crate::tone::{Levels, Meter};

/// How long a missing packet is waited for.
const PATIENCE: Duration = Duration::from_millis(60);
/// More than this in a row is not concealed.
const MOST_CONCEALED: u64 = 10;

/// 20 ms of what was heard.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// When its packet arrived.
    pub at: Instant,
    /// Its first sample: since the first packet of the slot.
    pub position: u64,
    /// Does it come from a packet? If not, something stands in for it.
    pub real: bool,
    /// How loud each tone is in it.
    pub levels: Levels,
}

/// A packet as it came.
#[derive(Clone, Copy, Debug)]
pub struct Arrived<'a> {
    /// Its sequence number, extended.
    pub sequence: u64,
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// When.
    pub at: Instant,
    /// What it carries.
    pub payload: &'a [u8],
    /// Is that redundant audio (RFC 2198)?
    pub redundant: bool,
}

/// The ears of a client: one on each slot.
#[derive(Debug, Default)]
pub struct Ears {
    /// Keep what was heard, not only how loud the tones were in it?
    pub keep: bool,
    /// By the mid of the slot.
    pub slots: BTreeMap<Mid, Ear>,
    meter: Meter,
}

/// What is heard of one slot.
#[derive(Debug)]
pub struct Ear {
    /// All frames so far, in order.
    pub frames: Vec<Frame>,
    /// All sound so far, with silence where there was none; empty unless it is kept.
    pub sound: Vec<f32>,
    /// Packets that could not be read.
    pub invalid: usize,
    decoder: Decoder,
    /// Packets that wait for one before them.
    waiting: BTreeMap<u64, Waiting>,
    /// The packet to decode next.
    next: u64,
    /// The place of the next sample.
    position: u64,
    /// A timestamp that was seen, and its place.
    anchor: (u32, u64),
}

#[derive(Debug)]
struct Waiting {
    at: Instant,
    position: u64,
    payload: Vec<u8>,
}

impl Ears {
    /// A packet came. False: it cannot be read.
    pub fn take(&mut self, mid: Mid, packet: &Arrived<'_>) -> bool {
        let ear = self.slots.entry(mid).or_insert_with(|| Ear::new(packet));
        let read = ear.put(packet);
        ear.advance(packet.at, &self.meter, self.keep);
        read
    }

    /// What all slots together gave: the only slot's ear, where there is one.
    pub fn only(&self) -> &Ear {
        assert_eq!(self.slots.len(), 1, "one slot is in use");
        self.slots.values().next().expect("there is one")
    }
}

impl Ear {
    fn new(first: &Arrived<'_>) -> Self {
        Self {
            frames: Vec::new(),
            sound: Vec::new(),
            invalid: 0,
            decoder: Decoder::new(false).expect("a decoder"),
            waiting: BTreeMap::new(),
            next: first.sequence,
            position: 0,
            anchor: (first.timestamp, 0),
        }
    }

    /// The frames since a moment.
    pub fn since(&self, moment: Instant) -> impl Iterator<Item = &Frame> {
        self.frames.iter().filter(move |frame| frame.at >= moment)
    }

    /// Takes the packet, and the one before it that it may carry.
    fn put(&mut self, packet: &Arrived<'_>) -> bool {
        let Arrived { sequence, timestamp, at, payload, redundant } = *packet;
        if !redundant {
            self.wait(sequence, timestamp, payload, at);
            return true;
        }
        let Some(blocks) = red::parse(payload) else { return false };
        if let Some((offset, before)) = blocks.previous {
            self.wait(sequence - 1, timestamp.wrapping_sub(offset), before, at);
        }
        self.wait(sequence, timestamp, blocks.primary, at);
        true
    }

    fn wait(&mut self, sequence: u64, timestamp: u32, payload: &[u8], at: Instant) {
        let (anchor, place) = self.anchor;
        let Some(position) = place.checked_add_signed(i64::from(timestamp.wrapping_sub(anchor) as i32)) else { return };
        if sequence < self.next {
            return;
        }
        self.anchor = (timestamp, position);
        self.waiting.entry(sequence).or_insert_with(|| Waiting { at, position, payload: payload.to_vec() });
    }

    fn advance(&mut self, now: Instant, meter: &Meter, keep: bool) {
        while let Some(first) = self.waiting.first_entry() {
            let (sequence, came) = (*first.key(), first.get().at);
            if sequence == self.next {
                let packet = first.remove();
                self.decode(&packet, meter, keep);
            } else if now - came > PATIENCE {
                self.conceal(sequence, came, meter, keep);
            } else {
                return;
            }
            self.next += 1;
        }
    }

    fn decode(&mut self, packet: &Waiting, meter: &Meter, keep: bool) {
        self.position = packet.position;
        let mut sound = Vec::new();
        if duration(&packet.payload) != Some(FRAME) || self.decoder.decode(&packet.payload, &mut sound).is_err() {
            self.invalid += 1;
            return;
        }
        self.hear(&sound, packet.at, true, meter, keep);
    }

    fn conceal(&mut self, later: u64, at: Instant, meter: &Meter, keep: bool) {
        let mut sound = Vec::new();
        if later - self.next <= MOST_CONCEALED && self.decoder.conceal(FRAME, &mut sound).is_ok() {
            self.hear(&sound, at, false, meter, keep);
        }
    }

    fn hear(&mut self, sound: &[f32], at: Instant, real: bool, meter: &Meter, keep: bool) {
        self.frames.push(Frame { at, position: self.position, real, levels: meter.levels(sound) });
        if keep {
            self.sound.resize(self.position as usize, 0.0);
            self.sound.extend_from_slice(sound);
        }
        self.position += FRAME as u64;
    }
}
