//! The door of operators: `/api/rooms…`, `/api/stats`, `/metrics`, `/api/token`, `/healthz`, `/readyz`.
//! In: HTTP requests with an admin key, a token, or from a listed address. Out: calls of [`crosspoint_rooms::Rooms`], JSON,
//! and refusals as problem details (RFC 9457). `/api/openapi.json` describes it to programs.
//!
//! | file | what it holds |
//! |---|---|
//! | `access.rs` | who is calling, and what they may |
//! | `answer.rs` | bodies and refusals |
//! | `rooms.rs`, `participants.rs`, `mixing.rs`, `play.rs`, `stats.rs` | the REST interface |
//! | `tokens.rs` | tokens and invite links |
//! | `watch.rs`, `figures.rs` | health, readiness, Prometheus |

#![forbid(unsafe_code)]

mod access;
mod answer;
mod figures;
mod mixing;
mod participants;
mod play;
mod rooms;
mod stats;
#[cfg(test)]
mod tests;
mod tokens;
mod watch;

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router};
use crosspoint_auth::{Attempts, Keys};
use crosspoint_config::Network;
use crosspoint_model::Secret;
use crosspoint_rooms::{Player, Rooms};
use crosspoint_telemetry::Metrics;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Bodies of this door are small.
const BODY_BYTES: usize = 256 * 1024;

/// What the door is built with.
pub struct Admin {
    /// The rooms.
    pub rooms: Rooms,
    /// The API keys that tokens are verified with.
    pub keys: Keys,
    /// The figures of `/metrics`; the door adds those of rooms.
    pub metrics: Metrics,
    /// Failed attempts, shared with other doors.
    pub attempts: Arc<Attempts>,
    /// Who has this key may do everything.
    pub key: Option<Secret>,
    /// Who comes from here may do everything.
    pub addresses: Vec<Network>,
    /// The host of the public address: trusting an address is safe only for names that are known to be this server's.
    pub public_host: Option<String>,
    /// The public address, which invite links begin with.
    pub public_url: Option<String>,
    /// How long the tokens live for which nobody says so.
    pub token_lifetime: Duration,
    /// Plays files into rooms; none: `player-unavailable`.
    pub player: Option<Arc<dyn Player>>,
    /// Mint tokens for whoever asks on loopback?
    pub dev_tokens: bool,
}

/// What handlers share.
struct Desk {
    admin: Admin,
    started: Instant,
}

type Shared = Arc<Desk>;

#[derive(OpenApi)]
#[openapi(info(
    title = "Crosspoint",
    description = "Rooms, participants and tracks for operators. Authorization: Bearer with the admin key, or with a token \
                   whose grant allows it (roomCreate, roomList, roomAdmin)."
))]
struct Description;

/// The door's routes.
pub fn router(admin: Admin) -> Router {
    admin.metrics.collect(figures::Figures::new(admin.rooms.clone()));
    let desk: Shared = Arc::new(Desk { admin, started: Instant::now() });
    let (api, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(rooms::list, rooms::create))
        .routes(routes!(rooms::show, rooms::update, rooms::close))
        .routes(routes!(rooms::tracks))
        .routes(routes!(participants::list))
        .routes(routes!(participants::show, participants::kick))
        .routes(routes!(participants::mute))
        .routes(routes!(participants::hold))
        .routes(routes!(participants::take))
        .routes(routes!(mixing::voice, mixing::set_voice, mixing::change_voice))
        .routes(routes!(mixing::listen))
        .routes(routes!(mixing::talk))
        .routes(routes!(mixing::levels))
        .routes(routes!(play::begin))
        .routes(routes!(play::show, play::end))
        .routes(routes!(stats::show))
        .routes(routes!(tokens::mint))
        .split_for_parts();
    api.route("/api/openapi.json", get(async move || Json(description)))
        .route("/healthz", get(watch::healthy))
        .route("/readyz", get(watch::ready))
        .route("/metrics", get(watch::metrics))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(desk)
}
