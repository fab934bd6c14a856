//! What leaves on one connection: RTP packets with their headers written anew, resends, sender reports, and the estimate of
//! what the way to the client carries. A state machine without I/O.

#![forbid(unsafe_code)]

pub mod estimator;
