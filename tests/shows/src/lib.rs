//! Whole shows, from outside: the server's binary as a process that can be killed, telephones of a simulated company
//! ([`crosspoint_phone_sim`], in the process of the test, so that its calls outlive the server), staff over REST, and ears.
//!
//! ```text
//!   Caller ── Phones ══ media stream, webhooks, REST ══╗
//!                                                     Server (a process) ── kill -9, and again on the same ports
//!   Studio: host, screeners ── REST, plain sound ══════╝
//! ```
//! Everybody says a tone of their own ([`tone::TONES`]), so that who hears whom is a matter of levels.
//!
//! | file | what it holds |
//! |---|---|
//! | `server` | the process: starts, ends as in a power cut, starts again |
//! | `api` | REST as somebody |
//! | `studio` | one show with its staff |
//! | `phones` | the telephone company and its callers |
//! | `ear`, `mouth` | plain sound of a room, both ways, sample by sample |
//! | `events` | what a show tells as it happens |
//! | `tone` | the tones, and how loud they are in what was heard |
//! | `handmade` | a provider's side written by hand, which can do what is wrong |
//! | `runtime` | threads of their own for all that sounds |
//! | `wait` | waits for a condition with a deadline |
//! | `chance` | seeds, printed, so that a run can be repeated |
//! | `figures` | medians and tables |
//! | `process` | what a process needs of the processor |

#![forbid(unsafe_code)]

pub mod api;
pub mod chance;
pub mod ear;
pub mod events;
pub mod figures;
pub mod handmade;
pub mod mouth;
pub mod phones;
pub mod process;
pub mod runtime;
pub mod server;
pub mod studio;
pub mod tone;
pub mod wait;

pub use api::{Answer, Api};
pub use chance::Seed;
pub use ear::Ear;
pub use events::Events;
pub use mouth::Mouth;
pub use phones::{Caller, Phones};
pub use server::Server;
pub use studio::{House, Studio};
