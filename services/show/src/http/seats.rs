//! `POST /api/shows/{show}/seats`: an invitation becomes a seat.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use crosspoint_model::show::ShowRole;
use crosspoint_model::{Code, Problem, Refusal};
use crosspoint_rooms::http::{Answer, Body, Caller};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Shared;
use super::access::actor;
use crate::actor::{Actor, Role};

/// Who comes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SeatRequest {
    /// The name that others see, 1 to 200 bytes.
    name: String,
    /// What a guest wants to say.
    #[serde(default)]
    topic: Option<String>,
    /// As what. Absent: as the token says; an operator comes as a host. Only hosts and operators may choose.
    #[serde(default)]
    role: Option<ShowRole>,
}

/// A place in a show.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SeatView {
    /// Opens the room, and everything here that the role may do.
    token: String,
    /// Who one is in rooms and events.
    identity: String,
    /// The room to join first.
    room: String,
    /// What one may do.
    role: ShowRole,
    /// A guest's own call.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_id: Option<String>,
}

/// Take a seat. The token of an invitation says which; a guest's call rings when the guest is in the lobby.
#[utoipa::path(post, path = "/api/shows/{show}/seats", tag = "seats", params(("show" = String, Path)),
    request_body = SeatRequest, responses(
    (status = 201, body = SeatView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn take(
    State(deps): State<Shared>,
    caller: Caller,
    Path(show): Path<String>,
    Body(request): Body<SeatRequest>,
) -> Answer<(StatusCode, [(HeaderName, HeaderValue); 1], Json<SeatView>)> {
    let role = role(&actor(&deps.shows, &caller, &show)?, request.role)?;
    let seat = deps.shows.seat(&show, role, request.name.trim(), request.topic).await?;
    let view = SeatView {
        token: seat.token,
        identity: seat.identity,
        room: seat.room,
        role: seat.role,
        call_id: seat.call_id,
    };
    let not_kept = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::CREATED, not_kept, Json(view)))
}

fn role(actor: &Actor, wanted: Option<ShowRole>) -> Answer<ShowRole> {
    let own = match actor.role {
        Role::Operator | Role::Host | Role::Server => return Ok(wanted.unwrap_or(ShowRole::Host)),
        Role::Screener => ShowRole::Screener,
        Role::Guest(_) => ShowRole::Guest,
    };
    if wanted.is_some_and(|wanted| wanted != own) {
        let detail = format!("the token is for a {}, and for no other seat", own.as_str());
        return Err(Refusal::new(Code::Forbidden, detail).into());
    }
    Ok(own)
}
