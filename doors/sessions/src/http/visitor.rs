//! Who comes to a session, and what they may there.

use std::net::IpAddr;

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::http::{Answer, Caller, Guarded, Query, Refused, address, bearer_token};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Door, Shared};
use crate::id::SessionId;
use crate::side::Side;

/// The attribute of a token that names the session it is for.
pub const SESSION: &str = "crosspoint.session";
/// The one that says what its bearer is there.
pub const ROLE: &str = "crosspoint.role";

/// Somebody who comes to a session.
#[derive(Debug)]
pub struct Visitor {
    /// The session.
    pub id: SessionId,
    /// Where from.
    pub address: Option<IpAddr>,
    who: Who,
    /// What `?role=` says.
    said: Option<Side>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Runs the server: may do everything.
    Operator,
    /// Has a token of the session.
    Holder(Side),
    /// Has none, and needs none.
    Anybody,
}

/// How somebody says who it is who cannot send `Authorization`, or has no token.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InAddress {
    /// The token.
    token: Option<String>,
    /// Without a token, or for operators: as whom. `viewer`, `controller` or `agent`.
    role: Option<String>,
}

impl FromRequestParts<Shared> for Visitor {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, door: &Shared) -> Result<Self, Self::Rejection> {
        let Query(InAddress { role, .. }) = Query::from_request_parts(parts, door).await?;
        let id = Path::<String>::from_request_parts(parts, door).await;
        let id = id.map_err(|rejection| Refusal::new(Code::InvalidRequest, rejection.body_text()))?;
        let id = SessionId::parse(&id.0)?;
        let who = match caller(parts, door).await? {
            Some(Caller::Operator) => Who::Operator,
            Some(Caller::Bearer(bearer)) => who(&bearer, &id, door.deps.sessions.settings().open)?,
            None => Who::Anybody,
        };
        let said = role.as_deref().map(Side::of_role).transpose()?;
        Ok(Self { id, address: address(parts), who, said })
    }
}

/// Who calls; none: somebody without a token, who needs none.
pub async fn caller(parts: &mut Parts, door: &Shared) -> Answer<Option<Caller>> {
    let Query(InAddress { token, .. }) = Query::from_request_parts(parts, door).await?;
    if token.is_none() && bearer_token(&parts.headers).is_none() && is_open(door) {
        return Ok(None);
    }
    door.access().counted(parts, token.as_deref()).map(Some)
}

fn is_open(door: &Door) -> bool {
    door.deps.sessions.settings().open
}

fn who(bearer: &Bearer, id: &SessionId, is_open: bool) -> Result<Who, Refusal> {
    let forbidden = |detail: String| Err(Refusal::new(Code::Forbidden, detail));
    match bearer.attributes.get(SESSION) {
        Some(own) if own == id.as_str() => {}
        Some(_) => return forbidden(format!("the token is for another session, not for {id}")),
        None if is_open => return Ok(Who::Anybody),
        None => return forbidden(format!("the token is for no session; it needs the attribute {SESSION}")),
    }
    match bearer.attributes.get(ROLE).map(|role| Side::of_role(role)) {
        Some(Ok(side)) => Ok(Who::Holder(side)),
        _ => forbidden(format!("the token needs the attribute {ROLE}: viewer, controller or agent")),
    }
}

impl Visitor {
    /// On which side: as the token says, else as they say themselves.
    pub fn side(&self) -> Option<Side> {
        match self.who {
            Who::Holder(side) => Some(side),
            Who::Operator | Who::Anybody => self.said,
        }
    }

    /// Are their offers not counted?
    pub fn is_operator(&self) -> bool {
        self.who == Who::Operator
    }

    /// Only for this side, and for who may be on both.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn check_side(&self, side: Side) -> Result<(), Refusal> {
        if self.side().is_none_or(|own| own == side) {
            return Ok(());
        }
        let detail = match side {
            Side::Offering => "an agent answers; offers come from a viewer or a controller",
            Side::Answering => "a viewer or controller offers; answers come from an agent",
        };
        Err(Refusal::new(Code::Forbidden, detail))
    }
}
