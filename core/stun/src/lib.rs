//! STUN messages (RFC 8489) and what TURN (RFC 8656) adds to them, by the byte: bytes in, views and bytes out.
//!
//! | file | what it holds |
//! |---|---|
//! | [`message`] | a message that came: its method, its attributes, whether its signature is right |
//! | [`builder`] | a message that goes out |
//! | [`attribute`] | numbers of attributes, and how addresses and errors are written in them |
//! | [`credential`] | the keys that messages are signed with; credentials that end by themselves |
//! | [`stream`] | where messages and channel data end on a TCP connection |
//!
//! Reading allocates nothing, but for verifying a signature.

#![forbid(unsafe_code)]

pub mod attribute;
pub mod builder;
pub mod credential;
pub mod message;
pub mod stream;
#[cfg(test)]
mod vectors;

pub use builder::Builder;
pub use credential::Key;
pub use message::{Class, Message, Method};

/// What stands in every message since RFC 5389 (RFC 8489 §5).
pub const MAGIC_COOKIE: u32 = 0x2112_A442;
/// The size of a message without attributes.
pub const HEADER: usize = 20;

/// Ties an answer to its request (RFC 8489 §5): 96 random bits.
pub type TransactionId = [u8; 12];
