//! The REST interface of sessions.
//!
//! | file | what it holds |
//! |---|---|
//! | `visitor.rs` | who comes to a session, and what they may |
//! | `offers.rs` | how many offers one address posts |
//! | `descriptions.rs` | offers and answers |
//! | `candidates.rs` | candidates |
//! | `lives.rs` | a session as a whole: shown, reported of, ended |
//! | `events.rs` | what happens, as it happens |
//! | `ice.rs`, `stats.rs` | ICE servers, figures |

mod candidates;
mod descriptions;
mod events;
mod ice;
mod lives;
mod offers;
mod stats;
mod visitor;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::get;
use axum::{Json, Router};
use crosspoint_auth::{Attempts, Keys};
use crosspoint_config::Network;
use crosspoint_model::Secret;
use crosspoint_rooms::IceServers;
use crosspoint_rooms::http::{Access, Guarded};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::sessions::Sessions;
use offers::Offers;
pub use visitor::{ROLE, SESSION};

/// What a body has besides a session description.
const ENVELOPE_BYTES: usize = 16 * 1024;
/// Nobody waits longer for one answer: proxies cut off what is silent for a minute.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What the interface is built with.
pub struct Deps {
    /// The sessions.
    pub sessions: Sessions,
    /// Names the ICE servers that both sides use.
    pub ice_servers: Arc<dyn IceServers>,
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

/// What handlers share.
struct Door {
    deps: Deps,
    offers: Offers,
}

type Shared = Arc<Door>;

impl Guarded for Door {
    fn access(&self) -> Access<'_> {
        Access {
            keys: &self.deps.keys,
            attempts: &self.deps.attempts,
            key: self.deps.admin_key.as_ref(),
            addresses: &self.deps.admin_addresses,
            public_host: self.deps.public_host.as_deref(),
        }
    }
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Crosspoint sessions",
    description = "Two programs meet and get a peer connection between themselves. Authorization: Bearer (or ?token=) with a token whose \
                   attributes are crosspoint.session, the id, and crosspoint.role: viewer, controller or agent."
))]
struct Description;

/// The routes. Serve them with connect info (`ConnectInfo<SocketAddr>`), so that offers and failures are counted by address.
pub fn router(deps: Deps) -> Router {
    let settings = deps.sessions.settings();
    // In JSON every line of a description ends with four characters for two.
    let body_bytes = settings.sdp_bytes.saturating_mul(2).saturating_add(ENVELOPE_BYTES);
    let door: Shared = Arc::new(Door { deps, offers: Offers::new(settings.per_minute) });
    let (api, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(ice::list))
        .routes(routes!(descriptions::offer, descriptions::show_offer))
        .routes(routes!(descriptions::answer, descriptions::show_answer))
        .routes(routes!(candidates::trickle, candidates::list))
        .routes(routes!(lives::show, lives::delete))
        .routes(routes!(lives::report))
        .routes(routes!(events::listen))
        .routes(routes!(stats::show))
        .split_for_parts();
    api.route("/api/webrtc/openapi.json", get(async move || Json(description)))
        .layer(map_response(not_kept))
        .layer(DefaultBodyLimit::max(body_bytes))
        .with_state(door)
}

/// What is asked for again and again must not come from a cache, and what is secret must not stay in one.
async fn not_kept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// How long to wait.
#[derive(Clone, Copy, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Patience {
    /// Seconds that the answer may take until there is something to say; at most 30. Absent: it comes at once.
    wait: Option<u64>,
}

impl Patience {
    fn time(self) -> Duration {
        Duration::from_secs(self.wait.unwrap_or(0)).min(LONGEST_WAIT)
    }
}
