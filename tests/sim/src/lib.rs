//! Clients and a network around the media engines of one or several workers, in virtual time. Nothing here sleeps and nothing
//! reads a clock: a minute of media takes a second or two. (`tests/workers.rs` has the same clients on real threads.)
//!
//! ```text
//!  Client (str0m) ── Network: loss, delay, jitter, reordering, duplicates, rate ──> Engine
//!    publisher: voice, camera                                                        │
//!    viewer: what a decoder could show  <── Network ─────────────────────────────────┘
//! ```
//! | file | what it holds |
//! |---|---|
//! | [`network`] | what happens to a datagram on its way |
//! | [`payload`] | what the packets carry, so that a receiver knows what it got |
//! | [`publisher`] | when a client sends what |
//! | [`listener`], [`viewer`] | what a receiver hears, and what it could decode |
//! | [`tone`], [`ear`] | tones as real Opus, and what a receiver decodes of them |
//! | [`client`] | a participant |
//! | [`service`] | a participant of plain sound |
//! | [`world`] | all of it, and time |
//! | [`seed`] | `SIM_SEED=… cargo test -p crosspoint-sim` repeats a run |

#![forbid(unsafe_code)]

pub mod client;
pub mod ear;
pub mod listener;
pub mod network;
pub mod payload;
pub mod publisher;
pub mod seed;
pub mod service;
pub mod tone;
pub mod viewer;
pub mod world;

pub use client::{Client, Join};
pub use network::{Loss, Path};
pub use seed::Seed;
pub use world::World;
