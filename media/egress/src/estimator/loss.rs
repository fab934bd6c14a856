//! How much is lost, and is it our doing? Classic Google Congestion Control (draft-ietf-rmcat-gcc-02 §6) falls with any loss
//! above 10 %; on a radio link that loses one packet in five whatever is sent, it falls to nothing. Here only the loss counts
//! that exceeds what was lost in the best of the last evaluations: loss that goes away when less is sent is our doing.

const BUCKETS: usize = 10;
const BUCKET: u64 = 100_000;
/// An evaluation needs this many packets and this much time (µs).
const FEWEST: u32 = 20;
const SHORTEST: u64 = 400_000;

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    received: u32,
    missing: u32,
}

/// Counts packets that arrived and that did not.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// For the report: the last second by the time of feedback.
    buckets: [Count; BUCKETS],
    present: u64,
    /// For the evaluation: since the last one.
    count: Count,
    since: u64,
    /// What the last evaluations saw. Zeros at first: loss is our doing until it has lasted.
    evaluations: [f32; BUCKETS],
    next: usize,
}

impl Loss {
    /// A packet arrived, after it had been missing or not. `evaluated`: it was sent under the present estimate.
    #[inline]
    pub fn received(&mut self, was_missing: bool, evaluated: bool) {
        self.buckets[self.present as usize % BUCKETS].received(was_missing);
        if evaluated {
            self.count.received(was_missing);
        }
    }

    /// A packet is missing.
    #[inline]
    pub fn missing(&mut self, evaluated: bool) {
        self.buckets[self.present as usize % BUCKETS].missing += 1;
        if evaluated {
            self.count.missing += 1;
        }
    }

    /// Feedback came at this time: what follows counts here.
    pub fn advance(&mut self, now: u64) {
        let bucket = now / BUCKET;
        for step in 1..=bucket.saturating_sub(self.present).min(BUCKETS as u64) {
            self.buckets[(self.present + step) as usize % BUCKETS] = Count::default();
        }
        self.present = self.present.max(bucket);
    }

    /// The share that was lost of what the feedback of the last second spoke of.
    pub fn recent(&self) -> f32 {
        let sum = self.buckets.iter().fold(Count::default(), |sum, bucket| Count {
            received: sum.received + bucket.received,
            missing: sum.missing + bucket.missing,
        });
        sum.share()
    }

    /// The share that was lost beyond what is always lost here; now and then.
    pub fn evaluate(&mut self, now: u64) -> Option<f32> {
        if self.count.received + self.count.missing < FEWEST || now < self.since + SHORTEST {
            return None;
        }
        let always = self.evaluations.iter().copied().fold(1.0, f32::min);
        let share = self.count.share();
        self.evaluations[self.next % BUCKETS] = share;
        self.next += 1;
        self.forget(now);
        Some((share - always).max(0.0))
    }

    /// What is in flight was sent under another estimate.
    pub fn forget(&mut self, now: u64) {
        self.count = Count::default();
        self.since = now;
    }
}

impl Count {
    #[inline]
    fn received(&mut self, was_missing: bool) {
        self.received += 1;
        if was_missing {
            self.missing = self.missing.saturating_sub(1);
        }
    }

    fn share(self) -> f32 {
        let all = self.received + self.missing;
        if all == 0 { 0.0 } else { self.missing as f32 / all as f32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_that_never_goes_away_stops_counting() {
        let mut loss = Loss::default();
        let mut last = 0.0;
        for second in 1..=12u64 {
            loss.advance(second * 1_000_000);
            (0..80).for_each(|_| loss.received(false, true));
            (0..20).for_each(|_| loss.missing(true));
            assert!((loss.recent() - 0.2).abs() < 0.001);
            last = loss.evaluate(second * 1_000_000).expect("enough packets");
            assert_eq!(last > 0.1, second <= 10);
        }
        assert!(last < 0.001);
    }

    #[test]
    fn what_comes_late_was_not_lost() {
        let mut loss = Loss::default();
        loss.missing(true);
        loss.received(true, true);
        assert_eq!(loss.recent(), 0.0);
    }
}
