//! The server under test: a process with ports and a store of its own, which it keeps when it is killed and started again.

use std::fs::File;
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// The account that telephone calls come from.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// Its secret.
pub const TOKEN: &str = "a-secret-of-tests";
/// The number that a server calls from.
pub const NUMBER: &str = "+14155550100";

/// How long a start may take.
const START: Duration = Duration::from_secs(20);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(10);
/// Lines of the log that are shown when a test fails.
const SHOWN: usize = 80;

/// A server.
#[derive(Debug)]
pub struct Server {
    child: Option<Child>,
    folder: TempDir,
    http: u16,
    udp: u16,
    /// Where the telephone company is.
    company: String,
    /// What else it is told.
    more: Vec<String>,
    binary: PathBuf,
}

impl Server {
    /// Starts one on this port that has this telephone company, and waits until it is ready.
    pub async fn start(binary: &Path, http: u16, company: &str, more: &[&str]) -> Self {
        let mut server = Self {
            child: None,
            folder: tempfile::tempdir().expect("a folder"),
            http,
            udp: free_udp_port(),
            company: company.to_owned(),
            more: more.iter().map(ToString::to_string).collect(),
            binary: binary.to_owned(),
        };
        server.run().await;
        server
    }

    /// Where it serves HTTP.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.http)
    }

    /// The same for WebSockets.
    pub fn socket_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.http)
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Where its store is.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("shows.db")
    }

    /// What it wrote, also before it was killed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Starts the process (again), on the same ports.
    pub async fn run(&mut self) {
        self.launch();
        self.ready().await;
    }

    /// Starts the process (again), and does not wait.
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).expect("a log");
        let mut command = Command::new(&self.binary);
        command.args(self.arguments()).env_clear();
        if let Ok(level) = std::env::var("SERVER_LOG") {
            command.args(["--log.level", &level]);
        }
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        self.child = Some(command.spawn().unwrap_or_else(|error| panic!("{}: {error}", self.binary.display())));
    }

    /// Waits until it says that it is ready.
    pub async fn ready(&mut self) {
        let url = format!("{}/readyz", self.url());
        let client = reqwest::Client::new();
        let deadline = Instant::now() + START;
        loop {
            let child = self.child.as_mut().expect("it was launched");
            if let Some(status) = child.try_wait().expect("its state") {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            if let Ok(answer) = client.get(&url).timeout(Duration::from_secs(2)).send().await
                && answer.status().is_success()
            {
                return;
            }
            assert!(Instant::now() < deadline, "the server is not ready in {START:?}:\n{}", self.log());
            sleep(LOOK).await;
        }
    }

    /// Ends the process as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Does the process run?
    pub fn is_running(&mut self) -> bool {
        self.child.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)))
    }

    fn arguments(&self) -> Vec<String> {
        let (http, udp, store) = (format!("127.0.0.1:{}", self.http), self.udp.to_string(), self.store());
        let (url, workers) = (self.url(), std::env::var("WORKERS").unwrap_or_else(|_| "1".into()));
        let settings = [
            ("--http.bind", http.as_str()),
            ("--http.public_url", &url),
            ("--media.udp_port", &udp),
            ("--media.tcp_port", "0"),
            ("--turn.port", "0"),
            ("--media.workers", &workers),
            ("--store.path", store.to_str().expect("a plain path")),
            ("--phone.simulator", "false"),
            ("--phone.twilio_account", ACCOUNT),
            ("--phone.twilio_token", TOKEN),
            ("--phone.twilio_url", &self.company),
            ("--phone.number", NUMBER),
        ];
        let mut all: Vec<String> = ["serve", "--dev"].map(str::to_owned).to_vec();
        for (name, value) in settings {
            if !self.more.iter().any(|given| given == name) {
                all.extend([name.to_owned(), value.to_owned()]);
            }
        }
        all.extend(self.more.iter().cloned());
        all
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let shown = lines[lines.len().saturating_sub(SHOWN)..].join("\n");
            eprintln!("--- the end of the server's log\n{shown}\n---");
        }
    }
}

/// Where the server's binary is.
pub fn binary() -> PathBuf {
    if let Some(given) = std::env::var_os("SERVER_UNDER_TEST") {
        return given.into();
    }
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/debug/crosspoint");
    assert!(found.exists(), "no server at {}: build it with `cargo build -p crosspoint`", found.display());
    found
}

/// A TCP port that is free now.
pub fn free_tcp_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

/// A UDP port that is free now.
fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}
