//! `crosspoint doctor`: what of a deployment works, and what to change. In: the same settings as `serve` has. Out: a line for
//! each thing that was looked at. What could not be looked at is said to be so, and never called right.
//!
//! | file | what it looks at |
//! |---|---|
//! | `settings.rs` | are the settings consistent? |
//! | `server.rs` | does our server run, and what does it show? |
//! | `ports.rs`, `holder.rs` | are its ports free, and if not, who has them? |
//! | `certificate.rs` | dates, names and key of the certificate |
//! | `address.rs` | are the advertised addresses those of this machine? |
//! | `media.rs` | do the ports of media answer at the advertised addresses? |
//! | `relay/` | the relay, as a client uses it |
//! | `shown.rs` | what a TLS server shows, and whether this system trusts it |
//! | `clock.rs` | is the clock right? |
//! | `kernel.rs` | buffers of sockets, open files, cores |
//! | `folders.rs` | the store and the player's files |
//! | `report.rs` | what was found, as text and as JSON |

mod address;
mod certificate;
mod clock;
mod folders;
mod holder;
mod kernel;
mod media;
mod ports;
mod relay;
mod report;
mod server;
mod settings;
mod shown;

use std::process::ExitCode;

use anyhow::anyhow;
use crosspoint_config::{Config, Layers};

use crate::cli::Doctor;
pub use certificate::untimely;
use report::{Finding, State};
use server::Server;

/// What `crosspoint doctor` ends with when something does not work.
const SOMETHING_FAILED: u8 = 1;

/// What all checks look at.
struct Site<'a> {
    config: &'a Config,
    /// Is this another machine than the server's?
    outside: bool,
    /// The STUN server that tells our public address.
    stun: Option<&'a str>,
    server: Server,
}

/// Looks at everything, and prints what was found.
pub fn run(asked: &Doctor, layers: &Layers) -> anyhow::Result<ExitCode> {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .map_err(|_| anyhow!("the TLS library was set up twice"))?;
    let mut found = settings::check(layers, asked.from_outside);
    match layers.unchecked() {
        Ok(config) => found.extend(look(asked, &config)),
        Err(_) => found.push(Finding::not_checked(
            "everything else",
            "the settings cannot be read",
            "Correct the settings first.",
        )),
    }
    if asked.json {
        report::print_json(&found)?
    } else {
        report::print(&found, asked.from_outside)
    }
    let failed = found.iter().any(|finding| finding.state == State::Failed);
    Ok(if failed { ExitCode::from(SOMETHING_FAILED) } else { ExitCode::SUCCESS })
}

fn look(asked: &Doctor, config: &Config) -> Vec<Finding> {
    let server = Server::find(config, asked.from_outside);
    let site = Site { config, outside: asked.from_outside, stun: asked.stun.as_deref(), server };
    let everywhere: [fn(&Site<'_>) -> Vec<Finding>; 6] =
        [server::check, certificate::check, address::check, media::check, relay::check, clock::check];
    // What only the server's own machine can tell.
    let here: [fn(&Site<'_>) -> Vec<Finding>; 3] = [ports::check, kernel::check, folders::check];
    let here = here.into_iter().filter(|_| !site.outside);
    everywhere.into_iter().chain(here).flat_map(|check| check(&site)).collect()
}
