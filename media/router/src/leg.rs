//! A leg: its slots, what it asked for, and what its connection carries.

use std::collections::BTreeMap;
use std::time::Instant;

use crosspoint_model::signal::SlotCount;
use crosspoint_model::{MediaKind, Preference, TrackKey};

use crate::input::{LegIndex, LegSpec};
use crate::slot::Slot;

#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) index: LegIndex,
    pub(crate) spec: LegSpec,
    /// In the order of their m-lines.
    pub(crate) slots: Vec<Slot>,
    /// M-lines that are no slots at present. One that comes back goes on counting: its stream is still the same.
    pub(crate) retired: Vec<Slot>,
    pub(crate) subscriptions: BTreeMap<TrackKey, Subscription>,
    /// Counts subscriptions, so that the older ones come first.
    pub(crate) subscribed: u64,
    /// Has it ever had slots? Before that it is not asked for more.
    pub(crate) negotiated: bool,
    /// So many slots it could use.
    pub(crate) needed: SlotCount,
    /// What was asked of it with `SlotsWanted` and not answered yet.
    pub(crate) asked: SlotCount,
    /// There are more voices than it gets: the order of voices matters to it.
    pub(crate) contended: bool,
    pub(crate) bandwidth: Bandwidth,
    /// What it follows as the dominant picture, and since when.
    pub(crate) followed: Option<(TrackKey, Instant)>,
    /// When its slots and layers are to be looked at again.
    pub(crate) settle_at: Option<Instant>,
}

/// A track that the leg asked for.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) preference: Preference,
    pub(crate) number: u64,
}

/// What is known of the way to the leg.
#[derive(Debug, Default)]
pub(crate) struct Bandwidth {
    /// Bits per second; none: its transport does not estimate.
    pub(crate) estimate: Option<u64>,
    pub(crate) last_downgrade: Option<Instant>,
    /// Since when something would have to be paused.
    pub(crate) short_since: Option<Instant>,
    /// The last `DesiredBitrate`.
    pub(crate) told: (u64, u64),
}

impl Leg {
    pub(crate) fn new(index: LegIndex, spec: LegSpec) -> Self {
        Self {
            index,
            spec,
            slots: Vec::new(),
            retired: Vec::new(),
            subscriptions: BTreeMap::new(),
            subscribed: 0,
            negotiated: false,
            needed: SlotCount::default(),
            asked: SlotCount::default(),
            contended: false,
            bandwidth: Bandwidth::default(),
            followed: None,
            settle_at: None,
        }
    }

    pub(crate) fn slot_count(&self, kind: MediaKind) -> usize {
        self.slots.iter().filter(|slot| slot.spec.kind == kind).count()
    }

    /// Bits per second that it can be sent; none: no bound is known.
    pub(crate) fn capacity(&self) -> Option<u64> {
        match (self.bandwidth.estimate, self.spec.receive_bitrate) {
            (Some(estimate), Some(cap)) => Some(estimate.min(cap)),
            (estimate, cap) => estimate.or(cap),
        }
    }

    pub(crate) fn settle_by(&mut self, at: Instant) {
        if self.settle_at.is_none_or(|settle_at| at < settle_at) {
            self.settle_at = Some(at);
        }
    }
}
