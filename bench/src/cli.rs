//! The command line.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::doors::token::Key;
use crate::doors::{Door, janus, signal, whip};
use crate::harness::Settings;
use crate::load::{Case, Cast, Plan};
use crate::media::publisher::Shape;
use crate::suite::{self, Row, Subject};

/// Loads media servers and measures what they cost.
#[derive(Parser)]
#[command(version)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Load a server that runs already, and print what was measured as JSON.
    Load(Load),
    /// Run the suite against Crosspoint and Janus in network namespaces, and write the table. Needs root.
    Run(Run),
    /// Measure the relay (TURN) beside Debian's coturn, on loopback, and print the table.
    Relay(crate::relay::Relay),
}

/// The suite.
#[derive(Args)]
pub struct Run {
    /// Only these cases: whole names, or first words (`forward`, `joins`).
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only these servers.
    #[arg(long, value_enum, value_delimiter = ',')]
    servers: Vec<Subject>,
    /// Runs of each case; the table has their medians.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Our server's binary.
    #[arg(long, default_value = "target/release/crosspoint")]
    crosspoint: PathBuf,
    /// Where every single run is written.
    #[arg(long, default_value = "target/bench/results.json")]
    pub json: PathBuf,
    /// Where the table is written.
    #[arg(long)]
    pub markdown: Option<PathBuf>,
}

impl Run {
    /// What to run.
    pub fn settings(&self) -> Result<Settings> {
        let wanted = |row: &Row| {
            let begins = |name: &String| {
                row.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            };
            self.only.is_empty() || self.only.iter().any(begins)
        };
        let mut rows: Vec<Row> = suite::rows();
        let needed: BTreeSet<Case> = rows.iter().filter(|row| wanted(row)).map(|row| row.case.baseline()).collect();
        rows.retain(|row| wanted(row) || needed.contains(&row.case));
        ensure!(!rows.is_empty(), "no case is named so; there are: {}", names().join(", "));
        let mut subjects: BTreeSet<Subject> = self.servers.iter().copied().collect();
        if subjects.is_empty() {
            subjects.extend(Subject::value_variants());
        }
        subjects.insert(Subject::Direct);
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let command = format!("crosspoint-bench {}", arguments.join(" "));
        Ok(Settings { rows, subjects, runs: self.runs.max(1), crosspoint: self.crosspoint.clone(), command })
    }
}

fn names() -> Vec<String> {
    suite::rows().into_iter().map(|row| row.name).collect()
}

/// The protocol of the clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Protocol {
    /// Crosspoint's signalling WebSocket.
    Signal,
    /// WHIP and WHEP.
    Whip,
    /// Janus VideoRoom.
    Janus,
    /// No server.
    Direct,
}

/// A run against a server.
#[derive(Args)]
pub struct Load {
    /// What is loaded onto it.
    #[arg(long, value_enum)]
    case: Case,
    /// How many viewers, participants, rooms, or silent ones in each mixed room.
    #[arg(long, default_value_t = 60)]
    size: usize,
    /// How the clients speak.
    #[arg(long, value_enum)]
    protocol: Protocol,
    /// The server: `http://host:port`, or for Janus `ws://host:8188`.
    #[arg(long, default_value = "")]
    url: String,
    /// The API key's name, for tokens.
    #[arg(long, default_value = "")]
    key: String,
    /// The API key's secret.
    #[arg(long, default_value = "")]
    secret: String,
    /// The server's process, whose CPU and memory are read.
    #[arg(long)]
    server_pid: Option<u32>,
    /// The address that clients bind.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Length of the measured window in seconds.
    #[arg(long, default_value_t = 5.0)]
    seconds: f64,
    /// Video packets that leave at once: 4 is a frame, 1 is evenly spread.
    #[arg(long, default_value_t = 4)]
    burst: u32,
    /// How many joins are under way at a time.
    #[arg(long, default_value_t = 8)]
    at_once: usize,
    #[command(flatten)]
    cast: Cast,
}

impl Load {
    /// The run and the door it goes through.
    pub fn plan(self) -> Result<(Plan, Door)> {
        let key = Key { name: self.key, secret: self.secret };
        let door = match self.protocol {
            Protocol::Signal => Door::Signal(signal::Signal::new(&self.url, key)?),
            Protocol::Whip => Door::Whip(whip::Whip::new(&self.url, key)?),
            Protocol::Janus => Door::Janus(janus::Janus::new(&self.url)),
            Protocol::Direct => Door::Direct,
        };
        let plan = Plan {
            case: self.case,
            size: self.size,
            at_once: self.at_once.max(1),
            window: Duration::try_from_secs_f64(self.seconds).context("--seconds")?,
            shape: Shape { burst: self.burst },
            server: self.server_pid,
            address: self.address,
            cast: self.cast,
        };
        Ok((plan, door))
    }
}
