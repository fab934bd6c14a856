//! A crosspoint as the packet path sees it: one subscription that has a slot. Feeds stand in a plain list at their track,
//! because that list is walked for every packet.

use std::collections::BTreeMap;

use crosspoint_model::MediaKind;
use crosspoint_rtp::sequence::{Position, Rewritten};
use crosspoint_rtp::{picture, sequence};

use crate::input::LegIndex;

/// The numbers of one outgoing stream. They belong to the slot and go on whatever is in it.
#[derive(Clone, Debug)]
pub struct Numbering {
    pub(crate) sequence: sequence::Rewriter,
    pub(crate) picture: picture::Rewriter,
}

impl Numbering {
    /// Those of a stream that has not begun.
    pub fn new(kind: MediaKind) -> Self {
        let clock_rate = match kind {
            MediaKind::Audio => 48_000,
            MediaKind::Video => 90_000,
        };
        Self { sequence: sequence::Rewriter::new(clock_rate), picture: picture::Rewriter::default() }
    }

    /// The next packet is of another source: its numbers follow the highest ones given out.
    pub fn restart(&mut self) {
        self.sequence.restart();
        self.picture.restart();
    }

    /// The numbers to send a packet with; none: it must not be sent.
    #[inline]
    pub fn rewrite(&mut self, packet: &Position, picture: picture::Numbers) -> Option<(Rewritten, picture::Numbers)> {
        let numbers = self.sequence.rewrite(packet)?;
        Some((numbers, self.picture.rewrite(picture)))
    }
}

/// One subscription that has a slot.
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
    /// Frames of the mix that it was given.
    pub(crate) frames: u64,
}

impl Feed {
    pub(crate) fn new(leg: LegIndex, slot: u16, mut numbering: Numbering) -> Self {
        numbering.restart();
        Self { leg, slot, current: None, target: None, ideal: None, paused: false, fresh: true, numbering, frames: 0 }
    }

    /// Sets which layer the viewer should have, and which it is sent from the next key frame on (none: nothing, from now
    /// on). True: something changed.
    pub(crate) fn aim(&mut self, ideal: Option<u8>, target: Option<u8>, paused: bool) -> bool {
        let before = (self.fresh, self.ideal, self.target, self.paused);
        (self.fresh, self.ideal, self.target, self.paused) = (false, ideal, target, paused);
        if target.is_none() {
            self.current = None;
        }
        before != (self.fresh, self.ideal, self.target, self.paused)
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

/// The feeds of a track: a list for packets, and a map for everybody else. A leg has at most one of them.
#[derive(Debug, Default)]
pub(crate) struct Feeds {
    list: Vec<Feed>,
    places: BTreeMap<LegIndex, usize>,
}

impl Feeds {
    pub(crate) fn of(&self, leg: LegIndex) -> Option<&Feed> {
        self.places.get(&leg).map(|place| &self.list[*place])
    }

    pub(crate) fn of_mut(&mut self, leg: LegIndex) -> Option<&mut Feed> {
        self.places.get(&leg).map(|place| &mut self.list[*place])
    }

    pub(crate) fn insert(&mut self, feed: Feed) {
        self.places.insert(feed.leg, self.list.len());
        self.list.push(feed);
    }

    pub(crate) fn remove(&mut self, leg: LegIndex) -> Option<Feed> {
        let place = self.places.remove(&leg)?;
        let feed = self.list.swap_remove(place);
        if let Some(moved) = self.list.get(place) {
            self.places.insert(moved.leg, place);
        }
        Some(feed)
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Feed> + '_ {
        self.places.clear();
        self.list.drain(..)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Feed> {
        self.list.iter()
    }

    #[inline]
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Feed> {
        self.list.iter_mut()
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }
}
