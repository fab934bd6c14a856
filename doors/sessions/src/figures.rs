//! What is counted of sessions since the server started.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crosspoint_telemetry::prometheus::metrics::histogram::Histogram;
use serde::Serialize;
use utoipa::ToSchema;

use crate::report::{FailureCause, Pair};
use crate::steps::Fact;

/// Of so many of the last times the percentiles are.
const REMEMBERED: usize = 1000;
/// Seconds.
const BUCKETS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0];

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndCause {
    /// Somebody deleted it.
    Deleted,
    /// Nobody answered its offer in time.
    Unanswered,
    /// Nothing was heard of it for too long.
    Idle,
    /// Its time was over.
    Lifetime,
}

impl EndCause {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Deleted, Self::Unanswered, Self::Idle, Self::Lifetime];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Unanswered => "unanswered",
            Self::Idle => "idle",
            Self::Lifetime => "lifetime",
        }
    }
}

/// Counts and times.
#[derive(Debug)]
pub struct Figures {
    tally: Mutex<Tally>,
    /// Seconds from offers to answers.
    pub answering: Histogram,
    /// Seconds that connecting took.
    pub connecting: Histogram,
}

/// Counts.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Sessions that were made.
    pub created: u64,
    /// Sessions that were read from the store when the server started.
    pub restored: u64,
    /// Offers that were taken.
    pub offers: u64,
    /// Offers that were answered.
    pub answered: u64,
    /// Offers whose connection came about, by the first report.
    pub connected: u64,
    /// Offers whose connection did not, by the first report and why.
    pub failed: [u64; FailureCause::ALL.len()],
    /// Connections that were lost, by why.
    pub lost: [u64; FailureCause::ALL.len()],
    /// Sessions that ended, by why.
    pub ended: [u64; EndCause::ALL.len()],
    /// Connections by the kinds of their candidates.
    pub pairs: BTreeMap<Pair, u64>,
    answer_ms: Recent,
    connect_ms: Recent,
}

/// The last times of a kind, milliseconds.
#[derive(Clone, Debug, Default)]
struct Recent(VecDeque<u64>);

/// How long something took: of the last 1,000 times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Times {
    /// Of how many times.
    pub count: usize,
    /// Half of them took no more milliseconds than this.
    pub p50: Option<u64>,
    /// 95 % of them did.
    pub p95: Option<u64>,
}

impl Default for Figures {
    fn default() -> Self {
        Self { tally: Mutex::default(), answering: Histogram::new(BUCKETS), connecting: Histogram::new(BUCKETS) }
    }
}

impl Figures {
    /// Counts what happened.
    pub fn count(&self, facts: &[Fact]) {
        let mut tally = self.lock();
        for fact in facts {
            match *fact {
                Fact::Created => tally.created += 1,
                Fact::Offered => tally.offers += 1,
                Fact::Answered(ms) => {
                    tally.answered += 1;
                    tally.answer_ms.push(ms);
                    self.answering.observe(seconds(ms));
                }
                Fact::Connected(ms) => {
                    tally.connected += 1;
                    tally.connect_ms.push(ms);
                    self.connecting.observe(seconds(ms));
                }
                Fact::Over(pair) => *tally.pairs.entry(pair).or_default() += 1,
                Fact::Failed(cause) => tally.failed[cause as usize] += 1,
                Fact::Lost(cause) => tally.lost[cause as usize] += 1,
            }
        }
    }

    /// Counts an end.
    pub fn end(&self, cause: EndCause) {
        self.lock().ended[cause as usize] += 1;
    }

    /// Counts what the store had.
    pub fn restore(&self, sessions: usize) {
        self.lock().restored += sessions as u64;
    }

    /// The counts as they are now.
    pub fn tally(&self) -> Tally {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Tally> {
        // Counting does not panic half way.
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// Offers whose connection did not come about.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// The part of the offers of which something was reported that led to a connection.
    #[expect(clippy::cast_precision_loss, reason = "a ratio, not a count")]
    pub fn success_rate(&self) -> Option<f64> {
        let reported = self.connected + self.failures();
        (reported > 0).then(|| self.connected as f64 / reported as f64)
    }

    /// From offers to answers.
    pub fn time_to_answer(&self) -> Times {
        self.answer_ms.times()
    }

    /// From offers to connections.
    pub fn time_to_connect(&self) -> Times {
        self.connect_ms.times()
    }
}

impl Recent {
    fn push(&mut self, ms: u64) {
        if self.0.len() >= REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(ms);
    }

    fn times(&self) -> Times {
        let mut sorted: Vec<u64> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        // The nearest rank: a time that was really measured.
        let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Times { count: sorted.len(), p50: rank(50), p95: rank(95) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a time, not an id")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let figures = Figures::default();
        let none = Times { count: 0, p50: None, p95: None };
        assert_eq!((figures.tally().time_to_answer(), figures.tally().success_rate()), (none, None));
        for ms in 1..=100 {
            figures.count(&[Fact::Answered(ms)]);
        }
        assert_eq!(figures.tally().time_to_answer(), Times { count: 100, p50: Some(50), p95: Some(95) });
    }

    #[test]
    fn every_cause_has_its_place() {
        assert!(FailureCause::ALL.iter().enumerate().all(|(index, cause)| *cause as usize == index));
        assert!(EndCause::ALL.iter().enumerate().all(|(index, cause)| *cause as usize == index));
    }
}
