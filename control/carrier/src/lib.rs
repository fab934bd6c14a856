//! Telephone companies, as this server asks them and believes them.
//!
//! ```text
//!   we to them    Carrier ── hang up, redirect, dial, conference ──> their REST interface
//!   they to us    webhooks and sockets ──> signature: did they really send it, to this address?
//!   our answers   twiml: what is to become of a call;   Addresses: every URL of ours that they are told
//! ```
//! | file | what it is about |
//! |---|---|
//! | `account` | which provider, and whose account there |
//! | `carrier` | what is asked of one provider, and the book of all |
//! | `rest` | how it is asked: form bodies out, JSON in |
//! | `trouble` | what can come back instead |
//! | `addresses` | our URLs, all derived from `public_url` |
//! | [`signature`] | which requests are genuine |
//! | [`twiml`] | the documents that we answer with, and those for when we do not answer |
//!
//! Twilio is the reference; SignalWire and Telnyx speak its dialects. What is different stands where it differs.

#![forbid(unsafe_code)]

mod account;
mod addresses;
mod carrier;
mod rest;
pub mod signature;
mod trouble;
pub mod twiml;

pub use account::{Account, Provider};
pub use addresses::{Addresses, BadAddress};
pub use carrier::{Carrier, Carriers, Participant, ParticipantChange};
pub use signature::{Unsigned, Webhook};
pub use trouble::Trouble;
pub use twiml::fallback_twiml;
