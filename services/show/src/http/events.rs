//! `GET /api/shows/{show}/events`: what happens, as it happens (HTML Living Standard §9.2, server-sent events).
//!
//! A reader that comes back with `Last-Event-ID` first gets what it missed, as far as that is kept, and then the whole state; one
//! that reads too slowly gets the whole state again instead of what it did not take.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use crosspoint_model::show::ShowEvent;
use crosspoint_model::{Problem, Refusal};
use crosspoint_rooms::http::{Answer, Caller, Guarded, Query, Refused};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use utoipa::IntoParams;

use super::Shared;
use super::access::actor;
use crate::Shows;

/// Something is said this often at least, so that both sides notice when the other one is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// Who missed more than this gets the whole state alone.
const REPLAYED: u64 = 1000;
/// For proxies that would wait for more before they pass something on.
const UNBUFFERED: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));

/// How a browser's `EventSource`, which sends no header of ours, says who it is.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InAddress {
    /// The token, for readers that cannot send `Authorization`.
    token: Option<String>,
}

/// Who listens: as everywhere, or by a token in the address.
pub struct Listener(Caller);

impl FromRequestParts<Shared> for Listener {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, deps: &Shared) -> Result<Self, Self::Rejection> {
        let Query(InAddress { token }) = Query::from_request_parts(parts, deps).await?;
        deps.access().counted(parts, token.as_deref()).map(Self)
    }
}

/// What happens in a show, as it happens: `text/event-stream` with the JSON of an event in each `data`, and its number in `id`. The
/// whole state comes first (`snapshot`). With `Last-Event-ID`, what was missed comes before it. For the staff.
#[utoipa::path(get, path = "/api/shows/{show}/events", tag = "shows",
    params(("show" = String, Path), InAddress, ("Last-Event-ID" = Option<u64>, Header)), responses(
    (status = 200, body = ShowEvent, content_type = "text/event-stream"), (status = "4XX", body = Problem)))]
pub async fn listen(
    State(deps): State<Shared>,
    Listener(caller): Listener,
    Path(show): Path<String>,
    headers: HeaderMap,
) -> Answer<Response> {
    actor(&deps.shows, &caller, &show)?.may_see()?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let listening = Listening::begin(deps.shows.clone(), show, last).await?;
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE);
    Ok(([UNBUFFERED], Sse::new(listening.stream()).keep_alive(keep_alive)).into_response())
}

/// One reader.
struct Listening {
    shows: Shows,
    show: String,
    /// What is to be said first.
    ahead: VecDeque<Arc<ShowEvent>>,
    events: Receiver<Arc<ShowEvent>>,
}

impl Listening {
    async fn begin(shows: Shows, show: String, last: Option<u64>) -> Result<Self, Refusal> {
        let (snapshot, events) = shows.subscribe(&show).await?;
        let mut ahead = VecDeque::new();
        if let Some(last) = last {
            ahead.extend(missed(&shows, &show, last, seq(&snapshot).unwrap_or_default()).await);
        }
        ahead.push_back(Arc::new(snapshot));
        Ok(Self { shows, show, ahead, events })
    }

    fn stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        unfold(self, async |mut listening| {
            let event = listening.next().await?;
            Some((Ok(written(&event)), listening))
        })
    }

    /// What is said next; none: the show is over.
    async fn next(&mut self) -> Option<Arc<ShowEvent>> {
        if let Some(event) = self.ahead.pop_front() {
            return Some(event);
        }
        match self.events.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(missed)) => {
                tracing::debug!(show = self.show, missed, "a reader of events is slow; it gets the whole state again");
                let (snapshot, events) = self.shows.subscribe(&self.show).await.ok()?;
                self.events = events;
                Some(Arc::new(snapshot))
            }
        }
    }
}

/// What happened after one event up to another, if it is not too much. A store that fails is no reason to tell nothing: the whole
/// state follows.
async fn missed(shows: &Shows, show: &str, last: u64, now: u64) -> Vec<Arc<ShowEvent>> {
    if last >= now || now - last > REPLAYED {
        return Vec::new();
    }
    match shows.history(show, None, last).await {
        Ok(events) => {
            let is_before = |event: &ShowEvent| seq(event).is_some_and(|seq| seq <= now);
            events.into_iter().filter(is_before).map(Arc::new).collect()
        }
        Err(refusal) => {
            tracing::warn!(show, %refusal, "what a reader of events missed cannot be told");
            Vec::new()
        }
    }
}

fn written(event: &ShowEvent) -> Event {
    let id = seq(event).map_or_else(Event::default, |seq| Event::default().id(seq.to_string()));
    id.json_data(event).unwrap_or_else(|error| Event::default().comment(format!("an event cannot be written: {error}")))
}

/// The number of an event that is kept.
fn seq(event: &ShowEvent) -> Option<u64> {
    match event {
        ShowEvent::Snapshot { seq, .. } | ShowEvent::Call { seq, .. } | ShowEvent::Show { seq, .. } => Some(*seq),
        ShowEvent::Staff { .. } | ShowEvent::Lines { .. } => None,
    }
}
