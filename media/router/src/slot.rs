//! An m-line of a leg on which the server sends, and what is in it.

use crosspoint_model::TrackKey;

use crate::feed::Numbering;
use crate::input::SlotSpec;
use crate::output::SlotState;

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) spec: SlotSpec,
    pub(crate) content: Content,
    /// As the leg knows it.
    pub(crate) told: SlotState,
}

#[derive(Debug)]
pub(crate) enum Content {
    /// Empty. The numbers wait for the next track.
    Idle(Numbering),
    /// This track has a feed for the slot; the numbers are there.
    Fed(TrackKey),
}

impl Slot {
    pub(crate) fn new(spec: SlotSpec) -> Self {
        let told = SlotState { mid: spec.mid.clone(), kind: spec.kind, track: None, layer: None, paused: false };
        let content = Content::Idle(Numbering::new(spec.kind));
        Self { spec, content, told }
    }

    pub(crate) fn track(&self) -> Option<TrackKey> {
        match self.content {
            Content::Idle(_) => None,
            Content::Fed(track) => Some(track),
        }
    }
}
