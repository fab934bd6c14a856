//! How much text one client may send, and how much that nobody understands.

use std::num::NonZeroU32;
use std::time::Duration;

use crosspoint_model::signal::close;
use crosspoint_model::{Code, Limits, Refusal};
use crosspoint_rooms::Outgoing;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::time::Instant;

use crate::words::ClientWord;

/// So many frames that nobody understands, and the connection is closed.
const MOST_MALFORMED: u32 = 20;
/// So often a client that sends too much is told so.
const TOLD: Duration = Duration::from_secs(1);

/// Judges what one client sends.
pub struct Intake {
    rate: DefaultDirectRateLimiter,
    malformed: u32,
    /// Samples that found no room, since the client was told of it last.
    surplus: u64,
    told: Option<Instant>,
}

impl Intake {
    pub fn new(limits: &Limits) -> Self {
        let per_second = NonZeroU32::new(limits.messages_per_second).unwrap_or(NonZeroU32::MIN);
        Self { rate: RateLimiter::direct(Quota::per_second(per_second)), malformed: 0, surplus: 0, told: None }
    }

    /// Reads a text frame.
    pub fn word(&self, text: &str) -> Result<ClientWord, Refusal> {
        if self.rate.check().is_err() {
            return Err(Refusal::new(Code::RateLimited, "too many text frames; send fewer"));
        }
        let wrong = |error| Refusal::new(Code::MalformedMessage, format!("not a word of this protocol: {error}"));
        serde_json::from_str(text).map_err(wrong)
    }

    /// Something was refused: the close, if it was once too often.
    pub fn refused(&mut self, refusal: &Refusal) -> Option<Outgoing> {
        self.malformed += u32::from(refusal.code == Code::MalformedMessage);
        let reason = "too many malformed messages".to_owned();
        (self.malformed >= MOST_MALFORMED).then_some(Outgoing::Close { code: close::POLICY, reason })
    }

    /// So many samples found no room: the refusal, if it is time for one.
    pub fn surplus(&mut self, samples: usize, now: Instant) -> Option<Refusal> {
        self.surplus += samples as u64;
        if self.surplus == 0 || self.told.is_some_and(|told| now.duration_since(told) < TOLD) {
            return None;
        }
        self.told = Some(now);
        let surplus = std::mem::take(&mut self.surplus);
        let milliseconds = surplus / 48;
        let detail =
            format!("more than 10 seconds wait to be played: {milliseconds} ms were dropped; send as fast as it plays");
        Some(Refusal::new(Code::RateLimited, detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_sends_too_much_is_told_once_a_second_how_much_was_dropped() {
        let mut intake = Intake::new(&Limits::default());
        assert_eq!(intake.surplus(0, Instant::now()), None);
        let told = intake.surplus(480, Instant::now()).expect("told");
        assert!(told.detail.contains(" 10 ms were dropped"), "{told}");
        assert_eq!(intake.surplus(480, Instant::now()), None);
        tokio::time::advance(TOLD).await;
        assert!(intake.surplus(480, Instant::now()).expect("told").detail.contains(" 20 ms"));
    }

    #[test]
    fn nonsense_is_refused_until_there_is_too_much_of_it() {
        let mut intake = Intake::new(&Limits::default());
        let refusal = intake.word(r#"{"type":"dance"}"#).expect_err("unknown");
        assert_eq!(refusal.code, Code::MalformedMessage);
        assert!((1..MOST_MALFORMED).all(|_| intake.refused(&refusal).is_none()));
        assert!(intake.refused(&refusal).is_some());
    }
}
