//! Are the advertised addresses those of this machine? Its own interfaces tell, or a STUN server outside.

use std::net::{IpAddr, SocketAddr};

use super::Site;
use super::relay::{RelayUrl, host_and_port, mapped, resolve};
use super::report::Finding;
use crate::own_address;

const CHECK: &str = "public address";
/// Where STUN servers usually listen (RFC 8489 §8.1).
const STUN_PORT: u16 = 3478;

/// Looks at each advertised address.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    let mut advertised: Vec<IpAddr> = site.config.media.advertised_udp.iter().map(SocketAddr::ip).collect();
    advertised.extend(&site.config.turn.advertised);
    advertised.sort();
    advertised.dedup();
    advertised.iter().flat_map(|ip| one(site, *ip)).collect()
}

fn one(site: &Site<'_>, ip: IpAddr) -> Vec<Finding> {
    let reach = (!site.config.dev && is_inside(ip)).then(|| {
        let who = if ip.is_loopback() { "programs of this machine" } else { "clients in the same network" };
        let seen = format!("only {who} reach {ip}");
        Finding::warning(CHECK, seen, "For clients elsewhere, set media.advertised to the public address.")
    });
    let owner = if site.outside {
        Finding::not_checked(
            CHECK,
            format!("whether {ip} is the server's is told there only"),
            "Run this on the server.",
        )
    } else {
        owner(site, ip)
    };
    reach.into_iter().chain([owner]).collect()
}

fn owner(site: &Site<'_>, ip: IpAddr) -> Finding {
    let is_on_interface = own_address::all().is_ok_and(|own| own.contains(&ip));
    let own = || Finding::ok(CHECK, format!("{ip} is an address of this machine"));
    let mut silent = Vec::new();
    // An address of an interface needs nobody's word, unless somebody was named to give it.
    let asks = site.stun.is_some() || !is_on_interface;
    for server in stun_servers(site).filter(|_| asks) {
        match ask(&server, ip) {
            Some(seen) if seen == ip => return Finding::ok(CHECK, format!("{ip}, as {server} sees it")),
            Some(seen) if is_inside(seen) && is_on_interface => return own(),
            // It stands on our side of the NAT.
            Some(seen) if is_inside(seen) && !is_inside(ip) => silent.push(format!("{server} (which sees {seen})")),
            Some(seen) => return wrong(site, ip, seen, &server),
            None => silent.push(format!("{server} (no answer on UDP)")),
        }
    }
    if is_on_interface {
        return own();
    }
    let cure = "Give a STUN server outside of this network, which sees this machine's address: --stun HOST:PORT.";
    let why = if silent.is_empty() {
        format!("{ip} is on no interface of this machine, which may be a NAT's doing")
    } else {
        format!("{ip} is on no interface of this machine, and who could tell did not: {}", silent.join(", "))
    };
    Finding::not_checked(CHECK, why, cure)
}

fn wrong(site: &Site<'_>, ip: IpAddr, seen: IpAddr, server: &str) -> Finding {
    let is_known = site.config.media.advertised_udp.iter().any(|known| known.ip() == seen);
    let cure = if is_known {
        format!("Take {ip} out of media.advertised, unless another NAT of yours has it.")
    } else {
        format!("Set media.advertised = [\"{seen}\"], and start the server again.")
    };
    Finding::failed(CHECK, format!("{ip} is advertised, but {server} sees this machine as {seen}"), cure)
}

/// The one that was named, or else those that browsers are told.
fn stun_servers(site: &Site<'_>) -> impl Iterator<Item = String> {
    let named = site.stun.map(str::to_owned);
    let told = site.config.media.ice_servers.iter().filter(|_| site.stun.is_none());
    let told = told.filter_map(|url| RelayUrl::read(url)).filter(|url| !url.relays);
    let place = |url: RelayUrl| {
        if url.host.contains(':') {
            format!("[{}]:{}", url.host, url.port)
        } else {
            format!("{}:{}", url.host, url.port)
        }
    };
    named.into_iter().chain(told.map(place).collect::<Vec<_>>())
}

/// Our address of the same family, as this server sees it.
fn ask(server: &str, like: IpAddr) -> Option<IpAddr> {
    let (host, port) = host_and_port(server, STUN_PORT)?;
    let address = resolve(&host, port).into_iter().find(|address| address.is_ipv4() == like.is_ipv4())?;
    mapped(address).ok().map(|seen| seen.ip().to_canonical())
}

/// Is it one that is not reached from everywhere?
fn is_inside(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            // RFC 6598: between a provider and its customers.
            let is_shared = a == 100 && (64..128).contains(&b);
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || is_shared
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}
