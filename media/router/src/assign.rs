//! Puts tracks into slots. What has a slot keeps it as long as it is wanted: a picture never jumps to another element.

use std::collections::BTreeMap;

use crosspoint_model::signal::SlotCount;
use crosspoint_model::{MediaKind, TrackKey};

use crate::effects::Effects;
use crate::feed::Feed;
use crate::leg::Leg;
use crate::output::Output;
use crate::slot::Content;
use crate::track::Track;

/// Slots are asked for in steps, because each step is a negotiation.
const AUDIO_STEPS: [usize; 4] = [2, 4, 8, 12];
const VIDEO_STEPS: [usize; 5] = [2, 4, 6, 9, 12];

/// Fills the slots of a kind with the first of the wanted tracks, as many as there are slots.
pub(crate) fn assign(
    leg: &mut Leg,
    kind: MediaKind,
    wanted: &[TrackKey],
    tracks: &mut BTreeMap<TrackKey, Track>,
    effects: &mut Effects,
) {
    let wanted = &wanted[..wanted.len().min(leg.slot_count(kind))];
    for at in 0..leg.slots.len() {
        let slot = &leg.slots[at];
        if slot.spec.kind == kind && slot.track().is_some_and(|track| !wanted.contains(&track)) {
            release(leg, at, tracks, effects);
        }
    }
    for key in wanted {
        if leg.slots.iter().any(|slot| slot.track() == Some(*key)) {
            continue;
        }
        let Some(free) = free_slot(leg, kind, *key, tracks) else { break };
        let Some(track) = tracks.get_mut(key) else { continue };
        let slot = &mut leg.slots[free];
        let Content::Idle(numbering) = std::mem::replace(&mut slot.content, Content::Fed(*key)) else { break };
        let mut feed = Feed::new(leg.index, slot.spec.index, numbering);
        if kind == MediaKind::Audio {
            // Sound begins with any packet and has one layer.
            (feed.current, feed.target, feed.fresh) = (Some(0), Some(0), false);
        }
        track.feeds.insert(feed);
        effects.slots_changed(leg.index);
    }
}

/// The best free slot for a track. The n-th audio and the n-th video slot are a pair (browsers play what comes on a pair in
/// step): beside the publisher's other track first, then where no pair is begun, then anywhere.
fn free_slot(leg: &Leg, kind: MediaKind, track: TrackKey, tracks: &BTreeMap<TrackKey, Track>) -> Option<usize> {
    let publisher = |key: TrackKey| tracks.get(&key).map(|track| &track.identity);
    let of_kind = |kind| leg.slots.iter().enumerate().filter(move |(_, slot)| slot.spec.kind == kind);
    let other = if kind == MediaKind::Audio { MediaKind::Video } else { MediaKind::Audio };
    let beside: Vec<Option<TrackKey>> = of_kind(other).map(|(_, slot)| slot.track()).collect();
    let free = of_kind(kind).enumerate().filter(|(_, (_, slot))| slot.track().is_none());
    let best = free.min_by_key(|(ordinal, _)| match beside.get(*ordinal).copied().flatten() {
        Some(key) if publisher(key) == publisher(track) => 0,
        None => 1,
        Some(_) => 2,
    });
    best.map(|(_, (at, _))| at)
}

/// Empties a slot.
pub(crate) fn release(leg: &mut Leg, at: usize, tracks: &mut BTreeMap<TrackKey, Track>, effects: &mut Effects) {
    let slot = &mut leg.slots[at];
    let Some(track) = slot.track().and_then(|key| tracks.get_mut(&key)) else { return };
    if let Some(feed) = track.feeds.remove(leg.index) {
        slot.content = Content::Idle(feed.numbering);
        effects.touch(track.key());
        effects.slots_changed(leg.index);
    }
}

/// Asks for more slots where there are fewer than could be used. None: there is nothing to ask for, or it was asked.
pub(crate) fn ask_for_slots(leg: &mut Leg) -> Option<Output> {
    // Who follows (WHEP) offers once and cannot be asked.
    if leg.spec.follows.is_some() || !leg.negotiated {
        return None;
    }
    let (has_audio, has_video) = (leg.slot_count(MediaKind::Audio), leg.slot_count(MediaKind::Video));
    let audio = step(leg.needed.audio as usize, has_audio, leg.spec.audio_slots, &AUDIO_STEPS);
    let video = step(leg.needed.video as usize, has_video, leg.spec.video_slots, &VIDEO_STEPS);
    let count = SlotCount { audio: audio as u32, video: video as u32 };
    let lacks =
        audio > has_audio && count.audio > leg.asked.audio || video > has_video && count.video > leg.asked.video;
    lacks.then(|| {
        leg.asked = count;
        Output::SlotsWanted { leg: leg.index, count }
    })
}

fn step(needed: usize, has: usize, limit: usize, steps: &[usize]) -> usize {
    let needed = needed.min(limit);
    if needed <= has {
        return has;
    }
    steps.iter().copied().find(|step| *step >= needed).unwrap_or(needed).min(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_grow_in_steps_up_to_the_limit() {
        assert_eq!(step(1, 0, 12, &VIDEO_STEPS), 2);
        assert_eq!(step(5, 4, 12, &VIDEO_STEPS), 6);
        assert_eq!(step(7, 6, 8, &VIDEO_STEPS), 8);
        assert_eq!(step(40, 12, 12, &VIDEO_STEPS), 12);
        assert_eq!(step(3, 4, 12, &VIDEO_STEPS), 4, "what is there is enough");
    }
}
