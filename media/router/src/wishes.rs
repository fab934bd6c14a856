//! Which tracks a leg should have, best first, however many slots it has: what it subscribed to, the voices that come
//! unasked, and what it follows.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_model::{Identity, MediaKind, Source, TrackKey};

use crate::input::Follow;
use crate::leg::Leg;
use crate::speakers::Speakers;
use crate::track::Track;

/// So many voices have a slot each. Where there are more, the loudest [`SHARED`] share slots.
const OWN_SLOTS: usize = 8;
const SHARED: usize = 3;
/// A viewer that follows the dominant speaker sees each one at least this long.
pub(crate) const HOLD: Duration = Duration::from_secs(1);

/// The audio tracks, best first, and whether there were more of them than it gets.
pub(crate) fn audio(
    leg: &Leg,
    tracks: &BTreeMap<TrackKey, Track>,
    speakers: &Speakers,
    mix: Option<TrackKey>,
) -> (Vec<TrackKey>, bool) {
    if !leg.spec.subscribes {
        return (Vec::new(), false);
    }
    let mut pinned = Vec::new();
    let mut voices = Vec::new();
    // In the order of the voices, so that who matters most comes first.
    for key in speakers.order() {
        let Some(track) = tracks.get(key) else { continue };
        let Some(is_pinned) = wanted_audio(leg, track) else { continue };
        if is_pinned { pinned.push(*key) } else { voices.push(*key) }
    }
    if let Some(mix) = mix.filter(|mix| wants_mix(leg, *mix)) {
        pinned.insert(0, mix);
    }
    let contended = voices.len() > OWN_SLOTS;
    if contended {
        voices.truncate(SHARED);
    }
    leave_a_slot_for_who_speaks(&mut pinned, &mut voices, leg.slot_count(MediaKind::Audio), speakers);
    pinned.append(&mut voices);
    (pinned, contended)
}

/// Where pinned tracks alone would fill all slots, the last slot goes to whoever of all spoke last.
fn leave_a_slot_for_who_speaks(
    pinned: &mut Vec<TrackKey>,
    voices: &mut Vec<TrackKey>,
    slots: usize,
    speakers: &Speakers,
) {
    let (Some(last), Some(voice)) = (slots.checked_sub(1).and_then(|at| pinned.get(at)), voices.first()) else {
        return;
    };
    let first = speakers.order().iter().find(|key| *key == last || *key == voice);
    if first == Some(voice) {
        pinned.insert(slots - 1, voices.remove(0));
    }
}

/// Does a leg want the room's mix?
fn wants_mix(leg: &Leg, mix: TrackKey) -> bool {
    match leg.subscriptions.get(&mix).map(|subscription| &subscription.preference) {
        Some(preference) => preference.paused != Some(true),
        None => leg.spec.hears_mix && !matches!(leg.spec.follows, Some(Follow::Participant { .. })),
    }
}

/// Does a leg want an audio track, and is it pinned there?
fn wanted_audio(leg: &Leg, track: &Track) -> Option<bool> {
    if track.spec.owner == leg.index {
        return None;
    }
    match leg.subscriptions.get(&track.key()).map(|subscription| &subscription.preference) {
        Some(preference) if preference.paused == Some(true) => None,
        Some(preference) => Some(preference.pinned == Some(true) || track.is_pinned()),
        None => comes_unasked(leg, track).then(|| track.is_pinned()),
    }
}

fn comes_unasked(leg: &Leg, track: &Track) -> bool {
    let of_another = track.identity.as_ref() != Some(&leg.spec.identity);
    match &leg.spec.follows {
        Some(Follow::Participant { identity, source }) => follows(track, identity, *source),
        Some(Follow::Dominant) => of_another && !leg.spec.hears_mix,
        None => leg.spec.auto_audio && of_another,
    }
}

fn follows(track: &Track, identity: &Identity, source: Option<Source>) -> bool {
    let chosen = match source {
        None => true,
        Some(Source::Screen) => matches!(track.spec.source, Source::Screen | Source::ScreenAudio),
        Some(source) => track.spec.source == source,
    };
    chosen && track.identity.as_ref() == Some(identity)
}

/// The video tracks, best first.
pub(crate) fn video(
    leg: &mut Leg,
    tracks: &BTreeMap<TrackKey, Track>,
    speakers: &Speakers,
    now: Instant,
) -> Vec<TrackKey> {
    if !leg.spec.subscribes {
        return Vec::new();
    }
    let mut wishes: Vec<_> = leg
        .subscriptions
        .iter()
        .filter(|(key, _)| tracks.get(key).is_some_and(|track| !track.is_audio()))
        .map(|(key, subscription)| {
            let preference = &subscription.preference;
            let paused = preference.paused == Some(true);
            (paused, Reverse(preference.priority.unwrap_or(0)), subscription.number, *key)
        })
        .collect();
    wishes.sort_unstable();
    let mut wishes: Vec<TrackKey> = wishes.into_iter().map(|(.., key)| key).collect();
    let followed = match leg.spec.follows.clone() {
        None => Vec::new(),
        Some(Follow::Dominant) => dominant(leg, tracks, speakers, now).into_iter().collect(),
        Some(Follow::Participant { identity, source }) => {
            let mut followed: Vec<_> = videos(leg, tracks).filter(|track| follows(track, &identity, source)).collect();
            followed.sort_by_key(|track| rank(track.spec.source));
            followed.iter().map(|track| track.key()).collect()
        }
    };
    for key in followed {
        if !wishes.contains(&key) {
            wishes.push(key);
        }
    }
    wishes
}

/// The picture of who speaks or spoke last, but not sooner than [`HOLD`] after the last change.
fn dominant(leg: &mut Leg, tracks: &BTreeMap<TrackKey, Track>, speakers: &Speakers, now: Instant) -> Option<TrackKey> {
    let present = leg.followed.filter(|(key, _)| tracks.contains_key(key));
    let best = dominant_picture(leg, tracks, speakers).or(present.map(|(key, _)| key));
    let best = best.or_else(|| videos(leg, tracks).next().map(Track::key));
    if let Some((key, since)) = present {
        if best == Some(key) {
            return best;
        }
        let shows = tracks.get(&key).is_some_and(Track::passes);
        if shows && now < since + HOLD {
            leg.settle_by(since + HOLD);
            return Some(key);
        }
    }
    leg.followed = best.map(|key| (key, now));
    best
}

/// Of who spoke last and shows a picture, else the picture that came first.
fn dominant_picture(leg: &Leg, tracks: &BTreeMap<TrackKey, Track>, speakers: &Speakers) -> Option<TrackKey> {
    let shown = || videos(leg, tracks).filter(|track| track.passes());
    let spoke = speakers.order().iter().filter_map(|key| tracks.get(key)).filter(|track| track.voice.spoke);
    let of_speaker = spoke.filter_map(|voice| {
        let theirs = shown().filter(|track| track.identity == voice.identity);
        theirs.min_by_key(|track| rank(track.spec.source))
    });
    of_speaker.map(Track::key).next().or_else(|| {
        let first = shown().map(Track::key).next();
        // Nobody has spoken yet: what is shown stays.
        leg.followed.map(|(key, _)| key).filter(|key| shown().any(|track| track.key() == *key)).or(first)
    })
}

fn videos<'a>(leg: &Leg, tracks: &'a BTreeMap<TrackKey, Track>) -> impl Iterator<Item = &'a Track> {
    let index = leg.index;
    tracks.values().filter(move |track| !track.is_audio() && track.spec.owner != index)
}

/// Which picture of a participant is shown first where there is only one slot.
fn rank(source: Source) -> u8 {
    match source {
        Source::Screen => 0,
        Source::Desktop => 1,
        Source::Camera => 2,
        Source::Avatar => 3,
        Source::Other => 4,
        Source::Microphone | Source::ScreenAudio | Source::Phone => 5,
    }
}
