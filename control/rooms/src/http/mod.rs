//! What the HTTP doors share: who calls and what they may (`access.rs`), bodies (`body.rs`), queries (`query.rs`), what is wrong
//! with them in words (`plain.rs`), and here refusals as every door sends them: problem details (RFC 9457), as RFC 9725 §4.2 wants
//! 4xx and 5xx answers to be too.

mod access;
mod body;
mod plain;
mod query;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::problem::MEDIA_TYPE;
use crosspoint_model::{Problem, Refusal};

pub use access::{Access, Caller, Guarded, address, bearer_token, is_own_host};
pub use body::{Body, MaybeBody};
pub use query::Query;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused(pub Refusal);

/// What handlers give back.
pub type Answer<T> = Result<T, Refused>;

/// Seconds after which it is worth trying again: a server that goes down is replaced by then, and of failed attempts some
/// are forgiven.
const COME_AGAIN: HeaderValue = HeaderValue::from_static("10");

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let problem = Problem::from(self.0);
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        match status {
            StatusCode::UNAUTHORIZED => {
                // RFC 9110 §11.6.1 asks for it.
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, COME_AGAIN);
            }
            _ => {}
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use crosspoint_model::Code;

    use super::*;

    #[test]
    fn who_is_refused_is_told_how_to_come_in_or_when_to_come_again() {
        for (code, name, value) in [
            (Code::Unauthorized, header::WWW_AUTHENTICATE, Some("Bearer")),
            (Code::RateLimited, header::RETRY_AFTER, Some("10")),
            (Code::Draining, header::RETRY_AFTER, Some("10")),
            (Code::RoomFull, header::RETRY_AFTER, None),
        ] {
            let response = Refused(Refusal::new(code, "no")).into_response();
            assert_eq!(response.headers().get(name).map(|value| value.to_str().expect("text")), value, "{code:?}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        }
    }
}
