//! Who is calling: as at every door ([`crosspoint_rooms::http::Access`]), with the admin key of this one.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use crosspoint_rooms::http::{Access, Guarded, Refused};
pub use crosspoint_rooms::http::{Caller, is_own_host};

use crate::{Admin, Desk, Shared};

impl Guarded for Desk {
    fn access(&self) -> Access<'_> {
        let Admin { keys, attempts, key, addresses, public_host, .. } = &self.admin;
        Access { keys, attempts, key: key.as_ref(), addresses, public_host: public_host.as_deref() }
    }
}

/// Who is calling, if they say so: to come with nothing at all is no failed attempt.
pub struct Anybody(pub Option<Caller>);

impl FromRequestParts<Shared> for Anybody {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Shared) -> Result<Self, Self::Rejection> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return desk.access().counted(parts, None).map(|caller| Self(Some(caller)));
        }
        Ok(Self(desk.access().caller(parts, None).ok()))
    }
}
