//! One identity in one room, and the ways in which it is present: by a signalling session, or over HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{Quality, ServerMessage, close};
use crosspoint_model::{Code, Hears, Identity, Preference, Refusal, RoomId, TrackKey, UserView};
use tokio::sync::watch;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::leg::Leg;
use crate::lock::lock;
use crate::outbox::{Body, Outbox, body};
use crate::room::{Room, State};
use crate::tap::TapEnd;

/// So many offers may come at once, and so many per second in the long run.
const OFFERS: (f64, f64) = (20.0, 2.0);

/// A participant of a room.
pub(crate) struct Participant {
    pub(crate) view: UserView,
    pub(crate) bearer: Bearer,
    pub(crate) hidden: bool,
    /// A service of this house: nobody is told of it, the room does not stay open for it, no limit counts it.
    pub(crate) is_service: bool,
    /// It asked for the levels of the mix.
    pub(crate) wants_levels: bool,
    /// What comes to it unasked where nobody chose; none: what the room has for everybody.
    pub(crate) usually_hears: Option<Hears>,
    /// Talkback: whom alone it talks to.
    pub(crate) talks_to: Option<Identity>,
    /// The client resolves glare itself.
    pub(crate) perfect: bool,
    pub(crate) presence: Presence,
    pub(crate) leg: Option<Leg>,
    /// What it subscribed to; a fresh leg gets it again.
    pub(crate) subscriptions: BTreeMap<TrackKey, Preference>,
    pub(crate) quality: Quality,
    pub(crate) data: Budget,
    pub(crate) offers: Budget,
}

/// How a participant is there.
pub(crate) enum Presence {
    /// By a signalling session.
    Socket(Arc<Core>),
    /// Over HTTP: nothing can be told to it but that it is over.
    Http {
        end: Arc<End>,
        /// The room that it came for.
        home: RoomId,
    },
}

impl Presence {
    /// The room that it came for, wherever it was moved to.
    pub(crate) fn home(&self) -> &RoomId {
        match self {
            Self::Socket(core) => &core.home,
            Self::Http { home, .. } => home,
        }
    }
}

impl Participant {
    /// Tells it something reliable, now.
    pub(crate) fn tell(&self, message: &ServerMessage) {
        self.push(&body(message), None, true);
    }

    /// Answers a message of its own.
    pub(crate) fn reply(&self, message: &ServerMessage, request: Option<u64>) {
        self.push(&body(message), request, true);
    }

    pub(crate) fn push(&self, body: &Body, request: Option<u64>, wake: bool) {
        if let Presence::Socket(core) = &self.presence {
            core.outbox.push(Arc::clone(body), request, wake);
        }
    }

    /// Tells it something that may be lost.
    pub(crate) fn tell_volatile(&self, body: &Body) {
        if let Presence::Socket(core) = &self.presence {
            core.outbox.push_volatile(body.to_string());
        }
    }

    /// Is it a tap?
    pub(crate) fn is_plain(&self) -> bool {
        self.leg.as_ref().is_some_and(|leg| leg.is_plain)
    }

    pub(crate) fn is_connected(&self) -> bool {
        match &self.presence {
            Presence::Socket(core) => core.outbox.is_held(),
            Presence::Http { .. } => true,
        }
    }
}

/// A signalling session: it outlives its socket for the time in which it can be resumed, and follows its participant from
/// room to room.
pub(crate) struct Core {
    pub(crate) identity: Identity,
    /// The room that the token was for.
    pub(crate) home: RoomId,
    pub(crate) outbox: Outbox,
    /// Where the participant is.
    pub(crate) place: Mutex<Arc<Room>>,
    /// The one token that resumes it.
    pub(crate) resume: Mutex<String>,
    /// Sends it fresh tokens.
    pub(crate) refreshing: OneTask,
    /// Ends it when nobody comes back.
    pub(crate) waiting: OneTask,
}

/// A task of which there is one at a time: a new one, or the end of its holder, ends the one before.
#[derive(Default)]
pub(crate) struct OneTask(Mutex<Option<AbortHandle>>);

impl OneTask {
    pub(crate) fn set(&self, task: AbortHandle) {
        if let Some(before) = lock(&self.0).replace(task) {
            before.abort();
        }
    }

    pub(crate) fn stop(&self) {
        if let Some(task) = lock(&self.0).take() {
            task.abort();
        }
    }
}

impl Drop for OneTask {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Core {
    pub(crate) fn room(&self) -> Arc<Room> {
        Arc::clone(&lock(&self.place))
    }

    /// Acts in the room where the participant is, under its lock.
    pub(crate) fn within<R>(
        self: &Arc<Self>,
        act: impl FnOnce(&Arc<Room>, &mut State) -> Result<R, Refusal>,
    ) -> Result<R, Refusal> {
        loop {
            let room = self.room();
            let mut state = room.lock();
            if state.has_session(self) {
                return act(&room, &mut state);
            }
            drop(state);
            // Moved between the look and the lock: look again.
            if Arc::ptr_eq(&room, &self.room()) {
                return Err(Refusal::new(Code::SessionNotFound, "this session has ended"));
            }
        }
    }
}

/// For the offers of one session: each costs a negotiation on the worker.
pub(crate) fn offer_budget() -> Budget {
    let (burst, per_second) = OFFERS;
    Budget::saving(per_second, burst, Instant::now())
}

/// Tells the holder of a leg without a session that it is over.
pub(crate) struct End(watch::Sender<Option<TapEnd>>);

impl End {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// The first reason stays.
    pub(crate) fn set(&self, code: u16, reason: &str) {
        self.0.send_if_modified(|end| {
            let is_first = end.is_none();
            end.get_or_insert_with(|| TapEnd { code, reason: reason.to_owned() });
            is_first
        });
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    pub(crate) async fn wait(&self) -> TapEnd {
        let mut receiver = self.0.subscribe();
        let end = receiver.wait_for(Option::is_some).await.ok().and_then(|end| end.clone());
        // Fails only when the sender is gone, which is then the end as well.
        end.unwrap_or_else(|| TapEnd { code: close::NORMAL, reason: String::new() })
    }
}

/// What may be spent (bytes, offers, guesses): refilled all the time, saved up to a bound.
#[derive(Debug)]
pub(crate) struct Budget {
    per_second: f64,
    most: f64,
    left: f64,
    filled: Instant,
}

impl Budget {
    /// Saves up for one second.
    pub(crate) fn new(per_second: usize, now: Instant) -> Self {
        Self::saving(per_second as f64, per_second as f64, now)
    }

    /// Saves up to `most`, which is there from the beginning.
    pub(crate) fn saving(per_second: f64, most: f64, now: Instant) -> Self {
        Self { per_second, most, left: most, filled: now }
    }

    /// Is so much there?
    pub(crate) fn has(&mut self, amount: usize, now: Instant) -> bool {
        let passed: Duration = now.duration_since(self.filled);
        self.left = (self.left + passed.as_secs_f64() * self.per_second).min(self.most);
        self.filled = now;
        amount as f64 <= self.left
    }

    /// Spends so much, if it is there.
    pub(crate) fn spend(&mut self, amount: usize, now: Instant) -> bool {
        self.spend_ahead(amount, amount, now)
    }

    /// Spends `cost` if `needed` is there; what is missing is owed, and nothing can be spent until it is paid back.
    pub(crate) fn spend_ahead(&mut self, needed: usize, cost: usize, now: Instant) -> bool {
        let has = self.has(needed, now);
        if has {
            self.left -= cost as f64;
        }
        has
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_refills_over_time_and_saves_no_more_than_a_second() {
        let now = Instant::now();
        let mut budget = Budget::new(100, now);
        assert!(budget.spend(100, now) && !budget.spend(1, now));
        assert!(budget.spend(50, now + Duration::from_millis(500)));
        assert!(!budget.spend(101, now + Duration::from_secs(60)));
    }

    #[test]
    fn what_is_spent_ahead_is_paid_back_first() {
        let now = Instant::now();
        let mut budget = Budget::new(100, now);
        assert!(budget.spend_ahead(50, 300, now) && !budget.has(0, now));
        assert!(!budget.spend(1, now + Duration::from_secs(2)));
        assert!(budget.spend(50, now + Duration::from_millis(2500)));
    }
}
