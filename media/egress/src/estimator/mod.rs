//! What does the way to the client carry?
//!
//! The model is Google Congestion Control (draft-ietf-rmcat-gcc-02 and what libwebrtc does today), made for a server that
//! forwards: there is no pacer, and most of the time what is sent is less than what could be, because layers are steps.
//!
//! In: each packet that leaves, the client's feedback, what would be sent if there were room. Out: the estimate, and padding
//! that is to be sent to find out more.
//!
//! | file | what it does |
//! |---|---|
//! | `history` | what was sent, by sequence number |
//! | `trend` | is a queue growing? The trendline filter and its adaptive threshold |
//! | `backlog` | how fast does a queue drain? What makes a step down quick |
//! | `loss` | how much is lost, and is it our doing? |
//! | `probe` | does the way carry more? What makes a step up quick |
//! | `relief` | has the way become wider? When to probe again after many failures |
//! | `rate` | bits per second over the last half second |
//!
//! | what was seen | what the estimate becomes |
//! |---|---|
//! | packets queue and arrive slower than they were sent | 9/10 of what the link carried |
//! | the trend of the delay is above its threshold | 85/100 of what was acknowledged (§5.5); where little was sent, 8/10 of itself |
//! | loss that exceeds what is always lost by 10 % or more | (1 - loss/2) of itself (§6), at least what was acknowledged |
//! | neither | grows by 8 % a second, near a known capacity by a packet per response time (§5.5), never above 1.5 times what is acknowledged |
//! | a cluster of padding arrived | the cluster's rate, if that is more; less only if two in a row say so |
//! | packets leave and no feedback comes for a second | 8/10 of itself, each second |
//!
//! All rates are bits per second. What a packet's size is, the caller decides, as long as it is always the same: the whole
//! datagram with its IP and UDP headers, say. The estimate is in the same measure.

mod backlog;
mod history;
mod loss;
mod probe;
mod rate;
mod relief;
#[cfg(test)]
mod tests;
mod trend;

use std::ops::Range;
use std::time::{Duration, Instant};

use crosspoint_rtp::twcc::{Feedback, REFERENCE_MICROS, Status, TICK_MICROS};

use backlog::Backlog;
use history::{History, State};
use loss::Loss;
use probe::{Outcome, Prober};
pub use probe::{Probe, ProbeId};
use rate::Rate;
use relief::Relief;
use trend::{Trend, Usage};

/// The estimate stays within these.
pub const LOWEST: u64 = 50_000;
/// The estimate stays within these.
pub const HIGHEST: u64 = 100_000_000;

/// After this much silence delays are learned anew: clocks drift, routes change (µs).
const IDLE: u64 = 2_000_000;
/// Feedback is missed after this and the round trip (µs). Without feedback the estimate does not fall below the rate.
const SILENCE: u64 = 1_000_000;
const SILENT_LOWEST: u64 = 300_000;
/// A trend without a queue is chance (µs); above the second no probe begins.
const LEAST_QUEUE: i64 = 12_000;
const PROBE_QUEUE: i64 = 50_000;
/// From a fall to the next one by trend, with the round trip; from a fall to the next probe (µs).
const FALL_INTERVAL: u64 = 200_000;
const PROBE_AFTER_FALL: u64 = 700_000;
/// A queue that drains after a fall is no wider link (µs).
const RELIEF_AFTER_FALL: u64 = 2_000_000;
/// Loss above what is always lost: from the first on the estimate does not rise, from the second on it falls.
const LOSS_HOLDS: f32 = 0.05;
const LOSS_FALLS: f32 = 0.10;
/// A client's clock that jumps by more (steps of 64 ms: a minute) has begun anew.
const CLOCK_JUMP: i64 = 940;

/// The estimate for one connection. It reads no clock: times come in. One that is not used costs 3 KiB and no timer.
#[derive(Debug)]
pub struct Estimator {
    /// Times inside are microseconds since this.
    epoch: Instant,
    estimate: u64,
    /// What the caller was last told of.
    reported: u64,
    history: History,
    trend: Trend,
    backlog: Backlog,
    relief: Relief,
    /// It has become wider, and probing has not been taken up for it yet.
    relieved: bool,
    loss: Loss,
    prober: Prober,
    sent: Rate,
    acknowledged: Rate,
    /// What the link carried when it was last full.
    capacity: Option<u64>,
    excess: f32,
    round_trip: u64,
    /// When the last packet left, and when feedback will be missed.
    last_sent: u64,
    silent_at: Option<u64>,
    /// The client's clock, unwrapped.
    reference: Option<i64>,
    /// The number of the last feedback.
    count: u8,
    /// The highest packet that feedback spoke of, and when the last one that arrived had been sent.
    heard: Option<u64>,
    last_acknowledged: u64,
    last_rise: u64,
    last_fall: u64,
    /// Packets from here on were sent under the present estimate.
    since_fall: u64,
}

impl Estimator {
    /// An estimator that believes in `start` until it learns better.
    pub fn new(start: u64, now: Instant) -> Self {
        Self {
            epoch: now,
            estimate: start.clamp(LOWEST, HIGHEST),
            reported: start,
            history: History::new(),
            trend: Trend::new(),
            backlog: Backlog::default(),
            relief: Relief::default(),
            relieved: false,
            loss: Loss::default(),
            prober: Prober::default(),
            sent: Rate::default(),
            acknowledged: Rate::default(),
            capacity: None,
            excess: 0.0,
            round_trip: 100_000,
            last_sent: 0,
            silent_at: None,
            reference: None,
            count: 0,
            heard: None,
            last_acknowledged: 0,
            last_rise: 0,
            last_fall: 0,
            since_fall: 0,
        }
    }

    /// A packet left. `sequence` is its transport-wide number, extended: each one is one higher than the last. `probe`: it is
    /// padding of this cluster.
    #[inline]
    pub fn sent(&mut self, sequence: u64, bytes: usize, probe: Option<ProbeId>, now: Instant) {
        let now = self.time(now);
        self.history.record(sequence, bytes, now);
        self.sent.add(u16::try_from(bytes).unwrap_or(u16::MAX), now);
        let idle = now > self.last_sent + SILENCE / 2;
        match self.silent_at {
            Some(silent_at) if !idle && now > silent_at => self.miss_feedback(now),
            Some(_) if !idle => {}
            _ => self.silent_at = Some(now + SILENCE + self.round_trip),
        }
        self.last_sent = now;
        if let Some(id) = probe {
            self.prober.sent(id, sequence, bytes);
        }
    }

    /// The client's feedback. True: the estimate differs by 3 % or more from what was last told so.
    pub fn feedback(&mut self, feedback: &Feedback, now: Instant) -> bool {
        let now = self.time(now);
        self.silent_at = None;
        self.loss.advance(now);
        let reference = self.unwrap_reference(feedback.reference());
        let first = self.history.extend(feedback.base());
        if let Some((heard, first)) = self.heard.zip(first).filter(|(heard, first)| *first > heard + 1) {
            self.skip(heard + 1..first, feedback.count());
        }
        self.count = feedback.count();
        for (sequence, status) in feedback.packets() {
            if let Some(sequence) = self.history.extend(sequence) {
                self.hear(sequence, status, reference * REFERENCE_MICROS);
            }
        }
        self.react(now);
        self.estimate = self.estimate.clamp(LOWEST, HIGHEST);
        let noticeable = self.estimate.abs_diff(self.reported) * 100 >= self.reported * 3;
        if noticeable {
            self.reported = self.estimate;
        }
        noticeable
    }

    /// The round trip time, when it is known anew.
    pub fn round_trip(&mut self, time: Duration) {
        self.round_trip = (time.as_micros() as u64).min(SILENCE);
    }

    /// What would be sent if there were room, and the next step up from what is sent now. 0: nothing, and no probe is sent.
    pub fn want(&mut self, minimum: u64, desired: u64) {
        self.prober.want(minimum.min(HIGHEST), desired.min(HIGHEST));
    }

    /// What the way carries.
    pub fn estimate(&self) -> u64 {
        self.estimate
    }

    /// The share of packets that were lost, of those of which the last second's feedback spoke.
    pub fn loss(&self) -> f32 {
        self.loss.recent()
    }

    /// When [`poll_probe`](Self::poll_probe) has something to do. None: nothing is wanted, nothing was ever sent, or the
    /// estimate is enough.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.history.highest()?;
        self.prober.due(self.estimate).map(|due| self.epoch + Duration::from_micros(due))
    }

    /// Padding to be sent now, one packet after the other until there is none. To be called at
    /// [`poll_timeout`](Self::poll_timeout), as close to it as a millisecond.
    pub fn poll_probe(&mut self, now: Instant) -> Option<Probe> {
        self.history.highest()?;
        let now = self.time(now);
        if self.backlog.queue() > PROBE_QUEUE && now < self.last_sent + IDLE {
            self.prober.postpone(now + FALL_INTERVAL / 2);
        }
        self.prober.poll(self.estimate, 300_000 + 2 * self.round_trip, now)
    }

    fn time(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_micros() as u64
    }

    /// The reference time is 24 bits of 64 ms.
    fn unwrap_reference(&mut self, wire: u32) -> i64 {
        let wire = i64::from(wire);
        let last = *self.reference.get_or_insert(wire);
        // The difference modulo 2^24, between -2^23 and 2^23.
        let step = ((wire - last) << 40) >> 40;
        if step.abs() > CLOCK_JUMP {
            self.learn_delays_anew();
            self.reference = Some(wire);
            return wire;
        }
        self.reference = Some(last + step.max(0));
        last + step
    }

    fn hear(&mut self, sequence: u64, status: Status, reference: i64) {
        let Some(packet) = self.history.get(sequence) else { return };
        let evaluated = sequence >= self.since_fall;
        let (bytes, sent) = (packet.bytes, packet.sent);
        match (packet.state, status) {
            (State::Sent, Status::Missing) => {
                packet.state = State::Missing;
                self.loss.missing(evaluated);
                self.backlog.missing(bytes);
            }
            (State::Sent | State::Missing, Status::Received(ticks)) => {
                let was_missing = packet.state == State::Missing;
                packet.state = State::Received;
                if sent > self.last_acknowledged + IDLE {
                    self.learn_delays_anew();
                }
                self.last_acknowledged = self.last_acknowledged.max(sent);
                let arrival = reference + i64::from(ticks) * TICK_MICROS;
                // The distance of two clocks that know nothing of each other: only its changes mean something.
                let delay = arrival - sent as i64;
                self.loss.received(was_missing, evaluated);
                self.acknowledged.add(bytes, arrival.max(0) as u64);
                self.trend.arrived(sent, arrival, delay);
                self.backlog.arrived(bytes, sent, arrival, delay);
                self.relieved |= self.relief.arrived(bytes, sent, delay);
                self.prober.arrived(sequence, bytes, sent, arrival);
            }
            _ => {}
        }
        self.heard = self.heard.max(Some(sequence));
    }

    fn react(&mut self, now: u64) {
        let acknowledged = self.acknowledged.get(0);
        if let Some(outcome) = self.heard.and_then(|heard| self.prober.finish(heard)) {
            self.conclude(outcome, now);
        }
        let evaluation = self.loss.evaluate(now);
        if let Some(excess) = evaluation {
            self.excess = excess;
        }
        if let Some(drained) = self.backlog.drained() {
            self.capacity = Some(drained);
            self.fall(drained / 10 * 9, now);
        } else if self.trend.usage() == Usage::Over && self.backlog.queue() > LEAST_QUEUE {
            self.overused(now);
        } else if evaluation.is_some_and(|excess| excess > LOSS_FALLS) && !self.sends_little(now) {
            let kept = (self.estimate as f64 * (1.0 - 0.5 * f64::from(self.excess))) as u64;
            self.fall(kept.max(acknowledged.unwrap_or(0)), now);
        } else if self.trend.usage() == Usage::Normal && self.excess < LOSS_HOLDS {
            self.rise(acknowledged, now);
        }
        self.last_rise = now;
        if self.relieved && now > self.last_fall + RELIEF_AFTER_FALL {
            self.relieved = false;
            self.prober.encourage(now);
        }
    }

    fn conclude(&mut self, outcome: Outcome, now: u64) {
        if let Outcome::Stretched(capacity) = outcome {
            self.capacity = Some(capacity);
        }
        let Some(rate) = self.prober.conclude(outcome, self.estimate, now) else { return };
        if rate < self.estimate {
            self.fall(rate, now);
            return;
        }
        self.estimate = rate;
        self.capacity = self.capacity.filter(|capacity| rate < capacity + capacity / 5);
    }

    /// §5.5, Over: at once, but not again for what was sent before.
    fn overused(&mut self, now: u64) {
        if now < self.last_fall + FALL_INTERVAL + self.round_trip {
            return;
        }
        let acknowledged = self.acknowledged.peak(0).unwrap_or(self.estimate);
        let carried = acknowledged / 100 * 85;
        if self.sends_little(now) {
            // What arrives says nothing about the link then.
            self.fall(carried.max(self.estimate / 10 * 8), now);
        } else {
            self.capacity = Some(acknowledged);
            self.fall(carried, now);
        }
    }

    fn fall(&mut self, to: u64, now: u64) {
        if to >= self.estimate {
            return;
        }
        self.estimate = to.max(LOWEST);
        self.last_fall = now;
        self.since_fall = self.history.highest().map_or(0, |highest| highest + 1);
        self.loss.forget(now);
        self.prober.postpone(now + PROBE_AFTER_FALL);
    }

    /// §5.5, Normal.
    fn rise(&mut self, acknowledged: Option<u64>, now: u64) {
        let Some(acknowledged) = acknowledged else { return };
        self.capacity = self.capacity.filter(|capacity| acknowledged < capacity + capacity / 5);
        let mut limit = acknowledged + acknowledged / 2 + 10_000;
        if let Some(capacity) = self.capacity.filter(|_| acknowledged < self.estimate / 10 * 8) {
            // Nothing that is sent would show that it is too much: finding more is left to the probes.
            limit = limit.min(capacity / 100 * 95);
        }
        if self.estimate >= limit {
            return;
        }
        let elapsed = now.saturating_sub(self.last_rise).min(1_000_000);
        let near = self.capacity.is_some_and(|capacity| self.estimate > capacity / 10 * 8);
        let a_second = if near {
            let response = self.round_trip + 100_000;
            (1200 * 8 * 1_000_000 / response).max(4_000)
        } else {
            (self.estimate / 100 * 8).max(4_000)
        };
        self.estimate = (self.estimate + a_second * elapsed / 1_000_000).min(limit);
    }

    /// Far less is sent than could be.
    fn sends_little(&mut self, now: u64) -> bool {
        self.sent.get(now).unwrap_or(0) < self.estimate / 10 * 8
    }

    #[cold]
    fn miss_feedback(&mut self, now: u64) {
        self.silent_at = Some(now + SILENCE);
        if self.heard.is_some() {
            self.fall((self.estimate / 10 * 8).max(SILENT_LOWEST), now);
        }
    }

    /// Feedback speaks of no packet in this range. Either feedback was lost, and what is counted by arrival would be too
    /// little; or the client begins with the first one that arrived, and these have not.
    #[cold]
    fn skip(&mut self, range: Range<u64>, count: u8) {
        if count != self.count.wrapping_add(1) {
            self.backlog.interrupt();
            self.acknowledged.clear();
            return;
        }
        let remembered = range.end.saturating_sub(history::MOST as u64);
        for sequence in range.start.max(remembered)..range.end {
            self.hear(sequence, Status::Missing, 0);
        }
    }

    #[cold]
    fn learn_delays_anew(&mut self) {
        self.trend = Trend::new();
        self.backlog = Backlog::default();
        self.relief = Relief::default();
        self.acknowledged.clear();
    }
}
