//! The I/O shell of the engines: one thread, one UDP port and one engine per worker; a thread that accepts ICE-TCP for all.
//!
//! ```text
//!  control ──orders──> Inbox ─┐                        ┌─> facts ──> control
//!  UDP port ──────────────────┼─> Shell (epoll) ─ Engine ─> UDP (GSO runs)
//!  Acceptor ──sockets─> Inbox ┤                        ├─> TCP frames
//!  other workers ─relays─> Inbox ┘                     └─> relays ──> other workers' Inboxes
//! ```
//! [`Media`] is what the control plane holds. Read `shell.rs` for the loop and its priorities.

#![forbid(unsafe_code)]

mod acceptor;
mod connection;
pub mod frames;
mod inbox;
mod media;
mod shell;
mod streams;
mod traffic;
mod turn;

pub use crosspoint_engine as engine;
pub use crosspoint_turn as turn_server;
pub use crosspoint_udp::KERNEL_BUFFER;
pub use crosspoint_webrtc::MediaLine;
pub use crosspoint_webrtc::factory::Accepted;
pub use media::{FactSink, Media, MediaConfig, StartError, TurnConfig};
pub use traffic::Traffic;
pub use turn::NewLink;
