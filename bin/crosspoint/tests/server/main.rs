//! The binary as people start it: what it says, what it refuses, how it ends.

mod doctor;
mod draining;
mod house;
mod pages;
mod starting;
mod tls;
