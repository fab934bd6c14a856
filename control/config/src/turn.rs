//! `[turn]`: our own relay, and those of others.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use crosspoint_model::Secret;

use crate::config::{addresses, networks};
use crate::kind::ports;
use crate::network::Network;
use crate::settings::Settings;

/// The relay for clients whose network lets nothing else through.
#[derive(Clone, Debug)]
pub struct Turn {
    /// UDP and TCP port; none: no relay here.
    pub port: Option<u16>,
    /// Port over TLS.
    pub tls_port: Option<u16>,
    /// By which name clients reach it, where that was set.
    pub host: Option<String>,
    /// What clients are told in place of addresses that are made of host and ports.
    pub urls: Vec<String>,
    /// Addresses that relays are reached at, where they were set.
    pub advertised: Vec<IpAddr>,
    /// Ports that relays take.
    pub relay_ports: RangeInclusive<u16>,
    /// Where credentials are valid.
    pub realm: String,
    /// Users whose passwords do not end.
    pub static_users: BTreeMap<String, Secret>,
    /// What credentials that end are made with; none: a new one at each start.
    pub secret: Option<Secret>,
    /// How long those live.
    pub credential_lifetime: Duration,
    /// Users at once.
    pub users: usize,
    /// Relays at once.
    pub allocations: usize,
    /// Relays of one user.
    pub allocations_per_user: usize,
    /// Bits per second of one relay in each direction.
    pub bitrate: Option<u64>,
    /// Bits per second of all relays of one user in each direction.
    pub user_bitrate: Option<u64>,
    /// Private networks that may be reached.
    pub allowed_peers: Vec<Network>,
    /// Relays of others.
    pub external: Vec<String>,
    /// What they make credentials with.
    pub external_secret: Option<Secret>,
    /// Tell of Twilio's?
    pub twilio: bool,
}

pub(crate) fn turn(settings: &Settings) -> Turn {
    let port = |path| Some(settings.number(path)).filter(|port| *port != 0);
    Turn {
        port: port("turn.port"),
        tls_port: port("turn.tls_port"),
        host: settings.text("turn.host"),
        urls: settings.list("turn.urls").to_vec(),
        advertised: addresses(settings.list("turn.advertised")),
        relay_ports: settings.text("turn.relay_ports").and_then(|text| ports(&text)).unwrap_or(49_152..=65_535),
        realm: settings.text("turn.realm").unwrap_or_else(|| "crosspoint".into()),
        static_users: settings.secrets("turn.static_users"),
        secret: settings.secret("turn.secret"),
        credential_lifetime: settings.duration("turn.credential_lifetime"),
        users: settings.number("turn.users"),
        allocations: settings.number("turn.allocations"),
        allocations_per_user: settings.number("turn.allocations_per_user"),
        bitrate: settings.maybe_number("turn.bitrate"),
        user_bitrate: settings.maybe_number("turn.user_bitrate"),
        allowed_peers: networks(settings.list("turn.allowed_peers")),
        external: settings.list("turn.external").to_vec(),
        external_secret: settings.secret("turn.external_secret"),
        twilio: settings.flag("turn.twilio"),
    }
}
