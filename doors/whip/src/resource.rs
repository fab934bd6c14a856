//! PATCH and DELETE of what a POST made: trickled candidates, ICE restarts, the end.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::{Code, Refusal, RoomId};
use crosspoint_rooms::IceParameters;

use crate::credential::Credential;
use crate::endpoint::{check_media_type, text, value};
use crate::resources::Resource;
use crate::{Door, Shared, fragment};
use crosspoint_rooms::http::Answer;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// What can be done here.
pub async fn options() -> Response {
    let headers = [(ACCEPT_PATCH, fragment::MEDIA_TYPE), (header::ALLOW, "PATCH, DELETE, OPTIONS")];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// The end (RFC 9725 §4.2).
pub async fn end(
    State(door): State<Shared>,
    Path((room, id)): Path<(String, String)>,
    credential: Credential,
) -> Answer<StatusCode> {
    let room = RoomId::parse(&room)?;
    let resource = door.resources.get(&room, &id)?;
    authorise(&door, &resource, &credential)?;
    drop(resource);
    door.resources.delete(&id)?;
    Ok(StatusCode::OK)
}

/// Trickled candidates or an ICE restart (RFC 9725 §4.3).
pub async fn change(
    State(door): State<Shared>,
    Path((room, id)): Path<(String, String)>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let resource = door.resources.get(&RoomId::parse(&room)?, &id)?;
    authorise(&door, &resource, &credential)?;
    check_media_type(&headers, fragment::MEDIA_TYPE)?;
    let condition = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()).map(str::trim);
    let Some(condition) = condition else {
        let detail = "send the ETag of the ICE session as If-Match, or If-Match: * for an ICE restart";
        return Err(Refusal::new(Code::PreconditionRequired, detail).into());
    };
    let client = fragment::read(&text(body)?)?;
    if condition == "*" { restart(&resource, &client).await } else { trickle(&resource, condition, &client).await }
}

async fn trickle(resource: &Resource, condition: &str, client: &IceParameters) -> Answer<Response> {
    let ice = resource.ice.lock().await;
    if !condition.split(',').any(|tag| tag.trim() == ice.tag) {
        let detail = "this is not the ETag of the current ICE session; it was restarted";
        return Err(Refusal::new(Code::PreconditionFailed, detail).into());
    }
    if !client.ufrag.is_empty() && client.ufrag != ice.ufrag {
        let detail = "these are not the credentials of the ICE session; for a restart send If-Match: *";
        return Err(Refusal::new(Code::InvalidCandidate, detail).into());
    }
    for candidate in &client.candidates {
        resource.handle.add_candidate(candidate);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn restart(resource: &Resource, client: &IceParameters) -> Answer<Response> {
    if client.ufrag.is_empty() {
        let detail = "an ICE restart (If-Match: *) needs new credentials: a=ice-ufrag and a=ice-pwd";
        return Err(Refusal::new(Code::InvalidCandidate, detail).into());
    }
    let mut ice = resource.ice.lock().await;
    let server = resource.handle.restart_ice(client).await?;
    *ice = ice.next(&server.ufrag, &client.ufrag);
    let mut response = fragment::write(resource.handle.answer(), &server).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, value(fragment::MEDIA_TYPE)?);
    response.headers_mut().insert(header::ETAG, value(&ice.tag)?);
    Ok(response)
}

/// Whoever made the resource may change it, with the token it was made with (also when its time is over: a session must be
/// endable) or a newer one; so may an administrator of the room. Who came with the token in the URL cannot send it again,
/// since `Location` does not carry it: there the URL, which cannot be guessed, is enough.
fn authorise(door: &Door, resource: &Arc<Resource>, credential: &Credential) -> Result<(), Refusal> {
    match &credential.token {
        None if resource.maker.credential.in_query => return Ok(()),
        Some(token) if resource.was_made_with(token) => return Ok(()),
        _ => {}
    }
    let bearer = credential.verify(door)?;
    let room = resource.handle.room().as_str();
    let is_maker = bearer.grant.may_join(room) && bearer.identity == resource.maker.sub;
    if is_maker || bearer.grant.may_administer(room) {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "this session is somebody else's"))
}
