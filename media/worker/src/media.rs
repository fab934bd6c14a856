//! All workers of a process, as the control plane holds them.

use std::net::{SocketAddr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Instant;

use crosspoint_engine::{Engine, Fact, Order};
use crosspoint_model::{Code, Refusal};
use crosspoint_turn::{Counters, Shared};
use crosspoint_udp::Socket;
use crosspoint_webrtc::{Accepted, Factory, Host, HostCandidate, credentials};

use socket2::{Domain, Protocol, Type};

use crate::acceptor::Acceptor;
use crate::frames::next_frame;
use crate::inbox::{Inbox, Message, NewStream, inbox};
use crate::shell::{FIRST_TURN, INBOX, Port, Shell};
use crate::traffic::{Board, Traffic};
use crate::turn::{NewLink, TurnSockets};

/// Where media comes in.
#[derive(Clone, Debug, Default)]
pub struct MediaConfig {
    /// How many workers: one thread, one UDP port each.
    pub workers: usize,
    /// The UDP addresses of worker 0 (one per IP family); worker n has the same with port + n. Port 0: any.
    pub udp: Vec<SocketAddr>,
    /// The addresses that clients are told in place of `udp`, one of each family; ports count up likewise. Empty: `udp` itself.
    pub advertised_udp: Vec<SocketAddr>,
    /// The TCP addresses for all workers (ICE-TCP, RFC 6544, passive). Empty: none.
    pub tcp: Vec<SocketAddr>,
    /// The same for TCP.
    pub advertised_tcp: Vec<SocketAddr>,
    /// TCP addresses that clients are told too, and on which somebody else listens, who gives us what is ours
    /// ([`Media::take_stream`]).
    pub shared_tcp: Vec<SocketAddr>,
    /// Relays for TURN clients, if there are to be any.
    pub turn: Option<TurnConfig>,
}

impl MediaConfig {
    /// The UDP ports of a worker: where each listens, and as clients are told.
    pub fn ports(&self, worker: u16) -> impl Iterator<Item = (SocketAddr, SocketAddr)> {
        let port = move |first: &SocketAddr| {
            let told = of_family(&self.advertised_udp, *first);
            (count_up(*first, worker), count_up(told, worker))
        };
        self.udp.iter().map(port)
    }
}

/// Relays for TURN clients.
#[derive(Clone, Debug)]
pub struct TurnConfig {
    /// The UDP addresses that every worker listens on, one per IP family at most.
    pub udp: Vec<SocketAddr>,
    /// What all workers share.
    pub shared: Arc<Shared>,
}

/// Why media could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// An address could not be bound.
    #[error("cannot listen for media on {protocol} {address}: {error}")]
    Bind {
        /// `UDP` or `TCP`.
        protocol: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// A thread or its poll could not be made.
    #[error("cannot start a media worker: {0}")]
    Thread(#[from] std::io::Error),
}

/// Where facts go: the worker's number and a batch. Called on the media thread: must not block.
pub type FactSink = Box<dyn Fn(usize, Vec<Fact>) + Send + Sync>;

/// All workers of this process.
pub struct Media {
    factory: Factory,
    workers: Vec<Worker>,
    acceptor: Option<mio::Waker>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// How many connections of TURN clients were given to workers, one after the other.
    links: AtomicUsize,
}

struct Worker {
    host: Host,
    inbox: Inbox,
    board: Arc<Board>,
}

impl Media {
    /// Binds the ports and starts the threads.
    pub fn start(config: &MediaConfig, sink: FactSink) -> Result<Self, StartError> {
        let sink = Arc::new(sink);
        let (listeners, tcp_candidates) = listen(config)?;
        claim(config.turn.as_ref())?;
        let mut workers = Vec::new();
        let mut shells = Vec::new();
        for index in 0..config.workers.max(1) {
            let (worker, shell) = make_worker(config, index, &tcp_candidates, sink.clone())?;
            workers.push(worker);
            shells.push(shell);
        }
        let inboxes: Vec<Inbox> = workers.iter().map(|worker| worker.inbox.clone()).collect();
        let mut threads = Vec::new();
        for (index, mut shell) in shells.into_iter().enumerate() {
            shell.meet(inboxes.clone());
            threads.push(std::thread::Builder::new().name(format!("media-{index}")).spawn(move || run(shell))?);
        }
        let mut acceptor = None;
        if !listeners.is_empty() {
            let (runner, waker) = Acceptor::new(listeners, inboxes)?;
            threads.push(std::thread::Builder::new().name("ice-tcp".into()).spawn(move || runner.run())?);
            acceptor = Some(waker);
        }
        Ok(Self {
            factory: Factory::new(),
            workers,
            acceptor,
            threads: Mutex::new(threads),
            links: AtomicUsize::new(0),
        })
    }

    /// How many workers there are; their numbers count from 0.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// What clients are told of a worker.
    pub fn host(&self, worker: usize) -> Option<&Host> {
        self.workers.get(worker).map(|worker| &worker.host)
    }

    /// What came and went on a worker since it started. Reads a few figures that the worker writes down once per turn; asks
    /// nothing of it.
    pub fn traffic(&self, worker: usize) -> Traffic {
        self.workers.get(worker).map(|worker| worker.board.read()).unwrap_or_default()
    }

    /// What a worker's relays carried since it started.
    pub fn turn(&self, worker: usize) -> Counters {
        self.workers.get(worker).map(|worker| worker.board.turn()).unwrap_or_default()
    }

    /// Gives a connection on which a TURN client speaks to one of the workers.
    pub fn take_link(&self, link: NewLink) {
        let turn = self.links.fetch_add(1, Ordering::Relaxed);
        if let Some(worker) = self.workers.get(turn % self.workers.len().max(1)) {
            worker.inbox.send(Message::Link(Box::new(link)));
        }
    }

    /// Gives an ICE-TCP connection to the worker that its first frame names. `destination`: the advertised address that it came
    /// to; `received`: what was read of it, which holds the first frame at least.
    pub fn take_stream(
        &self,
        stream: std::net::TcpStream,
        source: SocketAddr,
        destination: SocketAddr,
        received: Vec<u8>,
    ) {
        let Some(Ok((frame, _))) = next_frame(&received) else { return };
        let number = credentials::stun_ufrag(frame).and_then(credentials::worker_of);
        if let Some(worker) = number.and_then(|number| self.workers.get(usize::from(number))) {
            worker.inbox.send(Message::Stream(NewStream { stream, source, destination, received }));
        }
    }

    /// Builds a transport on `worker` for this offer: ~0.4 ms of CPU, on the caller's thread.
    pub fn accept(&self, worker: usize, offer: &str) -> Result<Accepted, Refusal> {
        let host =
            self.host(worker).ok_or_else(|| Refusal::new(Code::MediaUnavailable, "there is no such media worker"))?;
        self.factory.accept(host, offer, Instant::now())
    }

    /// Gives an order and wakes the worker.
    pub fn order(&self, worker: usize, order: Order) {
        if let Some(worker) = self.workers.get(worker) {
            worker.inbox.send(Message::Order(order));
        }
    }

    /// Stops the threads: legs are closed with a DTLS `close_notify`.
    pub fn stop(&self) {
        for worker in &self.workers {
            worker.inbox.send(Message::Stop);
        }
        if let Some(acceptor) = &self.acceptor {
            let _ = acceptor.wake();
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a media thread ended with a panic");
            }
        }
    }
}

/// Is the TURN port free? Workers share it among them, and so could a second server of the same user, with nobody the wiser
/// (`SO_REUSEPORT`): bound alone, it is refused.
fn claim(turn: Option<&TurnConfig>) -> Result<(), StartError> {
    for address in turn.iter().flat_map(|turn| &turn.udp) {
        let bind = |error| StartError::Bind { protocol: "UDP (TURN)", address: *address, error };
        Socket::bind(*address).map_err(bind)?;
    }
    Ok(())
}

type Listeners = Vec<(TcpListener, SocketAddr)>;

fn listen(config: &MediaConfig) -> Result<(Listeners, Vec<HostCandidate>), StartError> {
    let mut listeners = Vec::new();
    let mut candidates = Vec::new();
    for address in &config.tcp {
        let bind = |error| StartError::Bind { protocol: "TCP", address: *address, error };
        let listener = listen_tcp(*address).map_err(bind)?;
        let advertised = of_family(&config.advertised_tcp, *address);
        let advertised = with_port(advertised, listener.local_addr().map_err(bind)?.port());
        candidates.push(HostCandidate { address: advertised, tcp: true });
        listeners.push((listener, advertised));
    }
    candidates.extend(config.shared_tcp.iter().map(|address| HostCandidate { address: *address, tcp: true }));
    Ok((listeners, candidates))
}

/// The one that clients are told in place of this one.
fn of_family(told: &[SocketAddr], address: SocketAddr) -> SocketAddr {
    told.iter().find(|told| told.is_ipv4() == address.is_ipv4()).copied().unwrap_or(address)
}

/// An IPv6 one takes IPv6 only, so that both families can have the same port.
fn listen_tcp(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = socket2::Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

fn make_worker(
    config: &MediaConfig,
    index: usize,
    tcp: &[HostCandidate],
    sink: Arc<FactSink>,
) -> Result<(Worker, Shell), StartError> {
    let number = u16::try_from(index).unwrap_or(u16::MAX);
    let mut ports = Vec::new();
    for (address, advertised) in config.ports(number) {
        let socket = Socket::bind(address).map_err(|error| StartError::Bind { protocol: "UDP", address, error })?;
        let advertised = with_port(advertised, socket.local().port());
        ports.push(Port::new(socket, advertised));
    }
    let mut candidates: Vec<HostCandidate> =
        ports.iter().map(|port| HostCandidate { address: port.advertised, tcp: false }).collect();
    candidates.extend_from_slice(tcp);
    let poll = mio::Poll::new()?;
    let (inbox, mailbox) = inbox(mio::Waker::new(poll.registry(), INBOX)?);
    let facts = Box::new(move |facts| sink(index, facts));
    let board = Arc::new(Board::default());
    let mut shell = Shell::new(Engine::of_worker(index), poll, ports, mailbox, facts, board.clone())?;
    if let Some(turn) = &config.turn {
        let bound = TurnSockets::new(turn.shared.clone(), &turn.udp, shell.poll.registry(), FIRST_TURN);
        let bound = bound.map_err(|(address, error)| StartError::Bind { protocol: "UDP (TURN)", address, error })?;
        shell.take_turn(bound);
    }
    Ok((Worker { host: Host { worker: number, candidates }, inbox, board }, shell))
}

/// Runs a worker. Panics of legs and rooms end there; one that gets through leaves rooms that nobody serves, and a process
/// that looks alive: then a supervisor's restart is the better end.
fn run(shell: Shell) {
    if catch_unwind(AssertUnwindSafe(|| shell.run())).is_err() {
        tracing::error!("a media worker failed; the server ends so that it can be started anew");
        std::process::exit(70);
    }
}

/// The address of the n-th worker; port 0 stays 0 (the system chooses).
fn count_up(address: SocketAddr, number: u16) -> SocketAddr {
    if address.port() == 0 { address } else { SocketAddr::new(address.ip(), address.port().saturating_add(number)) }
}

/// Fills in the port that the system chose.
fn with_port(address: SocketAddr, port: u16) -> SocketAddr {
    if address.port() == 0 { SocketAddr::new(address.ip(), port) } else { address }
}
