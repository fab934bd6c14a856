//! Everything that one worker does, without a socket, a clock or a thread: legs, rooms, demultiplexing, forwarding.
//!
//! ```text
//!  datagrams ──┐                                  ┌──> transmits (batched per destination)
//!  orders   ──>│ Engine: legs (webrtc) + rooms    │
//!  time     ──┘ (router), a timer heap            ├──> facts
//!                                                 └──> next timeout
//! ```
//! Read [`order`] and [`fact`] first: they are all that the control plane says and hears.

#![forbid(unsafe_code)]

pub mod fact;
pub mod order;

pub use fact::{Fact, FlowReport, LegEnd, LegReport, SlotState, TrackReport};
pub use order::{Follow, LegProfile, NewLeg, Order, RoomSettings, TrackSpec};
