//! `…/session/{id}/candidate`: candidates as they are found.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use crosspoint_model::{Code, Problem};
use crosspoint_rooms::http::{Answer, Body, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::visitor::{InAddress, Visitor};
use super::{Patience, Shared};
use crate::candidate::{self, Candidate};
use crate::keeper::no_session;
use crate::session::{Session, Trickled};
use crate::side::Side;

/// What became of a candidate.
#[derive(Serialize, ToSchema)]
pub struct Taken {
    /// Whose it is.
    from: Side,
    /// The revision of the offer that it belongs to.
    revision: u32,
}

/// A candidate, as `addIceCandidate` takes it, and whose it is.
#[derive(Serialize, ToSchema)]
pub struct CandidateView {
    /// Whose it is.
    pub from: Side,
    /// The candidate itself.
    #[serde(flatten)]
    pub candidate: Candidate,
}

/// Candidates.
#[derive(Serialize, ToSchema)]
pub struct CandidatesView {
    /// In the order in which they came.
    candidates: Vec<CandidateView>,
    /// What to ask for next time: `?since=`.
    next: u64,
    /// Did the other side say that there are no more? Without a role: did both?
    ended: bool,
    /// The revision of the offer that they belong to. The candidates before it are gone.
    revision: u32,
}

/// From where on.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// What the last answer had as `next`. Absent: from the beginning.
    #[serde(default)]
    since: u64,
}

/// Posts a candidate; null or an empty one says that there are no more. One that is known changes nothing.
#[utoipa::path(post, path = "/api/webrtc/session/{id}/candidate", tag = "sessions", request_body = Value,
    params(("id" = String, Path), InAddress), responses((status = 200, body = Taken), (status = "4XX", body = Problem)))]
pub async fn trickle(State(door): State<Shared>, visitor: Visitor, Body(body): Body<Value>) -> Answer<Json<Taken>> {
    let sessions = &door.deps.sessions;
    let mut posted = candidate::read(&body)?;
    posted.from = visitor.side().or(posted.from);
    let from = sessions.get(&visitor.id)?.side_of(&posted)?;
    let most = sessions.settings().candidates;
    let step = move |before: Option<&Session>, _| before.ok_or_else(no_session)?.trickle(from, posted, most);
    let (session, _) = sessions.change(&visitor.id, step).await?;
    Ok(Json(Taken { from, revision: session.revision }))
}

/// The other side's candidates; of who does not say on which side they are, those of both. With `wait`, as soon as there is one, or the
/// other side says that there are no more.
#[utoipa::path(get, path = "/api/webrtc/session/{id}/candidate", tag = "sessions",
    params(("id" = String, Path), Since, Patience, InAddress), responses(
    (status = 200, body = CandidatesView), (status = "4XX", body = Problem)))]
pub async fn list(
    State(door): State<Shared>,
    visitor: Visitor,
    Query(Since { since }): Query<Since>,
    Query(patience): Query<Patience>,
) -> Answer<Json<CandidatesView>> {
    let sessions = &door.deps.sessions;
    let of = visitor.side().map(Side::other);
    let look = |session: &Session| {
        let has_more = session.trickled(of, since).next().is_some();
        has_more.then(|| CandidatesView::of(session, of, since))
    };
    match sessions.when(&visitor.id, patience.time(), false, look).await {
        Err(refusal) if refusal.code == Code::NotReady => {
            Ok(Json(CandidatesView::of(&*sessions.get(&visitor.id)?, of, since)))
        }
        found => Ok(Json(found?)),
    }
}

impl CandidatesView {
    fn of(session: &Session, of: Option<Side>, since: u64) -> Self {
        let candidates = session.trickled(of, since).filter_map(CandidateView::of).collect();
        Self { candidates, next: session.last, ended: session.has_ended(of), revision: session.revision }
    }
}

impl CandidateView {
    /// Of one that was posted; none where it says that there are no more.
    pub fn of(trickled: &Arc<Trickled>) -> Option<Self> {
        Some(Self { from: trickled.from, candidate: trickled.candidate.clone()? })
    }
}
