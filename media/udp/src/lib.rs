//! A UDP socket that receives in batches (`recvmmsg`, GRO) and sends runs of equal datagrams to one destination in one
//! call (GSO). The kernel's walk through its stack is the price of a datagram; a run of eight pays it once.
//!
//! [`Batch`] gathers what is to be sent, [`Socket::send`] sends it, [`Socket::receive`] hands over what came in.

#![forbid(unsafe_code)]

mod batch;
mod socket;

pub use batch::Batch;
pub use socket::{Buffers, Received, Socket};
