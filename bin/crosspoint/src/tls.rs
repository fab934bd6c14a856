//! HTTPS by certificate files, which are read again when they change and on SIGHUP. Connections that stand keep theirs.

use std::path::Path;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use axum_server::tls_rustls::RustlsConfig;
use crosspoint_config::TlsFiles;

use crate::signals;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// Reads the files, and again whenever they change.
pub async fn start(files: TlsFiles) -> anyhow::Result<RustlsConfig> {
    let config = RustlsConfig::from_pem_file(&files.cert, &files.key)
        .await
        .with_context(|| format!("http.tls_cert and http.tls_key ({}) cannot be used", files.cert.display()))?;
    let mut hangups = signals::hangup().context("SIGHUP cannot be listened for")?;
    let reloaded = config.clone();
    tokio::spawn(async move {
        let mut seen = changed_at(&files);
        loop {
            let asked = tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => false,
                _ = hangups.recv() => true,
            };
            let now = changed_at(&files);
            if asked || now != seen {
                seen = now;
                reload(&reloaded, &files).await;
            }
        }
    });
    Ok(config)
}

async fn reload(config: &RustlsConfig, files: &TlsFiles) {
    match config.reload_from_pem_file(&files.cert, &files.key).await {
        Ok(()) => tracing::info!(cert = %files.cert.display(), "certificate read again"),
        Err(error) => {
            tracing::warn!(%error, cert = %files.cert.display(), "the new certificate cannot be used; the old one stays")
        }
    }
}

fn changed_at(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    [modified(&files.cert), modified(&files.key)]
}
