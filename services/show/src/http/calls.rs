//! `/api/shows/{show}/calls…`, and who is next.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use crosspoint_model::show::{CallNotes, CallView, ShowEvent};
use crosspoint_model::{Code, Problem, Refusal};
use crosspoint_rooms::http::{Answer, Body, Caller, MaybeBody, Query, Refused};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::Shared;
use super::access::actor;
use crate::machine::{Verb, Words};

/// Calls that are not over, and the last 50 that are, by when they came. For the staff.
#[utoipa::path(get, path = "/api/shows/{show}/calls", tag = "calls", params(("show" = String, Path)), responses(
    (status = 200, body = Vec<CallView>), (status = "4XX", body = Problem)))]
pub async fn list(State(deps): State<Shared>, caller: Caller, Path(show): Path<String>) -> Answer<Json<Vec<CallView>>> {
    actor(&deps.shows, &caller, &show)?.may_see()?;
    Ok(Json(deps.shows.calls(&show)?))
}

/// One call. For the staff.
#[utoipa::path(get, path = "/api/shows/{show}/calls/{call}", tag = "calls",
    params(("show" = String, Path), ("call" = String, Path)), responses(
    (status = 200, body = CallView), (status = "4XX", body = Problem)))]
pub async fn show(
    State(deps): State<Shared>,
    caller: Caller,
    Path((show, call)): Path<(String, String)>,
) -> Answer<Json<CallView>> {
    actor(&deps.shows, &caller, &show)?.may_see()?;
    Ok(Json(deps.shows.call(&show, &call)?))
}

/// From where on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct From {
    /// The number of the last event that is known already.
    #[serde(default)]
    after: u64,
}

/// Everything that happened with a call, in order: who did what, and when. For the staff.
#[utoipa::path(get, path = "/api/shows/{show}/calls/{call}/events", tag = "calls",
    params(("show" = String, Path), ("call" = String, Path), From), responses(
    (status = 200, body = Vec<ShowEvent>), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn history(
    State(deps): State<Shared>,
    caller: Caller,
    Path((show, call)): Path<(String, String)>,
    Query(from): Query<From>,
) -> Answer<Json<Vec<ShowEvent>>> {
    actor(&deps.shows, &caller, &show)?.may_see()?;
    deps.shows.show(&show)?;
    let events = deps.shows.history(&show, Some(&call), from.after).await?;
    if events.is_empty() && from.after == 0 {
        return Err(Refusal::new(Code::CallNotFound, format!("the show never had a call {call:?}")).into());
    }
    Ok(Json(events))
}

/// What goes with `drop`.
#[derive(Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Reason {
    /// Kept with the call.
    reason: Option<String>,
}

/// What goes with a verb: notes with `notes`, `approve` and `screened`; why, with `drop`; nothing with the others.
#[derive(Serialize, ToSchema)]
#[expect(dead_code, reason = "describes the bodies; they are read by verb")]
#[serde(untagged)]
enum VerbBody {
    Notes(CallNotes),
    Reason(Reason),
}

/// Do something with a call. The call afterwards.
///
/// | verb | who | |
/// |---|---|---|
/// | `pick-up` | staff | talk to the caller in private; from the live room: back to screening |
/// | `screened` | staff | back to the lobby, talked to |
/// | `approve` | staff | into the live room, to wait |
/// | `next` | host | goes on the air next |
/// | `air`, `hold` | host | on the air, off the air |
/// | `screen` | staff | back to its screener |
/// | `drop` | staff | out |
/// | `lock`, `unlock` | staff | stays on the air when the next one is taken, or not |
/// | `notes` | staff | something is noted |
/// | `hang-up` | the guest of this call, staff | over |
///
/// `drop`, `hold` and `hang-up` are carried out even when the store fails, and then answered `store-unavailable`.
#[utoipa::path(post, path = "/api/shows/{show}/calls/{call}/{verb}", tag = "calls",
    params(("show" = String, Path), ("call" = String, Path), ("verb" = String, Path)),
    request_body(content = Option<VerbBody>), responses(
    (status = 200, body = CallView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn act(
    State(deps): State<Shared>,
    caller: Caller,
    Path((show, call, verb)): Path<(String, String, String)>,
    MaybeBody(body): MaybeBody<Map<String, Value>>,
) -> Answer<Json<CallView>> {
    let actor = actor(&deps.shows, &caller, &show)?;
    let verb = Verb::parse(&verb).ok_or_else(|| unknown(&verb))?;
    let words = words(verb, body)?;
    Ok(Json(deps.shows.command(&show, &call, verb, words, &actor).await?))
}

/// The call marked next, else the one that waits longest, goes on the air. For hosts.
#[utoipa::path(post, path = "/api/shows/{show}/next", tag = "calls", params(("show" = String, Path)), responses(
    (status = 200, body = CallView), (status = "4XX", body = Problem), (status = 503, body = Problem)))]
pub async fn take_next(State(deps): State<Shared>, caller: Caller, Path(show): Path<String>) -> Answer<Json<CallView>> {
    let actor = actor(&deps.shows, &caller, &show)?;
    Ok(Json(deps.shows.take_next(&show, &actor).await?))
}

/// Who wants to be called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CallMe {
    /// In E.164: `+14155550100`.
    number: String,
}

/// Have the telephone company call a number and bring it into the show's conference as a host: the way to go on with a show when
/// this server's sound fails. It rings after this has been answered. For hosts.
#[utoipa::path(post, path = "/api/shows/{show}/call-me", tag = "calls", params(("show" = String, Path)),
    request_body = CallMe, responses(
    (status = 202), (status = "4XX", body = Problem), (status = 502, body = Problem)))]
pub async fn call_me(
    State(deps): State<Shared>,
    caller: Caller,
    Path(show): Path<String>,
    Body(request): Body<CallMe>,
) -> Answer<StatusCode> {
    let actor = actor(&deps.shows, &caller, &show)?;
    deps.shows.call_me(&show, &request.number, &actor).await?;
    Ok(StatusCode::ACCEPTED)
}

fn words(verb: Verb, body: Map<String, Value>) -> Answer<Words> {
    match verb {
        Verb::Notes | Verb::Approve | Verb::Screened => Ok(Words { notes: read(body)?, ..Words::default() }),
        Verb::Drop => Ok(Words { reason: read::<Reason>(body)?.reason, ..Words::default() }),
        _ if body.is_empty() => Ok(Words::default()),
        _ => Err(Refusal::new(Code::InvalidRequest, format!("nothing goes with {}", verb.as_str())).into()),
    }
}

fn read<T: DeserializeOwned>(body: Map<String, Value>) -> Answer<T> {
    serde_json::from_value(Value::Object(body))
        .map_err(|error| Refused(Refusal::new(Code::InvalidRequest, error.to_string())))
}

fn unknown(verb: &str) -> Refusal {
    let all: Vec<&str> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
    Refusal::new(Code::NotFound, format!("{verb:?} is nothing that is done with a call; there are {}", all.join(", ")))
}
