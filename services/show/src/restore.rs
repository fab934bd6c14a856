//! The beginning: the shows that there were are there again.

use std::sync::{Arc, PoisonError};

use crosspoint_model::Refusal;

use crate::entry::Entry;
use crate::machine::Show;
use crate::shows::{Inner, Shows};

impl Shows {
    pub(crate) async fn start_with(inner: Inner) -> Result<Self, Refusal> {
        let shows = Self { inner: Arc::new(inner) };
        for stored in shows.inner.records.load().await? {
            let show = Show::restored(stored.show, stored.calls, stored.seq);
            let entry = Arc::new(Entry::new(show));
            shows.inner.entries.write().unwrap_or_else(PoisonError::into_inner).insert(entry.id.clone(), entry);
        }
        Ok(shows)
    }
}
