//! What is measured: our server, and coturn as Debian has it, each with one relay thread.

use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::client;

/// Whom the clients log in as.
pub const USER: (&str, &str, &str) = ("ann", "example.org", "secret");

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Ours.
    Crosspoint,
    /// Debian's coturn.
    Coturn,
}

impl Subject {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Crosspoint, Self::Coturn];

    /// As tables have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Crosspoint => "Crosspoint",
            Self::Coturn => "coturn",
        }
    }
}

/// A server that runs; it ends when it is dropped.
pub struct Server {
    child: Child,
    /// Where its relay is.
    pub address: SocketAddr,
    _folder: TempDir,
}

impl Server {
    /// Starts it, and waits until it answers.
    pub fn start(subject: Subject, crosspoint: &Path) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let port = free_port()?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]);
        match subject {
            Subject::Crosspoint => {
                command
                    .arg(crosspoint.canonicalize().context("our server's binary is missing")?)
                    .arg("serve")
                    .arg("--config")
                    .arg(ours(&folder, port)?);
            }
            Subject::Coturn => {
                command.arg("turnserver").args(coturn(port));
            }
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).current_dir(folder.path()).spawn();
        let child = child.with_context(|| format!("{} cannot be started (Debian: coturn)", subject.name()))?;
        let server = Self { child, address, _folder: folder };
        server.wait()?;
        Ok(server)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn wait(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        while Instant::now() < deadline {
            if client::answers(self.address) {
                return Ok(());
            }
        }
        bail!("no answer at {} after 10 s", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn ours(folder: &TempDir, port: u16) -> Result<std::path::PathBuf> {
    let (http, media) = (free_port()?, free_port()?);
    let (user, realm, password) = USER;
    let file = folder.path().join("crosspoint.toml");
    let text = format!(
        "[http]\nbind = \"127.0.0.1:{http}\"\n\
         [media]\nworkers = 1\nbind = [\"127.0.0.1\"]\nudp_port = {media}\ntcp_port = 0\n\
         [turn]\nport = {port}\nrealm = \"{realm}\"\nstatic_users = {{ {user} = \"{password}\" }}\n\
         allocations_per_user = 1000\nbitrate = \"none\"\nuser_bitrate = \"none\"\nallowed_peers = [\"127.0.0.1\"]\n\
         [auth.keys]\nbench = \"0123456789abcdef0123456789abcdef\"\n[store]\npath = \"\"\n[log]\nlevel = \"warn\"\n"
    );
    std::fs::File::create(&file)?.write_all(text.as_bytes())?;
    Ok(file)
}

fn coturn(port: u16) -> Vec<String> {
    let (user, realm, password) = USER;
    let port = port.to_string();
    [
        "-n",
        "--lt-cred-mech",
        &format!("--user={user}:{password}"),
        &format!("--realm={realm}"),
        "--listening-ip=127.0.0.1",
        "--relay-ip=127.0.0.1",
        &format!("--listening-port={port}"),
        "--allow-loopback-peers",
        "--relay-threads=1",
        "--no-tls",
        "--no-dtls",
        "--no-tcp",
        "--no-cli",
        "--log-file=stdout",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A port that nobody has now, above those that the system gives out by itself.
fn free_port() -> Result<u16> {
    Ok(UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port())
}
