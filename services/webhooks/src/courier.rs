//! One address: its queue, its retries.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_auth::{Keys, unix_now};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use reqwest::{Client, StatusCode};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::figures::Figures;

/// More events than these do not wait for one address.
const QUEUE: usize = 1000;
/// The media type of LiveKit's webhooks.
const MEDIA_TYPE: &str = "application/webhook+json";

/// How patiently webhooks are sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Attempts for each event.
    pub attempts: u32,
    /// The pause after the first failed one; each next one is twice as long.
    pub pause: Duration,
    /// How long one may take.
    pub timeout: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { attempts: 6, pause: Duration::from_millis(500), timeout: Duration::from_secs(5) }
    }
}

/// Which keys sign, and with which of them.
pub type Signer = Arc<(Keys, String)>;

/// One address.
pub struct Courier {
    queue: mpsc::Sender<Arc<[u8]>>,
    work: JoinHandle<()>,
    url: String,
    figures: Arc<Figures>,
}

impl Courier {
    pub fn start(
        url: String,
        client: Client,
        signer: Signer,
        pace: Pace,
        figures: Arc<Figures>,
        stopped: watch::Receiver<bool>,
    ) -> Self {
        let (queue, mut waiting) = mpsc::channel::<Arc<[u8]>>(QUEUE);
        let mut way = Way { url: url.clone(), client, signer, pace, figures: figures.clone(), stopped };
        let work = tokio::spawn(async move {
            while let Some(body) = waiting.recv().await {
                way.deliver(&body).await;
            }
        });
        Self { queue, work, url, figures }
    }

    /// Puts an event into the queue; a full queue loses it.
    pub fn give(&self, body: Arc<[u8]>) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(body) {
            self.figures.lost.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(url = %self.url, waiting = QUEUE, "webhooks are not taken fast enough; an event is lost");
        }
    }

    /// Delivers what is in the queue.
    pub async fn finish(self) {
        drop(self.queue);
        // It fails only if the work panicked, which the log has.
        let _ = self.work.await;
    }
}

/// How things get to one address.
struct Way {
    url: String,
    client: Client,
    signer: Signer,
    pace: Pace,
    figures: Arc<Figures>,
    stopped: watch::Receiver<bool>,
}

/// How an attempt failed.
enum Failure {
    /// Another one may succeed.
    Passing(String),
    /// Another one will fail too.
    Lasting(String),
}

impl Way {
    async fn deliver(&mut self, body: &[u8]) {
        let mut pause = self.pace.pause;
        for attempt in 1.. {
            let failure = match self.attempt(body).await {
                Ok(()) => {
                    self.figures.delivered.fetch_add(1, Ordering::Relaxed);
                    return;
                }
                Err(failure) => failure,
            };
            let is_last = attempt >= self.pace.attempts || *self.stopped.borrow();
            match failure {
                Failure::Passing(why) if !is_last => {
                    tracing::debug!(url = %self.url, attempt, why, "webhook failed; it is tried again");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        // The server goes down: try at once, for the last time.
                        _ = self.stopped.wait_for(|stopped| *stopped) => {}
                    }
                    pause *= 2;
                }
                Failure::Passing(why) | Failure::Lasting(why) => {
                    self.figures.lost.fetch_add(1, Ordering::Relaxed);
                    tracing::warn!(url = %self.url, attempt, why, "webhook not delivered");
                    return;
                }
            }
        }
    }

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
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS => Err(Failure::Passing(status.to_string())),
            _ if status.is_server_error() => Err(Failure::Passing(status.to_string())),
            _ => Err(Failure::Lasting(status.to_string())),
        }
    }
}
