//! Figures of a connection over an interval: of what comes in from str0m's events, of what goes out from the sending half.

use std::time::{Duration, Instant};

use crosspoint_egress::Flow;
use str0m::media::{Mid, Rid};
use str0m::stats::{MediaIngressStats, PeerStats};

/// How often figures are gathered.
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);

/// One direction of a connection over an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FlowStats {
    /// Bits per second of RTP payload.
    pub bitrate: f64,
    /// Packets per second.
    pub packets: f64,
    /// Percent of packets lost.
    pub loss: f64,
    /// Milliseconds (RFC 3550 §6.4.1), the worst stream's.
    pub jitter: f64,
}

/// A connection over an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TransportStats {
    /// From the client.
    pub up: FlowStats,
    /// To the client.
    pub down: FlowStats,
    /// Milliseconds.
    pub round_trip: Option<f64>,
    /// Estimated capacity to the client, bits per second.
    pub estimate: Option<f64>,
    /// Packets sent since the beginning.
    pub packets_sent: u64,
    /// Packets received since the beginning.
    pub packets_received: u64,
}

/// Counters of one stream at two moments.
#[derive(Clone, Copy, Debug, Default)]
struct Stream {
    bytes: u64,
    packets: u64,
    before: (u64, u64),
    loss: f64,
    jitter: f64,
}

impl Stream {
    fn update(&mut self, bytes: u64, packets: u64, loss: Option<f32>, jitter_ms: f64) {
        self.before = (self.bytes, self.packets);
        (self.bytes, self.packets) = (bytes, packets);
        self.loss = f64::from(loss.unwrap_or(0.0)) * 100.0;
        self.jitter = jitter_ms;
    }
}

/// The streams of one direction: a few, so a list.
#[derive(Debug, Default)]
struct Streams(Vec<(Mid, Option<Rid>, Stream)>);

impl Streams {
    fn get(&mut self, mid: Mid, rid: Option<Rid>) -> &mut Stream {
        let index = self.0.iter().position(|(known, layer, _)| *known == mid && *layer == rid);
        let index = index.unwrap_or_else(|| {
            self.0.push((mid, rid, Stream::default()));
            self.0.len() - 1
        });
        &mut self.0[index].2
    }

    fn values(&self) -> impl Iterator<Item = &Stream> {
        self.0.iter().map(|(_, _, stream)| stream)
    }
}

/// Gathers the events of one interval.
#[derive(Debug, Default)]
pub(crate) struct Gatherer {
    up: Streams,
    /// What was sent until the last interval: bytes and packets.
    sent: (u64, u64),
    last: Option<Instant>,
    now: Option<Instant>,
    current: TransportStats,
    fresh: bool,
}

impl Gatherer {
    pub(crate) fn peer(&mut self, stats: &PeerStats) {
        (self.last, self.now) = (self.now, Some(stats.timestamp));
        let by_stun = stats.selected_candidate_pair.as_ref().and_then(|pair| pair.current_round_trip_time);
        if let Some(round_trip) = stats.rtt.or(by_stun) {
            self.current.round_trip = Some(round_trip.as_secs_f64() * 1000.0);
        }
        self.fresh = true;
    }

    pub(crate) fn ingress(&mut self, stats: &MediaIngressStats, clock_rate: f64) {
        let jitter = f64::from(stats.jitter) * 1000.0 / clock_rate;
        self.up.get(stats.mid, stats.rid).update(stats.bytes, stats.packets, stats.loss, jitter);
    }

    /// The figures, once all events of an interval are in.
    pub(crate) fn take(&mut self, sent: impl FnOnce() -> Flow) -> Option<TransportStats> {
        if !std::mem::take(&mut self.fresh) {
            return None;
        }
        let sent = sent();
        let seconds = match (self.last, self.now) {
            (Some(last), Some(now)) => now.saturating_duration_since(last).as_secs_f64().max(0.001),
            _ => INTERVAL.as_secs_f64(),
        };
        if let Some(round_trip) = sent.round_trip {
            self.current.round_trip = Some(round_trip.as_secs_f64() * 1000.0);
        }
        self.current.estimate = sent.estimate.map(|rate| rate as f64);
        self.current.up = total(&self.up, seconds);
        self.current.down = FlowStats {
            bitrate: sent.bytes.saturating_sub(self.sent.0) as f64 * 8.0 / seconds,
            packets: sent.packets.saturating_sub(self.sent.1) as f64 / seconds,
            loss: sent.loss * 100.0,
            jitter: sent.jitter,
        };
        self.sent = (sent.bytes, sent.packets);
        self.current.packets_received = self.up.values().map(|stream| stream.packets).sum();
        self.current.packets_sent = sent.packets;
        Some(self.current)
    }
}

fn total(streams: &Streams, seconds: f64) -> FlowStats {
    let mut flow = FlowStats::default();
    let (mut packets, mut lost) = (0.0, 0.0);
    for stream in streams.values() {
        let fresh = stream.packets.saturating_sub(stream.before.1) as f64;
        flow.bitrate += stream.bytes.saturating_sub(stream.before.0) as f64 * 8.0 / seconds.max(0.001);
        packets += fresh;
        lost += fresh * stream.loss;
        if fresh > 0.0 {
            flow.jitter = flow.jitter.max(stream.jitter);
        }
    }
    flow.packets = packets / seconds.max(0.001);
    flow.loss = if packets > 0.0 { lost / packets } else { 0.0 };
    flow
}
