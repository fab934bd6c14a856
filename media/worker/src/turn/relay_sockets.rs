//! Relay sockets: one for each allocation.

use std::io;
use std::net::SocketAddr;

use crosspoint_turn::peers::{Peers, RelayAddress};
use crosspoint_turn::{AllocationKey, Opening};
use crosspoint_udp::{Batch, Socket};
use mio::{Registry, Token};

use super::MAX_WAITING;
use super::due::Due;

/// Tokens of relay sockets begin here, above all others of a worker.
const FIRST: usize = 1 << 32;
/// Ports that are tried by chance before all are, one after the other.
const CHANCES: usize = 32;
/// Ports that are asked of the system: each is a handful of system calls on a media thread.
const TRIES: usize = 256;

/// All relay sockets of a worker, by the numbers of their allocations.
#[derive(Default)]
pub(crate) struct RelaySockets {
    sockets: Vec<Option<Socket>>,
    batches: Vec<Batch>,
    /// Those that can be read.
    readable: Due,
    /// Those with something to send.
    waiting: Due,
    /// Datagrams that were not sent.
    pub dropped: u64,
}

impl RelaySockets {
    /// The relay that a token is of.
    pub fn index(token: Token) -> Option<usize> {
        token.0.checked_sub(FIRST).filter(|index| *index < FIRST)
    }

    /// Opens a socket at a port that chance chooses (a port that can be guessed can be aimed at: RFC 8656 §7.2), and gives its
    /// address as peers are told.
    pub fn open(&mut self, peers: &Peers, wanted: &Opening, registry: &Registry) -> Option<SocketAddr> {
        let address = peers.relay_address(wanted.ipv6)?;
        let mut socket = bind(peers, address, wanted.even)?;
        let index = wanted.allocation.0;
        if let Err(error) = socket.register(registry, Token(FIRST + index)) {
            tracing::debug!(%error, "a relay socket cannot be used");
            return None;
        }
        let relayed = SocketAddr::new(address.told, socket.local().port());
        while self.sockets.len() <= index {
            self.sockets.push(None);
            self.batches.push(Batch::new(socket.max_segments()));
        }
        self.batches[index].clear();
        self.sockets[index] = Some(socket);
        Some(relayed)
    }

    /// Closes one.
    pub fn close(&mut self, AllocationKey(index): AllocationKey) {
        if let Some(place) = self.sockets.get_mut(index) {
            *place = None;
        }
    }

    /// It can be read.
    pub fn ready(&mut self, index: usize) {
        self.readable.insert(index);
    }

    pub fn readable(&mut self) -> &mut Due {
        &mut self.readable
    }

    pub fn has_readable(&self) -> bool {
        self.readable.len() > 0
    }

    pub fn has_waiting(&self) -> bool {
        self.waiting.len() > 0
    }

    /// One that is to be read.
    pub fn get(&self, index: usize) -> Option<&Socket> {
        self.sockets.get(index)?.as_ref()
    }

    /// A datagram is to leave.
    pub fn push(&mut self, AllocationKey(index): AllocationKey, peer: SocketAddr, contents: &[u8]) {
        let Some(batch) = self.batches.get_mut(index) else { return };
        batch.push(peer, contents);
        self.waiting.insert(index);
    }

    /// Sends what has been gathered.
    pub fn send(&mut self) {
        for _ in 0..self.waiting.len() {
            let Some(index) = self.waiting.next() else { return };
            let batch = &mut self.batches[index];
            match &mut self.sockets[index] {
                Some(socket) => {
                    let before = socket.dropped;
                    socket.flush(batch, MAX_WAITING);
                    self.dropped += socket.dropped - before;
                }
                None => batch.clear(),
            }
            if !batch.is_empty() {
                self.waiting.insert(index);
            }
        }
    }
}

fn bind(peers: &Peers, address: RelayAddress, even: bool) -> Option<Socket> {
    // Where one of ours is, the system would say so too, but more slowly.
    let is_free = |port: &u16| !peers.is_relay_open(SocketAddr::new(address.told, *port));
    for port in ports(peers, even).filter(is_free).take(TRIES) {
        match Socket::bind(SocketAddr::new(address.bound, port)) {
            Ok(socket) => return Some(socket),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            Err(error) => {
                tracing::warn!(%error, "a relay socket cannot be opened");
                return None;
            }
        }
    }
    None
}

/// Ports by chance, then all of them.
fn ports(peers: &Peers, even: bool) -> impl Iterator<Item = u16> {
    let range = peers.ports();
    let (first, count) = (*range.start(), u32::from(range.end() - range.start()) + 1);
    let chance = move || first.saturating_add(u16::try_from(random() % count).unwrap_or_default());
    let by_chance = std::iter::repeat_with(chance).take(CHANCES);
    by_chance.chain(range).filter(move |port| !even || port % 2 == 0)
}

fn random() -> u32 {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("the system's random source answers");
    u32::from_ne_bytes(bytes)
}
