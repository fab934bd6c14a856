//! Our own server, with keys and an advertised address instead of `--dev`, which stays on loopback.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::netns::SERVER;

/// The API key of the benchmark.
pub const KEY: &str = "bench";
/// Its secret; it signs for a server that only the two namespaces can reach.
pub const SECRET: &str = "a-secret-that-only-this-benchmark-uses";

/// Where its doors listen.
pub fn url() -> String {
    format!("http://{SERVER}:8080")
}

/// Writes its configuration into `folder`: one worker, as the one core that it gets; room for all clients; errors in the log.
pub fn configure(folder: &Path) -> Result<PathBuf> {
    let file = folder.join("crosspoint.toml");
    let text = format!(
        "[http]\nbind = \"{SERVER}:8080\"\n\
         [media]\nworkers = 1\nbind = [\"{SERVER}\"]\nadvertised = [\"{SERVER}\"]\n\
         [auth.keys]\n{KEY} = \"{SECRET}\"\n\
         [rooms]\nparticipants = 2000\nviewers = 2000\n\
         [store]\npath = \"\"\n\
         [log]\nlevel = \"warn\"\n"
    );
    fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    Ok(file)
}

/// Its arguments.
pub fn arguments(command: &mut Command, file: &Path) {
    command.arg("serve").arg("--config").arg(file);
}

/// Its version, or why it cannot run.
pub fn version(binary: &Path) -> Result<String> {
    let output = Command::new(binary).arg("--version").output().with_context(|| format!("run {}", binary.display()))?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    anyhow::ensure!(output.status.success() && !text.is_empty(), "{} --version says nothing", binary.display());
    Ok(text)
}
