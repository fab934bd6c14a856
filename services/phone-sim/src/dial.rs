//! `<Dial><Conference>`: the conference drives the handset; the call waits until it is let go.

use crate::call::CallState;
use crate::conference::Left;
use crate::course::{After, Course};
use crate::line::Beat;
use crate::verbs::Dial;

impl Course {
    pub(crate) async fn dial(&mut self, dial: Dial) -> After {
        let account = self.company.settings().account_sid.clone();
        let (conferences, webhooks) = (self.company.conferences().clone(), self.company.webhooks().clone());
        let call = self.call();
        let name = dial.conference.name.clone();
        let Some((room, left)) = conferences.join(&webhooks, &account, &call, dial.conference) else {
            call.error(13_229, &format!("conference {name} is full"));
            return After::Next;
        };
        call.situation().state = CallState::InConference;
        call.log("conference", format!("in {name} ({})", room.sid));
        tokio::pin!(left);
        let interrupted = loop {
            tokio::select! {
                left = &mut left => {
                    let why = if left == Ok(Left::Ended) { "the conference ended" } else { "removed from the conference" };
                    call.log("conference", why);
                    break None;
                }
                beat = self.line.command() => match beat {
                    Beat::Interrupt(interrupt) => break Some(interrupt),
                    Beat::Digits(digits) => call.log("digits", format!("{digits} pressed in a conference")),
                    Beat::Tick(_) | Beat::Fault(_) => {}
                },
            }
        };
        conferences.leave(&account, &room, call.sid(), false);
        call.situation().state = CallState::InProgress;
        self.line.resume();
        match (interrupted, dial.action) {
            (Some(interrupt), _) => interrupt.into(),
            (None, Some(action)) => self.follow(&action, None),
            (None, None) => After::Next,
        }
    }
}
