//! Bodies that come in: JSON. What is wrong with one is refused as problem details.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use crosspoint_model::{Code, Refusal};
use serde::de::DeserializeOwned;

use super::{Refused, plain};

/// A JSON body.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let Json(body) = Json::<T>::from_request(request, state).await.map_err(|rejection| match &rejection {
            JsonRejection::MissingJsonContentType(_) => no_json(),
            JsonRejection::BytesRejection(_) => too_long(),
            JsonRejection::JsonSyntaxError(error) => {
                Refusal::new(Code::InvalidRequest, format!("the body is no JSON: {}", plain::innermost(error)))
            }
            other => Refusal::new(Code::InvalidRequest, format!("the body does not fit: {}", plain::innermost(other))),
        })?;
        Ok(Self(body))
    }
}

/// A JSON body that may be left out: then it is the usual one.
#[derive(Clone, Copy, Debug)]
pub struct MaybeBody<T>(pub T);

impl<T: DeserializeOwned + Default, S: Send + Sync> FromRequest<S> for MaybeBody<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        if request.headers().contains_key(CONTENT_TYPE) {
            return Body::from_request(request, state).await.map(|Body(body)| Self(body));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|_| too_long())?;
        if bytes.is_empty() { Ok(Self(T::default())) } else { Err(no_json().into()) }
    }
}

fn no_json() -> Refusal {
    Refusal::new(Code::UnsupportedMediaType, "a body is JSON, and its Content-Type is application/json")
}

fn too_long() -> Refusal {
    Refusal::new(Code::MessageTooLarge, "the body is too long for this path, or did not come whole")
}
