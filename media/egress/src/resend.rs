//! The packets that a client may ask for again (RFC 4588).

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_rtp::picture;

use crate::packet::Packet;

/// How many are kept: 1.5 s of 1.5 Mbit/s. A power of two.
const KEPT: u64 = 256;
/// Older ones come too late to be of use.
const MAX_AGE: Duration = Duration::from_millis(1500);
/// Among so many of the last packets a probe's filler is looked for.
const FILLERS: u64 = 8;
/// A packet that was resent is on its way for at least so long.
const LEAST_PAUSE: Duration = Duration::from_millis(15);

/// A packet as it was sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) packet: Arc<Packet>,
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) picture: picture::Numbers,
    /// The payload type under which it is resent.
    pub(crate) rtx: u8,
    /// When it was sent or resent last.
    last: Instant,
    first: Instant,
}

/// The newest packets of a stream, by sequence number. Takes no memory before the first.
#[derive(Debug, Default)]
pub(crate) struct Resends {
    /// By the sequence number's remainder.
    places: Vec<Option<Sent>>,
    /// Nothing before this number is kept.
    oldest: u64,
}

impl Resends {
    /// Keeps a packet.
    pub(crate) fn keep(
        &mut self,
        packet: &Arc<Packet>,
        (sequence, timestamp): (u64, u32),
        picture: picture::Numbers,
        rtx: u8,
        now: Instant,
    ) {
        if self.places.is_empty() {
            self.oldest = sequence;
            self.places.resize_with(KEPT as usize, || None);
        }
        let sent = Sent { packet: packet.clone(), sequence, timestamp, picture, rtx, last: now, first: now };
        *self.place(sequence) = Some(sent);
        self.let_go(sequence, now);
    }

    /// What is too old to be asked for takes no memory.
    fn let_go(&mut self, newest: u64, now: Instant) {
        self.oldest = self.oldest.max((newest + 1).saturating_sub(KEPT));
        while self.oldest + FILLERS < newest {
            let oldest = self.oldest;
            let place = self.place(oldest);
            let is_young =
                |sent: &Sent| sent.sequence == oldest && now.saturating_duration_since(sent.first) <= MAX_AGE;
            if place.as_ref().is_some_and(is_young) {
                return;
            }
            place.take_if(|sent| sent.sequence == oldest);
            self.oldest += 1;
        }
    }

    fn place(&mut self, sequence: u64) -> &mut Option<Sent> {
        &mut self.places[(sequence % KEPT) as usize]
    }

    /// Of what was before the picture of this timestamp nothing is needed any more: asking for it again would only keep out
    /// what is.
    pub(crate) fn forget_before(&mut self, timestamp: u32) {
        for place in &mut self.places {
            place.take_if(|sent| sent.timestamp != timestamp);
        }
    }

    /// The packet that a client misses, unless it is too old or was resent a moment ago.
    pub(crate) fn take(&mut self, sequence: u16, round_trip: Option<Duration>, now: Instant) -> Option<Sent> {
        let sent = self.places.get_mut(usize::from(sequence) % KEPT as usize)?.as_mut()?;
        let age = now.saturating_duration_since(sent.first);
        if sent.sequence as u16 != sequence || age > MAX_AGE {
            return None;
        }
        let since = now.saturating_duration_since(sent.last);
        if sent.last != sent.first && since < round_trip.unwrap_or_default().max(LEAST_PAUSE) {
            return None;
        }
        sent.last = now;
        Some(sent.clone())
    }

    /// The largest of the last packets, to fill a probe with. However old: a client that has it already drops it, and one
    /// whose picture is paused must be probed all the same.
    pub(crate) fn filler(&self, newest: u64) -> Option<Sent> {
        let recent = (0..FILLERS).filter_map(|back| {
            let sequence = newest.checked_sub(back)?;
            self.places.get((sequence % KEPT) as usize)?.as_ref().filter(|sent| sent.sequence == sequence)
        });
        recent.max_by_key(|sent| sent.packet.payload.len()).cloned()
    }
}
