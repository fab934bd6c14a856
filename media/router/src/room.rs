//! The façade: membership, and the order in which the parts work after each change.

use std::collections::BTreeMap;
use std::time::Instant;

use crosspoint_model::signal::SlotCount;
use crosspoint_model::{MediaKind, Preference, TrackKey};

use crate::effects::Effects;
use crate::feed::Numbering;
use crate::input::{Follow, LegIndex, LegSpec, Packet, SlotSpec, TrackSpec};
use crate::leg::{Leg, Subscription};
use crate::output::{Forward, Output, SlotState, TrackFigures};
use crate::slot::{Content, Slot};
use crate::speakers::Speakers;
use crate::track::Track;
use crate::{assign, choose, wishes};

/// The routing of one room.
#[derive(Debug, Default)]
pub struct Room {
    pub(crate) legs: BTreeMap<LegIndex, Leg>,
    pub(crate) tracks: BTreeMap<TrackKey, Track>,
    pub(crate) speakers: Speakers,
    /// The track that is the room's mix.
    pub(crate) mix: Option<TrackKey>,
    pub(crate) effects: Effects,
}

/// The slots of a leg that leaves. Given to [`Room::restore_slots`] of another room, their numbers go on there.
#[derive(Debug, Default)]
pub struct LegSlots {
    slots: Vec<Slot>,
    retired: Vec<Slot>,
}

impl LegSlots {
    /// The numbers of each m-line, for a leg whose next room numbers its slots anew.
    pub fn into_numbers(self) -> impl Iterator<Item = (SlotSpec, Numbering)> {
        let numbers = |slot: Slot| match slot.content {
            Content::Idle(numbering) => Some((slot.spec, numbering)),
            // Every slot of a leg that left was emptied.
            Content::Fed(_) => None,
        };
        self.slots.into_iter().chain(self.retired).filter_map(numbers)
    }
}

/// Legs and tracks.
impl Room {
    /// An empty room.
    pub fn new() -> Self {
        Self::default()
    }

    /// Is nobody in it?
    pub fn is_empty(&self) -> bool {
        self.legs.is_empty()
    }

    /// A leg comes. It has no slots yet. One that is there already under this index is removed first.
    pub fn add_leg(&mut self, leg: LegIndex, spec: LegSpec, now: Instant) {
        self.remove_leg(leg, now);
        self.legs.insert(leg, Leg::new(leg, spec));
    }

    /// A leg goes, with its tracks, slots and subscriptions.
    pub fn remove_leg(&mut self, leg: LegIndex, now: Instant) -> LegSlots {
        let own: Vec<_> = self.tracks.values().filter(|track| track.spec.owner == leg).map(Track::key).collect();
        for track in own {
            self.remove_track(track, now);
        }
        let Some(mut removed) = self.legs.remove(&leg) else { return LegSlots::default() };
        for at in 0..removed.slots.len() {
            assign::release(&mut removed, at, &mut self.tracks, &mut self.effects);
        }
        self.finish(now);
        LegSlots { slots: removed.slots, retired: removed.retired }
    }

    /// The slots of a leg after a negotiation, all of them. One that keeps its mid and kind keeps its track.
    pub fn set_slots(&mut self, leg: LegIndex, slots: &[SlotSpec], now: Instant) {
        let Some(state) = self.legs.get_mut(&leg) else { return };
        for at in 0..state.slots.len() {
            let kept = slots.contains(&state.slots[at].spec);
            if !kept {
                assign::release(state, at, &mut self.tracks, &mut self.effects);
            }
        }
        state.retired.append(&mut state.slots);
        for spec in slots {
            let same = state.retired.iter().position(|slot| slot.spec.mid == spec.mid && slot.spec.kind == spec.kind);
            let slot = match same {
                Some(at) => Slot { spec: spec.clone(), ..state.retired.remove(at) },
                None => Slot::new(spec.clone()),
            };
            state.slots.push(slot);
        }
        state.negotiated = true;
        state.asked = SlotCount::default();
        self.settle(leg, now);
        self.finish(now);
    }

    /// After a move from another room: the slots as they were there, instead of [`Self::set_slots`].
    pub fn restore_slots(&mut self, leg: LegIndex, slots: LegSlots, now: Instant) {
        let Some(state) = self.legs.get_mut(&leg) else { return };
        (state.slots, state.retired) = (slots.slots, slots.retired);
        state.negotiated = true;
        self.settle(leg, now);
        self.finish(now);
    }

    /// A track comes. Its leg must be there; one that is there already under this key is replaced.
    pub fn add_track(&mut self, spec: TrackSpec, now: Instant) {
        self.remove_track(spec.track, now);
        let Some(owner) = self.legs.get(&spec.owner) else { return };
        let track = Track::new(spec, Some(owner.spec.identity.clone()), now);
        let (key, is_audio) = (track.key(), track.is_audio());
        if is_audio {
            self.speakers.add(key);
        } else if let Some(at) = track.demand.due() {
            self.effects.alarm(at);
        }
        self.tracks.insert(key, track);
        self.settle_where(now, |leg| leg.spec.follows.is_some() || (is_audio && leg.spec.auto_audio));
        self.finish(now);
    }

    /// A track ends.
    pub fn remove_track(&mut self, track: TrackKey, now: Instant) {
        let Some(mut removed) = self.tracks.remove(&track) else { return };
        for feed in removed.feeds.drain() {
            let leg = self.legs.get_mut(&feed.leg);
            let slot = leg.and_then(|leg| leg.slots.iter_mut().find(|slot| slot.spec.index == feed.slot));
            if let Some(slot) = slot {
                slot.content = Content::Idle(feed.numbering);
            }
            self.effects.slots_changed(feed.leg);
        }
        if removed.is_audio() {
            self.speakers.remove(track, now, &mut self.effects);
        }
        let mut touched = Vec::new();
        for leg in self.legs.values_mut() {
            let asked = leg.subscriptions.remove(&track).is_some();
            if asked || leg.spec.follows.is_some() || (removed.is_audio() && leg.spec.auto_audio) {
                touched.push(leg.index);
            }
        }
        for leg in touched {
            self.settle(leg, now);
        }
        self.finish(now);
    }

    /// Sets the flags of a track; nothing of it passes unless both are off.
    pub fn set_flags(&mut self, track: TrackKey, muted: bool, held: bool, now: Instant) {
        let Some(state) = self.tracks.get_mut(&track) else { return };
        let passed = state.passes();
        (state.spec.muted, state.spec.held) = (muted, held);
        if state.passes() == passed {
            return;
        }
        for feed in state.feeds.iter_mut() {
            feed.numbering.restart();
            self.effects.slots_changed(feed.leg);
        }
        if state.is_audio() {
            self.speakers.wake(now, &mut self.effects);
            return;
        }
        for feed in state.feeds.iter_mut() {
            feed.current = None;
        }
        // What waits already is not asked for again by itself.
        state.awaited = 0;
        self.effects.touch(track);
        self.choose_again(track, now);
        self.settle_where(now, |leg| leg.spec.follows == Some(Follow::Dominant));
        self.finish(now);
    }
}

/// What viewers want and what their connections carry.
impl Room {
    /// A leg wants a track. False: there is no such leg or track, or it is its own, or it may not subscribe.
    pub fn subscribe(&mut self, leg: LegIndex, track: TrackKey, preference: Preference, now: Instant) -> bool {
        let Some(state) = self.legs.get_mut(&leg) else { return false };
        let exists = self.tracks.get(&track).is_some_and(|track| track.spec.owner != leg);
        if !exists || !state.spec.subscribes {
            return false;
        }
        match state.subscriptions.get_mut(&track) {
            Some(subscription) => subscription.preference = preference,
            None => {
                state.subscribed += 1;
                state.subscriptions.insert(track, Subscription { preference, number: state.subscribed });
            }
        }
        self.settle(leg, now);
        self.finish(now);
        true
    }

    /// A leg wants a track no more. Audio that comes unasked keeps coming: to stop that, prefer it paused.
    pub fn unsubscribe(&mut self, leg: LegIndex, track: TrackKey, now: Instant) {
        let Some(state) = self.legs.get_mut(&leg) else { return };
        if state.subscriptions.remove(&track).is_some() {
            self.settle(leg, now);
            self.finish(now);
        }
    }

    /// How a leg wants a track now; replaces what was said before. Of audio that comes unasked it makes a subscription.
    /// False: it is neither subscribed to nor audio that comes unasked.
    pub fn prefer(&mut self, leg: LegIndex, track: TrackKey, preference: Preference, now: Instant) -> bool {
        let Some(state) = self.legs.get(&leg) else { return false };
        let subscribed = state.subscriptions.contains_key(&track);
        let in_slot = state.slots.iter().any(|slot| slot.track() == Some(track));
        let automatic = state.spec.auto_audio && self.tracks.get(&track).is_some_and(Track::is_audio);
        (subscribed || in_slot || automatic) && self.subscribe(leg, track, preference, now)
    }

    /// What the way to a leg carries now.
    pub fn handle_estimate(&mut self, leg: LegIndex, bits_per_second: u64, now: Instant) {
        let Some(state) = self.legs.get_mut(&leg) else { return };
        state.bandwidth.estimate = Some(bits_per_second);
        choose::choose(state, &mut self.tracks, now, &mut self.effects);
        self.finish(now);
    }

    /// A viewer cannot decode what is in a slot.
    pub fn handle_key_frame_request(&mut self, leg: LegIndex, slot: u16, now: Instant) {
        let Some(state) = self.legs.get(&leg) else { return };
        let slot = state.slots.iter().find(|state| state.spec.index == slot);
        let track = slot.and_then(Slot::track).and_then(|track| self.tracks.get_mut(&track));
        let Some(track) = track.filter(|track| !track.is_audio() && track.passes()) else { return };
        if let Some(layer) = track.feeds.of(leg).and_then(|feed| feed.current.or(feed.target)) {
            track.ask_key_frame(layer, now, &mut self.effects);
        }
    }
}

/// Packets and time.
impl Room {
    /// Appends to `out` where a packet goes. `layer` is an index into the track's rids, 0 without simulcast.
    pub fn handle_packet(&mut self, track: TrackKey, layer: u8, packet: &Packet, out: &mut Vec<Forward>) {
        let Some(mut state) = self.tracks.get_mut(&track) else { return };
        if usize::from(layer) >= state.layers.len() {
            return;
        }
        let layers_changed = state.note(layer, packet);
        if !state.passes() {
            return;
        }
        if state.is_audio() {
            let was_pinned = state.is_pinned();
            self.speakers.hear(&mut state.voice, packet, &mut self.effects);
            if state.is_pinned() != was_pinned {
                self.settle_where(packet.arrival, |leg| leg.contended);
                self.finish(packet.arrival);
                let Some(again) = self.tracks.get_mut(&track) else { return };
                state = again;
            }
        } else if layers_changed {
            state.beginning = packet.starts_key_frame.then_some(layer);
            self.choose_again(track, packet.arrival);
            self.finish(packet.arrival);
            let Some(again) = self.tracks.get_mut(&track) else { return };
            state = again;
            state.beginning = None;
        }
        state.forward(layer, packet, out, &mut self.effects);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.effects.alarm_at().is_none_or(|alarm| alarm > now) {
            return;
        }
        self.effects.clear_alarm();
        if self.speakers.tick(&mut self.tracks, now, &mut self.effects) {
            self.settle_where(now, |leg| leg.contended || leg.spec.follows == Some(Follow::Dominant));
        }
        for track in self.tracks.values_mut() {
            for layer in 0..=track.lowest() {
                if track.layers[usize::from(layer)].requests.is_due(now) {
                    self.effects.emit(Output::RequestKeyFrame { track: track.key(), layer });
                }
            }
            if !track.is_audio() && track.demand.fade(now) {
                track.tell_demand(&mut self.effects);
            }
        }
        self.settle_where(now, |leg| leg.settle_at.is_some_and(|at| at <= now));
        self.finish(now);
        self.set_alarm();
    }

    /// When [`Self::handle_timeout`] wants to be called; none: nothing is pending.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.effects.alarm_at()
    }

    /// What the room wants done or known.
    pub fn poll_output(&mut self) -> Option<Output> {
        if let Some(output) = self.effects.next() {
            return Some(output);
        }
        while let Some(leg) = self.effects.next_changed() {
            let Some(state) = self.legs.get_mut(&leg) else { continue };
            if let Some(output) = assign::ask_for_slots(state) {
                self.effects.emit(output);
            }
            let mut slots = Vec::new();
            for slot in &mut state.slots {
                let present = present(slot, leg, &self.tracks);
                if present != slot.told {
                    slot.told.clone_from(&present);
                    slots.push(present);
                }
            }
            if !slots.is_empty() {
                return Some(Output::SlotsChanged { leg, slots });
            }
        }
        self.effects.next()
    }

    /// All slots of a leg as they are now.
    pub fn slots(&self, leg: LegIndex) -> Vec<SlotState> {
        let Some(state) = self.legs.get(&leg) else { return Vec::new() };
        state.slots.iter().map(|slot| present(slot, leg, &self.tracks)).collect()
    }

    /// Every track in figures, in the order of their keys.
    pub fn figures(&self, now: Instant) -> Vec<TrackFigures> {
        self.tracks.values().map(|track| track.figures(now)).collect()
    }
}

impl Room {
    /// Brings a leg's slots and layers up to date.
    pub(crate) fn settle(&mut self, leg: LegIndex, now: Instant) {
        let Some(leg) = self.legs.get_mut(&leg) else { return };
        leg.settle_at = None;
        let (audio, contended) = wishes::audio(leg, &self.tracks, &self.speakers, self.mix);
        let video = wishes::video(leg, &self.tracks, &self.speakers, now);
        leg.contended = contended || audio.len() > leg.slot_count(MediaKind::Audio);
        for (kind, wanted) in [(MediaKind::Audio, &audio), (MediaKind::Video, &video)] {
            assign::assign(leg, kind, wanted, &mut self.tracks, &mut self.effects);
        }
        leg.needed = SlotCount { audio: audio.len() as u32, video: video.len() as u32 };
        self.effects.slots_changed(leg.index);
        choose::choose(leg, &mut self.tracks, now, &mut self.effects);
    }

    /// After all legs concerned are settled: looks once at each track whose feeds have changed.
    pub(crate) fn finish(&mut self, now: Instant) {
        while let Some(track) = self.effects.next_touched() {
            if let Some(track) = self.tracks.get_mut(&track) {
                track.settle(now, &mut self.effects);
            }
        }
    }

    pub(crate) fn settle_where(&mut self, now: Instant, concerned: impl Fn(&Leg) -> bool) {
        let legs: Vec<_> = self.legs.values().filter(|leg| concerned(leg)).map(|leg| leg.index).collect();
        for leg in legs {
            self.settle(leg, now);
        }
    }

    /// A layer came to life or died: its viewers may be better off with another one.
    #[cold]
    fn choose_again(&mut self, track: TrackKey, now: Instant) {
        let Some(state) = self.tracks.get(&track) else { return };
        let legs: Vec<_> = state.feeds.iter().map(|feed| feed.leg).collect();
        for leg in legs {
            if let Some(leg) = self.legs.get_mut(&leg) {
                choose::choose(leg, &mut self.tracks, now, &mut self.effects);
            }
        }
    }

    fn set_alarm(&mut self) {
        let requests = self.tracks.values().flat_map(|track| &track.layers).filter_map(|layer| layer.requests.due());
        let video = self.tracks.values().filter(|track| !track.is_audio());
        let demand = video.filter_map(|track| track.demand.due());
        let legs = self.legs.values().filter_map(|leg| leg.settle_at);
        let next = requests.chain(demand).chain(legs).chain(self.speakers.tick_at()).min();
        self.effects.clear_alarm();
        if let Some(at) = next {
            self.effects.alarm(at);
        }
    }
}

fn present(slot: &Slot, leg: LegIndex, tracks: &BTreeMap<TrackKey, Track>) -> SlotState {
    let track = slot.track().and_then(|track| tracks.get(&track));
    let feed = track.and_then(|track| track.feeds.of(leg));
    let layer = feed.and_then(|feed| feed.current).and_then(|layer| track.and_then(|track| track.rid(layer)));
    SlotState {
        mid: slot.spec.mid.clone(),
        kind: slot.spec.kind,
        track: track.map(Track::key),
        layer: layer.map(str::to_owned),
        paused: feed.is_some_and(|feed| feed.paused),
    }
}
