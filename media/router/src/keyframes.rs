//! When a publisher is asked for a key frame of a layer: the first request leaves at once, those that follow within
//! [`WINDOW`] become one at its end. A key frame is some ten times as big as other frames, and every viewer gets it.

use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_millis(500);
/// A request (or the key frame) may get lost: while somebody waits and packets come, it is repeated this much later.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct KeyFrameRequests {
    last: Option<Instant>,
    due: Option<Instant>,
}

impl KeyFrameRequests {
    /// Somebody needs one. True: ask the publisher now.
    pub(crate) fn ask(&mut self, now: Instant) -> bool {
        match self.last {
            Some(last) if now < last + WINDOW => {
                self.due = Some(last + WINDOW);
                false
            }
            _ => {
                self.last = Some(now);
                self.due = None;
                true
            }
        }
    }

    /// One came: whoever asked before has it.
    pub(crate) fn arrived(&mut self) {
        self.due = None;
    }

    /// When [`Self::is_due`] will be true.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    /// True: ask the publisher now, for all who asked within the window.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.due.is_some_and(|due| due <= now);
        if due {
            self.due = None;
            self.last = Some(now);
        }
        due
    }

    /// Is it time to repeat a request that nothing came of?
    pub(crate) fn unanswered(&self, now: Instant) -> bool {
        self.last.is_none_or(|last| now >= last + PATIENCE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_request_leaves_at_once_and_later_ones_merge() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut requests = KeyFrameRequests::default();
        assert!(requests.ask(at(0)));
        assert!(!requests.ask(at(100)));
        assert!(!requests.ask(at(400)));
        assert_eq!(requests.due(), Some(at(500)));
        assert!(!requests.is_due(at(499)));
        assert!(requests.is_due(at(500)));
        assert!(!requests.is_due(at(501)), "one for all of them");
        assert!(!requests.ask(at(900)));
        assert!(requests.is_due(at(1_000)));
    }

    #[test]
    fn a_key_frame_answers_all_who_asked() {
        let start = Instant::now();
        let mut requests = KeyFrameRequests::default();
        requests.ask(start);
        requests.ask(start);
        requests.arrived();
        assert_eq!(requests.due(), None);
    }
}
