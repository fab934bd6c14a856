//! Every door on one router, behind what all requests pass through.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use crosspoint_admin::Admin;
use crosspoint_audio::Audio;
use crosspoint_auth::{Attempts, Keys, unix_now};
use crosspoint_config::Config;
use crosspoint_player::FilePlayer;
use crosspoint_rooms::socket::Gate;
use crosspoint_rooms::{Player, Rooms};
use crosspoint_signal::Signal;
use crosspoint_telemetry::Metrics;
use crosspoint_whip::Whip;
use tower_http::compression::CompressionLayer;
use url::Url;

use crate::cors::{self, Origins};
use crate::{client, console, web};

/// The whole server as one router.
pub fn router(config: &Config, rooms: &Rooms, keys: &Keys, metrics: &Metrics) -> Router {
    let attempts = Arc::new(Attempts::new(config.rooms.limits.failures_per_minute));
    let whip = Whip { rooms: rooms.clone(), keys: keys.clone(), attempts: attempts.clone() };
    let gate = gate(config, keys, &attempts);
    let doors = crosspoint_admin::router(admin(config, rooms, keys, metrics, &attempts))
        .merge(crosspoint_whip::router(whip))
        .merge(crosspoint_audio::router(Audio { rooms: rooms.clone(), gate: gate.clone() }))
        .merge(crosspoint_signal::router(Signal { rooms: rooms.clone(), gate }));
    let pages = Router::new().fallback(console::serve).layer(CompressionLayer::new());
    let origins = Origins::new(&config.http.allowed_origins);
    let trusted = config.http.trusted_proxies.as_slice().into();
    doors
        .fallback_service(pages)
        .layer(from_fn_with_state(origins, cors::across_origins))
        .layer(from_fn_with_state(config.is_https(), web::safe_headers))
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
        public_url: config.http.public_url.clone(),
        token_lifetime: config.auth.token_lifetime,
        player: config
            .player
            .directory
            .as_ref()
            .map(|folder| Arc::new(FilePlayer::new(rooms, folder)) as Arc<dyn Player>),
        dev_tokens: config.dev && config.is_on_loopback(),
    }
}

/// Who may open a WebSocket.
fn gate(config: &Config, keys: &Keys, attempts: &Arc<Attempts>) -> Gate {
    // A page of the public address is one of our own, whatever a proxy makes of the `Host` header.
    let own = config.http.public_url.as_deref().and_then(|url| Url::parse(url).ok());
    let own = own.map(|url| url.origin().ascii_serialization());
    let keys = keys.clone();
    Gate {
        verify: Arc::new(move |token| keys.verify(token, unix_now())),
        attempts: attempts.clone(),
        allowed_origins: config.http.allowed_origins.iter().cloned().chain(own).collect(),
    }
}

fn public_host(config: &Config) -> Option<String> {
    Url::parse(config.http.public_url.as_deref()?).ok()?.host_str().map(str::to_owned)
}
