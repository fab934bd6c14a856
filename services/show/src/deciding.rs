//! How a show changes: decided on a copy, kept, made known, carried out, told. One at a time in each show. What must not wait
//! for a disk is carried out first, and acknowledged once it is kept.
//!
//! Where the store fails, most commands are refused and nothing has changed. What has happened anyway (a caller hung up) and
//! what must not wait (off the air, out) is carried out all the same; the store gets it with the next change.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use crosspoint_model::show::{CallView, ShowEvent, ShowSettings, ShowView};
use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Code, Refusal};
use tokio::sync::MutexGuard;

use crate::actor::Actor;
use crate::archive::Change;
use crate::chance;
use crate::entry::{Entry, Stage, lock};
use crate::machine::{Command, Outcome, Show, Verb, make};
use crate::names;
use crate::shows::Shows;

/// So many events wait for a store that fails. Then the oldest are given up; the calls themselves are kept whole.
const MOST_UNSAVED: usize = 10_000;

/// What a decision comes to: what happened, and the show afterwards.
pub(crate) type Decided = (Outcome, Arc<Show>);

impl Shows {
    /// Decides a command, from beginning to end, also when nobody waits for it any more: what is kept is carried out.
    pub(crate) async fn decide(&self, entry: &Arc<Entry>, command: Command, actor: &Actor) -> Result<Decided, Refusal> {
        let (shows, entry, actor) = (self.clone(), Arc::clone(entry), actor.clone());
        let deciding = tokio::spawn(async move {
            let mut stage = entry.stage.lock().await;
            shows.decide_on(&entry, &mut stage, command, &actor).await
        });
        deciding.await.unwrap_or_else(|_| Err(Refusal::new(Code::Internal, "deciding this failed")))
    }

    /// The same for who has the stage already.
    pub(crate) async fn decide_on(
        &self,
        entry: &Arc<Entry>,
        stage: &mut MutexGuard<'_, Stage>,
        command: Command,
        actor: &Actor,
    ) -> Result<Decided, Refusal> {
        let before = entry.current();
        if before.view.ended_at.is_some() && !matches!(command, Command::Act { verb: Verb::Notes, .. }) {
            return Err(Refusal::new(Code::ShowNotFound, "the show has ended"));
        }
        let mut show = (*before).clone();
        let cannot_wait = cannot_wait(&command);
        let outcome = show.handle(command, actor, now_millis())?;
        if !cannot_wait {
            self.keep(stage, &show, &outcome.events).await?;
        }
        if show.view.open && !before.view.open {
            entry.opened_at.store(now_millis(), Ordering::Relaxed);
        }
        let show = entry.commit(show);
        self.log(&outcome);
        self.carry_out(entry, stage, &show, &outcome.deeds);
        self.tell(entry, &show, &outcome.events);
        // Heard at once, kept a moment later, acknowledged only then.
        let saved = if cannot_wait { self.keep(stage, &show, &outcome.events).await } else { Ok(()) };
        if saved.is_err() {
            stage.wait_for_the_store(&outcome.events);
        }
        if show.view.ended_at.is_some() {
            self.forget(entry);
        }
        saved.map(|()| (outcome, show))
    }

    /// Makes a show. Two at once cannot both have a name: the store has the last word.
    pub(crate) async fn make(
        &self,
        show: Option<String>,
        settings: ShowSettings,
        actor: &Actor,
    ) -> Result<ShowView, Refusal> {
        let id = match show {
            Some(show) => show,
            None => chance::short_id()?,
        };
        let (show, outcome) = make(&id, settings, chance::pin()?, actor, now_millis())?;
        let taken = || Refusal::new(Code::ShowExists, format!("there is a show {id:?} already"));
        let entry = Arc::new(Entry::new(show));
        let mut stage = entry.stage.lock().await;
        {
            let mut entries = self.inner.entries.write().unwrap_or_else(PoisonError::into_inner);
            if entries.contains_key(&id) {
                return Err(taken());
            }
            if lock(&self.inner.closing).contains(&id) {
                let detail = format!("the show {id:?} has just ended and is being cleared away: try again in a moment");
                return Err(Refusal::new(Code::ShowExists, detail));
            }
            entries.insert(id.clone(), Arc::clone(&entry));
        }
        let show = entry.current();
        let events = outcome.events.clone();
        if let Err(refusal) = self.inner.records.save(change(&show, &events)).await {
            self.forget(&entry);
            return Err(refusal);
        }
        self.log(&outcome);
        self.prepare_rooms(&show);
        stage.feeds.look(self, &show);
        self.tell(&entry, &show, &outcome.events);
        Ok(show.view.clone())
    }

    /// Keeps what happened, and what was not kept before.
    pub(crate) async fn keep(&self, stage: &mut Stage, show: &Show, events: &[ShowEvent]) -> Result<(), Refusal> {
        if events.is_empty() && stage.unsaved.is_empty() {
            return Ok(());
        }
        let mut all = std::mem::take(&mut stage.unsaved);
        all.extend_from_slice(events);
        let result = self.inner.records.save(change(show, &all)).await;
        if let Err(refusal) = &result {
            tracing::warn!(show = show.view.show_id, %refusal, waiting = all.len(), "what happened was not kept");
            // Only what happens all the same waits for a better time: the others are refused, and never were.
            all.truncate(all.len() - events.len());
            stage.unsaved = all;
        }
        result
    }

    /// Tells those who follow the show, in the order in which it happened.
    pub(crate) fn tell(&self, entry: &Entry, show: &Show, events: &[ShowEvent]) {
        for event in events {
            // Nobody may be listening.
            let _ = entry.events.send(Arc::new(event.clone()));
            if show.staff.is_empty() {
                continue;
            }
            let message = ServerMessage::Show { show_id: entry.id.clone(), event: Box::new(event.clone()) };
            for staff in show.staff.values() {
                if let Ok(who) = names::identity(&staff.identity) {
                    self.inner.rooms.tell(&names::room(&staff.room), &who, &message);
                }
            }
        }
    }

    fn log(&self, outcome: &Outcome) {
        for event in &outcome.events {
            match event {
                ShowEvent::Call { what, by, call, .. } => {
                    tracing::info!(show = call.show_id, call = call.call_id, by, what, "call");
                }
                ShowEvent::Show { what, by, show, .. } => tracing::info!(show = show.show_id, by, what, "show"),
                ShowEvent::Snapshot { .. } | ShowEvent::Staff { .. } | ShowEvent::Lines { .. } => {}
            }
        }
    }

    /// The show is over: its name is free.
    fn forget(&self, entry: &Entry) {
        let mut entries = self.inner.entries.write().unwrap_or_else(PoisonError::into_inner);
        let is_it = entries.get(&entry.id).is_some_and(|known| std::ptr::eq(Arc::as_ptr(known), entry));
        if is_it {
            entries.remove(&entry.id);
        }
        lock(&self.inner.tickets).forget_show(&entry.id);
    }
}

impl Stage {
    /// These have happened, and the store does not know it yet.
    fn wait_for_the_store(&mut self, events: &[ShowEvent]) {
        self.unsaved.extend_from_slice(events);
        let surplus = self.unsaved.len().saturating_sub(MOST_UNSAVED);
        self.unsaved.drain(..surplus);
    }
}

/// Off the air and out must not wait for a disk; what has happened has happened.
fn cannot_wait(command: &Command) -> bool {
    match command {
        Command::Act { verb, .. } => matches!(verb, Verb::Drop | Verb::Hold | Verb::HangUp),
        Command::Link { .. } | Command::Keyed { .. } | Command::Over { .. } | Command::Leave(_) => true,
        Command::Ring(_)
        | Command::TakeNext
        | Command::Known(_)
        | Command::Change(_)
        | Command::Open
        | Command::Close
        | Command::Switch(_)
        | Command::Finish => false,
    }
}

/// What the archive gets: events, and whatever they are about as it is now.
fn change(show: &Show, events: &[ShowEvent]) -> Change {
    let mut calls: Vec<CallView> = Vec::new();
    for event in events.iter().rev() {
        if let ShowEvent::Call { call, .. } = event
            && !calls.iter().any(|known| known.call_id == call.call_id)
        {
            calls.push(show.calls.get(&call.call_id).unwrap_or(call).clone());
        }
    }
    calls.reverse();
    let of_show = events.iter().any(|event| matches!(event, ShowEvent::Show { .. }));
    Change { show: of_show.then(|| show.view.clone()), calls, events: events.to_vec() }
}

/// Milliseconds since 1970.
pub(crate) fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
