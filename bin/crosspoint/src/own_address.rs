//! Is an address one of this machine's? The system knows: it binds sockets to no others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::LazyLock;

/// Nobody has this one (RFC 5737).
const NOBODYS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Where sockets may have any address (`net.ipv4.ip_nonlocal_bind`), it cannot be told.
static BINDS_ANYTHING: LazyLock<bool> = LazyLock::new(|| binds(NOBODYS));

/// Does this machine have it? False where that cannot be told.
pub fn is_own(ip: IpAddr) -> bool {
    !*BINDS_ANYTHING && binds(ip)
}

fn binds(ip: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_ours_and_what_is_in_documents_is_not() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_own(NOBODYS) && !is_own("198.51.100.250".parse().expect("an IP")));
    }
}
