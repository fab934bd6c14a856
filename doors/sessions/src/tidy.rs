//! Sessions that nobody needs any more end here: those that were never answered, those of which nothing is heard, those that are too
//! old. Where there are no sessions, nothing runs.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;

use crate::Settings;
use crate::clock::millis;
use crate::figures::EndCause;
use crate::keeper::Keeper;
use crate::session::Session;

/// How often they are looked at.
const EVERY: Duration = Duration::from_secs(1);
/// So many are ended at once, so that the store puts their ends into one transaction.
const AT_ONCE: usize = 256;

/// Tidies up until the sessions themselves are gone.
pub async fn keep_tidy(sessions: Weak<Keeper>) {
    loop {
        let Some(keeper) = sessions.upgrade() else { return };
        let some = keeper.is_empty().then(|| keeper.some.clone());
        drop(keeper);
        if let Some(some) = some {
            some.notified().await;
        }
        tokio::time::sleep(EVERY).await;
        let Some(keeper) = sessions.upgrade() else { return };
        tidy(&keeper).await;
    }
}

async fn tidy(keeper: &Arc<Keeper>) {
    let now = keeper.clock.now();
    let ending = keeper.which(|session, touched| cause(keeper, session, touched, now).is_some());
    let end = |id| {
        let keeper = keeper.clone();
        async move { keeper.end(&id, |session, touched| cause(&keeper, session, touched, now)).await.err() }
    };
    let ends: Vec<_> = ending.into_iter().map(end).collect();
    let failed: Vec<_> = iter(ends).buffer_unordered(AT_ONCE).collect().await;
    let failed: Vec<_> = failed.into_iter().flatten().collect();
    if let Some(refusal) = failed.first() {
        tracing::warn!(%refusal, sessions = failed.len(), "sessions that are over could not be ended; tried again");
    }
}

/// Why a session is over; none: it is not.
fn cause(keeper: &Keeper, session: &Session, touched: u64, now: u64) -> Option<EndCause> {
    let Settings { unanswered, idle, lifetime, .. } = keeper.settings;
    let is_past = |since: u64, time: Duration| now.saturating_sub(since) >= millis(time);
    if is_past(session.created_at, lifetime) {
        Some(EndCause::Lifetime)
    } else if session.answer.is_none() && is_past(session.offer.at, unanswered) {
        Some(EndCause::Unanswered)
    } else if is_past(touched, idle) && !keeper.waiting.is_at(&session.id) {
        Some(EndCause::Idle)
    } else {
        None
    }
}
