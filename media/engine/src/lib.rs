//! Everything that one worker does, without a socket, a clock or a thread: legs, rooms, demultiplexing, forwarding.
//!
//! ```text
//!  datagrams ──┐                                      ┌──> transmits (grouped per destination)
//!  orders   ──>│ Engine: routes ─> legs (webrtc)      │
//!  time     ──┘                    │  ▲               ├──> facts
//!                        packets   ▼  │ forwards      │
//!                              rooms (router)         └──> next timeout
//! ```
//! | file | what it holds |
//! |---|---|
//! | [`order`], [`fact`] | all that the control plane says and hears |
//! | [`engine`] | the façade: datagrams, time, flush |
//! | `orders` | what each order does |
//! | `events` | what each event of a transport causes |
//! | `rooms` | what each output of a room causes |
//! | `routes` | whose datagram is this |
//! | `timers` | who wants to be called when |
//! | `data` | data messages |
//!
//! A panic inside one leg's code ends that leg; one inside a room's code ends that room (`guard.rs`).

#![forbid(unsafe_code)]

mod data;
pub mod engine;
mod events;
pub mod fact;
#[cfg(feature = "faults")]
pub mod faults;
mod guard;
mod leg;
pub mod order;
mod orders;
mod rooms;
mod routes;
mod timers;

pub use engine::Engine;
pub use fact::{Fact, FlowReport, LegEnd, LegReport, LevelSource, SlotState, TrackReport};
pub use crosspoint_mixer::{PcmFrame, PcmLine, PcmReader, PcmWriter, pcm_line};
pub use order::{Follow, LegProfile, MixSpec, NewLeg, NewPcm, Order, PcmVoice, RoomSettings, TrackSpec};
