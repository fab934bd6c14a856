//! The relays in figures, for `/metrics`: summed over all workers, from what these write down.

use std::fmt;
use std::sync::Arc;

use crosspoint_worker::Media;
use crosspoint_worker::turn_server::Counters;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Figures of one kind, told apart by a label.
type Family = &'static [(&'static str, fn(&Counters) -> u64)];

const TRANSPORTS: Family =
    &[("udp", |all| all.allocations[0]), ("tcp", |all| all.allocations[1]), ("tls", |all| all.allocations[2])];
const REFUSED: Family = &[
    ("unauthorised", |all| all.unauthorised),
    ("user-quota", |all| all.over_quota),
    ("no-room", |all| all.no_room),
    ("peer", |all| all.refused_peers),
];
const PACKETS: Family = &[("to-peer", |all| all.packets_up), ("to-client", |all| all.packets_down)];
const BYTES: Family = &[("to-peer", |all| all.bytes_up), ("to-client", |all| all.bytes_down)];
const DROPPED: Family = &[
    ("bandwidth", |all| all.over_bandwidth),
    ("unsent", |all| all.unsent),
    ("permission", |all| all.unpermitted),
    ("nonsense", |all| all.ignored),
];

/// Reads what the relays of all workers carried.
pub struct TurnFigures(pub Arc<Media>);

impl fmt::Debug for TurnFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnFigures")
    }
}

impl Collector for TurnFigures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let workers: Vec<Counters> = (0..self.0.workers()).map(|worker| self.0.turn(worker)).collect();
        let sum = |figure: &fn(&Counters) -> u64| workers.iter().map(figure).sum::<u64>();
        let help = "Relays (TURN allocations), by how their clients reach the server";
        let mut family = encoder.encode_descriptor("turn_allocations", help, None, MetricType::Gauge)?;
        for (transport, figure) in TRANSPORTS {
            #[expect(clippy::cast_precision_loss, reason = "figures, not ids")]
            let value = sum(figure) as f64;
            ConstGauge::new(value).encode(family.encode_family(&[("transport", *transport)])?)?;
        }
        let made = ConstCounter::new(workers.iter().map(|all| all.made).sum::<u64>());
        let help = "Relays that were made";
        made.encode(encoder.encode_descriptor("turn_allocations_made", help, None, MetricType::Counter)?)?;
        for (name, help, label, family) in [
            (
                "turn_refused",
                "Requests to the relay that were refused; the first of every client is `unauthorised`",
                "why",
                REFUSED,
            ),
            ("turn_packets", "Datagrams that were relayed", "direction", PACKETS),
            ("turn_bytes", "Bytes that were relayed, without headers", "direction", BYTES),
            ("turn_packets_dropped", "Datagrams that were not relayed", "why", DROPPED),
        ] {
            let mut encoded = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
            for (value, figure) in family {
                ConstCounter::new(sum(figure)).encode(encoded.encode_family(&[(label, *value)])?)?;
            }
        }
        Ok(())
    }
}
