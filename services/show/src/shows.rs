//! The shows of this server: what doors and pages call. Everything that changes a show goes through [`Shows::decide`], see
//! `deciding.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use crosspoint_auth::Keys;
use crosspoint_carrier::Carriers;
use crosspoint_model::show::{CallView, CallerView, ShowEvent, ShowMedia, ShowSettings, ShowView};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::{Player, Rooms};
use tokio::sync::{Semaphore, broadcast};

use crate::actor::Actor;
use crate::archive::Archive;
use crate::entry::Entry;
use crate::exchange::Exchange;
use crate::figures::Figures;
use crate::machine::{Command, Verb, Words, unknown_caller};
use crate::records::Records;
use crate::tickets::Tickets;

/// A telephone company takes so many requests at once without complaint; a show of hundreds is switched in some seconds.
pub(crate) const LEADING: usize = 10;

/// What shows are made of.
pub struct Deps {
    /// Where they take place.
    pub rooms: Rooms,
    /// What lasts of them.
    pub archive: Archive,
    /// The telephone companies.
    pub carriers: Carriers,
    /// Plays files to those who wait; none: they hear nothing where a file is wanted.
    pub player: Option<Arc<dyn Player>>,
    /// Sign tokens.
    pub keys: Keys,
    /// The one of them that signs ours.
    pub key: String,
    /// How long a seat's token and a link are good.
    pub token_lifetime: Duration,
    /// Where the world finds this server, for links.
    pub public_url: Option<String>,
}

/// The shows of this server. Clones are the same ones.
#[derive(Clone)]
pub struct Shows {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) rooms: Rooms,
    pub(crate) records: Arc<dyn Records>,
    pub(crate) exchange: Arc<dyn Exchange>,
    pub(crate) player: Option<Arc<dyn Player>>,
    pub(crate) keys: Keys,
    pub(crate) key: String,
    pub(crate) token_lifetime: Duration,
    pub(crate) public_url: Option<String>,
    pub(crate) entries: RwLock<BTreeMap<String, Arc<Entry>>>,
    pub(crate) tickets: Mutex<Tickets>,
    /// Shows that are over and whose rooms are not closed yet: their names are not free.
    pub(crate) closing: Mutex<BTreeSet<String>>,
    /// So many requests to lead calls elsewhere are under way at once.
    pub(crate) leading: Semaphore,
    /// Whoever notes something of a number has this.
    pub(crate) noting: tokio::sync::Mutex<()>,
}

impl Shows {
    /// The shows that there were, and a beginning for new ones. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// `store-unavailable` when the archive cannot be read.
    pub async fn start(deps: Deps) -> Result<Self, Refusal> {
        let Deps { rooms, archive, carriers, player, keys, key, token_lifetime, public_url } = deps;
        let inner = Inner {
            rooms,
            records: Arc::new(archive),
            exchange: Arc::new(carriers),
            player,
            keys,
            key,
            token_lifetime,
            public_url,
            entries: RwLock::default(),
            tickets: Mutex::default(),
            closing: Mutex::default(),
            leading: Semaphore::new(LEADING),
            noting: tokio::sync::Mutex::default(),
        };
        Self::start_with(inner).await
    }

    /// The shows that have not ended, by name.
    pub fn list(&self) -> Vec<ShowView> {
        self.entries().iter().map(|entry| entry.current().view.clone()).collect()
    }

    /// A show.
    ///
    /// # Errors
    /// `show-not-found`.
    pub fn show(&self, show: &str) -> Result<ShowView, Refusal> {
        Ok(self.entry(show)?.current().view.clone())
    }

    /// Makes a show, which takes calls from then on. Without a name it gets one.
    ///
    /// # Errors
    /// `forbidden`, `show-exists`, `invalid-request`, `store-unavailable`.
    pub async fn create(
        &self,
        show: Option<String>,
        settings: ShowSettings,
        actor: &Actor,
    ) -> Result<ShowView, Refusal> {
        actor.may_run_shows()?;
        self.make(show, settings, actor).await
    }

    /// Other settings, all of them.
    ///
    /// # Errors
    /// `show-not-found`, `forbidden`, `invalid-request`, `store-unavailable`.
    pub async fn change(&self, show: &str, settings: ShowSettings, actor: &Actor) -> Result<ShowView, Refusal> {
        self.direct(show, Command::Change(Box::new(settings)), actor).await
    }

    /// It takes calls from now on.
    ///
    /// # Errors
    /// `show-not-found`, `forbidden`, `store-unavailable`.
    pub async fn open(&self, show: &str, actor: &Actor) -> Result<ShowView, Refusal> {
        self.direct(show, Command::Open, actor).await
    }

    /// It takes no new calls from now on.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn close(&self, show: &str, actor: &Actor) -> Result<ShowView, Refusal> {
        self.direct(show, Command::Close, actor).await
    }

    /// Who carries the sound of its telephones from now on. Those that are connected are sent there.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn switch_media(&self, show: &str, media: ShowMedia, actor: &Actor) -> Result<ShowView, Refusal> {
        self.direct(show, Command::Switch(media), actor).await
    }

    /// It is over: calls are dropped, rooms are closed, the name is free.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn end(&self, show: &str, actor: &Actor) -> Result<ShowView, Refusal> {
        self.direct(show, Command::Finish, actor).await
    }

    /// Does something with a call; the call afterwards.
    ///
    /// # Errors
    /// `show-not-found`, `call-not-found`, `forbidden`, `call-taken`, `call-state`, `invalid-request`. `store-unavailable`: with
    /// [`Verb::Drop`], [`Verb::Hold`] and [`Verb::HangUp`] it was done all the same, else not.
    pub async fn command(
        &self,
        show: &str,
        call: &str,
        verb: Verb,
        words: Words,
        actor: &Actor,
    ) -> Result<CallView, Refusal> {
        let entry = self.entry(show)?;
        let is_unattended = verb == Verb::Screen && self.is_unattended(&entry.current(), call);
        let command = Command::Act { call: call.to_owned(), verb, words: Words { is_unattended, ..words } };
        let (_, show) = self.decide(&entry, command, actor).await?;
        show.call(call).cloned()
    }

    /// The call marked next, else the one that waits longest, goes on the air.
    ///
    /// # Errors
    /// `show-not-found`, `forbidden`, `call-state` where nobody waits, `store-unavailable`.
    pub async fn take_next(&self, show: &str, actor: &Actor) -> Result<CallView, Refusal> {
        let entry = self.entry(show)?;
        let (outcome, show) = self.decide(&entry, Command::TakeNext, actor).await?;
        show.call(outcome.call.as_deref().unwrap_or_default()).cloned()
    }

    /// Calls of a show: those that are not over, and the last 50 that are. By when they came.
    ///
    /// # Errors
    /// `show-not-found`.
    pub fn calls(&self, show: &str) -> Result<Vec<CallView>, Refusal> {
        let mut calls: Vec<CallView> = self.entry(show)?.current().calls.values().cloned().collect();
        calls.sort_by(|a, b| (a.created_at, &a.call_id).cmp(&(b.created_at, &b.call_id)));
        Ok(calls)
    }

    /// One of them.
    ///
    /// # Errors
    /// `show-not-found`, `call-not-found`.
    pub fn call(&self, show: &str, call: &str) -> Result<CallView, Refusal> {
        self.entry(show)?.current().call(call).cloned()
    }

    /// The whole state, and what happens from then on.
    ///
    /// # Errors
    /// `show-not-found`.
    pub async fn subscribe(&self, show: &str) -> Result<(ShowEvent, broadcast::Receiver<Arc<ShowEvent>>), Refusal> {
        let entry = self.entry(show)?;
        // Nothing changes meanwhile: what the snapshot holds is not told again, and nothing is missed.
        let _stage = entry.stage.lock().await;
        Ok((entry.current().snapshot(), entry.events.subscribe()))
    }

    /// What happened in a show, or with one call of it, after the event of this number.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn history(&self, show: &str, call: Option<&str>, after: u64) -> Result<Vec<ShowEvent>, Refusal> {
        self.inner.records.history(show, call, after).await
    }

    /// What is known of a number; nothing yet: a view with the number alone.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn caller(&self, number: &str) -> Result<CallerView, Refusal> {
        Ok(self.inner.records.caller(number).await?.unwrap_or_else(|| unknown_caller(number)))
    }

    /// Notes name, warning and ban of a number.
    ///
    /// # Errors
    /// `invalid-request`, `store-unavailable`.
    pub async fn save_caller(&self, caller: CallerView) -> Result<CallerView, Refusal> {
        let number = caller.number.clone();
        if !crate::machine::is_e164(&number) {
            return Err(Refusal::new(Code::InvalidRequest, "the number is written in E.164: +14155550100"));
        }
        if caller.name.len() > 200 || caller.warning.len() > 1000 {
            return Err(Refusal::new(Code::InvalidRequest, "name has at most 200 bytes, warning 1000"));
        }
        // One at a time: what is kept last is what the desks are told last.
        let _turn = self.inner.noting.lock().await;
        self.inner.records.save_caller(caller).await?;
        let known = self.caller(&number).await?;
        for entry in self.entries() {
            // It is kept already: whose calls do not show it yet do so at the next call.
            if let Err(refusal) = self.decide(&entry, Command::Known(Box::new(known.clone())), &Actor::server()).await {
                tracing::warn!(show = entry.id, %refusal, "what was noted of a number is not shown at its calls");
            }
        }
        Ok(known)
    }

    /// The shows in numbers, for metrics.
    pub fn figures(&self) -> Figures {
        crate::figures::of(self)
    }

    async fn direct(&self, show: &str, command: Command, actor: &Actor) -> Result<ShowView, Refusal> {
        let entry = self.entry(show)?;
        let (_, show) = self.decide(&entry, command, actor).await?;
        Ok(show.view.clone())
    }

    pub(crate) fn entry(&self, show: &str) -> Result<Arc<Entry>, Refusal> {
        let entries = self.inner.entries.read().unwrap_or_else(PoisonError::into_inner);
        let missing = || Refusal::new(Code::ShowNotFound, format!("there is no show {show:?}"));
        entries.get(show).cloned().ok_or_else(missing)
    }

    pub(crate) fn entries(&self) -> Vec<Arc<Entry>> {
        self.inner.entries.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
