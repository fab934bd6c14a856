//! The command line.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::doors::token::Key;
use crate::doors::{Door, janus, signal, whip};
use crate::load::{Case, Plan};
use crate::media::publisher::Shape;

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
    /// How many viewers, participants or rooms.
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
        };
        Ok((plan, door))
    }
}
