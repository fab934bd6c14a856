//! The REST interface of shows: `/api/shows…`, `/api/callers…`, events as server-sent events. In: HTTP requests with the admin key,
//! a token, or from a listed address. Out: calls of [`Shows`], JSON, and refusals as problem details (RFC 9457).
//! `/api/shows/openapi.json` describes it to programs.
//!
//! Who may do what is decided by [`Actor`](crate::Actor); here a request is given one.
//!
//! | file | what it holds |
//! |---|---|
//! | `access.rs` | who is calling, as somebody in a show |
//! | `shows.rs`, `settings.rs`, `detail.rs` | shows: made, changed, ended; what is said of them |
//! | `seats.rs` | invitations become seats |
//! | `calls.rs` | calls, and what is done with them |
//! | `callers.rs` | what is known of numbers |
//! | `events.rs` | what happens, as it happens |

mod access;
mod callers;
mod calls;
mod detail;
mod events;
mod seats;
mod settings;
mod shows;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{Json, Router};
use crosspoint_auth::{Attempts, Keys};
use crosspoint_carrier::Carriers;
use crosspoint_config::Network;
use crosspoint_model::Secret;
use crosspoint_rooms::http::{Access, Guarded};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::Shows;

/// Bodies are small.
const BODY_BYTES: usize = 64 * 1024;

/// What the interface is built with.
pub struct HttpDeps {
    /// The shows.
    pub shows: Shows,
    /// The telephone companies, whose settings are shown to hosts.
    pub carriers: Carriers,
    /// The API keys that tokens are verified with.
    pub keys: Keys,
    /// Failed attempts, shared with other doors.
    pub attempts: Arc<Attempts>,
    /// Who has this key may do everything.
    pub admin_key: Option<Secret>,
    /// Who comes from here may do everything.
    pub admin_addresses: Vec<Network>,
    /// The host of the public address, see [`Access::public_host`].
    pub public_host: Option<String>,
}

impl Guarded for HttpDeps {
    fn access(&self) -> Access<'_> {
        Access {
            keys: &self.keys,
            attempts: &self.attempts,
            key: self.admin_key.as_ref(),
            addresses: &self.admin_addresses,
            public_host: self.public_host.as_deref(),
        }
    }
}

/// What handlers share.
type Shared = Arc<HttpDeps>;

#[derive(OpenApi)]
#[openapi(info(
    title = "Crosspoint shows",
    description = "Call-in shows: who calls, who is talked to, who is on the air. Authorization: Bearer with the admin key, with the \
                   token of a seat in the show, or with an invitation to it."
))]
struct Description;

/// The routes.
pub fn router(deps: HttpDeps) -> Router {
    let (api, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(shows::list, shows::create))
        .routes(routes!(shows::show, shows::change, shows::end))
        .routes(routes!(shows::open))
        .routes(routes!(shows::close))
        .routes(routes!(shows::switch_media))
        .routes(routes!(seats::take))
        .routes(routes!(calls::take_next))
        .routes(routes!(calls::call_me))
        .routes(routes!(calls::list))
        .routes(routes!(calls::show))
        .routes(routes!(calls::history))
        .routes(routes!(calls::act))
        .routes(routes!(callers::show, callers::save))
        .routes(routes!(events::listen))
        .split_for_parts();
    api.route("/api/shows/openapi.json", get(async move || Json(description)))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::new(deps))
}
