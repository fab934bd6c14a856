//! The signature on a webhook: a JWT whose `sha256` claim is the digest of the body, in `Authorization`, as LiveKit's
//! webhook receivers check it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crosspoint_model::Refusal;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::Keys;

/// How long a receiver may take to look at a webhook, in seconds.
const LIFETIME: u64 = 300;

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    nbf: u64,
    exp: u64,
    sha256: String,
}

impl Keys {
    /// The `Authorization` of a webhook with this body. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `unauthorized` when there is no such key.
    pub fn sign_webhook(&self, key: &str, body: &[u8], now: u64) -> Result<String, Refusal> {
        let sha256 = STANDARD.encode(Sha256::digest(body));
        self.sign(key, &Claims { iss: key, nbf: now, exp: now + LIFETIME, sha256 })
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation};
    use serde_json::Value;

    use crate::{DEV_KEY, DEV_SECRET, Keys, unix_now};

    #[test]
    fn a_webhook_carries_the_digest_of_its_body() {
        let token = Keys::dev().sign_webhook(DEV_KEY, b"abc", unix_now()).expect("a token");
        let key = DecodingKey::from_secret(DEV_SECRET.as_bytes());
        let claims = jsonwebtoken::decode::<Value>(&token, &key, &Validation::new(Algorithm::HS256)).expect("valid");
        // SHA-256 of "abc" (FIPS 180-4).
        assert_eq!(claims.claims["sha256"], "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
        assert_eq!(claims.claims["iss"], DEV_KEY);
    }
}
