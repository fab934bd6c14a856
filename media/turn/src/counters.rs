//! What happened, in figures.

/// Since the start, but for what is there now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Allocations there now, of clients over UDP, TCP and TLS.
    pub allocations: [u64; 3],
    /// Allocations that were made.
    pub made: u64,
    /// Requests whose credential was missing or wrong. The first request of every client is one of them.
    pub unauthorised: u64,
    /// Allocations that were refused because a user had too many.
    pub over_quota: u64,
    /// Allocations that were refused because there was no room or no port.
    pub no_room: u64,
    /// Peers that nobody may reach through the relay.
    pub refused_peers: u64,
    /// Datagrams from clients to peers.
    pub packets_up: u64,
    /// Their bytes, without headers.
    pub bytes_up: u64,
    /// Datagrams from peers to clients.
    pub packets_down: u64,
    /// Their bytes, without headers.
    pub bytes_down: u64,
    /// Datagrams beyond what an allocation or a user may send.
    pub over_bandwidth: u64,
    /// Datagrams for which a socket or a connection had no room, or which the system did not send. Whoever owns the sockets counts
    /// them.
    pub unsent: u64,
    /// Datagrams of peers that were not let in, or for peers that nobody asked for.
    pub unpermitted: u64,
    /// What was no message, or came from strangers too often.
    pub ignored: u64,
}
