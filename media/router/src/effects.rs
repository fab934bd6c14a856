//! What the parts of a room cause besides forwarding. They write it down here; the engine fetches it.

use std::collections::{BTreeSet, VecDeque};
use std::time::Instant;

use crosspoint_model::TrackKey;

use crate::input::LegIndex;
use crate::output::Output;

#[derive(Debug, Default)]
pub(crate) struct Effects {
    outputs: VecDeque<Output>,
    /// Legs whose slots may look different from what was last told.
    changed: BTreeSet<LegIndex>,
    /// Tracks whose feeds aim at something else than before.
    touched: BTreeSet<TrackKey>,
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
        self.changed.insert(leg);
    }

    /// The feeds of a track have changed. It is looked at once, when all of them have.
    pub(crate) fn touch(&mut self, track: TrackKey) {
        self.touched.insert(track);
    }

    pub(crate) fn next_touched(&mut self) -> Option<TrackKey> {
        self.touched.pop_first()
    }

    pub(crate) fn next_changed(&mut self) -> Option<LegIndex> {
        self.changed.pop_first()
    }
}
