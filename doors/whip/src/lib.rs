//! The doors of WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep): media over plain HTTP. In: an offer. Out: the answer, and a
//! resource whose URL ends, trickles and restarts the session. Each POST is a participant, or a viewer, of its own.
//!
//! ```text
//! POST /whip/{room}  ── publish ──> Rooms ──> LegHandle ──┐
//! POST /whep/{room}  ── view ─────> Rooms ──> LegHandle ──┤
//!                                              Resources (until DELETE, or the media ends)
//! PATCH, DELETE /whip/{room}/{resource} ──────────────────┘
//! ```
//!
//! | file | what it holds |
//! |---|---|
//! | `endpoint.rs` | POST: coming in |
//! | `resource.rs` | PATCH and DELETE of what a POST made |
//! | `resources.rs` | the resources that there are |
//! | `fragment.rs` | SDP fragments (RFC 8840) |
//! | `credential.rs` | tokens |
//!
//! CORS is not here: it is the same for every door and stands around all of them.

#![forbid(unsafe_code)]

mod credential;
mod endpoint;
pub mod fragment;
mod resource;
mod resources;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{patch, post};
use crosspoint_auth::{Attempts, Keys};
use crosspoint_rooms::Rooms;

use resources::Resources;

/// What the doors are built with.
pub struct Whip {
    /// The rooms.
    pub rooms: Rooms,
    /// The API keys that tokens are verified with.
    pub keys: Keys,
    /// Failed attempts, shared with other doors.
    pub attempts: Arc<Attempts>,
}

/// What handlers share.
struct Door {
    whip: Whip,
    resources: Arc<Resources>,
}

type Shared = Arc<Door>;

/// The doors' routes.
pub fn router(whip: Whip) -> Router {
    let sdp_bytes = whip.rooms.options().limits.sdp_bytes;
    let door: Shared = Arc::new(Door { whip, resources: Arc::new(Resources::default()) });
    let resource = || patch(resource::change).delete(resource::end).options(resource::options);
    Router::new()
        .route("/whip/{room}", post(endpoint::publish).options(endpoint::options))
        .route("/whep/{room}", post(endpoint::view).options(endpoint::options))
        .route("/whip/{room}/{resource}", resource())
        .route("/whep/{room}/{resource}", resource())
        .layer(DefaultBodyLimit::max(sdp_bytes))
        .with_state(door)
}
