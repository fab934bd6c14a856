//! What a side reports of its connection: that it stands and over which kinds of candidates, or why it does not.

use crosspoint_model::Refusal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::side::Side;

/// A longer detail is cut.
const LONGEST_DETAIL: usize = 200;

/// The body of a report.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportBody {
    /// What came of it.
    state: Reported,
    /// `connected`: the kinds of the candidate pair that carries it, as this side's statistics tell.
    #[serde(default)]
    pair: Option<OwnPair>,
    /// `connected`: milliseconds that it took, by this side's clock.
    #[serde(default)]
    connect_ms: Option<u64>,
    /// `failed`: why. Words that are not known count as `other`.
    #[serde(default)]
    cause: Option<String>,
    /// `failed`: more about it, for people.
    #[serde(default)]
    detail: Option<String>,
    /// The revision of the offer that it is about. Absent: the current one.
    #[serde(default)]
    pub revision: Option<u32>,
    /// Whose report it is, where no token says so: `viewer`, `controller`, `agent`.
    #[serde(default, alias = "role")]
    from: Option<String>,
}

/// What may be reported.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
enum Reported {
    Connected,
    Failed,
}

/// A candidate pair as one side sees it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
struct OwnPair {
    local: CandidateKind,
    remote: CandidateKind,
}

/// The kind of a candidate (RFC 8445 §5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CandidateKind {
    /// An address of the machine's own.
    Host,
    /// As a STUN server saw it.
    Srflx,
    /// As the other side saw it.
    Prflx,
    /// A TURN server's.
    Relay,
}

impl CandidateKind {
    /// The word for it in SDP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Srflx => "srflx",
            Self::Prflx => "prflx",
            Self::Relay => "relay",
        }
    }
}

/// A candidate pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Pair {
    /// The offering side's.
    pub viewer: CandidateKind,
    /// The answering side's.
    pub agent: CandidateKind,
}

/// Why a connection failed: what figures tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FailureCause {
    /// Nobody answered the offer.
    NoAnswer,
    /// No candidate pair worked.
    Ice,
    /// The handshake did.
    Dtls,
    /// It took too long, and nobody knows more.
    Timeout,
    /// It stood, and no picture or sound came.
    Media,
    /// The other side closed it.
    Closed,
    /// Something else.
    Other,
}

impl FailureCause {
    /// All there are.
    pub const ALL: [Self; 7] =
        [Self::NoAnswer, Self::Ice, Self::Dtls, Self::Timeout, Self::Media, Self::Closed, Self::Other];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no-answer",
            Self::Ice => "ice",
            Self::Dtls => "dtls",
            Self::Timeout => "timeout",
            Self::Media => "media",
            Self::Closed => "closed",
            Self::Other => "other",
        }
    }
}

/// A failure as it was reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Failure {
    /// Why.
    pub cause: FailureCause,
    /// More about it.
    pub detail: String,
}

/// A report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The connection stands.
    Connected {
        /// Over these candidates.
        pair: Option<Pair>,
        /// After so many milliseconds.
        took_ms: Option<u64>,
    },
    /// It does not.
    Failed(Failure),
}

impl ReportBody {
    /// Whose report it says that it is.
    ///
    /// # Errors
    /// `invalid-request`.
    pub fn from(&self) -> Result<Option<Side>, Refusal> {
        self.from.as_deref().map(Side::of_role).transpose()
    }

    /// What it reports; without a side, the pair is taken as the offering side's.
    pub fn read(self, side: Option<Side>) -> Report {
        match self.state {
            Reported::Connected => {
                let pair = self.pair.map(|OwnPair { local, remote }| match side {
                    Some(Side::Answering) => Pair { viewer: remote, agent: local },
                    Some(Side::Offering) | None => Pair { viewer: local, agent: remote },
                });
                Report::Connected { pair, took_ms: self.connect_ms }
            }
            Reported::Failed => Report::Failed(failure(self.cause.as_deref(), self.detail)),
        }
    }
}

fn failure(word: Option<&str>, detail: Option<String>) -> Failure {
    let cause = FailureCause::ALL.into_iter().find(|cause| Some(cause.as_str()) == word);
    // What is no word of ours is still worth reading.
    let detail = detail.or_else(|| word.filter(|_| cause.is_none()).map(str::to_owned)).unwrap_or_default();
    Failure { cause: cause.unwrap_or(FailureCause::Other), detail: detail.chars().take(LONGEST_DETAIL).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(body: serde_json::Value, side: Option<Side>) -> Report {
        serde_json::from_value::<ReportBody>(body).expect("a report").read(side)
    }

    #[test]
    fn a_pair_is_the_same_from_both_sides() {
        let pair = Some(Pair { viewer: CandidateKind::Relay, agent: CandidateKind::Host });
        let connected = Report::Connected { pair, took_ms: Some(310) };
        let viewers = json!({"state": "connected", "pair": {"local": "relay", "remote": "host"}, "connectMs": 310});
        let agents = json!({"state": "connected", "pair": {"local": "host", "remote": "relay"}, "connectMs": 310});
        assert_eq!(read(viewers.clone(), Some(Side::Offering)), connected);
        assert_eq!(read(viewers, None), connected);
        assert_eq!(read(agents, Some(Side::Answering)), connected);
    }

    #[test]
    fn a_cause_that_is_not_known_is_kept_as_detail() {
        let failed = |cause, detail: &str| Report::Failed(Failure { cause, detail: detail.into() });
        assert_eq!(read(json!({"state": "failed"}), None), failed(FailureCause::Other, ""));
        assert_eq!(read(json!({"state": "failed", "cause": "ice"}), None), failed(FailureCause::Ice, ""));
        assert_eq!(
            read(json!({"state": "failed", "cause": "gremlins"}), None),
            failed(FailureCause::Other, "gremlins")
        );
        assert!(serde_json::from_value::<ReportBody>(json!({"state": "dancing"})).is_err());
    }
}
