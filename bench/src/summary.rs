//! The medians of the runs of one case against one server, and whether they count.

use crate::harness::{Results, Run};
use crate::load::{Case, JoinTimes, Measured, Mixed, Steps, is_mixed};
use crate::suite::{Row, Subject};

/// Less than this delivered, and the row is void.
const DELIVERED: f64 = 0.98;
/// The same for mixed rooms.
const HEARD: f64 = 0.99;
/// More than this, and what arrived was a backlog from before the window.
const BACKLOG: f64 = 1.02;
/// A generator busier than this may itself have been the limit.
const GENERATOR_BUSY: f64 = 0.9;

/// Medians over the runs of one case against one server.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The case.
    pub row: Row,
    /// The server.
    pub subject: Subject,
    /// Why it does not count, if it does not.
    pub void: Option<String>,
    /// Share of audio packets that arrived.
    pub audio: f64,
    /// Share of video packets that arrived.
    pub video: f64,
    /// Microseconds of server CPU per packet that arrived.
    pub per_packet: f64,
    /// Share of a core that the server used.
    pub core: f64,
    /// Share of a core that the generator used.
    pub generator: f64,
    /// Latency, half of all packets, milliseconds.
    pub latency_p50: f64,
    /// Latency, all but a hundredth, milliseconds.
    pub latency_p99: f64,
    /// KiB (Pss) for each client or room of the timed phase.
    pub memory_each: f64,
    /// Share of what the publishers should have sent that they did.
    pub published: f64,
    /// Milliseconds of server CPU for each of them to come in.
    pub join_cpu_each: f64,
    /// How long joins took.
    pub joins: JoinTimes,
    /// The SRTP profiles agreed on.
    pub profiles: String,
    /// What came of mixed rooms.
    pub mix: MixSummary,
    /// Runs that these are medians of.
    pub runs: usize,
}

/// Medians of what came of mixed rooms; NaN where there were none.
#[derive(Clone, Copy, Debug)]
pub struct MixSummary {
    /// Share of the packets that should have come to listeners that did.
    pub heard: f64,
    /// Share of what talkers should have sent that they did.
    pub sent: f64,
    /// Milliseconds from a talker to the sound in a listener's decoder, half of all marks.
    pub p50: f64,
    /// The same, all but a twentieth.
    pub p95: f64,
}

/// The summaries of all cases and servers that were run.
pub fn summaries(results: &Results) -> Vec<Summary> {
    let mut found = Vec::new();
    for row in &results.rows {
        for subject in &row.subjects {
            let runs: Vec<&Run> =
                results.runs.iter().filter(|run| run.row == row.name && run.subject == *subject).collect();
            if !runs.is_empty() {
                found.push(summary(row, *subject, &runs));
            }
        }
    }
    found
}

fn summary(row: &Row, subject: Subject, runs: &[&Run]) -> Summary {
    let measured: Vec<&Measured> = runs.iter().filter_map(|run| run.measured.as_ref()).collect();
    let of = |value: &dyn Fn(&Measured) -> f64| median(measured.iter().map(|one| value(one)));
    let each = |value: f64, one: &Measured| value / one.joined.max(1) as f64;
    let grown = |one: &Measured| one.memory_after.pss as f64 - one.memory_before.pss as f64;
    let mut summary = Summary {
        row: row.clone(),
        subject,
        void: None,
        audio: of(&|one| share(one.received.audio, one.expected.audio)),
        video: of(&|one| share(one.received.video, one.expected.video)),
        per_packet: of(&|one| one.server_cpu * 1e6 / one.received.total() as f64),
        core: of(&|one| one.server_cpu / one.window),
        generator: of(&|one| one.generator_cpu / one.window),
        latency_p50: of(&|one| one.latency_p50.map_or(f64::NAN, |us| us / 1e3)),
        latency_p99: of(&|one| one.latency_p99.map_or(f64::NAN, |us| us / 1e3)),
        memory_each: of(&|one| each(grown(one), one)),
        published: of(&|one| share(one.sent.total(), one.nominal)),
        join_cpu_each: of(&|one| each(one.join_cpu * 1e3, one)),
        joins: joins(&measured),
        profiles: profiles(&measured),
        mix: mix(&measured),
        runs: measured.len(),
    };
    summary.void = void(&summary, runs);
    summary
}

fn void(summary: &Summary, runs: &[&Run]) -> Option<String> {
    if summary.runs * 2 <= runs.len() {
        let error = runs.iter().find_map(|run| run.error.as_deref()).unwrap_or("no run succeeded");
        return Some(format!("failed: {error}"));
    }
    if let Some(why) = mix_void(summary) {
        return Some(why);
    }
    let media = matches!(summary.row.case, Case::Forward | Case::Meeting | Case::Direct | Case::Beside);
    let joins = summary.row.case == Case::Joins;
    if (media || joins) && summary.published < DELIVERED {
        return Some("the machine was too busy for the generator".into());
    }
    if joins && summary.audio < DELIVERED {
        return Some("less than 98 % delivered".into());
    }
    // In a meeting a server may choose whose voices it forwards; pictures must all arrive.
    let heard = summary.row.case == Case::Meeting || summary.audio >= DELIVERED;
    if media && !(heard && summary.video >= DELIVERED) {
        return Some("less than 98 % delivered".into());
    }
    let loads = media || is_mixed(summary.row.case);
    (loads && summary.generator > GENERATOR_BUSY).then(|| "the generator was the limit".into())
}

/// Why a case with mixed rooms does not count.
fn mix_void(summary: &Summary) -> Option<String> {
    let mix = summary.mix;
    if mix.sent < DELIVERED {
        return Some("the machine was too busy for the generator".into());
    }
    if mix.heard > BACKLOG {
        return Some("a backlog was delivered".into());
    }
    (mix.heard < HEARD).then(|| "less than 99 % delivered".into())
}

fn mix(measured: &[&Measured]) -> MixSummary {
    let of = |value: &dyn Fn(&Mixed) -> f64| median(measured.iter().filter_map(|one| one.mix.as_ref()).map(value));
    MixSummary {
        heard: of(&|mix| share(mix.received, mix.expected)),
        sent: of(&|mix| share(mix.sent, mix.nominal)),
        p50: of(&|mix| mix.p50.unwrap_or(f64::NAN)),
        p95: of(&|mix| mix.p95.unwrap_or(f64::NAN)),
    }
}

fn share(received: u64, expected: u64) -> f64 {
    if expected == 0 { f64::NAN } else { received as f64 / expected as f64 }
}

fn joins(measured: &[&Measured]) -> JoinTimes {
    let steps = |step: fn(&JoinTimes) -> Option<Steps>| {
        let found: Vec<Steps> = measured.iter().filter_map(|one| step(&one.joins)).collect();
        let of = |value: fn(&Steps) -> f64| median(found.iter().map(value));
        (!found.is_empty()).then(|| Steps { p50: of(|steps| steps.p50), p95: of(|steps| steps.p95) })
    };
    JoinTimes {
        count: measured.iter().map(|one| one.joins.count).max().unwrap_or(0),
        connected: steps(|joins| joins.connected),
        audio: steps(|joins| joins.audio),
        video: steps(|joins| joins.video),
        key_frame: steps(|joins| joins.key_frame),
    }
}

fn profiles(measured: &[&Measured]) -> String {
    let mut names: Vec<&str> = measured.iter().flat_map(|one| one.profiles.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    names.join(" and ")
}

/// The middle value; NaN without any.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => sorted[count / 2],
        count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::tally::Count;

    fn run(video: u64) -> Run {
        let measured = Measured {
            window: 1.0,
            nominal: 55,
            sent: Count { audio: 5, video: 50 },
            expected: Count { audio: 100, video: 1000 },
            received: Count { audio: 100, video },
            server_cpu: 0.011,
            ..Measured::default()
        };
        Run { row: "forward-20".into(), subject: Subject::Janus, measured: Some(measured), error: None }
    }

    #[test]
    fn too_little_delivered_voids_the_row() {
        let row = crate::suite::rows().into_iter().find(|row| row.name == "forward-20").expect("a row");
        let full = [run(1000), run(1000), run(900)];
        let summary = summary(&row, Subject::Janus, &full.iter().collect::<Vec<_>>());
        assert!(summary.void.is_none(), "one bad run of three is not the median");
        assert!((summary.per_packet - 10.0).abs() < 0.01);

        let poor = [run(1000), run(900), run(900)];
        let summary = super::summary(&row, Subject::Janus, &poor.iter().collect::<Vec<_>>());
        assert_eq!(summary.void.as_deref(), Some("less than 98 % delivered"));
    }

    #[test]
    fn a_mix_that_comes_short_or_late_voids_the_row() {
        let row = crate::suite::rows().into_iter().find(|row| row.name == "mix-20").expect("a row");
        let why = |received| {
            let mix = Mixed { nominal: 100, sent: 100, expected: 1000, received, ..Mixed::default() };
            let measured = Measured { window: 1.0, mix: Some(mix), ..Measured::default() };
            let run = Run { measured: Some(measured), ..run(0) };
            summary(&row, Subject::Janus, &[&run]).void
        };
        assert_eq!(why(995), None);
        assert_eq!(why(985).as_deref(), Some("less than 99 % delivered"));
        assert_eq!(why(1050).as_deref(), Some("a backlog was delivered"));
    }

    #[test]
    fn the_median_ignores_what_was_not_measured() {
        assert!((median([3.0, f64::NAN, 1.0].into_iter()) - 2.0).abs() < 1e-9);
        assert!(median(std::iter::empty()).is_nan());
    }
}
