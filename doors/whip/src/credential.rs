//! The token of a request: `Authorization: Bearer …`, or `?token=…` from players that cannot set headers.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Query};
use axum::http::header;
use axum::http::request::Parts;
use crosspoint_auth::unix_now;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Refusal, Secret};
use serde::Deserialize;

use crate::{Door, Shared};
use crosspoint_rooms::http::Refused;

/// What a request brings to show who it is.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The token.
    pub token: Option<Secret>,
    /// Did it stand in the URL?
    pub in_query: bool,
    address: Option<IpAddr>,
}

#[derive(Deserialize)]
struct TokenQuery {
    token: Option<String>,
}

impl FromRequestParts<Shared> for Credential {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self, Self::Rejection> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let header = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let from_header = header.and_then(|value| value.split_once(' '));
        let from_header = from_header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        if let Some((_, token)) = from_header {
            return Ok(Self { token: Some(Secret::new(token.trim())), in_query: false, address });
        }
        let query = Query::<TokenQuery>::try_from_uri(&parts.uri).ok().and_then(|query| query.0.token);
        Ok(Self { in_query: query.is_some(), token: query.map(Secret::new), address })
    }
}

impl Credential {
    /// Whom the token speaks for. A failure counts against the client's address.
    pub fn verify(&self, door: &Door) -> Result<Bearer, Refusal> {
        let verified = match &self.token {
            Some(token) => door.whip.keys.verify(token.expose(), unix_now()),
            None => Err(Refusal::new(Code::Unauthorized, "send a token as Authorization: Bearer …")),
        };
        verified.map_err(|refusal| self.failed(door, refusal))
    }

    /// Counts a failure against the client's address.
    pub fn failed(&self, door: &Door, refusal: Refusal) -> Refusal {
        match self.address {
            Some(address) => door.whip.attempts.failed(address, refusal),
            None => refusal,
        }
    }
}
