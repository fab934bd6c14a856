//! Every door on one router, behind what all requests pass through.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use crosspoint_admin::Admin;
use crosspoint_auth::{Attempts, Keys};
use crosspoint_config::Config;
use crosspoint_rooms::Rooms;
use crosspoint_telemetry::Metrics;
use tower_http::compression::CompressionLayer;
use url::Url;

use crate::cors::{self, Origins};
use crate::{client, console, web};

/// The whole server as one router.
pub fn router(config: &Config, rooms: &Rooms, keys: &Keys, metrics: &Metrics) -> Router {
    let attempts = Arc::new(Attempts::new(config.rooms.limits.failures_per_minute));
    let doors = crosspoint_admin::router(admin(config, rooms, keys, metrics, &attempts));
    let pages = Router::new().fallback(console::serve).layer(CompressionLayer::new());
    let origins = Origins::new(&config.http.allowed_origins);
    let trusted = config.http.trusted_proxies.as_slice().into();
    doors
        .fallback_service(pages)
        .layer(from_fn_with_state(origins, cors::across_origins))
        .layer(from_fn_with_state(config.http.tls.is_some(), web::safe_headers))
        .layer(from_fn_with_state(metrics.requests().clone(), web::counted))
        .layer(from_fn_with_state(trusted, client::behind_proxies))
}

fn admin(config: &Config, rooms: &Rooms, keys: &Keys, metrics: &Metrics, attempts: &Arc<Attempts>) -> Admin {
    Admin {
        rooms: rooms.clone(),
        keys: keys.clone(),
        metrics: metrics.clone(),
        attempts: attempts.clone(),
        key: config.admin.key.clone(),
        addresses: config.admin.addresses.clone(),
        public_host: public_host(config),
        dev_tokens: (config.dev && config.is_on_loopback()).then_some(config.auth.token_lifetime),
    }
}

fn public_host(config: &Config) -> Option<String> {
    Url::parse(config.http.public_url.as_deref()?).ok()?.host_str().map(str::to_owned)
}
