//! The binary as people start it: what it says, what it refuses, how it ends.

mod draining;
mod house;
mod pages;
mod starting;
mod tls;
