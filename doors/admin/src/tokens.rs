//! `POST /api/token`: a token for a room, and the invite link that carries it in its fragment, which browsers send to no
//! server. Operators get them for every room, hosts for theirs, and in `--dev`, on loopback only, whoever asks.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use crosspoint_auth::{DEV_KEY, unix_now};
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Grant, Identity, Problem, Refusal, RoomId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::access::{Anybody, Caller, is_own_host};
use crate::answer::{Answer, Body};
use crate::{Admin, Shared};

/// The token that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenRequest {
    /// The room it is for.
    room: String,
    /// Who it speaks for. Absent: a guest with a name of the server's making, another one each time.
    #[serde(default)]
    identity: Option<String>,
    /// The name that others see. Empty: whoever comes with the token chooses one.
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
    /// Seconds in which one can come in with it: at most 30 days, and a day in `--dev` without a key. Absent:
    /// `auth.token_lifetime`.
    #[serde(default)]
    ttl: Option<u64>,
}

/// A token.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The JWT.
    token: String,
    /// Who it speaks for.
    identity: String,
    /// When it ends, in seconds since 1970.
    expires: u64,
    /// The link that leads into the room with it. Absent without `http.public_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

/// Seconds that an operator's tokens live at most.
const LONGEST: u64 = 30 * 24 * 3600;
/// The same for whoever asks in `--dev`.
const LONGEST_OF_ANYBODY: u64 = 24 * 3600;
/// Who has a token must not leave it in a cache.
const NOT_KEPT: [(HeaderName, HeaderValue); 1] = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// A token for a room, and the link that carries it: for operators, for hosts of the room (`roomAdmin`), and in `--dev` for
/// whoever asks on loopback. A host's tokens end with the host's own at the latest and allow nothing that it does not.
#[utoipa::path(post, path = "/api/token", tag = "tokens", request_body = TokenRequest, responses(
    (status = 200, body = Token), (status = "4XX", body = Problem)))]
pub async fn mint(
    State(desk): State<Shared>,
    headers: HeaderMap,
    Anybody(caller): Anybody,
    Body(request): Body<TokenRequest>,
) -> Answer<([(HeaderName, HeaderValue); 1], Json<Token>)> {
    let admin = &desk.admin;
    let room = RoomId::parse(&request.room)?;
    let identity = match &request.identity {
        Some(identity) => Identity::parse(identity)?.to_string(),
        None => guest()?,
    };
    let issuer = Issuer::of(admin, caller, &headers, &room)?;
    let now = unix_now();
    let bearer = issuer.bearer(request, identity, admin, now)?;
    let token = admin.keys.mint(&bearer, now)?;
    let link = admin.public_url.as_ref().map(|url| format!("{url}/room/{}#token={token}", room.path_segment()));
    Ok((NOT_KEPT, Json(Token { token, identity: bearer.identity, expires: bearer.expires, link })))
}

/// In whose name a token is minted.
enum Issuer {
    /// The server's, with this API key.
    Operator(String),
    /// That of somebody with a token that administers the room: signed with the same API key, so that it ends with it.
    Host(Box<Bearer>),
    /// Nobody's: `--dev`.
    Anybody,
}

impl Issuer {
    fn of(admin: &Admin, caller: Option<Caller>, headers: &HeaderMap, room: &RoomId) -> Answer<Self> {
        let is_open = admin.dev_tokens && is_own_host(headers, None);
        let refused = |code, detail: &str| Err(Refusal::new(code, detail).into());
        match caller {
            Some(Caller::Operator) => match admin.keys.first() {
                Some(key) => Ok(Self::Operator(key.to_owned())),
                None => refused(Code::Forbidden, "this server has no API keys to sign tokens with: set auth.keys"),
            },
            Some(Caller::Bearer(bearer)) if bearer.grant.may_administer(room.as_str()) => Ok(Self::Host(bearer)),
            _ if is_open => Ok(Self::Anybody),
            Some(_) => refused(Code::Forbidden, "the token does not allow this; it needs roomAdmin for this room"),
            None => refused(
                Code::Forbidden,
                "this server hands out tokens to operators only: send the admin key or a token with roomAdmin, mint one \
                 with an API key, or use `crosspoint token create`",
            ),
        }
    }

    fn bearer(self, request: TokenRequest, identity: String, admin: &Admin, now: u64) -> Answer<Bearer> {
        let wanted = request.ttl.unwrap_or(admin.token_lifetime.as_secs());
        let mut grant = Grant {
            room_join: true,
            room: request.room,
            room_admin: request.admin,
            room_record: request.record,
            can_publish: request.can_publish,
            can_subscribe: request.can_subscribe,
            can_publish_data: request.can_publish_data,
            hidden: request.hidden,
            ..Grant::default()
        };
        let until = |longest: u64| now + wanted.clamp(1, longest);
        let (key, expires) = match self {
            Self::Operator(key) => (key, until(LONGEST)),
            Self::Anybody => (DEV_KEY.into(), until(LONGEST_OF_ANYBODY)),
            Self::Host(host) => {
                within(&mut grant, &host.grant)?;
                let expires = until(LONGEST).min(host.expires);
                (host.key, expires)
            }
        };
        let (name, metadata) = (request.name, request.metadata);
        Ok(Bearer { key, identity, name, metadata, grant, expires, ..Bearer::default() })
    }
}

/// Keeps what a host gives within what it has.
fn within(grant: &mut Grant, own: &Grant) -> Answer<()> {
    for (name, asked, has) in [("record", grant.room_record, own.room_record), ("hidden", grant.hidden, own.hidden)] {
        if asked && !has {
            let detail = format!("{name}: a token gives nothing that it does not allow itself");
            return Err(Refusal::new(Code::Forbidden, detail).into());
        }
    }
    for (asked, has) in [
        (&mut grant.can_publish, own.can_publish),
        (&mut grant.can_subscribe, own.can_subscribe),
        (&mut grant.can_publish_data, own.can_publish_data),
    ] {
        if has == Some(false) {
            *asked = has;
        }
    }
    grant.can_publish_sources.clone_from(&own.can_publish_sources);
    grant.can_update_own_metadata = own.can_update_own_metadata;
    Ok(())
}

/// A name that nobody else has: of two with the same identity only the later one stays in a room.
fn guest() -> Answer<String> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|_| Refusal::new(Code::Internal, "the system gives no random numbers"))?;
    Ok(bytes.iter().fold("guest-".to_owned(), |name, byte| format!("{name}{byte:02x}")))
}
