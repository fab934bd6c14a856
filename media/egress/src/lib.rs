//! What leaves on one connection: media with its headers written anew, resends, reports, and the estimate of what the way to
//! the client carries. A state machine without I/O.
//!
//! ```text
//!            forward(packet)                     client's RTCP
//!                  |                                  |
//!   egress.rs    queue          NACK: resend.rs <-----+-----> estimator/ (transport-wide feedback)
//!                  |                  |                            |
//!               flush ---- header.rs, seal.rs ---- reports ---- probes ----> Outlet
//! ```
//! What is sent on one m-line stands in `stream.rs`. Begin with [`Egress`].

#![forbid(unsafe_code)]

mod egress;
pub mod estimator;
mod header;
mod packet;
mod resend;
mod seal;
mod stream;

pub use egress::{CNAME, Egress, FIRST_ESTIMATE, Flow, Wishes};
pub use header::ExtensionIds;
pub use packet::{Carried, Packet};
pub use seal::{Outlet, Seal};
pub use stream::{LineConfig, PayloadTypes};
