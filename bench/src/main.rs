//! `crosspoint-bench run` measures servers side by side and writes the table; `crosspoint-bench load` loads a server that runs
//! already.

use std::fs;

use anyhow::{Context, Result, bail};
use clap::Parser;
use crosspoint_bench::{cli, harness, load, relay, report};

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match cli::Cli::parse().command {
        cli::Command::Load(arguments) => {
            let (plan, door) = arguments.plan()?;
            let measured = runtime.block_on(load::run(&plan, &door))?;
            println!("{}", serde_json::to_string(&measured)?);
            Ok(())
        }
        cli::Command::Relay(arguments) => relay::run(&arguments),
        cli::Command::Run(arguments) => runtime.block_on(suite(&arguments)),
    }
}

/// Interrupted, it ends what it started.
async fn suite(arguments: &cli::Run) -> Result<()> {
    let settings = arguments.settings()?;
    let results = tokio::select! {
        results = harness::run(&settings) => results?,
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    };
    if let Some(folder) = arguments.json.parent() {
        fs::create_dir_all(folder)?;
    }
    let json = serde_json::to_string_pretty(&results)?;
    fs::write(&arguments.json, json).with_context(|| format!("write {}", arguments.json.display()))?;
    let report = report::markdown(&results);
    println!("{report}");
    if let Some(file) = &arguments.markdown {
        fs::write(file, report).with_context(|| format!("write {}", file.display()))?;
    }
    Ok(())
}
