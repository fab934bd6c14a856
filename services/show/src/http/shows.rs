//! `/api/shows` and `/api/shows/{show}`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::Problem;
use crosspoint_model::show::{ShowMedia, ShowSettings, ShowView};
use crosspoint_rooms::http::{Answer, Body, Caller};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Shared;
use super::access::actor;
use super::detail::{ShowDetail, detail};
use super::settings::{NewShow, changed};
use crate::Actor;

/// Who has a link must not leave it in a cache.
const NOT_KEPT: [(HeaderName, HeaderValue); 1] = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// Every show that has not ended, by name. For operators, and tokens with `roomList`, which do not see PINs.
#[utoipa::path(get, path = "/api/shows", tag = "shows", responses(
    (status = 200, body = Vec<ShowView>), (status = "4XX", body = Problem)))]
pub async fn list(State(deps): State<Shared>, caller: Caller) -> Answer<Json<Vec<ShowView>>> {
    caller.list()?;
    let mut shows = deps.shows.list();
    if caller != Caller::Operator {
        shows.iter_mut().for_each(|show| show.pin.clear());
    }
    Ok(Json(shows))
}

/// Make a show, which takes calls from then on. For operators, and tokens with `roomCreate`.
#[utoipa::path(post, path = "/api/shows", tag = "shows", request_body = NewShow, responses(
    (status = 201, body = ShowDetail), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn create(State(deps): State<Shared>, caller: Caller, Body(new): Body<NewShow>) -> Answer<Response> {
    caller.create()?;
    let operator = Actor::operator();
    let show = deps.shows.create(new.show_id, new.settings, &operator).await?;
    let location = format!("/api/shows/{}", show.show_id);
    let mut response = (StatusCode::CREATED, NOT_KEPT, Json(detail(&deps, show, &operator)?)).into_response();
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// One show. Hosts and operators see the links into it and the settings for its telephone numbers; guests do not see its PIN.
#[utoipa::path(get, path = "/api/shows/{show}", tag = "shows", params(("show" = String, Path)), responses(
    (status = 200, body = ShowDetail), (status = "4XX", body = Problem)))]
pub async fn show(State(deps): State<Shared>, caller: Caller, Path(show): Path<String>) -> Answer<Response> {
    let actor = actor(&deps.shows, &caller, &show)?;
    let show = deps.shows.show(&show)?;
    Ok((NOT_KEPT, Json(detail(&deps, show, &actor)?)).into_response())
}

/// Change settings. What is absent stays, `null` is as usual again. For hosts.
#[utoipa::path(patch, path = "/api/shows/{show}", tag = "shows", params(("show" = String, Path)), request_body = ShowSettings,
    responses((status = 200, body = ShowDetail), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn change(
    State(deps): State<Shared>,
    caller: Caller,
    Path(show): Path<String>,
    Body(change): Body<Value>,
) -> Answer<Response> {
    let actor = actor(&deps.shows, &caller, &show)?;
    actor.may_direct()?;
    let settings = changed(&deps.shows.show(&show)?.settings, change)?;
    let show = deps.shows.change(&show, settings, &actor).await?;
    Ok((NOT_KEPT, Json(detail(&deps, show, &actor)?)).into_response())
}

/// End a show: its calls are dropped, its rooms are closed, its name is free. What happened stays in the store. For hosts.
#[utoipa::path(delete, path = "/api/shows/{show}", tag = "shows", params(("show" = String, Path)), responses(
    (status = 204), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn end(State(deps): State<Shared>, caller: Caller, Path(show): Path<String>) -> Answer<StatusCode> {
    let actor = actor(&deps.shows, &caller, &show)?;
    deps.shows.end(&show, &actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take calls. For hosts.
#[utoipa::path(post, path = "/api/shows/{show}/open", tag = "shows", params(("show" = String, Path)), responses(
    (status = 200, body = ShowView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn open(State(deps): State<Shared>, caller: Caller, Path(show): Path<String>) -> Answer<Json<ShowView>> {
    let actor = actor(&deps.shows, &caller, &show)?;
    Ok(Json(deps.shows.open(&show, &actor).await?))
}

/// Take no new calls; those that are there stay. For hosts.
#[utoipa::path(post, path = "/api/shows/{show}/close", tag = "shows", params(("show" = String, Path)), responses(
    (status = 200, body = ShowView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn close(State(deps): State<Shared>, caller: Caller, Path(show): Path<String>) -> Answer<Json<ShowView>> {
    let actor = actor(&deps.shows, &caller, &show)?;
    Ok(Json(deps.shows.close(&show, &actor).await?))
}

/// Who carries the sound of the telephones.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MediaChange {
    /// This server, or the telephone company's conference.
    media: ShowMedia,
}

/// Give the telephones to this server, or to the telephone company's conference. Those that are connected are sent there. For
/// hosts.
#[utoipa::path(post, path = "/api/shows/{show}/media", tag = "shows", params(("show" = String, Path)),
    request_body = MediaChange, responses(
    (status = 200, body = ShowView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn switch_media(
    State(deps): State<Shared>,
    caller: Caller,
    Path(show): Path<String>,
    Body(change): Body<MediaChange>,
) -> Answer<Json<ShowView>> {
    let actor = actor(&deps.shows, &caller, &show)?;
    Ok(Json(deps.shows.switch_media(&show, change.media, &actor).await?))
}
