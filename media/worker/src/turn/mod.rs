//! The sockets of a worker's relays: what comes in by them goes to the state machine (`media/turn`), and what that decides goes
//! out by them.
//!
//! ```text
//!  UDP port (one of every worker, SO_REUSEPORT) ─┐                ┌─> relay sockets (GSO runs)
//!  TCP and TLS connections, handed over ─────────┤─> Turn ──────> ┤
//!  relay sockets ────────────────────────────────┘                └─> ports and connections
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `relay_sockets.rs` | relay sockets |
//! | `links.rs` | TCP and TLS connections |
//! | `due.rs` | which of them something is to be done with |

mod due;
mod links;
mod relay_sockets;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_stun::stream::{Unit, next_unit};
use crosspoint_turn::{Action, AllocationKey, Counters, Flow, Shared, Transport, Turn};
use crosspoint_udp::{Batch, Buffers, Received, Socket};
use mio::{Registry, Token};

pub use links::NewLink;
use links::{Links, Read};
use relay_sockets::RelaySockets;

/// Receive batches of one socket before the others have their turn.
const BATCHES: usize = 4;
/// What may wait for a full socket before the oldest is given up.
const MAX_WAITING: usize = 1 << 20;
/// So long may a turn read relays before media are looked for again.
const WORK: Duration = Duration::from_millis(1);
/// How often connections without an allocation are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// The relays of one worker, with their sockets.
pub(crate) struct TurnSockets {
    turn: Turn,
    ports: Vec<Port>,
    out: Outlets,
    swept: Instant,
}

struct Port {
    socket: Socket,
    readable: bool,
}

/// Where things go out.
struct Outlets {
    /// What goes out by the ports.
    batches: Vec<Batch>,
    relays: RelaySockets,
    links: Links,
}

impl TurnSockets {
    /// Binds the ports, and registers them with tokens from `first_port` on.
    pub fn new(
        shared: Arc<Shared>,
        addresses: &[SocketAddr],
        registry: &Registry,
        first_port: usize,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let mut ports = Vec::new();
        for (index, address) in addresses.iter().enumerate() {
            let bind = |error| (*address, error);
            let mut socket = Socket::bind_shared(*address).map_err(bind)?;
            socket.register(registry, Token(first_port + index)).map_err(bind)?;
            ports.push(Port { socket, readable: true });
        }
        let batches = ports.iter().map(|port| Batch::new(port.socket.max_segments())).collect();
        let out = Outlets { batches, relays: RelaySockets::default(), links: Links::default() };
        Ok(Self { turn: Turn::new(shared), ports, out, swept: Instant::now() })
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        let unsent = self.ports.iter().map(|port| port.socket.dropped).sum::<u64>();
        let Outlets { relays, links, .. } = &self.out;
        Counters { unsent: unsent + relays.dropped + links.dropped, ..self.turn.counters() }
    }

    /// Is this token one of a relay socket or of a connection?
    pub fn owns(token: Token) -> bool {
        RelaySockets::index(token).is_some() || Links::index(token).is_some()
    }

    /// A port can be read.
    pub fn port_ready(&mut self, index: usize) {
        if let Some(port) = self.ports.get_mut(index) {
            port.readable = true;
        }
    }

    /// A relay socket or a connection can be read or written.
    pub fn ready(&mut self, token: Token) {
        if let Some(relay) = RelaySockets::index(token) {
            self.out.relays.ready(relay);
        } else if let Some(link) = Links::index(token) {
            self.out.links.ready(link);
        }
    }

    /// Takes a connection over.
    pub fn add_link(&mut self, link: NewLink, registry: &Registry) {
        if let Some(index) = self.out.links.add(link, registry, Instant::now()) {
            self.read_link(index, registry);
            self.send();
        }
    }

    /// Reads whatever can be read, some of each.
    pub fn read(&mut self, buffers: &mut Buffers, registry: &Registry) {
        for index in 0..self.ports.len() {
            self.read_port(index, buffers, registry);
        }
        let begin = Instant::now();
        for _ in 0..self.out.relays.readable().len() {
            let Some(index) = self.out.relays.readable().next() else { break };
            // The others have their turn, and the rest of these theirs after it.
            if begin.elapsed() > WORK {
                self.out.relays.ready(index);
                continue;
            }
            self.read_relay(index, buffers);
            self.out.send(&mut self.ports);
        }
        for _ in 0..self.out.links.readable().len() {
            let Some(index) = self.out.links.readable().next() else { break };
            self.read_link(index, registry);
        }
        self.send();
    }

    /// Is there more to read already?
    pub fn has_more(&self) -> bool {
        self.ports.iter().any(|port| port.readable) || self.out.relays.has_readable() || self.out.links.has_readable()
    }

    /// When something is over, or must be tried again.
    pub fn timeout(&self, now: Instant) -> Option<Duration> {
        let timer = self.turn.poll_timeout().map(|at| at.saturating_duration_since(now));
        let waits = self.out.relays.has_waiting() || self.out.batches.iter().any(|batch| !batch.is_empty());
        let retry = waits.then_some(Duration::from_millis(1));
        let sweep = (!self.out.links.is_empty()).then_some(SWEEP);
        [timer, retry, sweep].into_iter().flatten().min()
    }

    /// Ends what is over.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.turn.handle_timeout(now);
        if now.saturating_duration_since(self.swept) >= SWEEP {
            self.swept = now;
            let turn = &self.turn;
            let gone = self.out.links.sweep(now, |flow| turn.has_allocation(flow));
            gone.into_iter().for_each(|flow| self.turn.handle_gone(flow));
        }
        self.close();
    }

    fn read_port(&mut self, index: usize, buffers: &mut Buffers, registry: &Registry) {
        for _ in 0..BATCHES {
            let (turn, out, port) = (&mut self.turn, &mut self.out, &mut self.ports[index]);
            if !port.readable {
                return;
            }
            let take = |datagram: Received<'_>, now| {
                let client = Flow { transport: Transport::Udp, socket: index, client: datagram.source };
                handle_client(turn, out, client, datagram.contents, registry, now);
            };
            port.readable = receive(&port.socket, buffers, take);
            self.send();
        }
    }

    fn read_relay(&mut self, index: usize, buffers: &mut Buffers) {
        let Outlets { batches, relays, links } = &mut self.out;
        let Some(relay) = relays.get(index) else { return };
        let turn = &mut self.turn;
        for _ in 0..BATCHES {
            let take = |datagram: Received<'_>, now| {
                let action = turn.handle_peer(AllocationKey(index), datagram.source, datagram.contents, now);
                if let Action::ToClient { client, head, body } = action {
                    to_client(batches, links, client, head, body);
                }
            };
            if !receive(relay, buffers, take) {
                return;
            }
        }
        relays.ready(index);
    }

    fn read_link(&mut self, index: usize, registry: &Registry) {
        let Some(Read { flow, mut received, ended }) = self.out.links.read(index) else { return };
        let (mut used, now) = (0, Instant::now());
        let broken = loop {
            match next_unit(&received[used..]) {
                Unit::Unfinished => break false,
                Unit::Nonsense => break true,
                Unit::Whole { length, padded } => {
                    let unit = &received[used..used + length];
                    handle_client(&mut self.turn, &mut self.out, flow, unit, registry, now);
                    used += padded;
                }
            }
        };
        if ended || broken {
            self.out.links.remove(index);
            self.turn.handle_gone(flow);
        } else {
            received.drain(..used);
            self.out.links.keep(index, received);
        }
    }

    fn send(&mut self) {
        self.out.send(&mut self.ports);
        for flow in self.out.links.take_ended() {
            self.turn.handle_gone(flow);
        }
        self.close();
    }

    fn close(&mut self) {
        close(&mut self.turn, &mut self.out.relays);
    }
}

/// Closes the sockets of relays that are no more.
fn close(turn: &mut Turn, relays: &mut RelaySockets) {
    while let Some(relay) = turn.poll_closed() {
        relays.close(relay);
    }
}

/// Receives one batch. False: nothing waits any more; after a failure it is tried again with the next arrival.
fn receive(socket: &Socket, buffers: &mut Buffers, take: impl FnMut(Received<'_>, Instant)) -> bool {
    socket.receive(buffers, take, Instant::now).unwrap_or_else(|error| {
        tracing::debug!(%error, "receiving for TURN clients");
        false
    })
}

/// What a client sent, and what becomes of it.
fn handle_client(turn: &mut Turn, out: &mut Outlets, client: Flow, contents: &[u8], registry: &Registry, now: Instant) {
    let opening = match turn.handle_client(client, contents, now) {
        Action::Open(opening) => opening,
        action => return out.carry_out(action),
    };
    // One that has only just ended may have had the same number.
    close(turn, &mut out.relays);
    let shared = turn.shared().clone();
    let relayed = out.relays.open(shared.peers(), &opening, registry);
    let action = turn.opened(*opening, relayed, now);
    out.carry_out(action);
}

impl Outlets {
    fn carry_out(&mut self, action: Action<'_>) {
        match action {
            Action::Nothing | Action::Open(_) => {}
            Action::ToClient { client, head, body } => {
                to_client(&mut self.batches, &mut self.links, client, head, body);
            }
            Action::ToPeer { allocation, peer, contents } => self.relays.push(allocation, peer, contents),
        }
    }

    /// Sends what has been gathered.
    fn send(&mut self, ports: &mut [Port]) {
        self.relays.send();
        self.links.send();
        for (port, batch) in ports.iter_mut().zip(&mut self.batches) {
            port.socket.flush(batch, MAX_WAITING);
        }
    }
}

fn to_client(batches: &mut [Batch], links: &mut Links, client: Flow, head: &[u8], body: &[u8]) {
    match client.transport {
        Transport::Udp => {
            if let Some(batch) = batches.get_mut(client.socket) {
                batch.push_parts(client.client, head, body);
            }
        }
        Transport::Tcp | Transport::Tls => links.push(client.socket, head, body),
    }
}
