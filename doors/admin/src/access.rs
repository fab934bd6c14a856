//! Who is calling, and what they may.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use crosspoint_auth::unix_now;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Refusal, RoomId};

use crate::answer::{Answer, Refused};
use crate::{Admin, Shared};

/// Who is calling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// With the admin key, or from a listed address: may do everything.
    Operator,
    /// With a token: may do what it grants.
    Bearer(Box<Bearer>),
}

impl Caller {
    /// May it see all rooms?
    pub fn list(&self) -> Answer<()> {
        self.check(|bearer| bearer.grant.room_list, "roomList")
    }

    /// May it make rooms?
    pub fn create(&self) -> Answer<()> {
        self.check(|bearer| bearer.grant.room_create, "roomCreate")
    }

    /// May it administer this room?
    pub fn administer(&self, room: &RoomId) -> Answer<()> {
        self.check(|bearer| bearer.grant.may_administer(room.as_str()), "roomAdmin for this room")
    }

    fn check(&self, allows: impl Fn(&Bearer) -> bool, needed: &str) -> Answer<()> {
        match self {
            Self::Operator => Ok(()),
            Self::Bearer(bearer) if allows(bearer) => Ok(()),
            Self::Bearer(_) => {
                let detail = format!("the token does not allow this; it needs {needed}");
                Err(Refusal::new(Code::Forbidden, detail).into())
            }
        }
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Shared) -> Result<Self, Self::Rejection> {
        let address = address(parts);
        caller(&desk.admin, &parts.headers, address).map_err(|refusal| match address {
            Some(address) => desk.admin.attempts.failed(address, refusal).into(),
            None => refusal.into(),
        })
    }
}

/// Who is calling, if they say so: to come with nothing at all is no failed attempt.
pub struct Anybody(pub Option<Caller>);

impl FromRequestParts<Shared> for Anybody {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, desk: &Shared) -> Result<Self, Self::Rejection> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Caller::from_request_parts(parts, desk).await.map(|caller| Self(Some(caller)));
        }
        Ok(Self(caller(&desk.admin, &parts.headers, address(parts)).ok()))
    }
}

/// The client's address (proxies are looked through before requests get here).
pub fn address(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical())
}

fn caller(admin: &Admin, headers: &HeaderMap, address: Option<IpAddr>) -> Result<Caller, Refusal> {
    if let Some(token) = bearer_token(headers) {
        if admin.key.as_ref().is_some_and(|key| key.matches(token)) {
            return Ok(Caller::Operator);
        }
        return admin.keys.verify(token, unix_now()).map(|bearer| Caller::Bearer(Box::new(bearer)));
    }
    let is_listed = address.is_some_and(|address| admin.addresses.iter().any(|network| network.contains(address)));
    if !is_listed {
        return Err(Refusal::new(Code::Unauthorized, "send the admin key or a token as Authorization: Bearer …"));
    }
    if !is_own_host(headers, admin.public_host.as_deref()) {
        return Err(Refusal::new(
            Code::Forbidden,
            "by this host name an address is not trusted: use the server's IP address or the host of http.public_url, or \
             send the admin key",
        ));
    }
    Ok(Caller::Operator)
}

fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Is the server called by a name that is surely its own? A hostile web page can point a name of its own at any address
/// ("DNS rebinding") and then call from its visitor's machine, whose address may be a trusted one; it cannot do so with an
/// IP address or with `localhost`.
pub fn is_own_host(headers: &HeaderMap, public_host: Option<&str>) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return true };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    name == "localhost"
        || name.parse::<IpAddr>().is_ok()
        || public_host.is_some_and(|own| own.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_anybody_could_point_here_is_not_its_own() {
        for (host, own) in [
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("localhost", true),
            ("meet.example.org:443", true),
            ("evil.example.net:8080", false),
            ("localhost.evil.example.net", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            assert_eq!(is_own_host(&headers, Some("meet.example.org")), own, "{host}");
        }
    }
}
