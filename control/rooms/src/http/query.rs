//! What stands behind the `?`.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use crosspoint_model::{Code, Refusal};
use serde::de::DeserializeOwned;

use super::{Refused, plain};

/// A query; what is wrong with one is told as problem details.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        let query = query.map_err(|rejection| {
            let detail = format!("what stands behind the ? does not fit: {}", plain::innermost(&rejection));
            Refusal::new(Code::InvalidRequest, detail)
        })?;
        Ok(Self(query.0))
    }
}
