//! A range of addresses, for lists of who is trusted.

use std::net::IpAddr;

use ipnet::IpNet;

/// One address or a range (`10.0.0.0/8`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Reads `192.0.2.1` or `192.0.2.0/24`.
    pub fn parse(text: &str) -> Option<Self> {
        let range = text.parse::<IpNet>().ok();
        range.or_else(|| Some(IpNet::from(text.parse::<IpAddr>().ok()?))).map(Self)
    }

    /// The range.
    pub fn range(&self) -> IpNet {
        self.0
    }

    /// Is this address in it? An IPv4 address that came mapped into IPv6 (RFC 4291 §2.5.5.2) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_contains_its_addresses_however_they_are_written() {
        let range = Network::parse("10.0.0.0/8").expect("a range");
        for (address, inside) in [("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("11.0.0.1", false), ("::1", false)] {
            assert_eq!(range.contains(address.parse().expect("an address")), inside, "{address}");
        }
        assert!(Network::parse("::1").is_some_and(|one| one.contains("::1".parse().expect("an address"))));
        assert!(Network::parse("example.org").is_none() && Network::parse("10.0.0.0/64").is_none());
    }
}
