//! What the parts of a room cause besides forwarding. They write it down here; the engine fetches it.

use std::collections::VecDeque;
use std::time::Instant;

use crate::input::LegIndex;
use crate::output::Output;

#[derive(Debug, Default)]
pub(crate) struct Effects {
    outputs: VecDeque<Output>,
    /// Legs whose slots may look different from what was last told.
    changed: Vec<LegIndex>,
    /// Nothing is due before this moment.
    alarm: Option<Instant>,
}

impl Effects {
    pub(crate) fn emit(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub(crate) fn next(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The room wants to be called at this moment, or earlier.
    pub(crate) fn alarm(&mut self, at: Instant) {
        if self.alarm.is_none_or(|alarm| at < alarm) {
            self.alarm = Some(at);
        }
    }

    pub(crate) fn alarm_at(&self) -> Option<Instant> {
        self.alarm
    }

    pub(crate) fn clear_alarm(&mut self) {
        self.alarm = None;
    }

    /// What is in a leg's slots may have changed.
    pub(crate) fn slots_changed(&mut self, leg: LegIndex) {
        if self.changed.last() != Some(&leg) {
            self.changed.push(leg);
        }
    }

    pub(crate) fn next_changed(&mut self) -> Option<LegIndex> {
        let leg = self.changed.pop()?;
        self.changed.retain(|other| *other != leg);
        Some(leg)
    }
}
