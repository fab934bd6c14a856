//! A telephone company that only pretends: callers, their provider, and the provider's REST interface, for tests and for
//! trying out without a telephone. Everything that it prints and serves says that it is a stand-in ([`STAND_IN`]).
//!
//! It is written from the documentation of the provider (Twilio: Media Streams, TwiML, Voice API), not from the doors of this
//! server, and shares no code with them: a mistake in a door shows. In: [`CallRequest`]s and REST requests. Out: webhooks,
//! media streams, and what each caller heard.
//!
//! ```text
//!   control.rs, rest.rs ──► company ──► course (one task per call) ──► webhook ──► TwiML ──► verb after verb
//!                                        │                                                     │
//!                                     handset ◄──── sound both ways, 20 ms ────► stream | conference | prompt
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `company.rs`, `request.rs` | all calls and conferences, and how a call begins |
//! | `settings.rs` | who the company is and where it calls |
//! | `call.rs`, `log.rs` | one call as others see it |
//! | `handset.rs`, `tone.rs`, `sound.rs` | what a caller says and hears |
//! | `course.rs`, `progress.rs` | a call from ringing to its end: documents and verbs, and what is told about it |
//! | `line.rs` | the 20 ms clock of a call and what interrupts it |
//! | `prompt.rs`, `gather.rs`, `dial.rs`, `stream.rs`, `open_stream.rs` | the verbs that take time |
//! | `twiml.rs`, `verbs.rs` | TwiML as verbs |
//! | `playout.rs` | the provider's playout queue, marks and clear; pure |
//! | `wire.rs` | the messages of a media stream; pure |
//! | `faults.rs` | jitter and stalls; pure |
//! | `socket.rs` | the WebSocket that a stream goes over |
//! | `conference.rs`, `conference_events.rs`, `mix.rs` | conferences, what is told about them, and who hears whom |
//! | `webhook.rs`, `signature.rs` | signed requests |
//! | `rest.rs`, `resources.rs` | the provider's REST interface |
//! | `control.rs`, `audio.rs` | the simulator's own |
//! | `cli.rs` | what the command line runs |

#![forbid(unsafe_code)]

mod audio;
mod call;
pub mod cli;
mod company;
mod conference;
mod conference_events;
mod control;
mod course;
mod date;
mod dial;
mod faults;
mod gather;
mod handset;
mod line;
mod log;
mod mix;
mod open_stream;
mod playout;
mod progress;
mod prompt;
mod request;
mod resources;
mod rest;
mod settings;
mod sid;
mod signature;
mod socket;
mod sound;
mod stream;
mod tone;
mod twiml;
mod verbs;
mod webhook;
mod wire;

pub use call::{CallReport, CallState, ConferenceSeat, StreamReport};
pub use company::PhoneCompany;
pub use log::LogLine;
pub use request::{CallRequest, Faults};
pub use settings::{Settings, SimulatorError};
pub use signature::sign;
pub use sound::{Play, read_wav, wav_bytes};

/// What it says of itself wherever it says anything.
pub const STAND_IN: &str = "Simulated telephone company";
/// Samples a second on a telephone line.
pub const RATE: u32 = 8_000;
/// Samples of a frame of 20 ms.
pub const FRAME: usize = 160;
