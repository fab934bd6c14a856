//! The signalling door: `GET /ws/webrtc?token=…`, a WebSocket with JSON text frames (`docs/protocol/signalling.md`).
//!
//! In: what a client says. Out: what [`crosspoint_rooms::Session`] has to tell it. Nothing is decided here but what concerns the
//! socket itself: whose token, how large, how fast, how long silent.
//!
//! | file | what it is about |
//! |---|---|
//! | `upgrade` | token and origin, before a word is said |
//! | `connection` | the socket from the first message to the close |
//! | `intake` | what comes in: size, rate, shape |
//! | `wire` | writing, and closing so that the other side hears why |

#![forbid(unsafe_code)]

mod connection;
mod intake;
mod upgrade;
mod wire;

use axum::Router;
use axum::routing::get;
use crosspoint_rooms::Rooms;
use crosspoint_rooms::socket::Gate;

/// What the door needs.
#[derive(Clone)]
pub struct Signal {
    /// Where clients come in.
    pub rooms: Rooms,
    /// Which clients.
    pub gate: Gate,
}

/// The door as a router. Serve it with connect info (`ConnectInfo<SocketAddr>`), so that failures are counted by address.
pub fn router(signal: Signal) -> Router {
    Router::new().route("/ws/webrtc", get(upgrade::upgrade)).with_state(signal)
}
