//! All sessions: in memory, where they are read, and in the store, where each change is put down first.
//!
//! Whoever reads gets a session as it is just now and waits for nobody. Whoever changes one takes turns with others who change it:
//! step, store, memory, and then those who wait are told. A store that fails leaves everything as it was.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crosspoint_model::{Code, Refusal};
use crosspoint_store::Store;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::archive::Archive;
use crate::clock::Clock;
use crate::figures::{EndCause, Figures};
use crate::id::SessionId;
use crate::session::{Session, State};
use crate::steps::{Changed, Step};
use crate::waiting::{Place, Waiting};
use crate::{Settings, tidy};

/// So many sessions can be changed at the same moment. More than the store puts into one transaction would be of no use.
const TURNS: usize = 256;

/// All sessions. Clones are the same ones.
#[derive(Clone)]
pub struct Sessions(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub settings: Settings,
    pub clock: Clock,
    /// When the figures began.
    since: u64,
    archive: Archive,
    figures: Figures,
    held: Mutex<HashMap<SessionId, Held>>,
    /// One for each session that there may be.
    places: Arc<Semaphore>,
    turns: Vec<tokio::sync::Mutex<()>>,
    pub waiting: Arc<Waiting>,
    /// There are sessions, so that somebody has to tidy up.
    pub some: Arc<Notify>,
}

/// A session in memory.
struct Held {
    session: Arc<Session>,
    /// When somebody last asked for it.
    touched: u64,
    /// None: it was in the store when there may be fewer.
    _place: Option<OwnedSemaphorePermit>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // Whoever tidies up looks, and ends.
        self.some.notify_one();
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}

impl Sessions {
    /// Those of this store, and from now on they are tidied up.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn start(settings: Settings, store: Store) -> Result<Self, Refusal> {
        let archive = Archive::open(store).await?;
        let loaded = archive.load().await?;
        let clock = Clock::start();
        let places = Arc::new(Semaphore::new(settings.count.min(Semaphore::MAX_PERMITS)));
        let figures = Figures::default();
        figures.restore(loaded.len());
        // They get the time again in which nothing may be heard of them: the server was away, not they.
        let touched = clock.now();
        let held = loaded.into_iter().map(|session| {
            let place = places.clone().try_acquire_owned().ok();
            (session.id.clone(), Held { session: Arc::new(session), touched, _place: place })
        });
        let inner = Inner {
            clock,
            since: touched,
            archive,
            figures,
            held: Mutex::new(held.collect()),
            places,
            turns: (0..TURNS).map(|_| tokio::sync::Mutex::default()).collect(),
            waiting: Arc::new(Waiting::new(settings.waiting, settings.count)),
            some: Arc::default(),
            settings,
        };
        let inner = Arc::new(inner);
        inner.some.notify_one();
        tokio::spawn(tidy::keep_tidy(Arc::downgrade(&inner)));
        Ok(Self(inner))
    }

    /// A session as it is. Who asks for one keeps it from being idle.
    ///
    /// # Errors
    /// `no-session`.
    pub fn get(&self, id: &SessionId) -> Result<Arc<Session>, Refusal> {
        self.0.get(id)
    }

    /// Takes a step with a session: none is there if none is given. Says what it is then, and whether the step changed anything.
    ///
    /// # Errors
    /// Those of the step; `server-full`; `store-unavailable`: then nothing was changed.
    pub async fn change<F>(&self, id: &SessionId, step: F) -> Result<(Arc<Session>, bool), Refusal>
    where
        F: FnOnce(Option<&Session>, u64) -> Step + Send + 'static,
    {
        let (inner, id) = (self.0.clone(), id.clone());
        // On a task of its own: a client that goes away must not leave in the store what memory does not know.
        let task = tokio::spawn(async move { inner.change(&id, step).await });
        task.await.unwrap_or_else(|error| Err(broken(&error)))
    }

    /// Ends a session, if this is so of it.
    ///
    /// # Errors
    /// `no-session`; `store-unavailable`: then it goes on.
    pub async fn delete(&self, id: &SessionId) -> Result<(), Refusal> {
        let (inner, id) = (self.0.clone(), id.clone());
        let task = tokio::spawn(async move { inner.end(&id, |_, _| Some(EndCause::Deleted)).await });
        match task.await.unwrap_or_else(|error| Err(broken(&error)))? {
            Some(_) => Ok(()),
            None => Err(no_session()),
        }
    }

    /// Waits until there is something to be said of a session, up to a bound. `may_come`: also for a session that is not there yet.
    ///
    /// # Errors
    /// `no-session`, also when it ends meanwhile; `not-ready` when the time is over; `rate-limited`: too many wait.
    pub async fn when<T>(
        &self,
        id: &SessionId,
        wait: Duration,
        may_come: bool,
        look: impl Fn(&Session) -> Option<T>,
    ) -> Result<T, Refusal> {
        let attempt = || look(&*self.get(id)?).ok_or_else(not_ready);
        let is_absent = |found: &Result<T, Refusal>| matches!(found, Err(refusal) if refusal.code == Code::NoSession);
        let first = attempt();
        let mut may_come = may_come && is_absent(&first);
        if wait.is_zero() || first.is_ok() {
            return first;
        }
        let (place, deadline) = (self.enter(id)?, Instant::now() + wait);
        loop {
            let told = place.told();
            let mut told = std::pin::pin!(told.notified());
            told.as_mut().enable();
            let found = attempt();
            // Once it was there, its end is the end of waiting.
            may_come &= is_absent(&found);
            let goes_on = matches!(&found, Err(refusal) if refusal.code == Code::NotReady) || may_come;
            if !goes_on {
                return found;
            }
            if timeout_at(deadline, told).await.is_err() {
                return found;
            }
        }
    }

    /// A place among those who wait at a session.
    ///
    /// # Errors
    /// `rate-limited`.
    pub fn enter(&self, id: &SessionId) -> Result<Place, Refusal> {
        self.0.waiting.enter(id)
    }

    /// What they may.
    pub fn settings(&self) -> Settings {
        self.0.settings
    }

    /// When the figures began, in milliseconds since 1970.
    pub fn since(&self) -> u64 {
        self.0.since
    }

    /// What is counted.
    pub fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// How many are in each state, in the order of [`State::ALL`].
    pub fn count_by_state(&self) -> [usize; State::ALL.len()] {
        let mut counts = [0; State::ALL.len()];
        for held in self.0.held().values() {
            counts[held.session.state as usize] += 1;
        }
        counts
    }
}

impl Inner {
    fn get(&self, id: &SessionId) -> Result<Arc<Session>, Refusal> {
        let now = self.clock.now();
        let mut held = self.held();
        let held = held.get_mut(id).ok_or_else(no_session)?;
        held.touched = now;
        Ok(held.session.clone())
    }

    async fn change<F>(&self, id: &SessionId, step: F) -> Result<(Arc<Session>, bool), Refusal>
    where
        F: FnOnce(Option<&Session>, u64) -> Step,
    {
        let _turn = self.turn(id).lock().await;
        let before = self.get(id).ok();
        let Some(changed) = step(before.as_deref(), self.clock.now())? else {
            return before.map(|session| (session, false)).ok_or_else(no_session);
        };
        let place = match &before {
            Some(_) => None,
            None => Some(self.places.clone().try_acquire_owned().map_err(|_| full())?),
        };
        self.archive.put(&changed).await?;
        let Changed { session, facts, .. } = changed;
        let session = Arc::new(session);
        self.figures.count(&facts);
        self.hold(session.clone(), place);
        self.waiting.tell(id);
        Ok((session, true))
    }

    /// Ends a session if there is a cause, by what it is and when it was last asked for. None: there is no such session or no cause.
    pub async fn end<F>(&self, id: &SessionId, cause: F) -> Result<Option<EndCause>, Refusal>
    where
        F: FnOnce(&Session, u64) -> Option<EndCause>,
    {
        let _turn = self.turn(id).lock().await;
        let found = self.held().get(id).map(|held| (held.session.clone(), held.touched));
        let Some(cause) = found.and_then(|(session, touched)| cause(&session, touched)) else { return Ok(None) };
        self.archive.remove(id).await?;
        self.held().remove(id);
        self.figures.end(cause);
        self.waiting.tell(id);
        tracing::info!(session = %id, cause = cause.as_str(), "session ended");
        Ok(Some(cause))
    }

    /// The names of those of which this is so, by what they are and when they were last asked for.
    pub fn which(&self, is_so: impl Fn(&Session, u64) -> bool) -> Vec<SessionId> {
        let held = self.held();
        let chosen = held.iter().filter(|(_, held)| is_so(&held.session, held.touched));
        chosen.map(|(id, _)| id.clone()).collect()
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.held().is_empty()
    }

    fn hold(&self, session: Arc<Session>, place: Option<OwnedSemaphorePermit>) {
        let now = self.clock.now();
        let mut held = self.held();
        if let Some(held) = held.get_mut(&session.id) {
            (held.session, held.touched) = (session, now);
            return;
        }
        tracing::info!(session = %session.id, "session made");
        held.insert(session.id.clone(), Held { session, touched: now, _place: place });
        self.some.notify_one();
    }

    fn turn(&self, id: &SessionId) -> &tokio::sync::Mutex<()> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let index = usize::try_from(hasher.finish() % TURNS as u64).unwrap_or(0);
        &self.turns[index]
    }

    fn held(&self) -> MutexGuard<'_, HashMap<SessionId, Held>> {
        // Nothing in here panics half way through a change.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The refusal of who asks for what is not there.
pub fn no_session() -> Refusal {
    Refusal::new(Code::NoSession, "there is no such session, or it has ended; a session begins with its first offer")
}

fn not_ready() -> Refusal {
    Refusal::new(Code::NotReady, "the other side has not said this yet; ask again, with ?wait=30 to be told at once")
}

fn full() -> Refusal {
    Refusal::new(Code::ServerFull, "the server has as many sessions as it may (sessions.count); try again later")
}

fn broken(error: &tokio::task::JoinError) -> Refusal {
    Refusal::new(Code::Internal, format!("the session could not be changed: {error}"))
}
