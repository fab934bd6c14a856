//! Call-in shows: a programme, the calls that come into it, and what its staff does with them.
//!
//! ```text
//!   doors/phone ── CallDesk ──┐                        ┌── saved ──> archive, outbox
//!   pages ── http, sse ───────┼──> Shows ── decided ───┼── carried out ──> rooms, telephone companies
//!   rooms ── who came, went ──┘    (machine)           └── told ──> staff
//! ```
//! Everything that changes a show is a [`Command`] to a state machine without I/O (`machine`), which says what happened and what
//! is to be done about it. That is kept before it is carried out and told, one command at a time in each show (`deciding.rs`).
//!
//! | file | what it is about |
//! |---|---|
//! | `shows.rs` | what doors and pages call |
//! | `actor.rs` | who may do what |
//! | `machine/` | what becomes of a show and its calls |
//! | `deciding.rs` | decided, kept, carried out, told |
//! | `stage.rs` | people are in the rooms where they belong |
//! | `telephones.rs`, `exchange.rs` | what is asked of telephone companies |
//! | `calls.rs`, `welcome.rs`, `conference.rs`, `tickets.rs` | what telephone doors ask and tell |
//! | `following.rs`, `ticking.rs`, `restore.rs` | what rooms tell, what time brings, what there was before |
//! | `lobby.rs` | what those hear who wait |
//! | `seats.rs` | links and tokens |
//! | `archive/`, `outbox/` | what lasts, and who else is told |
//! | `http/` | the REST interface, and events as server-sent events |

#![forbid(unsafe_code)]

mod actor;
pub mod archive;
mod calls;
mod chance;
mod conference;
mod deciding;
mod entry;
mod exchange;
mod figures;
mod following;
pub mod http;
mod lobby;
pub mod machine;
mod names;
pub mod outbox;
mod records;
mod restore;
mod seats;
mod shows;
mod stage;
mod telephones;
#[cfg(test)]
mod tests;
mod tickets;
mod ticking;
mod welcome;

pub use actor::{Actor, ROLE, Role, SHOW, SINCE};
pub use figures::Figures;
pub use machine::{Command, Verb, Words};
pub use seats::{Links, Seat};
pub use shows::{Deps, Shows};
