//! One transport of a participant, as the control plane knows it.

use std::collections::BTreeMap;

use crosspoint_model::{LegKey, Refusal, SlotView, TrackId};
use crosspoint_worker::MediaLine;
use crosspoint_worker::engine::{LegReport, SlotState};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::offer::OfferMark;
use crate::quality::Warnings;
use crate::room::State;
use crate::tracks::Plan;

/// A leg.
pub(crate) struct Leg {
    pub(crate) key: LegKey,
    /// Plain sound: it lives in a mixer, so its room must mix.
    pub(crate) is_plain: bool,
    /// The peer connection that it belongs to.
    pub(crate) mark: OfferMark,
    /// Its receiving m-lines, in the order of the offer.
    pub(crate) slots: Vec<SlotState>,
    /// The offer that the worker is answering, by the order's number.
    pub(crate) pending: Option<(u64, Pending)>,
    pub(crate) report: Option<LegReport>,
    pub(crate) warnings: Warnings,
}

/// An offer that the worker is answering.
pub(crate) struct Pending {
    pub(crate) since: Instant,
    pub(crate) reply: Reply,
    pub(crate) plan: Plan,
    pub(crate) mark: OfferMark,
    pub(crate) lines: Vec<MediaLine>,
}

/// Who waits for an answer.
pub(crate) enum Reply {
    /// The session; with the `request` of its offer.
    Session(Option<u64>),
    /// Somebody in this process.
    Caller(oneshot::Sender<Result<String, Refusal>>),
}

impl Leg {
    pub(crate) fn new(key: LegKey, mark: OfferMark, lines: &[MediaLine]) -> Self {
        let mut leg = Self {
            key,
            is_plain: false,
            mark,
            slots: Vec::new(),
            pending: None,
            report: None,
            warnings: Warnings::default(),
        };
        leg.set_lines(lines);
        leg
    }

    /// One of plain sound.
    pub(crate) fn plain(key: LegKey) -> Self {
        Self { is_plain: true, ..Self::new(key, OfferMark::default(), &[]) }
    }

    /// The m-lines are these now; slots that stay keep what is in them.
    pub(crate) fn set_lines(&mut self, lines: &[MediaLine]) {
        let mut before: BTreeMap<String, SlotState> =
            self.slots.drain(..).map(|slot| (slot.mid.clone(), slot)).collect();
        let slot = |line: &MediaLine| {
            before.remove(&line.mid).unwrap_or_else(|| SlotState {
                mid: line.mid.clone(),
                kind: line.kind,
                track: None,
                layer: None,
                paused: false,
            })
        };
        self.slots = lines.iter().filter(|line| line.sends).map(slot).collect();
    }

    /// The worker put something else into slots.
    pub(crate) fn update_slots(&mut self, changed: &[SlotState]) {
        for slot in changed {
            match self.slots.iter_mut().find(|known| known.mid == slot.mid) {
                Some(known) => *known = slot.clone(),
                // The worker negotiated it; its answer is still on the way.
                None => self.slots.push(slot.clone()),
            }
        }
    }

    /// Does a session wait for the answer to an offer?
    pub(crate) fn owes_session_an_answer(&self) -> bool {
        matches!(&self.pending, Some((_, Pending { reply: Reply::Session(_), .. })))
    }

    /// Everything is taken out of the slots: the leg came into another room.
    pub(crate) fn empty_slots(&mut self) {
        for slot in &mut self.slots {
            slot.track = None;
            slot.layer = None;
            slot.paused = false;
        }
    }
}

/// Slots as a client sees them. The room's mix is nobody's. A track that this room does not know (any more) is left out.
pub(crate) fn slot_views(slots: &[SlotState], state: &State) -> Vec<SlotView> {
    let view = |slot: &SlotState| {
        let known = slot.track.filter(|track| state.is_mix(*track) || state.owner(*track).is_some());
        SlotView {
            mid: slot.mid.clone(),
            kind: slot.kind,
            track_id: known.map(TrackId),
            user_id: known.and_then(|track| state.owner(track)).cloned(),
            layer: known.and(slot.layer.clone()),
            paused: known.is_some() && slot.paused,
        }
    };
    slots.iter().map(view).collect()
}
