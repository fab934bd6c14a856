//! Reads one socket, and judges how much that nobody understands it may send.

use std::sync::Arc;

use axum::extract::ws::Message;
use crosspoint_model::signal::close;
use crosspoint_rooms::Outgoing;
use tokio_tungstenite::tungstenite;

use crate::dialect::{Dialect, Heard};
use crate::figures::{Cause, Figures, count};

/// The largest frame. Twilio's have 300 bytes.
pub const FRAME_BYTES: usize = 64 * 1024;
/// A larger one is still read up to here, so that the other side can be told why it is cut off.
pub const READ_BEYOND: usize = 1024 * 1024;
/// So many messages that nobody understands, and the socket is closed.
pub const MOST: u32 = 20;
/// RFC 6455 §7.4.1: data of a kind that is not taken.
const UNSUPPORTED: u16 = 1003;

/// The end of a socket: the close that the other side is told, or none where it is gone.
#[derive(Debug)]
pub struct Over(pub Option<Outgoing>);

/// Reads what one socket sends.
#[derive(Debug)]
pub struct Intake {
    dialect: Dialect,
    figures: Arc<Figures>,
    wrong: u32,
}

impl Intake {
    pub fn new(dialect: Dialect, figures: Arc<Figures>) -> Self {
        Self { dialect, figures, wrong: 0 }
    }

    /// What a message means. One that nobody understands asks for nothing, until there are too many.
    pub fn read(&mut self, message: Option<Result<Message, axum::Error>>) -> Result<Heard, Over> {
        match message {
            Some(Ok(Message::Text(text))) if text.len() > FRAME_BYTES => Err(self.too_big()),
            Some(Ok(Message::Text(text))) => match self.dialect.hear(&text) {
                Ok(heard) => Ok(heard),
                Err(wrong) => {
                    tracing::debug!(%wrong, "a message was not understood");
                    self.wrong().map(|()| Heard::Nothing)
                }
            },
            Some(Ok(Message::Binary(_))) => {
                Err(self.refuse(Cause::Binary, UNSUPPORTED, "binary frames are no part of this protocol"))
            }
            // Reading on sends the answer to a close, and then finds the end.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => Ok(Heard::Nothing),
            Some(Err(error)) => match error.into_inner().downcast_ref() {
                Some(tungstenite::Error::Capacity(_)) => Err(self.too_big()),
                _ => Err(Over(None)),
            },
            None => Err(Over(None)),
        }
    }

    /// One more that is wrong.
    pub fn wrong(&mut self) -> Result<(), Over> {
        self.ignored();
        self.wrong += 1;
        if self.wrong < MOST {
            return Ok(());
        }
        Err(self.refuse(Cause::Nonsense, close::POLICY, "too many messages that are no part of this protocol"))
    }

    /// One that came at the wrong time, which does no harm.
    pub fn ignored(&self) {
        count(&self.figures.nonsense);
    }

    /// Counts why a socket is ended, and says it.
    pub fn refuse(&self, cause: Cause, code: u16, reason: impl Into<String>) -> Over {
        self.figures.refuse(cause);
        Over(Some(Outgoing::Close { code, reason: reason.into() }))
    }

    fn too_big(&self) -> Over {
        self.refuse(Cause::TooBig, close::TOO_BIG, format!("a frame has at most {FRAME_BYTES} bytes"))
    }
}

#[cfg(test)]
mod tests {
    use crosspoint_carrier::Provider;
    use proptest::prelude::*;

    use super::*;

    fn intake() -> Intake {
        Intake::new(Dialect(Provider::Twilio), Arc::default())
    }

    fn code(over: Over) -> Option<u16> {
        over.0.map(|end| match end {
            Outgoing::Close { code, .. } => code,
            Outgoing::Text(text) => panic!("{text}"),
        })
    }

    #[test]
    fn nonsense_is_counted_and_the_twentieth_ends_the_socket() {
        let mut intake = intake();
        let nonsense = || Some(Ok(Message::Text(r#"{"event":"dance"}"#.into())));
        for _ in 1..MOST {
            assert_eq!(intake.read(nonsense()).expect("goes on"), Heard::Nothing);
        }
        assert_eq!(code(intake.read(nonsense()).expect_err("too many")), Some(close::POLICY));
        assert_eq!(intake.figures.refused(Cause::Nonsense), 1);
    }

    #[test]
    fn binary_frames_and_frames_beyond_the_limit_end_the_socket() {
        let mut intake = intake();
        assert_eq!(code(intake.read(Some(Ok(Message::Binary(vec![1].into())))).expect_err("binary")), Some(1003));
        let large = "x".repeat(FRAME_BYTES + 1);
        assert_eq!(code(intake.read(Some(Ok(Message::Text(large.into())))).expect_err("large")), Some(close::TOO_BIG));
        assert_eq!(code(intake.read(None).expect_err("gone")), None);
    }

    proptest! {
        #[test]
        fn no_frame_makes_it_panic(text in ".{0,300}", bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for provider in Provider::ALL {
                let mut intake = Intake::new(Dialect(provider), Arc::default());
                let _ = intake.read(Some(Ok(Message::Text(text.clone().into()))));
                let _ = intake.read(Some(Ok(Message::Binary(bytes.clone().into()))));
                let _ = intake.read(Some(Ok(Message::Ping(bytes.clone().into()))));
                let of_bytes = String::from_utf8_lossy(&bytes).into_owned();
                let _ = intake.read(Some(Ok(Message::Text(of_bytes.into()))));
            }
        }
    }
}
