//! What was aimed at, beside what was measured.

use crate::report::Table;
use crate::suite::Subject;
use crate::summary::Summary;

/// A quantity with its two marks; smaller is better.
struct Target {
    what: &'static str,
    unit: &'static str,
    must: f64,
    aim: f64,
    /// The case that shows it.
    row: &'static str,
    value: fn(&Summary, Option<&Summary>) -> f64,
}

const TARGETS: &[Target] = &[
    Target {
        what: "CPU per forwarded packet",
        unit: "µs",
        must: 5.0,
        aim: 1.5,
        row: "forward-60",
        value: |one, _| one.per_packet,
    },
    Target {
        what: "added latency, p50",
        unit: "ms",
        must: 0.5,
        aim: 0.1,
        row: "forward-60",
        value: |one, direct| added_latency(one, direct).0,
    },
    Target {
        what: "added latency, p99",
        unit: "ms",
        must: 5.0,
        aim: 1.0,
        row: "forward-60",
        value: |one, direct| added_latency(one, direct).1,
    },
    Target {
        what: "join to first audio, p95",
        unit: "ms",
        must: 150.0,
        aim: 60.0,
        row: "joins-50",
        value: |one, _| one.joins.audio.map_or(f64::NAN, |steps| steps.p95),
    },
    Target {
        what: "memory per idle viewer",
        unit: "KiB",
        must: 200.0,
        aim: 100.0,
        row: "idle-500",
        value: |one, _| one.memory_each,
    },
    Target {
        what: "memory per participant who sends and receives",
        unit: "KiB",
        must: 0.6 * 1024.0,
        aim: 250.0,
        row: "meeting-10",
        value: |one, _| one.memory_each,
    },
    Target {
        what: "CPU of 100 empty rooms, of a core",
        unit: "%",
        must: 0.1,
        aim: 0.1,
        row: "rooms-100",
        value: |one, _| one.core * 100.0,
    },
];

/// p50 and p99 in milliseconds, less those of the path without a server.
pub fn added_latency(one: &Summary, direct: Option<&Summary>) -> (f64, f64) {
    let own = direct.map_or((0.0, 0.0), |direct| (direct.latency_p50, direct.latency_p99));
    ((one.latency_p50 - own.0).max(0.0), (one.latency_p99 - own.1).max(0.0))
}

/// The table; none where nothing of ours was measured.
pub fn table(all: &[Summary], direct: Option<&Summary>) -> Option<Table> {
    let valid = |row: &str, subject: Subject| {
        all.iter().find(|one| one.row.name == row && one.subject == subject && one.void.is_none())
    };
    all.iter().find(|one| one.subject.is_crosspoint())?;
    let mut table = Table::new(&["quantity", "must", "aim", "SDK clients", "WHIP/WHEP", "Janus"]);
    for target in TARGETS {
        let shown = |subject: Subject| {
            let Some(one) = valid(target.row, subject) else { return "–".to_owned() };
            let value = (target.value)(one, direct);
            let mark = match value {
                _ if subject == Subject::Janus => "",
                value if value <= target.aim => " (aim met)",
                value if value <= target.must => " (met)",
                _ => " (missed)",
            };
            format!("{value:.2} {}{mark}", target.unit)
        };
        let (must, aim) = (format!("{} {}", target.must, target.unit), format!("{} {}", target.aim, target.unit));
        let ours = [Subject::CrosspointSdk, Subject::CrosspointWhep, Subject::Janus].map(shown);
        table.push([target.what, &must, &aim, &ours[0], &ours[1], &ours[2]]);
    }
    Some(table)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_names_a_case_of_the_suite() {
        let rows = crate::suite::rows();
        for target in TARGETS {
            let row = rows.iter().find(|row| row.name == target.row).expect("a case");
            assert!(
                row.case != crate::load::Case::Direct && row.subjects.iter().any(|subject| subject.is_crosspoint())
            );
        }
    }
}
