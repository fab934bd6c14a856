//! How much of what was sent waits at the provider, and what is done about it. A state machine; time comes in.
//!
//! A provider plays what we send in the order in which it came, however late that is: one stall of the network, or two clocks that
//! drift apart, and the caller hears the show late until the end of the call. So every 500 ms a mark is sent behind the sound, whose
//! echo says that the provider has played up to it:
//!
//! ```text
//!   backlog = what was sent so far − what was sent before the echoed mark − the least that this ever was (the way there and back)
//! ```
//! | backlog | |
//! |---|---|
//! | more than 120 ms | pauses are left out, 20 ms at a time |
//! | more than 400 ms | thrown away at the provider (`clear`), and the show goes on |
//!
//! A mark whose echo is overdue says that at least so much waits. What was cleared for that reason may be stuck on the way, and
//! more sound would queue behind it: then only a mark goes, and sound again with its echo.

use std::collections::VecDeque;

/// Pauses are left out from here on. ms.
const LATE: u64 = 120;
/// It is thrown away from here on. ms.
const FAR_TOO_LATE: u64 = 400;
/// A mark so often. ms of sound.
const MARK: u64 = 500;
/// So many marks wait at most.
const MARKS: usize = 32;
/// What one frame adds. ms.
const FRAME: u64 = 20;
/// So long an echo is waited for before sound goes again. ms.
const PATIENCE: u64 = 2000;

/// What to do with a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Send it, and behind it the mark of this name, if there is one.
    Send(Option<String>),
    /// Leave it out: enough waits there.
    Skip,
    /// Leave it out: the echo of what was asked has not come yet.
    Wait,
    /// Have thrown away what waits. Then send the mark of this name, and no sound but it.
    Ask(String),
    /// Have thrown away what waits, then send it.
    Clear,
}

#[derive(Debug)]
struct Mark {
    name: String,
    /// ms of sound that were sent before it.
    sent: u64,
    /// When. ms.
    at: u64,
    /// ms that had been left out by then.
    left_out: u64,
}

/// One line's.
#[derive(Debug)]
pub struct Backlog {
    /// Do echoes say anything about what was played?
    is_measured: bool,
    /// ms of sound.
    sent: u64,
    /// ms of sound.
    left_out: u64,
    last_mark: u64,
    marks: VecDeque<Mark>,
    /// The least that a way there and back ever was. ms.
    floor: Option<u64>,
    backlog: u64,
    /// Since when only an echo is waited for.
    asks_since: Option<u64>,
}

impl Backlog {
    /// Where echoes of marks say that what was before them has been played, or where they do not.
    pub fn new(is_measured: bool) -> Self {
        let marks = VecDeque::new();
        Self { is_measured, sent: 0, left_out: 0, last_mark: 0, marks, floor: None, backlog: 0, asks_since: None }
    }

    /// A frame of the mixer is there, whose first sample has this position. `now` in ms.
    pub fn frame(&mut self, now: u64, position: u64, is_pause: bool) -> Step {
        if !self.is_measured {
            self.sent += FRAME;
            return Step::Send(None);
        }
        if let Some(since) = self.asks_since {
            if now.saturating_sub(since) < PATIENCE {
                return Step::Wait;
            }
            self.forget();
        }
        if self.overdue(now) > FAR_TOO_LATE {
            self.forget();
            self.asks_since = Some(now);
            return Step::Ask(self.mark(now, position));
        }
        if self.ms_at(now) > FAR_TOO_LATE {
            self.forget();
            self.sent += FRAME;
            return Step::Clear;
        }
        if is_pause && self.ms_at(now) > LATE {
            self.backlog = self.backlog.saturating_sub(FRAME);
            self.left_out += FRAME;
            return Step::Skip;
        }
        self.sent += FRAME;
        let is_due = self.sent - self.last_mark >= MARK;
        Step::Send(is_due.then(|| self.mark(now, position)))
    }

    /// Silence of one frame was sent.
    pub fn padded(&mut self) {
        self.sent += FRAME;
    }

    /// The echo of a mark has come: how long it took, where that says how much was before it. None: of a mark that does not wait
    /// any more, because its sound was thrown away, or of one that had no sound before it.
    pub fn echo(&mut self, name: &str, now: u64) -> Option<u64> {
        let at = self.marks.iter().position(|mark| mark.name == name)?;
        let mark = self.marks.drain(..=at).next_back()?;
        if self.asks_since.take().is_some() {
            // It tells that the way is free, and not how long the way is with sound on it.
            return None;
        }
        let round = self.sent - mark.sent;
        let floor = self.floor.map_or(round, |floor| floor.min(round));
        self.floor = Some(floor);
        self.backlog = round - floor;
        Some(now.saturating_sub(mark.at))
    }

    /// What waits was thrown away.
    pub fn forget(&mut self) {
        self.marks.clear();
        self.last_mark = self.sent;
        self.backlog = 0;
        self.asks_since = None;
    }

    /// Milliseconds that wait at the provider, above the least. `now` in ms.
    pub fn ms_at(&self, now: u64) -> u64 {
        self.backlog.max(self.overdue(now))
    }

    /// By so much the oldest mark is older than the least way there and back, without what was left out since.
    fn overdue(&self, now: u64) -> u64 {
        let Some((floor, mark)) = self.floor.zip(self.marks.front()) else { return 0 };
        now.saturating_sub(mark.at).saturating_sub(floor + self.left_out - mark.left_out)
    }

    /// A mark behind the frame of this position, named after the sample that it stands before.
    fn mark(&mut self, now: u64, position: u64) -> String {
        let name = position.wrapping_add(960).to_string();
        self.last_mark = self.sent;
        if self.marks.len() >= MARKS {
            self.marks.pop_front();
        }
        self.marks.push_back(Mark { name: name.clone(), sent: self.sent, at: now, left_out: self.left_out });
        name
    }
}

#[cfg(test)]
#[path = "backlog_tests.rs"]
mod tests;
