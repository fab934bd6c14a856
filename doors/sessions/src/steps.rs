//! What changes a session: a state machine without a clock. In: what the two sides post, and the time. Out: the session as it is after
//! that, what of it is to be put down, and what happened, for the figures.
//!
//! ```text
//!            offer                answer               report
//!   (none) ────────> offered ────────────> answered ────────────> connected, failed
//!                       ^                      │                       │
//!                       └───── another offer (revision + 1) ───────────┘
//! ```

use std::sync::Arc;

use crosspoint_model::{Code, Refusal};

use crate::description::{has_any_ufrag, has_ufrag};
use crate::id::SessionId;
use crate::report::{Failure, FailureCause, Pair, Report};
use crate::session::{Session, State, Told, Trickled};
use crate::side::Side;
use crate::{candidate, description};

/// What a step came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The session after it.
    pub session: Session,
    /// What is to be put down.
    pub put: Put,
    /// What happened.
    pub facts: Vec<Fact>,
}

/// What of a changed session is to be put down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It has a new offer: the candidates before it go.
    Offer,
    /// The session without its candidates.
    Session,
    /// Its last candidate.
    Candidate,
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A session was made.
    Created,
    /// An offer was taken.
    Offered,
    /// It was answered after so many milliseconds.
    Answered(u64),
    /// It led to a connection after so many milliseconds.
    Connected(u64),
    /// Over these candidates.
    Over(Pair),
    /// It did not.
    Failed(FailureCause),
    /// A connection that stood was lost.
    Lost(FailureCause),
}

/// What came of a step that was allowed; none: it changes nothing.
pub type Step = Result<Option<Changed>, Refusal>;

impl Session {
    /// An offer comes. `replace`: also in the place of one that nobody has answered.
    pub fn offer(before: Option<&Self>, id: &SessionId, posted: description::Posted, replace: bool, now: u64) -> Step {
        let Some(before) = before else {
            let session = Self::new(id.clone(), posted.sdp, now);
            return Ok(Some(Changed { session, put: Put::Offer, facts: vec![Fact::Created, Fact::Offered] }));
        };
        if before.offer.sdp == posted.sdp {
            return Ok(None);
        }
        if before.state == State::Offered && !replace {
            let detail =
                "another offer waits for its answer; DELETE the session to begin anew, or post with ?replace=true";
            return Err(Refusal::new(Code::OfferExists, detail));
        }
        let number = before.last + 1;
        let session = Self {
            created_at: before.created_at,
            revision: before.revision.saturating_add(1),
            last: number,
            offer: Told { sdp: posted.sdp, number, at: now },
            ..Self::new(id.clone(), "".into(), now)
        };
        Ok(Some(Changed { session, put: Put::Offer, facts: vec![Fact::Offered] }))
    }

    /// An answer comes.
    pub fn answer(&self, posted: description::Posted, now: u64) -> Step {
        self.check_revision(posted.revision)?;
        match &self.answer {
            Some(answer) if answer.sdp == posted.sdp => return Ok(None),
            Some(_) => {
                let detail = "the offer has another answer already; a second agent may be running for this session";
                return Err(Refusal::new(Code::AnswerExists, detail));
            }
            None => {}
        }
        let mut session = self.clone();
        let number = session.next_number();
        session.answer = Some(Told { sdp: posted.sdp, number, at: now });
        (session.state, session.state_since, session.failure) = (State::Answered, now, None);
        let after = now.saturating_sub(self.offer.at);
        Ok(Some(Changed { session, put: Put::Session, facts: vec![Fact::Answered(after)] }))
    }

    /// A candidate comes, or the word that there are no more. `most`: candidates that a side may have.
    pub fn trickle(&self, from: Side, posted: candidate::Posted, most: usize) -> Step {
        self.check_revision(posted.revision)?;
        self.check_ufrag(from, posted.ufrag.as_deref())?;
        let own = self.candidates.iter().filter(|trickled| trickled.from == from);
        let is_known = match &posted.candidate {
            Some(_) => own.clone().any(|trickled| trickled.candidate == posted.candidate),
            None => self.has_ended(Some(from)),
        };
        if is_known {
            return Ok(None);
        }
        if posted.candidate.is_some() && own.filter(|trickled| trickled.candidate.is_some()).count() >= most {
            let detail = format!("a side has at most {most} candidates for one offer (sessions.candidates)");
            return Err(Refusal::new(Code::InvalidCandidate, detail));
        }
        let mut session = self.clone();
        let number = session.next_number();
        session.candidates.push(Arc::new(Trickled { number, from, candidate: posted.candidate }));
        Ok(Some(Changed { session, put: Put::Candidate, facts: Vec::new() }))
    }

    /// A side reports what came of it.
    pub fn report(&self, report: Report, revision: Option<u32>, now: u64) -> Step {
        self.check_revision(revision)?;
        let mut session = self.clone();
        let facts = match report {
            Report::Connected { .. } if self.answer.is_none() => {
                let detail = "nobody has answered the offer, so nothing can be connected yet";
                return Err(Refusal::new(Code::NotReady, detail));
            }
            Report::Connected { pair, took_ms } => session.connected(pair, took_ms, now),
            Report::Failed(failure) => session.failed(failure, now),
        };
        if session == *self {
            return Ok(None);
        }
        session.reported = session.next_number();
        Ok(Some(Changed { session, put: Put::Session, facts }))
    }

    fn connected(&mut self, pair: Option<Pair>, took_ms: Option<u64>, now: u64) -> Vec<Fact> {
        let mut facts = Vec::new();
        if self.state != State::Connected {
            (self.state, self.state_since, self.failure) = (State::Connected, now, None);
        }
        if self.outcome.is_none() {
            let took = took_ms.unwrap_or_else(|| now.saturating_sub(self.offer.at));
            (self.outcome, self.connect_ms) = (Some(State::Connected), Some(took));
            facts.push(Fact::Connected(took));
        }
        // Whoever reports second may know what the first one did not.
        if let (None, Some(pair)) = (self.pair, pair) {
            self.pair = Some(pair);
            facts.push(Fact::Over(pair));
        }
        facts
    }

    fn failed(&mut self, failure: Failure, now: u64) -> Vec<Fact> {
        let mut facts = Vec::new();
        let cause = failure.cause;
        match (self.state, self.outcome) {
            // The other side has reported it; the first cause stays.
            (State::Failed, _) => return facts,
            (_, None) => facts.push(Fact::Failed(cause)),
            // Only what was counted as connected can be lost.
            (_, Some(State::Connected)) => facts.push(Fact::Lost(cause)),
            (_, Some(_)) => {}
        }
        self.outcome = self.outcome.or(Some(State::Failed));
        (self.state, self.state_since, self.failure) = (State::Failed, now, Some(failure));
        facts
    }

    fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn check_revision(&self, given: Option<u32>) -> Result<(), Refusal> {
        match given {
            Some(given) if given != self.revision => {
                let detail =
                    format!("this is about revision {given} of the offer; the current one is {}", self.revision);
                Err(Refusal::new(Code::StaleRevision, detail))
            }
            _ => Ok(()),
        }
    }

    /// A candidate of another ICE session makes `addIceCandidate` fail at the other side. Those of an answer that has not come yet are
    /// taken on trust.
    fn check_ufrag(&self, from: Side, ufrag: Option<&str>) -> Result<(), Refusal> {
        let own = match from {
            Side::Offering => Some(&self.offer),
            Side::Answering => self.answer.as_ref(),
        };
        match (own, ufrag) {
            (Some(own), Some(ufrag)) if has_any_ufrag(&own.sdp) && !has_ufrag(&own.sdp, ufrag) => {
                let detail = "the candidate's usernameFragment is not that of its side's current description";
                Err(Refusal::new(Code::StaleRevision, detail))
            }
            _ => Ok(()),
        }
    }
}
