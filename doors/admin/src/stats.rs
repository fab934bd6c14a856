//! `/api/stats`: the whole server in numbers.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use crosspoint_model::Problem;
use crosspoint_telemetry::Process;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Shared;
use crate::access::Caller;
use crate::answer::Answer;

/// The whole server in numbers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerStats {
    /// The server's version.
    version: &'static str,
    /// Seconds since it started.
    uptime: f64,
    /// Rooms.
    rooms: usize,
    /// Participants.
    participants: usize,
    /// WHEP viewers.
    viewers: usize,
    /// Published tracks.
    tracks: usize,
    /// Sessions whose socket is gone and that wait to be resumed.
    waiting_sessions: usize,
    /// Bits per second from participants, over the last 5 s.
    bitrate_in: f64,
    /// Bits per second to participants, over the last 5 s.
    bitrate_out: f64,
    /// Joins since the start.
    joins: u64,
    /// Sessions that were resumed since the start.
    resumes: u64,
    /// Refused joins since the start, by code.
    refusals: BTreeMap<&'static str, u64>,
    /// Does the server go down?
    draining: bool,
    /// Seconds of CPU used since the start, over all threads, kernel included.
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu_seconds: Option<f64>,
    /// Bytes of memory in use.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<u64>,
    /// The media workers, by index.
    workers: Vec<WorkerStats>,
}

/// One media worker in numbers.
#[derive(Serialize, ToSchema)]
pub struct WorkerStats {
    /// Rooms on it.
    rooms: usize,
    /// Legs on it.
    legs: usize,
}

/// The whole server in numbers.
#[utoipa::path(get, path = "/api/stats", tag = "server", responses(
    (status = 200, body = ServerStats), (status = "4XX", body = Problem)))]
pub async fn show(State(desk): State<Shared>, caller: Caller) -> Answer<Json<ServerStats>> {
    caller.list()?;
    let totals = desk.admin.rooms.totals();
    let workers = totals.workers.iter().map(|worker| WorkerStats { rooms: worker.rooms, legs: worker.legs });
    Ok(Json(ServerStats {
        version: env!("CARGO_PKG_VERSION"),
        uptime: desk.started.elapsed().as_secs_f64(),
        rooms: totals.rooms,
        participants: totals.participants,
        viewers: totals.viewers,
        tracks: totals.tracks,
        waiting_sessions: totals.waiting_sessions,
        bitrate_in: totals.bitrate_in,
        bitrate_out: totals.bitrate_out,
        joins: totals.joins,
        resumes: totals.resumes,
        draining: totals.draining,
        cpu_seconds: Process.cpu_seconds(),
        memory: Process.resident_bytes(),
        workers: workers.collect(),
        refusals: totals.refusals,
    }))
}
