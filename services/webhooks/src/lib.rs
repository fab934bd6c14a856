//! Tells other services what happens in rooms. In: the events of [`crosspoint_rooms::Rooms`]. Out: a POST for each, to every
//! configured address, signed like LiveKit's webhooks, so that the receivers in LiveKit's server SDKs understand them.
//!
//! Each address has a queue of its own, in order and bounded: one that does not answer delays nobody else.
//!
//! | file | what it holds |
//! |---|---|
//! | `event.rs` | the JSON |
//! | `courier.rs` | one address: its queue, its retries |
//! | `figures.rs` | how many came through |

#![forbid(unsafe_code)]

mod courier;
mod event;
mod figures;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crosspoint_auth::Keys;
use crosspoint_rooms::{RoomEvent, Rooms};
use crosspoint_telemetry::Metrics;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use courier::Courier;
pub use courier::Pace;
use event::Event;
pub use figures::Figures;

/// What webhooks are sent with.
pub struct Settings {
    /// Where to.
    pub urls: Vec<String>,
    /// Signs them.
    pub keys: Keys,
    /// With this API key.
    pub key: String,
    /// How patiently.
    pub pace: Pace,
}

/// The sender at work.
pub struct Webhooks {
    end: oneshot::Sender<()>,
    work: JoinHandle<()>,
}

impl Webhooks {
    /// Sends what happens from now on.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn start(rooms: &Rooms, settings: Settings, metrics: &Metrics) -> Result<Self, reqwest::Error> {
        let client = reqwest::Client::builder()
            .timeout(settings.pace.timeout)
            // A redirect would carry the signature to somebody else.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("crosspoint/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let figures = Arc::new(Figures::default());
        metrics.collect(figures.clone());
        let (end, ended) = oneshot::channel();
        let (stop, stopped) = watch::channel(false);
        let signer = Arc::new((settings.keys, settings.key));
        let couriers = settings.urls.into_iter().map(|url| {
            Courier::start(url, client.clone(), signer.clone(), settings.pace, figures.clone(), stopped.clone())
        });
        let couriers: Vec<Courier> = couriers.collect();
        let work = tokio::spawn(hand_out(rooms.subscribe_events(), couriers, ended, stop));
        Ok(Self { end, work })
    }

    /// Sends what has happened so far, as far as that goes within the time.
    pub async fn finish(self, within: Duration) {
        // The receiver is gone only when the work is.
        let _ = self.end.send(());
        let abort = self.work.abort_handle();
        if tokio::time::timeout(within, self.work).await.is_err() {
            abort.abort();
            tracing::warn!("some webhooks were not delivered before the end");
        }
    }
}

/// Gives each event to every courier until told to end; then waits for the couriers.
async fn hand_out(
    mut events: Receiver<RoomEvent>,
    couriers: Vec<Courier>,
    mut ended: oneshot::Receiver<()>,
    stop: watch::Sender<bool>,
) {
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            _ = &mut ended => break,
        };
        match event {
            Ok(event) => give(&event, &couriers),
            Err(RecvError::Lagged(count)) => tracing::warn!(count, "events came too fast for webhooks; they are lost"),
            Err(RecvError::Closed) => break,
        }
    }
    // Who waits for the next attempt makes it now, and makes no more.
    let _ = stop.send(true);
    for courier in couriers {
        courier.finish().await;
    }
}

fn give(event: &RoomEvent, couriers: &[Courier]) {
    match Event::of(event).and_then(|event| event.json()) {
        Ok(body) => {
            let body: Arc<[u8]> = body.into();
            couriers.iter().for_each(|courier| courier.give(body.clone()));
        }
        Err(error) => tracing::warn!(%error, "an event could not be written"),
    }
}
