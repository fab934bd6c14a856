//! A message that came.

use crate::attribute::{self, FINGERPRINT, MESSAGE_INTEGRITY};
use crate::credential::{Key, SIGNATURE};
use crate::{HEADER, MAGIC_COOKIE, TransactionId};

/// What a message is (RFC 8489 §5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Wants an answer.
    Request,
    /// Wants none.
    Indication,
    /// It was done.
    Success,
    /// It was not.
    Error,
}

/// What a message is about (IANA "STUN Methods").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// What is my address?
    Binding,
    /// Make a relay.
    Allocate,
    /// Keep it, or end it.
    Refresh,
    /// A datagram for a peer.
    Send,
    /// A datagram of a peer.
    Data,
    /// Let a peer send to it.
    CreatePermission,
    /// Let a number stand for a peer.
    ChannelBind,
}

impl Method {
    const ALL: [(Self, u16); 7] = [
        (Self::Binding, 0x001),
        (Self::Allocate, 0x003),
        (Self::Refresh, 0x004),
        (Self::Send, 0x006),
        (Self::Data, 0x007),
        (Self::CreatePermission, 0x008),
        (Self::ChannelBind, 0x009),
    ];

    pub(crate) fn number(self) -> u16 {
        Self::ALL.iter().find(|(method, _)| *method == self).map_or(0, |(_, number)| *number)
    }

    fn of(number: u16) -> Option<Self> {
        Self::ALL.iter().find(|(_, other)| *other == number).map(|(method, _)| *method)
    }
}

/// The type of a message: the bits of its class stand between those of its method (RFC 8489 §5, figure 3).
pub(crate) fn message_type(class: Class, method: Method) -> u16 {
    let number = method.number();
    let class = match class {
        Class::Request => 0x000,
        Class::Indication => 0x010,
        Class::Success => 0x100,
        Class::Error => 0x110,
    };
    (number & 0x000f) | ((number & 0x0070) << 1) | ((number & 0x0f80) << 2) | class
}

/// A view of a message whose shape is right: the attributes end where the message does.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    bytes: &'a [u8],
    /// What it is.
    pub class: Class,
    /// What it is about; none: something that this server does not know.
    pub method: Option<Method>,
    /// Ties it to its answer.
    pub transaction: TransactionId,
}

impl<'a> Message<'a> {
    /// Is it a message, by its first bytes? Everything else on the same port begins differently (RFC 7983).
    pub fn is(bytes: &[u8]) -> bool {
        bytes.len() >= HEADER && bytes[0] < 4 && bytes[4..8] == MAGIC_COOKIE.to_be_bytes()
    }

    /// Reads a message that fills `bytes`; none where it is none, or one whose shape or fingerprint is wrong.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        if !Self::is(bytes) {
            return None;
        }
        let kind = u16::from_be_bytes([bytes[0], bytes[1]]);
        let length = usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
        if length % 4 != 0 || bytes.len() != HEADER + length {
            return None;
        }
        let class = match kind & 0x110 {
            0x000 => Class::Request,
            0x010 => Class::Indication,
            0x100 => Class::Success,
            _ => Class::Error,
        };
        let number = (kind & 0x000f) | ((kind & 0x00e0) >> 1) | ((kind & 0x3e00) >> 2);
        let transaction = bytes[8..HEADER].try_into().ok()?;
        let message = Self { bytes, class, method: Method::of(number), transaction };
        message.is_whole().then_some(message)
    }

    /// The first attribute of this type. Behind MESSAGE-INTEGRITY there is none but FINGERPRINT: what stands there was not
    /// signed (RFC 8489 §14.5).
    pub fn attribute(&self, kind: u16) -> Option<&'a [u8]> {
        self.attributes().find(|attribute| attribute.kind == kind).map(|attribute| attribute.value)
    }

    /// The attributes in their order, up to MESSAGE-INTEGRITY.
    pub fn attributes(&self) -> impl Iterator<Item = Attribute<'a>> + use<'a> {
        let mut signed = false;
        self.all().filter(move |attribute| {
            let counts = !signed || attribute.kind == FINGERPRINT;
            signed |= attribute.kind == MESSAGE_INTEGRITY;
            counts
        })
    }

    /// An attribute that is text.
    pub fn text(&self, kind: u16) -> Option<&'a str> {
        std::str::from_utf8(self.attribute(kind)?).ok()
    }

    /// An attribute that is a number of 32 bits.
    pub fn number(&self, kind: u16) -> Option<u32> {
        Some(u32::from_be_bytes(self.attribute(kind)?.try_into().ok()?))
    }

    /// An attribute that is an address.
    pub fn address(&self, kind: u16) -> Option<std::net::SocketAddr> {
        attribute::xor_address(self.attribute(kind)?, &self.transaction)
    }

    /// Was it signed with this key? (RFC 8489 §14.5)
    pub fn is_signed_by(&self, key: &Key) -> bool {
        let Some(signature) = self.all().find(|attribute| attribute.kind == MESSAGE_INTEGRITY) else { return false };
        if signature.value.len() != SIGNATURE {
            return false;
        }
        // The length in the header is as if the message ended with the signature.
        let mut signed = self.bytes[..signature.at].to_vec();
        let Ok(length) = u16::try_from(signature.at - HEADER + 4 + SIGNATURE) else { return false };
        signed[2..4].copy_from_slice(&length.to_be_bytes());
        key.verifies(&signed, signature.value)
    }

    fn all(&self) -> Attributes<'a> {
        Attributes { bytes: self.bytes, at: HEADER }
    }

    /// Do its attributes end where it does, and is its fingerprint right, if it has one? (RFC 8489 §14.7)
    fn is_whole(&self) -> bool {
        let mut attributes = self.all();
        let mut fingerprint = None;
        for attribute in attributes.by_ref() {
            if fingerprint.is_some() {
                return false;
            }
            if attribute.kind == FINGERPRINT {
                fingerprint = Some(attribute);
            }
        }
        attributes.at == self.bytes.len()
            && fingerprint.is_none_or(|own| own.value == self::fingerprint(&self.bytes[..own.at]).to_be_bytes())
    }
}

/// CRC-32 over a message up to here (RFC 8489 §14.7).
pub(crate) fn fingerprint(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes) ^ 0x5354_554e
}

/// An attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// Its type.
    pub kind: u16,
    /// Its value, without the padding.
    pub value: &'a [u8],
    /// Where it begins in the message.
    at: usize,
}

struct Attributes<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Attribute<'a>> {
        let (at, rest) = (self.at, self.bytes.get(self.at..)?);
        let (head, rest) = rest.split_at_checked(4)?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(..length)?;
        let padded = length.next_multiple_of(4);
        if rest.len() < padded {
            return None;
        }
        self.at = at + 4 + padded;
        Some(Attribute { kind: u16::from_be_bytes([head[0], head[1]]), value, at })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Builder;
    use crate::attribute::{LIFETIME, REALM, USERNAME};

    #[test]
    fn every_class_and_method_is_read_as_it_was_written() {
        for class in [Class::Request, Class::Indication, Class::Success, Class::Error] {
            for (method, _) in Method::ALL {
                let bytes = Builder::new(class, method, [7; 12]).finish();
                let message = Message::read(&bytes).expect("a message");
                assert_eq!((message.class, message.method, message.transaction), (class, Some(method), [7; 12]));
            }
        }
    }

    #[test]
    fn what_stands_behind_the_signature_does_not_count() {
        let key = Key::short_term("secret");
        let bytes = Builder::new(Class::Request, Method::Allocate, [1; 12])
            .text(USERNAME, "ann")
            .signed(&key)
            .number(LIFETIME, 7)
            .fingerprinted()
            .finish();
        let message = Message::read(&bytes).expect("a message");
        assert!(message.is_signed_by(&key) && !message.is_signed_by(&Key::short_term("other")));
        assert_eq!((message.text(USERNAME), message.number(LIFETIME)), (Some("ann"), None));
    }

    #[test]
    fn a_changed_byte_breaks_fingerprint_or_signature() {
        let key = Key::short_term("secret");
        let signed = Builder::new(Class::Request, Method::Binding, [1; 12]).text(REALM, "north").signed(&key);
        // The fingerprint itself is not signed; who changes its type takes it away.
        for (bytes, behind) in [(signed.clone().finish(), 0), (signed.fingerprinted().finish(), 8)] {
            for at in 4..bytes.len() - behind {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1;
                assert!(!Message::read(&bytes).is_some_and(|message| message.is_signed_by(&key)), "byte {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_cause_a_panic(mut bytes in prop::collection::vec(any::<u8>(), 20..200)) {
            bytes[0] &= 3;
            bytes[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
            bytes.truncate(bytes.len() / 4 * 4);
            let length = (bytes.len() - HEADER) as u16;
            bytes[2..4].copy_from_slice(&length.to_be_bytes());
            if let Some(message) = Message::read(&bytes) {
                let _ = message.attributes().count();
                let _ = message.is_signed_by(&Key::short_term("x"));
            }
        }
    }
}
