//! A voice: where its sound comes from, what is done to it, and where it may be heard.

use std::time::Instant;

use crosspoint_dsp::meter::Meter;
use crosspoint_dsp::{FRAME, fade};
use crosspoint_model::{Bus, Identity, Levels, TrackKey, VoiceSettings};

use crate::bus::HISTORY;
use crate::chain::Chain;
use crate::line::Line;
use crate::pcm::PcmLine;
use crate::receiver::Receiver;

/// Below this a frame counts as silent: −90 dBFS.
pub(crate) const SILENT: f32 = 3.2e-5;

/// A voice that comes.
#[derive(Debug)]
pub struct VoiceSpec {
    /// Its key.
    pub track: TrackKey,
    /// Whose it is: they do not hear it.
    pub identity: Identity,
    /// How it is treated.
    pub settings: VoiceSettings,
    /// Neither muted nor held?
    pub passes: bool,
    /// The bus that it speaks on.
    pub bus: Bus,
}

/// Where its sound comes from.
#[derive(Debug)]
pub(crate) enum Input {
    Opus(Box<Receiver>),
    Pcm,
}

#[derive(Debug)]
pub(crate) struct Voice {
    pub(crate) spec: VoiceSpec,
    /// Talkback: heard by this participant alone.
    pub(crate) only: Option<Identity>,
    /// Pre-fade: somebody listens to it, on the air or not.
    pub(crate) monitored: bool,
    pub(crate) input: Input,
    pub(crate) chain: Chain,
    pub(crate) meter: Meter,
    /// The frame of this tick, as far as it has one: what was done to it included, whether it may be heard not.
    pub(crate) frame: Vec<f32>,
    /// The same before its fader, for who listens to it there.
    pub(crate) before_fade: Vec<f32>,
    pub(crate) has_frame: bool,
    /// Is there anything to hear in it?
    pub(crate) sounds: bool,
    /// Was it on the air in the last tick? It comes and goes with a short fade.
    pub(crate) on_air: bool,
    /// It is gone after the next tick.
    pub(crate) leaving: bool,
    /// It is also wanted by itself: a way out of its own, and its packets so far.
    pub(crate) alone: Option<Box<Line>>,
    pub(crate) packets: u64,
    /// Ticks since it was last heard.
    pub(crate) quiet: u32,
    /// The same, a tick ago.
    quiet_before: u32,
}

impl Voice {
    pub(crate) fn new(spec: VoiceSpec, input: Input, channels: usize) -> Self {
        Self {
            chain: Chain::new(&spec.settings, channels),
            spec,
            only: None,
            monitored: false,
            input,
            meter: Meter::default(),
            frame: vec![0.0; FRAME * channels],
            before_fade: Vec::new(),
            has_frame: false,
            sounds: false,
            on_air: false,
            leaving: false,
            alone: None,
            packets: 0,
            quiet: u32::MAX,
            quiet_before: u32::MAX,
        }
    }

    /// It was about to leave, and stays.
    pub(crate) fn come_back(&mut self, spec: VoiceSpec, only: Option<Identity>) {
        (self.leaving, self.only) = (false, only);
        self.chain.set(&spec.settings);
        self.spec = spec;
    }

    /// May it be heard in its bus, or by whom it talks to?
    pub(crate) fn passes(&self) -> bool {
        self.spec.passes && !self.leaving
    }

    /// Does anybody need its sound in this tick? One that has just gone off the air fades out in it.
    pub(crate) fn is_needed(&self) -> bool {
        self.passes() || self.monitored || self.on_air
    }

    pub(crate) fn receiver(&mut self) -> Option<&mut Receiver> {
        match &mut self.input {
            Input::Opus(receiver) => Some(receiver),
            Input::Pcm => None,
        }
    }

    pub(crate) fn is_passing(&self) -> bool {
        matches!(&self.input, Input::Opus(receiver) if receiver.is_passing())
    }

    pub(crate) fn is_awake(&self) -> bool {
        match &self.input {
            Input::Opus(receiver) => receiver.is_awake() || self.on_air,
            Input::Pcm => true,
        }
    }

    /// Is it heard in its bus in this tick?
    pub(crate) fn is_in_bus(&self) -> bool {
        self.quiet == 0 && self.has_frame && self.only.is_none()
    }

    /// Was it heard in one of the ticks before this one that encoders are warmed with?
    pub(crate) fn was_heard_before(&self) -> bool {
        self.quiet_before < HISTORY as u32
    }

    /// How loud it is by what its sender says, while its packets are passed on.
    pub(crate) fn passed_level(&self) -> Option<Levels> {
        match &self.input {
            Input::Opus(receiver) => receiver.passed_level().map(|level| {
                let level = f32::from(level);
                Levels { peak: level, rms: level, clip: level >= 0.0 }
            }),
            Input::Pcm => None,
        }
    }

    /// A new tick: what it said in the last one is over.
    pub(crate) fn begin(&mut self) {
        self.has_frame = false;
        self.sounds = false;
    }

    /// The room has so many channels from now on.
    pub(crate) fn set_channels(&mut self, channels: usize) {
        self.frame = vec![0.0; FRAME * channels];
        self.before_fade.clear();
        self.chain = Chain::new(&self.spec.settings, channels);
    }

    /// Makes the frame of this tick. Decodes: a job.
    pub(crate) fn render(&mut self, now: Instant, channels: usize, line: Option<&mut PcmLine>) {
        let needed = self.is_needed();
        let there = match &mut self.input {
            Input::Opus(receiver) if needed => receiver.render(now, &mut self.frame),
            Input::Opus(receiver) => {
                receiver.idle(now);
                false
            }
            // What is written to a voice that is off the air is gone with its time, as with any other.
            Input::Pcm => line.is_some_and(|line| take(line, &mut self.frame, channels)),
        };
        if there && needed {
            self.treat(channels);
        }
        self.on_air &= self.has_frame;
    }

    fn treat(&mut self, channels: usize) {
        if channels == 2 && self.chain.needs_mono() {
            let mut mono = [0.0; FRAME];
            downmix(&self.frame, &mut mono);
            self.chain.process(&mut mono);
            spread(&mono, &mut self.frame);
        } else {
            self.chain.process(&mut self.frame);
        }
        if self.monitored {
            self.before_fade.clone_from(&self.frame);
        }
        self.chain.amplify(&mut self.frame);
        self.meter.add(&self.frame);
        self.sounds = [&self.frame, &self.before_fade].iter().any(|frame| frame.iter().any(|s| s.abs() > SILENT));
        self.has_frame = true;
    }

    /// Fades its frame in or out where it has just gone on or off the air. What comes back: is it heard in this tick?
    pub(crate) fn air(&mut self, channels: usize) -> bool {
        let passes = self.passes() && self.has_frame;
        match (self.on_air, passes) {
            (false, true) => fade::fade_in(&mut self.frame, channels),
            (true, false) if self.has_frame => cut(&mut self.frame, channels),
            _ => {}
        }
        let heard = (passes || self.on_air) && self.has_frame && self.sounds;
        self.on_air = passes;
        self.quiet_before = self.quiet;
        self.quiet = if heard { 0 } else { self.quiet.saturating_add(1) };
        heard
    }
}

fn take(line: &mut PcmLine, frame: &mut [f32], channels: usize) -> bool {
    if channels == 1 {
        return line.take(frame) > 0;
    }
    let mut mono = [0.0; FRAME];
    let there = line.take(&mut mono) > 0;
    spread(&mono, frame);
    there
}

/// Falls silent within 5 ms.
fn cut(frame: &mut [f32], channels: usize) {
    let (edge, rest) = frame.split_at_mut((fade::EDGE * channels).min(frame.len()));
    fade::fade_out(edge, channels);
    rest.fill(0.0);
}

fn downmix(frame: &[f32], mono: &mut [f32]) {
    for (pair, sample) in frame.chunks_exact(2).zip(mono) {
        *sample = (pair[0] + pair[1]) * 0.5;
    }
}

fn spread(mono: &[f32], frame: &mut [f32]) {
    for (pair, sample) in frame.chunks_exact_mut(2).zip(mono) {
        pair.fill(*sample);
    }
}
