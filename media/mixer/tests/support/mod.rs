//! A stage for a mixer: talkers who encode as browsers do, listeners who decode, a network between them, and a clock that only
//! the test moves.
#![allow(dead_code)] // Each test file uses its part of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_codec::opus::{Decoder, Encoder, EncoderSettings};
use crosspoint_dsp::FRAME;
use crosspoint_mixer::{Audience, ListenerId, Mixer, Output, Packet, VoiceSpec};
use crosspoint_model::{Bus, Hears, Identity, Listening, MixSettings, TrackKey, VoiceSettings};

pub const STEP: Duration = Duration::from_millis(1);

/// What a talker says at this sample.
pub type Sound = Box<dyn FnMut(u64) -> f32>;

pub struct Talker {
    pub track: TrackKey,
    pub sound: Sound,
    /// What its packets say of it; none: they say nothing.
    pub level: Option<i8>,
    pub sends: bool,
    encoder: Encoder,
    sequence: u64,
    samples: u64,
    /// Its clock runs so much too fast. Parts per million.
    pub drift: f64,
    started: Instant,
    /// How late a packet arrives.
    pub delay: Box<dyn FnMut(u64) -> Duration>,
    pub loses: Box<dyn FnMut(u64) -> bool>,
    on_the_way: Vec<(Instant, u64, u32, Arc<[u8]>)>,
}

pub struct Listener {
    pub id: ListenerId,
    decoder: Decoder,
    /// All that it heard since the beginning; silence where it got nothing.
    pub heard: Vec<f32>,
    /// The end of what it got, in samples of the mixer.
    until: Option<u64>,
    pub packets: u64,
    pub gaps: u64,
    /// Packets whose position did not follow the one before.
    pub holes: u64,
}

pub struct Stage {
    pub mixer: Mixer,
    pub now: Instant,
    pub start: Instant,
    pub talkers: BTreeMap<u64, Talker>,
    pub listeners: BTreeMap<u32, Listener>,
    pub levels: Vec<Vec<(crosspoint_mixer::Source, crosspoint_model::Levels)>>,
    /// Calls of `work` so far, and ticks that were begun.
    pub jobs: u64,
    pub stereo: bool,
}

pub fn identity(name: &str) -> Identity {
    Identity::parse(name).expect("a name")
}

pub fn tone(hz: f64, amplitude: f32) -> Sound {
    Box::new(move |at| (at as f64 * hz * std::f64::consts::TAU / 48_000.0).sin() as f32 * amplitude)
}

/// A stage whose mixer leaves nobody's packets as they are.
pub fn stage() -> Stage {
    Stage::new(MixSettings { passthrough: false, bitrate: 96_000, ..MixSettings::default() })
}

impl Stage {
    pub fn new(settings: MixSettings) -> Self {
        let now = Instant::now();
        let stereo = settings.stereo;
        let mixer = Mixer::new(settings, now);
        let (talkers, listeners) = (BTreeMap::new(), BTreeMap::new());
        Self { mixer, now, start: now, talkers, listeners, levels: Vec::new(), jobs: 0, stereo }
    }

    /// Somebody who speaks and listens.
    pub fn talker(&mut self, number: u64, sound: Sound) {
        self.listener(number as u32);
        self.voice(number, sound, VoiceSettings::default());
    }

    pub fn voice(&mut self, number: u64, sound: Sound, settings: VoiceSettings) {
        let encoder = EncoderSettings { stereo: false, bitrate: 96_000, complexity: 5, fec: false };
        self.voice_with(number, sound, settings, encoder);
    }

    pub fn voice_with(&mut self, number: u64, sound: Sound, settings: VoiceSettings, encoder: EncoderSettings) {
        let track = TrackKey(number);
        let identity = identity(&format!("p{number}"));
        self.mixer.add_voice(VoiceSpec { track, identity, settings, passes: true, bus: Bus::Programme });
        let talker = Talker {
            track,
            sound,
            level: Some(-20),
            sends: true,
            encoder: Encoder::new(encoder).expect("an encoder"),
            sequence: 1000 * number,
            samples: 0,
            drift: 0.0,
            started: self.now,
            delay: Box::new(|_| Duration::from_millis(5)),
            loses: Box::new(|_| false),
            on_the_way: Vec::new(),
        };
        self.talkers.insert(number, talker);
    }

    pub fn listener(&mut self, number: u32) {
        let listening = Listening { hears: Hears::Mix, pre_fade: None };
        self.listener_of(number, listening);
    }

    pub fn listener_of(&mut self, number: u32, listening: Listening) {
        let id = ListenerId(number);
        self.mixer.add_listener(id, identity(&format!("p{number}")), listening);
        let decoder = Decoder::new(self.stereo).expect("a decoder");
        let listener = Listener { id, decoder, heard: Vec::new(), until: None, packets: 0, gaps: 0, holes: 0 };
        self.listeners.insert(number, listener);
    }

    pub fn heard(&self, number: u32) -> &[f32] {
        &self.listeners[&number].heard
    }

    /// What somebody heard in the last so many milliseconds.
    pub fn last(&self, number: u32, ms: usize) -> &[f32] {
        let heard = self.heard(number);
        &heard[heard.len().saturating_sub(ms * 48)..]
    }

    pub fn talker_mut(&mut self, number: u64) -> &mut Talker {
        self.talkers.get_mut(&number).expect("a talker")
    }

    pub fn run_ms(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += STEP;
            self.talk();
            self.deliver();
            if self.mixer.poll_timeout().is_some_and(|at| at <= self.now) {
                self.mixer.handle_timeout(self.now);
            }
            while self.mixer.has_work() {
                self.jobs += 1;
                self.mixer.work();
                self.take();
            }
        }
        let until = self.now.duration_since(self.start).as_micros() as u64 * 48 / 1000;
        self.listeners.values_mut().for_each(|listener| listener.wait(until, self.stereo));
    }

    fn talk(&mut self) {
        for talker in self.talkers.values_mut() {
            let since = self.now.duration_since(talker.started).as_secs_f64() * (1.0 + talker.drift * 1e-6);
            while (talker.samples + FRAME as u64) as f64 <= since * 48_000.0 {
                talker.speak(self.now);
            }
        }
    }

    fn deliver(&mut self) {
        for talker in self.talkers.values_mut() {
            let now = self.now;
            let mut due: Vec<_> = Vec::new();
            talker.on_the_way.retain(|packet| {
                let arrived = packet.0 <= now;
                if arrived {
                    due.push(packet.clone());
                }
                !arrived
            });
            due.sort_by_key(|packet| packet.0);
            for (arrival, sequence, timestamp, payload) in due {
                let level = talker.level;
                let packet = Packet { sequence, timestamp, level, payload: &payload, arrival };
                self.mixer.handle_packet(talker.track, &packet);
            }
        }
    }

    fn take(&mut self) {
        while let Some(output) = self.mixer.poll_output() {
            match output {
                Output::Packet { audience, payload, position, .. } => {
                    for id in self.audience(audience) {
                        if let Some(listener) = self.listeners.get_mut(&id.0) {
                            listener.hear(&payload, position, self.stereo);
                        }
                    }
                }
                Output::Gap(audience) => {
                    for id in self.audience(audience) {
                        if let Some(listener) = self.listeners.get_mut(&id.0) {
                            listener.gaps += 1;
                        }
                    }
                }
                Output::Levels(levels) => self.levels.push(levels),
                Output::Abandoned(_) => {}
            }
        }
    }

    fn audience(&self, audience: Audience) -> Vec<ListenerId> {
        match audience {
            Audience::Bus(bus) => self.mixer.audience(bus).to_vec(),
            Audience::One(id) => vec![id],
            Audience::Solo(..) => Vec::new(),
        }
    }
}

impl Talker {
    fn speak(&mut self, now: Instant) {
        let samples: Vec<f32> = (self.samples..self.samples + FRAME as u64).map(|at| (self.sound)(at)).collect();
        let mut packet = Vec::new();
        self.encoder.encode(&samples, &mut packet).expect("a packet");
        let (sequence, timestamp) = (self.sequence, self.samples as u32);
        self.samples += FRAME as u64;
        if !self.sends {
            return;
        }
        self.sequence += 1;
        if !(self.loses)(sequence) {
            self.on_the_way.push((now + (self.delay)(sequence), sequence, timestamp, Arc::from(packet)));
        }
    }
}

impl Listener {
    fn hear(&mut self, payload: &[u8], position: u64, stereo: bool) {
        self.holes += u64::from(self.until.is_some_and(|until| until != position));
        self.wait(position, stereo);
        self.decoder.decode(payload, &mut self.heard).expect("Opus");
        self.until = Some(position + FRAME as u64);
        self.packets += 1;
    }

    /// Silence up to a position.
    fn wait(&mut self, position: u64, stereo: bool) {
        let wanted = position as usize * if stereo { 2 } else { 1 };
        if self.heard.len() < wanted {
            self.heard.resize(wanted, 0.0);
        }
    }
}
