//! Who comes in, and who is next on the air.

use crosspoint_model::show::{CallLink, CallState, CallView, ConnectionType};
use crosspoint_model::{Code, Refusal};

use super::calls::check_notes;
use super::turn::Turn;
use super::{Deed, Newcomer};
use crate::names::{call_identity, lobby_room};

impl Turn<'_> {
    pub(super) fn ring(&mut self, newcomer: Newcomer) -> Result<(), Refusal> {
        if !self.show.view.open || self.show.view.ended_at.is_some() {
            return Err(Refusal::new(Code::ShowClosed, "the show takes no calls now"));
        }
        if let Some(known) = self.known_as(&newcomer) {
            // The company asks twice where the first answer came late.
            self.outcome.call = Some(known);
            return Ok(());
        }
        if self.show.free_lines() == 0 {
            return Err(Refusal::new(Code::LinesBusy, "all lines of the show are busy"));
        }
        if newcomer.connection_type == ConnectionType::Webrtc && self.has_too_many_to_come() {
            let detail = "many guests are on their way in already: try again in a moment";
            return Err(Refusal::new(Code::LinesBusy, detail));
        }
        if self.show.calls.contains_key(&newcomer.call_id) {
            return Err(Refusal::new(Code::Internal, "there is a call of this id already"));
        }
        check_notes(&newcomer.notes)?;
        let call = self.new_call(newcomer);
        let id = call.call_id.clone();
        self.show.calls.insert(id.clone(), call);
        self.will(Deed::Settle(id.clone()));
        self.told(&id, "rang");
        Ok(())
    }

    /// A guest's seat takes a line before the guest is there. Whoever has the link could take them all that way, and never come.
    fn has_too_many_to_come(&self) -> bool {
        let to_come = |call: &&CallView| {
            let is_unknown = matches!(call.state, CallState::Ringing | CallState::Screened);
            call.connection_type == ConnectionType::Webrtc && call.link != CallLink::Connected && is_unknown
        };
        let most = (self.show.view.settings.lines as usize / 4).max(2);
        self.show.open_calls().filter(to_come).count() >= most
    }

    fn known_as(&self, newcomer: &Newcomer) -> Option<String> {
        let sid = newcomer.call_sid.as_ref()?;
        let is_it = |call: &&CallView| call.call_sid.as_ref() == Some(sid) && call.provider == newcomer.provider;
        self.show.open_calls().find(is_it).map(|call| call.call_id.clone())
    }

    fn new_call(&self, newcomer: Newcomer) -> CallView {
        let Newcomer { call_id, connection_type, call_sid, provider, number, caller, notes } = newcomer;
        let show_id = self.show.view.show_id.clone();
        CallView {
            identity: call_identity(&call_id),
            call_id,
            line: self.free_line(),
            connection_type,
            call_sid,
            provider,
            number,
            caller,
            state: CallState::Ringing,
            link: CallLink::Pending,
            active_room: Some(lobby_room(&show_id)),
            show_id,
            notes,
            locked: false,
            screener: None,
            returned: false,
            digits: String::new(),
            created_at: self.now,
            state_since: self.now,
            approved_at: None,
            aired_at: None,
            ended_at: None,
            end_reason: None,
        }
    }

    /// The lowest number that no call has now.
    fn free_line(&self) -> u32 {
        let taken: std::collections::BTreeSet<u32> = self.show.open_calls().map(|call| call.line).collect();
        (1..).find(|line| !taken.contains(line)).unwrap_or(u32::MAX)
    }

    /// The one marked next, else the one that waits longest, goes on the air; who is on the air makes room, unless locked.
    pub(super) fn take_next(&mut self) -> Result<(), Refusal> {
        let Some(next) = self.next_in_line() else {
            return Err(Refusal::new(Code::CallState, "nobody waits whose sound is there"));
        };
        let on_air: Vec<(String, bool)> = self
            .show
            .open_calls()
            .filter(|call| call.state == CallState::OnAir && !call.locked)
            .map(|call| (call.call_id.clone(), call.connection_type == ConnectionType::Webrtc))
            .collect();
        for (call, is_guest) in on_air {
            if self.show.view.settings.take_drops_previous && !is_guest {
                self.call_mut(&call).end_reason = Some("the next call was taken".into());
                self.enter(&call, CallState::Dropped, "dropped");
            } else {
                self.enter(&call, CallState::Hold, "held");
            }
        }
        self.enter(&next, CallState::OnAir, "aired");
        self.outcome.call = Some(next);
        Ok(())
    }

    /// Who is not there now would be silence on the air: their turn comes when they are back.
    fn next_in_line(&self) -> Option<String> {
        let is_there = |call: &&CallView| matches!(call.link, CallLink::Connected | CallLink::Conference);
        let waits = |state| move |call: &&CallView| call.state == state;
        let mut there = self.show.open_calls().filter(is_there);
        if let Some(marked) = there.find(waits(CallState::Next)) {
            return Some(marked.call_id.clone());
        }
        let waiting = self.show.open_calls().filter(is_there).filter(waits(CallState::Waiting));
        waiting.min_by_key(|call| (call.approved_at, call.created_at, call.line)).map(|call| call.call_id.clone())
    }
}
