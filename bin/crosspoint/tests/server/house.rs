//! Starts the binary on free ports, and speaks plain HTTP to it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// Longer than anything here takes on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The binary, with an environment of its own.
pub fn crosspoint(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_crosspoint"));
    command.args(arguments).env_clear();
    command
}

/// Runs a command that ends by itself.
pub fn run(arguments: &[&str]) -> Output {
    crosspoint(arguments).output().expect("it runs")
}

/// What a command said on standard error.
pub fn complaint(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A server that runs.
pub struct Server {
    child: Child,
    /// Where it serves HTTP.
    pub address: SocketAddr,
    /// The line that it says where it is with.
    pub announcement: String,
}

impl Server {
    /// Starts `crosspoint serve --dev` on free ports, with these arguments too.
    pub fn start(arguments: &[&str]) -> Self {
        let port = free_udp_port().to_string();
        let base = [
            "serve",
            "--dev",
            "--http.bind",
            "127.0.0.1:0",
            "--media.udp_port",
            &port,
            "--media.tcp_port",
            "0",
            "--turn.port",
            "0",
            "--media.workers",
            "1",
        ];
        let mut command = crosspoint(&[&base[..], arguments].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
        let mut announcement = String::new();
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        said.read_line(&mut announcement).expect("a line");
        let address = announcement.split("://").nth(1).and_then(|rest| rest.trim().trim_end_matches('/').parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {announcement:?}"));
        Self { child, address, announcement }
    }

    /// Sends a request and gives what came back, head and body.
    pub fn send(&self, method: &str, path: &str, headers: &[&str], body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        let headers: String = headers.iter().flat_map(|header| [*header, "\r\n"]).collect();
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// GET.
    pub fn get(&self, path: &str) -> String {
        self.send("GET", path, &[], "")
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.child.id().cast_signed()).expect("a process id");
        kill_process(pid, signal).expect("sent");
    }

    /// Has it ended?
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_some()
    }

    /// Waits for its end; true when it ended well.
    pub fn ended_well(mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if let Some(status) = self.child.try_wait().expect("its state") {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("it did not end");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A UDP port that is free now.
pub fn free_udp_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}
