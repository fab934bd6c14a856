//! `/api/callers/{number}`: what is known of a number, over all shows.

use axum::Json;
use axum::extract::{Path, State};
use crosspoint_model::Problem;
use crosspoint_model::show::CallerView;
use crosspoint_rooms::http::{Answer, Body, Caller};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Shared;
use super::access::is_staff_somewhere;
use crate::machine::unknown_caller;

/// What is known of a number; of one that never called, the number alone. For the staff of any show.
#[utoipa::path(get, path = "/api/callers/{number}", tag = "callers", params(("number" = String, Path)), responses(
    (status = 200, body = CallerView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn show(State(deps): State<Shared>, caller: Caller, Path(number): Path<String>) -> Answer<Json<CallerView>> {
    is_staff_somewhere(&caller, &deps.shows)?;
    Ok(Json(deps.shows.caller(&number).await?))
}

/// What is noted of a number, all of it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
pub struct CallerNotes {
    /// Whose it is.
    name: String,
    /// Shown while it rings; empty: none.
    warning: String,
    /// Turn its calls away?
    banned: bool,
}

/// Note something of a number: name, warning, ban. What is absent is none. For the staff of any show.
#[utoipa::path(put, path = "/api/callers/{number}", tag = "callers", params(("number" = String, Path)),
    request_body = CallerNotes, responses(
    (status = 200, body = CallerView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn save(
    State(deps): State<Shared>,
    caller: Caller,
    Path(number): Path<String>,
    Body(CallerNotes { name, warning, banned }): Body<CallerNotes>,
) -> Answer<Json<CallerView>> {
    is_staff_somewhere(&caller, &deps.shows)?;
    let noted = CallerView { name, warning, banned, ..unknown_caller(&number) };
    Ok(Json(deps.shows.save_caller(noted).await?))
}
