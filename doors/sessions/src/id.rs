//! The name of a session, chosen by whoever starts the agent.

use std::fmt;
use std::sync::Arc;

use crosspoint_model::{Code, Refusal};
use serde::{Deserialize, Serialize};

/// The longest one.
const LONGEST: usize = 64;

/// 1 to 64 letters, digits, `_`, `.` and `-`: what stands in a path, a file name and a variable as it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(Arc<str>);

impl SessionId {
    /// Checks and wraps the text.
    ///
    /// # Errors
    /// `invalid-request`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
        // Paths are shortened by these two before they are sent (RFC 3986 §5.2.4).
        let is_path = [".", ".."].contains(&text);
        if (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits) && !is_path {
            return Ok(Self(text.into()));
        }
        Err(Refusal::new(
            Code::InvalidRequest,
            "a session id is 1 to 64 letters, digits, underscores, dots and hyphens, and neither . nor ..",
        ))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_what_stands_in_a_path_as_it_is() {
        for text in ["a", "vm-7.example_2", &"x".repeat(64)] {
            assert!(SessionId::parse(text).is_ok(), "{text}");
        }
        for text in ["", "a/b", "a b", "ü", "a%2Fb", &"x".repeat(65)] {
            assert_eq!(SessionId::parse(text).map_err(|refusal| refusal.code), Err(Code::InvalidRequest), "{text}");
        }
    }
}
