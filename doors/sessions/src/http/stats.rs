//! `GET /api/webrtc/stats`: how sessions fare.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use crosspoint_model::Problem;
use crosspoint_rooms::http::{Answer, Refused};
use serde::Serialize;
use utoipa::ToSchema;

use super::Shared;
use super::visitor::{InAddress, caller};
use crate::figures::{EndCause, Times};
use crate::report::FailureCause;
use crate::session::State as Stands;

/// Somebody who may see it: who may list rooms, or anybody where no token is needed.
pub struct Watcher;

impl FromRequestParts<Shared> for Watcher {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, door: &Shared) -> Result<Self, Self::Rejection> {
        if let Some(caller) = caller(parts, door).await? {
            caller.list()?;
        }
        Ok(Self)
    }
}

/// Figures since the server started.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatsView {
    /// When that was, in milliseconds since 1970.
    since: u64,
    /// Sessions that there are, by state, and `total`.
    sessions: BTreeMap<&'static str, usize>,
    /// What happened.
    totals: Totals,
    /// The part of the offers of which something was reported that led to a connection; null: nothing was reported.
    success_rate: Option<f64>,
    /// Milliseconds from offers to answers.
    time_to_answer: Times,
    /// Milliseconds that connecting took.
    time_to_connect: Times,
    /// Connections by the kinds of their candidates, the viewer's first: `host/relay`.
    pairs: BTreeMap<String, u64>,
    /// Offers whose connection did not come about, by why.
    failures: BTreeMap<&'static str, u64>,
    /// Connections that stood and were lost, by why.
    lost: BTreeMap<&'static str, u64>,
}

/// What happened.
#[derive(Serialize, ToSchema)]
pub struct Totals {
    /// Sessions that were made.
    created: u64,
    /// Sessions that the store had when the server started.
    restored: u64,
    /// Offers that were taken.
    offers: u64,
    /// Offers that were answered.
    answered: u64,
    /// Offers whose connection came about, by the first report.
    connected: u64,
    /// Offers whose connection did not.
    failed: u64,
    /// Sessions that ended, by why.
    ended: BTreeMap<&'static str, u64>,
}

/// How sessions fare: for operators, and for tokens that may list rooms.
#[utoipa::path(get, path = "/api/webrtc/stats", tag = "sessions", params(InAddress), responses(
    (status = 200, body = StatsView), (status = "4XX", body = Problem)))]
pub async fn show(State(door): State<Shared>, _: Watcher) -> Answer<Json<StatsView>> {
    let sessions = &door.deps.sessions;
    let (tally, counts) = (sessions.figures().tally(), sessions.count_by_state());
    let mut now: BTreeMap<_, _> = Stands::ALL.map(|state| (state.as_str(), counts[state as usize])).into();
    now.insert("total", counts.iter().sum());
    let by_cause = |counts: &[u64]| FailureCause::ALL.map(|cause| (cause.as_str(), counts[cause as usize])).into();
    let pair = |pair: &crate::report::Pair| format!("{}/{}", pair.viewer.as_str(), pair.agent.as_str());
    Ok(Json(StatsView {
        since: sessions.since(),
        sessions: now,
        success_rate: tally.success_rate(),
        time_to_answer: tally.time_to_answer(),
        time_to_connect: tally.time_to_connect(),
        pairs: tally.pairs.iter().map(|(kinds, count)| (pair(kinds), *count)).collect(),
        failures: by_cause(&tally.failed),
        lost: by_cause(&tally.lost),
        totals: Totals {
            created: tally.created,
            restored: tally.restored,
            offers: tally.offers,
            answered: tally.answered,
            connected: tally.connected,
            failed: tally.failures(),
            ended: EndCause::ALL.map(|cause| (cause.as_str(), tally.ended[cause as usize])).into(),
        },
    }))
}
