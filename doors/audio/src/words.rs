//! The text frames: JSON, `type` in kebab-case, fields in camelCase.

use crosspoint_model::{Code, Refusal};
use serde::{Deserialize, Serialize};

/// What a client says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum ClientWord {
    /// What was sent and not played yet is not to be played (somebody interrupted).
    Clear {},
    /// Say this again when everything that was sent before it has been played.
    Mark {
        /// Any text.
        name: String,
    },
    /// The own mute flag, which the room sees.
    Mute {
        /// The new state.
        muted: bool,
    },
}

/// What the server says.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ServerWord {
    /// You are in.
    Ready {
        /// The room.
        room_id: String,
        /// Under which identity.
        user_id: String,
        /// Samples a second, both ways.
        rate: u32,
        /// Samples of each binary frame that comes.
        frame: usize,
        /// The position, in the room's 48,000 samples a second, at which the first frame begins. Absent: nothing is heard yet.
        #[serde(skip_serializing_if = "Option::is_none")]
        position: Option<u64>,
    },
    /// So many frames did not reach you, because you read too slowly.
    Lost {
        /// How many.
        frames: u64,
    },
    /// To `clear`.
    Cleared {},
    /// To `mark`.
    Mark {
        /// The name that it had.
        name: String,
    },
    /// Something was refused.
    Error {
        /// What kind.
        code: Code,
        /// What exactly, for a person.
        message: String,
        /// Where to read about it.
        docs: String,
    },
}

impl From<Refusal> for ServerWord {
    fn from(Refusal { code, detail }: Refusal) -> Self {
        Self::Error { code, message: detail, docs: code.docs() }
    }
}
