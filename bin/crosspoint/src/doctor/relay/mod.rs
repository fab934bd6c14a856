//! The relay (TURN), as a client uses it: every address that clients are told is visited. In: the settings, credentials. Out: for
//! each address whether a datagram went through, or what keeps it from going.
//!
//! | file | what it holds |
//! |---|---|
//! | `url.rs` | the addresses |
//! | `credentials.rs` | what relays are asked with |
//! | `link.rs` | UDP, TCP, TLS |
//! | `client.rs` | requests and answers |
//! | `visit.rs` | one visit: what is asked in which order |
//! | `verdict.rs` | what a visit means, and what to change |
//! | `trouble.rs` | why something did not work |

mod client;
mod credentials;
mod link;
mod trouble;
mod url;
mod verdict;
mod visit;

use std::net::SocketAddr;

use super::Site;
use super::report::Finding;
use client::{Client, Credential};
use credentials::Credentials;
use link::Link;
use visit::visit;

pub use link::PATIENCE;
pub use trouble::Trouble;
pub use url::{RelayUrl, Way, host_and_port, resolve};
use verdict::{Visited, Whose};

/// Visits our own relay and those of others.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    let credentials = Credentials::find(site);
    let mut found: Vec<Finding> = credentials.refuses_key().then(refused_key).into_iter().collect();
    found.extend(own(site, &credentials));
    let turn = &site.config.turn;
    let (mut others, own) = (turn.external.clone(), own_urls(site));
    if turn.twilio {
        others.extend(credentials.relays().into_iter().filter(|url| !own.contains(url)));
    }
    others.dedup();
    found.extend(round(&others, Whose::Others, |url| credentials.external(url), credentials.why_none()));
    if turn.twilio && credentials.relays().is_empty() {
        found.push(Finding::not_checked(
            Whose::Others.check(),
            format!("which relays Twilio has is not known: {}", credentials.why_none()),
            "Start the server, set admin.key, and run this again.",
        ));
    }
    found
}

fn refused_key() -> Finding {
    let cure = "Give this the settings of the server that runs. If they have changed since it started, start it again.";
    Finding::failed("settings", "admin.key is not that of the server that runs: it refuses it", cure)
}

/// What our address is, as a STUN server sees it.
pub fn mapped(server: SocketAddr) -> Result<SocketAddr, Trouble> {
    let (link, _) = Link::open(Way::Udp, server, "")?;
    Client::new(link).binding()
}

fn own(site: &Site<'_>, credentials: &Credentials) -> Vec<Finding> {
    let (urls, check) = (own_urls(site), Whose::Ours.check());
    if urls.is_empty() && site.config.turn.port.is_some() {
        let cure = "Set media.advertised to this machine's public address, or turn.host to a name that leads there.";
        return vec![Finding::failed(check, "at which address clients reach the relay is not set", cure)];
    }
    if urls.is_empty() {
        let cure = "Clients behind strict firewalls need one: set turn.port, or turn.external for one of others.";
        return vec![Finding::not_checked(check, "clients are told of no relay here", cure)];
    }
    if !site.outside && site.server.running().is_none() {
        return vec![Finding::not_checked(check, "no server runs", "Start it, and run this again beside it.")];
    }
    round(&urls, Whose::Ours, |url| credentials.own(url), credentials.why_none())
}

fn own_urls(site: &Site<'_>) -> Vec<String> {
    let (relays, stun) = crate::turn::own_urls(site.config);
    relays.into_iter().chain(stun).collect()
}

/// Visits them one after the other, so that quotas are not the reason for anything, and compares.
fn round(
    urls: &[String],
    whose: Whose,
    credential: impl Fn(&str) -> Option<Credential>,
    why_none: &str,
) -> Vec<Finding> {
    let mut visited = Vec::new();
    let mut unread = Vec::new();
    for text in urls {
        let Some(url) = RelayUrl::read(text) else {
            unread.push(Finding::not_checked(whose.check(), format!("{text} is of a kind that is not looked at"), ""));
            continue;
        };
        let credential = credential(text);
        let addresses = url.addresses();
        let outcomes = addresses.into_iter().map(|address| (address, visit(&url, address, credential.as_ref())));
        visited.push(Visited { outcomes: outcomes.collect(), url });
    }
    verdict::findings(&visited, whose, why_none).into_iter().chain(unread).collect()
}
