//! What a show is, and what becomes of it: a state machine without clock, rooms or store. In: a [`Command`], who gives it, and
//! the time. Out: an [`Outcome`]: what is told, and what is to be done about it.
//!
//! | file | what it decides |
//! |---|---|
//! | `command.rs` | nothing: the words that come in and go out |
//! | `calls.rs` | what is done with one call |
//! | `queue.rs` | who comes in, and who is next on the air |
//! | `links.rs` | where the sound of calls is |
//! | `settings.rs` | the show itself |
//! | `turn.rs` | how a decision is written down |

mod calls;
mod command;
mod links;
mod queue;
mod settings;
#[cfg(test)]
mod storm;
#[cfg(test)]
mod tests;
mod turn;

use std::collections::BTreeMap;

use crosspoint_model::show::{CallState, CallView, ShowEvent, ShowView, StaffView};
use crosspoint_model::{Code, Refusal};

pub(crate) use calls::unknown_caller;
pub use command::{Command, Deed, Newcomer, Outcome, Verb, Words};
pub(crate) use settings::{is_e164, make};

use crate::actor::Actor;

/// So many calls that are over are kept in the picture.
pub const PAST_CALLS: usize = 50;

/// A show with its calls.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// The show itself.
    pub view: ShowView,
    /// Its calls that are not over, and the last [`PAST_CALLS`] that are.
    pub calls: BTreeMap<String, CallView>,
    /// The number of its last event.
    pub seq: u64,
    /// Who of its staff is there now. Not kept.
    pub staff: BTreeMap<String, StaffView>,
}

impl Show {
    /// A show as it was kept.
    pub fn restored(view: ShowView, calls: Vec<CallView>, seq: u64) -> Self {
        let calls = calls.into_iter().map(|call| (call.call_id.clone(), call)).collect();
        Self { view, calls, seq, staff: BTreeMap::new() }
    }

    /// Decides. Where it is refused, nothing has changed.
    ///
    /// # Errors
    /// `forbidden` for what is not this actor's to do, `call-not-found`, `call-taken`, `call-state`, `lines-busy`, `show-closed`,
    /// `invalid-request`.
    pub fn handle(&mut self, command: Command, actor: &Actor, now_ms: u64) -> Result<Outcome, Refusal> {
        actor.may(&command)?;
        let mut turn = turn::Turn::new(self, actor, now_ms);
        match command {
            Command::Ring(newcomer) => turn.ring(*newcomer)?,
            Command::Act { call, verb, words } => turn.act(&call, verb, words)?,
            Command::TakeNext => turn.take_next()?,
            Command::Link { call, link } => turn.link(&call, link)?,
            Command::Keyed { call, digit } => turn.keyed(&call, digit)?,
            Command::Over { call, reason } => turn.over(&call, reason)?,
            Command::Known(caller) => turn.known(&caller),
            Command::Leave(screener) => turn.screener_left(&screener),
            Command::Change(settings) => turn.change(*settings)?,
            Command::Open => turn.set_open(true),
            Command::Close => turn.set_open(false),
            Command::Switch(media) => turn.switch(media),
            Command::Finish => turn.finish(),
        }
        let outcome = turn.end();
        self.forget_past(now_ms);
        Ok(outcome)
    }

    /// A call of it.
    ///
    /// # Errors
    /// `call-not-found`.
    pub fn call(&self, call: &str) -> Result<&CallView, Refusal> {
        let missing = || Refusal::new(Code::CallNotFound, format!("the show has no call {call:?} (any more)"));
        self.calls.get(call).ok_or_else(missing)
    }

    /// Its calls that are not over.
    pub fn open_calls(&self) -> impl Iterator<Item = &CallView> {
        self.calls.values().filter(|call| !call.state.is_over())
    }

    /// The whole state, as the staff gets it first.
    pub fn snapshot(&self) -> ShowEvent {
        let mut calls: Vec<CallView> = self.calls.values().cloned().collect();
        calls.sort_by(|a, b| (a.created_at, &a.call_id).cmp(&(b.created_at, &b.call_id)));
        let staff = self.staff.values().cloned().collect();
        ShowEvent::Snapshot { seq: self.seq, show: Box::new(self.view.clone()), calls, staff }
    }

    /// The call that a screener has now.
    pub fn call_of_screener(&self, screener: &str) -> Option<&CallView> {
        let has = |call: &&CallView| call.state == CallState::Screening && call.screener.as_deref() == Some(screener);
        self.calls.values().find(has)
    }

    /// So many lines are free.
    pub fn free_lines(&self) -> usize {
        (self.view.settings.lines as usize).saturating_sub(self.open_calls().count())
    }

    /// Those that ended just now are still to be hung up, however many they are.
    fn forget_past(&mut self, now_ms: u64) {
        let over = |call: &&CallView| call.state.is_over();
        let ended = |call: &CallView| call.ended_at.unwrap_or_default();
        let excess = self.calls.values().filter(over).count().saturating_sub(PAST_CALLS);
        let mut past: Vec<(u64, String)> = self
            .calls
            .values()
            .filter(over)
            .filter(|call| ended(call) < now_ms)
            .map(|call| (ended(call), call.call_id.clone()))
            .collect();
        past.sort();
        for (_, call) in past.iter().take(excess) {
            self.calls.remove(call);
        }
    }
}
