//! The two sides of a session.

use crosspoint_model::{Code, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who of the two it is. In JSON each side is called after who usually is on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub enum Side {
    /// Posts offers: a viewer, or somebody who controls.
    #[serde(rename = "viewer")]
    Offering,
    /// Posts answers: the agent.
    #[serde(rename = "agent")]
    Answering,
}

impl Side {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Offering, Self::Answering];

    /// The side on which somebody of this role is: `viewer`, `controller`, `agent`.
    ///
    /// # Errors
    /// `invalid-request` for other words.
    pub fn of_role(role: &str) -> Result<Self, Refusal> {
        match role {
            "viewer" | "controller" => Ok(Self::Offering),
            "agent" => Ok(Self::Answering),
            _ => Err(Refusal::new(Code::InvalidRequest, "a role is one of viewer, controller, agent")),
        }
    }

    /// The word for it in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Offering => "viewer",
            Self::Answering => "agent",
        }
    }

    /// The other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Offering => Self::Answering,
            Self::Answering => Self::Offering,
        }
    }
}
