//! What a datagram is, by its first bytes.

/// A STUN message (RFC 7983 §7).
pub(crate) fn is_stun(datagram: &[u8]) -> bool {
    matches!(datagram, [0..=3, ..])
}

/// RTCP, encrypted or not (RFC 5761 §4): by the packet type.
pub(crate) fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram, [128..=191, 192..=223, ..])
}
