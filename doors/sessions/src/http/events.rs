//! `GET …/session/{id}/events`: what happens in a session, as it happens (HTML Living Standard §9.2, server-sent events).
//!
//! A reader gets what there is and then what comes; one that comes back with `Last-Event-ID` gets what came after it. It never gets what
//! its own side said. It may come before the session does.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use crosspoint_model::Problem;
use crosspoint_rooms::http::Answer;
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Serialize;

use super::Shared;
use super::candidates::CandidateView;
use super::descriptions::DescriptionView;
use super::lives::SessionView;
use super::visitor::{InAddress, Visitor};
use crate::description::Kind;
use crate::id::SessionId;
use crate::session::Session;
use crate::sessions::Sessions;
use crate::side::Side;
use crate::waiting::Place;

/// Something is said this often at least, so that both sides notice when the other one is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// For proxies that would wait for more before they pass something on.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// What happens in a session: `event` is `offer`, `answer`, `candidate`, `end-of-candidates`, `state` or `ended`, `data` the JSON that the
/// paths of these names have. `ended` is the last one. With `Last-Event-ID` only what came after it.
#[utoipa::path(get, path = "/api/webrtc/session/{id}/events", tag = "sessions",
    params(("id" = String, Path), InAddress, ("Last-Event-ID" = Option<u64>, Header)), responses(
    (status = 200, body = String, content_type = "text/event-stream"), (status = "4XX", body = Problem)))]
pub async fn listen(State(door): State<Shared>, visitor: Visitor, headers: HeaderMap) -> Answer<Response> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let listener = Listener {
        sessions: door.deps.sessions.clone(),
        place: door.deps.sessions.enter(&visitor.id)?,
        side: visitor.side(),
        id: visitor.id,
        made: None,
        said: last.unwrap_or(0),
        ahead: VecDeque::new(),
    };
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(([UNBUFFERED], Sse::new(listener.stream()).keep_alive(keep_alive)).into_response())
}

/// One reader.
struct Listener {
    sessions: Sessions,
    place: Place,
    id: SessionId,
    side: Option<Side>,
    /// When the session was made that it listens to, once there is one.
    made: Option<u64>,
    /// The number of what was said last.
    said: u64,
    /// What is to be said, and then the end where it is the end.
    ahead: VecDeque<Option<Event>>,
}

impl Listener {
    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, async |mut listener| Some((Ok(listener.next().await?), listener)))
    }

    /// What is said next; none: the session is over.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ahead.pop_front() {
                return event;
            }
            let told = self.place.told();
            let mut told = std::pin::pin!(told.notified());
            told.as_mut().enable();
            if self.sessions.is_closed() {
                return None;
            }
            self.look();
            if self.ahead.is_empty() {
                told.await;
            }
        }
    }

    fn look(&mut self) {
        let session = self.sessions.get(&self.id).ok();
        if let Some(made) = self.made
            && session.as_ref().is_none_or(|session| session.created_at != made)
        {
            let ended = Event::default().event("ended").data("{}");
            self.ahead.extend([Some(ended), None]);
            return;
        }
        let Some(session) = session else { return };
        self.made = Some(session.created_at);
        // A number that was never given belongs to an earlier session of this name.
        let since = if self.said > session.last { 0 } else { self.said };
        self.said = session.last;
        self.ahead.extend(self.events(&session, since).into_iter().map(Some));
    }

    /// What was said after a number and is not this side's own, in order.
    fn events(&self, session: &Session, since: u64) -> Vec<Event> {
        let hears = |side| self.side != Some(side);
        let mut events = Vec::new();
        if session.offer.number > since && hears(Side::Offering) {
            let offer = DescriptionView::new(Kind::Offer, &session.offer.sdp, session.revision);
            events.push((session.offer.number, written("offer", session.offer.number, &offer)));
        }
        if let Some(answer) = session.answer.as_ref().filter(|answer| answer.number > since && hears(Side::Answering)) {
            let view = DescriptionView::new(Kind::Answer, &answer.sdp, session.revision);
            events.push((answer.number, written("answer", answer.number, &view)));
        }
        for trickled in session.trickled(self.side.map(Side::other), since) {
            let number = trickled.number;
            let event = match CandidateView::of(trickled) {
                Some(candidate) => written("candidate", number, &candidate),
                None => written("end-of-candidates", number, &End { from: trickled.from }),
            };
            events.push((number, event));
        }
        if session.reported > since {
            let view = SessionView::of(session, &self.sessions);
            events.push((session.reported, written("state", session.reported, &view)));
        }
        events.sort_by_key(|(number, _)| *number);
        events.into_iter().map(|(_, event)| event).collect()
    }
}

/// There are no more candidates.
#[derive(Serialize)]
struct End {
    from: Side,
}

fn written(name: &str, number: u64, data: &impl Serialize) -> Event {
    let event = Event::default().event(name).id(number.to_string());
    event
        .json_data(data)
        .unwrap_or_else(|error| Event::default().comment(format!("an event cannot be written: {error}")))
}
