//! The relay (TURN): what its workers are built with, and what clients are told of it and of relays of others.

use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use anyhow::{Context, anyhow};
use crosspoint_auth::unix_now;
use crosspoint_config::{Config, Network, Turn};
use crosspoint_ice::{Account, Relay, Servers, TwilioRelays};
use crosspoint_model::Secret;
use crosspoint_model::signal::IceServer;
use crosspoint_rooms::IceServers;
use crosspoint_worker::turn_server::peers::{Here, Peers, RelayAddress};
use crosspoint_worker::turn_server::quota::Limits;
use crosspoint_worker::turn_server::{Settings, Shared};
use crosspoint_worker::{MediaConfig, TurnConfig};

use crate::own_address;

/// What credentials that end are made with: the configured secret, or a new one.
pub fn secret(config: &Config) -> anyhow::Result<Secret> {
    if let Some(secret) = &config.turn.secret {
        return Ok(secret.clone());
    }
    let bytes: [u8; 32] = random()?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

/// What the workers' relays are built with; none: there are none. `media`: where the workers listen.
pub fn workers(config: &Config, media: &MediaConfig, secret: &Secret) -> anyhow::Result<Option<TurnConfig>> {
    let turn = &config.turn;
    let Some(port) = turn.port else { return Ok(None) };
    for network in turn.allowed_peers.iter().map(Network::range).filter(|range| range.prefix_len() == 0) {
        tracing::warn!(%network, "turn.allowed_peers lets clients reach every address, and so the services of this machine and of its network");
    }
    let limits = Limits {
        allocations: turn.allocations,
        users: turn.users,
        allocations_per_user: turn.allocations_per_user,
        bitrate: turn.bitrate,
        user_bitrate: turn.user_bitrate,
    };
    let settings = Settings {
        realm: turn.realm.clone(),
        users: turn.static_users.clone(),
        secrets: vec![secret.clone()],
        nonce_key: random()?,
        clock: (Instant::now(), unix_now()),
        limits,
        peers: peers(config, media),
    };
    let udp = config.media.udp.iter().map(|address| SocketAddr::new(address.ip(), port)).collect();
    let shared = Shared::new(settings);
    own_address::refuse(&shared).context("the addresses of this machine cannot be read")?;
    Ok(Some(TurnConfig { udp, shared }))
}

/// What clients are told.
pub fn servers(config: &Config, secret: &Secret) -> Servers {
    let turn = &config.turn;
    let (mut open, mut relays) = (config.media.ice_servers.clone(), Vec::new());
    let (own, stun) = own_urls(config);
    open.extend(stun);
    if !own.is_empty() {
        relays.push(Relay { urls: own, secret: secret.clone(), lifetime: turn.credential_lifetime });
    }
    let (external, external_open): (Vec<String>, Vec<String>) =
        turn.external.iter().cloned().partition(|url| url.starts_with("turn"));
    open.extend(external_open);
    if let Some(secret) = turn.external_secret.clone().filter(|_| !external.is_empty()) {
        relays.push(Relay { urls: external, secret, lifetime: turn.credential_lifetime });
    }
    let twilio = config.phone.twilio.as_ref().filter(|_| turn.twilio).map(|account| {
        let (sid, token, url) = (account.account.clone(), account.token.clone(), account.url.clone());
        TwilioRelays::follow(Account { sid, token, url })
    });
    Servers { open, relays, twilio }
}

/// As rooms and doors ask for them.
pub struct Told(pub Servers);

impl IceServers for Told {
    fn fresh(&self, identity: &str) -> Vec<IceServer> {
        self.0.fresh(identity, unix_now())
    }
}

/// Where clients reach our own relay, and where STUN: by the ports that there are.
pub fn own_urls(config: &Config) -> (Vec<String>, Vec<String>) {
    let turn = &config.turn;
    if !turn.urls.is_empty() {
        return turn.urls.iter().cloned().partition(|url| url.starts_with("turn"));
    }
    let Some(port) = turn.port else { return Default::default() };
    let Some(host) = host(config) else { return Default::default() };
    let mut urls = vec![format!("turn:{host}:{port}?transport=udp"), format!("turn:{host}:{port}?transport=tcp")];
    if config.is_https() {
        // Behind a proxy, what comes to the public port is HTTP only.
        let http = config.http.trusted_proxies.is_empty().then(|| public_port(config));
        let ports = [http, turn.tls_port].into_iter().flatten();
        urls.extend(ports.map(|port| format!("turns:{host}:{port}?transport=tcp")));
        urls.dedup();
    }
    (urls, vec![format!("stun:{host}:{port}")])
}

/// The host in what clients are told.
fn host(config: &Config) -> Option<String> {
    let Turn { host, advertised, .. } = &config.turn;
    let address = || {
        let ip = advertised.first().copied().or(config.media.advertised_udp.first().map(SocketAddr::ip))?;
        Some(bracketed(ip))
    };
    host.clone().or_else(|| config.http.public_host()).or_else(address)
}

fn bracketed(ip: IpAddr) -> String {
    if ip.is_ipv6() { format!("[{ip}]") } else { ip.to_string() }
}

fn public_port(config: &Config) -> u16 {
    let public = config.http.public().and_then(|url| url.port_or_known_default());
    public.unwrap_or(config.http.bind.port())
}

/// Where relays may send to.
fn peers(config: &Config, media: &MediaConfig) -> Peers {
    let turn = &config.turn;
    let workers = u16::try_from(media.workers).unwrap_or(u16::MAX);
    let here = (0..workers).flat_map(|worker| media.ports(worker));
    // Of a family that nobody is told of, nobody reaches anything.
    let here = here.filter(|(_, told)| !told.ip().is_unspecified()).map(|(local, told)| Here { told, local });
    let advertised: Vec<IpAddr> = if turn.advertised.is_empty() {
        media.advertised_udp.iter().map(SocketAddr::ip).collect()
    } else {
        turn.advertised.clone()
    };
    let relays = advertised.into_iter().filter_map(|told| {
        let bound = media.udp.iter().map(SocketAddr::ip).find(|bound| bound.is_ipv4() == told.is_ipv4())?;
        Some(RelayAddress { told, bound })
    });
    let allowed = turn.allowed_peers.iter().map(Network::range).collect();
    Peers::new(allowed, here.collect(), relays.collect(), turn.relay_ports.clone())
}

fn random() -> anyhow::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("{error}")).context("the system gives no random numbers")?;
    Ok(bytes)
}
