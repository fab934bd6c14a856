//! Refusals on their way out: problem details (RFC 9457), as RFC 9725 §4.2 wants 4xx and 5xx answers to be.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::problem::MEDIA_TYPE;
use crosspoint_model::{Problem, Refusal};

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused(pub Refusal);

/// What handlers give back.
pub type Answer<T> = Result<T, Refused>;

/// Seconds after which it is worth trying again: a server that goes down is replaced by then.
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
