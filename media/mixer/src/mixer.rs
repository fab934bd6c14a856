//! The façade: who speaks, who listens, and the order of work in each tick.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_codec::opus::EncoderSettings;
use crosspoint_dsp::ducker::Ducker;
use crosspoint_model::{Bus, Hears, Identity, Levels, Listening, MixSettings, TrackKey, VoiceSettings};

use crate::bus::BusState;
use crate::line::Line;
use crate::listener::{Audience, Listener, ListenerId};
use crate::pcm::PcmLine;
use crate::receiver::{Figures, Receiver};
use crate::voice::{Input, Voice, VoiceSpec};

/// What a level is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A voice.
    Voice(TrackKey),
    /// A bus.
    Bus(Bus),
}

/// What comes out of a mixer.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Opus packets of 20 ms for some listeners.
    Packet {
        /// Who gets it.
        audience: Audience,
        /// The packet.
        payload: Arc<[u8]>,
        /// The place of its first sample: for the RTP timestamp.
        position: u64,
        /// When its tick was due.
        due: Instant,
        /// The first one after silence (RFC 3551 §4.1: the marker).
        begins: bool,
    },
    /// A packet that was to be passed on is lost: these listeners are to see a gap.
    Gap(Audience),
    /// How loud voices and buses are.
    Levels(Vec<(Source, Levels)>),
    /// Both ends of a line of plain sound are gone.
    Abandoned(ListenerId),
}

/// The mix of one room.
#[derive(Debug)]
pub struct Mixer {
    pub(crate) settings: MixSettings,
    pub(crate) epoch: Instant,
    pub(crate) voices: BTreeMap<TrackKey, Voice>,
    pub(crate) listeners: BTreeMap<ListenerId, Listener>,
    pub(crate) lines: BTreeMap<ListenerId, Plain>,
    /// Who talks to whom alone.
    talks: BTreeMap<Identity, Identity>,
    pub(crate) programme: BusState,
    pub(crate) hold: BusState,
    pub(crate) ducker: Ducker,
    /// The lone talker whose packets are passed on.
    pub(crate) passing: Option<TrackKey>,
    pub(crate) watched: bool,
    pub(crate) told_levels: bool,
    /// The tick that is being worked on, or was last.
    pub(crate) tick: u64,
    pub(crate) next: Option<Instant>,
    pub(crate) stage: Stage,
    pub(crate) outputs: VecDeque<Output>,
    pub(crate) scratch: Vec<f32>,
    pub(crate) skipped: u64,
}

/// A line of plain sound.
#[derive(Debug)]
pub(crate) struct Plain {
    pub(crate) line: PcmLine,
    pub(crate) voice: Option<TrackKey>,
    /// Told that it is abandoned?
    pub(crate) told: bool,
}

/// What is left to do in a tick. Each step is a job.
#[derive(Debug, Default)]
pub(crate) enum Stage {
    /// Nothing: it is over.
    #[default]
    Rest,
    /// These voices are to be decoded.
    Voices(Vec<TrackKey>),
    /// All are, and can be added up.
    Mix,
    /// These packets are to be made.
    Packets(Vec<Audience>),
}

impl Mixer {
    /// A mixer in which nobody is. `now` is the beginning of its clock; ticks come at every 20 ms from there.
    pub fn new(settings: MixSettings, now: Instant) -> Self {
        let encoder = encoder_settings(&settings);
        Self {
            epoch: now,
            voices: BTreeMap::new(),
            listeners: BTreeMap::new(),
            lines: BTreeMap::new(),
            talks: BTreeMap::new(),
            programme: BusState::new(encoder),
            hold: BusState::new(encoder),
            ducker: Ducker::new(-settings.ducking),
            settings,
            passing: None,
            watched: false,
            told_levels: false,
            tick: 0,
            next: None,
            stage: Stage::Rest,
            outputs: VecDeque::new(),
            scratch: Vec::new(),
            skipped: 0,
        }
    }

    /// Changes how it works, from the next tick on. Encoders begin anew where they are concerned.
    pub fn set(&mut self, settings: MixSettings, now: Instant) {
        if let Some(track) = self.passing {
            self.end_passing(track);
        }
        let restereo = settings.stereo != self.settings.stereo;
        self.settings = settings;
        let encoder = encoder_settings(&self.settings);
        let audiences = [&mut self.programme, &mut self.hold].map(|bus| std::mem::take(&mut bus.audience));
        let [programme, hold] = audiences;
        (self.programme, self.hold) = (BusState::new(encoder), BusState::new(encoder));
        (self.programme.audience, self.hold.audience) = (programme, hold);
        self.listeners.values_mut().for_each(|listener| listener.line = None);
        self.ducker = Ducker::new(-self.settings.ducking);
        self.stage = Stage::Rest;
        for line in self.voices.values_mut().filter_map(|voice| voice.alone.as_deref_mut()) {
            *line = Line::new(encoder);
        }
        if restereo {
            let (stereo, channels, epoch) = (self.settings.stereo, self.channels(), self.epoch);
            for voice in self.voices.values_mut() {
                voice.set_channels(channels);
                if let Input::Opus(receiver) = &mut voice.input {
                    **receiver = Receiver::new(stereo, epoch);
                }
            }
        }
        self.wake(now);
    }

    /// How it works.
    pub fn settings(&self) -> &MixSettings {
        &self.settings
    }

    /// Is nobody in it?
    pub fn is_empty(&self) -> bool {
        self.voices.is_empty() && self.listeners.is_empty() && self.lines.is_empty()
    }

    pub(crate) fn channels(&self) -> usize {
        if self.settings.stereo { 2 } else { 1 }
    }
}

/// Who speaks and who listens.
impl Mixer {
    /// A voice comes whose Opus packets [`Self::handle_packet`] gets.
    pub fn add_voice(&mut self, spec: VoiceSpec) {
        let receiver = Receiver::new(self.settings.stereo, self.epoch);
        self.insert_voice(spec, Input::Opus(Box::new(receiver)));
    }

    /// A voice goes. It fades out in the next tick.
    pub fn remove_voice(&mut self, track: TrackKey, now: Instant) {
        let Some(voice) = self.voices.get_mut(&track) else { return };
        voice.leaving = true;
        if voice.on_air {
            self.wake(now);
        } else {
            self.forget_voice(track);
        }
    }

    /// Sets whether a voice may be heard: neither muted nor held. In force from the next tick on.
    pub fn set_passes(&mut self, track: TrackKey, passes: bool, now: Instant) {
        if let Some(voice) = self.voices.get_mut(&track) {
            voice.spec.passes = passes;
            self.wake(now);
        }
    }

    /// Sets how the voices of somebody are treated.
    pub fn set_voices(&mut self, whose: &Identity, settings: &VoiceSettings) {
        for voice in self.voices.values_mut().filter(|voice| voice.spec.identity == *whose) {
            voice.spec.settings = settings.clone();
            voice.chain.set(settings);
        }
    }

    /// Talkback: the voices of somebody go to one participant alone; none: to their bus again. Whom they talked to before comes back.
    pub fn talk(&mut self, whose: &Identity, to: Option<&Identity>) -> Option<Identity> {
        let before = match to {
            Some(to) => self.talks.insert(whose.clone(), to.clone()),
            None => self.talks.remove(whose),
        };
        // One that is on its way out fades out for whom it spoke to.
        let theirs = |voice: &&mut Voice| voice.spec.identity == *whose && !voice.leaving;
        for voice in self.voices.values_mut().filter(theirs) {
            voice.only = to.cloned();
        }
        before
    }

    /// Does this one talk to somebody alone?
    pub fn is_private(&self, who: &Identity) -> bool {
        self.talks.contains_key(who)
    }

    /// Does anybody talk to this one alone?
    pub fn is_addressed(&self, who: &Identity) -> bool {
        self.talks.values().any(|to| to == who)
    }

    /// Somebody listens, over packets.
    pub fn add_listener(&mut self, id: ListenerId, identity: Identity, listening: Listening) {
        self.listeners.insert(id, Listener::new(identity, listening, true));
        self.note_monitors();
    }

    /// What a listener hears has changed.
    pub fn set_listening(&mut self, id: ListenerId, listening: Listening) {
        if let Some(listener) = self.listeners.get_mut(&id) {
            listener.fresh |= listener.listening.hears != listening.hears;
            listener.listening = listening;
            self.note_monitors();
        }
    }

    /// A listener goes, or somebody who spoke and heard plain sound. The line of the latter comes back, for another mixer.
    #[must_use = "the line of a service ends when it is dropped"]
    pub fn remove_listener(&mut self, id: ListenerId, now: Instant) -> Option<PcmLine> {
        self.listeners.remove(&id);
        self.note_monitors();
        let plain = self.lines.remove(&id)?;
        if let Some(voice) = plain.voice {
            self.remove_voice(voice, now);
        }
        Some(plain.line)
    }

    /// Somebody comes who hears and speaks plain sound.
    pub fn add_plain(
        &mut self,
        id: ListenerId,
        identity: &Identity,
        mut line: PcmLine,
        hears: Option<Bus>,
        voice: Option<VoiceSpec>,
        now: Instant,
    ) {
        let track = voice.as_ref().map(|spec| spec.track);
        line.enter();
        self.lines.insert(id, Plain { line, voice: track, told: false });
        if let Some(bus) = hears {
            let hears = match bus {
                Bus::Programme => Hears::Mix,
                Bus::Hold => Hears::Hold,
            };
            let listening = Listening { hears, pre_fade: None };
            self.listeners.insert(id, Listener::new(identity.clone(), listening, false));
        }
        if let Some(spec) = voice {
            self.insert_voice(spec, Input::Pcm);
        }
        self.wake(now);
    }

    /// Is this somebody who listens?
    pub fn has_listener(&self, id: ListenerId) -> bool {
        self.listeners.contains_key(&id)
    }

    /// Is a voice of plain sound also wanted by itself, as a track?
    pub fn set_alone(&mut self, track: TrackKey, wanted: bool) {
        let settings = encoder_settings(&self.settings);
        let Some(voice) = self.voices.get_mut(&track).filter(|voice| matches!(voice.input, Input::Pcm)) else { return };
        if voice.alone.is_some() != wanted {
            voice.alone = wanted.then(|| Box::new(Line::new(settings)));
        }
    }

    /// Who hears a bus as it is, in the tick of the packets that [`Self::poll_output`] gives.
    pub fn audience(&self, bus: Bus) -> &[ListenerId] {
        match bus {
            Bus::Programme => &self.programme.audience,
            Bus::Hold => &self.hold.audience,
        }
    }

    /// Tell levels, or stop telling them.
    pub fn watch_levels(&mut self, watch: bool) {
        self.watched = watch;
    }

    /// What happened to the packets of a voice so far.
    pub fn figures(&self, track: TrackKey) -> Option<Figures> {
        match &self.voices.get(&track)?.input {
            Input::Opus(receiver) => Some(receiver.figures),
            Input::Pcm => None,
        }
    }

    /// How much later than the fastest packet would allow a voice is played now; none: it is not.
    pub fn delay(&self, track: TrackKey) -> Option<Duration> {
        match &self.voices.get(&track)?.input {
            Input::Opus(receiver) => receiver.delay(self.due()),
            Input::Pcm => None,
        }
    }

    /// Ticks that were left out because the machine was too slow.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// One that comes back before it has faded out goes on as if it had never gone: cut off it would click, and whoever comes
    /// with it would hear the end of it.
    fn insert_voice(&mut self, spec: VoiceSpec, input: Input) {
        let only = self.talks.get(&spec.identity).cloned();
        match self.voices.get_mut(&spec.track).filter(|voice| voice.leaving) {
            Some(voice) => voice.come_back(spec, only),
            None => {
                let mut voice = Voice::new(spec, input, self.channels());
                voice.only = only;
                self.voices.insert(voice.spec.track, voice);
            }
        }
        self.note_monitors();
    }

    fn note_monitors(&mut self) {
        let monitored: Vec<&Identity> =
            self.listeners.values().filter_map(|listener| listener.listening.pre_fade.as_ref()).collect();
        for voice in self.voices.values_mut() {
            voice.monitored = monitored.contains(&&voice.spec.identity);
        }
    }

    pub(crate) fn forget_voice(&mut self, track: TrackKey) {
        self.voices.remove(&track);
        if self.passing == Some(track) {
            self.passing = None;
        }
    }
}

/// What encoders are set to.
pub(crate) fn encoder_settings(settings: &MixSettings) -> EncoderSettings {
    let MixSettings { stereo, bitrate, complexity, fec, .. } = *settings;
    EncoderSettings { stereo, bitrate, complexity, fec }
}
