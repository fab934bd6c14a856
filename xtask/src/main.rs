//! The house rules, checked by a program: `cargo xtask <check>`.
//!
//! | check | what it refuses | file |
//! |---|---|---|
//! | `dag` | a dependency that points up or sideways, I/O in a crate that must have none | `dag.rs`, `purity.rs` |
//! | `licences` | a dependency whose licence is not on the list | `licences.rs`, `spdx.rs` |
//! | `files` | a source file that grew too long, a marker of unfinished work | `files.rs` |
//! | `docs` | a dead link, a page that nothing links to, a message that the guide does not name | `docs.rs`, `protocol.rs` |
//! | `errors` | an error code without a page, a page without a code | `errors.rs` |
//!
//! `cargo xtask all` runs them all. Every check gives a list of complaints; an empty list is a pass.

#![forbid(unsafe_code)]

mod dag;
mod docs;
mod errors;
mod files;
mod graph;
mod licences;
mod protocol;
mod purity;
mod spdx;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use graph::Graph;

/// What a check found: sentences that say what is wrong and what to do.
type Complaints = Vec<String>;

/// Why a check could not run at all.
type CannotRun = Box<dyn std::error::Error>;

/// A check's name and how it runs.
type Check = (&'static str, fn(&Path) -> Result<Complaints, CannotRun>);

const CHECKS: &[Check] = &[
    ("dag", check_dag),
    ("licences", check_licences),
    ("files", files::check),
    ("docs", check_docs),
    ("errors", errors::check),
];

fn main() -> ExitCode {
    let Some(wanted) = std::env::args().nth(1) else {
        return usage();
    };
    let chosen: Vec<&Check> = CHECKS.iter().filter(|(name, _)| wanted == *name || wanted == "all").collect();
    if chosen.is_empty() {
        return usage();
    }
    let mut passed = true;
    for (name, run) in chosen {
        passed &= report(name, run(&root()));
    }
    if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn check_dag(root: &Path) -> Result<Complaints, CannotRun> {
    let graph = Graph::read(root)?;
    let mut complaints = dag::complaints(&graph);
    complaints.extend(purity::check(root, &graph)?);
    Ok(complaints)
}

fn check_licences(root: &Path) -> Result<Complaints, CannotRun> {
    let mut complaints = licences::of_crates(&Graph::read(root)?);
    complaints.extend(licences::of_npm(root)?);
    Ok(complaints)
}

fn check_docs(root: &Path) -> Result<Complaints, CannotRun> {
    let mut complaints = docs::check(root)?;
    complaints.extend(protocol::check(root)?);
    Ok(complaints)
}

fn report(name: &str, result: Result<Complaints, CannotRun>) -> bool {
    match result {
        Ok(complaints) if complaints.is_empty() => {
            println!("xtask {name}: ok");
            true
        }
        Ok(complaints) => {
            eprintln!("xtask {name}: {} to mend", complaints.len());
            for complaint in complaints {
                eprintln!("  - {complaint}");
            }
            false
        }
        Err(error) => {
            eprintln!("xtask {name}: cannot run: {error}");
            false
        }
    }
}

fn usage() -> ExitCode {
    let names: Vec<&str> = CHECKS.iter().map(|(name, _)| *name).collect();
    eprintln!("usage: cargo xtask <{}|all>", names.join("|"));
    ExitCode::from(2)
}

/// The repository: the folder above this crate.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
