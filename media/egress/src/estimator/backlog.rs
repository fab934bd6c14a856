//! How fast does a queue drain? While packets queue, they arrive exactly as fast as the narrowest link sends them: a handful
//! of them measures the link, long before a trend through twenty pictures shows.
//!
//! ```text
//!  delay of a packet above the smallest one of late
//!    |            ..****   <- queued: bytes received / time between arrivals = what the link carries
//!  70|--------..**------
//!    |.....***              not queued: says nothing
//! ```

/// Delay above the smallest one from which on a packet counts as queued (µs). Above what a busy client adds.
const QUEUED: i64 = 60_000;
/// A measurement is used from this length on, and begins anew after the second.
const SHORTEST: i64 = 60_000;
const LONGEST: i64 = 400_000;
/// How long the smallest delay is remembered: between one and two of these. A new route counts as a queue until then,
/// but one that drains as fast as it is filled, which moves nothing.
const EPOCH: u64 = 10_000_000;

#[derive(Clone, Copy, Debug)]
struct Run {
    sent: u64,
    arrival: i64,
    last_sent: u64,
    last_arrival: i64,
    received: u32,
    bytes: u64,
    missing: u64,
}

/// Delays, the smallest of them, and the present run of queued packets.
#[derive(Debug, Default)]
pub(super) struct Backlog {
    smallest: Option<i64>,
    smallest_before: Option<i64>,
    epoch: u64,
    queue: i64,
    run: Option<Run>,
}

impl Backlog {
    /// The queue that the last packet met, in µs.
    pub fn queue(&self) -> i64 {
        self.queue
    }

    #[inline]
    pub fn arrived(&mut self, bytes: u16, sent: u64, arrival: i64, delay: i64) {
        if sent > self.epoch + EPOCH {
            self.smallest_before = self.smallest.take();
            self.epoch = sent;
        }
        let smallest = self.smallest.map_or(delay, |smallest| smallest.min(delay));
        self.smallest = Some(smallest);
        self.queue = delay - self.smallest_before.map_or(smallest, |before| before.min(smallest));
        if self.queue <= QUEUED {
            self.run = None;
            return;
        }
        let run = self.run.get_or_insert(Run {
            sent,
            arrival,
            last_sent: sent,
            last_arrival: arrival,
            received: 0,
            bytes: 0,
            missing: 0,
        });
        if arrival > run.arrival {
            run.received += 1;
            run.bytes += u64::from(bytes);
        }
        run.last_sent = run.last_sent.max(sent);
        run.last_arrival = run.last_arrival.max(arrival);
    }

    #[inline]
    pub fn missing(&mut self, bytes: u16) {
        if let Some(run) = &mut self.run {
            run.missing += u64::from(bytes);
        }
    }

    /// Bits per second that the link carries, if packets queue because more than that was sent.
    pub fn drained(&mut self) -> Option<u64> {
        let run = self.run?;
        let span = run.last_arrival - run.arrival;
        if span < SHORTEST || run.received < 3 {
            return None;
        }
        if span > LONGEST {
            self.run = None;
        }
        let drained = run.bytes * 8_000_000 / span as u64;
        let sent_in = (run.last_sent - run.sent).max(1_000);
        let filled = (run.bytes + run.missing) * 8_000_000 / sent_in;
        (filled > drained + drained / 10).then_some(drained)
    }

    /// Feedback has a hole: what was counted is not all that arrived.
    pub fn interrupt(&mut self) {
        self.run = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_cannot_follow_is_measured() {
        let mut backlog = Backlog::default();
        // 1000 bytes each 10 ms over 400 kbit/s: each takes 20 ms.
        let drained = (1..40i64).find_map(|index| {
            let (sent, arrival) = (index * 10_000, index * 20_000);
            backlog.arrived(1000, sent as u64, arrival, arrival - sent);
            backlog.drained().map(|rate| (index, rate))
        });
        assert_eq!(drained, Some((11, 400_000)));
    }

    #[test]
    fn a_longer_way_is_no_narrower_one() {
        let mut backlog = Backlog::default();
        for index in 0..400i64 {
            let delay = if index < 50 { 5_000 } else { 205_000 };
            backlog.arrived(1000, index as u64 * 10_000, index * 10_000 + delay, delay);
            assert_eq!(backlog.drained(), None);
        }
    }
}
