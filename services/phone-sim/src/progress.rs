//! What the provider says about a call: with each document that it asks for, and on the side.

use std::time::SystemTime;

use crate::conference_events::answered;
use crate::course::Course;
use crate::date::rfc2822;
use crate::line::Method;
use crate::verbs::Action;
use crate::webhook::Params;

impl Course {
    /// What the provider says about the call with each request.
    pub(crate) fn params(&self) -> Params {
        let call = self.call();
        let (from, to) = (&call.parties.from, &call.parties.to);
        let status = call.situation().status;
        let pairs = [
            ("CallSid", call.sid()),
            ("AccountSid", &self.company.settings().account_sid),
            ("From", from),
            ("To", to),
            ("Caller", from),
            ("Called", to),
            ("CallStatus", status),
            ("Direction", call.parties.direction),
            ("ApiVersion", "2010-04-01"),
            ("FromCity", "NOWHERE"),
            ("FromState", "DC"),
            ("FromZip", "20001"),
            ("FromCountry", "US"),
            ("CallerCity", "NOWHERE"),
            ("CallerState", "DC"),
            ("CallerZip", "20001"),
            ("CallerCountry", "US"),
            ("ToCity", ""),
            ("ToState", "DC"),
            ("ToZip", ""),
            ("ToCountry", "US"),
            ("CalledCity", ""),
            ("CalledState", "DC"),
            ("CalledZip", ""),
            ("CalledCountry", "US"),
        ];
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Tells of the call's progress, if that was asked for.
    pub(crate) fn status(&mut self, event: &str, status: &str) {
        let Some(url) = self.number.status_callback.clone() else { return };
        if !self.number.status_events.iter().any(|known| known == event) {
            return;
        }
        let mut params: Params = self.params().into_iter().filter(|(name, _)| name != "CallStatus").collect();
        let pair = |name: &str, value: String| (name.to_owned(), value);
        params.push(pair("CallStatus", status.to_owned()));
        params.push(pair("Timestamp", rfc2822(SystemTime::now())));
        params.push(pair("CallbackSource", "call-progress-events".to_owned()));
        params.push(pair("SequenceNumber", self.callbacks.to_string()));
        if event == "completed" {
            let seconds = self.call().duration();
            params.push(pair("CallDuration", seconds.to_string()));
            params.push(pair("Duration", seconds.div_ceil(60).to_string()));
        }
        self.callbacks += 1;
        self.tell(Action { url, method: Method::Post }, params, format!("call {status}"));
    }

    /// Tells a server something on the side.
    pub(crate) fn tell(&self, action: Action, params: Params, what: String) {
        let (webhooks, call) = (self.company.webhooks().clone(), self.call());
        tokio::spawn(async move {
            let answer = webhooks.tell(&action.url, action.method, &params).await;
            call.log("callback", format!("{what} to {}: {}", action.url, answered(&answer)));
        });
    }
}
