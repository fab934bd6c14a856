//! The room's mix: a track that nobody publishes. Who speaks gets other packets of it than who only listens, so each frame is
//! given to the legs that it is for, one by one; and each leg's packets are counted for themselves, because one who hears
//! nothing new is sent nothing, which must not look like loss.

use std::time::Instant;

use crosspoint_model::{MediaKind, Source, TrackKey};
use crosspoint_rtp::picture;
use crosspoint_rtp::sequence::Position;

use crate::input::{LegIndex, MixFrame, TrackSpec};
use crate::output::Forward;
use crate::room::Room;
use crate::track::Track;

/// No leg has this index.
const NOBODY: LegIndex = LegIndex(u32::MAX);

impl Room {
    /// Sets the track that is the room's mix; none: it has none.
    pub fn set_mix(&mut self, mix: Option<TrackKey>, now: Instant) {
        if self.mix == mix {
            return;
        }
        if let Some(before) = self.mix.take() {
            self.remove_track(before, now);
        }
        self.mix = mix;
        if let Some(key) = mix {
            self.tracks.insert(key, Track::new(spec(key), None, now));
        }
        self.settle_where(now, |leg| leg.spec.hears_mix);
        self.finish(now);
    }

    /// Sets what comes to a leg unasked: each voice, or the mix.
    pub fn set_hears(&mut self, leg: LegIndex, auto_audio: bool, hears_mix: bool, now: Instant) {
        let Some(state) = self.legs.get_mut(&leg) else { return };
        (state.spec.auto_audio, state.spec.hears_mix) = (auto_audio, hears_mix);
        self.settle(leg, now);
        self.finish(now);
    }

    /// Gives a frame of the mix to a leg. None: it has no slot for it.
    pub fn forward_mix(&mut self, leg: LegIndex, frame: &MixFrame) -> Option<Forward> {
        let feed = self.tracks.get_mut(&self.mix?)?.feeds.of_mut(leg)?;
        feed.frames += 1;
        let position =
            Position { sequence: feed.frames, timestamp: frame.position as u32, arrival: frame.due, capture: None };
        let numbers = feed.numbering.sequence.rewrite(&position)?;
        let (slot, picture) = (feed.slot, picture::Numbers::default());
        Some(Forward { leg, slot, sequence: numbers.sequence, timestamp: numbers.timestamp, picture })
    }

    /// Counts a frame of the mix, for what it takes of each leg's bandwidth.
    pub fn note_mix(&mut self, frame: &MixFrame) {
        if let Some(track) = self.mix.and_then(|mix| self.tracks.get_mut(&mix)) {
            track.layers[0].meter.add(frame.payload_len, frame.due);
        }
    }

    /// A frame that a leg should have got is lost: it is to see a gap.
    pub fn skip_mix(&mut self, leg: LegIndex) {
        if let Some(feed) = self.mix.and_then(|mix| self.tracks.get_mut(&mix)?.feeds.of_mut(leg)) {
            feed.frames += 1;
        }
    }

    /// Sets whether a track is for nobody here: what is said in it is said to one alone, and comes there in another way.
    pub fn set_private(&mut self, track: TrackKey, private: bool, now: Instant) {
        let Some(state) = self.tracks.get_mut(&track).filter(|state| state.private != private) else { return };
        state.private = private;
        for feed in state.feeds.iter_mut() {
            feed.numbering.restart();
        }
        self.speakers.wake(now, &mut self.effects);
    }

    /// Does anybody have this track in a slot?
    pub fn is_fed(&self, track: TrackKey) -> bool {
        self.tracks.get(&track).is_some_and(|track| track.feeds.len() > 0)
    }

    /// The legs that the mix goes to.
    pub fn mix_legs(&self) -> impl Iterator<Item = LegIndex> + '_ {
        let track = self.mix.and_then(|mix| self.tracks.get(&mix));
        track.into_iter().flat_map(|track| track.feeds.iter().map(|feed| feed.leg))
    }
}

fn spec(track: TrackKey) -> TrackSpec {
    TrackSpec {
        track,
        owner: NOBODY,
        kind: MediaKind::Audio,
        source: Source::Other,
        rids: Vec::new(),
        width: 0,
        height: 0,
        muted: false,
        held: false,
    }
}
