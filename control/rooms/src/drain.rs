//! Going down: nobody new comes in, everybody is told, and at the deadline the sockets that are left are closed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_model::signal::{ServerMessage, close};

use crate::Rooms;
use crate::departure::Ending;

/// How often it is looked whether everybody has gone.
const LOOK: Duration = Duration::from_millis(100);

impl Rooms {
    /// Takes nobody new from now on, tells everybody, and returns when all have left or the deadline has passed; the
    /// sockets that are left then are closed with 1012 and their rooms ended.
    pub async fn drain(&self, deadline: Duration) {
        self.inner.draining.store(true, Ordering::Relaxed);
        let deadline_ms = u32::try_from(deadline.as_millis()).unwrap_or(u32::MAX);
        let message = ServerMessage::Draining { deadline_ms, url: self.inner.options.drain_url.clone() };
        for room in self.inner.registry.all_rooms() {
            room.tell_all(&mut room.lock(), &message);
        }
        tracing::info!(deadline_ms, "draining");
        let _ = tokio::time::timeout(deadline, self.emptied()).await;
        let reason = "the server goes down";
        for room in self.inner.registry.all_rooms() {
            self.close_room(&room, &Ending { reason, code: close::RESTART, farewell: None, unused_since: None });
        }
    }

    /// Does the server go down?
    pub fn is_draining(&self) -> bool {
        self.inner.draining.load(Ordering::Relaxed)
    }

    /// Could somebody new be heard here? Not while the server goes down, and not without a media worker.
    pub fn media_is_up(&self) -> bool {
        !self.is_draining() && self.inner.media.workers() > 0
    }

    async fn emptied(&self) {
        while self.inner.registry.all_rooms().iter().any(|room| !room.lock().is_empty()) {
            tokio::time::sleep(LOOK).await;
        }
    }
}
