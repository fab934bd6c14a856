//! The outbox against receivers on loopback.
