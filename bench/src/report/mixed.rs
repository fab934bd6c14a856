//! The tables of mixed rooms.

use super::{Table, added, against_janus, percent};
use crate::load::{Case, is_mixed};
use crate::suite::{Row, Subject};
use crate::summary::Summary;
use crate::targets::Measures;

/// What the first table shows.
pub const ROOMS: &str = "Janus: AudioBridge at 48 kHz and 48 kbit/s, all else as it is by default; ours has the same rate and bitrate. \
     Talkers send Opus of something like speech without a pause. Silent ones have a microphone open and send nothing (where it \
     says so: silence, 50 packets a second at −127 dBov); a WHEP viewer has none. Delivered: of one packet every 20 ms to \
     everybody who should hear somebody; a row is void when it is less than 99 %. Mixing latency: from the packet in which a mark \
     begins to the mark in what a listener decodes, less the same without a server; no jitter buffer of a listener is in it. \
     Memory: per silent participant, or per talker where there are only those.";

/// What the second table shows.
pub const COSTS: &str = "Differences of rows above: a silent listener is what each of those costs by which two rooms with two talkers \
     differ (of the largest that are not void), a talker is what it costs that one of twenty talks instead of being silent.";

/// What the third table shows.
pub const BESIDE: &str = "A video room of one publisher and 20 viewers as under *Forwarding*, alone and beside a mixed room of 20 \
     talkers on the same worker (Janus: in the same process, on the same core).";

/// One row for each case of mixed rooms.
pub fn rooms(all: &[Summary]) -> Table {
    let mut table = Table::new(&[
        "case",
        "server",
        "delivered",
        "of a core",
        "Janus costs",
        "mixing latency p50 / p95",
        "memory each",
        "generator",
    ]);
    let measures = Measures(all);
    for one in all.iter().filter(|one| is_mixed(one.row.case) && one.subject != Subject::Direct) {
        let (name, delivered) = (name(&one.row), percent(one.mix.heard));
        if let Some(why) = &one.void {
            let core = percent(one.core);
            table.push([&name, one.subject.label(), &delivered, &core, &format!("void: {why}"), "", "", ""]);
            continue;
        }
        let (p50, p95) = measures.mixing_latency(one);
        let latency = if p50.is_nan() { "–".into() } else { format!("{p50:.1} / {p95:.1} ms") };
        table.push([
            &name,
            one.subject.label(),
            &delivered,
            &percent(one.core),
            &against_janus(all, one, |summary| summary.core),
            &latency,
            &format!("{:.0} KiB", one.memory_each),
            &percent(one.generator),
        ]);
    }
    table
}

/// What one listener and one talker cost.
pub fn costs(all: &[Summary]) -> Table {
    let mut table = Table::new(&["server", "silent listener", "talker"]);
    let measures = Measures(all);
    for subject in [Subject::Janus, Subject::CrosspointSdk, Subject::CrosspointWhep] {
        let cost = |milliseconds: f64| {
            if milliseconds.is_nan() { "–".to_owned() } else { format!("{milliseconds:.2} ms of CPU a second") }
        };
        let (listener, talker) = (measures.silent_listener(subject), measures.talker(subject));
        if !(listener.is_nan() && talker.is_nan()) {
            table.push([subject.label(), &cost(listener), &cost(talker)]);
        }
    }
    table
}

/// A video room alone and beside talkers.
pub fn beside(all: &[Summary]) -> Table {
    let mut table =
        Table::new(&["case", "server", "video / mix delivered", "of a core", "added latency p50 / p99", "generator"]);
    let direct = Measures(all).direct();
    for one in all.iter().filter(|one| one.row.case == Case::Beside) {
        let name = match one.row.cast.talkers {
            0 => "alone".to_owned(),
            talkers => format!("beside {talkers} talkers"),
        };
        let delivered = format!("{} / {}", percent(one.video), percent(one.mix.heard));
        let latency = one.void.as_ref().map_or_else(|| added(one, direct), |why| format!("void: {why}"));
        table.push([&name, one.subject.label(), &delivered, &percent(one.core), &latency, &percent(one.generator)]);
    }
    table
}

fn name(row: &Row) -> String {
    let cast = row.cast;
    let room = match row.size {
        0 => format!("{} talking", cast.talkers),
        silent => format!("{} talking, {silent} silent", cast.talkers),
    };
    let rooms = if cast.rooms > 1 { format!("{} rooms of ", cast.rooms) } else { String::new() };
    let hush = if cast.hush { " (sending silence)" } else { "" };
    format!("{rooms}{room}{hush}")
}
