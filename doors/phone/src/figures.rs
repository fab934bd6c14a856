//! What is counted of telephone lines, for Prometheus.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crosspoint_telemetry::prometheus::collector::Collector;
use crosspoint_telemetry::prometheus::encoding::{DescriptorEncoder, EncodeMetric};
use crosspoint_telemetry::prometheus::metrics::MetricType;
use crosspoint_telemetry::prometheus::metrics::counter::ConstCounter;
use crosspoint_telemetry::prometheus::metrics::gauge::ConstGauge;

/// Why a webhook or a socket was refused, or ended by us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No signature, or one that is not the provider's.
    Signature,
    /// The stream's token was not the call's, or was used before.
    Token,
    /// The sound is in a format that is not supported.
    Format,
    /// As many lines as there may be are connected, or the server takes nobody.
    Full,
    /// Nobody said `start` in time.
    NoStart,
    /// `start` came twice.
    TwoStarts,
    /// A binary frame.
    Binary,
    /// A frame beyond the limit.
    TooBig,
    /// Too much that nobody understands.
    Nonsense,
    /// Nothing was heard for too long.
    Silent,
    /// The show service failed; the call went into the conference.
    Desk,
}

impl Cause {
    /// All there are.
    pub const ALL: [Self; 11] = [
        Self::Signature,
        Self::Token,
        Self::Format,
        Self::Full,
        Self::NoStart,
        Self::TwoStarts,
        Self::Binary,
        Self::TooBig,
        Self::Nonsense,
        Self::Silent,
        Self::Desk,
    ];

    /// Its label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Token => "token",
            Self::Format => "format",
            Self::Full => "full",
            Self::NoStart => "no-start",
            Self::TwoStarts => "two-starts",
            Self::Binary => "binary",
            Self::TooBig => "too-big",
            Self::Nonsense => "nonsense",
            Self::Silent => "silent",
            Self::Desk => "desk",
        }
    }
}

/// Counts since the start.
#[derive(Debug, Default)]
pub struct Figures {
    /// Lines that are connected now.
    pub lines: AtomicI64,
    /// Frames of callers that were taken in.
    pub frames_in: AtomicU64,
    /// Frames that were sent to callers.
    pub frames_out: AtomicU64,
    /// Frames of callers that were made up or left out.
    pub concealed: AtomicU64,
    /// Frames to callers that were left out in a pause, so that they do not hear the show late.
    pub skipped: AtomicU64,
    /// Frames to callers that could not be sent in time.
    pub lost: AtomicU64,
    /// Times that what waited at the provider was thrown away.
    pub clears: AtomicU64,
    /// Messages that nobody understood, or that came before `start`.
    pub nonsense: AtomicU64,
    refused: [AtomicU64; Cause::ALL.len()],
}

impl Figures {
    /// One more refusal.
    pub fn refuse(&self, cause: Cause) {
        self.refused[cause as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often this was the cause.
    pub fn refused(&self, cause: Cause) -> u64 {
        self.refused[cause as usize].load(Ordering::Relaxed)
    }
}

/// One more of these.
pub(crate) fn count(figure: &AtomicU64) {
    figure.fetch_add(1, Ordering::Relaxed);
}

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let lines = ConstGauge::new(self.lines.load(Ordering::Relaxed));
        lines.encode(encoder.encode_descriptor("phone_lines", "Telephone lines", None, MetricType::Gauge)?)?;
        for (name, help, count) in [
            ("phone_frames_in", "Frames of callers that were taken in", &self.frames_in),
            ("phone_frames_out", "Frames that were sent to callers", &self.frames_out),
            ("phone_frames_concealed", "Frames of callers that were made up or left out", &self.concealed),
            ("phone_frames_skipped", "Frames to callers that were left out in a pause", &self.skipped),
            ("phone_frames_lost", "Frames to callers that could not be sent in time", &self.lost),
            ("phone_clears", "Times that what waited at a provider was thrown away", &self.clears),
            ("phone_nonsense", "Messages of providers that nobody understood", &self.nonsense),
        ] {
            let metric = ConstCounter::new(count.load(Ordering::Relaxed));
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        let help = "Webhooks and sockets of providers that were refused or ended";
        let mut family = encoder.encode_descriptor("phone_refused", help, None, MetricType::Counter)?;
        for cause in Cause::ALL {
            let metric = ConstCounter::new(self.refused(cause));
            metric.encode(family.encode_family(&[("cause", cause.as_str())])?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crosspoint_telemetry::Metrics;

    use super::*;

    #[test]
    fn refusals_are_told_apart_by_their_cause() {
        let (metrics, figures) = (Metrics::new(), Arc::new(Figures::default()));
        metrics.collect(Arc::clone(&figures));
        figures.refuse(Cause::Desk);
        count(&figures.clears);
        let text = metrics.encode().expect("text");
        for line in [
            r#"crosspoint_phone_refused_total{cause="desk"} 1"#,
            r#"crosspoint_phone_refused_total{cause="signature"} 0"#,
            "crosspoint_phone_clears_total 1",
            "crosspoint_phone_lines 0",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        assert!(Cause::ALL.iter().enumerate().all(|(index, cause)| *cause as usize == index));
    }
}
