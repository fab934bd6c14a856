//! The load generator, and the harness that runs it against Crosspoint and Janus side by side.
//!
//! `crosspoint-bench run` starts the servers in a network namespace, itself (`load`) in another, and writes the table;
//! `crosspoint-bench load` loads a server that runs already. Read `harness.rs` next for the first, `load/mod.rs` for the second.

mod cli;
mod doors;
mod load;
mod media;
mod server;

use anyhow::Result;
use clap::Parser;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match cli::Cli::parse().command {
        cli::Command::Load(arguments) => {
            let (plan, door) = arguments.plan()?;
            let measured = runtime.block_on(load::run(&plan, &door))?;
            println!("{}", serde_json::to_string(&measured)?);
            Ok(())
        }
    }
}
