//! What goes out when something is refused, and what comes in as JSON.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::problem::MEDIA_TYPE;
use crosspoint_model::{Code, Identity, Problem, Refusal, RoomId};
use serde::de::DeserializeOwned;

/// A refusal on its way out.
#[derive(Debug)]
pub struct Refused(pub Refusal);

/// What handlers give back.
pub type Answer<T> = Result<T, Refused>;

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
        if status == StatusCode::UNAUTHORIZED {
            // RFC 9110 §11.6.1 asks for it.
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if status == StatusCode::TOO_MANY_REQUESTS {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

/// A JSON body; what is wrong with one is told as problem details.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let Json(body) = Json::<T>::from_request(request, state).await.map_err(|rejection| {
            let code = match &rejection {
                JsonRejection::MissingJsonContentType(_) => Code::UnsupportedMediaType,
                JsonRejection::BytesRejection(_) => Code::MessageTooLarge,
                _ => Code::InvalidRequest,
            };
            Refusal::new(code, rejection.body_text())
        })?;
        Ok(Self(body))
    }
}

/// A room's name from a path.
pub fn room_id(text: &str) -> Answer<RoomId> {
    Ok(RoomId::parse(text)?)
}

/// An identity from a path.
pub fn identity(text: &str) -> Answer<Identity> {
    Ok(Identity::parse(text)?)
}
