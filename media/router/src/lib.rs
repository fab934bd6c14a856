//! The routing of one room, without sockets, clocks or threads: who gets which track, in which slot, in which layer.
//!
//! ```text
//!   legs, tracks, slots,    ┌──────────────────── Room ─────────────────────┐
//!   subscriptions ────────> │ wishes ──> slots ──> layers ──> feeds          │──> Output  (poll_output)
//!   estimates, time ──────> │ subscribe  sticky    preference  per track:    │
//!                           │ auto audio loudest   bandwidth   leg, slot,    │──> next timeout (poll_timeout)
//!                           │ follow     pinned    liveness    new numbers   │
//!   packet of a track ────> │ ──────────────────────────────────> forward   │──> Vec<Forward> (handle_packet)
//!                           └────────────────────────────────────────────────┘
//! ```
//! How the engine uses a [`Room`]:
//!
//! 1. [`Room::add_leg`], [`Room::set_slots`] (after each negotiation), [`Room::add_track`], [`Room::subscribe`], … The order
//!    matters only in that a leg comes before its tracks and slots.
//! 2. For each packet [`Room::handle_packet`]; each [`Forward`] that it appends says to which leg and m-line the packet goes,
//!    with which sequence number, timestamp and VP8 picture numbers.
//! 3. After a batch of any of these: [`Room::poll_output`] until it gives none, then [`Room::poll_timeout`]; when that moment
//!    has come, [`Room::handle_timeout`].
//! 4. A leg that moves to another room takes along what [`Room::remove_leg`] gives, for [`Room::restore_slots`] there: its
//!    streams go on counting. Where that room is on another worker, [`LegSlots::into_numbers`] takes the numbers out.
//!
//! | file | what it holds |
//! |---|---|
//! | [`input`] | what comes in: [`LegSpec`], [`SlotSpec`], [`TrackSpec`], [`Packet`] |
//! | [`output`] | what goes out: [`Forward`], [`Output`] |
//! | `room.rs` | [`Room`]: membership, and the order in which the others work |
//! | `leg.rs`, `track.rs`, `slot.rs`, `feed.rs` | the state of each |
//! | `wishes.rs` | which tracks a leg should have, best first: subscriptions, automatic audio, following |
//! | `assign.rs` | which of them get which slot, and how many slots would be needed |
//! | `choose.rs`, `allocator.rs` | which layer each subscription gets: by preference, by bandwidth, by what is alive |
//! | `forwarding.rs` | the path of a packet |
//! | `mix.rs` | the room's mix: a track that nobody publishes, with other packets for each who speaks |
//! | `keyframes.rs` | when publishers are asked for key frames |
//! | `demand.rs` | which layers nobody wants |
//! | `speakers.rs` | who speaks, and the order of voices |
//! | `invariants.rs` | what must always hold |

#![forbid(unsafe_code)]

mod allocator;
mod assign;
mod choose;
mod demand;
mod effects;
mod feed;
mod forwarding;
pub mod input;
mod invariants;
mod keyframes;
mod leg;
mod mix;
pub mod output;
mod room;
mod slot;
mod speakers;
mod track;
mod wishes;

pub use feed::Numbering;
pub use input::{Follow, LegIndex, LegSpec, MixFrame, Packet, SlotSpec, TrackSpec};
pub use output::{Forward, Output, SlotState, TrackFigures};
pub use room::{LegSlots, Room};
