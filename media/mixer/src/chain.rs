//! What is done to a voice before it is mixed: high-pass, noise suppression, gate, gain control, gain. Each comes into being
//! when it is switched on and goes when it is switched off; a voice without any costs nothing here.

use crosspoint_dsp::agc::{self, Agc};
use crosspoint_dsp::denoise::{Denoiser, Suppression, WebRtcDenoiser};
use crosspoint_dsp::fade::Gain;
use crosspoint_dsp::gate::Gate;
use crosspoint_dsp::high_pass::{HighPass, Slope};
use crosspoint_model::VoiceSettings;

/// This gain and less is silence. Decibels.
const SILENCE: f32 = -60.0;
/// Gains are faded to over so many samples: 20 ms.
const RAMP: usize = 960;

pub(crate) struct Chain {
    high_pass: Option<HighPass>,
    denoiser: Option<Box<dyn Denoiser + Send>>,
    gate: Option<Gate>,
    agc: Option<Agc>,
    gain: Gain,
    gain_db: f32,
}

impl Default for Chain {
    fn default() -> Self {
        let (high_pass, denoiser, gate, agc) = (None, None, None, None);
        Self { high_pass, denoiser, gate, agc, gain: Gain::new(1, 1.0), gain_db: 0.0 }
    }
}

impl Chain {
    pub(crate) fn new(settings: &VoiceSettings, channels: usize) -> Self {
        let mut chain = Self { gain: Gain::new(channels, 1.0), ..Self::default() };
        chain.set(settings);
        chain
    }

    /// Switches over, from the next frame on. What stays on keeps what it has learnt.
    pub(crate) fn set(&mut self, settings: &VoiceSettings) {
        let VoiceSettings { gain, auto_gain_control, high_pass, noise_gate, noise_suppression, ducks: _ } = *settings;
        switch(&mut self.high_pass, high_pass, || HighPass::new(1, Slope::Gentle));
        switch(&mut self.denoiser, noise_suppression, suppressor);
        switch(&mut self.agc, auto_gain_control, || Agc::new(1, agc::MOST_DB));
        match (&mut self.gate, noise_gate) {
            (Some(gate), Some(threshold)) => gate.set_threshold(threshold),
            (gate, threshold) => *gate = threshold.map(|threshold| Gate::new(1, threshold)),
        }
        self.gain_db = gain;
        self.gain.set(if gain <= SILENCE { 0.0 } else { 10_f32.powf(gain / 20.0) }, RAMP);
    }

    /// Does it leave everything as it is?
    pub(crate) fn is_unity(&self) -> bool {
        self.high_pass.is_none()
            && self.denoiser.is_none()
            && self.gate.is_none()
            && self.agc.is_none()
            && self.gain_db == 0.0
            && self.gain.is_unity()
    }

    /// Has it more than a gain to do? That is done to one channel.
    pub(crate) fn needs_mono(&self) -> bool {
        self.high_pass.is_some() || self.denoiser.is_some() || self.gate.is_some() || self.agc.is_some()
    }

    /// Treats a frame: all but the gain on one channel.
    pub(crate) fn process(&mut self, frame: &mut [f32]) {
        if let Some(high_pass) = &mut self.high_pass {
            high_pass.process(frame);
        }
        if let Some(denoiser) = &mut self.denoiser {
            denoiser.process(frame);
        }
        if let Some(gate) = &mut self.gate {
            gate.process(frame);
        }
        if let Some(agc) = &mut self.agc {
            agc.process(frame);
        }
    }

    /// The gain, on all channels.
    pub(crate) fn amplify(&mut self, frame: &mut [f32]) {
        self.gain.process(frame);
    }
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chain").field("gain_db", &self.gain_db).finish_non_exhaustive()
    }
}

fn switch<T>(slot: &mut Option<T>, on: bool, make: impl FnOnce() -> T) {
    match (slot.is_some(), on) {
        (false, true) => *slot = Some(make()),
        (true, false) => *slot = None,
        _ => {}
    }
}

fn suppressor() -> Box<dyn Denoiser + Send> {
    Box::new(WebRtcDenoiser::new(Suppression::High))
}
