//! The binary as people start it: what it says, what it refuses, how it ends.

mod doctor;
mod draining;
mod house;
mod pages;
mod relaying;
mod starting;
mod tls;
