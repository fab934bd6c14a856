//! Runs the suite: servers in one namespace on core 0, the generator in the other on core 1, a fresh server for every run, the
//! order of the servers alternating. Out: a [`Results`], which `report.rs` turns into the table.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};
use tokio::process::{Child, Command};

use crate::load::Measured;
use crate::server::netns::{self, Namespaces};
use crate::server::process::Foremost;
use crate::server::{crosspoint, janus};
use crate::suite::{Row, Subject};

const SERVER_CORE: usize = 0;
const CLIENT_CORE: usize = 1;

/// What to run, and how often.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The cases.
    pub rows: Vec<Row>,
    /// Against whom at most.
    pub subjects: BTreeSet<Subject>,
    /// Runs of each case.
    pub runs: usize,
    /// Our server's binary.
    pub crosspoint: PathBuf,
    /// The command line, for the reader who wants to repeat it.
    pub command: String,
}

/// The machine and the software.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Machine {
    /// The day, UTC.
    pub date: String,
    /// The processor.
    pub processor: String,
    /// How many of its cores this machine has.
    pub cores: usize,
    /// The kernel.
    pub kernel: String,
    /// Load average over a minute when the suite began: what else the machine was doing.
    pub load: f64,
    /// Janus.
    pub janus: Option<String>,
    /// Ours, with the commit.
    pub crosspoint: Option<String>,
    /// How it was started.
    pub command: String,
}

/// One run of one case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Run {
    /// The case.
    pub row: String,
    /// The server.
    pub subject: Subject,
    /// What it showed; absent: it failed.
    pub measured: Option<Measured>,
    /// Why it failed.
    pub error: Option<String>,
}

/// Everything that was measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Results {
    /// On what.
    pub machine: Machine,
    /// The cases.
    pub rows: Vec<Row>,
    /// The runs.
    pub runs: Vec<Run>,
}

/// Runs everything.
pub async fn run(settings: &Settings) -> Result<Results> {
    ensure!(is_root()?, "the benchmark makes network namespaces and needs root: sudo make bench");
    let machine = machine(settings)?;
    let subjects = available(settings, &machine);
    ensure!(!subjects.is_empty(), "there is no server to measure");
    let spaces = Namespaces::create()?;
    let _foremost = Foremost::claim();
    let mut results = Results { machine, rows: settings.rows.clone(), runs: Vec::new() };
    for round in 0..settings.runs {
        for row in &settings.rows {
            let mut order: Vec<Subject> = row.subjects.iter().copied().filter(|s| subjects.contains(s)).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for subject in order {
                let outcome = measure(settings, &spaces, row, subject).await;
                eprintln!("{}", line(round, row, subject, &outcome));
                let (measured, error) = match outcome {
                    Ok(measured) => (Some(measured), None),
                    Err(error) => (None, Some(format!("{error:#}"))),
                };
                results.runs.push(Run { row: row.name.clone(), subject, measured, error });
            }
        }
    }
    Ok(results)
}

/// One run against a fresh server.
async fn measure(settings: &Settings, spaces: &Namespaces, row: &Row, subject: Subject) -> Result<Measured> {
    let folder = tempfile::tempdir()?;
    let server = start_server(settings, spaces, subject, folder.path())?;
    let outcome = load(spaces, row, subject, server.as_ref().and_then(Child::id)).await;
    if let Some(mut server) = server {
        let ended = server.try_wait()?;
        server.kill().await.ok();
        if let Some(status) = ended {
            bail!("the server ended by itself: {status}: {}", tail(&folder.path().join("log")));
        }
    }
    outcome.with_context(|| format!("the server's log ends with: {}", tail(&folder.path().join("log"))))
}

fn start_server(settings: &Settings, spaces: &Namespaces, subject: Subject, folder: &Path) -> Result<Option<Child>> {
    let mut command = match subject {
        Subject::Direct => return Ok(None),
        Subject::Janus => {
            janus::configure(folder)?;
            let mut command = spaces.server(SERVER_CORE, "janus");
            janus::arguments(&mut command, folder);
            command
        }
        Subject::CrosspointSdk | Subject::CrosspointWhep => {
            let file = crosspoint::configure(folder)?;
            let mut command = spaces.server(SERVER_CORE, &settings.crosspoint.to_string_lossy());
            crosspoint::arguments(&mut command, &file);
            command
        }
    };
    let log = fs::File::create(folder.join("log"))?;
    command.stdout(log.try_clone()?).stderr(log);
    Ok(Some(Command::from(command).kill_on_drop(true).spawn().context("start the server")?))
}

async fn load(spaces: &Namespaces, row: &Row, subject: Subject, server: Option<u32>) -> Result<Measured> {
    let own = std::env::current_exe()?;
    let mut command = spaces.client(CLIENT_CORE, &own.to_string_lossy());
    let case = clap::ValueEnum::to_possible_value(&row.case).context("every case has a name")?;
    command.args(["load", "--case", case.get_name(), "--protocol", subject.protocol()]);
    command.args(["--size", &row.size.to_string(), "--burst", &row.burst.to_string()]);
    command.args(["--at-once", &row.at_once.to_string(), "--seconds", &row.seconds.to_string()]);
    command.args(["--rooms", &row.cast.rooms.to_string(), "--talkers", &row.cast.talkers.to_string()]);
    command.args(row.cast.hush.then_some("--hush"));
    command.args(["--address", netns::CLIENT, "--key", crosspoint::KEY, "--secret", crosspoint::SECRET]);
    if subject == Subject::Janus {
        command.args(["--url", &janus::url()]);
    } else if subject.is_crosspoint() {
        command.args(["--url", &crosspoint::url()]);
    }
    if let Some(pid) = server {
        command.args(["--server-pid", &pid.to_string()]);
    }
    command.env("RUST_BACKTRACE", "0").stdout(Stdio::piped()).stderr(Stdio::piped());
    let patience = Duration::from_secs_f64(row.seconds) + Duration::from_secs(150);
    let child = Command::from(command).kill_on_drop(true).spawn().context("start the generator")?;
    let output = tokio::time::timeout(patience, child.wait_with_output()).await.context("the generator hangs")??;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    serde_json::from_slice(&output.stdout).context("read what the generator measured")
}

/// The subjects that can be measured here; says which cannot.
fn available(settings: &Settings, machine: &Machine) -> BTreeSet<Subject> {
    let here = |subject: &Subject| match subject {
        Subject::Janus => machine.janus.is_some(),
        Subject::CrosspointSdk | Subject::CrosspointWhep => machine.crosspoint.is_some(),
        Subject::Direct => true,
    };
    let (found, missing): (BTreeSet<Subject>, BTreeSet<Subject>) =
        settings.subjects.iter().copied().partition(|subject| here(subject));
    for subject in missing {
        eprintln!("{} is not there and is left out", subject.label());
    }
    found
}

fn machine(settings: &Settings) -> Result<Machine> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let wants = |test: fn(Subject) -> bool| settings.subjects.iter().copied().any(test);
    let version = |wanted: bool, found: Result<String>| match found {
        Ok(version) if wanted => Some(version),
        Ok(_) => None,
        Err(error) => {
            eprintln!("{error:#}");
            None
        }
    };
    let own = version(wants(Subject::is_crosspoint), crosspoint::version(&settings.crosspoint));
    Ok(Machine {
        date: today(),
        processor: model.map_or("unknown", |(_, name)| name).to_owned(),
        cores: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
        load: fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or("0").parse()?,
        janus: version(wants(|subject| subject == Subject::Janus), janus::version()),
        crosspoint: own.map(|version| commit().map_or(version.clone(), |commit| format!("{version} at {commit}"))),
        command: settings.command.clone(),
    })
}

fn commit() -> Option<String> {
    let output = std::process::Command::new("git").args(["rev-parse", "--short", "HEAD"]).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// The day as `YYYY-MM-DD`, UTC (the civil-from-days algorithm of the Gregorian calendar).
fn today() -> String {
    let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs() / 86_400 + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let (day, month) =
        (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    format!("{:04}-{month:02}-{day:02}", year_of_era + era * 400 + u64::from(month <= 2))
}

fn is_root() -> Result<bool> {
    let status = fs::read_to_string("/proc/self/status")?;
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:")).and_then(|ids| ids.split_whitespace().nth(1));
    Ok(user == Some("0"))
}

fn tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    if lines.is_empty() { "(nothing)".into() } else { lines.into_iter().rev().collect::<Vec<_>>().join(" | ") }
}

fn line(round: usize, row: &Row, subject: Subject, outcome: &Result<Measured>) -> String {
    let head = format!("run {} {:<18} {:<24}", round + 1, row.name, subject.label());
    match outcome {
        Err(error) => format!("{head} failed: {error:#}"),
        Ok(measured) => {
            let mix = measured.mix.as_ref().map(|mix| (mix.received, mix.expected));
            let media = (measured.received.total(), measured.expected.total());
            let (received, expected) = if media.1 == 0 { mix.unwrap_or(media) } else { media };
            let share = if expected == 0 { 100.0 } else { received as f64 / expected as f64 * 100.0 };
            let per_packet = measured.server_cpu * 1e6 / received.max(1) as f64;
            let core = measured.server_cpu / measured.window.max(1e-9) * 100.0;
            format!("{head} {share:5.1} % delivered, server {core:5.1} % of a core, {per_packet:5.1} µs per packet")
        }
    }
}
