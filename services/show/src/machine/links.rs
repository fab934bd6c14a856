//! Where the sound of calls is, and how calls end by themselves.

use crosspoint_model::Refusal;
use crosspoint_model::show::{CallLink, CallState};

use super::Deed;
use super::turn::Turn;

/// So many digits are kept.
const DIGITS: usize = 16;

impl Turn<'_> {
    pub(super) fn link(&mut self, call: &str, link: CallLink) -> Result<(), Refusal> {
        self.state(call)?;
        let before = std::mem::replace(&mut self.call_mut(call).link, link);
        self.will(Deed::Settle(call.to_owned()));
        if before == link {
            return Ok(());
        }
        match link {
            CallLink::Connected => self.told(call, "connected"),
            CallLink::Lost | CallLink::Pending => self.told(call, "lost"),
            CallLink::Conference => self.told(call, "in-conference"),
        }
        Ok(())
    }

    pub(super) fn keyed(&mut self, call: &str, digit: char) -> Result<(), Refusal> {
        self.state(call)?;
        if !(digit.is_ascii_digit() || matches!(digit, '*' | '#' | 'A'..='D')) {
            return Ok(());
        }
        let digits = &mut self.call_mut(call).digits;
        digits.push(digit);
        let surplus = digits.len().saturating_sub(DIGITS);
        digits.drain(..surplus);
        self.told(call, "keyed");
        Ok(())
    }

    pub(super) fn over(&mut self, call: &str, reason: String) -> Result<(), Refusal> {
        self.state(call)?;
        self.call_mut(call).end_reason = Some(reason);
        self.enter(call, CallState::Off, "ended");
        Ok(())
    }

    /// Whom a screener talked to who has gone waits in the lobby again, for somebody else.
    pub(super) fn screener_left(&mut self, screener: &str) {
        if self.show.staff.contains_key(screener) {
            return;
        }
        if let Some(call) = self.show.call_of_screener(screener).map(|call| call.call_id.clone()) {
            self.return_to_lobby(&call);
        }
    }
}
