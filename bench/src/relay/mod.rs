//! `crosspoint-bench relay`: what a relayed datagram costs our relay and coturn, one after the other in the same run, on
//! loopback: the server on core 0, clients and peers on core 1.
//!
//! ```text
//!  clients (channel data) ──> server under test ──> peers, which count      up
//!  clients, which count   <── server under test <── peers                   down
//! ```
//! `client.rs` is a TURN client, `servers.rs` starts what is measured, `load.rs` sends and counts.

mod client;
mod load;
mod servers;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use load::{Case, Measured, Way};
use servers::{Server, Subject};

/// The relay beside coturn.
#[derive(Args)]
pub struct Relay {
    /// Runs of each case; the table has their medians.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// Length of one measurement in seconds.
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Clients at once.
    #[arg(long, default_value_t = 20)]
    clients: usize,
    /// Our server's binary.
    #[arg(long, default_value = "target/release/crosspoint")]
    crosspoint: PathBuf,
}

/// The cases: datagrams of video and of voice, at a rate that both servers carry, and as many as go.
fn cases() -> Vec<Case> {
    let case = |name, way, size, rate, burst| Case { name, way, size, rate, burst };
    vec![
        case("video up, 40,000/s", Way::Up, 1100, Some(40_000), 4),
        case("video down, 40,000/s", Way::Down, 1100, Some(40_000), 4),
        case("voice up, 40,000/s, one at a time", Way::Up, 120, Some(40_000), 1),
        case("voice up, as many as go, one at a time", Way::Up, 120, None, 1),
        case("video up, as many as go", Way::Up, 1100, None, 4),
    ]
}

/// Measures both, and prints the table.
pub fn run(arguments: &Relay) -> Result<()> {
    let seconds = Duration::from_secs_f64(arguments.seconds);
    println!("| case | | relayed/s | lost | CPU per relayed datagram | CPU of the server |");
    println!("|---|---|---|---|---|---|");
    for case in cases() {
        let mut results: Vec<(Subject, Vec<Measured>)> = Subject::ALL.iter().map(|one| (*one, Vec::new())).collect();
        for run in 0..arguments.runs {
            // They take turns in alternating order.
            let order: Vec<usize> = if run % 2 == 0 { vec![0, 1] } else { vec![1, 0] };
            for at in order {
                let server = Server::start(results[at].0, &arguments.crosspoint)?;
                results[at].1.push(load::measure(&server, &case, arguments.clients, seconds)?);
            }
        }
        for (subject, runs) in &results {
            println!("{}", row(case.name, *subject, runs));
        }
    }
    Ok(())
}

fn row(case: &str, subject: Subject, runs: &[Measured]) -> String {
    let median = |figure: fn(&Measured) -> f64| {
        let mut figures: Vec<f64> = runs.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    format!(
        "| {case} | {} | {:.0} | {:.1} % | {:.2} µs | {:.0} % |",
        subject.name(),
        median(Measured::per_second),
        median(Measured::lost) * 100.0,
        median(Measured::micros),
        median(Measured::load) * 100.0
    )
}
