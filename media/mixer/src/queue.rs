//! Packets of one voice on their way to the decoder: put in order, each with its place on the sender's clock.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::receiver::Packet;

/// So many packets wait at most. What is more is the sender's fault, and the oldest go.
const MOST: usize = 64;
/// A sequence number so far from the others is not late or early: its sender has begun anew.
const STRAY: u64 = 1000;
/// Without any better knowledge a timestamp may run ahead of the packets by so much: a pause (DTX). Samples: a minute.
const PAUSE: i64 = 60 * 48_000;

/// A packet that waits.
#[derive(Clone, Debug)]
pub(crate) struct Queued {
    pub(crate) sequence: u64,
    /// Its first sample on the sender's clock, which never runs back.
    pub(crate) media: i64,
    /// Samples in it.
    pub(crate) samples: usize,
    /// More than silence, as far as its header tells.
    pub(crate) loud: bool,
    /// As its header tells: dBov.
    pub(crate) level: Option<i8>,
    pub(crate) payload: Arc<[u8]>,
}

/// Packets in the order of their sequence numbers.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    packets: VecDeque<Queued>,
    /// The newest packet that came: sequence number, timestamp, place, samples.
    newest: Option<(u64, u32, i64, usize)>,
}

/// What became of a packet that was put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// It waits. Its place on the sender's clock.
    Waits(i64),
    /// It was there already.
    Again,
    /// The sender has begun anew: what waited is gone. Its place.
    Anew(i64),
}

impl Queue {
    pub(crate) fn put(&mut self, packet: &Packet<'_>, samples: usize, loud: bool) -> Put {
        let Packet { sequence, timestamp, level, payload, .. } = *packet;
        let strays = self.newest.is_some_and(|(newest, ..)| newest.abs_diff(sequence) > STRAY);
        let media = self.place(sequence, timestamp, samples);
        if strays {
            self.packets.clear();
        }
        if strays || self.newest.is_none_or(|(newest, ..)| sequence > newest) {
            self.newest = Some((sequence, timestamp, media, samples));
        }
        let at = self.packets.partition_point(|queued| queued.sequence < sequence);
        if self.packets.get(at).is_some_and(|queued| queued.sequence == sequence) {
            return Put::Again;
        }
        self.packets.insert(at, Queued { sequence, media, samples, loud, level, payload: payload.clone() });
        if self.packets.len() > MOST {
            self.packets.pop_front();
        }
        if strays { Put::Anew(media) } else { Put::Waits(media) }
    }

    /// Where a packet stands on the sender's clock: by its timestamp if that makes sense beside its sequence number, else by
    /// counting packets.
    fn place(&self, sequence: u64, timestamp: u32, samples: usize) -> i64 {
        let Some((newest, stamp, media, length)) = self.newest else { return 0 };
        let steps = sequence.wrapping_sub(newest) as i64;
        let by_stamp = i64::from(timestamp.wrapping_sub(stamp) as i32);
        let counted = if steps > 0 { length as i64 + (steps - 1) * samples as i64 } else { steps * samples as i64 };
        let sensible = if steps > 0 {
            // A packet of the shortest kind is 120 samples long.
            by_stamp >= steps.min(STRAY as i64) * 120 && by_stamp <= counted.saturating_add(PAUSE)
        } else {
            by_stamp <= 0 && by_stamp >= counted.saturating_sub(PAUSE)
        };
        if steps.unsigned_abs() > STRAY {
            return media + length as i64;
        }
        media + if sensible { by_stamp } else { counted }
    }

    pub(crate) fn front(&self) -> Option<&Queued> {
        self.packets.front()
    }

    pub(crate) fn pop(&mut self) -> Option<Queued> {
        self.packets.pop_front()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Queued> {
        self.packets.iter()
    }

    /// Forgets what lies before this sequence number.
    pub(crate) fn drop_before(&mut self, sequence: u64) {
        while self.packets.front().is_some_and(|queued| queued.sequence < sequence) {
            self.packets.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload() -> Arc<[u8]> {
        Arc::from([0_u8; 4])
    }

    fn put(queue: &mut Queue, sequence: u64, timestamp: u32) -> Put {
        let arrival = std::time::Instant::now();
        queue.put(&Packet { sequence, timestamp, level: None, payload: &payload(), arrival }, 960, true)
    }

    #[test]
    fn packets_come_out_in_order_and_once() {
        let mut queue = Queue::default();
        assert_eq!(put(&mut queue, 10, 0), Put::Waits(0));
        assert_eq!(put(&mut queue, 12, 1920), Put::Waits(1920));
        assert_eq!(put(&mut queue, 11, 960), Put::Waits(960));
        assert_eq!(put(&mut queue, 11, 960), Put::Again);
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).map(|queued| queued.sequence).collect();
        assert_eq!(order, [10, 11, 12]);
    }

    #[test]
    fn a_pause_is_seen_in_the_timestamps() {
        let mut queue = Queue::default();
        put(&mut queue, 1, 5000);
        assert_eq!(put(&mut queue, 2, 5000 + 48_000), Put::Waits(48_000));
    }

    #[test]
    fn timestamps_that_make_no_sense_are_replaced_by_counting() {
        let mut queue = Queue::default();
        put(&mut queue, 1, 5000);
        assert_eq!(put(&mut queue, 2, 5000), Put::Waits(960), "the same timestamp again");
        assert_eq!(put(&mut queue, 3, 5000), Put::Waits(1920));
        assert_eq!(put(&mut queue, 4, 5000 + 3600 * 48_000), Put::Waits(2880), "an hour ahead");
        assert_eq!(put(&mut queue, 5, 7), Put::Waits(3840), "far behind");
    }

    #[test]
    fn a_sender_that_begins_anew_does_not_run_back() {
        let mut queue = Queue::default();
        put(&mut queue, 100_000, 0);
        assert_eq!(put(&mut queue, 5, 77), Put::Anew(960));
        assert_eq!(put(&mut queue, 6, 77 + 960), Put::Waits(1920));
        assert_eq!(queue.iter().count(), 2);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut queue = Queue::default();
        for n in 0..1000 {
            put(&mut queue, n, n as u32 * 960);
        }
        assert_eq!(queue.iter().count(), MOST);
        assert_eq!(queue.front().map(|queued| queued.sequence), Some(1000 - MOST as u64));
    }
}
