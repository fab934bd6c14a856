//! The STUN and TURN servers that clients are told (`RTCConfiguration.iceServers`), with credentials that are made anew for
//! each of them. In: what is configured, and what Twilio gives. Out: [`Servers::fresh`].
//!
//! | file | what it holds |
//! |---|---|
//! | `servers.rs` | the servers, and credentials that end |
//! | `twilio.rs` | Twilio's relays, fetched again before they end |

#![forbid(unsafe_code)]

mod servers;
mod twilio;

pub use servers::{Relay, Servers};
pub use twilio::{Account, Relays as TwilioRelays};
