//! `[turn]`: our own relay, and those of others.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::Duration;

use crosspoint_model::Secret;

use crate::check::is_no_destination;
use crate::config::{Config, addresses, networks};
use crate::file::Problem;
use crate::kind::ports;
use crate::network::Network;
use crate::settings::Settings;

/// Clients that are told a credential have to come with it first.
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);
/// RFC 8489 §14.9: fewer than 128.
const REALM_CHARACTERS: usize = 127;

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
        realm: settings.text("turn.realm").unwrap_or_default(),
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

/// What cannot work.
pub(crate) fn problems(config: &Config, found: &mut Vec<Problem>) {
    others(config, found);
    if let Some(port) = config.turn.port {
        ours(&config.turn, found);
        ports_of(config, port, found);
    }
}

fn others(config: &Config, found: &mut Vec<Problem>) {
    let turn = &config.turn;
    let is_relay = |url: &String| url.starts_with("turn:") || url.starts_with("turns:");
    let has_relay = turn.external.iter().any(is_relay);
    if turn.external_secret.is_some() && !has_relay {
        found.push("turn.external_secret: turn.external names no relay (turn:…, turns:…) that it would be for".into());
    }
    if has_relay && turn.external_secret.is_none() {
        found.push(
            "turn.external_secret is missing: without it nobody gets credentials for the relays of turn.external"
                .into(),
        );
    }
    if turn.twilio && config.phone.twilio.is_none() {
        found.push("turn.twilio needs phone.twilio_account and phone.twilio_token".into());
    }
    if turn.credential_lifetime < SHORTEST_LIFETIME {
        found
            .push("turn.credential_lifetime is shorter than a minute: credentials would end before calls begin".into());
    }
}

fn ours(turn: &Turn, found: &mut Vec<Problem>) {
    for (name, password) in &turn.static_users {
        if name.is_empty() || password.is_empty() {
            found.push("turn.static_users: a user without a name or without a password".into());
        }
    }
    for (name, rate) in [("turn.bitrate", turn.bitrate), ("turn.user_bitrate", turn.user_bitrate)] {
        if rate == Some(0) {
            found.push(format!("{name} is 0: nothing would go through; \"none\" is without a limit"));
        }
    }
    let is_realm = |realm: &str| (1..=REALM_CHARACTERS).contains(&realm.chars().count());
    if !is_realm(&turn.realm) || turn.realm.chars().any(char::is_control) {
        found.push(format!("turn.realm must have 1 to {REALM_CHARACTERS} characters (RFC 8489 §14.9)"));
    }
    for address in turn.advertised.iter().filter(|address| is_no_destination(**address)) {
        found.push(format!("turn.advertised: nobody can send to {address}"));
    }
}

fn ports_of(config: &Config, port: u16, found: &mut Vec<Problem>) {
    let turn = &config.turn;
    let media = config.media.udp.first().map_or(0, SocketAddr::port);
    let last = usize::from(media) + config.media.workers;
    if (usize::from(media)..last).contains(&usize::from(port)) {
        found.push(format!(
            "turn.port: {port} is a port of media (media.udp_port): choose another one, or 0 for no relay"
        ));
    }
    let tls = turn.tls_port.filter(|_| config.is_https());
    let ice_tcp = config.media.tcp.first().map(SocketAddr::port).filter(|tcp| *tcp != config.http.bind.port());
    if ice_tcp.is_some_and(|tcp| tcp == port || tls == Some(tcp)) {
        found.push(
            "media.tcp_port: TURN has that port; choose another one, or that of http.bind, which takes all of it"
                .into(),
        );
    }
    if tls == Some(port) {
        found.push("turn.tls_port: turn.port has that port, and takes TLS there too: set turn.tls_port = 0".into());
    }
}

#[cfg(test)]
mod tests {
    use crate::layers::Layers;

    fn problems(flags: &[(&str, &str)]) -> Vec<String> {
        let flags = flags.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        let config = Layers { dev: true, flags, ..Layers::default() }.config();
        config.err().map(|problems| problems.0).unwrap_or_default()
    }

    #[test]
    fn what_would_relay_nothing_is_refused() {
        for (key, text, complaint) in [
            ("turn.bitrate", "0", "turn.bitrate is 0"),
            ("turn.user_bitrate", "0", "turn.user_bitrate is 0"),
            ("turn.realm", "", "turn.realm must have"),
            ("turn.advertised", "0.0.0.0", "turn.advertised: nobody can send to 0.0.0.0"),
            ("turn.static_users", "ann:", "turn.static_users: a user without"),
            ("turn.credential_lifetime", "0s", "turn.credential_lifetime is shorter"),
            ("turn.external_secret", "s", "turn.external_secret: turn.external names no relay"),
            ("turn.external", "turn:relay.example.org", "turn.external_secret is missing"),
            ("turn.twilio", "true", "turn.twilio needs"),
            ("turn.port", "7882", "turn.port: 7882 is a port of media"),
        ] {
            let found = problems(&[(key, text)]);
            assert!(found.len() == 1 && found[0].starts_with(complaint), "{key} = {text:?}: {found:?}");
        }
        assert_eq!(problems(&[("turn.bitrate", "none"), ("turn.external", "stun:stun.example.org")]), [""; 0]);
    }

    #[test]
    fn a_host_that_is_an_address_with_a_scheme_is_refused() {
        let found = problems(&[("turn.host", "http://relay")]);
        assert!(found[0].contains("turn.host") && found[0].contains("without https:// and port"), "{found:?}");
    }
}
