//! Data messages between the participants of a room: bounds on senders, a queue for each slow reader.
//!
//! A reader whose reliable queue stays full for [`PATIENCE`] loses what is in it and is told how much; senders and the
//! other readers never wait for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_model::signal::DataHeader;
use crosspoint_webrtc::DataSent;

/// How long a full queue is borne.
const PATIENCE: Duration = Duration::from_secs(5);
/// What a message costs its sender at least, in bytes: small ones cost the server as much work as large ones.
pub(crate) const LEAST_COST: usize = 2048;
/// Bytes that may wait for one reader, beside what SCTP itself buffers.
const MAX_QUEUE: usize = 1 << 20;

/// What a reader has not taken yet.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    queue: VecDeque<Arc<[u8]>>,
    bytes: usize,
    /// Since when messages do not fit.
    full_since: Option<Instant>,
    lost: u32,
}

impl Outgoing {
    /// Keeps a message for later, or counts it as lost if the queue is full.
    pub(crate) fn push(&mut self, message: Arc<[u8]>, now: Instant) {
        if self.bytes + message.len() > MAX_QUEUE {
            return self.lost_one(now);
        }
        self.bytes += message.len();
        self.queue.push_back(message);
    }

    /// Gives messages to `send` until it takes no more. One that can never be sent is lost.
    pub(crate) fn drain(&mut self, now: Instant, mut send: impl FnMut(&[u8]) -> DataSent) {
        while let Some(message) = self.queue.front() {
            match send(message) {
                DataSent::Yes => {}
                DataSent::Full => return,
                DataSent::Never => self.lost_one(now),
            }
            let Some(message) = self.queue.front() else { return };
            self.bytes -= message.len();
            self.queue.pop_front();
        }
    }

    /// Counts a message that does not reach its reader.
    pub(crate) fn lost_one(&mut self, now: Instant) {
        self.full_since.get_or_insert(now);
        self.lost += 1;
    }

    /// How many messages were lost, once the reader has caught up or has been given up for now.
    pub(crate) fn take_lost(&mut self, now: Instant) -> Option<u32> {
        let since = self.full_since?;
        if !self.queue.is_empty() {
            if now.saturating_duration_since(since) < PATIENCE {
                return None;
            }
            self.lost += u32::try_from(self.queue.len()).unwrap_or(u32::MAX);
            self.queue.clear();
            self.bytes = 0;
        }
        self.full_since = None;
        Some(std::mem::take(&mut self.lost))
    }

    /// Does nothing wait?
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// When [`Self::take_lost`] has to be asked again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.full_since.map(|since| since + PATIENCE)
    }
}

/// How much a sender may still send: a bucket of one second's worth.
#[derive(Debug)]
pub(crate) struct Allowance {
    left: f64,
    last: Instant,
}

impl Allowance {
    pub(crate) fn new(bytes_per_second: usize, now: Instant) -> Self {
        Self { left: bytes_per_second as f64, last: now }
    }

    /// Takes so many bytes if they are left.
    pub(crate) fn take(&mut self, bytes: usize, bytes_per_second: usize, now: Instant) -> bool {
        let rate = bytes_per_second as f64;
        let elapsed = now.saturating_duration_since(self.last).as_secs_f64();
        self.last = now;
        self.left = (self.left + elapsed * rate).min(rate);
        let wanted = bytes as f64;
        if wanted > self.left {
            return false;
        }
        self.left -= wanted;
        true
    }
}

/// Splits a message into its header and its payload.
pub(crate) fn parse(message: &[u8]) -> Option<(DataHeader, &[u8])> {
    let length = usize::from(u16::from_be_bytes([*message.first()?, *message.get(1)?]));
    let header = serde_json::from_slice(message.get(2..2 + length)?).ok()?;
    Some((header, &message[2 + length..]))
}

/// Puts a message together.
pub(crate) fn frame(header: &DataHeader, payload: &[u8]) -> Option<Arc<[u8]>> {
    let header = serde_json::to_vec(header).ok()?;
    let length = u16::try_from(header.len()).ok()?;
    Some([&length.to_be_bytes()[..], &header, payload].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(size: usize) -> Arc<[u8]> {
        vec![0; size].into()
    }

    #[test]
    fn a_frame_reads_back_as_written() {
        let header = DataHeader { to: None, from: Some("ann".into()), topic: Some("chat".into()) };
        let framed = frame(&header, b"hello").expect("small");
        assert_eq!(parse(&framed), Some((header, &b"hello"[..])));
        assert_eq!(parse(&framed[..3]), None);
        assert_eq!(parse(b""), None);
    }

    #[test]
    fn a_reader_that_stays_full_loses_its_queue_after_five_seconds_and_hears_how_much() {
        let start = Instant::now();
        let mut outgoing = Outgoing::default();
        for _ in 0..20 {
            outgoing.push(message(64 << 10), start);
        }
        outgoing.drain(start, |_| DataSent::Full);
        assert_eq!(outgoing.take_lost(start + Duration::from_secs(4)), None);
        assert_eq!(outgoing.take_lost(start + PATIENCE), Some(20));
        assert!(outgoing.is_empty());
        assert_eq!(outgoing.take_lost(start + PATIENCE), None);
    }

    #[test]
    fn a_reader_that_catches_up_hears_only_of_what_did_not_fit() {
        let start = Instant::now();
        let mut outgoing = Outgoing::default();
        for _ in 0..17 {
            outgoing.push(message(64 << 10), start);
        }
        let mut taken = 0;
        outgoing.drain(start, |_| {
            taken += 1;
            DataSent::Yes
        });
        assert_eq!((taken, outgoing.take_lost(start)), (16, Some(1)));
    }

    #[test]
    fn a_message_that_can_never_be_sent_does_not_hold_up_the_next() {
        let start = Instant::now();
        let mut outgoing = Outgoing::default();
        outgoing.push(message(100), start);
        outgoing.push(message(10), start);
        let mut sent = Vec::new();
        outgoing.drain(start, |message| {
            if message.len() > 50 {
                return DataSent::Never;
            }
            sent.push(message.len());
            DataSent::Yes
        });
        assert_eq!((sent, outgoing.take_lost(start)), (vec![10], Some(1)));
    }

    #[test]
    fn a_sender_may_send_its_rate_and_no_more() {
        let start = Instant::now();
        let mut allowance = Allowance::new(1000, start);
        assert!(allowance.take(1000, 1000, start));
        assert!(!allowance.take(1, 1000, start));
        assert!(allowance.take(500, 1000, start + Duration::from_millis(500)));
        assert!(!allowance.take(10, 1000, start + Duration::from_millis(500)));
    }
}
