//! Does the way carry more than is sent now? A few packets of padding, sent faster than the estimate for a moment, tell by
//! how far apart they arrive. The first cluster aims at twice the estimate; when the way carries it, the next one follows at
//! once at twice that. One that fails costs 20 ms of twice the estimate: 4 % of the estimate, at one a second.

/// Which cluster a packet of padding belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProbeId(u32);

/// Padding to be sent now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probe {
    /// To be given to [`sent`](super::Estimator::sent) with the packet.
    pub id: ProbeId,
    /// The size of the packet, measured as all sizes here are.
    pub bytes: usize,
}

/// A cluster lasts this long (µs) and has at least so many packets of at least and at most these sizes.
const LENGTH: u64 = 20_000;
const FEWEST: u64 = 5;
const SMALLEST: u64 = 200;
const LARGEST: u64 = 1100;
/// How many packets must have come through.
const ENOUGH: u32 = 3;
/// The link was too narrow if the cluster arrived stretched by more than this (µs): above what a busy client adds.
const STRETCHED: u64 = 10_000;
/// From one cluster to the next: after a failure, and where a single cluster may have been chance (µs).
const INTERVAL: u64 = 1_000_000;
const CONFIRM: u64 = 300_000;
/// So many failures in a row that show no narrow link are taken for a busy client.
const CHANCES: u64 = 3;
/// From this many failures on each one adds a tenth of a second, up to the longest interval.
const PATIENT: u64 = 30;
const LONGEST: u64 = 5_000_000;

/// What a cluster has shown, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It arrived as it was sent.
    Carried(u64),
    /// It arrived stretched: the link carries this and no more.
    Stretched(u64),
    /// Too little of it came through.
    Nothing,
}

#[derive(Debug, Default)]
struct Tally {
    received: u32,
    bytes: u64,
    sent: (u64, u64),
    arrival: (i64, i64),
    /// The sizes of the first to arrive and of the last sent: they lie outside of the time between first and last.
    first_bytes: u64,
    last_bytes: u64,
}

#[derive(Debug)]
struct Cluster {
    id: ProbeId,
    target: u64,
    /// The size of a packet, how many are still to be sent, when the next one is due.
    bytes: u64,
    left: u64,
    due: u64,
    /// When it began, its bytes as planned, as asked for so far, and as they left: packets that serve as padding may be larger.
    begun: u64,
    length: u64,
    asked: u64,
    sent: u64,
    /// How long after the last packet (µs) an answer is waited for.
    patience: u64,
    /// The first and the last number that was sent. Media in between counts too.
    range: Option<(u64, u64)>,
    tally: Tally,
}

/// Begins clusters and judges them.
#[derive(Debug, Default)]
pub(super) struct Prober {
    minimum: u64,
    desired: u64,
    cluster: Option<Box<Cluster>>,
    clusters: u32,
    not_before: u64,
    failures: u64,
    /// A cluster showed a link narrower than the estimate. One alone may be chance.
    suspicion: Option<u64>,
}

impl Prober {
    pub fn want(&mut self, minimum: u64, desired: u64) {
        (self.minimum, self.desired) = (minimum, desired);
        if desired == 0 {
            self.cluster = None;
        }
    }

    /// When [`poll`](Self::poll) has something to do.
    pub fn due(&self, estimate: u64) -> Option<u64> {
        match &self.cluster {
            Some(cluster) => Some(cluster.due),
            None => self.wanted(estimate).then_some(self.not_before),
        }
    }

    /// No cluster begins before this.
    pub fn postpone(&mut self, until: u64) {
        self.not_before = self.not_before.max(until);
    }

    /// The way has changed: earlier failures say nothing.
    pub fn encourage(&mut self, from: u64) {
        self.failures = 0;
        self.not_before = self.not_before.min(from);
    }

    /// The next packet. `patience`: how long after the last one (µs) an answer is still waited for.
    pub fn poll(&mut self, estimate: u64, patience: u64, now: u64) -> Option<Probe> {
        if self.cluster.is_none() && self.wanted(estimate) && now >= self.not_before {
            self.begin(estimate, patience, now);
        }
        let cluster = self.cluster.as_mut()?;
        if now < cluster.due {
            return None;
        }
        if cluster.left == 0 {
            self.cluster = None;
            self.failed(now);
            return None;
        }
        cluster.left -= 1;
        cluster.asked += cluster.bytes;
        cluster.schedule();
        Some(Probe { id: cluster.id, bytes: cluster.bytes as usize })
    }

    pub fn sent(&mut self, id: ProbeId, sequence: u64, bytes: usize) {
        if let Some(cluster) = self.cluster.as_mut().filter(|cluster| cluster.id == id) {
            let first = cluster.range.map_or(sequence, |(first, _)| first);
            cluster.range = Some((first, sequence));
            cluster.sent += bytes as u64;
            if cluster.sent >= cluster.length && cluster.asked >= FEWEST * cluster.bytes {
                cluster.left = 0;
            }
            cluster.schedule();
        }
    }

    #[inline]
    pub fn arrived(&mut self, sequence: u64, bytes: u16, sent: u64, arrival: i64) {
        let Some(cluster) = &mut self.cluster else { return };
        let Some((first, last)) = cluster.range else { return };
        if sequence >= first && (sequence <= last || cluster.left > 0) {
            cluster.tally.add(u64::from(bytes), sent, arrival);
        }
    }

    /// Feedback has come up to this packet: is the cluster complete?
    pub fn finish(&mut self, heard: u64) -> Option<Outcome> {
        let cluster = self.cluster.as_ref()?;
        let (_, last) = cluster.range?;
        if cluster.left > 0 || heard < last {
            return None;
        }
        let outcome = cluster.tally.judge(cluster.target);
        self.cluster = None;
        Some(outcome)
    }

    /// What the estimate becomes by an outcome, if it changes.
    pub fn conclude(&mut self, outcome: Outcome, estimate: u64, now: u64) -> Option<u64> {
        let suspicion = self.suspicion.take();
        let (rate, carried) = match outcome {
            Outcome::Carried(rate) => (rate, true),
            // libwebrtc's figure: a little below what the link carries, so that its queue drains.
            Outcome::Stretched(rate) => (rate * 95 / 100, false),
            Outcome::Nothing => (estimate, true),
        };
        if rate > estimate + estimate / 20 {
            self.failures = 0;
            self.not_before = if carried { now } else { now + CONFIRM };
            return Some(rate);
        }
        self.failed(now);
        if carried && self.failures <= CHANCES {
            self.not_before = now + CONFIRM;
        }
        if carried || rate >= estimate {
            return None;
        }
        if suspicion.is_none() {
            self.suspicion = Some(rate);
            self.not_before = now + CONFIRM;
        }
        suspicion.map(|before| before.max(rate)).filter(|rate| *rate < estimate)
    }

    fn wanted(&self, estimate: u64) -> bool {
        estimate < self.desired + self.desired / 5
    }

    fn failed(&mut self, now: u64) {
        self.failures += 1;
        let interval = INTERVAL + self.failures.saturating_sub(PATIENT) * 100_000;
        self.not_before = now + interval.min(LONGEST);
    }

    fn begin(&mut self, estimate: u64, patience: u64, now: u64) {
        // A step up that is within reach is tried as a whole.
        let step = (self.minimum + self.minimum / 10).min(estimate * 3);
        let target = (estimate * 2).max(step).min(self.desired * 27 / 20).max(1);
        let length = target * LENGTH / 8_000_000;
        let left = length.div_ceil(LARGEST).max(FEWEST);
        let bytes = (length / left).clamp(SMALLEST, LARGEST);
        self.clusters = self.clusters.wrapping_add(1);
        let id = ProbeId(self.clusters);
        let tally = Tally::default();
        self.cluster = Some(Box::new(Cluster {
            id,
            target,
            bytes,
            left,
            due: now,
            begun: now,
            length,
            asked: 0,
            sent: 0,
            patience,
            range: None,
            tally,
        }));
    }
}

impl Cluster {
    /// The next packet is due when those before it have taken their time at the planned rate.
    fn schedule(&mut self) {
        let taken = self.asked.max(self.sent) * 8_000_000 / self.target;
        self.due = self.begun + taken + if self.left == 0 { self.patience } else { 0 };
    }
}

impl Tally {
    fn add(&mut self, bytes: u64, sent: u64, arrival: i64) {
        if self.received == 0 {
            (self.sent, self.arrival) = ((sent, sent), (arrival, arrival));
            (self.first_bytes, self.last_bytes) = (bytes, bytes);
        }
        self.received += 1;
        self.bytes += bytes;
        self.sent.0 = self.sent.0.min(sent);
        if sent >= self.sent.1 {
            (self.sent.1, self.last_bytes) = (sent, bytes);
        }
        self.arrival.1 = self.arrival.1.max(arrival);
        if arrival < self.arrival.0 {
            (self.arrival.0, self.first_bytes) = (arrival, bytes);
        }
    }

    fn judge(&self, target: u64) -> Outcome {
        if self.received < ENOUGH {
            return Outcome::Nothing;
        }
        let sent_in = self.sent.1 - self.sent.0;
        let arrived_in = self.arrival.1.abs_diff(self.arrival.0);
        let sent = (self.bytes - self.last_bytes) * 8_000_000 / sent_in.max(1);
        let received = (self.bytes - self.first_bytes) * 8_000_000 / arrived_in.max(1);
        // Media in between makes it faster than planned; much faster is a timer that was late.
        let rate = sent.min(received).min(target + target / 4);
        let stretched = arrived_in > sent_in + STRETCHED && received < sent / 5 * 4;
        if stretched { Outcome::Stretched(rate) } else { Outcome::Carried(rate) }
    }
}
