//! One address: its queue, its retries.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_auth::{Keys, unix_now};
use crosspoint_store::StoreError;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use tokio::sync::watch;

use super::Pace;
use super::post::{self, Waiting};
use crate::archive::Archive;

/// The media type of the webhooks about rooms.
const MEDIA_TYPE: &str = "application/webhook+json";
/// The pause after the store failed.
const STORE_PAUSE: Duration = Duration::from_secs(2);
/// The store is looked at this often even if nobody says that something is there: clocks jump.
const LOOK: Duration = Duration::from_secs(60);

/// How things get to one address.
pub struct Way {
    /// The address.
    pub url: String,
    /// Shared by all.
    pub client: Client,
    /// The keys, and which of them signs.
    pub signer: Arc<(Keys, String)>,
}

/// How an attempt failed.
enum Failure {
    /// Another one may succeed.
    Passing(String),
    /// This webhook is not wanted; others may be.
    Lasting(String),
}

/// Takes webhooks to one address.
pub struct Courier {
    archive: Archive,
    way: Way,
    pace: Pace,
    stopped: watch::Receiver<bool>,
    /// The last one that is done with. It stands in the table still if the store failed just then.
    done: Option<i64>,
}

impl Courier {
    /// For this address.
    pub fn new(archive: Archive, way: Way, pace: Pace, stopped: watch::Receiver<bool>) -> Self {
        Self { archive, way, pace, stopped, done: None }
    }

    /// Works until told to stop.
    pub async fn work(mut self) {
        let mut posted = self.archive.posted();
        while !*self.stopped.borrow() {
            // Before the table is looked at, so that what is put down after that is not overlooked.
            posted.mark_unchanged();
            let pause = match self.step().await {
                Ok(None) => continue,
                Ok(Some(pause)) => pause,
                Err(error) => {
                    tracing::warn!(url = %self.way.url, %error, "webhooks wait for the store");
                    STORE_PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                // Only who has nothing to send is interested in what is new: what has failed comes first anyway.
                Ok(()) = posted.changed(), if pause == LOOK => {}
                _ = self.stopped.wait_for(|stopped| *stopped) => {}
            }
        }
    }

    /// Sees to the first webhook that waits. Comes back with a pause, if there is one to be made.
    async fn step(&mut self) -> Result<Option<Duration>, StoreError> {
        let address = self.way.url.clone();
        let first = self.archive.store().read(move |db| Ok(post::first(db, &address)?)).await?;
        let Some(waiting) = first else { return Ok(Some(LOOK)) };
        if self.done == Some(waiting.post) {
            self.remove(waiting.post).await?;
            return Ok(None);
        }
        if let Ok(early) = u64::try_from(waiting.due_at - post::now())
            && early > 0
        {
            return Ok(Some(Duration::from_millis(early).min(self.pace.longest)));
        }
        self.deliver(&waiting).await
    }

    async fn deliver(&mut self, waiting: &Waiting) -> Result<Option<Duration>, StoreError> {
        let figures = self.archive.figures().clone();
        let url = &self.way.url;
        match self.way.attempt(waiting.body.as_bytes()).await {
            Ok(()) => {
                figures.delivered.fetch_add(1, Ordering::Relaxed);
            }
            Err(Failure::Passing(why)) if post::now() - waiting.created_at < post::milliseconds(self.pace.give_up) => {
                tracing::debug!(%url, attempts = waiting.attempts + 1, why, "webhook failed; it is tried again");
                let pause = self.pace.pause.saturating_mul(1 << waiting.attempts.min(20)).min(self.pace.longest);
                let post = waiting.post;
                self.archive.store().write(move |tx| Ok(post::postpone(tx, post, pause)?)).await?;
                return Ok(Some(pause));
            }
            Err(Failure::Passing(why) | Failure::Lasting(why)) => {
                figures.lost.fetch_add(1, Ordering::Relaxed);
                tracing::warn!(%url, attempts = waiting.attempts + 1, why, "webhook not delivered");
            }
        }
        self.done = Some(waiting.post);
        self.remove(waiting.post).await?;
        Ok(None)
    }

    async fn remove(&self, post: i64) -> Result<(), StoreError> {
        self.archive.store().write(move |tx| Ok(post::remove(tx, post)?)).await
    }
}

impl Way {
    async fn attempt(&self, body: &[u8]) -> Result<(), Failure> {
        let (keys, key) = &*self.signer;
        let signature =
            keys.sign_webhook(key, body, unix_now()).map_err(|refusal| Failure::Lasting(refusal.to_string()))?;
        let request = self.client.post(&self.url).header(CONTENT_TYPE, MEDIA_TYPE).header(AUTHORIZATION, signature);
        let sent = request.body(body.to_vec()).send().await;
        // The error's own text has the address, which may hold a password.
        let status = sent.map_err(|error| Failure::Passing(error.without_url().to_string()))?.status();
        match status {
            _ if status.is_success() => Ok(()),
            StatusCode::BAD_REQUEST
            | StatusCode::GONE
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY => Err(Failure::Lasting(status.to_string())),
            // Also 401, 403, 404: a receiver that is set up wrongly is set up rightly some day.
            _ => Err(Failure::Passing(status.to_string())),
        }
    }
}
