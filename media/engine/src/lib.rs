//! Everything that one worker does, without a socket, a clock or a thread: legs, rooms, demultiplexing, forwarding.
//!
//! ```text
//!  datagrams ──┐                                      ┌──> transmits (grouped per destination)
//!  orders   ──>│ Engine: routes ─> legs (webrtc)      │
//!  time     ──>│                   │  ▲               ├──> facts
//!  relays   ──┘          packets   ▼  │ forwards      ├──> relays to other workers' engines
//!                              rooms (router)         └──> next timeout
//! ```
//! | file | what it holds |
//! |---|---|
//! | [`order`], [`fact`] | all that the control plane says and hears |
//! | [`engine`] | the façade: datagrams, time, flush |
//! | `orders` | what each order does |
//! | `events` | what each event of a transport causes |
//! | `rooms` | who is in a room, and what each of its outputs causes |
//! | `seat` | what a room knows of a leg, wherever its transport is |
//! | `wishes` | what legs want of the tracks in their room |
//! | [`relay`] | what engines tell each other of a leg whose room is on another worker |
//! | `away`, `guests` | such a leg, at its home and where its room is |
//! | `numbers` | how its streams go on counting |
//! | `routes` | whose datagram is this |
//! | `timers` | who wants to be called when |
//! | `mixes`, `plain` | rooms that mix, and legs of plain sound |
//! | `data` | data messages |
//!
//! A panic inside one leg's code ends that leg; one inside a room's code ends that room (`guard.rs`).

#![forbid(unsafe_code)]

mod away;
mod data;
pub mod engine;
mod events;
pub mod fact;
#[cfg(feature = "faults")]
pub mod faults;
mod guard;
mod guests;
mod leg;
mod mixes;
mod numbers;
pub mod order;
mod orders;
mod plain;
pub mod relay;
mod rooms;
mod routes;
mod seat;
mod timers;
mod wishes;

pub use crosspoint_mixer::{PcmFrame, PcmLine, PcmReader, PcmWriter, pcm_line};
pub use engine::Engine;
pub use fact::{Fact, FlowReport, LegEnd, LegReport, LevelSource, SlotState, TrackReport};
pub use order::{Follow, LegProfile, MixSpec, NewLeg, NewPcm, Order, PcmVoice, RoomSettings, TrackSpec};
pub use relay::Relay;
