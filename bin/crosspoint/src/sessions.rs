//! Sessions, in which two programs meet, with what they stand on.

use anyhow::Context;
use crosspoint_config::Config;
use crosspoint_sessions::{Sessions, Settings};
use crosspoint_store::Store;
use crosspoint_telemetry::Metrics;

/// Brings back those that are in the store.
pub async fn start(config: &Config, store: Store, metrics: &Metrics) -> anyhow::Result<Sessions> {
    let wanted = &config.sessions;
    let settings = Settings {
        open: wanted.open,
        count: wanted.count,
        candidates: wanted.candidates,
        waiting: wanted.waiting,
        per_minute: wanted.per_minute,
        unanswered: wanted.unanswered,
        idle: wanted.idle,
        lifetime: wanted.lifetime,
        sdp_bytes: config.rooms.limits.sdp_bytes,
    };
    let sessions = Sessions::start(settings, store).await.context("the sessions cannot be brought back")?;
    metrics.collect(sessions.clone());
    Ok(sessions)
}
