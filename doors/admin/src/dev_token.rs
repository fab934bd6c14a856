//! `POST /api/token`: in `--dev`, on loopback only, tokens for whoever asks, so that the console works at once.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use crosspoint_auth::{DEV_KEY, unix_now};
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Grant, Identity, Problem, Refusal, RoomId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Shared;
use crate::access::is_own_host;
use crate::answer::{Answer, Body};

/// The token that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRequest {
    /// The room it is for.
    room: String,
    /// Who it speaks for.
    identity: String,
    /// The name that others see.
    #[serde(default)]
    name: String,
    /// Free text of the application.
    #[serde(default)]
    metadata: String,
    /// May it administer the room?
    #[serde(default)]
    admin: bool,
    /// May it record?
    #[serde(default)]
    record: bool,
    /// May it publish? Absent: yes.
    #[serde(default)]
    can_publish: Option<bool>,
    /// May it receive? Absent: yes.
    #[serde(default)]
    can_subscribe: Option<bool>,
    /// May it send data? Absent: yes.
    #[serde(default)]
    can_publish_data: Option<bool>,
    /// Are others not told of it?
    #[serde(default)]
    hidden: bool,
    /// Seconds that it lives; at most a day. Absent: as configured.
    #[serde(default)]
    ttl: Option<u64>,
}

/// A token.
#[derive(Serialize, ToSchema)]
pub struct Token {
    /// The JWT.
    token: String,
    /// When it ends, in seconds since 1970.
    expires: u64,
}

/// Seconds.
const LONGEST: u64 = 24 * 3600;

/// A token for the console. Only with `--dev`, and only while HTTP listens on loopback.
#[utoipa::path(post, path = "/api/token", tag = "dev", request_body = TokenRequest, responses(
    (status = 200, body = Token), (status = "4XX", body = Problem)))]
pub async fn mint(
    State(desk): State<Shared>,
    headers: HeaderMap,
    Body(request): Body<TokenRequest>,
) -> Answer<Json<Token>> {
    let Some(lifetime) = desk.admin.dev_tokens.filter(|_| is_own_host(&headers, None)) else {
        let detail = "this server hands out no tokens: your service mints them with an API key, or `crosspoint token create` \
                      does";
        return Err(Refusal::new(Code::Forbidden, detail).into());
    };
    RoomId::parse(&request.room)?;
    Identity::parse(&request.identity)?;
    let now = unix_now();
    let bearer = Bearer {
        key: DEV_KEY.into(),
        expires: now + request.ttl.unwrap_or(lifetime.as_secs()).clamp(1, LONGEST),
        identity: request.identity,
        name: request.name,
        metadata: request.metadata,
        grant: Grant {
            room_join: true,
            room: request.room,
            room_admin: request.admin,
            room_record: request.record,
            can_publish: request.can_publish,
            can_subscribe: request.can_subscribe,
            can_publish_data: request.can_publish_data,
            hidden: request.hidden,
            ..Grant::default()
        },
        ..Bearer::default()
    };
    let token = desk.admin.keys.mint(&bearer, now)?;
    Ok(Json(Token { token, expires: bearer.expires }))
}
