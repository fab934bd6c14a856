//! One session, as it is; `steps.rs` has what changes it.
//!
//! Everything that is told has a number from one counter of the session, so that whoever asks for "what came after" needs one number.

use std::sync::Arc;

use crosspoint_model::{Code, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::candidate::{self, Candidate};
use crate::description::has_ufrag;
use crate::id::SessionId;
use crate::report::{Failure, Pair};
use crate::side::Side;

/// Where a session stands, in the order of a session's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// There is an offer; nobody has answered it.
    Offered,
    /// It was answered.
    Answered,
    /// A side reported that the connection stands.
    Connected,
    /// A side reported that it does not.
    Failed,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Offered, Self::Answered, Self::Connected, Self::Failed];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Answered => "answered",
            Self::Connected => "connected",
            Self::Failed => "failed",
        }
    }
}

/// A description that was posted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The session description.
    pub sdp: Arc<str>,
    /// Its number.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
}

/// A candidate that was posted, or the word that there are no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trickled {
    /// Its number.
    pub number: u64,
    /// Whose it is.
    pub from: Side,
    /// None: there are no more.
    pub candidate: Option<Candidate>,
}

/// A session. Times are milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name.
    pub id: SessionId,
    /// When it was made; tells it from an earlier one of this name.
    pub created_at: u64,
    /// How many offers it has had.
    pub revision: u32,
    /// The number of what was told last.
    pub last: u64,
    /// The current offer.
    pub offer: Told,
    /// The answer to it.
    pub answer: Option<Told>,
    /// Where it stands.
    pub state: State,
    /// Since when.
    pub state_since: u64,
    /// The number of the last report.
    pub reported: u64,
    /// What was reported first of the current offer; later reports do not change what is counted.
    pub outcome: Option<State>,
    /// The candidate pair.
    pub pair: Option<Pair>,
    /// Milliseconds that it took to connect.
    pub connect_ms: Option<u64>,
    /// Why it failed, while it stands so.
    pub failure: Option<Failure>,
    /// Candidates for the current offer. They have a table of their own.
    #[serde(skip)]
    pub candidates: Vec<Arc<Trickled>>,
}

impl Session {
    /// One that begins with this offer.
    pub fn new(id: SessionId, sdp: Arc<str>, now: u64) -> Self {
        Self {
            id,
            created_at: now,
            revision: 1,
            last: 1,
            offer: Told { sdp, number: 1, at: now },
            answer: None,
            state: State::Offered,
            state_since: now,
            reported: 0,
            outcome: None,
            pair: None,
            connect_ms: None,
            failure: None,
            candidates: Vec::new(),
        }
    }

    /// The side that a candidate is of: what was said of it, or the one whose description has its user fragment.
    ///
    /// # Errors
    /// `invalid-request` when it cannot be told.
    pub fn side_of(&self, posted: &candidate::Posted) -> Result<Side, Refusal> {
        let has = |told: &Told| posted.ufrag.as_deref().is_some_and(|ufrag| has_ufrag(&told.sdp, ufrag));
        if let Some(side) = posted.from {
            return Ok(side);
        }
        match (has(&self.offer), self.answer.as_ref().is_some_and(has)) {
            (true, false) => Ok(Side::Offering),
            (false, true) => Ok(Side::Answering),
            _ => Err(Refusal::new(
                Code::InvalidRequest,
                "whose candidate is it? Say ?role=viewer or ?role=agent, \"from\" in the body, or send its usernameFragment, \
                 which must be the a=ice-ufrag of the offer or the answer",
            )),
        }
    }

    /// What was trickled after this number, of one side or of both. A number that was never given belongs to an earlier session of
    /// this name: then everything.
    pub fn trickled(&self, of: Option<Side>, since: u64) -> impl Iterator<Item = &Arc<Trickled>> {
        let since = if since > self.last { 0 } else { since };
        let is_wanted =
            move |trickled: &&Arc<Trickled>| trickled.number > since && of.is_none_or(|side| side == trickled.from);
        self.candidates.iter().filter(is_wanted)
    }

    /// Has this side said, or have both, that there are no more candidates? A candidate that comes after that was overtaken on
    /// its way by a page that does not wait for one request before the next: it is one more, and the end stands.
    pub fn has_ended(&self, of: Option<Side>) -> bool {
        let is_end = |side, trickled: &Trickled| trickled.from == side && trickled.candidate.is_none();
        let has_ended = |side: Side| self.candidates.iter().any(|trickled| is_end(side, trickled));
        of.map_or_else(|| Side::BOTH.into_iter().all(has_ended), has_ended)
    }
}
