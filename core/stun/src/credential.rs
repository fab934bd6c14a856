//! What messages are signed with: the long-term credential (RFC 8489 §9.2), also as one that ends by itself, which a server
//! makes from a secret that it shares with the relay ("A REST API For Access To TURN Services",
//! draft-uberti-behave-turn-rest-00, as coturn has it with `use-auth-secret`).

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, sign, verify};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};

/// The length of a signature: that of HMAC-SHA1.
pub const SIGNATURE: usize = 20;

/// A key that signs messages.
#[derive(Clone, Debug)]
pub struct Key(aws_lc_rs::hmac::Key);

impl Key {
    /// Of a long-term credential: `MD5(username ":" realm ":" password)` (RFC 8489 §9.2.2).
    pub fn long_term(username: &str, realm: &str, password: &str) -> Self {
        Self::of(&Md5::digest(format!("{username}:{realm}:{password}")))
    }

    /// Of a short-term credential, as ICE has it: the password itself (RFC 8489 §9.1.1).
    pub fn short_term(password: &str) -> Self {
        Self::of(password.as_bytes())
    }

    fn of(bytes: &[u8]) -> Self {
        Self(aws_lc_rs::hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, bytes))
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> [u8; SIGNATURE] {
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(sign(&self.0, bytes).as_ref());
        signature
    }

    pub(crate) fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        verify(&self.0, bytes, signature).is_ok()
    }
}

/// The user name of a credential that ends: `1700000000:ann`. `ends`: seconds since 1970.
pub fn ending_username(ends: u64, user: &str) -> String {
    format!("{ends}:{user}")
}

/// When such a credential ends, and whose it is; none where it is of another kind.
pub fn ending(username: &str) -> Option<(u64, &str)> {
    match username.split_once(':') {
        Some((ends, user)) => Some((ends.parse().ok()?, user)),
        None => Some((username.parse().ok()?, "")),
    }
}

/// Its password: `base64(HMAC-SHA1(secret, username))`.
pub fn ending_password(secret: &str, username: &str) -> String {
    BASE64_STANDARD.encode(Key::of(secret.as_bytes()).sign(username.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_that_ends_is_that_of_coturn() {
        // What `turnutils_uclient -W north` makes of it, by openssl:
        // printf 1700000000:ann | openssl dgst -sha1 -hmac north -binary | base64
        assert_eq!(ending_username(1_700_000_000, "ann"), "1700000000:ann");
        assert_eq!(ending_password("north", "1700000000:ann"), "jeamH6dA5l2I9g3jmieza7CzEDo=");
        assert_eq!(ending("1700000000:ann:b"), Some((1_700_000_000, "ann:b")));
        assert_eq!(ending("1700000000"), Some((1_700_000_000, "")));
        assert_eq!(ending("ann"), None);
    }
}
