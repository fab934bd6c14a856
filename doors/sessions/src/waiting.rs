//! Those who wait at sessions, also at such as do not exist yet: an agent waits for its first offer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosspoint_model::{Code, Refusal};
use tokio::sync::Notify;

use crate::id::SessionId;

/// Who waits where.
#[derive(Debug)]
pub struct Waiting {
    /// At one session.
    most: usize,
    /// Sessions at which somebody waits.
    most_sessions: usize,
    spots: Mutex<HashMap<SessionId, Spot>>,
    /// Nobody waits any more.
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct Spot {
    told: Arc<Notify>,
    count: usize,
}

/// Somebody's place; it is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    waiting: Arc<Waiting>,
    id: SessionId,
    told: Arc<Notify>,
}

impl Waiting {
    /// Nobody, and so many at most.
    pub fn new(most: usize, most_sessions: usize) -> Self {
        Self { most, most_sessions, spots: Mutex::default(), closed: AtomicBool::new(false) }
    }

    /// Takes a place at a session.
    ///
    /// # Errors
    /// `rate-limited`: all are taken.
    pub fn enter(self: &Arc<Self>, id: &SessionId) -> Result<Place, Refusal> {
        let mut spots = self.spots();
        if !spots.contains_key(id) && spots.len() >= self.most_sessions {
            return Err(Refusal::new(Code::RateLimited, "too many wait on this server; ask without waiting meanwhile"));
        }
        let spot = spots.entry(id.clone()).or_default();
        if spot.count >= self.most {
            let detail = "too many wait at this session (sessions.waiting); ask without waiting meanwhile";
            return Err(Refusal::new(Code::RateLimited, detail));
        }
        spot.count += 1;
        Ok(Place { waiting: self.clone(), id: id.clone(), told: spot.told.clone() })
    }

    /// Something of a session changed: all who wait there look again.
    pub fn tell(&self, id: &SessionId) {
        if let Some(spot) = self.spots().get(id) {
            spot.told.notify_waiters();
        }
    }

    /// The server goes down: who waits gets an answer, and nobody waits from now on.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
        self.spots().values().for_each(|spot| spot.told.notify_waiters());
    }

    /// Does nobody wait any more?
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Does somebody wait there?
    pub fn is_at(&self, id: &SessionId) -> bool {
        self.spots().contains_key(id)
    }

    /// How many do.
    #[cfg(test)]
    pub fn count_at(&self, id: &SessionId) -> usize {
        self.spots().get(id).map_or(0, |spot| spot.count)
    }

    fn spots(&self) -> MutexGuard<'_, HashMap<SessionId, Spot>> {
        // Nothing in here panics half way through a change.
        self.spots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// What tells of the next change. Get it before looking at the session, so that nothing is missed in between.
    pub fn told(&self) -> Arc<Notify> {
        self.told.clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut spots = self.waiting.spots();
        let Some(spot) = spots.get_mut(&self.id) else { return };
        spot.count -= 1;
        if spot.count == 0 {
            spots.remove(&self.id);
        }
    }
}
