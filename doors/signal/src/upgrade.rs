//! Before a word is said: the token and the origin. Browsers do not show a page the HTTP status of a refused WebSocket, so
//! the upgrade is accepted and then closed with a code and a reason, which they do show.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::rejection::QueryRejection;
use axum::extract::{ConnectInfo, Query, State, WebSocketUpgrade};
use axum::http::header::{AUTHORIZATION, HOST, ORIGIN};
use axum::http::{Extensions, HeaderMap};
use axum::response::Response;
use crosspoint_auth::is_allowed_origin;
use crosspoint_model::signal::close;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::Outgoing;
use serde::Deserialize;

use crate::connection::Connection;
use crate::{Signal, wire};

/// A message that is larger than allowed is still read up to here, so that the client can be told why it is cut off.
const READ_BEYOND: usize = 1024 * 1024;

/// What a connection reads into: most messages fit, and idle ones are many. (tungstenite's own choice is 128 KiB.)
const READ_BUFFER: usize = 4 * 1024;

/// Characters of a refused origin that the close frame has room for.
const LONGEST_ORIGIN: usize = 70;

/// `?token=…`
#[derive(Default, Deserialize)]
pub struct Parameters {
    token: Option<String>,
}

/// `GET /ws/webrtc`
pub async fn upgrade(
    State(signal): State<Signal>,
    query: Result<Query<Parameters>, QueryRejection>,
    headers: HeaderMap,
    extensions: Extensions,
    socket: WebSocketUpgrade,
) -> Response {
    let address = extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let query = query.map(|Query(parameters)| parameters).unwrap_or_default();
    let token = query.token.as_deref().or_else(|| bearer_token(&headers)).unwrap_or_default();
    let limit = signal.rooms.options().limits.message_bytes + READ_BEYOND;
    let socket = socket.max_message_size(limit).max_frame_size(limit).read_buffer_size(READ_BUFFER);
    let refusal = match (signal.verify)(token) {
        Ok(bearer) if may_connect(&signal.allowed_origins, &headers) => {
            return socket.on_upgrade(move |socket| Connection::new(signal, bearer, address).run(socket));
        }
        Ok(_) => policy(&foreign(&headers)),
        Err(why) => unauthorized(&signal, address, why),
    };
    socket.on_upgrade(move |mut socket| async move { wire::close(&mut socket, &refusal).await })
}

/// Counts the failure; who failed too often learns no more than that.
fn unauthorized(signal: &Signal, address: Option<IpAddr>, why: Refusal) -> Outgoing {
    let counted = signal.attempts.failed(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), why);
    tracing::debug!(?address, refusal = %counted, "connection refused");
    policy(if counted.code == Code::RateLimited { "Too many failed attempts" } else { "Unauthorized" })
}

fn policy(reason: &str) -> Outgoing {
    Outgoing::Close { code: close::POLICY, reason: reason.to_owned() }
}

/// RFC 6750 §2.1.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
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
}
