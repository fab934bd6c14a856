//! What keeps sessions: in memory, where they are read, and in the store, where each change is put down first.
//!
//! Whoever reads gets a session as it is just now and waits for nobody. Whoever changes one takes turns with others who change it:
//! step, store, memory, and then those who wait are told. A store that fails leaves everything as it was.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosspoint_model::{Code, Refusal};
use crosspoint_store::Store;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::Settings;
use crate::archive::Archive;
use crate::clock::Clock;
use crate::figures::{EndCause, Figures};
use crate::id::SessionId;
use crate::session::Session;
use crate::steps::{Changed, Step};
use crate::waiting::Waiting;

/// So many sessions can be changed at the same moment. More than the store puts into one transaction would be of no use.
const TURNS: usize = 256;

/// Keeps sessions.
pub struct Keeper {
    pub settings: Settings,
    pub clock: Clock,
    /// When the figures began.
    pub since: u64,
    archive: Archive,
    /// What is counted.
    pub figures: Figures,
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

impl Drop for Keeper {
    fn drop(&mut self) {
        // Whoever tidies up looks, and ends.
        self.some.notify_one();
    }
}

impl Keeper {
    /// Those of this store.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn open(settings: Settings, store: Store) -> Result<Self, Refusal> {
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
        Ok(Self {
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
        })
    }

    /// A session as it is, which is not idle from now on.
    pub fn get(&self, id: &SessionId) -> Result<Arc<Session>, Refusal> {
        let now = self.clock.now();
        let mut held = self.held();
        let held = held.get_mut(id).ok_or_else(no_session)?;
        held.touched = now;
        Ok(held.session.clone())
    }

    /// Takes a step with a session, see [`crate::Sessions::change`].
    pub async fn change<F>(&self, id: &SessionId, step: F) -> Result<(Arc<Session>, bool), Refusal>
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

    /// Looks at each, with when it was last asked for.
    pub fn each(&self, mut look: impl FnMut(&Session, u64)) {
        for held in self.held().values() {
            look(&held.session, held.touched);
        }
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

fn full() -> Refusal {
    Refusal::new(Code::ServerFull, "the server has as many sessions as it may (sessions.count); try again later")
}
