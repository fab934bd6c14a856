//! Chooses the layer of each video subscription of a leg, from what the viewer prefers, what its bandwidth allows and what
//! the publisher sends. The choice is only an aim: [`crate::forwarding`] switches at the next key frame of that layer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_model::{MediaKind, TrackKey};

use crate::allocator::{self, Held, Item};
use crate::effects::Effects;
use crate::feed::Feed;
use crate::leg::Leg;
use crate::output::Output;
use crate::track::Track;

/// After a downgrade nothing goes up for this long.
const CALM: Duration = Duration::from_secs(2);
/// A want of bandwidth for even the lowest layer must last this long before something is paused: an estimate begins low,
/// one that has just dropped overshoots, and a busy machine makes it dip where nothing is wrong.
const PAUSE_AFTER: Duration = Duration::from_secs(3);
/// When so many times more is sent than fits, what is too large ends at once instead of with the key frame of what is not:
/// hardly any of it arrives whole, and it keeps that key frame out.
const CHOKES: u64 = 2;
/// Where nothing but a fixed bound limits a leg, its layers are looked at again this often, as their rates change.
const REVIEW: Duration = Duration::from_secs(1);
/// What stays for RTP headers and extensions, which estimates count and layer rates do not.
const HEADROOM: (u64, u64) = (95, 100);

/// A video subscription in a slot.
struct Candidate {
    track: TrackKey,
    /// The best layer that the viewer allows.
    cap: u8,
}

/// Chooses for all video slots of a leg.
pub(crate) fn choose(leg: &mut Leg, tracks: &mut BTreeMap<TrackKey, Track>, now: Instant, effects: &mut Effects) {
    let (candidates, items) = gather(leg, tracks, now);
    let audio = audio_rate(leg, tracks, now);
    let capacity = leg.capacity();
    let budget = capacity.map(|capacity| (capacity / HEADROOM.1 * HEADROOM.0).saturating_sub(audio));
    let levels = match budget {
        Some(budget) => within(budget, leg, &items, now),
        None => items.iter().map(|item| Some(item.rates.len() - 1)).collect(),
    };
    if leg.bandwidth.estimate.is_none() && leg.spec.receive_bitrate.is_some() && !items.is_empty() {
        leg.settle_by(now + REVIEW);
    }
    let spare = budget.map_or(u64::MAX, |budget| budget.saturating_sub(allocator::total(&items, &levels)));
    let chokes = budget.is_some_and(|budget| sent_rate(leg, &candidates, tracks, now) > budget.saturating_mul(CHOKES));
    for (candidate, level) in candidates.iter().zip(&levels) {
        let Some(track) = tracks.get_mut(&candidate.track) else { continue };
        let ideal = level.map(|level| track.lowest() - level as u8);
        let target = ideal.and_then(|ideal| nearest_alive(leg, track, candidate.cap, ideal, spare, now));
        aim(leg, track, ideal, target, ideal.is_none(), effects);
        if let Some(feed) = track.feeds.of_mut(leg.index).filter(|feed| chokes && feed.current < feed.target) {
            feed.current = None;
            effects.touch(track.key());
            effects.slots_changed(leg.index);
        }
    }
    stop_what_viewers_paused(leg, tracks, effects);
    tell_desired(leg, &items, &levels, audio, effects);
    if let Some(at) = leg.settle_at {
        effects.alarm(at);
    }
}

/// What is being sent in these slots.
fn sent_rate(leg: &Leg, candidates: &[Candidate], tracks: &BTreeMap<TrackKey, Track>, now: Instant) -> u64 {
    let tracks = candidates.iter().filter_map(|candidate| tracks.get(&candidate.track));
    let sent = tracks.filter_map(|track| Some((track, track.feeds.of(leg.index)?.current?)));
    sent.filter(|(track, layer)| track.is_alive(*layer)).map(|(track, layer)| track.rate(layer, now)).sum()
}

fn aim(leg: &Leg, track: &mut Track, ideal: Option<u8>, target: Option<u8>, paused: bool, effects: &mut Effects) {
    let Some(feed) = track.feeds.of_mut(leg.index) else { return };
    if feed.aim(ideal, target, paused) {
        effects.touch(track.key());
        effects.slots_changed(leg.index);
    }
}

/// The layer to send where another one would be right: that one if it lives, else a lower one, else a better one.
fn nearest_alive(leg: &Leg, track: &Track, cap: u8, ideal: u8, spare: u64, now: Instant) -> Option<u8> {
    if track.is_alive(ideal) || track.layers.len() == 1 {
        return Some(ideal);
    }
    let lower = (ideal..=track.lowest()).find(|layer| track.is_alive(*layer));
    let affordable = |layer: &u8| track.rate(*layer, now).saturating_sub(track.rate(ideal, now)) <= spare;
    let better = || (cap..ideal).rev().filter(|layer| track.is_alive(*layer)).find(affordable);
    let current = || track.feeds.of(leg.index).and_then(|feed| feed.current).filter(|current| *current >= cap);
    lower.or_else(better).or_else(current).or(Some(ideal))
}

fn gather(leg: &Leg, tracks: &BTreeMap<TrackKey, Track>, now: Instant) -> (Vec<Candidate>, Vec<Item>) {
    let (mut candidates, mut items) = (Vec::new(), Vec::new());
    for slot in leg.slots.iter().filter(|slot| slot.spec.kind == MediaKind::Video) {
        let Some(track) = slot.track().and_then(|track| tracks.get(&track)) else { continue };
        let Some(feed) = track.feeds.of(leg.index) else { continue };
        let preference = leg.subscriptions.get(&track.key()).map(|subscription| &subscription.preference);
        let (best, cap, priority) = match preference {
            Some(preference) if preference.paused == Some(true) => continue,
            Some(preference) => (track.preferred(preference), track.cap(preference), preference.priority.unwrap_or(0)),
            None => (0, 0, 0),
        };
        let mut rates: Vec<u64> = (best..=track.lowest()).rev().map(|layer| track.rate(layer, now)).collect();
        // A better layer never counts as cheaper than a lower one, or both would be chosen in turns.
        for at in 1..rates.len() {
            rates[at] = rates[at].max(rates[at - 1]);
        }
        items.push(Item { priority, rates, held: held(feed, track) });
        candidates.push(Candidate { track: track.key(), cap });
    }
    (candidates, items)
}

fn held(feed: &Feed, track: &Track) -> Held {
    match feed.ideal {
        _ if feed.fresh => Held::New,
        None if feed.paused => Held::Paused,
        None => Held::New,
        Some(ideal) => Held::Level(usize::from(track.lowest() - ideal)),
    }
}

/// What fits, with patience before anything is paused.
fn within(budget: u64, leg: &mut Leg, items: &[Item], now: Instant) -> Vec<Option<usize>> {
    let calm_at = leg.bandwidth.last_downgrade.map(|last| last + CALM);
    let decision = allocator::decide(items, budget, calm_at.is_none_or(|at| at <= now));
    if decision.downgraded {
        leg.bandwidth.last_downgrade = Some(now);
    }
    if let Some(at) = calm_at.filter(|_| decision.held_back) {
        leg.settle_by(at);
    }
    let mut levels = decision.levels;
    let starves = |at: usize, level: &Option<usize>| level.is_none() && items[at].held != Held::Paused;
    if !levels.iter().enumerate().any(|(at, level)| starves(at, level)) {
        if levels.iter().all(Option::is_some) {
            leg.bandwidth.short_since = None;
        }
        return levels;
    }
    let since = *leg.bandwidth.short_since.get_or_insert(now);
    if now < since + PAUSE_AFTER {
        leg.settle_by(since + PAUSE_AFTER);
        for (at, level) in levels.iter_mut().enumerate() {
            if starves(at, level) {
                *level = Some(0);
            }
        }
    }
    levels
}

fn stop_what_viewers_paused(leg: &Leg, tracks: &mut BTreeMap<TrackKey, Track>, effects: &mut Effects) {
    for (key, subscription) in &leg.subscriptions {
        let paused = subscription.preference.paused == Some(true);
        if let Some(track) = tracks.get_mut(key).filter(|track| paused && !track.is_audio()) {
            aim(leg, track, None, None, false, effects);
        }
    }
}

fn audio_rate(leg: &Leg, tracks: &BTreeMap<TrackKey, Track>, now: Instant) -> u64 {
    let audio = leg.slots.iter().filter(|slot| slot.spec.kind == MediaKind::Audio);
    let fed = audio.filter_map(|slot| tracks.get(&slot.track()?));
    fed.map(|track| track.layers[0].meter.bitrate(now)).sum()
}

/// Tells the estimator what there is to win. Small changes are not worth a message.
fn tell_desired(leg: &mut Leg, items: &[Item], levels: &[Option<usize>], audio: u64, effects: &mut Effects) {
    // With what the margin and the headers need on top.
    let on_the_wire = |rate: u64| rate * 5 / 4;
    let (minimum, desired) = if items.is_empty() {
        (0, 0)
    } else {
        let best: u64 = items.iter().filter_map(|item| item.rates.last()).sum();
        let now = allocator::total(items, levels);
        (on_the_wire(now + allocator::next_step(items, levels) + audio), on_the_wire(best + audio))
    };
    let told = leg.bandwidth.told;
    let differs = |new: u64, old: u64| new.abs_diff(old) > old / 10 || (new == 0) != (old == 0);
    if differs(minimum, told.0) || differs(desired, told.1) {
        leg.bandwidth.told = (minimum, desired);
        effects.emit(Output::DesiredBitrate { leg: leg.index, minimum, desired });
    }
}
