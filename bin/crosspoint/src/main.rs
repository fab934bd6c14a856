//! Crosspoint: one binary that connects live sources to destinations. This crate parses the command line, puts control
//! plane, doors and services together, runs them, and drains. It knows everything and does nothing itself.
//!
//! | file | what it does |
//! |---|---|
//! | `cli.rs` | the command line |
//! | `serve.rs` | `crosspoint serve`: start, run, drain |
//! | `doors.rs` | every door on one router |
//! | `listen.rs`, `tls.rs`, `opening.rs` | the HTTP listener |
//! | `front.rs`, `waiting.rs` | who speaks on a connection: browsers, TURN clients, ICE over TCP |
//! | `turn.rs`, `turn_figures.rs` | the relay (TURN), and what clients are told of it |
//! | `web.rs`, `cors.rs`, `client.rs` | what every request passes through |
//! | `console.rs` | the pages |
//! | `store.rs` | what outlasts a restart |
//! | `phones.rs`, `shows.rs` | telephone companies, call-in shows |
//! | `sessions.rs` | sessions in which two programs meet |
//! | `phone_sim.rs` | `crosspoint phone`, `crosspoint phone-sim` |
//! | `doctor/` | `crosspoint doctor`: what of a deployment works, and what to change |
//! | `token.rs` | `crosspoint token create` |

#![forbid(unsafe_code)]

mod cli;
mod client;
mod console;
mod cors;
mod doctor;
mod doors;
mod front;
mod listen;
mod opening;
mod own_address;
mod phone_sim;
mod phones;
mod serve;
mod sessions;
mod shows;
mod signals;
mod store;
mod tls;
mod token;
mod turn;
mod turn_figures;
mod waiting;
mod web;

use std::process::ExitCode;

use cli::Command;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What `crosspoint` ends with when it could not do what was asked.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    let (command, layers) = match cli::parse() {
        Ok(parsed) => parsed,
        Err(error) => return fail(&error),
    };
    let done = match command {
        Command::Serve(_) => layers.config().map_err(Into::into).and_then(serve::run),
        Command::Config(_) => layers.settings().map(|settings| print!("{}", settings.toml())).map_err(Into::into),
        Command::Token(token) => {
            layers.unchecked().map_err(Into::into).and_then(|config| token::create(&token, &config))
        }
        Command::Doctor(asked) => {
            return doctor::run(&asked, &layers).unwrap_or_else(|error| fail(&error));
        }
        Command::Phone(phone) => {
            phone_sim::print_document(&phone);
            Ok(())
        }
        Command::PhoneSim(simulator) => {
            return phone_sim::run(simulator).map_or_else(|error| fail(&error), ExitCode::from);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// One line for each thing that is wrong.
fn fail(error: &anyhow::Error) -> ExitCode {
    for line in format!("{error:#}").lines() {
        eprintln!("crosspoint: {line}");
    }
    ExitCode::from(FAILED)
}
