//! What comes in: its size, its rate, its shape.

use std::num::NonZeroU32;

use axum::extract::ws::Message;
use crosspoint_model::signal::{ClientFrame, close};
use crosspoint_model::{Code, Limits, Refusal};
use crosspoint_rooms::Outgoing;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use serde::Deserialize;

/// So many messages that nobody understands, and the connection is closed.
const MOST_MALFORMED: u32 = 20;
/// So many seconds' worth of messages may come at once.
const BURST: u32 = 4;

/// Judges the messages of one connection.
pub struct Intake {
    rate: DefaultDirectRateLimiter,
    most_bytes: usize,
    malformed: u32,
}

/// What a message amounts to.
#[derive(Debug)]
pub enum Taken {
    /// Something to carry out.
    Frame(Box<ClientFrame>),
    /// Nothing to do: a ping, a pong.
    Nothing,
    /// To be refused with an error.
    Refused(Refusal, Option<u64>),
    /// The connection cannot go on.
    End(Outgoing),
    /// The client closed it.
    Closed,
}

/// As much of a message as is read when it is refused anyway.
#[derive(Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    request: Option<u64>,
}

impl Intake {
    pub fn new(limits: &Limits) -> Self {
        let per_second = NonZeroU32::new(limits.messages_per_second).unwrap_or(NonZeroU32::MIN);
        let burst = per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST - 1));
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { rate: RateLimiter::direct(quota), most_bytes: limits.message_bytes, malformed: 0 }
    }

    pub fn take(&mut self, message: &Message) -> Taken {
        let text = match message {
            Message::Text(text) => text.as_str(),
            Message::Binary(_) => {
                return self.malformed("only text frames with JSON are understood here".to_owned(), None);
            }
            Message::Ping(_) | Message::Pong(_) => return Taken::Nothing,
            Message::Close(_) => return Taken::Closed,
        };
        if text.len() > self.most_bytes {
            return Taken::End(too_big(self.most_bytes));
        }
        if self.rate.check().is_err() {
            let refusal = Refusal::new(Code::RateLimited, "too many messages; send fewer");
            return Taken::Refused(refusal, request_of(text));
        }
        match serde_json::from_str(text) {
            Ok(frame) => Taken::Frame(Box::new(frame)),
            Err(error) => self.malformed(format!("not a message of the protocol: {error}"), request_of(text)),
        }
    }

    fn malformed(&mut self, detail: String, request: Option<u64>) -> Taken {
        self.malformed += 1;
        if self.malformed >= MOST_MALFORMED {
            let reason = "too many malformed messages".to_owned();
            return Taken::End(Outgoing::Close { code: close::POLICY, reason });
        }
        Taken::Refused(Refusal::new(Code::MalformedMessage, detail), request)
    }
}

/// The close of a connection whose message was too large.
pub fn too_big(most: usize) -> Outgoing {
    Outgoing::Close { code: close::TOO_BIG, reason: format!("a message has at most {most} bytes") }
}

fn request_of(text: &str) -> Option<u64> {
    serde_json::from_str::<Envelope>(text).unwrap_or_default().request
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intake() -> Intake {
        Intake::new(&Limits { messages_per_second: 10, message_bytes: 1000, ..Limits::default() })
    }

    #[test]
    fn malformed_messages_are_refused_with_their_request_until_there_are_too_many() {
        let mut intake = intake();
        let dance = Message::Text(r#"{"type":"dance","request":7}"#.into());
        for _ in 1..MOST_MALFORMED {
            let Taken::Refused(refusal, Some(7)) = intake.take(&dance) else { panic!("not refused") };
            assert_eq!(refusal.code, Code::MalformedMessage);
        }
        assert!(matches!(intake.take(&dance), Taken::End(Outgoing::Close { code: close::POLICY, .. })));
    }

    #[test]
    fn a_flood_is_refused_and_a_large_message_ends_the_connection() {
        let mut intake = intake();
        let ping = Message::Text(r#"{"type":"ping","request":3}"#.into());
        let refused = (0..100)
            .filter(|_| matches!(intake.take(&ping), Taken::Refused(r, Some(3)) if r.code == Code::RateLimited));
        assert!(refused.count() >= 55);
        let large = Message::Text("x".repeat(1001).into());
        assert!(matches!(intake.take(&large), Taken::End(Outgoing::Close { code: close::TOO_BIG, .. })));
    }
}
