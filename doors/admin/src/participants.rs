//! `/api/rooms/{room}/participants…`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use crosspoint_model::{Code, Problem, Refusal, RoomId, Source, TrackId};
use crosspoint_rooms::ParticipantView;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Shared;
use crate::access::Caller;
use crate::answer::{Answer, Body, identity, room_id};
use crate::rooms::Why;

/// Sets somebody's mute flag.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Mute {
    /// The new state.
    muted: bool,
    /// Tracks of this source only.
    #[serde(default)]
    source: Option<Source>,
    /// This track only.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    track_id: Option<TrackId>,
}

/// Sets the room's flag on somebody's tracks: only an administrator takes it off again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// The new state.
    held: bool,
    /// Tracks of this source only.
    #[serde(default)]
    source: Option<Source>,
}

/// Moves somebody to another room.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// Where to. The room is made if there is none.
    to: String,
    /// Held on arrival? Absent: as before.
    #[serde(default)]
    muted: Option<bool>,
}

/// Who is in a room.
#[utoipa::path(get, path = "/api/rooms/{room}/participants", tag = "participants", params(("room" = String, Path)),
    responses((status = 200, body = Vec<ParticipantView>), (status = "4XX", body = Problem)))]
pub async fn list(
    State(desk): State<Shared>,
    caller: Caller,
    Path(room): Path<String>,
) -> Answer<Json<Vec<ParticipantView>>> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    Ok(Json(users(&desk, &room).await?))
}

/// One participant.
#[utoipa::path(get, path = "/api/rooms/{room}/participants/{identity}", tag = "participants",
    params(("room" = String, Path), ("identity" = String, Path)),
    responses((status = 200, body = ParticipantView), (status = "4XX", body = Problem)))]
pub async fn show(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, who)): Path<(String, String)>,
) -> Answer<Json<ParticipantView>> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    let found = users(&desk, &room).await?.into_iter().find(|user| user.user.user_id.as_str() == who);
    let missing = || Refusal::new(Code::ParticipantNotFound, format!("{who} is not in {room}"));
    Ok(Json(found.ok_or_else(missing)?))
}

/// Put somebody out, until their token expires.
#[utoipa::path(delete, path = "/api/rooms/{room}/participants/{identity}", tag = "participants",
    params(("room" = String, Path), ("identity" = String, Path), Why),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn kick(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, who)): Path<(String, String)>,
    Query(why): Query<Why>,
) -> Answer<StatusCode> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    desk.admin.rooms.kick(&room, &identity(&who)?, why.or("put out by an administrator"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mute somebody, or un-mute them.
#[utoipa::path(post, path = "/api/rooms/{room}/participants/{identity}/mute", tag = "participants",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = Mute,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn mute(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, who)): Path<(String, String)>,
    Body(Mute { muted, source, track_id }): Body<Mute>,
) -> Answer<StatusCode> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    desk.admin.rooms.mute(&room, &identity(&who)?, track_id, source, muted)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hold somebody's tracks, or let them go.
#[utoipa::path(post, path = "/api/rooms/{room}/participants/{identity}/hold", tag = "participants",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = Hold,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn hold(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, who)): Path<(String, String)>,
    Body(Hold { held, source }): Body<Hold>,
) -> Answer<StatusCode> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    desk.admin.rooms.hold(&room, &identity(&who)?, source, held)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Move somebody to another room; their connection stays. The token must administer both rooms.
#[utoipa::path(post, path = "/api/rooms/{room}/participants/{identity}/move", tag = "participants",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = Move,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn take(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, who)): Path<(String, String)>,
    Body(Move { to, muted }): Body<Move>,
) -> Answer<StatusCode> {
    let (room, to) = (room_id(&room)?, room_id(&to)?);
    caller.administer(&room)?;
    caller.administer(&to)?;
    desk.admin.rooms.move_to(&room, &identity(&who)?, &to, muted)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn users(desk: &Shared, room: &RoomId) -> Answer<Vec<ParticipantView>> {
    Ok(desk.admin.rooms.describe(room).await?.users)
}
