//! What telephones present: stream sockets a token, which says which call they may bring the sound of, good once, for a minute,
//! for one call; hosts a PIN, or the number at which we called them and where somebody pressed a key.

use std::collections::{BTreeMap, VecDeque};
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
/// So many have all calls of a show within [`WINDOW`]: with six digits somebody who calls again and again would need years. Hosts
/// whom that keeps out are called by the desk.
const GUESSES_OF_SHOW: usize = 30;
/// So many calls are made for a show within [`WINDOW`]: each costs money, and a link may fall into wrong hands.
const DIALS: usize = 20;
/// Within which guesses and calls are counted.
const WINDOW: Duration = Duration::from_secs(3600);

/// All that are out.
#[derive(Default)]
pub(crate) struct Tickets {
    tickets: BTreeMap<String, Ticket>,
    /// Hosts whom we call: the number, the show, until when.
    dialled: BTreeMap<String, (String, Instant)>,
    /// Calls of ours that somebody answered, or a mailbox: of which show they would be hosts.
    invited: BTreeMap<CallRef, String>,
    /// Hosts who are in a conference by telephone: of which show.
    hosts: BTreeMap<CallRef, String>,
    /// Wrong PINs of each call.
    guesses: BTreeMap<CallRef, u32>,
    /// When there was a wrong one, by show.
    wrong: BTreeMap<String, VecDeque<Instant>>,
    /// When somebody was called, by show.
    dials: BTreeMap<String, VecDeque<Instant>>,
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

    /// We call this number, to bring it into a show as a host; unless too many were called.
    pub(crate) fn dial(&mut self, number: &str, show: &str) -> Result<(), Refusal> {
        let now = Instant::now();
        self.dialled.retain(|_, (_, until)| *until > now);
        let dials = recent(&mut self.dials, show, now);
        if dials.len() >= DIALS {
            let detail = format!(
                "this show has called {DIALS} times within an hour: wait, or call its number and key in the PIN"
            );
            return Err(Refusal::new(Code::RateLimited, detail));
        }
        dials.push_back(now);
        self.dialled.insert(number.to_owned(), (show.to_owned(), now + RINGING));
        Ok(())
    }

    /// Did we call this number? Then it has answered, and is asked whether it is somebody.
    pub(crate) fn answered(&mut self, number: &str) -> Option<String> {
        let (show, until) = self.dialled.remove(number)?;
        (until > Instant::now()).then_some(show)
    }

    /// We made this call, to this number; who answers and presses a key is a host of that show.
    pub(crate) fn invite(&mut self, call: CallRef, number: &str, show: &str) {
        self.dialled.remove(number);
        self.invited.insert(call, show.to_owned());
    }

    /// Of which show would this call be a host?
    pub(crate) fn invited(&self, call: &CallRef) -> Option<&str> {
        self.invited.get(call).map(String::as_str)
    }

    /// This call is a host of that show.
    pub(crate) fn add_host(&mut self, call: CallRef, show: &str) {
        self.invited.remove(&call);
        self.hosts.insert(call, show.to_owned());
    }

    /// Of which show is this call a host?
    pub(crate) fn host_of(&self, call: &CallRef) -> Option<&str> {
        self.hosts.get(call).map(String::as_str)
    }

    /// Who hosts this show by telephone, or is asked to.
    pub(crate) fn all_hosts(&self, show: &str) -> Vec<CallRef> {
        let all = self.hosts.iter().chain(&self.invited);
        all.filter(|(_, of)| *of == show).map(|(call, _)| call.clone()).collect()
    }

    /// May this call try (another) PIN of this show?
    pub(crate) fn may_guess(&mut self, call: &CallRef, show: &str) -> bool {
        let has_more = recent(&mut self.wrong, show, Instant::now()).len() < GUESSES_OF_SHOW;
        has_more && self.guesses.get(call).is_none_or(|wrong| *wrong < GUESSES)
    }

    /// That was a wrong one.
    pub(crate) fn guessed_wrong(&mut self, call: &CallRef, show: &str) {
        *self.guesses.entry(call.clone()).or_default() += 1;
        let now = Instant::now();
        recent(&mut self.wrong, show, now).push_back(now);
    }

    /// The call is over.
    pub(crate) fn forget_call(&mut self, call: &CallRef) {
        self.hosts.remove(call);
        self.invited.remove(call);
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
        self.invited.retain(|_, of| of != show);
        self.wrong.remove(show);
        self.dials.remove(show);
    }
}

/// What happened in a show within the last [`WINDOW`].
fn recent<'a>(
    times: &'a mut BTreeMap<String, VecDeque<Instant>>,
    show: &str,
    now: Instant,
) -> &'a mut VecDeque<Instant> {
    let times = times.entry(show.to_owned()).or_default();
    times.retain(|time| now.duration_since(*time) < WINDOW);
    times
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
    async fn whom_we_call_is_invited_when_they_answer_in_time() {
        let mut tickets = Tickets::default();
        tickets.dial("+123456", "s").expect("the first call");
        assert_eq!(tickets.answered("+123456"), Some("s".into()));
        assert_eq!(tickets.answered("+123456"), None);
        tickets.dial("+123456", "s").expect("the second");
        tokio::time::advance(RINGING).await;
        assert_eq!(tickets.answered("+123456"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_show_calls_and_is_guessed_at_only_so_often() {
        let mut tickets = Tickets::default();
        (0..DIALS).for_each(|_| tickets.dial("+123456", "s").expect("not too often"));
        assert_eq!(tickets.dial("+123456", "s").expect_err("too often").code, Code::RateLimited);
        tickets.dial("+123456", "another").expect("another show may");
        for guess in 0..GUESSES_OF_SHOW {
            let call = call(&format!("CA{guess}"));
            assert!(tickets.may_guess(&call, "s"));
            tickets.guessed_wrong(&call, "s");
        }
        assert!(!tickets.may_guess(&call("CA-new"), "s"));
        tokio::time::advance(WINDOW).await;
        assert!(tickets.may_guess(&call("CA-new"), "s"));
        tickets.dial("+123456", "s").expect("an hour later");
    }
}
