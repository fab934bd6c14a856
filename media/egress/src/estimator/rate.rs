//! Bits per second over the last half second, by whatever clock the times are of.

const BUCKETS: usize = 10;
const BUCKET: u64 = 50_000;
/// Fewer full buckets say nothing yet.
const FEWEST: u64 = 3;

/// The buckets that [`Rate::peak`] looks at.
const LATEST: u64 = 4;

/// Counts bytes in buckets of 50 ms. The present bucket does not count until it is full.
#[derive(Clone, Debug, Default)]
pub(super) struct Rate {
    buckets: [u32; BUCKETS],
    /// The present bucket, counted from time 0, and what is in it.
    present: u64,
    bytes: u32,
    /// The first bucket after a silence.
    first: u64,
    sum: u64,
}

impl Rate {
    /// Times that go backwards count as now.
    #[inline]
    pub fn add(&mut self, bytes: u16, time: u64) {
        if time / BUCKET > self.present {
            self.advance(time);
        }
        self.bytes = self.bytes.saturating_add(u32::from(bytes));
    }

    /// Bits per second, if bytes have been coming for long enough.
    pub fn get(&mut self, time: u64) -> Option<u64> {
        self.advance(time);
        let full = (self.present - self.first).min(BUCKETS as u64);
        (full >= FEWEST).then(|| self.sum * 8 * 1_000_000 / (full * BUCKET))
    }

    /// The same over the last fifth of a second, where that is more: after a step up the whole window is still low.
    pub fn peak(&mut self, time: u64) -> Option<u64> {
        let whole = self.get(time)?;
        let latest = (1..=LATEST.min(self.present)).map(|back| self.buckets[(self.present - back) as usize % BUCKETS]);
        let sum: u64 = latest.map(u64::from).sum();
        Some(whole.max(sum * 8 * 1_000_000 / (LATEST * BUCKET)))
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    #[cold]
    fn advance(&mut self, time: u64) {
        let bucket = time / BUCKET;
        if bucket <= self.present {
            return;
        }
        if bucket - self.present > BUCKETS as u64 {
            *self = Self { present: bucket, first: bucket, ..Self::default() };
            return;
        }
        while self.present < bucket {
            let slot = &mut self.buckets[self.present as usize % BUCKETS];
            self.sum = self.sum + u64::from(self.bytes) - u64::from(*slot);
            *slot = std::mem::take(&mut self.bytes);
            self.present += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_stream_is_measured_and_a_silence_begins_anew() {
        let mut rate = Rate::default();
        for ms in 5_000..6_000u64 {
            rate.add(125, ms * 1_000);
        }
        assert_eq!(rate.get(6_000_000), Some(1_000_000));
        assert_eq!(rate.get(6_250_000), Some(500_000));
        assert_eq!(rate.get(8_000_000), None);
    }

    #[test]
    fn a_step_up_shows_in_the_peak_first() {
        let mut rate = Rate::default();
        for ms in 0..1_000u64 {
            rate.add(if ms < 800 { 25 } else { 125 }, ms * 1_000);
        }
        assert_eq!((rate.get(1_000_000), rate.peak(1_000_000)), (Some(520_000), Some(1_000_000)));
    }
}
