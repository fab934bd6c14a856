//! STUN and TURN (RFC 8489, RFC 8656) as a state machine: one for each worker. In: what clients and peers send, the time, which
//! relay sockets could be opened. Out: an [`Action`] for each input, which the caller carries out.
//!
//! ```text
//! client ── 5-tuple (Flow) ──> Turn ── Action::ToPeer ──> relay socket ──> peer
//! client <── Action::ToClient ── Turn <── handle_peer ── relay socket <── peer
//! ```
//! Whoever has not proved a credential leaves no trace over UDP: challenges carry their own proof in the nonce, and so many of them go
//! to one address in a second. What clients share over all workers (quotas, which relay ports are open) is [`Shared`].
//!
//! | file | what it holds |
//! |---|---|
//! | [`server`] | the state machine: what came, and what becomes of it |
//! | `requests.rs` | Allocate, Refresh, CreatePermission, ChannelBind |
//! | `login.rs` | who asks: long-term credentials, static ones and those that end |
//! | `nonce.rs` | nonces that carry their own proof |
//! | `doorstep.rs` | how many answers strangers get |
//! | `allocation.rs` | one relay of one client: permissions, channels |
//! | [`peers`] | where relays may send to |
//! | [`quota`] | how many allocations, and how many bits per second |
//! | [`settings`] | what all workers share |

#![forbid(unsafe_code)]

mod allocation;
mod counters;
mod doorstep;
mod login;
mod nonce;
pub mod peers;
pub mod quota;
mod requests;
pub mod server;
pub mod settings;

pub use counters::Counters;
pub use server::{Action, Opening, Turn};
pub use settings::{Settings, Shared};

use std::net::SocketAddr;

/// How a client reaches the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams.
    Udp,
    /// A TCP connection.
    Tcp,
    /// The same, encrypted.
    Tls,
}

/// A client's 5-tuple.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// How it comes in.
    pub transport: Transport,
    /// Which of the server's sockets it comes in by: the number of a port, or of a connection.
    pub socket: usize,
    /// From where.
    pub client: SocketAddr,
}

/// A relay: the number of an allocation, for as long as it lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AllocationKey(pub usize);
