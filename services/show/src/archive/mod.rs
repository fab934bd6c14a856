//! What lasts of shows: themselves, their calls, their events, what is known of callers. In: a [`Change`] for each transition,
//! before it is acknowledged. Out: everything, when a server starts; histories, when somebody asks.
//!
//! A change is one transaction: the show, its calls, the events, the history of the caller and the webhooks that tell of it
//! are all there, or nothing is. The documents are JSON, as the staff's desk gets them; what is searched for has a column.
//!
//! | file | what it holds |
//! |---|---|
//! | `tables.rs` | the tables, and their steps in `migrations/` |
//! | `save.rs` | changes |
//! | `load.rs` | what is read |

mod load;
mod save;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crosspoint_model::show::{CallView, CallerView, ShowEvent, ShowView};
use crosspoint_model::{Code, Refusal};
use crosspoint_store::Store;
use tokio::sync::watch;

use crate::outbox::{Figures, KEPT};

/// How many calls that are over a show is loaded with.
pub const PAST_CALLS: u32 = 50;

/// What one transition changed.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// The show, where something of it changed. A show must be there before its calls and events are.
    pub show: Option<ShowView>,
    /// Its calls that changed, as they are now.
    pub calls: Vec<CallView>,
    /// What happened, of the kinds that are kept ([`ShowEvent::Call`], [`ShowEvent::Show`]); others are left out.
    pub events: Vec<ShowEvent>,
}

/// A show as it was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The show.
    pub show: ShowView,
    /// Its calls that are not over, and the last [`PAST_CALLS`] that are; by when they came.
    pub calls: Vec<CallView>,
    /// The number of its last event; 0: none.
    pub seq: u64,
    /// When it was opened last, if it was ever closed.
    pub opened_at: Option<u64>,
}

/// The archive. Clones are the same one.
#[derive(Clone, Debug)]
pub struct Archive {
    store: Store,
    /// Where webhooks go.
    addresses: Arc<[String]>,
    /// There are new webhooks.
    posted: Arc<watch::Sender<()>>,
    figures: Arc<Figures>,
}

impl Archive {
    /// The archive in this store, whose tables are made or brought up to date.
    ///
    /// # Errors
    /// `store-unavailable`: the store is that of a newer program, or cannot be written to.
    pub async fn open(store: Store) -> Result<Self, Refusal> {
        store.migrate(tables::PART, tables::STEPS).await?;
        Ok(Self { store, addresses: Arc::default(), posted: Arc::default(), figures: Arc::default() })
    }

    /// The same, with webhooks for what happens to these addresses; [`crate::outbox::Outbox`] sends them.
    #[must_use]
    pub fn with_webhooks(mut self, addresses: Vec<String>) -> Self {
        self.addresses = addresses.into();
        self
    }

    /// Every show that has not ended, by name.
    ///
    /// # Errors
    /// `store-unavailable`, also when a document cannot be read.
    pub async fn load(&self) -> Result<Vec<Stored>, Refusal> {
        self.store.read(|db| Ok(load::shows(db)?)).await?.into_iter().map(load::Rows::read).collect()
    }

    /// Keeps a change. When this comes back, it is on the disk.
    ///
    /// A show of a name that an ended one had is another show: what was kept of that one gets the name `{showId}@{createdAt}`.
    ///
    /// # Errors
    /// `store-unavailable`: nothing was kept. `show-exists`: a show of this name that was made at another time goes on.
    pub async fn save(&self, change: Change) -> Result<(), Refusal> {
        let rows = save::Rows::of(&change, &self.addresses)?;
        let posts = rows.has_posts();
        let Some(dropped) = self.store.write(move |tx| rows.write(tx)).await? else {
            return Err(Refusal::new(
                Code::ShowExists,
                "the store has a show of this name already; choose another name",
            ));
        };
        if dropped > 0 {
            self.figures.lost.fetch_add(dropped as u64, Ordering::Relaxed);
            tracing::warn!(dropped, kept = KEPT, "too many webhooks wait; the oldest are thrown away");
        }
        if posts {
            self.posted.send_replace(());
        }
        Ok(())
    }

    /// What is known of a number, in E.164.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn caller(&self, number: &str) -> Result<Option<CallerView>, Refusal> {
        let number = number.to_owned();
        Ok(self.store.read(move |db| Ok(load::caller(db, &number)?)).await?)
    }

    /// Keeps name, warning and ban of a number. The counts of its calls are kept by [`Archive::save`] alone.
    ///
    /// # Errors
    /// `store-unavailable`.
    pub async fn save_caller(&self, caller: CallerView) -> Result<(), Refusal> {
        Ok(self.store.write(move |tx| Ok(save::caller(tx, &caller)?)).await?)
    }

    /// The events of a show with a number higher than this one, of one call where it is named, in order.
    ///
    /// # Errors
    /// `store-unavailable`, also when a document cannot be read.
    pub async fn history(&self, show: &str, call: Option<&str>, after_seq: u64) -> Result<Vec<ShowEvent>, Refusal> {
        let (show, call) = (show.to_owned(), call.map(str::to_owned));
        let rows = self.store.read(move |db| Ok(load::events(db, &show, call.as_deref(), after_seq)?)).await?;
        rows.iter().map(|row| load::document(row)).collect()
    }

    /// The store itself, for the outbox.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// Where webhooks go.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// How many webhooks came through.
    pub(crate) fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// Changes whenever there are new webhooks.
    pub(crate) fn posted(&self) -> watch::Receiver<()> {
        self.posted.subscribe()
    }
}
