//! Sessions, in which two programs meet, with what they stand on.

use anyhow::Context;
use crosspoint_config::Config;
use crosspoint_sessions::Sessions;
use crosspoint_store::Store;
use crosspoint_telemetry::Metrics;

/// Brings back those that are in the store.
pub async fn start(config: &Config, store: Store, metrics: &Metrics) -> anyhow::Result<Sessions> {
    let sessions = Sessions::start(config.sessions, store).await.context("the sessions cannot be brought back")?;
    metrics.collect(sessions.clone());
    Ok(sessions)
}
