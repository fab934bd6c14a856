//! The sending half as its owner sees it: packets and the client's RTCP go in, and what leaves is read byte by byte.
//!
//! The keys are false ([`leg`]): packets stay readable, and it is an error to seal two under one number. What is read here is
//! read by a parser of its own ([`wire`]), so that a mistake of the code does not cancel itself out.

mod estimate;
mod garbage;
mod leg;
mod media;
mod repair;
mod reports;
mod sound;
mod wire;
