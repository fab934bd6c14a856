//! The audio door: `GET /ws/audio?token=…&room=…`, a WebSocket with plain sound both ways (`docs/protocol/audio.md`). For bots,
//! and for whoever wants to hear or speak in a room without WebRTC.
//!
//! In: binary frames of samples, and a few words in JSON. Out: the same. It joins through [`crosspoint_rooms::Rooms::tap`] like
//! anybody; nothing here wakes a media thread.
//!
//! | file | what it is about |
//! |---|---|
//! | `upgrade` | token, origin and query, before a word is said |
//! | `connection` | the socket from `ready` to the close |
//! | `sound` | samples as bytes, at the client's rate |
//! | `marks` | what is echoed when the sound before it was played |
//! | `words` | the text frames of both sides |
//! | `intake` | how much text, and how much nonsense, one client may send |

#![forbid(unsafe_code)]

mod connection;
mod intake;
mod marks;
mod sound;
mod upgrade;
mod words;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use crosspoint_rooms::Rooms;
use crosspoint_rooms::socket::Gate;
use tokio::sync::Semaphore;

/// So many sockets of this door at once.
const SOCKETS: usize = 2000;

/// What the door needs.
#[derive(Clone)]
pub struct Audio {
    /// Where clients come in.
    pub rooms: Rooms,
    /// Which clients.
    pub gate: Gate,
}

/// What connections share.
#[derive(Clone)]
struct Door {
    audio: Audio,
    places: Arc<Semaphore>,
}

/// The door as a router. Serve it with connect info (`ConnectInfo<SocketAddr>`), so that failures are counted by address.
pub fn router(audio: Audio) -> Router {
    let door = Door { audio, places: Arc::new(Semaphore::new(SOCKETS)) };
    Router::new().route("/ws/audio", get(upgrade::upgrade)).with_state(door)
}
