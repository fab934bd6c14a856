//! A bus: what all of its listeners hear who do not speak, and how it leaves.

use crosspoint_codec::opus::EncoderSettings;
use crosspoint_dsp::FRAME;
use crosspoint_dsp::meter::Meter;

use crate::line::Line;
use crate::listener::ListenerId;

/// So many frames are kept to warm an encoder with.
pub(crate) const HISTORY: usize = 3;

#[derive(Debug)]
pub(crate) struct BusState {
    /// The sum of this tick, before any limiter.
    pub(crate) sum: Vec<f32>,
    /// Is there anything to hear in it?
    pub(crate) sounds: bool,
    /// Ticks of silence.
    pub(crate) silent: u32,
    /// The sums of the ticks before, oldest first.
    history: Vec<Vec<f32>>,
    /// The way out that all share.
    pub(crate) line: Line,
    /// Who shares it, in this tick.
    pub(crate) audience: Vec<ListenerId>,
    /// Limits for those who read plain sound.
    pub(crate) plain: Line,
    /// Did it, in this tick and in the one before?
    pub(crate) plain_ran: bool,
    pub(crate) plain_ran_before: bool,
    pub(crate) meter: Meter,
}

impl BusState {
    pub(crate) fn new(settings: EncoderSettings) -> Self {
        let samples = FRAME * if settings.stereo { 2 } else { 1 };
        Self {
            sum: vec![0.0; samples],
            sounds: false,
            silent: u32::MAX,
            history: vec![vec![0.0; samples]; HISTORY],
            line: Line::new(settings),
            audience: Vec::new(),
            plain: Line::new(settings),
            plain_ran: false,
            plain_ran_before: false,
            meter: Meter::default(),
        }
    }

    /// A new tick: the sum of the last one becomes history.
    pub(crate) fn begin(&mut self) {
        self.history.rotate_left(1);
        if let Some(last) = self.history.last_mut() {
            last.copy_from_slice(&self.sum);
        }
        self.sum.fill(0.0);
        self.sounds = false;
        self.plain_ran_before = std::mem::take(&mut self.plain_ran);
    }

    pub(crate) fn add(&mut self, frame: &[f32]) {
        for (sum, sample) in self.sum.iter_mut().zip(frame) {
            *sum += sample;
        }
        self.sounds = true;
    }

    /// The sum is complete.
    pub(crate) fn close(&mut self) {
        self.silent = if self.sounds { 0 } else { self.silent.saturating_add(1) };
        self.meter.add(&self.sum);
    }

    /// Brings the shared line up to where it would be if it had run all the time.
    pub(crate) fn warm(&mut self) {
        if !self.line.runs && self.has_history() {
            self.line.warm(self.history.iter().map(Vec::as_slice));
        }
    }

    /// Was there anything in the last frames?
    pub(crate) fn has_history(&self) -> bool {
        self.silent <= HISTORY as u32
    }

    pub(crate) fn history(&self) -> impl Iterator<Item = &[f32]> {
        self.history.iter().map(Vec::as_slice)
    }

    /// Sets what the last frames were, where they were not mixed here. What is missing was silence.
    pub(crate) fn set_history(&mut self, sound: &[f32]) {
        let mut rest = sound;
        for frame in self.history.iter_mut().rev() {
            let (before, last) = rest.split_at(rest.len().saturating_sub(frame.len()));
            frame.fill(0.0);
            let at = frame.len() - last.len();
            frame[at..].copy_from_slice(last);
            rest = before;
        }
        // The newest is moved into the history with the beginning of the tick.
        if let Some(newest) = self.history.last() {
            self.sum.copy_from_slice(newest);
        }
        self.history.rotate_right(1);
        self.silent = 0;
    }
}
