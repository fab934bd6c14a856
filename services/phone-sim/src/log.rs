//! What happened to a call, line by line, for people and for tests.

use std::collections::VecDeque;

use serde::Serialize;
use tokio::time::Instant;

/// So many lines are kept of each call.
const KEPT: usize = 1_000;

/// Something that happened.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Counts the lines of a call, from 0.
    pub number: u64,
    /// Milliseconds since the call was placed.
    pub at_ms: u64,
    /// A word: `webhook`, `callback`, `verb`, `stream`, `conference`, `rest`, `error`, `warning`, `fault`, `say`, `play`, `digits`, `handset`, `call`.
    pub what: &'static str,
    /// The rest of it.
    pub text: String,
}

/// The lines of one call.
#[derive(Debug)]
pub(crate) struct Log {
    since: Instant,
    lines: VecDeque<LogLine>,
    next: u64,
}

impl Log {
    pub(crate) fn new(since: Instant) -> Self {
        Self { since, lines: VecDeque::new(), next: 0 }
    }

    pub(crate) fn add(&mut self, what: &'static str, text: String) {
        if self.lines.len() == KEPT {
            self.lines.pop_front();
        }
        let at_ms = self.since.elapsed().as_millis() as u64;
        self.lines.push_back(LogLine { number: self.next, at_ms, what, text });
        self.next += 1;
    }

    /// The lines from this number on.
    pub(crate) fn from(&self, number: u64) -> Vec<LogLine> {
        self.lines.iter().filter(|line| line.number >= number).cloned().collect()
    }
}
