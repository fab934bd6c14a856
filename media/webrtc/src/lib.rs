//! One participant's transport: ICE-lite, DTLS-SRTP, SCTP and the negotiated m-lines of one peer connection, around str0m.
//! The only crate of the server that names str0m.
//!
//! ```text
//!  offer ──> Factory::accept ──> (Transport, answer)      control plane's thread, ~0.4 ms
//!
//!  datagram ─> handle_datagram ┐                ┌─> Sink::finish     (datagrams to send)
//!  time     ─> flush           ├─> Transport ───┤
//!  packet   ─> forward, flush  ┘                └─> Sink::event      (TransportEvent)
//! ```
//! str0m has ICE, DTLS, SCTP and everything that comes in; what goes out is `crosspoint-egress`, under the same keys.
//!
//! Start reading in [`transport`]. What the crate adds to str0m: OS-random ICE credentials that carry the worker's number
//! ([`credentials`]), one checked DTLS configuration for all connections ([`crypto`]), paired stream ids so that browsers keep
//! lips and sound together ([`sdp`]), header extensions that travel across ([`extensions`]), and media that follow a client to
//! its new network (`way.rs`).

#![forbid(unsafe_code)]

mod clock;
pub mod credentials;
pub mod crypto;
pub mod event;
pub mod extensions;
pub mod factory;
mod first_byte;
mod incoming;
mod line;
pub mod packet;
mod replay;
pub mod sdp;
mod srtp;
mod stats;
pub mod transport;
mod way;

pub use event::{Datagram, Path, Sink, TransportEvent};
pub use factory::{Accepted, Factory, Host, HostCandidate};
pub use line::MediaLine;
pub use packet::Inbound;
pub use stats::{FlowStats, TransportStats};
pub use transport::{DataSent, Transport};
