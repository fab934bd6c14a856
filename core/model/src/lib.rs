//! The vocabulary of Crosspoint: what rooms, participants, tracks and grants are, and what clients and server say to
//! each other. Every other crate depends on this one; this one depends on nothing that does I/O.
//!
//! | file | what it holds |
//! |---|---|
//! | [`id`] | identifiers: names that clients see, keys that media threads use |
//! | [`grant`] | what a token allows |
//! | [`mix`] | how a room mixes, how a voice is treated, what a leg hears |
//! | [`problem`] | a refusal as HTTP doors send it |
//! | [`refusal`] | every error that a client can get: a closed [`Code`] and a detail |
//! | [`limits`] | bounds on sizes, counts, rates and times |
//! | [`room`] | kinds of rooms, users, tracks, slots as clients see them |
//! | [`secret`] | text that must never be printed |
//! | [`show`] | call-in shows and their calls |
//! | [`signal`] | the messages of the signalling WebSocket |

#![forbid(unsafe_code)]

pub mod grant;
pub mod id;
pub mod limits;
pub mod mix;
pub mod problem;
pub mod refusal;
pub mod room;
pub mod secret;
pub mod show;
pub mod signal;

pub use grant::Grant;
pub use id::{Identity, LegKey, RoomId, RoomKey, TrackId, TrackKey};
pub use limits::Limits;
pub use mix::{Bus, Hears, Levels, Listening, MixSettings, VoiceSettings};
pub use problem::Problem;
pub use refusal::{Code, Refusal};
pub use room::{MediaKind, Preference, RoomKind, SlotView, Source, TrackView, UserView};
pub use secret::Secret;
