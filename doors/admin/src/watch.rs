//! `/healthz`, `/readyz`, `/metrics`: for those who watch the server.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::{Code, Refusal};
use crosspoint_telemetry::Metrics;

use crate::Shared;
use crate::access::Caller;
use crate::answer::Answer;

/// Does the process work? Open to everybody.
pub async fn healthy() -> &'static str {
    "ok\n"
}

/// Does it take newcomers? Open to everybody; balancers ask it.
pub async fn ready(State(desk): State<Shared>) -> (StatusCode, &'static str) {
    if desk.admin.rooms.totals().draining {
        (StatusCode::SERVICE_UNAVAILABLE, "draining\n")
    } else {
        (StatusCode::OK, "ready\n")
    }
}

/// Figures for Prometheus.
pub async fn metrics(State(desk): State<Shared>, caller: Caller) -> Answer<Response> {
    caller.list()?;
    let text = desk.admin.metrics.encode();
    let text = text.map_err(|_| Refusal::new(Code::Internal, "the figures cannot be written"))?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(Metrics::CONTENT_TYPE))], text).into_response())
}
