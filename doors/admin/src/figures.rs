//! Rooms, participants, tracks and workers for Prometheus, read when somebody asks.

use std::fmt;

use crosspoint_rooms::{RoomSummary, Rooms, Totals, Traffic};
use crosspoint_telemetry::prometheus::collector::Collector;
use crosspoint_telemetry::prometheus::encoding::{DescriptorEncoder, EncodeMetric};
use crosspoint_telemetry::prometheus::metrics::MetricType;
use crosspoint_telemetry::prometheus::metrics::counter::ConstCounter;
use crosspoint_telemetry::prometheus::metrics::gauge::ConstGauge;

/// With more rooms than these, rooms are not told apart: every label is a series that Prometheus keeps for weeks.
const ROOMS_TOLD_APART: usize = 500;

/// Reads the figures of rooms.
pub struct Figures(Rooms);

impl Figures {
    /// Of these rooms.
    pub fn new(rooms: Rooms) -> Self {
        Self(rooms)
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let totals = self.0.totals();
        server(&totals, &mut encoder)?;
        workers(&totals, &mut encoder)?;
        traffic(&totals, &mut encoder)?;
        let rooms = self.0.list();
        if rooms.len() <= ROOMS_TOLD_APART { per_room(&rooms, &mut encoder) } else { Ok(()) }
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures, not ids")]
fn server(totals: &Totals, encoder: &mut DescriptorEncoder) -> fmt::Result {
    for (name, help, value) in [
        ("rooms", "Rooms", totals.rooms as f64),
        ("participants", "Participants, WHEP viewers apart", totals.participants as f64),
        ("viewers", "WHEP viewers", totals.viewers as f64),
        ("tracks", "Published tracks", totals.tracks as f64),
        (
            "sessions_waiting",
            "Sessions whose socket is gone and that wait to be resumed",
            totals.waiting_sessions as f64,
        ),
        ("bitrate_in", "Bits per second from participants", totals.bitrate_in),
        ("bitrate_out", "Bits per second to participants", totals.bitrate_out),
        ("legs_aes_cm", "Legs with the slower SRTP profile", totals.aes_cm_legs as f64),
        ("draining", "1 while the server goes down", f64::from(u8::from(totals.draining))),
    ] {
        gauge(encoder, name, help, value)?;
    }
    for (name, help, value) in [
        ("joins", "Joins", totals.joins),
        ("resumes", "Sessions resumed", totals.resumes),
        ("rooms_broken", "Rooms that ended because their media state broke", totals.broken_rooms),
        ("facts_lost", "Reports of media workers lost because taking them in panicked", totals.facts_lost),
    ] {
        let metric = ConstCounter::new(value);
        metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
    }
    let mut refusals = encoder.encode_descriptor("joins_refused", "Refused joins", None, MetricType::Counter)?;
    for (code, count) in &totals.refusals {
        ConstCounter::new(*count).encode(refusals.encode_family(&[("code", *code)])?)?;
    }
    Ok(())
}

fn gauge(encoder: &mut DescriptorEncoder, name: &str, help: &str, value: f64) -> fmt::Result {
    let metric = ConstGauge::new(value);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

#[expect(clippy::cast_precision_loss, reason = "figures, not ids")]
fn workers(totals: &Totals, encoder: &mut DescriptorEncoder) -> fmt::Result {
    let families = [
        (
            "worker_rooms",
            "Rooms of a media worker",
            totals.workers.iter().map(|worker| worker.rooms).collect::<Vec<_>>(),
        ),
        ("worker_legs", "Legs of a media worker", totals.workers.iter().map(|worker| worker.legs).collect()),
    ];
    for (name, help, values) in families {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (index, value) in values.into_iter().enumerate() {
            ConstGauge::new(value as f64).encode(family.encode_family(&[("worker", index.to_string())])?)?;
        }
    }
    Ok(())
}

/// One figure of what came and went.
type Flow = fn(&Traffic) -> u64;

/// Counters by worker; what was dropped is told apart by why.
fn traffic(totals: &Totals, encoder: &mut DescriptorEncoder) -> fmt::Result {
    const PASSED: [(&str, &str, Flow); 2] = [
        ("worker_packets_received", "Datagrams that came to a media worker", |traffic| traffic.received),
        ("worker_packets_sent", "Datagrams that left a media worker", |traffic| traffic.sent),
    ];
    const DROPPED: [(&str, Flow); 5] = [
        ("no-room", |traffic| traffic.dropped),
        ("stranger", |traffic| traffic.strangers),
        ("forged", |traffic| traffic.forged),
        ("oversized", |traffic| traffic.oversized),
        ("worker-busy", |traffic| traffic.unrelayed),
    ];
    for (name, help, figure) in PASSED {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (index, worker) in totals.workers.iter().enumerate() {
            let labels = [("worker", index.to_string())];
            ConstCounter::new(figure(&worker.traffic)).encode(family.encode_family(&labels)?)?;
        }
    }
    let help = "Datagrams of a media worker that led nowhere, by why: `no-room` to send them, from a `stranger`, `forged` \
                STUN, `oversized` RTP, or for another `worker-busy` with what it has";
    let mut family = encoder.encode_descriptor("worker_packets_dropped", help, None, MetricType::Counter)?;
    for (index, worker) in totals.workers.iter().enumerate() {
        for (why, figure) in DROPPED {
            let labels = [("worker", index.to_string()), ("why", why.to_owned())];
            ConstCounter::new(figure(&worker.traffic)).encode(family.encode_family(&labels)?)?;
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures, not ids")]
fn per_room(rooms: &[RoomSummary], encoder: &mut DescriptorEncoder) -> fmt::Result {
    type Figure = (&'static str, &'static str, fn(&RoomSummary) -> f64);
    const FIGURES: [Figure; 5] = [
        ("room_participants", "Participants of a room", |room| room.participants as f64),
        ("room_viewers", "WHEP viewers of a room", |room| room.viewers as f64),
        ("room_tracks", "Published tracks of a room", |room| room.tracks as f64),
        ("room_bitrate_in", "Bits per second from participants of a room", |room| room.bitrate_in),
        ("room_bitrate_out", "Bits per second to participants of a room", |room| room.bitrate_out),
    ];
    for (name, help, figure) in FIGURES {
        let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for room in rooms {
            ConstGauge::new(figure(room)).encode(family.encode_family(&[("room", room.room_id.as_str())])?)?;
        }
    }
    Ok(())
}
