//! A decision while it is made: changes go into the show, what is told of them is numbered here.

use crosspoint_model::show::{CallState, CallView, ShowEvent};
use crosspoint_model::{Code, Refusal};

use super::{Deed, Outcome, Show};
use crate::actor::Actor;
use crate::names::place_of;

/// One command on its way through the show.
pub(super) struct Turn<'a> {
    pub(super) show: &'a mut Show,
    pub(super) actor: &'a Actor,
    pub(super) now: u64,
    pub(super) outcome: Outcome,
}

impl<'a> Turn<'a> {
    pub(super) fn new(show: &'a mut Show, actor: &'a Actor, now: u64) -> Self {
        Self { show, actor, now, outcome: Outcome::default() }
    }

    /// What came of it: each deed once, where it stands last.
    pub(super) fn end(self) -> Outcome {
        let mut outcome = self.outcome;
        let mut deeds: Vec<Deed> = Vec::with_capacity(outcome.deeds.len());
        for deed in outcome.deeds {
            deeds.retain(|earlier| *earlier != deed);
            deeds.push(deed);
        }
        outcome.deeds = deeds;
        outcome
    }

    /// The state of a call that is not over.
    pub(super) fn state(&self, call: &str) -> Result<CallState, Refusal> {
        let state = self.show.call(call)?.state;
        if state.is_over() {
            return Err(Refusal::new(Code::CallState, "the call is over"));
        }
        Ok(state)
    }

    pub(super) fn call_mut(&mut self, call: &str) -> &mut CallView {
        self.show.calls.get_mut(call).expect("looked up before it is changed")
    }

    pub(super) fn will(&mut self, deed: Deed) {
        self.outcome.deeds.push(deed);
    }

    /// Brings a call into another state, with all that follows from it, and tells of it.
    pub(super) fn enter(&mut self, id: &str, state: CallState, what: &str) {
        let now = self.now;
        let call = self.call_mut(id);
        let before = std::mem::replace(&mut call.state, state);
        call.state_since = now;
        call.returned = false;
        call.active_room = place_of(call).map(|place| place.room);
        if state == CallState::OnAir {
            call.aired_at.get_or_insert(now);
        }
        if state.is_over() {
            call.ended_at = Some(now);
            call.locked = false;
        }
        let screener = call.screener.clone();
        self.follow_from(id, before, state, screener);
        self.told(id, what);
    }

    fn follow_from(&mut self, id: &str, before: CallState, state: CallState, screener: Option<String>) {
        let was_elsewhere = before.is_live() || before == CallState::Screening;
        let is_in_lobby = matches!(state, CallState::Ringing | CallState::Screened);
        let clear = (was_elsewhere && (is_in_lobby || state.is_over())).then(|| Deed::Clear(id.to_owned()));
        let (first, then) = match state {
            // The line is closed by this: what is queued goes before.
            CallState::Off => (clear, Some(Deed::Release(id.to_owned()))),
            // What is heard until the move is queued as well: it goes after.
            CallState::Dropped => (Some(Deed::PutOut(id.to_owned())), clear),
            _ => (Some(Deed::Settle(id.to_owned())), clear),
        };
        first.into_iter().chain(then).for_each(|deed| self.will(deed));
        if before == CallState::Screening || state == CallState::Screening {
            screener.into_iter().for_each(|screener| self.will(Deed::SettleStaff(screener)));
        }
        if before == CallState::Screening && state != CallState::Screening {
            self.will(Deed::Fold(id.to_owned()));
        }
    }

    /// Writes down what happened with a call.
    pub(super) fn told(&mut self, id: &str, what: &str) {
        self.show.seq += 1;
        let call = Box::new(self.call_mut(id).clone());
        let (seq, at, by) = (self.show.seq, self.now, self.actor.by());
        self.outcome.call.get_or_insert_with(|| id.to_owned());
        self.outcome.events.push(ShowEvent::Call { seq, at, what: what.to_owned(), by, call });
    }

    /// Writes down what happened with the show.
    pub(super) fn told_of_show(&mut self, what: &str) {
        self.show.seq += 1;
        let show = Box::new(self.show.view.clone());
        let (seq, at, by) = (self.show.seq, self.now, self.actor.by());
        self.outcome.events.push(ShowEvent::Show { seq, at, what: what.to_owned(), by, show });
    }
}

/// A verb that does not go with the state that a call is in.
pub(super) fn wrong_state(state: CallState, advice: &str) -> Refusal {
    Refusal::new(Code::CallState, format!("the call is {}: {advice}", state.as_str()))
}
