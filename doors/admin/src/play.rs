//! `/api/rooms/{room}/play…`: files into rooms. Carried out by whoever brings a [`Player`].

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::{Code, Problem, Refusal, RoomId};
use crosspoint_rooms::{PlayRequest, Player, Playing};
use tokio::task::spawn_blocking;

use crate::Shared;
use crate::access::Caller;
use crate::answer::{Answer, Body, room_id};

/// Play a file of the server's folder of sounds into a room.
#[utoipa::path(post, path = "/api/rooms/{room}/play", tag = "play", params(("room" = String, Path)),
    request_body = PlayRequest, responses((status = 201, body = Playing), (status = "4XX", body = Problem),
    (status = 501, body = Problem)))]
pub async fn begin(
    State(desk): State<Shared>,
    caller: Caller,
    Path(room): Path<String>,
    Body(wanted): Body<PlayRequest>,
) -> Answer<Response> {
    let (room, player) = stage(&desk, &caller, &room)?;
    let location = room.path_segment();
    // It reads from a disk.
    let playing = spawn_blocking(move || player.play(&room, wanted)).await;
    let playing = playing.map_err(|_| Refusal::new(Code::Internal, "playing failed"))??;
    let location = HeaderValue::from_str(&format!("/api/rooms/{location}/play/{}", playing.id));
    let mut response = (StatusCode::CREATED, Json(playing)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// How far it is.
#[utoipa::path(get, path = "/api/rooms/{room}/play/{id}", tag = "play",
    params(("room" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Playing), (status = "4XX", body = Problem)))]
pub async fn show(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, id)): Path<(String, String)>,
) -> Answer<Json<Playing>> {
    let (room, player) = stage(&desk, &caller, &room)?;
    Ok(Json(player.playing(&room, &id)?))
}

/// End it: what was not heard yet is not heard.
#[utoipa::path(delete, path = "/api/rooms/{room}/play/{id}", tag = "play",
    params(("room" = String, Path), ("id" = String, Path)),
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn end(
    State(desk): State<Shared>,
    caller: Caller,
    Path((room, id)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let (room, player) = stage(&desk, &caller, &room)?;
    player.stop(&room, &id)?;
    Ok(StatusCode::NO_CONTENT)
}

fn stage(desk: &Shared, caller: &Caller, room: &str) -> Answer<(RoomId, Arc<dyn Player>)> {
    let room = room_id(room)?;
    caller.administer(&room)?;
    let none = || Refusal::new(Code::PlayerUnavailable, "this server plays no files: set player.directory");
    Ok((room, desk.admin.player.clone().ok_or_else(none)?))
}
