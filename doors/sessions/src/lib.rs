//! The door of sessions (`docs/protocol/sessions.md`): two programs that know nothing of rooms, a viewer in a browser and an agent in a
//! virtual machine, say, meet here and get a connection between themselves. The server relays what they say until they are connected;
//! no media passes through it.
//!
//! ```text
//!   viewer                        /api/webrtc/session/{id}                       agent
//!     ── POST offer ───────────>  session.rs, steps.rs  <─────────── GET offer ──
//!     <─ GET answer ────────────  (memory, store)       <────────── POST answer ──
//!     ── POST candidate, GET …candidate, or …events ───────── the same ──────────
//! ```
//! In: HTTP requests with a token of the session, or without one where that is allowed. Out: JSON, server-sent events, and refusals as
//! problem details (RFC 9457). `/api/webrtc/openapi.json` describes it to programs.
//!
//! | file | what it holds |
//! |---|---|
//! | `session.rs`, `steps.rs` | one session: what it is, and the state machine of what changes it |
//! | `id.rs`, `side.rs`, `description.rs`, `candidate.rs`, `report.rs` | what sessions are made of, and how it comes in |
//! | `sessions.rs`, `keeper.rs` | all of them, as the paths see them; how they are kept in memory and in the store |
//! | `archive.rs`, `migrations/` | the store |
//! | `waiting.rs` | those who wait for something to be said |
//! | `tidy.rs`, `clock.rs` | sessions that are over |
//! | `figures.rs`, `scrape.rs` | what is counted, and how Prometheus reads it |
//! | `http/` | the paths |

#![forbid(unsafe_code)]

mod archive;
mod candidate;
mod clock;
mod description;
mod figures;
mod http;
mod id;
mod keeper;
mod report;
mod scrape;
mod session;
mod sessions;
mod side;
mod steps;
#[cfg(test)]
mod tests;
mod tidy;
mod waiting;

/// What sessions may.
pub use crosspoint_config::SessionsSection as Settings;
pub use http::{Deps, ROLE, SESSION, router};
pub use id::SessionId;
pub use sessions::Sessions;
