//! `POST /whip/{room}` and `POST /whep/{room}`: an offer comes, the answer goes, a resource stays.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crosspoint_model::signal::IceServer;
use crosspoint_model::{Code, Identity, Refusal, RoomId, Source};
use crosspoint_rooms::{Follow, LegHandle, PublishRequest, ViewRequest};
use serde::Deserialize;

use crate::credential::Credential;
use crate::resources::Maker;
use crate::{Shared, fragment};
use crosspoint_rooms::http::Answer;

/// The media type of an offer and of an answer.
const SDP: &str = "application/sdp";

const ACCEPT_POST: HeaderName = HeaderName::from_static("accept-post");
/// Not in the `http` crate (RFC 5789 §3.1).
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// What a WHEP viewer wants to see; nothing: who speaks.
#[derive(Default, Deserialize)]
pub struct Wanted {
    participant: Option<String>,
    source: Option<Source>,
}

/// What can be posted here (RFC 9725 §4.2).
pub async fn options() -> Response {
    (StatusCode::NO_CONTENT, [(ACCEPT_POST, SDP), (header::ALLOW, "POST, OPTIONS")]).into_response()
}

/// Somebody publishes.
pub async fn publish(
    State(door): State<Shared>,
    Path(room): Path<String>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let bearer = credential.verify(&door)?;
    let offer = offer(&headers, body)?;
    let sub = bearer.identity.clone();
    let request = PublishRequest { bearer, room: RoomId::parse(&room)?, offer: offer.clone() };
    let handle = door.whip.rooms.publish(request)?;
    created(&door, "whip", handle, Maker { credential, sub }, &offer)
}

/// Somebody watches.
pub async fn view(
    State(door): State<Shared>,
    Path(room): Path<String>,
    wanted: Query<Wanted>,
    credential: Credential,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Answer<Response> {
    let bearer = credential.verify(&door)?;
    let offer = offer(&headers, body)?;
    let follow = follow(wanted.0)?;
    let sub = bearer.identity.clone();
    let request = ViewRequest { bearer, room: RoomId::parse(&room)?, offer: offer.clone(), follow };
    let handle = door.whip.rooms.view(request)?;
    created(&door, "whep", handle, Maker { credential, sub }, &offer)
}

fn follow(wanted: Wanted) -> Result<Follow, Refusal> {
    match wanted {
        Wanted { participant: Some(identity), source } => {
            Ok(Follow::Participant { identity: Identity::parse(&identity)?, source })
        }
        Wanted { participant: None, source: None } => Ok(Follow::Dominant),
        Wanted { participant: None, source: Some(_) } => {
            Err(Refusal::new(Code::InvalidRequest, "?source= needs ?participant=: whose source?"))
        }
    }
}

/// The offer, once it is sure that the body may be one.
fn offer(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<String, Refusal> {
    check_media_type(headers, SDP)?;
    let offer = text(body)?;
    if offer.trim().is_empty() {
        return Err(Refusal::new(
            Code::InvalidSdp,
            "the offer is empty; a client that wants the server to offer is not served",
        ));
    }
    Ok(offer)
}

/// Is the body of this media type? Parameters do not matter.
pub fn check_media_type(headers: &HeaderMap, wanted: &str) -> Result<(), Refusal> {
    let given = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(Refusal::new(Code::UnsupportedMediaType, format!("the body must be of type {wanted}, not {essence:?}")))
}

/// The body as text.
pub fn text(body: Result<Bytes, BytesRejection>) -> Result<String, Refusal> {
    let body = body.map_err(|rejection| {
        let is_too_large = rejection.status() == StatusCode::PAYLOAD_TOO_LARGE;
        let code = if is_too_large { Code::MessageTooLarge } else { Code::InvalidRequest };
        Refusal::new(code, rejection.body_text())
    })?;
    String::from_utf8(body.into()).map_err(|_| Refusal::new(Code::InvalidSdp, "the body is not UTF-8 text"))
}

fn created(door: &Shared, path: &str, handle: LegHandle, maker: Maker, offer: &str) -> Answer<Response> {
    let answer = handle.answer().to_owned();
    let room = handle.room().path_segment();
    let kept = door.resources.keep(handle, maker, fragment::ufrag(offer))?;
    let mut response = (StatusCode::CREATED, answer).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(SDP));
    headers.insert(ACCEPT_PATCH, HeaderValue::from_static(fragment::MEDIA_TYPE));
    headers.insert(header::LOCATION, value(&format!("/{path}/{room}/{}", kept.id))?);
    headers.insert(header::ETAG, value(&kept.tag)?);
    for server in door.whip.rooms.options().ice_servers.fresh(&kept.id) {
        for link in links(&server) {
            headers.append(header::LINK, value(&link)?);
        }
    }
    Ok(response)
}

/// A header's value of text that we made.
pub fn value(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(|_| Refusal::new(Code::Internal, "a header could not be written"))
}

/// A server for the client's `iceServers` (RFC 9725 §4.6).
fn links(server: &IceServer) -> Vec<String> {
    let login = match (&server.username, &server.credential) {
        (Some(name), Some(secret)) => {
            format!(
                "; username=\"{}\"; credential=\"{}\"; credential-type=\"password\"",
                escaped(name),
                escaped(secret)
            )
        }
        _ => String::new(),
    };
    server.urls.iter().map(|url| format!("<{url}>; rel=\"ice-server\"{login}")).collect()
}

/// Inside of a quoted string (RFC 9110 §5.6.4).
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
