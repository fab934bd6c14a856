//! When a certificate is ordered: when there is none for the names, or when the one there is has lived two thirds of its time.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cabinet::Cabinet;
use crate::certificate::Certificate;
use crate::window::Window;
use crate::{AcmeError, Settings, order};

/// After many failures it is still tried so often.
const LONGEST_RETRY: Duration = Duration::from_secs(6 * 3600);

/// Keeps the certificate fresh.
pub(crate) struct Keeper {
    settings: Settings,
    cabinet: Cabinet,
    window: Arc<Window>,
    certificate: Option<Certificate>,
}

impl Keeper {
    pub fn new(settings: Settings, cabinet: Cabinet, window: Arc<Window>) -> Self {
        Self { settings, cabinet, window, certificate: None }
    }

    /// Shows the certificate of the last time, if it is of use.
    pub fn take_from_cabinet(&mut self) {
        let Some(pems) = self.cabinet.certificate(&self.settings.directory) else { return };
        match Certificate::read(&pems) {
            Ok(certificate) if certificate.covers(&self.settings.domains) && !certificate.has_ended(now()) => {
                self.show(certificate);
            }
            Ok(_) => tracing::info!("the kept certificate has ended or is for other names"),
            Err(error) => tracing::warn!(%error, "the kept certificate is made anew"),
        }
    }

    /// Looks, and orders, for ever.
    pub async fn run(mut self) {
        let mut retry = self.settings.pace.retry;
        loop {
            if self.certificate.as_ref().is_some_and(|certificate| !certificate.is_due(now())) {
                tokio::time::sleep(self.settings.pace.look).await;
                continue;
            }
            let domains = self.settings.domains.join(", ");
            match self.renew().await {
                Ok(()) => {
                    tracing::info!(domains, "a new certificate is shown");
                    retry = self.settings.pace.retry;
                    tokio::time::sleep(self.settings.pace.look).await;
                }
                Err(error) => {
                    tracing::warn!(%error, domains, again_in = ?retry, "no certificate could be had");
                    tokio::time::sleep(retry).await;
                    retry = (retry * 2).min(LONGEST_RETRY);
                }
            }
        }
    }

    async fn renew(&mut self) -> Result<(), AcmeError> {
        let ordered = order::certificate(&self.settings, &self.cabinet, &self.window).await;
        self.window.forget_proofs();
        let pems = ordered?;
        let certificate = Certificate::read(&pems)?;
        // It is shown even where it cannot be kept: then the next start orders another.
        self.show(certificate);
        self.cabinet.keep_certificate(&self.settings.directory, pems)
    }

    fn show(&mut self, certificate: Certificate) {
        self.window.show(certificate.certified.clone());
        self.certificate = Some(certificate);
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
