//! What a receiver hears: which packets of each voice came in time to be played.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::payload::Stamp;

/// The voices of one client's connection.
#[derive(Debug, Default)]
pub struct Listener {
    voices: BTreeMap<u64, Voice>,
}

#[derive(Debug, Default)]
struct Voice {
    /// What came, and how long after it was sent.
    heard: BTreeMap<u64, Duration>,
}

impl Listener {
    /// A packet came, so long after the beginning of the world.
    pub fn hear(&mut self, stamp: &Stamp, now: Duration) {
        let voice = self.voices.entry(stamp.track).or_default();
        voice.heard.entry(stamp.number).or_insert(now.saturating_sub(stamp.sent));
    }

    /// The tracks that were ever heard.
    pub fn tracks(&self) -> BTreeSet<u64> {
        self.voices.keys().copied().collect()
    }

    /// How many packets of a track came.
    pub fn count(&self, track: u64) -> usize {
        self.voices.get(&track).map_or(0, |voice| voice.heard.len())
    }

    /// The highest packet of a track that came.
    pub fn last(&self, track: u64) -> Option<u64> {
        self.voices.get(&track)?.heard.keys().next_back().copied()
    }

    /// The share of the packets from `first` to before `last` that a jitter buffer of this depth could not play.
    pub fn concealed(&self, track: u64, first: u64, last: u64, depth: Duration) -> f64 {
        let heard = self
            .voices
            .get(&track)
            .map_or(0, |voice| voice.heard.range(first..last).filter(|(_, late)| **late <= depth).count());
        1.0 - heard as f64 / (last - first) as f64
    }
}
