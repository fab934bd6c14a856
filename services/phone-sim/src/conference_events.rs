//! What is told about a conference: signed, numbered, and only the events that were asked for.

use std::sync::{Arc, Weak};
use std::time::SystemTime;

use tokio::sync::mpsc;

use crate::call::Call;
use crate::conference::{Room, State};
use crate::date::rfc2822;
use crate::verbs::Action;
use crate::webhook::{Params, Webhooks};

/// Who is told, and about what. The first one who comes with an address decides it for all.
pub(crate) struct Callback {
    action: Action,
    events: Vec<String>,
    sequence: u64,
    sender: mpsc::UnboundedSender<(Action, Params)>,
}

impl Callback {
    pub(crate) fn new(action: Action, events: Vec<String>, webhooks: Arc<Webhooks>, call: Weak<Call>) -> Self {
        Self { action, events, sequence: 0, sender: messenger(webhooks, call) }
    }
}

impl State {
    /// Tells of an event, if its word was asked for.
    pub(crate) fn tell(
        &mut self,
        room: &Room,
        account: &str,
        word: &str,
        event: &str,
        about: Option<usize>,
        more: &[(&str, &str)],
    ) {
        let Some(callback) =
            self.callback.as_mut().filter(|callback| callback.events.iter().any(|known| known == word))
        else {
            return;
        };
        callback.sequence += 1;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut params = vec![
            pair("ConferenceSid", &room.sid),
            pair("FriendlyName", &room.name),
            pair("AccountSid", account),
            pair("SequenceNumber", &callback.sequence.to_string()),
            pair("Timestamp", &rfc2822(SystemTime::now())),
            pair("StatusCallbackEvent", event),
        ];
        if let Some(participant) = about.map(|index| &self.participants[index]) {
            params.extend([
                pair("CallSid", participant.call.sid()),
                pair("Muted", &participant.muted.to_string()),
                pair("Hold", &participant.hold.to_string()),
                pair("Coaching", "false"),
                pair("StartConferenceOnEnter", &participant.how.start_on_enter.to_string()),
                pair("EndConferenceOnExit", &participant.how.end_on_exit.to_string()),
            ]);
            params.extend(participant.how.label.as_ref().map(|label| pair("ParticipantLabel", label)));
        }
        params.extend(more.iter().map(|(name, value)| pair(name, value)));
        // The messenger lives as long as the conference.
        let _ = callback.sender.send((callback.action.clone(), params));
    }
}

/// Tells one after the other, in order. The provider promises no order, but numbers what it tells. What came of it goes into
/// the log of the call that brought the address.
fn messenger(webhooks: Arc<Webhooks>, call: Weak<Call>) -> mpsc::UnboundedSender<(Action, Params)> {
    let (sender, mut receiver) = mpsc::unbounded_channel::<(Action, Params)>();
    tokio::spawn(async move {
        while let Some((action, params)) = receiver.recv().await {
            let answer = webhooks.tell(&action.url, action.method, &params).await;
            let event = params.iter().find(|(name, _)| name == "StatusCallbackEvent").map_or("", |(_, value)| value);
            if let Some(call) = call.upgrade() {
                call.log("callback", format!("{event} to {}: {}", action.url, answered(&answer)));
            }
        }
    });
    sender
}

/// The answer to a callback, for the log.
pub(crate) fn answered(answer: &Result<u16, String>) -> String {
    match answer {
        Ok(status) => status.to_string(),
        Err(error) => error.clone(),
    }
}
