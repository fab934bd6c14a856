//! What stands in a token, as JSON has it.

use std::collections::BTreeMap;

use crosspoint_model::Grant;
use crosspoint_model::grant::Bearer;
use serde::{Deserialize, Serialize};

/// The claims of a token (RFC 7519 §4.1, and LiveKit's).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Claims {
    /// The API key.
    pub iss: String,
    /// The identity.
    pub sub: String,
    /// When it ends. A NumericDate may have a fraction (RFC 7519 §2).
    pub exp: Option<f64>,
    /// When it begins.
    pub nbf: Option<f64>,
    /// The name shown to others.
    pub name: String,
    /// Free text.
    pub metadata: String,
    /// Attributes.
    pub attributes: BTreeMap<String, String>,
    /// What it allows.
    pub video: Grant,
}

impl Claims {
    /// The bearer that these claims, once verified, speak of.
    pub fn into_bearer(self, expires: u64) -> Bearer {
        Bearer {
            key: self.iss,
            identity: self.sub,
            name: self.name,
            metadata: self.metadata,
            attributes: self.attributes,
            grant: self.video,
            expires,
        }
    }
}

/// What is minted: whole seconds, as every JWT library writes them.
#[derive(Debug, Serialize)]
pub(crate) struct Minted<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    sub: &'a str,
    nbf: u64,
    exp: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    metadata: &'a str,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: &'a BTreeMap<String, String>,
    video: &'a Grant,
}

impl<'a> Minted<'a> {
    /// The claims of a token for this bearer that is valid from `now` on.
    pub fn of(bearer: &'a Bearer, now: u64) -> Self {
        Self {
            iss: &bearer.key,
            sub: &bearer.identity,
            nbf: now,
            exp: bearer.expires,
            name: &bearer.name,
            metadata: &bearer.metadata,
            attributes: &bearer.attributes,
            video: &bearer.grant,
        }
    }
}
