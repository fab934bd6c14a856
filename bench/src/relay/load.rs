//! Sends through the relay, and counts what arrives.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Result;
use crosspoint_udp::{Buffers, Socket};

use super::client::{CHANNEL, Client};
use super::servers::Server;
use crate::server::process::Cpu;

/// What settles before the measurement.
const WARM_UP: Duration = Duration::from_millis(500);

/// Which way datagrams go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From clients to peers.
    Up,
    /// From peers to clients.
    Down,
}

/// A case.
pub struct Case {
    /// As the table has it.
    pub name: &'static str,
    /// Which way.
    pub way: Way,
    /// Bytes of a datagram.
    pub size: usize,
    /// Datagrams per second of all clients together; none: as many as go.
    pub rate: Option<u64>,
    /// Datagrams that a client sends in a row, as a frame of video has.
    pub burst: usize,
}

/// What was measured.
pub struct Measured {
    sent: u64,
    arrived: u64,
    seconds: f64,
    cpu: f64,
}

impl Measured {
    /// Datagrams that arrived, per second.
    pub fn per_second(&self) -> f64 {
        self.arrived as f64 / self.seconds
    }

    /// The part that did not arrive.
    pub fn lost(&self) -> f64 {
        1.0 - (self.arrived as f64 / self.sent as f64).min(1.0)
    }

    /// Microseconds of the server's CPU for each datagram that arrived.
    pub fn micros(&self) -> f64 {
        self.cpu * 1e6 / self.arrived as f64
    }

    /// CPU of the server, of one core.
    pub fn load(&self) -> f64 {
        self.cpu / self.seconds
    }
}

/// One measurement.
pub fn measure(server: &Server, case: &Case, clients: usize, length: Duration) -> Result<Measured> {
    let peers: Vec<Socket> =
        (0..clients).map(|_| Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))).collect::<Result<_, _>>()?;
    let clients: Vec<Client> =
        peers.iter().map(|peer| Client::open(server.address, peer.local())).collect::<Result<_>>()?;
    let (senders, receivers) = match case.way {
        Way::Up => (clients.iter().map(|client| client.socket.try_clone()).collect::<Result<_, _>>()?, peers),
        Way::Down => down(peers, &clients)?,
    };
    let counting = Counting::start(receivers);
    let load = Load { datagram: datagram(case), senders, case };
    load.send(WARM_UP);
    let (cpu, begin, before) = (Cpu::of(server.pid())?, Instant::now(), counting.count());
    let sent = load.send(length);
    let seconds = begin.elapsed().as_secs_f64();
    // What is under way arrives.
    std::thread::sleep(Duration::from_millis(100));
    let (cpu, arrived) = (Cpu::of(server.pid())?.since(&cpu), counting.count() - before);
    counting.stop();
    Ok(Measured { sent, arrived, seconds, cpu })
}

/// Peers send, clients count: what clients have as sockets must be ours to count with.
fn down(peers: Vec<Socket>, clients: &[Client]) -> Result<(Vec<UdpSocket>, Vec<Socket>)> {
    let mut senders = Vec::new();
    for (peer, client) in peers.iter().zip(clients) {
        let sender = peer.duplicate()?;
        sender.connect(client.relayed)?;
        senders.push(sender);
    }
    let receivers = clients.iter().map(|client| Socket::of(client.socket.try_clone()?)).collect::<Result<_, _>>()?;
    Ok((senders, receivers))
}

fn datagram(case: &Case) -> Vec<u8> {
    let payload = vec![0xa5; case.size];
    match case.way {
        Way::Down => payload,
        Way::Up => {
            let length = u16::try_from(case.size).unwrap_or(u16::MAX);
            [&CHANNEL.to_be_bytes()[..], &length.to_be_bytes(), &payload].concat()
        }
    }
}

struct Load<'a> {
    datagram: Vec<u8>,
    senders: Vec<UdpSocket>,
    case: &'a Case,
}

impl Load<'_> {
    /// Sends for so long, client after client; gives how many datagrams.
    fn send(&self, length: Duration) -> u64 {
        let (begin, mut sent) = (Instant::now(), 0);
        for sender in self.senders.iter().cycle() {
            let now = begin.elapsed();
            if now >= length {
                break;
            }
            if let Some(rate) = self.case.rate {
                let due = Duration::from_secs_f64(sent as f64 / rate as f64);
                std::thread::sleep(due.saturating_sub(now));
            }
            for _ in 0..self.case.burst {
                sent += u64::from(sender.send(&self.datagram).is_ok());
            }
        }
        sent
    }
}

/// Counts what arrives, on a thread of its own.
struct Counting {
    count: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Counting {
    fn start(mut sockets: Vec<Socket>) -> Self {
        let (count, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, stopped) = (count.clone(), stop.clone());
        let thread = std::thread::spawn(move || {
            let mut buffers = Buffers::default();
            while !stopped.load(Ordering::Relaxed) {
                let mut idle = true;
                for socket in &mut sockets {
                    let take = |_: crosspoint_udp::Received<'_>, _| {
                        counted.fetch_add(1, Ordering::Relaxed);
                    };
                    idle &= !socket.receive(&mut buffers, take, Instant::now).unwrap_or(false);
                }
                if idle {
                    std::thread::sleep(Duration::from_micros(500));
                }
            }
        });
        Self { count, stop, thread }
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.join();
    }
}
