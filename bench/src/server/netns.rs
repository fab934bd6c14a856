//! Two network namespaces joined by a veth pair: the servers' and the clients'. Janus ignores the loopback interface.
//!
//! The link does not segment for the sender (`gso_max_segs 1`): the kernel's software segmentation is on the sender's bill, as
//! on a network card without UDP segmentation.

use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// The servers' address.
pub const SERVER: &str = "10.77.0.1";
/// The clients' address.
pub const CLIENT: &str = "10.77.0.2";

/// The two namespaces; dropped, they are removed.
pub struct Namespaces {
    server: String,
    client: String,
}

impl Namespaces {
    /// Makes them. Needs root.
    pub fn create() -> Result<Self> {
        let id = std::process::id();
        let both = Self { server: format!("xpb-s{id}"), client: format!("xpb-c{id}") };
        let (server, client) = (both.server.as_str(), both.client.as_str());
        let (near, far) = (format!("xps{id}"), format!("xpc{id}"));
        ip(&["netns", "add", server])?;
        ip(&["netns", "add", client])?;
        ip(&["link", "add", &near, "netns", server, "type", "veth", "peer", "name", &far, "netns", client])?;
        for (space, link, address) in [(server, &near, SERVER), (client, &far, CLIENT)] {
            ip(&["-n", space, "address", "add", &format!("{address}/24"), "dev", link])?;
            ip(&["-n", space, "link", "set", link, "gso_max_segs", "1"])?;
            ip(&["-n", space, "link", "set", link, "txqueuelen", "10000"])?;
            ip(&["-n", space, "link", "set", link, "up"])?;
            ip(&["-n", space, "link", "set", "lo", "up"])?;
        }
        Ok(both)
    }

    /// A command in the servers' namespace, on core `core`.
    pub fn server(&self, core: usize, program: &str) -> Command {
        within(&self.server, core, program)
    }

    /// A command in the clients' namespace, on core `core`.
    pub fn client(&self, core: usize, program: &str) -> Command {
        within(&self.client, core, program)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for space in [&self.server, &self.client] {
            if let Err(error) = ip(&["netns", "delete", space]) {
                eprintln!("{error:#}");
            }
        }
    }
}

/// `ip`, `taskset`, `nice` and `prlimit` all become the program itself: the child's pid is the program's.
fn within(space: &str, core: usize, program: &str) -> Command {
    let mut command = Command::new("ip");
    let core = core.to_string();
    command.args(["netns", "exec", space, "taskset", "-c", &core, "nice", "-n", "-20"]);
    command.args(["prlimit", "--nofile=20000:20000", program]);
    command.stdin(Stdio::null());
    command
}

fn ip(arguments: &[&str]) -> Result<()> {
    let output = Command::new("ip").args(arguments).output().context("run `ip` (Debian package iproute2)")?;
    if !output.status.success() {
        bail!("ip {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
