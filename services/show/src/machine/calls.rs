//! What is done with one call.

use crosspoint_model::show::{CallLink, CallNotes, CallState, CallView, CallerView, ConnectionType, ShowMedia};
use crosspoint_model::{Code, Refusal};

use super::turn::{Turn, wrong_state};
use super::{Verb, Words};

/// The longest name and place, in bytes.
const NAME: usize = 200;
/// The longest topic.
const TOPIC: usize = 1000;
/// The longest notes.
const NOTES: usize = 4000;
/// The longest reason of a drop.
const REASON: usize = 200;

impl Turn<'_> {
    pub(super) fn act(&mut self, call: &str, verb: Verb, words: Words) -> Result<(), Refusal> {
        check_notes(&words.notes)?;
        self.outcome.call = Some(call.to_owned());
        if verb == Verb::Notes {
            // Also of a call that is over: who talked to the caller may still be writing.
            self.show.call(call)?;
            self.note(call, words.notes);
            return Ok(());
        }
        if matches!(verb, Verb::Drop | Verb::HangUp) && self.show.call(call)?.state.is_over() {
            // What was wanted is so already: it may be asked for again, because an answer got lost.
            return Ok(());
        }
        let state = self.state(call)?;
        match verb {
            Verb::PickUp => self.pick_up(call, state)?,
            Verb::Screened => self.screened(call, state)?,
            Verb::Approve => self.approve(call, state)?,
            Verb::Next => self.mark_next(call, state)?,
            Verb::Air => self.air(call, state)?,
            Verb::Hold => self.hold(call, state)?,
            Verb::Screen => self.back_to_screening(call, state, words.is_unattended)?,
            Verb::Drop => self.drop_call(call, words.reason)?,
            Verb::Lock => self.set_locked(call, true),
            Verb::Unlock => self.set_locked(call, false),
            Verb::HangUp => self.hang_up(call),
            Verb::Notes => {}
        }
        self.note(call, words.notes);
        Ok(())
    }

    fn pick_up(&mut self, call: &str, state: CallState) -> Result<(), Refusal> {
        let me = self.actor.identity.clone();
        let view = self.show.call(call)?;
        if state == CallState::Screening {
            return match view.screener.as_deref() {
                Some(other) if other != me => Err(self.taken(other)),
                _ => Ok(()),
            };
        }
        let is_phone = view.connection_type == ConnectionType::MediaStream;
        if is_phone && (self.show.view.media == ShowMedia::Conference || view.link == CallLink::Conference) {
            let detail = "the caller is in the telephone company's conference: there is no talking in private in it";
            return Err(Refusal::new(Code::CallState, detail));
        }
        if let Some(before) = self.show.call_of_screener(&me).map(|call| call.call_id.clone()) {
            self.enter(&before, CallState::Screened, "screened");
        }
        self.call_mut(call).screener = Some(me);
        self.enter(call, CallState::Screening, "picked-up");
        self.outcome.call = Some(call.to_owned());
        Ok(())
    }

    fn taken(&self, by: &str) -> Refusal {
        let name = self.show.staff.get(by).map_or(by, |staff| staff.name.as_str());
        Refusal::new(Code::CallTaken, format!("{name} is talking to this caller"))
    }

    fn screened(&mut self, call: &str, state: CallState) -> Result<(), Refusal> {
        match state {
            CallState::Screening => self.enter(call, CallState::Screened, "screened"),
            CallState::Screened => {}
            CallState::Ringing
            | CallState::Waiting
            | CallState::Next
            | CallState::OnAir
            | CallState::Hold
            | CallState::Off
            | CallState::Dropped => return Err(wrong_state(state, "pick it up first")),
        }
        Ok(())
    }

    fn approve(&mut self, call: &str, state: CallState) -> Result<(), Refusal> {
        match state {
            CallState::Ringing | CallState::Screening | CallState::Screened => {
                self.call_mut(call).approved_at = Some(self.now);
                self.enter(call, CallState::Waiting, "approved");
            }
            CallState::Waiting | CallState::Next => {}
            CallState::OnAir | CallState::Hold | CallState::Off | CallState::Dropped => {
                return Err(wrong_state(state, "it was approved already"));
            }
        }
        Ok(())
    }

    fn mark_next(&mut self, call: &str, state: CallState) -> Result<(), Refusal> {
        match state {
            CallState::Waiting | CallState::Hold => {
                let marked = self.show.open_calls().find(|call| call.state == CallState::Next);
                if let Some(other) = marked.map(|call| call.call_id.clone()) {
                    self.enter(&other, CallState::Waiting, "approved");
                }
                self.enter(call, CallState::Next, "made-next");
                self.outcome.call = Some(call.to_owned());
            }
            CallState::Next => {}
            CallState::OnAir => return Err(wrong_state(state, "take it off the air first")),
            CallState::Ringing | CallState::Screening | CallState::Screened | CallState::Off | CallState::Dropped => {
                return Err(wrong_state(state, "approve it first"));
            }
        }
        Ok(())
    }

    fn air(&mut self, call: &str, state: CallState) -> Result<(), Refusal> {
        match state {
            CallState::Waiting | CallState::Next | CallState::Hold => self.enter(call, CallState::OnAir, "aired"),
            CallState::OnAir => {}
            CallState::Ringing | CallState::Screening | CallState::Screened | CallState::Off | CallState::Dropped => {
                return Err(wrong_state(state, "approve it first"));
            }
        }
        Ok(())
    }

    fn hold(&mut self, call: &str, state: CallState) -> Result<(), Refusal> {
        match state {
            CallState::OnAir => self.enter(call, CallState::Hold, "held"),
            CallState::Hold => {}
            CallState::Ringing
            | CallState::Screening
            | CallState::Screened
            | CallState::Waiting
            | CallState::Next
            | CallState::Off
            | CallState::Dropped => return Err(wrong_state(state, "it is not on the air")),
        }
        Ok(())
    }

    /// To its screener, if that one is there and talks to nobody; else to the lobby, for whoever picks it up.
    fn back_to_screening(&mut self, call: &str, state: CallState, is_unattended: bool) -> Result<(), Refusal> {
        if !state.is_live() {
            return Err(wrong_state(state, "it is not in the live room"));
        }
        let view = self.show.call(call)?;
        let in_conference =
            view.connection_type == ConnectionType::MediaStream && self.show.view.media == ShowMedia::Conference;
        let screener = view.screener.as_deref();
        let is_idle = |who: &&str| self.show.staff.contains_key(*who) && self.show.call_of_screener(who).is_none();
        // Who sent it back is on the air, and stays there.
        let idle = screener.filter(is_idle).filter(|who| *who != self.actor.identity).is_some();
        if idle && !is_unattended && !in_conference {
            self.enter(call, CallState::Screening, "returned");
        } else {
            self.return_to_lobby(call);
        }
        Ok(())
    }

    pub(super) fn return_to_lobby(&mut self, call: &str) {
        self.enter(call, CallState::Screened, "returned");
        self.call_mut(call).returned = true;
        // The event is to say so as well.
        if let Some(crosspoint_model::show::ShowEvent::Call { call, .. }) = self.outcome.events.last_mut() {
            call.returned = true;
        }
    }

    fn drop_call(&mut self, call: &str, reason: Option<String>) -> Result<(), Refusal> {
        let reason = reason.unwrap_or_default();
        check_length("reason", &reason, REASON)?;
        self.call_mut(call).end_reason = Some(reason).filter(|reason| !reason.is_empty());
        self.enter(call, CallState::Dropped, "dropped");
        Ok(())
    }

    /// Whose telephone staff hangs up is put out: the company has to be asked, or the call would go on into the conference.
    fn hang_up(&mut self, call: &str) {
        let is_staff = self.actor.is_staff();
        let view = self.call_mut(call);
        view.end_reason = Some("hung up".into());
        if is_staff && view.connection_type == ConnectionType::MediaStream {
            self.enter(call, CallState::Dropped, "dropped");
        } else {
            self.enter(call, CallState::Off, "ended");
        }
    }

    fn set_locked(&mut self, call: &str, locked: bool) {
        if std::mem::replace(&mut self.call_mut(call).locked, locked) != locked {
            self.told(call, if locked { "locked" } else { "unlocked" });
        }
    }

    fn note(&mut self, call: &str, new: CallNotes) {
        let notes = &mut self.call_mut(call).notes;
        let before = notes.clone();
        let CallNotes { name, place, topic, notes: free, rating } = new;
        let fill = |field: &mut Option<String>, new: Option<String>| {
            if new.is_some() {
                *field = new;
            }
        };
        fill(&mut notes.name, name);
        fill(&mut notes.place, place);
        fill(&mut notes.topic, topic);
        fill(&mut notes.notes, free);
        notes.rating = rating.or(notes.rating);
        if *notes != before {
            self.told(call, "noted");
        }
    }

    /// Calls of this number say so on every desk, also those that are over. How often it called before stays.
    pub(super) fn known(&mut self, caller: &CallerView) {
        let is_news = |call: &&CallView| {
            let known = call.caller.as_ref();
            let before = known.map(|known| (known.name.as_str(), known.warning.as_str(), known.banned));
            call.number.as_deref() == Some(&caller.number)
                && before.unwrap_or_default() != (&caller.name, &caller.warning, caller.banned)
        };
        let calls: Vec<String> = self.show.calls.values().filter(is_news).map(|call| call.call_id.clone()).collect();
        for call in calls {
            let view = self.call_mut(&call);
            let CallerView { name, warning, banned, .. } = caller.clone();
            let before = view.caller.take().unwrap_or_else(|| unknown_caller(&caller.number));
            view.caller = Some(CallerView { name, warning, banned, ..before });
            self.told(&call, "noted");
        }
    }
}

/// A number of which nothing is known.
pub(crate) fn unknown_caller(number: &str) -> CallerView {
    CallerView {
        number: number.to_owned(),
        name: String::new(),
        warning: String::new(),
        banned: false,
        calls: 0,
        times_on_air: 0,
        last_call_at: None,
    }
}

pub(super) fn check_notes(notes: &CallNotes) -> Result<(), Refusal> {
    let texts = [
        ("name", &notes.name, NAME),
        ("place", &notes.place, NAME),
        ("topic", &notes.topic, TOPIC),
        ("notes", &notes.notes, NOTES),
    ];
    for (field, text, most) in texts {
        check_length(field, text.as_deref().unwrap_or_default(), most)?;
    }
    if notes.rating.is_some_and(|rating| rating > 5) {
        return Err(Refusal::new(Code::InvalidRequest, "rating is 1 to 5, or 0 for none"));
    }
    Ok(())
}

fn check_length(field: &str, text: &str, most: usize) -> Result<(), Refusal> {
    if text.len() > most {
        return Err(Refusal::new(Code::InvalidRequest, format!("{field} has at most {most} bytes")));
    }
    Ok(())
}
