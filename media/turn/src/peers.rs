//! Where relays may send to. A relay sends from inside of the operator's network, so whatever is not the open internet is
//! refused (RFC 8656 §21.1.2 and what has gone wrong with open relays since): but for exactly our own media, other relays of
//! ours, and what the operator allows.
//!
//! Where our own media and relays are told by another address than they listen on (behind a NAT), what goes there takes the
//! short way inside of the machine, and comes back by the name that clients know.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock};

use ipnet::IpNet;

/// A place that is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here {
    /// As clients are told.
    pub told: SocketAddr,
    /// Where it listens.
    pub local: SocketAddr,
}

/// An address that relays have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RelayAddress {
    /// As clients and peers are told.
    pub told: IpAddr,
    /// What their sockets are bound to.
    pub bound: IpAddr,
}

/// Where relays may send to.
#[derive(Debug)]
pub struct Peers {
    /// Networks that are refused otherwise.
    allowed: Vec<IpNet>,
    /// Our own media.
    media: Vec<Here>,
    relays: Vec<RelayAddress>,
    ports: RangeInclusive<u16>,
    open: [Ports; 2],
    /// What this machine has besides.
    own: RwLock<Box<[IpAddr]>>,
}

impl Peers {
    /// `allowed`: networks that are refused otherwise. `media`: our own. `relays`: one address of each family.
    pub fn new(allowed: Vec<IpNet>, media: Vec<Here>, relays: Vec<RelayAddress>, ports: RangeInclusive<u16>) -> Self {
        let media = media.into_iter().map(|here| Here { local: within(here.local), ..here }).collect();
        Self { allowed, media, relays, ports, open: [Ports::new(), Ports::new()], own: RwLock::default() }
    }

    /// Refuses all addresses that this machine has now, though nobody is told of them: a firewall in front of it does not see what
    /// a relay in it sends there.
    pub fn refuse_own(&self, addresses: impl IntoIterator<Item = IpAddr>) {
        // Nothing panics while it is held.
        *self.own.write().unwrap_or_else(PoisonError::into_inner) = addresses.into_iter().collect();
    }

    /// Where relays of this family are, if there are any.
    pub fn relay_address(&self, ipv6: bool) -> Option<RelayAddress> {
        self.relays.iter().find(|relay| relay.told.is_ipv6() == ipv6).copied()
    }

    /// Ports that relays may have.
    pub fn ports(&self) -> RangeInclusive<u16> {
        self.ports.clone()
    }

    /// A relay was opened at this address, as clients are told, or it was closed.
    pub fn mark(&self, relayed: SocketAddr, is_open: bool) {
        self.open[usize::from(relayed.is_ipv6())].mark(relayed.port(), is_open);
    }

    /// Is there a relay of ours at this address, as clients are told?
    pub fn is_relay_open(&self, relayed: SocketAddr) -> bool {
        self.open[usize::from(relayed.is_ipv6())].is_open(relayed.port())
    }

    /// May a client let this address in at all, on whichever port?
    pub fn may_permit(&self, ip: IpAddr) -> bool {
        let is_ours = self.media.iter().any(|here| here.told.ip() == ip) || self.is_relay(ip);
        is_ours || !self.is_refused(ip) && !self.is_of_this_machine(plain(ip))
    }

    /// Loopback is that of every machine, and is refused, or allowed, as a network.
    fn is_of_this_machine(&self, ip: IpAddr) -> bool {
        !ip.is_loopback() && self.own.read().unwrap_or_else(PoisonError::into_inner).contains(&ip)
    }

    /// Where a datagram for this peer is sent; none: nowhere.
    pub fn destination(&self, peer: SocketAddr) -> Option<SocketAddr> {
        if let Some(here) = self.media.iter().find(|here| here.told == peer) {
            return Some(here.local);
        }
        if self.is_relay(peer.ip()) && self.is_relay_open(peer) {
            let relay = self.relay_address(peer.is_ipv6())?;
            return Some(within(SocketAddr::new(relay.bound, peer.port())));
        }
        (peer.port() != 0 && !self.is_refused(peer.ip())).then_some(peer)
    }

    /// Who a datagram from here is of, by the name that clients know; none: nobody whom a relay hears.
    pub fn source(&self, from: SocketAddr) -> Option<SocketAddr> {
        if let Some(here) = self.media.iter().find(|here| here.local == from || here.told == from) {
            return Some(here.told);
        }
        let relay = self.relay_address(from.is_ipv6())?;
        let is_relay = from.ip() == relay.told || from.ip() == within(SocketAddr::new(relay.bound, 0)).ip();
        if is_relay && self.is_relay_open(from) {
            return Some(SocketAddr::new(relay.told, from.port()));
        }
        (!self.is_refused(from.ip())).then_some(from)
    }

    fn is_relay(&self, ip: IpAddr) -> bool {
        self.relays.iter().any(|relay| relay.told == ip)
    }

    fn is_refused(&self, ip: IpAddr) -> bool {
        let ip = plain(ip);
        // Of this machine nothing is reached but what was found before, whatever networks are allowed.
        let is_own = self.relays.iter().any(|relay| relay.told == ip || relay.bound == ip)
            || self.media.iter().any(|here| here.told.ip() == ip || here.local.ip() == ip);
        is_own && !ip.is_loopback() || is_special(ip) && !self.allowed.iter().any(|network| network.contains(&ip))
    }
}

/// Where a socket of this machine is reached from inside.
fn within(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(ip) if ip.is_unspecified() => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}

/// The IPv4 address that an IPv6 one leads to, or the address itself: mapped (RFC 4291), translated (RFC 2765), NAT64
/// (RFC 6052), 6to4 (RFC 3056), IPv4-compatible. `::` and `::1` are of the last kind.
fn plain(ip: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = ip else { return ip };
    let (high, low) = match v6.segments() {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => (high, low),
        _ => return ip,
    };
    let [[a, b], [c, d]] = [high.to_be_bytes(), low.to_be_bytes()];
    Ipv4Addr::new(a, b, c, d).into()
}

/// Is it anything but the open internet? (IANA's special-purpose registries)
fn is_special(ip: IpAddr) -> bool {
    match plain(ip) {
        IpAddr::V4(ip) => is_special_v4(ip),
        IpAddr::V6(ip) => is_special_v6(ip),
    }
}

fn is_special_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let is_shared = a == 100 && (64..128).contains(&b); // RFC 6598: carrier-grade NAT
    let is_protocol = (a, b, c) == (192, 0, 0); // RFC 6890
    let is_benchmark = a == 198 && (18..20).contains(&b); // RFC 2544
    let is_inside = is_shared || is_protocol || is_benchmark || ip.is_private() || ip.is_link_local();
    a == 0 || a >= 224 || is_inside || ip.is_loopback()
}

fn is_special_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // Teredo (RFC 4380), which may lead anywhere; ORCHID (RFC 7343), which is no address.
        [0x2001, 0 | 0x10..0x30, ..] => true,
        // What is given out as global unicast (RFC 4291 §2.4); everything else is local, multicast, or not given out.
        [first, ..] => first & 0xe000 != 0x2000,
    }
}

/// Which ports are open relays: a bit for each.
#[derive(Debug)]
struct Ports(Box<[AtomicU64]>);

impl Ports {
    fn new() -> Self {
        Self((0..1024).map(|_| AtomicU64::new(0)).collect())
    }

    fn mark(&self, port: u16, is_open: bool) {
        let (word, bit) = Self::place(port);
        if is_open {
            self.0[word].fetch_or(bit, Ordering::Relaxed);
        } else {
            self.0[word].fetch_and(!bit, Ordering::Relaxed);
        }
    }

    fn is_open(&self, port: u16) -> bool {
        let (word, bit) = Self::place(port);
        self.0[word].load(Ordering::Relaxed) & bit != 0
    }

    fn place(port: u16) -> (usize, u64) {
        (usize::from(port / 64), 1 << (port % 64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> SocketAddr {
        text.parse().expect("an address")
    }

    fn peers(told: &str, bound: &str, allowed: &[&str]) -> Peers {
        let media = Here { told: at(&format!("{told}:7882")), local: at(&format!("{bound}:7882")) };
        let relay = RelayAddress { told: told.parse().expect("an IP"), bound: bound.parse().expect("an IP") };
        let allowed = allowed.iter().map(|network| network.parse().expect("a network")).collect();
        Peers::new(allowed, vec![media], vec![relay], 50_000..=50_010)
    }

    #[test]
    fn what_is_not_the_open_internet_is_refused_in_every_spelling() {
        let peers = peers("203.0.113.1", "0.0.0.0", &[]);
        for ip in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fd00:ec2::254",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::10.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "::ffff:0:10.0.0.1",
            "fec0::1",
            "100::1",
            "198.18.0.1",
            "::ffff:203.0.113.1",
            "64:ff9b::203.0.113.1",
        ] {
            let ip: IpAddr = ip.parse().expect("an IP");
            assert!(!peers.may_permit(ip), "{ip}");
            assert_eq!(peers.destination(SocketAddr::new(ip, 80)), None, "{ip}");
            assert_eq!(peers.source(SocketAddr::new(ip, 80)), None, "{ip}");
        }
        for ip in ["198.51.100.1", "8.8.8.8", "2001:db8::1", "64:ff9b::808:808"] {
            let ip: IpAddr = ip.parse().expect("an IP");
            assert!(peers.may_permit(ip), "{ip}");
            assert_eq!(peers.destination(SocketAddr::new(ip, 80)), Some(SocketAddr::new(ip, 80)), "{ip}");
        }
    }

    #[test]
    fn of_our_own_addresses_exactly_media_and_open_relays_are_reached_and_by_the_short_way() {
        let peers = peers("203.0.113.1", "0.0.0.0", &[]);
        assert!(peers.may_permit("203.0.113.1".parse().expect("an IP")));
        assert_eq!(peers.destination(at("203.0.113.1:7882")), Some(at("127.0.0.1:7882")));
        assert_eq!(peers.source(at("127.0.0.1:7882")), Some(at("203.0.113.1:7882")));
        assert_eq!(peers.destination(at("203.0.113.1:22")), None);
        assert_eq!(peers.destination(at("203.0.113.1:50000")), None, "no relay is there yet");
        peers.mark(at("203.0.113.1:50000"), true);
        assert_eq!(peers.destination(at("203.0.113.1:50000")), Some(at("127.0.0.1:50000")));
        assert_eq!(peers.source(at("127.0.0.1:50000")), Some(at("203.0.113.1:50000")));
        peers.mark(at("203.0.113.1:50000"), false);
        assert_eq!(peers.source(at("127.0.0.1:50000")), None);
    }

    #[test]
    fn addresses_of_this_machine_that_nobody_is_told_of_are_refused_though_their_network_is_allowed() {
        let peers = peers("203.0.113.1", "0.0.0.0", &["10.8.0.0/16", "127.0.0.0/8"]);
        let ip = |text: &str| text.parse::<IpAddr>().expect("an IP");
        peers.refuse_own(["198.51.100.7", "10.8.0.1", "203.0.113.1", "127.0.0.1"].map(ip));
        for refused in ["198.51.100.7", "::ffff:198.51.100.7", "10.8.0.1"] {
            assert!(!peers.may_permit(ip(refused)), "{refused}");
        }
        for permitted in ["203.0.113.1", "198.51.100.8", "10.8.0.2", "127.0.0.1"] {
            assert!(peers.may_permit(ip(permitted)), "{permitted}");
        }
    }

    #[test]
    fn on_loopback_media_is_reached_and_nothing_else() {
        let peers = peers("127.0.0.1", "127.0.0.1", &[]);
        assert_eq!(peers.destination(at("127.0.0.1:7882")), Some(at("127.0.0.1:7882")));
        for port in [22, 80, 7881, 7883, 50_000] {
            assert_eq!(peers.destination(SocketAddr::from(([127, 0, 0, 1], port))), None, "{port}");
            assert_eq!(peers.source(SocketAddr::from(([127, 0, 0, 1], port))), None, "{port}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_reached() {
        let peers = peers("203.0.113.1", "0.0.0.0", &["10.8.0.0/16"]);
        assert_eq!(peers.destination(at("10.8.1.1:5000")), Some(at("10.8.1.1:5000")));
        assert_eq!(peers.destination(at("[::ffff:10.8.1.1]:5000")), Some(at("[::ffff:10.8.1.1]:5000")));
        assert_eq!(peers.destination(at("10.9.1.1:5000")), None);
        let inside = self::peers("10.8.0.5", "0.0.0.0", &["10.8.0.0/16"]);
        assert_eq!(inside.destination(at("10.8.0.5:22")), None, "but not the machine itself");
        assert_eq!(inside.destination(at("10.8.0.5:7882")), Some(at("127.0.0.1:7882")));
    }
}
