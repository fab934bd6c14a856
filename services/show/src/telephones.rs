//! What is asked of telephone companies, apart from the decisions: it takes time, and may fail and be tried again.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_carrier::{ParticipantChange, Trouble};
use crosspoint_model::show::{CallLink, CallState, CallView, ConnectionType, LobbySource, ShowMedia};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::CallRef;
use tokio::time::{Instant, sleep};

use crate::actor::Actor;
use crate::entry::{Entry, Stage, lock};
use crate::machine::{Command, Show};
use crate::names;
use crate::shows::Shows;

/// So often something is asked before it is given up.
const ATTEMPTS: u32 = 4;
/// So often a call is hung up: for four hours, and no call lasts longer.
const HANG_UPS: u32 = 250;
/// So long after the first attempt comes the next; then twice as long, and so on.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// Never longer.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// What a call is to the company.
pub(crate) fn reference(call: &CallView) -> Option<CallRef> {
    Some(CallRef { provider: call.provider.clone()?, sid: call.call_sid.clone()? })
}

impl Shows {
    /// Calls a number, whose owner comes into the conference as a host.
    ///
    /// # Errors
    /// `show-not-found`, `forbidden`, `invalid-request`, `carrier-failed`.
    pub async fn call_me(&self, show: &str, number: &str, actor: &Actor) -> Result<(), Refusal> {
        let entry = self.entry(show)?;
        actor.may_direct()?;
        if !crate::machine::is_e164(number) {
            return Err(Refusal::new(Code::InvalidRequest, "the number is written in E.164: +14155550100"));
        }
        if self.entries().iter().any(|entry| entry.current().view.settings.numbers.iter().any(|own| own == number)) {
            return Err(Refusal::new(Code::InvalidRequest, "that is the number of a show: give your own"));
        }
        // Before it rings: whoever answers may be faster than the company's answer to us.
        lock(&self.inner.tickets).dial(number, show)?;
        match self.inner.exchange.dial(number, show).await {
            Ok(call) => {
                tracing::info!(show, call = call.sid, by = actor.identity, "called a host");
                lock(&self.inner.tickets).invite(call.clone(), number, &entry.id);
                // Looked at after the invitation: the end of a show takes those back that it finds.
                if entry.current().view.ended_at.is_some() {
                    lock(&self.inner.tickets).forget_call(&call);
                    self.hang_up_for_good(call);
                    return Err(Refusal::new(Code::ShowNotFound, "the show has ended"));
                }
                Ok(())
            }
            Err(trouble) => {
                lock(&self.inner.tickets).not_dialled(number);
                Err(trouble.into())
            }
        }
    }

    /// Hangs up, then closes the socket.
    pub(crate) fn hang_up_later(&self, entry: &Arc<Entry>, call: &CallView) {
        let (shows, entry, call) = (self.clone(), Arc::clone(entry), call.clone());
        tokio::spawn(async move {
            let at_company = reference(&call);
            let is_hung_up = match &at_company {
                Some(at_company) => shows.hang_up(at_company).await,
                None => true,
            };
            shows.release(&entry, &mut *entry.stage.lock().await, &call);
            if let Some(at_company) = at_company.filter(|_| !is_hung_up) {
                shows.keep_hanging_up(&at_company).await;
            }
        });
    }

    /// Hangs up whoever has no call in the show.
    pub(crate) fn hang_up_for_good(&self, call: CallRef) {
        let shows = self.clone();
        tokio::spawn(async move {
            if !shows.hang_up(&call).await {
                shows.keep_hanging_up(&call).await;
            }
        });
    }

    /// Whether the call is over at the company.
    async fn hang_up(&self, call: &CallRef) -> bool {
        match insist(|| self.inner.exchange.hang_up(call)).await {
            Ok(()) | Err(Trouble::Gone) => true,
            Err(trouble) => {
                tracing::warn!(call = call.sid, %trouble, "a call could not be hung up");
                false
            }
        }
    }

    /// Who was put out must not stay in the conference: asked until it is so, also when the show has ended meanwhile.
    async fn keep_hanging_up(&self, call: &CallRef) {
        for attempt in ATTEMPTS..HANG_UPS {
            sleep(wait_before(attempt)).await;
            if matches!(self.inner.exchange.hang_up(call).await, Ok(()) | Err(Trouble::Gone)) {
                return;
            }
        }
        tracing::error!(call = call.sid, "a call was not hung up in four hours");
    }

    /// Asks a call anew where it goes; the answer is decided when it asks.
    pub(crate) fn redirect_later(&self, entry: &Arc<Entry>, call: &CallView) {
        let Some(at_company) = reference(call) else { return };
        let (shows, entry, id) = (self.clone(), Arc::clone(entry), call.call_id.clone());
        tokio::spawn(async move {
            let result = insist(|| shows.lead(&at_company, &entry.id)).await;
            shows.redirected(&entry, &id, result).await;
        });
    }

    /// Has the company ask anew where a call goes; some at a time.
    pub(crate) async fn lead(&self, call: &CallRef, show: &str) -> Result<(), Trouble> {
        self.lead_if(call, show, || true).await.unwrap_or(Ok(()))
    }

    /// The same, if that is still wanted once it is its turn.
    async fn lead_if(&self, call: &CallRef, show: &str, is_wanted: impl Fn() -> bool) -> Option<Result<(), Trouble>> {
        // Closed only when the server ends.
        let _permit = self.inner.leading.acquire().await.ok()?;
        if !is_wanted() {
            return None;
        }
        Some(self.inner.exchange.redirect(call, show).await)
    }

    pub(crate) async fn redirected(&self, entry: &Arc<Entry>, call: &str, result: Result<(), Trouble>) {
        match result {
            Ok(()) => {}
            Err(Trouble::Gone) => self.is_over(entry, call, "hung up").await,
            Err(trouble) => {
                tracing::warn!(show = entry.id, call, %trouble, "a call could not be redirected");
                // Whom the company cannot bring back is not given up for it.
                if trouble.may_pass() {
                    entry.stage.lock().await.put_off(call);
                }
            }
        }
    }

    /// The call has ended by itself. Nothing, if it is over already.
    pub(crate) async fn is_over(&self, entry: &Arc<Entry>, call: &str, reason: &str) {
        let command = Command::Over { call: call.to_owned(), reason: reason.to_owned() };
        match self.decide(entry, command, &Actor::server()).await {
            Ok(_) => {}
            Err(refusal) if matches!(refusal.code, Code::CallState | Code::CallNotFound | Code::ShowNotFound) => {}
            Err(refusal) => tracing::warn!(show = entry.id, call, %refusal, "the end of a call was not kept"),
        }
    }

    /// Brings a call to where its sound is to be, after a while that grows with each attempt. The clock asks again.
    pub(crate) fn bring_back(&self, entry: &Arc<Entry>, stage: &mut Stage, call: &CallView) {
        let now = Instant::now();
        let Some(at_company) = reference(call) else { return };
        if !self.is_misplaced(&entry.current(), call, stage.conference.is_apart(&at_company)) {
            return;
        }
        let (attempts, due) = stage.conference.returns.get(&call.call_id).copied().unwrap_or((0, now));
        if due > now {
            return;
        }
        // Who has been here for long comes back fast once more.
        let attempts = if now > due + LONGEST_WAIT { 0 } else { attempts };
        let wait = wait_before(attempts);
        stage.conference.returns.insert(call.call_id.clone(), (attempts + 1, now + wait + wait_before(attempts + 1)));
        let (shows, entry, id) = (self.clone(), Arc::clone(entry), call.call_id.clone());
        tokio::spawn(async move {
            sleep(wait).await;
            // It may have come meanwhile.
            let is_apart = entry.stage.lock().await.conference.is_apart(&at_company);
            let is_still_wanted = || {
                let show = entry.current();
                show.call(&id).is_ok_and(|call| shows.is_misplaced(&show, call, is_apart))
            };
            if let Some(result) = shows.lead_if(&at_company, &entry.id, is_still_wanted).await {
                shows.redirected(&entry, &id, result).await;
            }
        });
    }

    /// Astray; or on the air in the conference, and in one for who finds that full, where nobody hears it.
    fn is_misplaced(&self, show: &Show, call: &CallView, is_apart: bool) -> bool {
        self.is_astray(show, call) || (is_apart && is_to_be_heard(show, call))
    }

    /// Is a telephone's sound somewhere else than the show is?
    pub(crate) fn is_astray(&self, show: &Show, call: &CallView) -> bool {
        if call.connection_type != ConnectionType::MediaStream || call.state.is_over() {
            return false;
        }
        let is_away = matches!(call.link, CallLink::Lost | CallLink::Pending);
        match show.view.media {
            ShowMedia::Crosspoint => (is_away || call.link == CallLink::Conference) && !self.inner.rooms.is_draining(),
            ShowMedia::Conference => is_away || call.link == CallLink::Connected,
        }
    }

    /// A line is free: who waits longest for one, in the conference, is asked anew where to go.
    pub(crate) fn let_in_from_overflow(&self, entry: &Arc<Entry>) {
        let show = entry.current();
        // Who waits when the lines are closed stays where they are.
        let is_draining = show.view.media == ShowMedia::Crosspoint && self.inner.rooms.is_draining();
        if is_draining || !show.view.open {
            return;
        }
        let call = {
            let mut waiting = lock(&entry.overflow);
            let now = Instant::now();
            if show.free_lines() <= waiting.iter().filter(|one| one.is_coming(now)).count() {
                return;
            }
            let Some(next) = waiting.iter_mut().find(|one| !one.is_coming(now)) else { return };
            next.asked = Some(now);
            next.call.clone()
        };
        let (shows, entry) = (self.clone(), Arc::clone(entry));
        tokio::spawn(async move {
            match insist(|| shows.lead(&call, &entry.id)).await {
                Ok(()) => {}
                Err(Trouble::Gone) => entry.waits_no_more(&call),
                // The clock asks again.
                Err(trouble) => tracing::warn!(show = entry.id, %trouble, "who waits for a line could not be let in"),
            }
        });
    }

    /// In the conference the air is a flag of the company's. One request at a time for each call, and each says how it is by
    /// then: an older one that was tried again must not undo a newer one.
    pub(crate) fn settle_in_conference(&self, entry: &Arc<Entry>, stage: &mut Stage, call: &CallView) {
        let Some(at_company) = reference(call) else { return };
        let known = stage.conference.heard.get(&at_company).map(|heard| heard.conference.clone());
        let turn = Arc::clone(stage.conference.turns.entry(call.call_id.clone()).or_default());
        let (shows, entry, id, state) = (self.clone(), Arc::clone(entry), call.call_id.clone(), call.state);
        tokio::spawn(async move {
            let _turn = turn.lock().await;
            let result = insist(|| shows.set_as_it_is(&entry, &id, known.as_deref(), &at_company)).await;
            let still = entry.current().call(&id).is_ok_and(|call| call.state == state);
            if let Err(trouble) = result
                && still
                // It is not there yet, or no more: what tells of it is on its way.
                && trouble != Trouble::Gone
            {
                tracing::warn!(show = entry.id, call = id, %trouble, "the conference was not changed");
            }
        });
    }

    async fn set_as_it_is(
        &self,
        entry: &Entry,
        id: &str,
        known: Option<&str>,
        at_company: &CallRef,
    ) -> Result<(), Trouble> {
        let Some(change) = wanted(&entry.current(), id) else { return Ok(()) };
        self.set_participant(known, &names::conference(&entry.id), at_company, change).await
    }

    async fn set_participant(
        &self,
        known: Option<&str>,
        name: &str,
        call: &CallRef,
        change: ParticipantChange,
    ) -> Result<(), Trouble> {
        // The one that was heard of last may have ended, and another of its name have begun.
        if let Some(sid) = known {
            match self.inner.exchange.set_participant(sid, call, change).await {
                Err(Trouble::Gone) => {}
                result => return result,
            }
        }
        let sid = self.inner.exchange.conference_sid(&call.provider, name).await?.ok_or(Trouble::Gone)?;
        self.inner.exchange.set_participant(&sid, call, change).await
    }
}

/// Does the conference have a call as it is to have it?
pub(crate) fn is_as_wanted(show: &Show, id: &str, muted: bool, hold: bool) -> bool {
    wanted(show, id).is_none_or(|change| {
        change.muted.is_none_or(|wanted| wanted == muted) && change.hold.is_none_or(|wanted| wanted == hold)
    })
}

/// How the conference is to have a call now; who is out is not heard, even before it is hung up.
fn wanted(show: &Show, id: &str) -> Option<ParticipantChange> {
    let call = show.call(id).ok()?;
    if call.state.is_over() {
        return Some(ParticipantChange { muted: Some(true), hold: None });
    }
    let waits = matches!(call.state, CallState::Ringing | CallState::Screening | CallState::Screened);
    Some(ParticipantChange {
        muted: Some(call.state != CallState::OnAir),
        hold: Some(waits && show.view.settings.lobby != LobbySource::Programme),
    })
}

/// Is it on the air in the conference?
fn is_to_be_heard(show: &Show, call: &CallView) -> bool {
    show.view.media == ShowMedia::Conference && call.link == CallLink::Conference && call.state == CallState::OnAir
}

/// Half a second, then twice as long each time, up to a minute.
pub(crate) fn wait_before(attempt: u32) -> Duration {
    FIRST_WAIT.saturating_mul(1 << attempt.min(10)).min(LONGEST_WAIT)
}

/// Asks again where it may help.
pub(crate) async fn insist<'a, F>(mut ask: impl FnMut() -> F) -> Result<(), Trouble>
where
    F: Future<Output = Result<(), Trouble>> + 'a,
{
    let mut result = ask().await;
    for attempt in 0..ATTEMPTS - 1 {
        if !matches!(&result, Err(trouble) if trouble.may_pass()) {
            break;
        }
        sleep(wait_before(attempt)).await;
        result = ask().await;
    }
    result
}
