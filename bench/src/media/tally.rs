//! What is kept of the packets that arrive: counts and latencies of the measured window, and when a client first heard and saw.

use serde::{Deserialize, Serialize};

/// The steps of a join, in nanoseconds since 1970; 0: not yet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timeline {
    /// The first request of the join left.
    pub started: u64,
    /// ICE and DTLS are up.
    pub connected: u64,
    /// The first audio packet came.
    pub first_audio: u64,
    /// The first video packet came.
    pub first_video: u64,
    /// The first packet of a key frame came.
    pub first_key: u64,
}

/// Packets in the measured window, by kind.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Count {
    /// Audio packets.
    pub audio: u64,
    /// Video packets.
    pub video: u64,
}

impl Count {
    /// Both kinds.
    pub fn total(self) -> u64 {
        self.audio + self.video
    }
}

/// What came of mixed rooms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hearing {
    /// Packets that talkers (and silent microphones that send) sent in the window.
    pub sent: u64,
    /// Packets that arrived in the window, at all who hear somebody.
    pub received: u64,
    /// Milliseconds from a mark to each ear that heard it.
    pub delays: Vec<f64>,
    /// Marks that an ear should have heard and did not.
    pub missed: u64,
}

impl Hearing {
    /// Adds what somebody else heard.
    pub fn add(&mut self, other: &Self) {
        self.sent += other.sent;
        self.received += other.received;
        self.delays.extend_from_slice(&other.delays);
        self.missed += other.missed;
    }
}

/// One-way latencies in microseconds, exact up to a second.
#[derive(Clone, Debug)]
pub struct Latencies {
    buckets: Vec<u32>,
    count: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { buckets: vec![0; 1_000_001], count: 0 }
    }
}

impl Latencies {
    /// Adds one.
    pub fn add(&mut self, nanoseconds: u64) {
        let last = self.buckets.len() - 1;
        self.buckets[usize::try_from(nanoseconds / 1000).unwrap_or(last).min(last)] += 1;
        self.count += 1;
    }

    /// The latency in microseconds that `share` (0 to 1) of all packets did not exceed.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.count as f64).ceil() as u64;
        let mut seen = 0;
        for (microseconds, count) in self.buckets.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= rank.max(1) {
                return microseconds as f64 + 0.5;
            }
        }
        f64::NAN
    }
}

/// The value that `share` (0 to 1) of the sorted `values` do not exceed.
pub fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_ranks() {
        let mut latencies = Latencies::default();
        for microseconds in 1..=100_u64 {
            latencies.add(microseconds * 1000);
        }
        assert_eq!((latencies.quantile(0.5), latencies.quantile(0.99)), (50.5, 99.5));

        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!((quantile(&mut values, 0.5), quantile(&mut values, 0.95)), (Some(2.0), Some(4.0)));
        assert_eq!(quantile(&mut [], 0.5), None);
    }
}
