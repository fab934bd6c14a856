//! Who speaks, and in which order voices matter. The order changes only where somebody clearly passes somebody else, so it
//! remembers who spoke last: its first is the dominant speaker, its first three share the audio slots of a big room.
//!
//! Nothing here runs while nobody makes a sound: a packet that is louder than silence starts the ticks, and they end when
//! all have fallen silent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_model::TrackKey;
use crosspoint_rtp::level;

use crate::effects::Effects;
use crate::input::Packet;
use crate::output::Output;
use crate::track::{Track, Voice};

/// How often voices are judged while there is any sound.
const TICK: Duration = Duration::from_millis(50);
/// Changes of who speaks are told at most this often, of how loud at most [`LOUDNESS_EVERY`].
const TELL_EVERY: Duration = Duration::from_millis(100);
const LOUDNESS_EVERY: Duration = Duration::from_millis(300);
/// A difference in loudness that is worth telling. dB.
const LOUDNESS_STEP: f32 = 3.0;
/// Who speaks passes another who speaks only when this much louder. dB.
const LOUDER: f32 = 6.0;
/// A track without levels speaks as long as packets with more than silence in them are not older than this.
const ACTIVITY: Duration = Duration::from_millis(300);
/// Opus packets up to this size carry silence (DTX, RFC 6716 §2.1.9). Bytes.
const SILENCE: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Speakers {
    /// Every audio track of the room, who matters most first.
    order: Vec<TrackKey>,
    told: Vec<(TrackKey, f32)>,
    told_at: Option<Instant>,
    tick_at: Option<Instant>,
}

impl Speakers {
    pub(crate) fn add(&mut self, track: TrackKey) {
        self.order.push(track);
    }

    pub(crate) fn remove(&mut self, track: TrackKey, now: Instant, effects: &mut Effects) {
        self.order.retain(|other| *other != track);
        if self.told.iter().any(|(told, _)| *told == track) {
            self.wake(now, effects);
        }
    }

    pub(crate) fn order(&self) -> &[TrackKey] {
        &self.order
    }

    pub(crate) fn tick_at(&self) -> Option<Instant> {
        self.tick_at
    }

    /// Takes in a packet of an audio track that passes.
    #[inline]
    pub(crate) fn hear(&mut self, voice: &mut Voice, packet: &Packet, effects: &mut Effects) {
        let loud = match packet.level {
            Some(dbov) => {
                voice.has_level = true;
                voice.level.add(dbov, packet.arrival);
                f32::from(dbov) > level::END
            }
            None if !voice.has_level && packet.payload_len > SILENCE => {
                voice.last_sound = Some(packet.arrival);
                true
            }
            None => false,
        };
        if loud && self.tick_at.is_none() {
            self.wake(packet.arrival, effects);
        }
    }

    /// Judge the voices soon.
    pub(crate) fn wake(&mut self, now: Instant, effects: &mut Effects) {
        let at = now + TICK;
        if self.tick_at.is_none_or(|tick_at| at < tick_at) {
            self.tick_at = Some(at);
            effects.alarm(at);
        }
    }

    /// Judges the voices when that is due. True: their order has changed.
    pub(crate) fn tick(&mut self, tracks: &mut BTreeMap<TrackKey, Track>, now: Instant, effects: &mut Effects) -> bool {
        if self.tick_at.is_none_or(|at| at > now) {
            return false;
        }
        let mut sound = false;
        for key in &self.order {
            if let Some(track) = tracks.get_mut(key) {
                sound |= judge(track, now);
            }
        }
        let moved = self.reorder(tracks);
        let told = self.tell(tracks, now, effects);
        self.tick_at = (sound || !told).then(|| now + TICK);
        moved
    }

    fn reorder(&mut self, tracks: &BTreeMap<TrackKey, Track>) -> bool {
        let voice = |key: &TrackKey| tracks.get(key).map(|track| &track.voice);
        let mut moved = false;
        for from in 1..self.order.len() {
            let mut at = from;
            while at > 0 {
                let (Some(ahead), Some(behind)) = (voice(&self.order[at - 1]), voice(&self.order[at])) else { break };
                let passes = behind.speaking && (!ahead.speaking || behind.loudness > ahead.loudness + LOUDER);
                if !passes {
                    break;
                }
                self.order.swap(at - 1, at);
                at -= 1;
                moved = true;
            }
        }
        moved
    }

    /// Tells who speaks, unless it is too soon for another telling. False: something is left to tell.
    fn tell(&mut self, tracks: &BTreeMap<TrackKey, Track>, now: Instant, effects: &mut Effects) -> bool {
        let speaking = self.order.iter().filter_map(|key| tracks.get(key)).filter(|track| track.voice.speaking);
        let same = speaking.clone().map(Track::key).eq(self.told.iter().map(|(key, _)| *key));
        let levels = speaking.clone().map(|track| track.voice.loudness).zip(self.told.iter().map(|(_, level)| *level));
        if same && levels.clone().all(|(now, told)| (now - told).abs() < LOUDNESS_STEP) {
            return true;
        }
        let wait = if same { LOUDNESS_EVERY } else { TELL_EVERY };
        if self.told_at.is_some_and(|told_at| now < told_at + wait) {
            return false;
        }
        self.told_at = Some(now);
        self.told = speaking.map(|track| (track.key(), track.voice.loudness)).collect();
        effects.emit(Output::Speakers { speakers: self.told.clone() });
        true
    }
}

/// Brings a voice up to date. True: it is not quite silent.
fn judge(track: &mut Track, now: Instant) -> bool {
    let passes = track.passes();
    let voice = &mut track.voice;
    if voice.has_level {
        (voice.speaking, voice.loudness) = voice.level.judge(now);
    } else {
        let active = |last: Instant| now.saturating_duration_since(last) <= ACTIVITY;
        (voice.speaking, voice.loudness) = (voice.last_sound.is_some_and(active), level::FLOOR);
    }
    let sound = voice.speaking || voice.loudness > level::FLOOR;
    voice.speaking &= passes;
    voice.spoke |= voice.speaking;
    sound && passes
}
