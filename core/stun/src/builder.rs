//! A message that goes out.

use std::net::SocketAddr;

use crate::attribute::{ERROR_CODE, FINGERPRINT, MESSAGE_INTEGRITY, NONCE, REALM, USERNAME, write_xor_address};
use crate::credential::{Key, SIGNATURE};
use crate::message::{Class, Method, fingerprint, message_type};
use crate::{HEADER, MAGIC_COOKIE, TransactionId};

/// Writes a message, attribute by attribute.
///
/// ```
/// use crosspoint_stun::{Builder, Class, Message, Method, attribute};
/// let bytes = Builder::new(Class::Request, Method::Allocate, [1; 12]).number(attribute::LIFETIME, 600).finish();
/// assert_eq!(Message::read(&bytes).and_then(|message| message.number(attribute::LIFETIME)), Some(600));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Builder {
    bytes: Vec<u8>,
    transaction: TransactionId,
}

impl Builder {
    /// A message without attributes.
    pub fn new(class: Class, method: Method, transaction: TransactionId) -> Self {
        Self::into(Vec::with_capacity(128), class, method, transaction)
    }

    /// The same in memory that is there already; what was in it is forgotten.
    pub fn into(mut bytes: Vec<u8>, class: Class, method: Method, transaction: TransactionId) -> Self {
        bytes.clear();
        bytes.extend(message_type(class, method).to_be_bytes());
        bytes.extend([0, 0]);
        bytes.extend(MAGIC_COOKIE.to_be_bytes());
        bytes.extend(transaction);
        Self { bytes, transaction }
    }

    /// Adds an attribute: at most 65,535 bytes, of which the rest is cut off.
    pub fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len()).unwrap_or(u16::MAX);
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(length.to_be_bytes());
        self.bytes.extend(&value[..usize::from(length)]);
        self.pad();
        self
    }

    /// Adds one that is text.
    pub fn text(self, kind: u16, text: &str) -> Self {
        self.attribute(kind, text.as_bytes())
    }

    /// Adds one that is a number of 32 bits.
    pub fn number(self, kind: u16, number: u32) -> Self {
        self.attribute(kind, &number.to_be_bytes())
    }

    /// Adds one that is an address.
    pub fn address(mut self, kind: u16, address: SocketAddr) -> Self {
        let length = if address.is_ipv4() { 8_u16 } else { 20 };
        self.bytes.extend(kind.to_be_bytes());
        self.bytes.extend(length.to_be_bytes());
        write_xor_address(address, &self.transaction, &mut self.bytes);
        self
    }

    /// Adds an error: its number, 300 to 699, and why, for people.
    pub fn error(self, code: u16, reason: &str) -> Self {
        let mut value = vec![0, 0, (code / 100) as u8, (code % 100) as u8];
        value.extend(reason.as_bytes());
        self.attribute(ERROR_CODE, &value)
    }

    /// Says who asks, and signs all of it: the long-term credential (RFC 8489 §9.2.3). `realm` and `nonce` are the server's words.
    pub fn authenticated(self, username: &str, realm: &str, nonce: &str, key: &Key) -> Self {
        self.text(USERNAME, username).text(REALM, realm).text(NONCE, nonce).signed(key)
    }

    /// Signs what is there so far (RFC 8489 §14.5).
    pub fn signed(mut self, key: &Key) -> Self {
        self.set_length(4 + SIGNATURE);
        let signature = key.sign(&self.bytes);
        self.attribute(MESSAGE_INTEGRITY, &signature)
    }

    /// Adds the fingerprint, which is the last attribute (RFC 8489 §14.7).
    pub fn fingerprinted(mut self) -> Self {
        self.set_length(8);
        let value = fingerprint(&self.bytes);
        self.number(FINGERPRINT, value)
    }

    /// The message.
    #[must_use]
    pub fn finish(mut self) -> Vec<u8> {
        self.set_length(0);
        self.bytes
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    /// Writes the length that the message has when so many bytes more have come.
    fn set_length(&mut self, more: usize) {
        let length = u16::try_from(self.bytes.len() - HEADER + more).unwrap_or(u16::MAX);
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }
}
