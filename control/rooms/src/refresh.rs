//! Fresh tokens: shortly before a token ends, its session gets one for the next connection.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::signal::ServerMessage;

use crate::participant::Core;
use crate::{Rooms, now_seconds};

/// So long before the end of the old one the new one comes.
const AHEAD: u64 = 60;
/// Tokens that live shorter than that are replaced at half of their time, but not more often than this.
const LEAST: u64 = 5;

impl Rooms {
    pub(crate) fn keep_token_fresh(&self, core: &Arc<Core>, expires: u64) {
        if self.inner.options.tokens.is_none() {
            return;
        }
        let inner = Arc::downgrade(&self.inner);
        let session = Arc::downgrade(core);
        let mut expires = expires;
        let task = self.inner.runtime.spawn(async move {
            loop {
                tokio::time::sleep(wait(expires, now_seconds())).await;
                let (Some(inner), Some(core)) = (inner.upgrade(), session.upgrade()) else { return };
                match (Self { inner }).refresh(&core) {
                    Some(later) => expires = later,
                    None => return,
                }
            }
        });
        core.refreshing.set(task.abort_handle());
    }

    /// Sends a fresh token; when it ends comes back, or none when the session is over or there is no key any more.
    fn refresh(&self, core: &Arc<Core>) -> Option<u64> {
        let issuer = self.inner.options.tokens.as_ref()?;
        let bearer = core.within(|_, state| Ok(state.participants.get(&core.identity).map(|p| p.bearer.clone())));
        let fresh = issuer.refresh(&bearer.ok().flatten()?)?;
        let told = core.within(|_, state| {
            let Some(participant) = state.participants.get_mut(&core.identity) else { return Ok(()) };
            // A kick must outlast every token that it is against.
            participant.bearer.expires = participant.bearer.expires.max(fresh.expires);
            participant.tell(&ServerMessage::Token { token: fresh.token });
            Ok(())
        });
        told.ok().map(|()| fresh.expires)
    }
}

fn wait(expires: u64, now: u64) -> Duration {
    let left = expires.saturating_sub(now);
    let wait = if left > 2 * AHEAD { left - AHEAD } else { left / 2 };
    Duration::from_secs(wait.max(LEAST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_token_comes_a_minute_ahead_or_at_half_of_a_short_time() {
        assert_eq!(wait(1000 + 3600, 1000), Duration::from_secs(3540));
        assert_eq!(wait(1000 + 60, 1000), Duration::from_secs(30));
        assert_eq!(wait(900, 1000), Duration::from_secs(LEAST));
    }
}
