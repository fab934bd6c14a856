//! The media half of the load generator: clients with synthetic sound and picture, driven by one epoll thread.
//!
//! In: [`peer::Peer`]s whose signalling is done, handed to a [`driver::Rig`]. Out: counts, latencies and join times.
//! [`payload`] says what travels, [`publisher`] when, [`tally`] what is kept of it. Mixed rooms: [`voice`] is what is said there,
//! [`ear`] hears when it arrives.

pub mod crypto;
pub mod driver;
pub mod ear;
pub mod payload;
pub mod peer;
pub mod publisher;
pub mod tally;
pub mod voice;
