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
    value: fn(&Summary, Measures<'_>) -> f64,
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
        value: |one, all| added_latency(one, all.direct()).0,
    },
    Target {
        what: "added latency, p99",
        unit: "ms",
        must: 5.0,
        aim: 1.0,
        row: "forward-60",
        value: |one, all| added_latency(one, all.direct()).1,
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
    Target {
        what: "CPU of a silent listener of a mix, per second",
        unit: "ms",
        must: 0.5,
        aim: 0.2,
        row: "mix-20",
        value: |one, all| all.silent_listener(one.subject),
    },
    Target {
        what: "mixing latency, p50 (2 talking, 18 silent)",
        unit: "ms",
        must: 45.0,
        aim: 30.0,
        row: "mix-20",
        value: |one, all| all.mixing_latency(one).0,
    },
    Target {
        what: "CPU of 100 empty mixed rooms, of a core",
        unit: "%",
        must: 0.1,
        aim: 0.1,
        row: "mix-empty-100",
        value: |one, _| one.core * 100.0,
    },
];

/// All that was measured: some quantities are differences between cases.
#[derive(Clone, Copy)]
pub struct Measures<'a>(pub &'a [Summary]);

impl<'a> Measures<'a> {
    /// The path of stamped packets without a server.
    pub fn direct(self) -> Option<&'a Summary> {
        self.valid("direct-60", Subject::Direct)
    }

    /// p50 and p95 in milliseconds from a talker to a listener, less those without a server.
    pub fn mixing_latency(self, one: &Summary) -> (f64, f64) {
        let own =
            self.valid("mix-direct", Subject::Direct).map_or((0.0, 0.0), |direct| (direct.mix.p50, direct.mix.p95));
        (one.mix.p50 - own.0, one.mix.p95 - own.1)
    }

    /// Milliseconds of CPU a second for each participant more who is silent.
    pub fn silent_listener(self, subject: Subject) -> f64 {
        let Some(few) = self.valid("mix-20", subject) else { return f64::NAN };
        let Some(many) = self.valid("mix-100", subject).or_else(|| self.valid("mix-60", subject)) else {
            return f64::NAN;
        };
        (many.core - few.core) * 1e3 / (many.row.size - few.row.size) as f64
    }

    /// Milliseconds of CPU a second for each of twenty participants who talks instead of being silent.
    pub fn talker(self, subject: Subject) -> f64 {
        match (self.valid("mix-20", subject), self.valid("mix-talkers-20", subject)) {
            (Some(two), Some(all)) => {
                (all.core - two.core) * 1e3 / (all.row.cast.talkers - two.row.cast.talkers) as f64
            }
            _ => f64::NAN,
        }
    }

    fn valid(self, row: &str, subject: Subject) -> Option<&'a Summary> {
        self.0.iter().find(|one| one.row.name == row && one.subject == subject && one.void.is_none())
    }
}

/// p50 and p99 in milliseconds, less those of the path without a server.
pub fn added_latency(one: &Summary, direct: Option<&Summary>) -> (f64, f64) {
    let own = direct.map_or((0.0, 0.0), |direct| (direct.latency_p50, direct.latency_p99));
    ((one.latency_p50 - own.0).max(0.0), (one.latency_p99 - own.1).max(0.0))
}

/// The table; none where nothing of ours was measured.
pub fn table(all: &[Summary]) -> Option<Table> {
    let measures = Measures(all);
    all.iter().find(|one| one.subject.is_crosspoint())?;
    let mut table = Table::new(&["quantity", "must", "aim", "SDK clients", "WHIP/WHEP", "Janus"]);
    for target in TARGETS {
        let shown = |subject: Subject| {
            let Some(one) = measures.valid(target.row, subject) else { return "–".to_owned() };
            let value = (target.value)(one, measures);
            if value.is_nan() {
                return "–".to_owned();
            }
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
        // Of a part of the suite only what was measured.
        if ours.iter().all(|shown| shown == "–") {
            continue;
        }
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

    #[test]
    fn the_cases_that_quantities_are_differences_of_are_in_the_suite() {
        let rows = crate::suite::rows();
        for name in ["direct-60", "mix-direct", "mix-20", "mix-60", "mix-100", "mix-talkers-20"] {
            assert!(rows.iter().any(|row| row.name == name), "{name}");
        }
    }
}
