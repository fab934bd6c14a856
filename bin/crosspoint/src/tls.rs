//! HTTPS: by certificate files, which are read again when they change and on SIGHUP, or by an ACME authority. Connections that
//! stand keep the certificate that they were shown.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use axum_server::tls_rustls::RustlsConfig;
use crosspoint_config::{Acme, Config, TlsFiles};
use rustls::InconsistentKeys;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::doctor::untimely;
use crate::signals;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// What the listener shows, if it speaks HTTPS.
pub async fn start(config: &Config) -> anyhow::Result<Option<RustlsConfig>> {
    if let Some(wanted) = &config.acme {
        return acme(wanted).map(Some);
    }
    match config.http.tls.clone() {
        Some(files) => from_files(files).await.map(Some),
        None => Ok(None),
    }
}

#[cfg(feature = "acme")]
fn acme(wanted: &Acme) -> anyhow::Result<RustlsConfig> {
    let Acme { domains, contact, cache, directory, directory_root } = wanted.clone();
    let pace = crosspoint_acme::Pace::default();
    let settings = crosspoint_acme::Settings { domains, contact, cache, directory, directory_root, pace };
    Ok(RustlsConfig::from_config(crosspoint_acme::start(settings).context("acme.cache")?))
}

#[cfg(not(feature = "acme"))]
fn acme(_: &Acme) -> anyhow::Result<RustlsConfig> {
    anyhow::bail!(
        "acme.domains is set, but this binary was built without ACME: build it with `cargo build --release -p crosspoint \
         --features acme`, or set http.tls_cert and http.tls_key"
    )
}

/// Reads the files, and again whenever they change.
async fn from_files(files: TlsFiles) -> anyhow::Result<RustlsConfig> {
    let first = fit(&files)?;
    let config = RustlsConfig::from_pem_file(&files.cert, &files.key)
        .await
        .with_context(|| format!("http.tls_cert and http.tls_key ({}) cannot be used", files.cert.display()))?;
    offer_turn(&config);
    warn_of_dates(&files, &first);
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

/// A server with a certificate that browsers refuse is better than none, if somebody knows.
fn warn_of_dates(files: &TlsFiles, first: &[u8]) {
    if let Some(trouble) = untimely(first) {
        tracing::warn!(cert = %files.cert.display(), "http.tls_cert: {trouble}");
    }
}

/// Clients of the relay may say in their hello that they are (RFC 7443), and then take no other word.
fn offer_turn(config: &RustlsConfig) {
    let mut offering = (*config.get_inner()).clone();
    offering.alpn_protocols.push(b"stun.turn".to_vec());
    config.reload_from_config(Arc::new(offering));
}

async fn reload(config: &RustlsConfig, files: &TlsFiles) {
    let taken = match fit(files) {
        Ok(first) => {
            config.reload_from_pem_file(&files.cert, &files.key).await.map(|()| first).map_err(anyhow::Error::from)
        }
        Err(error) => Err(error),
    };
    match taken {
        Ok(first) => {
            offer_turn(config);
            warn_of_dates(files, &first);
            tracing::info!(cert = %files.cert.display(), "certificate read again");
        }
        Err(error) => {
            tracing::warn!(%error, cert = %files.cert.display(), "the new certificate cannot be used; the old one stays")
        }
    }
}

/// Says in plain words what is wrong with the files; what the TLS library says of it helps nobody. Gives the first certificate of
/// the chain.
pub fn fit(files: &TlsFiles) -> anyhow::Result<CertificateDer<'static>> {
    let (cert, key) = (files.cert.display(), files.key.display());
    let chain: Vec<_> = CertificateDer::pem_file_iter(&files.cert)
        .and_then(Iterator::collect)
        .with_context(|| format!("http.tls_cert: {cert} is damaged, or no PEM file"))?;
    let first = chain.first().cloned().with_context(|| format!("http.tls_cert: {cert} contains no PEM certificate"))?;
    let private = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|_| anyhow::anyhow!("http.tls_key: {key} contains no PEM private key"))?;
    let signer = any_supported_type(&private)
        .with_context(|| format!("http.tls_key: {key} is of a kind that cannot be used"))?;
    match CertifiedKey::new(chain, signer).keys_match() {
        Err(rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch)) => {
            anyhow::bail!("http.tls_key: the key does not belong to the certificate ({key}, {cert})")
        }
        // Where it cannot be told, the TLS library decides when it takes them.
        _ => Ok(first),
    }
}

fn changed_at(files: &TlsFiles) -> [Option<SystemTime>; 2] {
    let modified = |path: &Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
    [modified(&files.cert), modified(&files.key)]
}
