//! `GET /api/twilio/media-stream/health`: for monitors that know the bridge which this door takes the place of. Its fields have
//! the names that they have there.

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use crate::Door;

/// Exactly these fields.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    status: &'static str,
    /// `missing` where no provider has an account here.
    media_bridge: &'static str,
    /// `missing` where no media worker runs.
    room_manager: &'static str,
    /// Is the media plane up, and not draining? It may have no line free: calls wait in the conference then. The plane is our own;
    /// the name is older.
    janus_connected: bool,
}

/// Open to everybody.
pub async fn health(State(door): State<Door>) -> Json<Health> {
    let is_there = |is: bool| if is { "initialized" } else { "missing" };
    let rooms = &door.phone.rooms;
    Json(Health {
        status: "ok",
        media_bridge: is_there(!door.phone.carriers.is_empty()),
        room_manager: is_there(rooms.media_is_up() || rooms.is_draining()),
        janus_connected: rooms.media_is_up(),
    })
}
