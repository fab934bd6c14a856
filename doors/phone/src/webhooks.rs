//! What providers ask and tell by HTTP. A caller is never lost to a fault of ours: where the desk cannot say what is to become of a
//! call, it goes into the conference of the show that the address names.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::{CallRef, Conference, ConferenceEvent, IncomingCall, Task, Welcome};
use futures_util::FutureExt as _;
use tokio::time::timeout;

use crate::Door;
use crate::answer;
use crate::figures::Cause;
use crate::genuine::Genuine;

/// So long the desk may take. Twilio waits 15 s, and goes to its fallback then.
const DECISION: Duration = Duration::from_secs(8);
/// The state of a call whose end is told.
const OVER: [&str; 5] = ["completed", "busy", "failed", "no-answer", "canceled"];
/// Numbers that say only that there is none: `ANONYMOUS`, `RESTRICTED`, `UNAVAILABLE`, `UNKNOWN` on a telephone's keys.
const WITHHELD: [&str; 5] = ["+266696687", "+7378742833", "+2562533", "+86282452253", "+8656696"];

/// Somebody calls, or comes back.
pub async fn voice(State(door): State<Door>, webhook: Genuine) -> Response {
    let Some(call) = call(&webhook) else { return document(answer::nobody()) };
    let incoming = IncomingCall {
        call: call.clone(),
        from: webhook.field("From").and_then(number),
        to: webhook.field("To").or_else(|| webhook.field("Called")).unwrap_or_default().to_owned(),
        is_ours: webhook.field("Direction").is_some_and(|direction| direction.starts_with("outbound")),
        show: webhook.show.clone(),
        media_is_up: door.media_is_up(),
    };
    let decided = decided(&call, || door.phone.desk.incoming(incoming)).await;
    welcomed(&door, &webhook, decided)
}

/// Keys were pressed on the way into the conference.
pub async fn pin(State(door): State<Door>, webhook: Genuine) -> Response {
    let Some(call) = call(&webhook) else { return document(answer::nobody()) };
    let digits = webhook.field("Digits").unwrap_or_default().to_owned();
    let decided = decided(&call, || door.phone.desk.pin(call.clone(), digits)).await;
    welcomed(&door, &webhook, decided)
}

/// The state of a call has changed.
pub async fn status(State(door): State<Door>, webhook: Genuine) -> StatusCode {
    let status = webhook.field("CallStatus").unwrap_or_default();
    if let Some(call) = call(&webhook)
        && OVER.contains(&status)
    {
        told(&call.clone(), || door.phone.desk.completed(call, status.to_owned())).await;
    }
    StatusCode::NO_CONTENT
}

/// Something happened in a conference.
pub async fn conference(State(door): State<Door>, webhook: Genuine) -> StatusCode {
    let field = |name| webhook.field(name).unwrap_or_default().to_owned();
    // The beginning and the end of a conference name no call.
    let call = CallRef { provider: webhook.carrier.provider().to_string(), sid: field("CallSid") };
    let event = ConferenceEvent {
        call: call.clone(),
        conference_sid: field("ConferenceSid"),
        name: field("FriendlyName"),
        event: field("StatusCallbackEvent"),
        sequence: webhook.field("SequenceNumber").and_then(|number| number.parse().ok()).unwrap_or_default(),
    };
    told(&call, || door.phone.desk.conference(event)).await;
    StatusCode::NO_CONTENT
}

fn call(webhook: &Genuine) -> Option<CallRef> {
    let sid = webhook.field("CallSid")?.to_owned();
    Some(CallRef { provider: webhook.carrier.provider().to_string(), sid })
}

/// A number in E.164, unless it is withheld.
fn number(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+')?;
    let is_number = (4..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && !WITHHELD.contains(&text)).then(|| text.to_owned())
}

/// What the desk decides, or that it failed: by a refusal, by a panic, or by taking too long.
async fn decided<'a>(
    call: &CallRef,
    ask: impl FnOnce() -> Task<'a, Result<Welcome, Refusal>>,
) -> Result<Welcome, Refusal> {
    let asked = async { ask().await };
    let refusal = match timeout(DECISION, AssertUnwindSafe(asked).catch_unwind()).await {
        Ok(Ok(Ok(welcome))) => return Ok(welcome),
        Ok(Ok(Err(refusal))) => refusal,
        Ok(Err(_)) => Refusal::new(Code::Internal, "the desk panicked"),
        Err(_) => Refusal::new(Code::Internal, "the desk took too long"),
    };
    tracing::warn!(call = call.sid, %refusal, "the desk does not say what becomes of a call");
    Err(refusal)
}

async fn told<'a>(call: &CallRef, tell: impl FnOnce() -> Task<'a, ()>) {
    let telling = async { tell().await };
    if !matches!(timeout(DECISION, AssertUnwindSafe(telling).catch_unwind()).await, Ok(Ok(()))) {
        tracing::warn!(call = call.sid, "the desk could not be told of a call");
    }
}

fn welcomed(door: &Door, webhook: &Genuine, decided: Result<Welcome, Refusal>) -> Response {
    let welcome = decided.unwrap_or_else(|_| {
        door.phone.figures.refuse(Cause::Desk);
        refuge(webhook.show.as_deref())
    });
    let answer = answer::Answer {
        addresses: door.phone.carriers.addresses(),
        provider: webhook.carrier.provider(),
        show: webhook.show.as_deref(),
        wait_url: door.phone.wait_url.as_deref(),
    };
    document(answer.to(&welcome))
}

/// Where a call goes that nobody decides about.
fn refuge(show: Option<&str>) -> Welcome {
    match show {
        Some(show) => {
            let (name, label) = (format!("show-{show}"), String::new());
            let conference = Conference { name, label, starts: false, muted: true, reserved: false };
            Welcome::Conference { conference, asks_pin: false }
        }
        None => Welcome::Goodbye { message: "We cannot take your call now. Please call again later.".to_owned() },
    }
}

fn document(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/xml")], text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_real_number_counts_as_one() {
        assert_eq!(number("+14155550100"), Some("+14155550100".to_owned()));
        for text in ["anonymous", "+266696687", "14155550100", "sip:a@b.example", "+", "+1415555O1OO", ""] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
