//! Rooms that mix: `…/participants/{identity}/voice`, `…/listen`, `…/talk`, and `/api/rooms/{room}/levels`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crosspoint_model::signal::Level;
use crosspoint_model::{Code, Hears, Identity, Problem, Refusal, RoomId, VoiceSettings};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::Shared;
use crate::access::Caller;
use crate::answer::{Answer, Body, identity, room_id};

/// Sets what sound comes to somebody unasked.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listen {
    /// What.
    hears: Hears,
    /// Pre-fade listen: this participant as well, on the air or not.
    #[serde(default)]
    pre_fade: Option<String>,
}

/// Talkback.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Talk {
    /// To whom alone somebody talks; null: to the room again.
    #[serde(default)]
    to: Option<String>,
}

/// How somebody's voices are treated before they are mixed.
#[utoipa::path(get, path = "/api/rooms/{room}/participants/{identity}/voice", tag = "mixing",
    params(("room" = String, Path), ("identity" = String, Path)),
    responses((status = 200, body = VoiceSettings), (status = "4XX", body = Problem)))]
pub async fn voice(
    State(desk): State<Shared>,
    caller: Caller,
    Path(names): Path<(String, String)>,
) -> Answer<Json<VoiceSettings>> {
    let (room, who) = somebody(&caller, &names)?;
    Ok(Json(desk.admin.rooms.voice(&room, &who)?))
}

/// Set how somebody's voices are treated, all of it: what is absent is as usual.
#[utoipa::path(put, path = "/api/rooms/{room}/participants/{identity}/voice", tag = "mixing",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = VoiceSettings,
    responses((status = 200, body = VoiceSettings), (status = "4XX", body = Problem)))]
pub async fn set_voice(
    State(desk): State<Shared>,
    caller: Caller,
    Path(names): Path<(String, String)>,
    Body(voice): Body<VoiceSettings>,
) -> Answer<Json<VoiceSettings>> {
    let (room, who) = somebody(&caller, &names)?;
    Ok(Json(desk.admin.rooms.change_voice(&room, &who, |_| Ok(voice))?))
}

/// Change how somebody's voices are treated (RFC 7396): what is absent stays, what is null is as usual again.
#[utoipa::path(patch, path = "/api/rooms/{room}/participants/{identity}/voice", tag = "mixing",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = VoiceSettings,
    responses((status = 200, body = VoiceSettings), (status = "4XX", body = Problem)))]
pub async fn change_voice(
    State(desk): State<Shared>,
    caller: Caller,
    Path(names): Path<(String, String)>,
    Body(change): Body<Map<String, Value>>,
) -> Answer<Json<VoiceSettings>> {
    let (room, who) = somebody(&caller, &names)?;
    Ok(Json(desk.admin.rooms.change_voice(&room, &who, |voice| merged(&voice, change))?))
}

/// Set what sound comes to somebody unasked: each voice, the mix, what those who wait are played, or nothing.
#[utoipa::path(post, path = "/api/rooms/{room}/participants/{identity}/listen", tag = "mixing",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = Listen,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn listen(
    State(desk): State<Shared>,
    caller: Caller,
    Path(names): Path<(String, String)>,
    Body(Listen { hears, pre_fade }): Body<Listen>,
) -> Answer<StatusCode> {
    let (room, who) = somebody(&caller, &names)?;
    desk.admin.rooms.listen(&room, &who, hears, pre_fade.as_deref())?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let somebody talk to one participant alone, or to the room again.
#[utoipa::path(post, path = "/api/rooms/{room}/participants/{identity}/talk", tag = "mixing",
    params(("room" = String, Path), ("identity" = String, Path)), request_body = Talk,
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn talk(
    State(desk): State<Shared>,
    caller: Caller,
    Path(names): Path<(String, String)>,
    Body(Talk { to }): Body<Talk>,
) -> Answer<StatusCode> {
    let (room, who) = somebody(&caller, &names)?;
    desk.admin.rooms.talk(&room, &who, to.as_deref())?;
    Ok(StatusCode::NO_CONTENT)
}

/// How loud voices and buses were last. Measured while somebody in the room asked for levels; else empty.
#[utoipa::path(get, path = "/api/rooms/{room}/levels", tag = "mixing", params(("room" = String, Path)), responses(
    (status = 200, body = Vec<Level>), (status = "4XX", body = Problem)))]
pub async fn levels(State(desk): State<Shared>, caller: Caller, Path(room): Path<String>) -> Answer<Json<Vec<Level>>> {
    let room = room_id(&room)?;
    caller.administer(&room)?;
    Ok(Json(desk.admin.rooms.levels(&room)?))
}

/// A participant of a room that the caller administers.
fn somebody(caller: &Caller, (room, who): &(String, String)) -> Answer<(RoomId, Identity)> {
    let room = room_id(room)?;
    caller.administer(&room)?;
    Ok((room, identity(who)?))
}

fn merged(voice: &VoiceSettings, change: Map<String, Value>) -> Result<VoiceSettings, Refusal> {
    let invalid = |error: serde_json::Error| Refusal::new(Code::InvalidRequest, error.to_string());
    let mut whole = serde_json::to_value(voice).map_err(invalid)?;
    if let Value::Object(fields) = &mut whole {
        for (name, value) in change {
            if value.is_null() {
                fields.remove(&name);
            } else {
                fields.insert(name, value);
            }
        }
    }
    serde_json::from_value(whole).map_err(invalid)
}
