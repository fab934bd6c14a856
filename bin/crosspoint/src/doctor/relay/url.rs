//! The addresses of STUN and TURN servers (RFC 7064, RFC 7065), as clients are told them.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};

/// How a client comes to a relay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Udp,
    Tcp,
    Tls,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
        })
    }
}

/// `turn:host:3478?transport=udp`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayUrl {
    pub text: String,
    /// Does it relay? Otherwise it is a STUN server.
    pub relays: bool,
    pub way: Way,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
}

impl RelayUrl {
    /// Reads one; none where it is of a kind that is not looked at (TURN over DTLS).
    pub fn read(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let is_tls = scheme.ends_with('s');
        let way = match (is_tls, query.strip_prefix("transport=").unwrap_or_default()) {
            (false, "" | "udp") => Way::Udp,
            (false, "tcp") => Way::Tcp,
            (true, "" | "tcp") => Way::Tls,
            _ => return None,
        };
        let usual = if is_tls { 5349 } else { 3478 };
        let (host, port) = host_and_port(place, usual)?;
        Some(Self { text: text.to_owned(), relays: scheme.starts_with("turn"), way, host, port })
    }

    /// Where it is; empty: its name leads nowhere.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        resolve(&self.host, self.port)
    }
}

/// Reads `host:port`, `[2001:db8::1]:port`, or either without a port.
pub fn host_and_port(text: &str, usual: u16) -> Option<(String, u16)> {
    let (host, port) = match text.rsplit_once(':') {
        // The colons of an IPv6 address in brackets are no port's.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (text, usual),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// All addresses of a name, each once.
pub fn resolve(host: &str, port: u16) -> Vec<SocketAddr> {
    let mut found: Vec<SocketAddr> = (host, port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_what_they_leave_out() {
        for (text, relays, way, host, port) in [
            ("turn:a.example:3478?transport=udp", true, Way::Udp, "a.example", 3478),
            ("turn:a.example?transport=tcp", true, Way::Tcp, "a.example", 3478),
            ("turns:a.example:443?transport=tcp", true, Way::Tls, "a.example", 443),
            ("turns:[2001:db8::1]", true, Way::Tls, "2001:db8::1", 5349),
            ("stun:[2001:db8::1]:19302", false, Way::Udp, "2001:db8::1", 19302),
        ] {
            let url = RelayUrl::read(text).expect("an address");
            assert_eq!((url.relays, url.way, url.host.as_str(), url.port), (relays, way, host, port), "{text}");
        }
        assert_eq!(RelayUrl::read("turns:a.example?transport=udp"), None);
        assert_eq!(RelayUrl::read("turn::3478"), None);
    }
}
