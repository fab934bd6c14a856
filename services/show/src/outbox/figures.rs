//! How many webhooks came through, for Prometheus.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use crosspoint_telemetry::prometheus::collector::Collector;
use crosspoint_telemetry::prometheus::encoding::{DescriptorEncoder, EncodeMetric};
use crosspoint_telemetry::prometheus::metrics::counter::ConstCounter;

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Figures {
    /// Taken by their receivers.
    pub delivered: AtomicU64,
    /// Given up, or made room for newer ones.
    pub lost: AtomicU64,
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for (name, help, count) in [
            ("show_webhooks_delivered", "Webhooks about shows that were taken", &self.delivered),
            ("show_webhooks_lost", "Webhooks about shows that were given up", &self.lost),
        ] {
            let metric = ConstCounter::new(count.load(Ordering::Relaxed));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        Ok(())
    }
}
