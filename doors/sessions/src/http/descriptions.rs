//! `…/session/{id}/offer` and `…/answer`: posted by one side, fetched by the other.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use crosspoint_model::{Problem, Refusal};
use crosspoint_rooms::http::{Answer, Body, Query};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::lives::SessionView;
use super::visitor::{InAddress, Visitor};
use super::{Patience, Shared};
use crate::description::{self, Kind};
use crate::keeper::no_session;
use crate::session::Session;
use crate::side::Side;

/// A session description, twice: as browsers take it, and wrapped in the field of its type.
#[derive(Serialize, ToSchema)]
pub struct DescriptionView {
    /// `offer` or `answer`.
    r#type: &'static str,
    /// The session description.
    sdp: String,
    /// The same again, where it is an offer.
    #[serde(skip_serializing_if = "Option::is_none")]
    offer: Option<Bare>,
    /// The same again, where it is an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Bare>,
    /// The offer is the how-manieth of the session. An answer belongs to the offer with the same number.
    pub revision: u32,
}

/// An `RTCSessionDescriptionInit`.
#[derive(Serialize, ToSchema)]
struct Bare {
    r#type: &'static str,
    sdp: String,
}

/// What may stand behind `…/offer?` when one is posted.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Posting {
    /// Put this offer in the place of one that nobody has answered.
    #[serde(default)]
    replace: bool,
}

/// What may stand behind `…/offer?` when one is fetched.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct After {
    /// Only an offer with a higher revision: the next one, for who has answered this one.
    after: Option<u32>,
}

/// Posts an offer. The first one makes the session (201). The same one again changes nothing (200); another one is refused while nobody
/// has answered, unless it replaces; afterwards it begins a new round (ICE restart, renegotiation) with the next revision.
#[utoipa::path(post, path = "/api/webrtc/session/{id}/offer", tag = "sessions", request_body = Value,
    params(("id" = String, Path), Posting, InAddress), responses(
    (status = 201, body = SessionView, description = "a new session, or a new revision"), (status = 200, body = SessionView),
    (status = "4XX", body = Problem)))]
pub async fn offer(
    State(door): State<Shared>,
    visitor: Visitor,
    Query(Posting { replace }): Query<Posting>,
    Body(body): Body<Value>,
) -> Answer<(StatusCode, Json<SessionView>)> {
    visitor.check_side(Side::Offering)?;
    let sessions = &door.deps.sessions;
    let posted = description::read(&body, Kind::Offer, sessions.settings().sdp_bytes)?;
    let is_known = sessions.get(&visitor.id).is_ok_and(|session| session.offer.sdp == posted.sdp);
    if let Some(address) = visitor.address.filter(|_| !is_known && !visitor.is_operator()) {
        door.offers.count(address)?;
    }
    let id = visitor.id.clone();
    let step = move |before: Option<&Session>, now| Session::offer(before, &id, posted, replace, now);
    let (session, is_new) = sessions.change(&visitor.id, step).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(SessionView::of(&session, sessions))))
}

/// The current offer. With `wait`, also one that has yet to come, of a session that has yet to begin.
#[utoipa::path(get, path = "/api/webrtc/session/{id}/offer", tag = "sessions",
    params(("id" = String, Path), Patience, After, InAddress), responses(
    (status = 200, body = DescriptionView), (status = "4XX", body = Problem)))]
pub async fn show_offer(
    State(door): State<Shared>,
    visitor: Visitor,
    Query(patience): Query<Patience>,
    Query(After { after }): Query<After>,
) -> Answer<Json<DescriptionView>> {
    let look = |session: &Session| {
        let is_new = after.is_none_or(|after| session.revision > after);
        is_new.then(|| DescriptionView::new(Kind::Offer, &session.offer.sdp, session.revision))
    };
    Ok(Json(door.deps.sessions.when(&visitor.id, patience.time(), true, look).await?))
}

/// Posts the answer to the current offer. The same one again changes nothing; another one is refused.
#[utoipa::path(post, path = "/api/webrtc/session/{id}/answer", tag = "sessions", request_body = Value,
    params(("id" = String, Path), InAddress), responses(
    (status = 201, body = SessionView), (status = 200, body = SessionView), (status = "4XX", body = Problem)))]
pub async fn answer(
    State(door): State<Shared>,
    visitor: Visitor,
    Body(body): Body<Value>,
) -> Answer<(StatusCode, Json<SessionView>)> {
    visitor.check_side(Side::Answering)?;
    let sessions = &door.deps.sessions;
    let posted = description::read(&body, Kind::Answer, sessions.settings().sdp_bytes)?;
    let step = move |before: Option<&Session>, now| before.ok_or_else(no_offer)?.answer(posted, now);
    let (session, is_new) = sessions.change(&visitor.id, step).await?;
    let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(SessionView::of(&session, sessions))))
}

/// The answer to the current offer.
#[utoipa::path(get, path = "/api/webrtc/session/{id}/answer", tag = "sessions",
    params(("id" = String, Path), Patience, InAddress), responses(
    (status = 200, body = DescriptionView), (status = "4XX", body = Problem)))]
pub async fn show_answer(
    State(door): State<Shared>,
    visitor: Visitor,
    Query(patience): Query<Patience>,
) -> Answer<Json<DescriptionView>> {
    let look = |session: &Session| {
        let answer = session.answer.as_ref()?;
        Some(DescriptionView::new(Kind::Answer, &answer.sdp, session.revision))
    };
    Ok(Json(door.deps.sessions.when(&visitor.id, patience.time(), false, look).await?))
}

fn no_offer() -> Refusal {
    Refusal {
        detail: "nobody has posted an offer for this session, so there is nothing to answer".into(),
        ..no_session()
    }
}

impl DescriptionView {
    /// Of this session description.
    pub fn new(kind: Kind, sdp: &str, revision: u32) -> Self {
        let r#type = kind.as_str();
        let bare = |wanted: Kind| (kind == wanted).then(|| Bare { r#type, sdp: sdp.to_owned() });
        Self { r#type, sdp: sdp.to_owned(), offer: bare(Kind::Offer), answer: bare(Kind::Answer), revision }
    }
}
