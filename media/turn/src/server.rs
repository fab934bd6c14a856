//! The state machine: what came, and what becomes of it. The caller carries out each [`Action`] before the next input.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crosspoint_stun::attribute::{DATA, XOR_MAPPED_ADDRESS, XOR_PEER_ADDRESS};
use crosspoint_stun::{Builder, Class, Key, Message, Method, TransactionId};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::allocation::Allocation;
use crate::doorstep::Doorstep;
use crate::quota::{Direction, Seat};
use crate::{AllocationKey, Counters, Flow, Shared, Transport};

/// What the caller is to do.
#[derive(Debug)]
#[must_use]
pub enum Action<'a> {
    /// Nothing.
    Nothing,
    /// Send to a client: the head and the body, in one datagram; on a stream, with the padding of channel data.
    ToClient {
        /// To whom.
        client: Flow,
        /// What comes first.
        head: &'a [u8],
        /// What follows.
        body: &'a [u8],
    },
    /// Send from a relay.
    ToPeer {
        /// From which.
        allocation: AllocationKey,
        /// Where to.
        peer: SocketAddr,
        /// What.
        contents: &'a [u8],
    },
    /// Open a relay socket and say so with [`Turn::opened`], before anything else.
    Open(Box<Opening>),
}

/// A relay socket that is to be opened.
#[derive(Debug)]
pub struct Opening {
    /// The number that its allocation gets.
    pub allocation: AllocationKey,
    /// An IPv6 one? Otherwise IPv4.
    pub ipv6: bool,
    /// Must its port be even?
    pub even: bool,
    pub(crate) client: Flow,
    pub(crate) key: Key,
    pub(crate) username: String,
    pub(crate) seat: Seat,
    pub(crate) transaction: TransactionId,
    pub(crate) lifetime: u32,
    pub(crate) fingerprinted: bool,
}

/// The relays of one worker.
#[derive(Debug)]
pub struct Turn {
    pub(crate) shared: Arc<Shared>,
    pub(crate) allocations: Slab<Allocation>,
    by_client: FxHashMap<Flow, usize>,
    /// When they end; the first first.
    expiries: BTreeSet<(Instant, usize)>,
    closed: Vec<AllocationKey>,
    pub(crate) doorstep: Doorstep,
    pub(crate) counters: Counters,
    /// The answer that is being given.
    out: Vec<u8>,
    channel_head: [u8; 4],
}

impl Turn {
    /// Without allocations.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            allocations: Slab::new(),
            by_client: FxHashMap::default(),
            expiries: BTreeSet::new(),
            closed: Vec::new(),
            doorstep: Doorstep::new(),
            counters: Counters::default(),
            out: Vec::new(),
            channel_head: [0; 4],
        }
    }

    /// What all workers share.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What happened so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Has this client an allocation?
    pub fn has_allocation(&self, client: Flow) -> bool {
        self.by_client.contains_key(&client)
    }

    /// A datagram, or a unit of a stream, came from a client.
    pub fn handle_client<'a>(&'a mut self, client: Flow, contents: &'a [u8], now: Instant) -> Action<'a> {
        match contents.first() {
            Some(0x40..=0x7f) => self.channel_data(client, contents, now),
            Some(0..=3) => self.message(client, contents, now),
            _ => self.ignore(),
        }
    }

    /// A datagram came to a relay.
    pub fn handle_peer<'a>(
        &'a mut self,
        key: AllocationKey,
        from: SocketAddr,
        contents: &'a [u8],
        now: Instant,
    ) -> Action<'a> {
        let Some(allocation) = self.allocations.get(key.0) else { return Action::Nothing };
        let source = self.shared.peers.source(from).filter(|peer| allocation.permits(peer.ip(), now));
        let (Some(peer), Ok(length)) = (source, u16::try_from(contents.len())) else {
            self.counters.unpermitted += 1;
            return Action::Nothing;
        };
        if !allocation.seat.may_carry(Direction::Down, contents.len(), self.shared.nanos(now)) {
            self.counters.over_bandwidth += 1;
            return Action::Nothing;
        }
        self.counters.packets_down += 1;
        self.counters.bytes_down += contents.len() as u64;
        let client = allocation.flow;
        if let Some(number) = allocation.number_of(peer, now) {
            let ([a, b], [c, d]) = (number.to_be_bytes(), length.to_be_bytes());
            self.channel_head = [a, b, c, d];
            return Action::ToClient { client, head: &self.channel_head, body: contents };
        }
        // Indications have a transaction id too, which nobody looks at (RFC 8489 §5); it must differ from datagram to datagram.
        let mut transaction = [0; 12];
        transaction[..8].copy_from_slice(&self.counters.packets_down.to_be_bytes());
        let out = std::mem::take(&mut self.out);
        let indication = Builder::into(out, Class::Indication, Method::Data, transaction);
        self.out = indication.address(XOR_PEER_ADDRESS, peer).attribute(DATA, contents).finish();
        Action::ToClient { client, head: &self.out, body: &[] }
    }

    /// A client's connection is gone, and its allocation with it.
    pub fn handle_gone(&mut self, client: Flow) {
        if let Some(&index) = self.by_client.get(&client) {
            self.remove(index);
        }
    }

    /// What is over ends.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(&(at, index)) = self.expiries.first()
            && at <= now
        {
            self.remove(index);
        }
    }

    /// When something is over.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.expiries.first().map(|(at, _)| *at)
    }

    /// An allocation that is no more: its relay socket is to be closed.
    pub fn poll_closed(&mut self) -> Option<AllocationKey> {
        self.closed.pop()
    }

    fn channel_data<'a>(&'a mut self, client: Flow, contents: &'a [u8], now: Instant) -> Action<'a> {
        let &[a, b, c, d, ref rest @ ..] = contents else { return self.ignore() };
        let (number, length) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        // Over UDP there may be padding, and need not (RFC 8656 §12.5).
        let Some(data) = rest.get(..length) else { return self.ignore() };
        let Some(&index) = self.by_client.get(&client) else { return self.ignore() };
        match self.allocations[index].peer_of(number, now) {
            Some(peer) => self.relay_to(index, peer, data, now),
            None => {
                self.counters.unpermitted += 1;
                Action::Nothing
            }
        }
    }

    fn message<'a>(&'a mut self, client: Flow, contents: &'a [u8], now: Instant) -> Action<'a> {
        let Some(message) = Message::read(contents) else { return self.ignore() };
        match (message.class, message.method) {
            (Class::Request, Some(Method::Binding)) => self.binding(client, &message, now),
            (Class::Request, method) => self.request(client, &message, method, now),
            (Class::Indication, Some(Method::Send)) => self.send(client, &message, now),
            // A keep-alive (RFC 8489 §12).
            (Class::Indication, Some(Method::Binding)) => Action::Nothing,
            (Class::Indication | Class::Success | Class::Error, _) => self.ignore(),
        }
    }

    /// What is my address? (RFC 8489 §12)
    fn binding(&mut self, client: Flow, message: &Message<'_>, now: Instant) -> Action<'_> {
        if !self.may_answer(client, now) {
            return self.ignore();
        }
        if let Some(refused) = Self::unknown(message) {
            return self.answer(client, refused, None);
        }
        let answer = |answer: Builder| answer.address(XOR_MAPPED_ADDRESS, client.client);
        self.answer(client, crate::requests::Answer::to(message, Class::Success, answer), None)
    }

    /// A datagram for a peer (RFC 8656 §11).
    fn send<'a>(&'a mut self, client: Flow, message: &Message<'a>, now: Instant) -> Action<'a> {
        let Some(&index) = self.by_client.get(&client) else { return self.ignore() };
        let (Some(peer), Some(data)) = (message.address(XOR_PEER_ADDRESS), message.attribute(DATA)) else {
            return self.ignore();
        };
        if !self.allocations[index].permits(peer.ip(), now) {
            self.counters.unpermitted += 1;
            return Action::Nothing;
        }
        self.relay_to(index, peer, data, now)
    }

    fn relay_to<'a>(&'a mut self, index: usize, peer: SocketAddr, contents: &'a [u8], now: Instant) -> Action<'a> {
        let allocation = &self.allocations[index];
        let is_family = peer.is_ipv4() == allocation.relayed.is_ipv4();
        let Some(destination) = self.shared.peers.destination(peer).filter(|_| is_family) else {
            self.counters.refused_peers += 1;
            return Action::Nothing;
        };
        if !allocation.seat.may_carry(Direction::Up, contents.len(), self.shared.nanos(now)) {
            self.counters.over_bandwidth += 1;
            return Action::Nothing;
        }
        self.counters.packets_up += 1;
        self.counters.bytes_up += contents.len() as u64;
        Action::ToPeer { allocation: AllocationKey(index), peer: destination, contents }
    }

    /// Gives an answer, signed where the key is known.
    pub(crate) fn answer(&mut self, client: Flow, answer: crate::requests::Answer, key: Option<&Key>) -> Action<'_> {
        self.out = answer.finish(key);
        Action::ToClient { client, head: &self.out, body: &[] }
    }

    /// May this client get an answer that it has not proved a credential for? Over UDP its address may be forged, and is bounded,
    /// unless it has an allocation; over TCP and TLS it cannot be.
    pub(crate) fn may_answer(&mut self, client: Flow, now: Instant) -> bool {
        let is_proved = client.transport != Transport::Udp || self.has_allocation(client);
        is_proved || self.doorstep.admits(client.client.ip(), now)
    }

    pub(crate) fn ignore<'a>(&mut self) -> Action<'a> {
        self.counters.ignored += 1;
        Action::Nothing
    }

    pub(crate) fn index_of(&self, client: Flow) -> Option<usize> {
        self.by_client.get(&client).copied()
    }

    pub(crate) fn insert(&mut self, allocation: Allocation) {
        let (flow, expires) = (allocation.flow, allocation.expires);
        self.shared.peers.mark(allocation.relayed, true);
        self.counters.allocations[flow.transport as usize] += 1;
        self.counters.made += 1;
        let index = self.allocations.insert(allocation);
        self.by_client.insert(flow, index);
        self.expiries.insert((expires, index));
    }

    pub(crate) fn prolong(&mut self, index: usize, expires: Instant) {
        let allocation = &mut self.allocations[index];
        self.expiries.remove(&(allocation.expires, index));
        allocation.expires = expires;
        self.expiries.insert((expires, index));
    }

    pub(crate) fn remove(&mut self, index: usize) {
        let allocation = self.allocations.remove(index);
        self.expiries.remove(&(allocation.expires, index));
        self.by_client.remove(&allocation.flow);
        self.shared.peers.mark(allocation.relayed, false);
        self.counters.allocations[allocation.flow.transport as usize] -= 1;
        self.closed.push(AllocationKey(index));
    }
}
