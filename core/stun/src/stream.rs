//! Where messages and channel data end on a TCP connection (RFC 8656 §12.5), and who speaks on one that has only just begun.

use crate::{HEADER, MAGIC_COOKIE};

/// How much of a stream is its next unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// More must come before that can be told, or before it is whole.
    Unfinished,
    /// So many bytes are the unit, and so many with its padding.
    Whole {
        /// Without the padding of channel data.
        length: usize,
        /// With it.
        padded: usize,
    },
    /// Neither a message nor channel data.
    Nonsense,
}

/// The next unit at the beginning of `bytes`.
pub fn next_unit(bytes: &[u8]) -> Unit {
    let [first, _, high, low, ..] = *bytes else { return Unit::Unfinished };
    let length = usize::from(u16::from_be_bytes([high, low]));
    let (length, padded) = match first {
        0..=3 => (HEADER + length, HEADER + length),
        0x40..=0x7f => (4 + length, (4 + length).next_multiple_of(4)),
        _ => return Unit::Nonsense,
    };
    if bytes.len() < padded { Unit::Unfinished } else { Unit::Whole { length, padded } }
}

/// Who speaks on a connection that has only just begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// More must come before that can be told.
    Unknown,
    /// A TLS client: its hello comes first (RFC 8446 §5.1).
    Tls,
    /// A STUN or TURN client.
    Turn,
    /// ICE over TCP: a length, then a STUN message (RFC 4571, RFC 6544).
    IceTcp,
    /// Somebody else: a web browser.
    Http,
}

/// Who speaks? Ten bytes tell in any case.
pub fn speaker(bytes: &[u8]) -> Speaker {
    let cookie = MAGIC_COOKIE.to_be_bytes();
    match bytes {
        [] => Speaker::Unknown,
        [0x16, ..] => Speaker::Tls,
        [first, ..] if *first > 3 => Speaker::Http,
        [_, _, _, _, rest @ ..] if rest.len() >= 4 && rest[..4] == cookie => Speaker::Turn,
        [_, _, _, _, _, _, rest @ ..] if rest.len() >= 4 && rest[..4] == cookie => Speaker::IceTcp,
        _ if bytes.len() < 10 => Speaker::Unknown,
        _ => Speaker::Http,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Builder, Class, Method};

    #[test]
    fn units_end_with_their_padding() {
        let message = Builder::new(Class::Request, Method::Binding, [0; 12]).finish();
        assert_eq!(next_unit(&message), Unit::Whole { length: 20, padded: 20 });
        let data = [0x40, 0, 0, 5, 1, 2, 3, 4, 5, 0, 0, 0, 9];
        assert_eq!(next_unit(&data), Unit::Whole { length: 9, padded: 12 });
        for cut in 0..12 {
            assert_eq!(next_unit(&data[..cut]), Unit::Unfinished);
        }
        assert_eq!(next_unit(&[0x80, 0, 0, 0]), Unit::Nonsense);
    }

    #[test]
    fn ten_bytes_tell_who_speaks() {
        let message = Builder::new(Class::Request, Method::Binding, [0; 12]).finish();
        let framed = [&[0, 20][..], &message].concat();
        for (bytes, who) in [
            (&message[..], Speaker::Turn),
            (&framed, Speaker::IceTcp),
            (b"GET / HTTP/1.1\r\n", Speaker::Http),
            (b"PRI * HTTP/2.0", Speaker::Http),
            (&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3], Speaker::Tls),
            (&[0; 10], Speaker::Http),
        ] {
            assert_eq!(speaker(bytes), who);
            for cut in 0..10 {
                let seen = speaker(&bytes[..cut]);
                assert!(seen == who || seen == Speaker::Unknown, "{who:?} cut at {cut}: {seen:?}");
            }
        }
    }
}
