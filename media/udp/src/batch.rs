//! Datagrams to send, gathered into runs: consecutive datagrams of one size to one destination (the last of a run may be
//! shorter). A datagram only ever joins the newest run, so the order towards a destination is kept.

use std::net::SocketAddr;
use std::ops::Range;

/// What one GSO call can carry, in bytes of UDP payload.
const MAX_RUN_BYTES: usize = 65_000;

/// A run of datagrams to one destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) destination: SocketAddr,
    pub(crate) bytes: Range<usize>,
    pub(crate) segment: usize,
    pub(crate) count: usize,
    /// A shorter datagram ended it.
    closed: bool,
}

/// Datagrams to send. Reused from flush to flush: no allocation after warm-up.
#[derive(Debug)]
pub struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) runs: Vec<Run>,
    max_segments: usize,
}

impl Batch {
    /// An empty batch whose runs have at most so many datagrams.
    pub fn new(max_segments: usize) -> Self {
        Self { bytes: Vec::new(), runs: Vec::new(), max_segments: max_segments.max(1) }
    }

    /// Adds a datagram.
    pub fn push(&mut self, destination: SocketAddr, datagram: &[u8]) {
        self.push_parts(destination, datagram, &[]);
    }

    /// Adds a datagram that is in two pieces.
    pub fn push_parts(&mut self, destination: SocketAddr, head: &[u8], body: &[u8]) {
        let (start, length) = (self.bytes.len(), head.len() + body.len());
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(body);
        if let Some(run) = self.runs.last_mut()
            && run.destination == destination
            && !run.closed
            && run.count < self.max_segments
            && length <= run.segment
            && run.bytes.len() + length <= MAX_RUN_BYTES
        {
            run.bytes.end += length;
            run.count += 1;
            run.closed = length < run.segment;
            return;
        }
        let bytes = start..self.bytes.len();
        self.runs.push(Run { destination, bytes, segment: length, count: 1, closed: length == 0 });
    }

    /// Is there nothing to send?
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// How many datagrams wait.
    pub fn datagrams(&self) -> usize {
        self.runs.iter().map(|run| run.count).sum()
    }

    /// How many bytes wait.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Gives up the oldest runs until at most so many bytes wait. Returns how many datagrams that cost.
    pub fn shed(&mut self, limit: usize) -> usize {
        let mut excess = self.len().saturating_sub(limit);
        let mut runs = 0;
        while excess > 0 && runs < self.runs.len() {
            excess = excess.saturating_sub(self.runs[runs].bytes.len());
            runs += 1;
        }
        let lost = self.runs[..runs].iter().map(|run| run.count).sum();
        self.forget(runs);
        lost
    }

    /// Drops the first runs, with their bytes.
    pub(crate) fn forget(&mut self, runs: usize) {
        self.runs.drain(..runs);
        let start = self.runs.first().map_or(self.bytes.len(), |run| run.bytes.start);
        self.bytes.drain(..start);
        for run in &mut self.runs {
            run.bytes.start -= start;
            run.bytes.end -= start;
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.runs.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn runs(batch: &Batch) -> Vec<(u16, usize, usize)> {
        batch.runs.iter().map(|run| (run.destination.port(), run.segment, run.count)).collect()
    }

    #[test]
    fn equal_datagrams_to_one_destination_form_a_run_that_a_shorter_one_ends() {
        let mut batch = Batch::new(64);
        for size in [1100, 1100, 700, 1100] {
            batch.push(to(1), &vec![0; size]);
        }
        assert_eq!(runs(&batch), [(1, 1100, 3), (1, 1100, 1)]);
        assert_eq!(batch.datagrams(), 4);
    }

    #[test]
    fn a_longer_datagram_another_destination_or_a_full_run_begin_a_new_one() {
        let mut batch = Batch::new(2);
        for (port, size) in [(1, 100), (1, 200), (2, 200), (2, 200), (2, 200)] {
            batch.push(to(port), &vec![0; size]);
        }
        assert_eq!(runs(&batch), [(1, 100, 1), (1, 200, 1), (2, 200, 2), (2, 200, 1)]);
    }

    #[test]
    fn what_was_sent_is_forgotten_and_the_oldest_give_way_first() {
        let mut batch = Batch::new(2);
        for (port, byte) in [(1, 1), (2, 2), (3, 3)] {
            batch.push(to(port), &[byte; 100]);
        }
        batch.forget(1);
        assert_eq!((runs(&batch), batch.len()), (vec![(2, 100, 1), (3, 100, 1)], 200));
        assert_eq!(&batch.bytes[batch.runs[0].bytes.clone()], &[2; 100]);
        assert_eq!(batch.shed(100), 1);
        assert_eq!(&batch.bytes[batch.runs[0].bytes.clone()], &[3; 100]);
        assert_eq!(batch.shed(100), 0);
    }

    #[test]
    fn a_run_stays_below_what_one_call_can_carry() {
        let mut batch = Batch::new(64);
        for _ in 0..64 {
            batch.push(to(1), &[0; 1400]);
        }
        assert!(batch.runs.iter().all(|run| run.bytes.len() <= MAX_RUN_BYTES));
        assert_eq!(batch.datagrams(), 64);
    }
}
