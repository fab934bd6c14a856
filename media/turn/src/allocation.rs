//! One relay of one client: who may send to it, and which numbers stand for whom.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crosspoint_stun::{Key, TransactionId};

use crate::Flow;
use crate::quota::Seat;

/// How long a permission lasts (RFC 8656 §9).
const PERMISSION: Duration = Duration::from_secs(300);
/// How long a channel lasts (RFC 8656 §12).
const CHANNEL: Duration = Duration::from_secs(600);
/// Peers of one allocation. ICE has some dozens at most.
const MAX_PEERS: usize = 256;

/// There are as many as there may be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

/// Why a channel was not bound.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unbound {
    /// The number stands for another peer, or the peer has another number.
    Taken,
    TooMany,
}

/// An allocation.
#[derive(Debug)]
pub(crate) struct Allocation {
    pub flow: Flow,
    /// What its client signs with; its user name.
    pub key: Key,
    pub username: String,
    /// The right to be there.
    pub seat: Seat,
    /// Where peers send to, as they are told.
    pub relayed: SocketAddr,
    /// Of the request that made it: the client may send that again.
    pub transaction: TransactionId,
    pub expires: Instant,
    permissions: Vec<Permission>,
    channels: Vec<Channel>,
}

#[derive(Debug)]
struct Permission {
    peer: IpAddr,
    expires: Instant,
}

#[derive(Debug)]
struct Channel {
    number: u16,
    peer: SocketAddr,
    expires: Instant,
}

impl Allocation {
    pub fn new(
        flow: Flow,
        (key, username, seat): (Key, String, Seat),
        relayed: SocketAddr,
        transaction: TransactionId,
        expires: Instant,
    ) -> Self {
        let (permissions, channels) = (Vec::new(), Vec::new());
        Self { flow, key, username, seat, relayed, transaction, expires, permissions, channels }
    }

    /// Lets an address send, for a while.
    pub fn permit(&mut self, peer: IpAddr, now: Instant) -> Result<(), TooMany> {
        let expires = now + PERMISSION;
        if let Some(own) = self.permissions.iter_mut().find(|own| own.peer == peer) {
            own.expires = expires;
            return Ok(());
        }
        self.permissions.retain(|own| own.expires > now);
        if self.permissions.len() >= MAX_PEERS {
            return Err(TooMany);
        }
        self.permissions.push(Permission { peer, expires });
        Ok(())
    }

    /// May this address send?
    pub fn permits(&self, peer: IpAddr, now: Instant) -> bool {
        self.permissions.iter().any(|own| own.peer == peer && own.expires > now)
    }

    /// Lets a number stand for a peer, for a while, and the peer send.
    pub fn bind(&mut self, number: u16, peer: SocketAddr, now: Instant) -> Result<(), Unbound> {
        self.channels.retain(|own| own.expires > now);
        let is_taken = |own: &Channel| (own.number == number) != (own.peer == peer);
        if self.channels.iter().any(is_taken) {
            return Err(Unbound::Taken);
        }
        self.permit(peer.ip(), now).map_err(|TooMany| Unbound::TooMany)?;
        let expires = now + CHANNEL;
        let is_full = self.channels.len() >= MAX_PEERS;
        match self.channels.iter_mut().find(|own| own.number == number) {
            Some(own) => own.expires = expires,
            None if is_full => return Err(Unbound::TooMany),
            None => self.channels.push(Channel { number, peer, expires }),
        }
        Ok(())
    }

    /// For whom does a number stand?
    pub fn peer_of(&self, number: u16, now: Instant) -> Option<SocketAddr> {
        self.channels.iter().find(|own| own.number == number && own.expires > now).map(|own| own.peer)
    }

    /// Which number stands for a peer?
    pub fn number_of(&self, peer: SocketAddr, now: Instant) -> Option<u16> {
        self.channels.iter().find(|own| own.peer == peer && own.expires > now).map(|own| own.number)
    }
}
