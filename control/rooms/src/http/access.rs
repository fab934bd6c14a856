//! Who calls over HTTP, and what they may: the same for every door with a REST interface.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};
use crosspoint_auth::{Attempts, Keys, unix_now};
use crosspoint_config::Network;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Refusal, RoomId, Secret};

use super::{Answer, Refused};

/// What a door lets callers in by.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// The API keys that tokens are verified with.
    pub keys: &'a Keys,
    /// Failed attempts, shared with other doors.
    pub attempts: &'a Attempts,
    /// Who has this key may do everything.
    pub key: Option<&'a Secret>,
    /// Who comes from here may do everything.
    pub addresses: &'a [Network],
    /// The host of the public address: trusting an address is safe only for names that are known to be this server's.
    pub public_host: Option<&'a str>,
}

/// A door whose callers are looked at; its handlers take a [`Caller`].
pub trait Guarded {
    /// What it lets them in by.
    fn access(&self) -> Access<'_>;
}

impl<T: Guarded> Guarded for Arc<T> {
    fn access(&self) -> Access<'_> {
        (**self).access()
    }
}

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
    ///
    /// # Errors
    /// `forbidden`.
    pub fn list(&self) -> Answer<()> {
        self.check(|bearer| bearer.grant.room_list, "roomList")
    }

    /// May it make rooms?
    ///
    /// # Errors
    /// `forbidden`.
    pub fn create(&self) -> Answer<()> {
        self.check(|bearer| bearer.grant.room_create, "roomCreate")
    }

    /// May it administer this room?
    ///
    /// # Errors
    /// `forbidden`.
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

impl<S: Guarded + Sync> FromRequestParts<S> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, door: &S) -> Result<Self, Self::Rejection> {
        door.access().counted(parts, None)
    }
}

impl Access<'_> {
    /// Who is calling. `token`: one that stands in the address, where the door takes one from there.
    ///
    /// # Errors
    /// `unauthorized`, `token-expired`; `forbidden` for an address that is trusted and a request that may be another's.
    pub fn caller(&self, parts: &Parts, token: Option<&str>) -> Result<Caller, Refusal> {
        if let Some(token) = token.or_else(|| bearer_token(&parts.headers)) {
            if self.key.is_some_and(|key| key.matches(token)) {
                return Ok(Caller::Operator);
            }
            return self.keys.verify(token, unix_now()).map(|bearer| Caller::Bearer(Box::new(bearer)));
        }
        let address = address(parts);
        let is_listed = address.is_some_and(|address| self.addresses.iter().any(|network| network.contains(address)));
        if !is_listed {
            return Err(Refusal::new(Code::Unauthorized, "send the admin key or a token as Authorization: Bearer …"));
        }
        if !is_own_host(&parts.headers, self.public_host) {
            return Err(Refusal::new(
                Code::Forbidden,
                "by this host name an address is not trusted: use the server's IP address or the host of http.public_url, or \
                 send the admin key",
            ));
        }
        if is_of_foreign_page(&parts.method, &parts.headers, self.public_host) {
            let detail = "a page of another origin changes nothing here by its visitor's address: send the admin key";
            return Err(Refusal::new(Code::Forbidden, detail));
        }
        Ok(Caller::Operator)
    }

    /// The same, and whoever fails too often is told to wait.
    ///
    /// # Errors
    /// As [`Self::caller`], and `rate-limited`.
    pub fn counted(&self, parts: &Parts, token: Option<&str>) -> Answer<Caller> {
        self.caller(parts, token).map_err(|refusal| match address(parts) {
            Some(address) => self.attempts.failed(address, refusal).into(),
            None => refusal.into(),
        })
    }
}

/// The client's address (proxies are looked through before requests get here).
pub fn address(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical())
}

/// RFC 6750 §2.1.
pub fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Is the server called by a name that is surely its own? A hostile web page can point a name of its own at any address
/// ("DNS rebinding") and then call from its visitor's machine, whose address may be a trusted one; it cannot do so with an
/// IP address or with `localhost`.
pub fn is_own_host(headers: &HeaderMap, public_host: Option<&str>) -> bool {
    let Some(host) = headers.get(header::HOST).and_then(|host| host.to_str().ok()) else { return true };
    let name = host_name(host);
    name == "localhost"
        || name.parse::<IpAddr>().is_ok()
        || public_host.is_some_and(|own| own.eq_ignore_ascii_case(name))
}

/// Does a page of somebody else's send this, in order to change something? Browsers send a request without a body anywhere
/// without asking first, but they say whose page it was (Fetch §3.2).
fn is_of_foreign_page(method: &Method, headers: &HeaderMap, public_host: Option<&str>) -> bool {
    if method.is_safe() {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let Some((_, origin)) = origin.to_str().ok().and_then(|origin| origin.split_once("://")) else { return true };
    let name = host_name(origin);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(host_name);
    let is_loopback = name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let is_own = [host, public_host].into_iter().flatten().any(|own| own.eq_ignore_ascii_case(name));
    !is_loopback && !is_own
}

/// The host of `host:port`; of an IPv6 address without its brackets.
fn host_name(authority: &str) -> &str {
    match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), value.parse().expect("a header"))).collect()
    }

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
            assert_eq!(is_own_host(&headers(&[(header::HOST, host)]), Some("meet.example.org")), own, "{host}");
        }
    }

    #[test]
    fn a_foreign_page_changes_nothing_and_may_look() {
        for (origin, foreign) in [
            ("http://192.0.2.9:8080", false),
            ("http://localhost:5173", false),
            ("http://[::1]:5173", false),
            ("https://meet.example.org", false),
            ("https://evil.example.net", true),
            ("http://192.0.2.66", true),
            ("null", true),
        ] {
            let said = headers(&[(header::HOST, "192.0.2.9:8080"), (header::ORIGIN, origin)]);
            assert_eq!(is_of_foreign_page(&Method::POST, &said, Some("meet.example.org")), foreign, "{origin}");
            assert!(!is_of_foreign_page(&Method::GET, &said, None), "{origin}");
        }
        assert!(!is_of_foreign_page(&Method::POST, &HeaderMap::new(), None), "no browser");
    }
}
