//! What can come back from a provider instead of what was asked for.

use crosspoint_model::{Code, Refusal};

/// Why a provider did not do it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// There is no such call or conference any more: most often it has just ended.
    #[error("the call is over at the telephone company")]
    Gone,
    /// It said no.
    #[error("the telephone company refused ({status}, its code {code}): {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The provider's own number of the error; 0: none.
        code: u64,
        /// Its words.
        message: String,
    },
    /// It did not answer, or not in a way that can be read.
    #[error("the telephone company could not be reached: {0}")]
    Unreachable(String),
}

impl Trouble {
    /// Is it worth asking again?
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Gone => false,
            Self::Unreachable(_) => true,
            Self::Refused { status, .. } => *status == 429 || *status >= 500,
        }
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Refusal::new(Code::CarrierFailed, trouble.to_string())
    }
}
