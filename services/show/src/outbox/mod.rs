//! Tells other services what happens in shows, and forgets nothing of it. In: the webhooks that [`crate::archive`] put down
//! beside the events they tell of, in the same transaction. Out: a POST for each, to each address, signed like the webhooks
//! about rooms.
//!
//! Each address gets them in the order in which things happened, one after the other: one that fails is tried again for a day,
//! and those behind it wait. They survive restarts. A receiver may get one twice (the server ended between its answer and our
//! note of it), with the same `id` both times.
//!
//! | file | what it holds |
//! |---|---|
//! | `post.rs` | a webhook, and the table of those that wait |
//! | `courier.rs` | one address: its queue, its retries |
//! | `figures.rs` | how many came through |

mod courier;
mod figures;
mod post;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crosspoint_auth::Keys;
use crosspoint_model::{Code, Refusal};
use crosspoint_telemetry::Metrics;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::archive::Archive;
use courier::{Courier, Way};
pub use figures::Figures;
pub(crate) use post::{KEPT, Post, posts, put};

/// How patiently webhooks are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// The pause after the first failed attempt; each next one is twice as long.
    pub pause: Duration,
    /// The longest one.
    pub longest: Duration,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// A webhook that could not be delivered for so long is given up.
    pub give_up: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            pause: Duration::from_millis(500),
            longest: Duration::from_secs(300),
            timeout: Duration::from_secs(5),
            give_up: Duration::from_secs(24 * 3600),
        }
    }
}

/// What webhooks are signed with, and how patiently they are sent. Where to is the archive's matter
/// ([`Archive::with_webhooks`]).
#[derive(Debug)]
pub struct Settings {
    /// Signs them.
    pub keys: Keys,
    /// With this API key.
    pub key: String,
    /// How patiently.
    pub pace: Pace,
}

/// The sender at work.
#[derive(Debug)]
pub struct Outbox {
    stop: watch::Sender<bool>,
    work: Vec<JoinHandle<()>>,
}

impl Outbox {
    /// Sends what waits in the archive, and what comes from now on. What waits for addresses that the archive does not have
    /// any more is thrown away.
    ///
    /// # Errors
    /// `store-unavailable`; `internal` when the HTTP client cannot be made.
    pub async fn start(archive: &Archive, settings: Settings, metrics: &Metrics) -> Result<Self, Refusal> {
        let client = reqwest::Client::builder()
            .timeout(settings.pace.timeout)
            // A redirect would carry the signature to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("crosspoint/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| Refusal::new(Code::Internal, format!("no HTTP client for webhooks: {error}")))?;
        metrics.collect(archive.figures().clone());
        let addresses = archive.addresses().to_vec();
        let known = addresses.clone();
        let strangers = archive.store().write(move |tx| Ok(post::forget_others(tx, &known)?)).await?;
        if strangers > 0 {
            tracing::warn!(
                strangers,
                "webhooks waited for addresses that are not configured any more; they are thrown away"
            );
        }
        let (stop, stopped) = watch::channel(false);
        let signer = Arc::new((settings.keys, settings.key));
        let work = addresses.into_iter().map(|url| {
            let way = Way { url, client: client.clone(), signer: signer.clone() };
            tokio::spawn(Courier::new(archive.clone(), way, settings.pace, stopped.clone()).work())
        });
        Ok(Self { work: work.collect(), stop })
    }

    /// Ends after the attempts that are being made, or when the time is over. What waits then is sent after the next start.
    pub async fn finish(self, within: Duration) {
        let _ = self.stop.send(true);
        let deadline = tokio::time::Instant::now() + within;
        for work in self.work {
            let abort = work.abort_handle();
            if tokio::time::timeout_at(deadline, work).await.is_err() {
                abort.abort();
            }
        }
    }
}
