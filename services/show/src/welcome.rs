//! What callers are answered: the sound comes to us, the conference, or a goodbye.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crosspoint_model::show::{CallNotes, CallState, CallView, CallerView, ConnectionType, ShowMedia};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::{CallRef, Conference, IncomingCall, Welcome};

use crate::actor::Actor;
use crate::chance;
use crate::entry::{Entry, lock};
use crate::machine::{Command, Newcomer, Show};
use crate::names;
use crate::shows::Shows;
use crate::tickets::Tickets;

impl Shows {
    pub(crate) async fn welcome(&self, incoming: IncomingCall) -> Result<Welcome, Refusal> {
        if let Some(welcome) = self.as_host(&incoming) {
            return Ok(welcome);
        }
        if let Some((entry, view)) = self.find(&incoming.call) {
            return self.to_its_place(&entry, &view, &incoming, false);
        }
        if incoming.is_ours {
            // Whom we called is a host or nobody.
            return Ok(Welcome::Goodbye { message: String::new() });
        }
        let entry = match self.led_to(&incoming) {
            Ok(entry) => entry,
            Err(message) => return Ok(Welcome::Goodbye { message: message.to_owned() }),
        };
        let caller = self.known_caller(incoming.from.as_deref()).await;
        if caller.as_ref().is_some_and(|caller| caller.banned) {
            return Ok(Welcome::Reject);
        }
        let newcomer = Newcomer {
            call_id: chance::call_id()?,
            connection_type: ConnectionType::MediaStream,
            call_sid: Some(incoming.call.sid.clone()),
            provider: Some(incoming.call.provider.clone()),
            number: incoming.from.clone(),
            notes: CallNotes {
                name: caller.as_ref().map(|caller| caller.name.clone()).filter(|name| !name.is_empty()),
                ..CallNotes::default()
            },
            caller,
        };
        match self.decide(&entry, Command::Ring(Box::new(newcomer)), &Actor::server()).await {
            Ok((outcome, show)) => {
                entry.waits_no_more(&incoming.call);
                let view = show.call(outcome.call.as_deref().unwrap_or_default())?;
                self.to_its_place(&entry, view, &incoming, true)
            }
            Err(refusal) if refusal.code == Code::ShowClosed => Ok(Welcome::Goodbye { message: CLOSED.to_owned() }),
            // Nobody is lost: they wait in the conference, and get a line when there is one. It may be a host.
            Err(refusal) if matches!(refusal.code, Code::LinesBusy | Code::StoreUnavailable) => {
                tracing::warn!(show = entry.id, %refusal, "a caller waits in the conference for a line");
                let asks_pin = entry.waits_for_a_line(incoming.call);
                let label = format!("waits-{}", chance::short_id()?);
                Ok(Welcome::Conference { conference: conference(&entry.id, label), asks_pin })
            }
            // It has ended just now.
            Err(refusal) if refusal.code == Code::ShowNotFound => Ok(Welcome::Goodbye { message: NOBODY.to_owned() }),
            Err(refusal) => Err(refusal),
        }
    }

    /// Who is a host already, and whom we called: a mailbox answers as well, and would talk into the show.
    fn as_host(&self, incoming: &IncomingCall) -> Option<Welcome> {
        let mut tickets = lock(&self.inner.tickets);
        if let Some(show) = tickets.host_of(&incoming.call) {
            return Some(host(show, &incoming.call));
        }
        let invited = tickets.invited(&incoming.call).map(str::to_owned);
        let answered = |tickets: &mut Tickets| incoming.is_ours.then(|| tickets.answered(&incoming.to)).flatten();
        let show = invited.or_else(|| answered(&mut tickets))?;
        tickets.invite(incoming.call.clone(), &incoming.to, &show);
        Some(Welcome::Confirm { show, message: CONFIRM.to_owned() })
    }

    /// The sound of a known call comes here if it can. Only who has just called may be a host.
    fn to_its_place(
        &self,
        entry: &Entry,
        view: &CallView,
        incoming: &IncomingCall,
        is_new: bool,
    ) -> Result<Welcome, Refusal> {
        let show = entry.current();
        // It may be off the air by the time it comes in; once it is in the conference, it is unmuted if it is on the air.
        let reserved = view.state == CallState::OnAir;
        let conference = Conference { reserved, ..conference(&entry.id, view.call_id.clone()) };
        let is_up = incoming.media_is_up && !self.inner.rooms.is_draining();
        if show.view.media == ShowMedia::Conference || !is_up {
            return Ok(Welcome::Conference { conference, asks_pin: is_new });
        }
        let token = chance::token()?;
        lock(&self.inner.tickets).issue(token.clone(), incoming.call.clone(), &entry.id, &view.call_id);
        Ok(Welcome::Stream { token, show: entry.id.clone(), call_id: view.call_id.clone(), conference })
    }

    /// The show that a call leads to; else what the caller is told.
    fn led_to(&self, incoming: &IncomingCall) -> Result<Arc<Entry>, &'static str> {
        if let Some(named) = &incoming.show {
            let entry = self.entry(named).map_err(|_| NOBODY)?;
            return if entry.current().view.open { Ok(entry) } else { Err(CLOSED) };
        }
        let mut entries: Vec<(Arc<Entry>, Arc<Show>)> =
            self.entries().into_iter().map(|entry| (Arc::clone(&entry), entry.current())).collect();
        entries.sort_by_key(|(entry, _)| std::cmp::Reverse(entry.opened_at.load(Ordering::Relaxed)));
        let has_number = |show: &Show| show.view.settings.numbers.contains(&incoming.to);
        let takes_all = |show: &Show| show.view.settings.numbers.is_empty();
        let find = |fits: &dyn Fn(&Show) -> bool| entries.iter().find(|(_, show)| fits(show));
        let found = find(&|show| show.view.open && has_number(show))
            .or_else(|| find(&|show| show.view.open && takes_all(show)));
        match found {
            Some((entry, _)) => Ok(Arc::clone(entry)),
            None if find(&has_number).or_else(|| find(&takes_all)).is_some() => Err(CLOSED),
            None => Err(NOBODY),
        }
    }

    /// What is known of a number. Where the store does not say, the call comes in all the same.
    async fn known_caller(&self, number: Option<&str>) -> Option<CallerView> {
        match self.inner.records.caller(number?).await {
            Ok(caller) => caller,
            Err(refusal) => {
                tracing::warn!(%refusal, "nothing is known of a caller");
                None
            }
        }
    }

    /// A host on the way into the conference. Whose digits are wrong too often, or none, is an ordinary caller.
    pub(crate) async fn try_pin(&self, call: &CallRef, digits: &str) -> Result<Welcome, Refusal> {
        let Some((entry, view)) = self.find(call) else {
            return match self.entries().into_iter().find(|entry| entry.is_waiting(call)) {
                Some(entry) => self.try_pin_of_waiting(&entry, call, digits),
                None => self.confirmed(call, digits),
            };
        };
        let show = entry.current();
        let as_caller = |asks_pin| {
            let conference = conference(&entry.id, view.call_id.clone());
            Ok(Welcome::Conference { conference, asks_pin })
        };
        // Not compared any more after too many: otherwise the next guess would still be one.
        if digits.is_empty() || !lock(&self.inner.tickets).may_guess(call, &entry.id) {
            return as_caller(false);
        }
        if !chance::same(digits, &show.view.pin) {
            let mut tickets = lock(&self.inner.tickets);
            tickets.guessed_wrong(call, &entry.id);
            return as_caller(tickets.may_guess(call, &entry.id));
        }
        lock(&self.inner.tickets).add_host(call.clone(), &entry.id);
        self.is_over(&entry, &view.call_id, "is the host, by telephone").await;
        Ok(host(&entry.id, call))
    }

    /// All lines were busy: who waits for one may be a host.
    fn try_pin_of_waiting(&self, entry: &Entry, call: &CallRef, digits: &str) -> Result<Welcome, Refusal> {
        let mut tickets = lock(&self.inner.tickets);
        if !digits.is_empty() && tickets.may_guess(call, &entry.id) {
            if chance::same(digits, &entry.current().view.pin) {
                entry.waits_no_more(call);
                tickets.add_host(call.clone(), &entry.id);
                return Ok(host(&entry.id, call));
            }
            tickets.guessed_wrong(call, &entry.id);
        }
        let asks_pin = !digits.is_empty() && tickets.may_guess(call, &entry.id);
        let label = format!("waits-{}", chance::short_id()?);
        Ok(Welcome::Conference { conference: conference(&entry.id, label), asks_pin })
    }

    /// Somebody whom we called pressed a key.
    fn confirmed(&self, call: &CallRef, digits: &str) -> Result<Welcome, Refusal> {
        let mut tickets = lock(&self.inner.tickets);
        if let Some(show) = tickets.host_of(call) {
            return Ok(host(show, call));
        }
        let goodbye = || Ok(Welcome::Goodbye { message: String::new() });
        // Where it is nobody's, the show has ended meanwhile.
        let Some(show) = tickets.invited(call).map(str::to_owned) else { return goodbye() };
        if digits.is_empty() {
            return goodbye();
        }
        tickets.add_host(call.clone(), &show);
        Ok(host(&show, call))
    }
}

/// What a caller is told whose show takes no calls.
const CLOSED: &str = "The show takes no calls now. Thank you for calling.";
/// What somebody is told whom we called.
const CONFIRM: &str = "This is your show calling. Press any key to take part.";
/// What a caller is told where there is no show.
const NOBODY: &str = "No show is on the air now. Thank you for calling.";

fn conference(show: &str, label: String) -> Conference {
    Conference { name: names::conference(show), label, starts: false, muted: true, reserved: false }
}

/// With a host the conference begins.
fn host(show: &str, call: &CallRef) -> Welcome {
    let label = format!("{}{}", names::HOST_LABEL, call.sid);
    let conference = Conference { name: names::conference(show), label, starts: true, muted: false, reserved: true };
    Welcome::Conference { conference, asks_pin: false }
}
