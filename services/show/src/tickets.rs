//! What telephones present: stream sockets a token, which says which call they may bring the sound of, good once, for a minute,
//! for one call; hosts a PIN, or the number at which we called them.

use std::collections::BTreeMap;
use std::time::Duration;

use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::CallRef;
use tokio::time::Instant;

/// So long a provider has to connect.
const LIFETIME: Duration = Duration::from_secs(60);
/// So long somebody whom we call may let it ring.
const RINGING: Duration = Duration::from_secs(120);
/// So many wrong PINs has a call; then it is an ordinary one.
const GUESSES: u32 = 5;

/// All that are out.
#[derive(Default)]
pub(crate) struct Tickets {
    tickets: BTreeMap<String, Ticket>,
    /// Hosts whom we call: the number, the show, until when.
    dialled: BTreeMap<String, (String, Instant)>,
    /// Hosts who are in a conference by telephone: of which show.
    hosts: BTreeMap<CallRef, String>,
    /// Wrong PINs of each call.
    guesses: BTreeMap<CallRef, u32>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    pub(crate) call: CallRef,
    pub(crate) show: String,
    pub(crate) call_id: String,
    until: Instant,
}

impl Tickets {
    /// A new one. An older one for the same call is void.
    pub(crate) fn issue(&mut self, token: String, call: CallRef, show: &str, call_id: &str) {
        let now = Instant::now();
        self.tickets.retain(|_, ticket| ticket.until > now && ticket.call != call);
        let (show, call_id) = (show.to_owned(), call_id.to_owned());
        self.tickets.insert(token, Ticket { call, show, call_id, until: now + LIFETIME });
    }

    /// Takes it, whoever presents it: who presents another's has spoilt it.
    pub(crate) fn redeem(&mut self, token: &str, call: &CallRef) -> Result<Ticket, Refusal> {
        let void = || {
            Refusal::new(Code::Unauthorized, "the stream's token is not one of this call, or was used, or is too old")
        };
        let ticket = self.tickets.remove(token).ok_or_else(void)?;
        if ticket.call != *call || ticket.until <= Instant::now() {
            return Err(void());
        }
        Ok(ticket)
    }

    /// We call this number, to bring it into a show as a host.
    pub(crate) fn dial(&mut self, number: &str, show: &str) {
        let now = Instant::now();
        self.dialled.retain(|_, (_, until)| *until > now);
        self.dialled.insert(number.to_owned(), (show.to_owned(), now + RINGING));
    }

    /// Did we call this number? Then it has answered, and is a host of that show.
    pub(crate) fn answered(&mut self, number: &str) -> Option<String> {
        let (show, until) = self.dialled.remove(number)?;
        (until > Instant::now()).then_some(show)
    }

    /// This call is a host of that show.
    pub(crate) fn add_host(&mut self, call: CallRef, show: &str) {
        self.hosts.insert(call, show.to_owned());
    }

    /// Of which show is this call a host?
    pub(crate) fn host_of(&self, call: &CallRef) -> Option<&str> {
        self.hosts.get(call).map(String::as_str)
    }

    /// May this call try (another) PIN?
    pub(crate) fn may_guess(&self, call: &CallRef) -> bool {
        self.guesses.get(call).is_none_or(|wrong| *wrong < GUESSES)
    }

    /// That was a wrong one.
    pub(crate) fn guessed_wrong(&mut self, call: &CallRef) {
        *self.guesses.entry(call.clone()).or_default() += 1;
    }

    /// The call is over.
    pub(crate) fn forget_call(&mut self, call: &CallRef) {
        self.hosts.remove(call);
        self.guesses.remove(call);
        self.tickets.retain(|_, ticket| ticket.call != *call);
    }

    /// That did not work.
    pub(crate) fn not_dialled(&mut self, number: &str) {
        self.dialled.remove(number);
    }

    pub(crate) fn forget_show(&mut self, show: &str) {
        self.tickets.retain(|_, ticket| ticket.show != show);
        self.dialled.retain(|_, (of, _)| of != show);
        self.hosts.retain(|_, of| of != show);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(sid: &str) -> CallRef {
        CallRef { provider: "twilio".into(), sid: sid.into() }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_good_once_for_its_call_and_for_a_minute() {
        let mut tickets = Tickets::default();
        tickets.issue("a".into(), call("CA1"), "s", "c1");
        assert_eq!(tickets.redeem("a", &call("CA1")).map(|ticket| ticket.call_id), Ok("c1".into()));
        assert!(tickets.redeem("a", &call("CA1")).is_err(), "once");

        tickets.issue("b".into(), call("CA1"), "s", "c1");
        assert!(tickets.redeem("b", &call("CA2")).is_err(), "another's");
        assert!(tickets.redeem("b", &call("CA1")).is_err(), "and it is spoilt");

        tickets.issue("c".into(), call("CA1"), "s", "c1");
        tokio::time::advance(LIFETIME).await;
        assert!(tickets.redeem("c", &call("CA1")).is_err(), "too late");

        tickets.issue("d".into(), call("CA1"), "s", "c1");
        tickets.issue("e".into(), call("CA1"), "s", "c1");
        assert!(tickets.redeem("d", &call("CA1")).is_err(), "there is a newer one");
        assert!(tickets.redeem("e", &call("CA1")).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn whom_we_call_is_a_host_when_they_answer_in_time() {
        let mut tickets = Tickets::default();
        tickets.dial("+123456", "s");
        assert_eq!(tickets.answered("+123456"), Some("s".into()));
        assert_eq!(tickets.answered("+123456"), None);
        tickets.dial("+123456", "s");
        tokio::time::advance(RINGING).await;
        assert_eq!(tickets.answered("+123456"), None);
    }
}
