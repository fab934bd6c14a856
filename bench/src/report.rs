//! The tables of BENCHMARKS.md, from the medians.

use std::fmt::Write as _;

use crate::harness::Results;
use crate::load::{Case, Steps};
use crate::suite::Subject;
use crate::summary::{Summary, summaries};
use crate::targets::{self, Measures};

mod mixed;

/// The whole document.
pub fn markdown(results: &Results) -> String {
    let all = summaries(results);
    let direct = Measures(&all).direct();
    let mut out = String::new();
    introduction(&mut out, results, &all);
    if let Some(table) = targets::table(&all) {
        section(&mut out, "Targets", "What was aimed at (per packet and latency: 1 → 60 viewers).", &table);
    }
    section(&mut out, "Forwarding", FORWARDING, &forwarding(&all, direct, Case::Forward));
    section(&mut out, "Meeting", MEETING, &forwarding(&all, direct, Case::Meeting));
    section(&mut out, "Joins", JOINS, &joins(&all));
    section(&mut out, "Idle viewers", IDLE, &idle(&all));
    section(&mut out, "Mixed rooms", mixed::ROOMS, &mixed::rooms(&all));
    section(&mut out, "What one costs in a mixed room", mixed::COSTS, &mixed::costs(&all));
    section(&mut out, "Video beside a mixed room", mixed::BESIDE, &mixed::beside(&all));
    section(&mut out, "Empty rooms", ROOMS, &rooms(&all));
    out
}

const FORWARDING: &str = "One publisher: 100 video packets of 1.1 kB and 50 audio packets a second. A frame's four packets leave \
     together; *spread*: one video packet every 10 ms. Added latency: one way, measured by the kernel's receive \
     stamp, less the same generator's path without a server. Memory: per viewer, with its queues in use.";
const MEETING: &str = "Everybody sends as above and receives everybody else. Janus clients have two connections each (one sends, \
     one receives), Crosspoint's one. Above eight voices Crosspoint forwards the loudest, Janus all.";
const JOINS: &str = "Viewers come into a room whose publisher speaks. From the first byte of the request, offer made before, to \
     the first audio packet. One at a time, and all at once.";
const IDLE: &str = "Viewers of a publisher who sends nothing: what a connection costs by being there, and by coming.";
const ROOMS: &str = "Rooms that nobody is in.";

fn introduction(out: &mut String, results: &Results, all: &[Summary]) {
    let machine = &results.machine;
    let software: Vec<&str> = machine.crosspoint.iter().chain(&machine.janus).map(String::as_str).collect();
    let runs = match all.iter().map(|one| one.runs).max() {
        Some(runs) if runs > 1 => format!("Medians of {runs} runs"),
        _ => "One run of each case".to_owned(),
    };
    let _ = write!(
        out,
        "# Benchmarks\n\n\
         Written by `make bench`; how it measures stands in [bench/README.md](bench/README.md). {runs}, a \
         fresh server for each, the order alternating. A row is void when less than 98 % of the packets arrived (mixed rooms: 99 %).\n\n\
         | | |\n|---|---|\n| day | {} |\n| machine | {}, {} cores; server on one, generator on another |\n\
         | kernel | Linux {} |\n| load average at the start | {} |\n| software | {} |\n| SRTP | {} |\n| command | `{}` |\n",
        machine.date,
        machine.processor,
        machine.cores,
        machine.kernel,
        machine.load,
        software.join(", "),
        srtp(all),
        machine.command,
    );
}

fn srtp(all: &[Summary]) -> String {
    let mut lines: Vec<String> = Vec::new();
    for one in all.iter().filter(|one| !one.profiles.is_empty() && one.subject != Subject::Direct) {
        let line = format!("{}: {}", one.subject.label(), one.profiles);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    lines.join("; ")
}

fn section(out: &mut String, title: &str, text: &str, table: &Table) {
    if !table.rows.is_empty() {
        let _ = write!(out, "\n## {title}\n{text}\n\n{}", table.render());
    }
}

fn forwarding(all: &[Summary], direct: Option<&Summary>, case: Case) -> Table {
    let mut table = Table::new(&[
        "case",
        "server",
        "video / audio delivered",
        "CPU per packet",
        "Janus costs",
        "of a core",
        "added latency p50 / p99",
        "memory each",
        "generator",
    ]);
    for one in all.iter().filter(|one| one.row.case == case) {
        let people = if case == Case::Meeting { "participants" } else { "viewers" };
        let spread = if one.row.burst == 1 { ", spread" } else { "" };
        let name = format!("{} {people}{spread}", one.row.size);
        let delivered = format!("{} / {}", percent(one.video), percent(one.audio));
        if let Some(why) = &one.void {
            table.push([&name, one.subject.label(), &delivered, &format!("void: {why}"), "", "", "", "", ""]);
            continue;
        }
        table.push([
            &name,
            one.subject.label(),
            &delivered,
            &format!("{:.2} µs", one.per_packet),
            &against_janus(all, one, |summary| summary.per_packet),
            &percent(one.core),
            &added(one, direct),
            &format!("{:.0} KiB", one.memory_each),
            &percent(one.generator),
        ]);
    }
    table
}

fn joins(all: &[Summary]) -> Table {
    let mut table =
        Table::new(&["case", "server", "connected p50 / p95", "first audio p50 / p95", "Janus takes (p95)"]);
    for one in all.iter().filter(|one| one.row.case == Case::Joins) {
        let how = if one.row.at_once == 1 { "one by one" } else { "at once" };
        let name = format!("{}, {how}", one.row.size);
        if let Some(why) = &one.void {
            table.push([&name, one.subject.label(), &format!("void: {why}"), "", ""]);
            continue;
        }
        let p95 = |summary: &Summary| summary.joins.audio.map_or(f64::NAN, |steps| steps.p95);
        let (connected, audio) = (milliseconds(one.joins.connected), milliseconds(one.joins.audio));
        table.push([&name, one.subject.label(), &connected, &audio, &against_janus(all, one, p95)]);
    }
    table
}

fn idle(all: &[Summary]) -> Table {
    let header = ["server", "viewers", "memory each", "Janus needs", "CPU, each", "Janus costs", "server CPU per join"];
    let mut table = Table::new(&header);
    for one in all.iter().filter(|one| one.row.case == Case::Idle) {
        let viewers = one.row.size.to_string();
        if let Some(why) = &one.void {
            table.push([one.subject.label(), &viewers, &format!("void: {why}"), "", "", "", ""]);
            continue;
        }
        let per_viewer = one.core * 1e3 / one.row.size as f64;
        table.push([
            one.subject.label(),
            &viewers,
            &format!("{:.0} KiB", one.memory_each),
            &against_janus(all, one, |summary| summary.memory_each),
            &format!("{per_viewer:.3} ms per second"),
            &against_janus(all, one, |summary| summary.core),
            &format!("{:.2} ms", one.join_cpu_each),
        ]);
    }
    table
}

fn rooms(all: &[Summary]) -> Table {
    let mut table = Table::new(&["server", "rooms", "of a core", "memory each"]);
    for one in all.iter().filter(|one| matches!(one.row.case, Case::Rooms | Case::MixedRooms)) {
        let kind = if one.row.case == Case::MixedRooms { ", mixed" } else { "" };
        let (name, rooms) = (format!("{}{kind}", one.subject.label()), one.row.size.to_string());
        match &one.void {
            Some(why) => table.push([&name, &rooms, &format!("void: {why}"), ""]),
            None => table.push([
                &name,
                &rooms,
                &format!("{:.2} %", one.core * 100.0),
                &format!("{:.0} KiB", one.memory_each),
            ]),
        }
    }
    table
}

/// How many times as much Janus took in the same case.
fn against_janus(all: &[Summary], one: &Summary, value: impl Fn(&Summary) -> f64) -> String {
    let janus = all
        .iter()
        .find(|other| other.subject == Subject::Janus && other.row.name == one.row.name && other.void.is_none());
    match janus {
        Some(janus) if one.subject != Subject::Janus => format!("{:.1} ×", value(janus) / value(one)),
        _ => "–".into(),
    }
}

/// Latency less that of the path without a server, where that was measured.
fn added(one: &Summary, direct: Option<&Summary>) -> String {
    let (p50, p99) = targets::added_latency(one, direct);
    let note = if direct.is_some() { "" } else { " (whole)" };
    format!("{p50:.2} / {p99:.2} ms{note}")
}

fn milliseconds(steps: Option<Steps>) -> String {
    steps.map_or_else(|| "–".into(), |steps| format!("{:.1} / {:.1} ms", steps.p50, steps.p95))
}

fn percent(share: f64) -> String {
    if share.is_nan() { "–".into() } else { format!("{:.1} %", share * 100.0) }
}

/// A markdown table.
pub struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|&cell| cell.to_owned()).collect(), rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push<const N: usize>(&mut self, cells: [&str; N]) {
        self.rows.push(cells.iter().map(|&cell| cell.replace(['|', '\n'], " ")).collect());
    }

    fn render(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let rule = format!("|{}\n", "---|".repeat(self.header.len()));
        line(&self.header) + &rule + &self.rows.iter().map(|row| line(row)).collect::<String>()
    }
}
