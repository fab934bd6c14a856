//! Puts pieces back in order whose provider does not promise one. What is missing is waited for until three pieces behind it
//! are there; the jitter buffer bridges that time.

use std::collections::BTreeMap;

use crate::dialect::Audio;

/// So many wait for one that is missing: 60 ms.
const HELD: usize = 3;
/// A number so far off begins a new count.
const JUMP: u64 = 1000;

/// The pieces of one stream.
#[derive(Debug, Default)]
pub struct Sequencer {
    next: Option<u64>,
    held: BTreeMap<u64, Audio>,
    late: u64,
}

impl Sequencer {
    /// Takes a piece, and gives those whose turn it is.
    pub fn put(&mut self, audio: Audio) -> Vec<Audio> {
        let next = *self.next.get_or_insert(audio.chunk);
        if audio.chunk.abs_diff(next) > JUMP {
            self.held.clear();
            self.next = Some(audio.chunk);
        } else if audio.chunk < next {
            self.late += 1;
            return Vec::new();
        }
        self.held.insert(audio.chunk, audio);
        if self.held.len() > HELD {
            self.next = self.held.keys().next().copied();
        }
        let mut ready = Vec::new();
        while let Some(next) = self.next
            && let Some(audio) = self.held.remove(&next)
        {
            ready.push(audio);
            self.next = Some(next.saturating_add(1));
        }
        ready
    }

    /// Pieces that came when their time was over.
    pub fn late(&self) -> u64 {
        self.late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(sequencer: &mut Sequencer, chunks: &[u64]) -> Vec<u64> {
        let audio = |chunk: &u64| Audio { timestamp_ms: *chunk, chunk: *chunk, bytes: Vec::new() };
        chunks.iter().flat_map(|chunk| sequencer.put(audio(chunk))).map(|audio| audio.chunk).collect()
    }

    #[test]
    fn pieces_that_overtook_each_other_come_out_in_order() {
        let mut sequencer = Sequencer::default();
        assert_eq!(put(&mut sequencer, &[1, 3, 2, 4, 6, 7, 5]), [1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(sequencer.late(), 0);
    }

    #[test]
    fn what_never_comes_is_given_up_and_what_comes_too_late_is_left_out() {
        let mut sequencer = Sequencer::default();
        assert_eq!(put(&mut sequencer, &[1, 3, 4, 5]), [1]);
        assert_eq!(put(&mut sequencer, &[6]), [3, 4, 5, 6]);
        assert_eq!(put(&mut sequencer, &[2, 7]), [7]);
        assert_eq!(sequencer.late(), 1);
    }

    #[test]
    fn a_count_that_jumps_begins_anew_and_nothing_piles_up() {
        let mut sequencer = Sequencer::default();
        assert_eq!(put(&mut sequencer, &[5000, 1, 2, u64::MAX, u64::MAX, 3]), [5000, 1, 2, u64::MAX, u64::MAX, 3]);
        assert!(sequencer.held.len() <= HELD);
    }
}
