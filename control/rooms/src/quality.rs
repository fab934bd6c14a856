//! How good a connection is: warnings when a figure crosses a bound, and a grade that the whole room sees.

use std::collections::BTreeMap;

use crosspoint_model::signal::{ConnectionStats, FlowStats, Quality, ServerMessage, Severity, WarningKind};
use crosspoint_worker::engine::{FlowReport, LegReport};

const KINDS: [WarningKind; 3] = [WarningKind::PacketLoss, WarningKind::Jitter, WarningKind::RoundTrip];

/// From where on a figure is worth a warning, and from where on it is critical.
fn bounds(kind: WarningKind) -> (f64, f64) {
    match kind {
        WarningKind::PacketLoss => (3.0, 10.0),
        WarningKind::Jitter => (50.0, 100.0),
        WarningKind::RoundTrip => (300.0, 600.0),
    }
}

fn severity(kind: WarningKind, value: f64) -> Severity {
    let (warning, critical) = bounds(kind);
    if value >= critical {
        Severity::Critical
    } else if value >= warning {
        Severity::Warning
    } else {
        Severity::Clear
    }
}

/// What a leg's client was last warned of.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    given: BTreeMap<WarningKind, Severity>,
}

impl Warnings {
    /// The warnings that a report changes.
    pub(crate) fn update(&mut self, report: &LegReport) -> Vec<ServerMessage> {
        let mut changes = Vec::new();
        for kind in KINDS {
            let value = report.figure(kind);
            let severity = severity(kind, value);
            let before = self.given.insert(kind, severity).unwrap_or(Severity::Clear);
            if before != severity {
                changes.push(ServerMessage::QualityWarning { kind, value, severity });
            }
        }
        changes
    }
}

/// The grade of a connection: its worst figure decides.
pub(crate) fn grade(report: &LegReport) -> Quality {
    let worst = KINDS.iter().map(|kind| severity(*kind, report.figure(*kind))).max();
    match worst.unwrap_or(Severity::Clear) {
        Severity::Clear => Quality::Excellent,
        Severity::Warning => Quality::Good,
        Severity::Critical => Quality::Poor,
    }
}

/// A report as its client sees it.
pub(crate) fn stats(report: &LegReport) -> ConnectionStats {
    ConnectionStats {
        round_trip: report.round_trip,
        up: flow(&report.up),
        down: flow(&report.down),
        estimate: report.estimate,
        path: Some(if report.tcp { "tcp" } else { "udp" }.to_owned()),
    }
}

fn flow(report: &FlowReport) -> FlowStats {
    FlowStats { bitrate: report.bitrate, packets: report.packets, loss: report.loss, jitter: report.jitter }
}

#[cfg(test)]
mod tests {
    use crosspoint_model::LegKey;

    use super::*;

    fn report(loss: f64, round_trip: f64) -> LegReport {
        LegReport {
            leg: LegKey(1),
            round_trip: Some(round_trip),
            up: FlowReport { loss, ..FlowReport::default() },
            down: FlowReport::default(),
            estimate: None,
            tcp: false,
            aes_cm: false,
            packets_sent: 0,
            packets_received: 0,
        }
    }

    fn kinds(messages: &[ServerMessage]) -> Vec<(WarningKind, Severity)> {
        messages
            .iter()
            .map(|message| match message {
                ServerMessage::QualityWarning { kind, severity, .. } => (*kind, *severity),
                other => panic!("not a warning: {other:?}"),
            })
            .collect()
    }

    #[test]
    fn a_warning_is_given_on_change_and_cleared_again() {
        let mut warnings = Warnings::default();
        assert!(warnings.update(&report(2.9, 299.0)).is_empty());
        assert_eq!(kinds(&warnings.update(&report(3.0, 20.0))), [(WarningKind::PacketLoss, Severity::Warning)]);
        assert!(warnings.update(&report(9.9, 20.0)).is_empty(), "no change");
        assert_eq!(
            kinds(&warnings.update(&report(10.0, 600.0))),
            [(WarningKind::PacketLoss, Severity::Critical), (WarningKind::RoundTrip, Severity::Critical)]
        );
        assert_eq!(kinds(&warnings.update(&report(0.0, 600.0))), [(WarningKind::PacketLoss, Severity::Clear)]);
    }

    #[test]
    fn the_worst_figure_decides_the_grade() {
        assert_eq!(grade(&report(0.0, 20.0)), Quality::Excellent);
        assert_eq!(grade(&report(4.0, 20.0)), Quality::Good);
        assert_eq!(grade(&report(0.0, 700.0)), Quality::Poor);
    }
}
