//! The beginning: the shows that there were are there again, and wait for whoever was in them.
//!
//! Telephones have fallen into the conference when the server went, or have hung up: each is asked anew where it goes, and the
//! answer leads it back to its place. Browsers come back by themselves: their tokens are for the lobby, and who belongs
//! elsewhere is expected there.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use crosspoint_carrier::Trouble;
use crosspoint_model::show::{CallLink, CallState, CallView, ConnectionType, ShowMedia};
use crosspoint_model::{Code, Refusal};
use tokio::sync::MutexGuard;
use tokio::time::{Instant, sleep};

use crate::actor::{Actor, Claim};
use crate::entry::{Entry, Stage};
use crate::machine::{Command, Show};
use crate::names::{desk_room, live_room, screening_room};
use crate::shows::{Inner, Shows};
use crate::telephones::{reference, wait_before};
use crate::{following, names, ticking};

/// So long screeners have to come back to whom they talked to.
const SCREENERS: Duration = Duration::from_secs(60);
/// So often a call is asked back, with growing pauses: a minute altogether.
const ATTEMPTS: u32 = 7;

impl Shows {
    pub(crate) async fn start_with(inner: Inner) -> Result<Self, Refusal> {
        let shows = Self { inner: Arc::new(inner) };
        // Before anybody can come in.
        let events = shows.inner.rooms.subscribe_events();
        for stored in shows.inner.records.load().await? {
            let show = Show::restored(stored.show, stored.calls, stored.seq);
            let entry = Arc::new(Entry::new(show));
            if let Some(opened_at) = stored.opened_at {
                entry.opened_at.store(opened_at, Ordering::Relaxed);
            }
            let id = entry.id.clone();
            shows.inner.entries.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(&entry));
            let mut stage = entry.stage.lock().await;
            shows.restore(&entry, &mut stage).await;
        }
        shows.object_to_older_seats();
        tokio::spawn(following::follow(Arc::downgrade(&shows.inner), events));
        tokio::spawn(ticking::tick(Arc::downgrade(&shows.inner)));
        Ok(shows)
    }

    /// A seat is good for one show, not for a later one of the same name: no door takes its token then.
    fn object_to_older_seats(&self) {
        let inner = Arc::downgrade(&self.inner);
        self.inner.keys.object_to(Box::new(move |bearer| {
            let shows = Self { inner: inner.upgrade()? };
            let claim = Claim::of(&bearer.attributes)?;
            let made = shows.entry(claim.show).ok()?.current().view.created_at;
            let is_of_another = !claim.is_of(claim.show, Some(made));
            is_of_another.then(|| Refusal::new(Code::TokenExpired, "the show that this token was made for has ended"))
        }));
    }

    async fn restore(&self, entry: &Arc<Entry>, stage: &mut MutexGuard<'_, Stage>) {
        let show = entry.current();
        tracing::info!(show = entry.id, calls = show.open_calls().count(), "a show is there again");
        self.prepare_rooms(&show);
        for call in show.open_calls() {
            // It is where it belongs, and noticed nothing.
            if show.view.media == ShowMedia::Conference && call.link == CallLink::Conference {
                continue;
            }
            if call.link != CallLink::Lost && call.link != CallLink::Pending {
                let command = Command::Link { call: call.call_id.clone(), link: CallLink::Lost };
                if let Err(refusal) = self.decide_on(entry, stage, command, &Actor::server()).await {
                    tracing::warn!(show = entry.id, call = call.call_id, %refusal, "a call was not restored");
                }
            }
            self.expect_screener(entry, stage, call);
            if call.connection_type == ConnectionType::MediaStream {
                self.ask_back(entry, call);
            }
        }
        self.settle_all(entry, stage);
    }

    /// Who talked to a caller comes back to them.
    fn expect_screener(&self, entry: &Entry, stage: &mut Stage, call: &CallView) {
        let Some(screener) = call.screener.as_ref().filter(|_| call.state == CallState::Screening) else { return };
        stage.departed.insert(screener.clone(), Instant::now() + SCREENERS);
        let home = if screener.starts_with("host-") { live_room(&entry.id) } else { desk_room(&entry.id) };
        if let (Ok(who), Ok(room)) =
            (names::identity(screener), self.ensure(&entry.id, &screening_room(&entry.id, &call.call_id)))
        {
            self.inner.rooms.expect_in(&names::room(&home), &who, &room);
        }
    }

    fn ask_back(&self, entry: &Arc<Entry>, call: &CallView) {
        let Some(at_company) = reference(call) else { return };
        let (shows, entry, id) = (self.clone(), Arc::clone(entry), call.call_id.clone());
        tokio::spawn(async move {
            for attempt in 0..ATTEMPTS {
                match shows.lead(&at_company, &entry.id).await {
                    Ok(()) => return,
                    Err(Trouble::Gone) => {
                        return shows.is_over(&entry, &id, "was over when the server came back").await;
                    }
                    Err(trouble) => {
                        tracing::warn!(show = entry.id, call = id, %trouble, "a call was not asked back yet");
                        if trouble.may_pass() {
                            entry.stage.lock().await.put_off(&id);
                        }
                    }
                }
                sleep(wait_before(attempt)).await;
                // It may have come by itself.
                let is_away = |call: &CallView| matches!(call.link, CallLink::Lost | CallLink::Pending);
                if !entry.current().call(&id).is_ok_and(is_away) {
                    return;
                }
            }
        });
    }
}
