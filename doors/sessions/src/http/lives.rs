//! `…/session/{id}`: shown and ended; `…/state`: what became of it, as a side reports.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use crosspoint_model::Problem;
use crosspoint_rooms::http::{Answer, Body};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::visitor::{InAddress, Visitor};
use crate::clock::millis;
use crate::id::SessionId;
use crate::keeper::no_session;
use crate::report::{Failure, Pair, ReportBody};
use crate::session::{Session, State as Stands};
use crate::sessions::Sessions;
use crate::side::Side;

/// A session. Times are milliseconds since 1970.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionView {
    /// Its name.
    #[schema(value_type = String)]
    id: SessionId,
    /// Where it stands.
    state: Stands,
    /// Since when.
    state_since: u64,
    /// How many offers it has had.
    revision: u32,
    /// When it was made.
    created_at: u64,
    /// When the current offer came.
    offered_at: u64,
    /// When it was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answered_at: Option<u64>,
    /// When the session ends at the latest.
    expires_at: u64,
    /// Candidates of each side for the current offer.
    candidates: Candidates,
    /// The kinds of the candidates over which it is connected, where a side reported them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pair: Option<Pair>,
    /// Milliseconds that it took to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    connect_ms: Option<u64>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
}

/// Candidates of each side.
#[derive(Serialize, ToSchema)]
struct Candidates {
    viewer: usize,
    agent: usize,
}

/// Where a session stands and since when.
#[utoipa::path(get, path = "/api/webrtc/session/{id}", tag = "sessions", params(("id" = String, Path), InAddress), responses(
    (status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub async fn show(State(door): State<Shared>, visitor: Visitor) -> Answer<Json<SessionView>> {
    let sessions = &door.deps.sessions;
    Ok(Json(SessionView::of(&*sessions.get(&visitor.id)?, sessions)))
}

/// Ends a session. Whoever waits at it hears so.
#[utoipa::path(delete, path = "/api/webrtc/session/{id}", tag = "sessions", params(("id" = String, Path), InAddress), responses(
    (status = 204), (status = "4XX", body = Problem)))]
pub async fn delete(State(door): State<Shared>, visitor: Visitor) -> Answer<StatusCode> {
    door.deps.sessions.delete(&visitor.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A side reports that it is connected, over which kinds of candidates and after how long, or why it is not. It may do so again; the
/// first report for an offer is the one that counts in the figures.
#[utoipa::path(post, path = "/api/webrtc/session/{id}/state", tag = "sessions", request_body = ReportBody,
    params(("id" = String, Path), InAddress), responses((status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub async fn report(
    State(door): State<Shared>,
    visitor: Visitor,
    Body(body): Body<ReportBody>,
) -> Answer<Json<SessionView>> {
    let sessions = &door.deps.sessions;
    let (revision, side) = (body.revision, visitor.side().or(body.from()?));
    let report = body.read(side);
    let step = move |before: Option<&Session>, now| before.ok_or_else(no_session)?.report(report, revision, now);
    let (session, _) = sessions.change(&visitor.id, step).await?;
    Ok(Json(SessionView::of(&session, sessions)))
}

impl SessionView {
    /// Of this one.
    pub fn of(session: &Session, sessions: &Sessions) -> Self {
        let of = |side| session.trickled(Some(side), 0).filter(|trickled| trickled.candidate.is_some()).count();
        Self {
            id: session.id.clone(),
            state: session.state,
            state_since: session.state_since,
            revision: session.revision,
            created_at: session.created_at,
            offered_at: session.offer.at,
            answered_at: session.answer.as_ref().map(|answer| answer.at),
            expires_at: session.created_at.saturating_add(millis(sessions.settings().lifetime)),
            candidates: Candidates { viewer: of(Side::Offering), agent: of(Side::Answering) },
            pair: session.pair,
            connect_ms: session.connect_ms,
            failure: session.failure.clone(),
        }
    }
}
