//! All sessions, as the paths see them: one is looked at, waited for, changed, ended.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::{Code, Refusal};
use crosspoint_store::Store;
use tokio::time::{Instant, timeout_at};

use crate::figures::{EndCause, Figures};
use crate::id::SessionId;
use crate::keeper::{Keeper, no_session};
use crate::session::{Session, State};
use crate::steps::Step;
use crate::waiting::Place;
use crate::{Settings, tidy};

/// All sessions. Clones are the same ones.
#[derive(Clone)]
pub struct Sessions(pub(crate) Arc<Keeper>);

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
        let keeper = Arc::new(Keeper::open(settings, store).await?);
        tokio::spawn(tidy::keep_tidy(Arc::downgrade(&keeper)));
        Ok(Self(keeper))
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
        let (keeper, id) = (self.0.clone(), id.clone());
        // On a task of its own: a client that goes away must not leave in the store what memory does not know.
        let task = tokio::spawn(async move { keeper.change(&id, step).await });
        task.await.unwrap_or_else(|error| Err(broken(&error)))
    }

    /// Ends a session, if this is so of it.
    ///
    /// # Errors
    /// `no-session`; `store-unavailable`: then it goes on.
    pub async fn delete(&self, id: &SessionId) -> Result<(), Refusal> {
        let (keeper, id) = (self.0.clone(), id.clone());
        let task = tokio::spawn(async move { keeper.end(&id, |_, _| Some(EndCause::Deleted)).await });
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
            if self.is_closed() {
                return Err(Refusal::new(Code::Draining, "the server goes down; ask again"));
            }
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

    /// The server goes down: whoever waits gets an answer.
    pub fn close(&self) {
        self.0.waiting.close();
    }

    /// Does nobody wait any more?
    pub fn is_closed(&self) -> bool {
        self.0.waiting.is_closed()
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

    /// How many are in each state, in the order in which `State` names them.
    pub fn count_by_state(&self) -> [usize; State::ALL.len()] {
        let mut counts = [0; State::ALL.len()];
        self.0.each(|session, _| counts[session.state as usize] += 1);
        counts
    }
}

fn not_ready() -> Refusal {
    Refusal::new(Code::NotReady, "the other side has not said this yet; ask again, with ?wait=30 to be told at once")
}

fn broken(error: &tokio::task::JoinError) -> Refusal {
    Refusal::new(Code::Internal, format!("the session could not be changed: {error}"))
}
