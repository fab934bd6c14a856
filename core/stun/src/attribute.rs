//! Attributes: their numbers (IANA "STUN Attributes"), and how addresses and errors are written in them.

use std::net::{IpAddr, SocketAddr};

use crate::{MAGIC_COOKIE, TransactionId};

/// Who asks (RFC 8489 §14.3).
pub const USERNAME: u16 = 0x0006;
/// HMAC-SHA1 over what is before it (RFC 8489 §14.5).
pub const MESSAGE_INTEGRITY: u16 = 0x0008;
/// Why not (RFC 8489 §14.8).
pub const ERROR_CODE: u16 = 0x0009;
/// Which attributes were not understood (RFC 8489 §14.13).
pub const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
/// The number of a channel (RFC 8656 §18.1).
pub const CHANNEL_NUMBER: u16 = 0x000C;
/// Seconds that an allocation lasts (RFC 8656 §18.2).
pub const LIFETIME: u16 = 0x000D;
/// A peer (RFC 8656 §18.3).
pub const XOR_PEER_ADDRESS: u16 = 0x0012;
/// What a datagram contains (RFC 8656 §18.4).
pub const DATA: u16 = 0x0013;
/// Where credentials are valid (RFC 8489 §14.9).
pub const REALM: u16 = 0x0014;
/// Against repeated messages (RFC 8489 §14.10).
pub const NONCE: u16 = 0x0015;
/// Where peers send to (RFC 8656 §18.5).
pub const XOR_RELAYED_ADDRESS: u16 = 0x0016;
/// IPv4 or IPv6? (RFC 8656 §18.6)
pub const REQUESTED_ADDRESS_FAMILY: u16 = 0x0017;
/// An even port is wanted (RFC 8656 §18.7).
pub const EVEN_PORT: u16 = 0x0018;
/// How the relay speaks to peers (RFC 8656 §18.8).
pub const REQUESTED_TRANSPORT: u16 = 0x0019;
/// Datagrams are not to be cut (RFC 8656 §18.9).
pub const DONT_FRAGMENT: u16 = 0x001A;
/// The client's address as the server sees it (RFC 8489 §14.2).
pub const XOR_MAPPED_ADDRESS: u16 = 0x0020;
/// A port that was kept for the client (RFC 8656 §18.10).
pub const RESERVATION_TOKEN: u16 = 0x0022;
/// CRC-32 over what is before it (RFC 8489 §14.7).
pub const FINGERPRINT: u16 = 0x8028;

/// Attributes from here on may be left alone by who does not know them (RFC 8489 §14).
pub const COMPREHENSION_OPTIONAL: u16 = 0x8000;

/// UDP, as REQUESTED-TRANSPORT has it (IANA protocol numbers).
pub const UDP: u8 = 17;

const IPV4: u8 = 1;
const IPV6: u8 = 2;

/// The family of an address, as attributes have it.
pub fn family(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { IPV4 } else { IPV6 }
}

/// Reads an XOR-…-ADDRESS (RFC 8489 §14.2).
pub fn xor_address(value: &[u8], transaction: &TransactionId) -> Option<SocketAddr> {
    let (head, masked) = value.split_at_checked(4)?;
    let port = u16::from_be_bytes([head[2], head[3]]) ^ (MAGIC_COOKIE >> 16) as u16;
    let ip = match head[1] {
        IPV4 => {
            let masked = u32::from_be_bytes(masked.try_into().ok()?);
            IpAddr::from((masked ^ MAGIC_COOKIE).to_be_bytes())
        }
        IPV6 => IpAddr::from((u128::from_be_bytes(masked.try_into().ok()?) ^ mask(transaction)).to_be_bytes()),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// Writes an XOR-…-ADDRESS.
pub fn write_xor_address(address: SocketAddr, transaction: &TransactionId, out: &mut Vec<u8>) {
    out.extend([0, family(address.ip())]);
    out.extend((address.port() ^ (MAGIC_COOKIE >> 16) as u16).to_be_bytes());
    match address.ip() {
        IpAddr::V4(ip) => out.extend((u32::from(ip) ^ MAGIC_COOKIE).to_be_bytes()),
        IpAddr::V6(ip) => out.extend((u128::from(ip) ^ mask(transaction)).to_be_bytes()),
    }
}

/// The magic cookie, then the transaction id.
fn mask(transaction: &TransactionId) -> u128 {
    let mut bytes = [0; 16];
    bytes[..4].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
    bytes[4..].copy_from_slice(transaction);
    u128::from_be_bytes(bytes)
}

/// Reads the number of an ERROR-CODE: 300 to 699.
pub fn error_code(value: &[u8]) -> Option<u16> {
    let (class, number) = (value.get(2)? & 7, *value.get(3)?);
    Some(u16::from(class) * 100 + u16::from(number))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_is_read_as_it_was_written(ip: IpAddr, port: u16, transaction: TransactionId) {
            let (address, mut written) = (SocketAddr::new(ip, port), Vec::new());
            write_xor_address(address, &transaction, &mut written);
            prop_assert_eq!(xor_address(&written, &transaction), Some(address));
            for cut in 0..written.len() {
                prop_assert_eq!(xor_address(&written[..cut], &transaction), None);
            }
        }
    }

    #[test]
    fn a_family_that_does_not_exist_is_no_address() {
        assert_eq!(xor_address(&[0, 3, 0, 0, 0, 0, 0, 0], &[0; 12]), None);
    }
}
