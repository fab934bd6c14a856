//! What time it is.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Milliseconds since 1970. It reads the system's clock once, so that a clock that is set while the server runs ends no session early.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    began: Duration,
    instant: Instant,
}

impl Clock {
    /// One that begins now.
    pub fn start() -> Self {
        let began = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { began, instant: Instant::now() }
    }

    /// Now.
    pub fn now(&self) -> u64 {
        millis(self.began + self.instant.elapsed())
    }
}

/// In whole milliseconds.
pub fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
