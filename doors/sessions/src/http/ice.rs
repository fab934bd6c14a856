//! `GET /api/webrtc/ice-servers`: the STUN and TURN servers that both sides give to their peer connections.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use crosspoint_auth::network;
use crosspoint_model::Problem;
use crosspoint_model::signal::IceServer;
use crosspoint_rooms::http::{Answer, Caller, Refused, address};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::visitor::{InAddress, SESSION, caller};

/// As whom somebody is told of servers who has no name: one user of the relay for each address.
const NOBODY: &str = "session";

/// Somebody who may know the servers: with any token, or without one where none is needed.
pub struct Client(String);

impl FromRequestParts<Shared> for Client {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, door: &Shared) -> Result<Self, Self::Rejection> {
        let nobody = match address(parts) {
            Some(address) => format!("{NOBODY}-{}", network(address)),
            None => NOBODY.to_owned(),
        };
        let name = match caller(parts, door).await? {
            Some(Caller::Bearer(bearer)) if !bearer.identity.is_empty() => Some(bearer.identity),
            Some(Caller::Bearer(bearer)) => bearer.attributes.get(SESSION).cloned(),
            Some(Caller::Operator) | None => None,
        };
        Ok(Self(name.unwrap_or(nobody)))
    }
}

/// The servers, as `RTCConfiguration` has them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IceServersView {
    /// `urls`, and for TURN `username` and `credential`, which have only just been made.
    #[schema(value_type = Vec<Object>)]
    ice_servers: Vec<IceServer>,
}

/// The servers for a peer connection.
#[utoipa::path(get, path = "/api/webrtc/ice-servers", tag = "sessions", params(InAddress), responses(
    (status = 200, body = IceServersView), (status = "4XX", body = Problem)))]
pub async fn list(State(door): State<Shared>, Client(name): Client) -> Answer<Json<IceServersView>> {
    Ok(Json(IceServersView { ice_servers: door.deps.ice_servers.fresh(&name) }))
}
