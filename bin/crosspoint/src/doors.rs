//! Every door on one router, behind what all requests pass through.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use crosspoint_admin::Admin;
use crosspoint_audio::Audio;
use crosspoint_auth::{Attempts, Keys, unix_now};
use crosspoint_config::Config;
use crosspoint_phone::Phone;
use crosspoint_rooms::Rooms;
use crosspoint_rooms::socket::Gate;
use crosspoint_sessions::{Deps as SessionsDeps, Sessions};
use crosspoint_show::http::HttpDeps;
use crosspoint_signal::Signal;
use crosspoint_telemetry::Metrics;
use crosspoint_whip::Whip;
use tower_http::compression::CompressionLayer;

use crate::cors::{self, Origins};
use crate::shows::Direction;
use crate::{client, console, phones, web};

/// What is behind the doors.
pub struct Behind<'a> {
    /// The rooms.
    pub rooms: &'a Rooms,
    /// The API keys.
    pub keys: &'a Keys,
    /// The figures of `/metrics`.
    pub metrics: &'a Metrics,
    /// The shows, and what belongs to them.
    pub direction: &'a Direction,
    /// The sessions in which two programs meet.
    pub sessions: &'a Sessions,
    /// Where this machine's own programs find the server.
    pub here: &'a str,
}

/// The whole server as one router.
pub fn router(config: &Config, behind: &Behind<'_>) -> anyhow::Result<Router> {
    let attempts = Arc::new(Attempts::new(config.rooms.limits.failures_per_minute));
    let rooms = behind.rooms;
    let whip = Whip { rooms: rooms.clone(), keys: behind.keys.clone(), attempts: attempts.clone() };
    let gate = gate(config, behind.keys, &attempts);
    let mut doors = crosspoint_admin::router(admin(config, behind, &attempts))
        .merge(crosspoint_whip::router(whip))
        .merge(crosspoint_audio::router(Audio { rooms: rooms.clone(), gate: gate.clone() }))
        .merge(crosspoint_signal::router(Signal { rooms: rooms.clone(), gate }))
        .merge(crosspoint_phone::router(phone(config, behind, &attempts)))
        .merge(crosspoint_sessions::router(sessions(config, behind, &attempts)))
        .merge(crosspoint_show::http::router(shows(config, behind, &attempts)));
    if let Some(company) = phones::simulator(config, behind.here)? {
        doors = doors.nest(phones::SIMULATOR, company.router());
    }
    let pages = Router::new().fallback(console::serve).layer(CompressionLayer::new());
    let origins = Origins::new(&config.http.allowed_origins);
    let trusted = config.http.trusted_proxies.as_slice().into();
    let router = doors
        .fallback_service(pages)
        .layer(from_fn(web::told_methods))
        .layer(from_fn_with_state(origins, cors::across_origins))
        .layer(from_fn_with_state(config.is_https(), web::safe_headers))
        .layer(from_fn_with_state(behind.metrics.requests().clone(), web::counted))
        .layer(from_fn_with_state(trusted, client::behind_proxies));
    Ok(router)
}

fn admin(config: &Config, behind: &Behind<'_>, attempts: &Arc<Attempts>) -> Admin {
    Admin {
        rooms: behind.rooms.clone(),
        keys: behind.keys.clone(),
        metrics: behind.metrics.clone(),
        attempts: attempts.clone(),
        key: config.admin.key.clone(),
        addresses: config.admin.addresses.clone(),
        public_host: config.http.public_host(),
        public_url: config.http.public_url.clone(),
        token_lifetime: config.auth.token_lifetime,
        player: behind.direction.player.clone(),
        dev_tokens: config.dev && config.is_on_loopback(),
    }
}

fn phone(config: &Config, behind: &Behind<'_>, attempts: &Arc<Attempts>) -> Phone {
    let figures = Arc::new(crosspoint_phone::Figures::default());
    behind.metrics.collect(figures.clone());
    Phone {
        rooms: behind.rooms.clone(),
        desk: Arc::new(behind.direction.shows.clone()),
        carriers: behind.direction.carriers.clone(),
        attempts: attempts.clone(),
        max_calls: config.phone.calls,
        wait_url: config.phone.hold_url.clone(),
        figures,
    }
}

fn sessions(config: &Config, behind: &Behind<'_>, attempts: &Arc<Attempts>) -> SessionsDeps {
    SessionsDeps {
        sessions: behind.sessions.clone(),
        ice_servers: behind.rooms.options().ice_servers.clone(),
        keys: behind.keys.clone(),
        attempts: attempts.clone(),
        admin_key: config.admin.key.clone(),
        admin_addresses: config.admin.addresses.clone(),
        public_host: config.http.public_host(),
    }
}

fn shows(config: &Config, behind: &Behind<'_>, attempts: &Arc<Attempts>) -> HttpDeps {
    HttpDeps {
        shows: behind.direction.shows.clone(),
        carriers: behind.direction.carriers.clone(),
        keys: behind.keys.clone(),
        attempts: attempts.clone(),
        admin_key: config.admin.key.clone(),
        admin_addresses: config.admin.addresses.clone(),
        public_host: config.http.public_host(),
    }
}

/// Who may open a WebSocket.
fn gate(config: &Config, keys: &Keys, attempts: &Arc<Attempts>) -> Gate {
    // A page of the public address is one of our own, whatever a proxy makes of the `Host` header.
    let own = config.http.public().map(|url| url.origin().ascii_serialization());
    let keys = keys.clone();
    Gate {
        verify: Arc::new(move |token| keys.verify(token, unix_now())),
        attempts: attempts.clone(),
        allowed_origins: config.http.allowed_origins.iter().cloned().chain(own).collect(),
    }
}
