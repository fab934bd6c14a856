//! One visit to a server by one of its addresses: a binding, and where it relays two relays and a datagram from one to the other.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::client::{Client, Credential};
use super::link::Link;
use super::trouble::Trouble;
use super::url::RelayUrl;
use crate::doctor::shown::Shown;

/// A datagram must have come through after this time; it is sent again meanwhile.
const WAY_THROUGH: Duration = Duration::from_millis(400);
const TRIES: usize = 4;
const CONTENT: &[u8] = b"crosspoint doctor";

/// What was seen.
pub struct Visit {
    /// From a request to its answer.
    pub latency: Duration,
    /// The certificate, where TLS is spoken.
    pub shown: Option<Shown>,
    pub relaying: Relaying,
}

/// What became of relaying.
pub enum Relaying {
    /// It is no relay.
    NotOffered,
    /// Nobody knows a credential for it.
    NoCredential,
    /// A datagram went through, and took so long.
    Works(Duration),
    /// It makes relays, but this became of a datagram from one to another.
    Halfway(Trouble),
}

/// Visits it.
pub fn visit(url: &RelayUrl, address: SocketAddr, credential: Option<&Credential>) -> Result<Visit, Trouble> {
    let (mut client, shown) = open(url, address)?;
    let asked = Instant::now();
    client.binding()?;
    let latency = asked.elapsed();
    let relaying = match credential {
        _ if !url.relays => Relaying::NotOffered,
        None => Relaying::NoCredential,
        Some(credential) => relaying(url, address, client, credential)?,
    };
    Ok(Visit { latency, shown, relaying })
}

fn open(url: &RelayUrl, address: SocketAddr) -> Result<(Client, Option<Shown>), Trouble> {
    let (link, shown) = Link::open(url.way, address, &url.host)?;
    Ok((Client::new(link), shown))
}

fn relaying(
    url: &RelayUrl,
    address: SocketAddr,
    mut near: Client,
    credential: &Credential,
) -> Result<Relaying, Trouble> {
    let near_relay = near.allocate(credential, address)?;
    let through = through(url, address, (&mut near, near_relay), credential);
    near.release()?;
    Ok(through.map_or_else(Relaying::Halfway, Relaying::Works))
}

/// Sends a datagram from this relay to a second one.
fn through(
    url: &RelayUrl,
    address: SocketAddr,
    (near, near_relay): (&mut Client, SocketAddr),
    credential: &Credential,
) -> Result<Duration, Trouble> {
    let (mut far, _) = open(url, address)?;
    let far_relay = far.allocate(credential, address)?;
    let came = exchange((near, near_relay), (&mut far, far_relay));
    far.release()?;
    came
}

fn exchange(near: (&mut Client, SocketAddr), far: (&mut Client, SocketAddr)) -> Result<Duration, Trouble> {
    near.0.permit(far.1)?;
    far.0.permit(near.1)?;
    for _ in 0..TRIES {
        let sent = Instant::now();
        near.0.send(far.1, CONTENT)?;
        if far.0.hears(CONTENT, WAY_THROUGH)? {
            return Ok(sent.elapsed());
        }
    }
    Err(Trouble::Lost)
}
