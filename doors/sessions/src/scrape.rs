//! The figures for Prometheus, read when somebody asks.

use std::fmt;

use crosspoint_telemetry::prometheus::collector::Collector;
use crosspoint_telemetry::prometheus::encoding::{DescriptorEncoder, EncodeMetric};
use crosspoint_telemetry::prometheus::metrics::MetricType;
use crosspoint_telemetry::prometheus::metrics::counter::ConstCounter;
use crosspoint_telemetry::prometheus::metrics::gauge::ConstGauge;

use crate::figures::EndCause;
use crate::report::FailureCause;
use crate::session::State;
use crate::sessions::Sessions;

impl Collector for Sessions {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        self.encode_states(&mut encoder)?;
        let tally = self.figures().tally();
        for (name, help, count) in [
            ("webrtc_sessions_created", "Sessions that were made", tally.created),
            ("webrtc_sessions_restored", "Sessions that the store had when the server started", tally.restored),
            ("webrtc_sessions_offers", "Offers that were taken", tally.offers),
            ("webrtc_sessions_answered", "Offers that were answered", tally.answered),
            ("webrtc_sessions_connected", "Offers whose connection came about", tally.connected),
        ] {
            let metric = ConstCounter::new(count);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        let ended = EndCause::ALL.map(|cause| (cause.as_str(), tally.ended[cause as usize]));
        family(&mut encoder, "webrtc_sessions_ended", "Sessions that ended", &ended)?;
        let failed = FailureCause::ALL.map(|cause| (cause.as_str(), tally.failed[cause as usize]));
        family(&mut encoder, "webrtc_sessions_failed", "Offers whose connection did not come about", &failed)?;
        let lost = FailureCause::ALL.map(|cause| (cause.as_str(), tally.lost[cause as usize]));
        family(&mut encoder, "webrtc_sessions_lost", "Connections that stood and were lost", &lost)?;
        let help = "Connections by the kinds of their candidates";
        let mut pairs = encoder.encode_descriptor("webrtc_sessions_pairs", help, None, MetricType::Counter)?;
        for (pair, count) in &tally.pairs {
            let labels = [("viewer", pair.viewer.as_str()), ("agent", pair.agent.as_str())];
            ConstCounter::new(*count).encode(pairs.encode_family(&labels)?)?;
        }
        for (name, help, times) in [
            ("webrtc_sessions_answer_seconds", "From offers to answers, in seconds", &self.figures().answering),
            ("webrtc_sessions_connect_seconds", "How long connecting took, in seconds", &self.figures().connecting),
        ] {
            times.encode(encoder.encode_descriptor(name, help, None, MetricType::Histogram)?)?;
        }
        Ok(())
    }
}

impl Sessions {
    fn encode_states(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let help = "Sessions that there are";
        let mut states = encoder.encode_descriptor("webrtc_sessions", help, None, MetricType::Gauge)?;
        let counts = self.count_by_state();
        for state in State::ALL {
            let count = i64::try_from(counts[state as usize]).unwrap_or(i64::MAX);
            ConstGauge::new(count).encode(states.encode_family(&[("state", state.as_str())])?)?;
        }
        Ok(())
    }
}

fn family(encoder: &mut DescriptorEncoder, name: &str, help: &str, counts: &[(&str, u64)]) -> fmt::Result {
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for (cause, count) in counts {
        ConstCounter::new(*count).encode(family.encode_family(&[("cause", *cause)])?)?;
    }
    Ok(())
}
