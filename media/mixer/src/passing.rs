//! A lone talker: its packets go on as they are, as long as nothing is added to them. That costs neither a decoder nor an
//! encoder, and no delay.
//!
//! Passing begins in silence. It ends in silence, too, unless somebody else begins to speak: then the last packets are decoded,
//! and an encoder is warmed with them, so that it goes on at the very sample where the packets ended.

use std::time::Instant;

use crosspoint_dsp::FRAME;
use crosspoint_model::{Bus, TrackKey};

use crate::handover::Passed;
use crate::line::AHEAD;
use crate::listener::{Audience, Listener, ListenerId};
use crate::mixer::{Mixer, Output};
use crate::voice::Input;

/// Passing begins only where there was silence for so many ticks.
const PASS_AFTER: u32 = 3;

impl Mixer {
    pub(crate) fn decide_passing(&mut self, now: Instant) {
        let alone = self.lone_talker();
        match self.passing {
            Some(track) if alone != Some(track) || self.is_late(track, now) => self.end_passing(track),
            None if self.programme.silent >= PASS_AFTER && !self.programme.line.runs => {
                let begins = |track: &TrackKey| matches!(self.voices.get(track).map(|voice| &voice.input), Some(Input::Opus(r)) if r.can_pass());
                self.passing = alone.filter(begins);
            }
            _ => {}
        }
        if let Some(track) = self.passing {
            self.pass(track, now);
        }
    }

    /// The one voice that is awake, if its packets could go on as they are.
    fn lone_talker(&self) -> Option<TrackKey> {
        if !self.settings.passthrough || self.programme_is_read() {
            return None;
        }
        let mut awake = self.voices.values().filter(|voice| voice.is_awake() && voice.is_needed());
        let voice = awake.next().filter(|_| awake.next().is_none())?;
        let plain = voice.chain.is_unity() && voice.only.is_none() && !voice.monitored && voice.passes();
        let must_decode = matches!(&voice.input, Input::Opus(receiver) if receiver.must_decode());
        let others_differ = self.listeners.values().any(|listener| {
            listener.bus() == Some(Bus::Programme)
                && (listener.line.is_some() || listener.listening.pre_fade.is_some())
                && listener.identity != voice.spec.identity
        });
        // Where levels are watched and its packets tell none, it has to be decoded to be measured.
        let measured = !self.watched || matches!(&voice.input, Input::Opus(receiver) if receiver.tells_level());
        let fits = measured && voice.spec.bus == Bus::Programme && plain && !must_decode && !others_differ;
        fits.then_some(voice.spec.track)
    }

    /// Is it so late that its sound has to be shortened, which a packet cannot be?
    fn is_late(&self, track: TrackKey, now: Instant) -> bool {
        let voice = self.voices.get(&track).map(|voice| &voice.input);
        matches!(voice, Some(Input::Opus(receiver)) if receiver.is_late(now))
    }

    /// Does anybody read the programme as plain sound?
    fn programme_is_read(&self) -> bool {
        self.listeners.values().any(|listener| !listener.encoded && listener.bus() == Some(Bus::Programme))
    }

    pub(crate) fn end_passing(&mut self, track: TrackKey) {
        self.passing = None;
        let Some(voice) = self.voices.get_mut(&track) else { return };
        // One that was silenced has nothing to go on with.
        let goes_on = voice.passes();
        voice.on_air = goes_on;
        let Some(receiver) = voice.receiver() else { return };
        let mut history = std::mem::take(&mut self.scratch);
        history.clear();
        receiver.unpass(AHEAD, &mut history);
        if goes_on {
            self.programme.set_history(&history);
            self.programme.begin();
        }
        self.scratch = history;
    }

    fn pass(&mut self, track: TrackKey, due: Instant) {
        let Some(voice) = self.voices.get_mut(&track) else { return };
        let identity = voice.spec.identity.clone();
        voice.quiet = 0;
        let begins = !voice.on_air;
        let Some(receiver) = voice.receiver() else { return };
        let passed = receiver.pass(due, AHEAD);
        match passed {
            Passed::Packet(payload) => {
                voice.on_air = true;
                let hears = |(id, listener): (&ListenerId, &Listener)| {
                    (listener.encoded && listener.bus() == Some(Bus::Programme) && listener.identity != identity)
                        .then_some(*id)
                };
                self.programme.audience.clear();
                self.programme.audience.extend(self.listeners.iter().filter_map(hears));
                let position = self.tick * FRAME as u64;
                let audience = Audience::Bus(Bus::Programme);
                self.outputs.push_back(Output::Packet { audience, payload, position, due, begins });
            }
            Passed::Lost => self.outputs.push_back(Output::Gap(Audience::Bus(Bus::Programme))),
            Passed::Nothing => {}
            Passed::Ended => {
                voice.on_air = false;
                self.passing = None;
            }
        }
    }
}
