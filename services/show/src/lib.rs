//! Call-in shows.

#![forbid(unsafe_code)]

pub mod archive;
pub mod outbox;
