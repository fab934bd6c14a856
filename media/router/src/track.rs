//! A published track: its layers, its voice, and the feeds that take it to its subscribers.

use std::time::{Duration, Instant};

use crosspoint_model::{Identity, MediaKind, Preference, TrackKey};
use crosspoint_rtp::level::Level;
use crosspoint_rtp::meter::Meter;

use crate::demand::Demand;
use crate::effects::Effects;
use crate::feed::{Feed, Feeds};
use crate::input::TrackSpec;
use crate::keyframes::KeyFrameRequests;
use crate::output::{Output, TrackFigures};

/// More layers than this are not told apart.
const MAX_LAYERS: usize = 8;
/// Height of a picture whose publisher did not say.
const USUAL_HEIGHT: u32 = 720;
/// How often the smoothed rate of a layer takes in what was measured.
const RATE_STEP: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(crate) struct Track {
    pub(crate) spec: TrackSpec,
    /// Whose it is; none: the room's own.
    pub(crate) identity: Option<Identity>,
    /// At least one, best first.
    pub(crate) layers: Vec<Layer>,
    /// Said to one alone: no packet of it goes to a slot.
    pub(crate) private: bool,
    pub(crate) feeds: Feeds,
    /// The layers whose key frames some feed waits for, as bits.
    pub(crate) awaited: u8,
    /// The layers that are being received, as bits.
    pub(crate) alive: u8,
    /// The layer whose key frame begins with the packet at hand: nobody needs to ask for it.
    pub(crate) beginning: Option<u8>,
    /// Frames so far, over all layers.
    pub(crate) frames: u32,
    pub(crate) demand: Demand,
    pub(crate) voice: Voice,
}

/// One encoding of the track.
#[derive(Debug, Default)]
pub(crate) struct Layer {
    pub(crate) meter: Meter,
    /// Bits per second, smoothed over some seconds; kept when the layer stops. 0: never measured.
    rate: u64,
    rated_at: Option<Instant>,
    /// [`Track::frames`] at its last packet.
    pub(crate) frames: u32,
    /// Its highest sequence number.
    pub(crate) highest: u64,
    pub(crate) requests: KeyFrameRequests,
}

/// The sound of an audio track.
#[derive(Debug, Default)]
pub(crate) struct Voice {
    pub(crate) level: Level,
    /// It carries levels (RFC 6464).
    pub(crate) has_level: bool,
    /// Its last packet with more than silence in it, where levels are missing.
    pub(crate) last_sound: Option<Instant>,
    pub(crate) speaking: bool,
    /// Has it ever spoken?
    pub(crate) spoke: bool,
    /// dBov, smoothed.
    pub(crate) loudness: f32,
}

impl Track {
    pub(crate) fn new(mut spec: TrackSpec, identity: Option<Identity>, now: Instant) -> Self {
        spec.rids.truncate(MAX_LAYERS);
        let count = spec.rids.len().max(1);
        let demand = Demand::new(count, now);
        Self {
            spec,
            identity,
            layers: (0..count).map(|_| Layer::default()).collect(),
            private: false,
            feeds: Feeds::default(),
            awaited: 0,
            alive: 0,
            beginning: None,
            frames: 0,
            demand,
            voice: Voice::default(),
        }
    }

    pub(crate) fn key(&self) -> TrackKey {
        self.spec.track
    }

    pub(crate) fn is_audio(&self) -> bool {
        self.spec.kind == MediaKind::Audio
    }

    /// Nothing passes unless both flags are off.
    pub(crate) fn passes(&self) -> bool {
        !self.spec.muted && !self.spec.held && !self.private
    }

    /// The name of a layer; none without simulcast.
    pub(crate) fn rid(&self, layer: u8) -> Option<&str> {
        self.spec.rids.get(usize::from(layer)).map(String::as_str)
    }

    pub(crate) fn lowest(&self) -> u8 {
        (self.layers.len() - 1) as u8
    }

    pub(crate) fn is_alive(&self, layer: u8) -> bool {
        self.alive & (1 << layer) != 0
    }

    /// Audio that has a slot however loud the others are: who carries no level is never silenced for it.
    pub(crate) fn is_pinned(&self) -> bool {
        self.spec.source.is_pinned() || (!self.voice.has_level && self.voice.last_sound.is_some())
    }

    /// The smallest layer that fills the viewer's element, not better than what it asked for at most.
    pub(crate) fn preferred(&self, preference: &Preference) -> u8 {
        let cap = self.cap(preference);
        let covers = |layer: u8| {
            let shrink = |size: u32| size >> layer;
            let height = if self.spec.height == 0 { USUAL_HEIGHT } else { self.spec.height };
            match (preference.height, preference.width) {
                (Some(wanted), _) => shrink(height) >= wanted,
                (None, Some(wanted)) if self.spec.width > 0 => shrink(self.spec.width) >= wanted,
                (None, Some(wanted)) => shrink(height * 16 / 9) >= wanted,
                (None, None) => layer == 0,
            }
        };
        (0..=self.lowest()).rev().find(|layer| covers(*layer)).unwrap_or(0).max(cap)
    }

    /// The best layer that the viewer allows.
    pub(crate) fn cap(&self, preference: &Preference) -> u8 {
        let rid = preference.layer.as_deref();
        let found = rid.and_then(|rid| self.spec.rids.iter().position(|known| known == rid));
        found.unwrap_or(0) as u8
    }

    /// What a layer takes, bits per second: as measured, now or when it was last sent, else as browsers usually send it.
    /// A track that does not pass takes nothing.
    pub(crate) fn rate(&self, layer: u8, now: Instant) -> u64 {
        if !self.passes() {
            return 0;
        }
        let state = &self.layers[usize::from(layer)];
        if state.rate > 0 {
            return state.rate;
        }
        let measured = state.meter.bitrate(now);
        if self.layers.len() == 1 {
            return measured;
        }
        let height = u64::from(if self.spec.height == 0 { USUAL_HEIGHT } else { self.spec.height } >> layer);
        // 180 lines: 130 kbit/s; 360: 520; 720: 2.1 Mbit/s.
        measured.max(height * height * 4)
    }

    /// After targets have changed: asks for the key frames that are newly awaited and says what is wanted.
    pub(crate) fn settle(&mut self, now: Instant, effects: &mut Effects) {
        if self.is_audio() {
            return;
        }
        let before = self.awaited;
        self.awaited = self.feeds.iter().filter_map(Feed::awaits).fold(0, |bits, layer| bits | 1 << layer);
        let mut needed = if self.passes() { self.awaited & !before } else { 0 };
        // Who is paused for want of bandwidth still wants the lowest layer, or there would be nothing to come back to.
        let lowest = self.lowest();
        let ideal = |feed: &Feed| if feed.paused { Some(lowest) } else { feed.ideal };
        let bits = self.feeds.iter().flat_map(|feed| [ideal(feed), feed.current]).flatten();
        let wanted = bits.fold(0, |bits, layer| bits | 1 << layer);
        let wanted_again = self.demand.want(wanted, now);
        if let Some(at) = self.demand.due() {
            effects.alarm(at);
        }
        if wanted_again != 0 {
            self.tell_demand(effects);
            needed |= wanted_again;
        }
        self.ask_key_frames(needed, now, effects);
    }

    /// Asks for key frames of these layers (bits).
    pub(crate) fn ask_key_frames(&mut self, layers: u8, now: Instant, effects: &mut Effects) {
        for layer in (0..=self.lowest()).filter(|layer| layers & (1 << layer) != 0) {
            self.ask_key_frame(layer, now, effects);
        }
    }

    pub(crate) fn tell_demand(&self, effects: &mut Effects) {
        let unwanted = self.demand.unwanted();
        let rids = (0..=self.lowest()).filter(|layer| unwanted & (1 << layer) != 0);
        let unwanted = rids.map(|layer| self.rid(layer).unwrap_or("*").to_owned()).collect();
        effects.emit(Output::Layers { track: self.key(), unwanted });
    }

    pub(crate) fn ask_key_frame(&mut self, layer: u8, now: Instant, effects: &mut Effects) {
        if self.beginning == Some(layer) {
            return;
        }
        let requests = &mut self.layers[usize::from(layer)].requests;
        if requests.ask(now) {
            effects.emit(Output::RequestKeyFrame { track: self.spec.track, layer });
        } else if let Some(due) = requests.due() {
            effects.alarm(due);
        }
    }

    pub(crate) fn figures(&self, now: Instant) -> TrackFigures {
        let received = |layer: &u8| self.layers[usize::from(*layer)].meter.bitrate(now) > 0;
        let layers = (0..=self.lowest()).filter(received).filter_map(|layer| self.rid(layer));
        TrackFigures {
            track: self.key(),
            bitrate: self.layers.iter().map(|layer| layer.meter.bitrate(now)).sum(),
            layers: layers.map(str::to_owned).collect(),
            subscribers: self.feeds.len(),
        }
    }
}

impl Layer {
    /// Takes the measured rate into the smoothed one, now and then.
    #[inline]
    pub(crate) fn smooth(&mut self, now: Instant) {
        let rated_at = *self.rated_at.get_or_insert(now);
        if now.saturating_duration_since(rated_at) < RATE_STEP {
            return;
        }
        self.rated_at = Some(now);
        if self.meter.age(now) < RATE_STEP {
            return;
        }
        let measured = self.meter.bitrate(now);
        self.rate = if self.rate == 0 { measured } else { (self.rate * 3 + measured) / 4 };
    }
}
