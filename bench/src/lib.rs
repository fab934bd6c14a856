//! The load generator, and the harness that runs it against Crosspoint and Janus side by side.
//!
//! ```text
//!  run:  harness ──starts──> server (namespace 1, core 0) <──WebRTC, signalling──> load (namespace 2, core 1)
//!           └── results ──> summary (medians) ──> report, targets ──> BENCHMARKS.md
//!  load: load/cases ──> doors (signal, whip, janus, direct) ──> media (clients, one epoll thread)
//! ```
//! Read [`harness`] next for how the suite runs, [`load`] for what one run does, [`suite`] for the cases.

#![forbid(unsafe_code)]

pub mod cli;
pub mod doors;
pub mod harness;
pub mod load;
pub mod media;
pub mod relay;
pub mod report;
pub mod server;
pub mod suite;
pub mod summary;
pub mod targets;
