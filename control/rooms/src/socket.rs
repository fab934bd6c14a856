//! What the doors that speak WebSocket share: who may connect, before a word is said, and closing so that the other side hears
//! why. Browsers do not show a page the HTTP status of a refused WebSocket, so an upgrade is accepted and then closed with a
//! code and a reason, which they do show.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::header::{HOST, ORIGIN};
use axum::http::{Extensions, HeaderMap};
use crosspoint_auth::{Attempts, is_allowed_origin};
use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::close;
use crosspoint_model::{Code, Refusal};
use tokio::time::timeout;

use crate::Outgoing;
use crate::http::bearer_token;

/// A client that takes nothing for so long does not read.
pub const WRITE: Duration = Duration::from_secs(10);
/// So long a closed socket is read on, so that the close arrives and is not overtaken by a reset.
const LINGER: Duration = Duration::from_secs(2);
/// RFC 6455 §5.5: a control frame carries 125 bytes, two of which are the code.
const REASON: usize = 123;
/// Characters of a refused origin that the close frame has room for.
const LONGEST_ORIGIN: usize = 70;

/// Reads a token. The refusal's detail must not repeat it.
pub type Verify = Arc<dyn Fn(&str) -> Result<Bearer, Refusal> + Send + Sync>;

/// Who may connect.
#[derive(Clone)]
pub struct Gate {
    /// Whose token it is.
    pub verify: Verify,
    /// How often an address may fail; shared with the other doors.
    pub attempts: Arc<Attempts>,
    /// Web pages of these origins may connect, besides those of the host itself; `*`: all. Clients that send no `Origin`
    /// (they are no browsers) always may: rights come from tokens.
    pub allowed_origins: Arc<[String]>,
}

impl Gate {
    /// Whom a connection speaks for, by the token in its URL or in its `Authorization` header; or the close for it.
    pub fn bearer(
        &self,
        token: Option<&str>,
        headers: &HeaderMap,
        address: Option<IpAddr>,
    ) -> Result<Bearer, Outgoing> {
        let token = token.or_else(|| bearer_token(headers)).unwrap_or_default();
        match (self.verify)(token) {
            Ok(bearer) if may_connect(&self.allowed_origins, headers) => Ok(bearer),
            Ok(_) => Err(Outgoing::close(close::POLICY, foreign(headers))),
            Err(why) => Err(self.unauthorized(address, why)),
        }
    }

    /// Counts the failure; who failed too often learns no more than that.
    fn unauthorized(&self, address: Option<IpAddr>, why: Refusal) -> Outgoing {
        let counted = self.attempts.failed(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), why);
        tracing::debug!(?address, refusal = %counted, "connection refused");
        let is_told_off = counted.code == Code::RateLimited;
        Outgoing::close(close::POLICY, if is_told_off { "Too many failed attempts" } else { "Unauthorized" })
    }
}

/// The client's address, where the door is served with connect info.
pub fn address(extensions: &Extensions) -> Option<IpAddr> {
    extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip())
}

/// The close after a refusal with which a connection cannot go on: no other attempt on it can succeed. None after the others
/// (a full or locked room, say).
pub fn fatal(refusal: &Refusal) -> Option<Outgoing> {
    let code = match refusal.code {
        Code::Unauthorized
        | Code::TokenExpired
        | Code::Forbidden
        | Code::IdentityMismatch
        | Code::ProtocolUnsupported
        | Code::RateLimited => close::POLICY,
        Code::Kicked => close::KICKED,
        Code::Draining => close::RESTART,
        _ => return None,
    };
    Some(Outgoing::close(code, &refusal.detail))
}

/// The socket can no longer be written to, or was closed.
#[derive(Debug)]
pub struct Gone;

/// Sends one message.
pub async fn send(socket: &mut WebSocket, message: Message) -> Result<(), Gone> {
    match timeout(WRITE, socket.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Gone),
    }
}

/// Closes the socket with a code and a reason.
pub async fn close(socket: &mut WebSocket, end: &Outgoing) {
    let Outgoing::Close { code, reason } = end else { return };
    let frame = CloseFrame { code: *code, reason: shortened(reason).into() };
    if !matches!(timeout(LINGER, socket.send(Message::Close(Some(frame)))).await, Ok(Ok(()))) {
        return;
    }
    let read_on = async {
        loop {
            match socket.recv().await {
                Some(Ok(Message::Close(_))) => return,
                Some(Ok(_)) => {}
                // Nothing more can be read of it (a message beyond all bounds): the close needs its time all the same.
                Some(Err(_)) | None => std::future::pending().await,
            }
        }
    };
    // The client's own close, or the end of patience: either way it is over.
    let _ = timeout(LINGER, read_on).await;
}

fn shortened(reason: &str) -> &str {
    &reason[..reason.floor_char_boundary(REASON)]
}

fn may_connect(allowed: &[String], headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let is_own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
    is_own || is_allowed_origin(allowed, origin)
}

/// Says whose page it was and what an operator can do. A close frame has room for 123 bytes (RFC 6455 §5.5).
fn foreign(headers: &HeaderMap) -> String {
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok()).unwrap_or_default();
    let shown: String = origin.chars().take(LONGEST_ORIGIN).collect();
    format!("Origin {shown} not allowed (setting http.allowed_origins)")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use axum::http::header::AUTHORIZATION;

    use super::*;

    fn headers(pairs: &[(axum::http::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn pages_of_the_host_and_of_allowed_origins_may_connect_and_others_may_not() {
        let allowed = ["https://meet.example".to_owned()];
        let from = |origin| may_connect(&allowed, &headers(&[(ORIGIN, origin), (HOST, "media.example:8080")]));
        assert!(from("http://media.example:8080") && from("https://meet.example"));
        assert!(!from("https://evil.example") && !from("null") && !from("http://media.example"));
        assert!(may_connect(&allowed, &HeaderMap::new()), "no browser");
        assert!(may_connect(&["*".to_owned()], &headers(&[(ORIGIN, "https://evil.example")])));
    }

    #[test]
    fn a_token_may_stand_in_the_authorization_header() {
        assert_eq!(bearer_token(&headers(&[(AUTHORIZATION, "Bearer abc")])), Some("abc"));
        assert_eq!(bearer_token(&headers(&[(AUTHORIZATION, "Basic abc")])), None);
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        assert_eq!(shortened("short"), "short");
        assert_eq!(shortened(&"ä".repeat(100)).len(), 122);
    }
}
