//! The path of a packet: it is counted, layers come to life or die by it, and every feed that sends its layer gives it out
//! with the numbers of its slot.

use std::time::Duration;

use crosspoint_rtp::sequence::Position;

use crate::effects::Effects;
use crate::input::Packet;
use crate::output::Forward;
use crate::track::Track;

/// A layer is dead when it has been silent this long while others of its track sent [`DEAD_FRAMES`] frames. Silence alone
/// says nothing: a still screen sends a frame per second, if that.
const DEAD_AFTER: Duration = Duration::from_secs(1);
const DEAD_FRAMES: u32 = 4;
/// A packet so far behind the highest one is not late: its sender has begun anew with other numbers.
const LATE: u64 = 512;

impl Track {
    /// Counts a packet. True: a layer came to life or died.
    #[inline]
    pub(crate) fn note(&mut self, layer: u8, packet: &Packet) -> bool {
        let now = packet.arrival;
        self.frames = self.frames.wrapping_add(u32::from(packet.marker));
        let state = &mut self.layers[usize::from(layer)];
        state.meter.add(packet.payload_len, now);
        state.smooth(now);
        state.frames = self.frames;
        let before = self.alive;
        self.alive |= 1 << layer;
        if packet.marker && self.alive & !(1 << layer) != 0 {
            self.bury(packet);
        }
        self.alive != before
    }

    /// Finds out which layers have died.
    fn bury(&mut self, packet: &Packet) {
        for (layer, state) in self.layers.iter().enumerate() {
            let silent =
                state.meter.last().is_none_or(|last| packet.arrival.saturating_duration_since(last) >= DEAD_AFTER);
            if silent && self.frames.wrapping_sub(state.frames) >= DEAD_FRAMES {
                self.alive &= !(1 << layer);
            }
        }
    }

    /// Gives a packet to every feed that sends its layer, and to those that can begin to with it.
    #[inline]
    pub(crate) fn forward(&mut self, layer: u8, packet: &Packet, out: &mut Vec<Forward>, effects: &mut Effects) {
        let state = &mut self.layers[usize::from(layer)];
        // A key frame whose beginning comes late has lost its rest to those who were not listening yet.
        let in_order = packet.sequence > state.highest || state.highest - packet.sequence > LATE;
        if in_order {
            state.highest = packet.sequence;
        }
        let begins = packet.starts_key_frame && in_order;
        if begins {
            state.requests.arrived();
        }
        let position = Position {
            sequence: packet.sequence,
            timestamp: packet.timestamp,
            arrival: packet.arrival,
            capture: packet.capture,
        };
        let mut switched = false;
        for feed in self.feeds.iter_mut() {
            if feed.current != Some(layer) {
                if !begins || feed.target != Some(layer) {
                    continue;
                }
                feed.begin(layer);
                effects.slots_changed(feed.leg);
                switched = true;
            }
            let Some((numbers, picture)) = feed.numbering.rewrite(&position, packet.picture) else { continue };
            let (sequence, timestamp) = (numbers.sequence, numbers.timestamp);
            out.push(Forward { leg: feed.leg, slot: feed.slot, sequence, timestamp, picture });
        }
        if switched {
            self.settle(packet.arrival, effects);
        } else if self.awaited & (1 << layer) != 0
            && self.layers[usize::from(layer)].requests.unanswered(packet.arrival)
        {
            self.ask_key_frame(layer, packet.arrival, effects);
        }
    }
}
