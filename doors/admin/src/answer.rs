//! What comes in: JSON, and names in paths. What is wrong with them is refused.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use crosspoint_model::{Code, Identity, Refusal, RoomId};
pub use crosspoint_rooms::http::{Answer, Refused};
use serde::de::DeserializeOwned;

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
