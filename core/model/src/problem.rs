//! A refusal as HTTP doors send it: problem details (RFC 9457), `application/problem+json`.

use serde::Serialize;

use crate::refusal::{Code, Refusal};

/// The media type of [`Problem`].
pub const MEDIA_TYPE: &str = "application/problem+json";

/// Problem details (RFC 9457 §3.1) with the code that the signalling protocol has too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// The page about this code.
    #[serde(rename = "type")]
    pub docs: String,
    /// The code again, for people.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What exactly, and what to do.
    pub detail: String,
    /// What kind.
    pub code: Code,
}

impl From<Refusal> for Problem {
    fn from(Refusal { code, detail }: Refusal) -> Self {
        Self { docs: code.docs(), title: code.as_str().replace('-', " "), status: code.http_status(), detail, code }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_becomes_problem_details() {
        let problem = Problem::from(Refusal::new(Code::RoomFull, "50 of 50"));
        let json = serde_json::to_value(&problem).expect("json");
        assert_eq!((json["status"].as_u64(), json["code"].as_str()), (Some(403), Some("room-full")));
        assert_eq!((json["title"].as_str(), json["detail"].as_str()), (Some("room full"), Some("50 of 50")));
        assert!(json["type"].as_str().is_some_and(|url| url.ends_with("/docs/errors/room-full.md")));
    }
}
