//! `/api/rooms` and `/api/rooms/{room}`.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::Problem;
use crosspoint_rooms::{CreateRoom, RoomDescription, RoomSummary, TrackStats, UpdateRoom};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Shared;
use crate::access::Caller;
use crate::answer::{Answer, Body, room_id};

/// Why something is ended.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Why {
    /// Shown to those it befalls.
    reason: Option<String>,
}

impl Why {
    /// The reason, or a usual one.
    pub fn or(&self, usual: &'static str) -> &str {
        self.reason.as_deref().unwrap_or(usual)
    }
}

/// Every room, by name.
#[utoipa::path(get, path = "/api/rooms", tag = "rooms", responses(
    (status = 200, body = Vec<RoomSummary>), (status = "4XX", body = Problem)))]
pub async fn list(State(desk): State<Shared>, caller: Caller) -> Answer<Json<Vec<RoomSummary>>> {
    caller.list()?;
    Ok(Json(desk.admin.rooms.list()))
}

/// Make a room.
#[utoipa::path(post, path = "/api/rooms", tag = "rooms", request_body = CreateRoom, responses(
    (status = 201, body = RoomSummary), (status = "4XX", body = Problem)))]
pub async fn create(State(desk): State<Shared>, caller: Caller, Body(wanted): Body<CreateRoom>) -> Answer<Response> {
    caller.create()?;
    let room = desk.admin.rooms.create(wanted)?;
    let location = format!("/api/rooms/{}", room.room_id.path_segment());
    let mut response = (StatusCode::CREATED, Json(room)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// One room in full.
#[utoipa::path(get, path = "/api/rooms/{room}", tag = "rooms", params(("room" = String, Path)), responses(
    (status = 200, body = RoomDescription), (status = "4XX", body = Problem)))]
pub async fn show(
    State(desk): State<Shared>,
    caller: Caller,
    Path(room): Path<String>,
) -> Answer<Json<RoomDescription>> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    Ok(Json(desk.admin.rooms.describe(&room).await?))
}

/// Change a room. What is absent stays.
#[utoipa::path(patch, path = "/api/rooms/{room}", tag = "rooms", params(("room" = String, Path)),
    request_body = UpdateRoom, responses((status = 200, body = RoomSummary), (status = "4XX", body = Problem)))]
pub async fn update(
    State(desk): State<Shared>,
    caller: Caller,
    Path(room): Path<String>,
    Body(change): Body<UpdateRoom>,
) -> Answer<Json<RoomSummary>> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    Ok(Json(desk.admin.rooms.update(&room, change)?))
}

/// Close a room: everybody in it is told and put out.
#[utoipa::path(delete, path = "/api/rooms/{room}", tag = "rooms", params(("room" = String, Path), Why), responses(
    (status = 204), (status = "4XX", body = Problem)))]
pub async fn close(
    State(desk): State<Shared>,
    caller: Caller,
    Path(room): Path<String>,
    Query(why): Query<Why>,
) -> Answer<StatusCode> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    desk.admin.rooms.close(&room, why.or("closed by an administrator"))?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is published in a room.
#[utoipa::path(get, path = "/api/rooms/{room}/tracks", tag = "rooms", params(("room" = String, Path)), responses(
    (status = 200, body = Vec<TrackStats>), (status = "4XX", body = Problem)))]
pub async fn tracks(
    State(desk): State<Shared>,
    caller: Caller,
    Path(room): Path<String>,
) -> Answer<Json<Vec<TrackStats>>> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    Ok(Json(desk.admin.rooms.describe(&room).await?.published))
}
