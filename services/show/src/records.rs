//! What the shows want of the archive. A trait, so that a test can let the disk fail.

use crosspoint_model::Refusal;
use crosspoint_model::show::{CallerView, ShowEvent};
use crosspoint_rooms::Task;

use crate::archive::{Archive, Change, Stored};

/// What lasts.
pub(crate) trait Records: Send + Sync {
    /// See [`Archive::load`].
    fn load(&self) -> Task<'_, Result<Vec<Stored>, Refusal>>;
    /// See [`Archive::save`].
    fn save(&self, change: Change) -> Task<'_, Result<(), Refusal>>;
    /// See [`Archive::caller`].
    fn caller<'a>(&'a self, number: &'a str) -> Task<'a, Result<Option<CallerView>, Refusal>>;
    /// See [`Archive::save_caller`].
    fn save_caller(&self, caller: CallerView) -> Task<'_, Result<(), Refusal>>;
    /// See [`Archive::history`].
    fn history<'a>(
        &'a self,
        show: &'a str,
        call: Option<&'a str>,
        after: u64,
    ) -> Task<'a, Result<Vec<ShowEvent>, Refusal>>;
}

impl Records for Archive {
    fn load(&self) -> Task<'_, Result<Vec<Stored>, Refusal>> {
        Box::pin(Archive::load(self))
    }

    fn save(&self, change: Change) -> Task<'_, Result<(), Refusal>> {
        Box::pin(Archive::save(self, change))
    }

    fn caller<'a>(&'a self, number: &'a str) -> Task<'a, Result<Option<CallerView>, Refusal>> {
        Box::pin(Archive::caller(self, number))
    }

    fn save_caller(&self, caller: CallerView) -> Task<'_, Result<(), Refusal>> {
        Box::pin(Archive::save_caller(self, caller))
    }

    fn history<'a>(
        &'a self,
        show: &'a str,
        call: Option<&'a str>,
        after: u64,
    ) -> Task<'a, Result<Vec<ShowEvent>, Refusal>> {
        Box::pin(Archive::history(self, show, call, after))
    }
}
