//! Tokens in the shape that the LiveKit server SDKs mint: HS256, the grant under `video`.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use crosspoint_model::Grant;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

/// An API key and its secret.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key's name (`iss`).
    pub name: String,
    /// The secret that signs.
    pub secret: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    nbf: u64,
    exp: u64,
    video: Grant,
}

impl Key {
    /// A token for `identity`, good for an hour.
    pub fn token(&self, identity: &str, grant: Grant) -> Result<String> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let claims =
            Claims { iss: &self.name, sub: identity, nbf: now.saturating_sub(10), exp: now + 3600, video: grant };
        let key = EncodingKey::from_secret(self.secret.as_bytes());
        Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)?)
    }

    /// A token to join a room.
    pub fn join(&self, room: &str, identity: &str) -> Result<String> {
        self.token(identity, Grant::join(room))
    }
}
