//! A crosspoint as the packet path sees it: one subscription that has a slot. Feeds stand in a plain list at their track,
//! because that list is walked for every packet.

use crosspoint_model::MediaKind;
use crosspoint_rtp::{sequence, vp8};

use crate::input::LegIndex;

/// The numbers of one outgoing stream. They belong to the slot and go on whatever is in it.
#[derive(Clone, Debug)]
pub(crate) struct Numbering {
    pub(crate) sequence: sequence::Rewriter,
    pub(crate) vp8: vp8::Rewriter,
}

impl Numbering {
    pub(crate) fn new(kind: MediaKind) -> Self {
        let clock_rate = match kind {
            MediaKind::Audio => 48_000,
            MediaKind::Video => 90_000,
        };
        Self { sequence: sequence::Rewriter::new(clock_rate), vp8: vp8::Rewriter::default() }
    }

    pub(crate) fn restart(&mut self) {
        self.sequence.restart();
        self.vp8.restart();
    }
}

#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) leg: LegIndex,
    /// The m-line.
    pub(crate) slot: u16,
    /// The layer that is being sent.
    pub(crate) current: Option<u8>,
    /// The layer to send from its next key frame on. Equal to `current` when nothing is to change.
    pub(crate) target: Option<u8>,
    /// The layer that the viewer should have, whether it is alive or not.
    pub(crate) ideal: Option<u8>,
    /// Nothing is sent because bandwidth is too small.
    pub(crate) paused: bool,
    /// No layer has been chosen yet.
    pub(crate) fresh: bool,
    pub(crate) numbering: Numbering,
}

impl Feed {
    pub(crate) fn new(leg: LegIndex, slot: u16, mut numbering: Numbering) -> Self {
        numbering.restart();
        Self { leg, slot, current: None, target: None, ideal: None, paused: false, fresh: true, numbering }
    }

    /// Sets what to send from the next key frame on. None: nothing, from now on.
    pub(crate) fn aim(&mut self, target: Option<u8>) {
        self.target = target;
        if target.is_none() {
            self.current = None;
        }
    }

    /// The layer whose key frame it waits for.
    pub(crate) fn awaits(&self) -> Option<u8> {
        if self.target == self.current { None } else { self.target }
    }

    /// Begins to send a layer (or, after a pause, the same one again).
    pub(crate) fn begin(&mut self, layer: u8) {
        self.current = Some(layer);
        self.numbering.restart();
    }
}
