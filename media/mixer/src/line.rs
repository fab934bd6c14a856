//! One way out of the mixer: a limiter and an encoder, with the state that both carry from frame to frame.

use crosspoint_codec::opus::{Encoder, EncoderSettings};
use crosspoint_dsp::limiter::{self, Limiter};

/// So many frames of silence are still sent after sound, so that the other end fades out by itself.
const TAIL: u32 = 10;

/// So much later than it went in does sound come out at the other end, by the limiter and by Opus (RFC 6716 §1: 6.5 ms at
/// 48 kHz less what the decoder needs). Samples; a test compares it with what libopus says.
pub(crate) const AHEAD: usize = limiter::LOOKAHEAD + 312;

#[derive(Debug)]
pub(crate) struct Line {
    limiter: Limiter,
    encoder: Option<Encoder>,
    settings: EncoderSettings,
    /// Frames of silence since the last sound.
    silent: u32,
    /// Has it been fed without a gap, so that what it sends continues what it sent?
    pub(crate) runs: bool,
    /// Does the next packet lean on nothing that was before?
    aligns: bool,
    packet: Vec<u8>,
    scratch: Vec<f32>,
}

/// What a line made of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Made<'a> {
    /// A packet. Is it the first after silence?
    Packet(&'a [u8], bool),
    /// Silence, of which nothing is sent.
    Nothing,
}

impl Line {
    pub(crate) fn new(settings: EncoderSettings) -> Self {
        let channels = if settings.stereo { 2 } else { 1 };
        Self {
            limiter: Limiter::new(channels),
            encoder: None,
            settings,
            silent: u32::MAX,
            runs: false,
            aligns: false,
            packet: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// Runs it on frames that another line has sent, so that it can go on where that one stops.
    pub(crate) fn warm<'a>(&mut self, history: impl Iterator<Item = &'a [f32]>) {
        self.limiter = Limiter::new(if self.settings.stereo { 2 } else { 1 });
        if let Some(encoder) = &mut self.encoder {
            encoder.reset();
        }
        self.runs = true;
        for frame in history {
            self.encode(frame);
            self.silent = 0;
        }
        self.aligns = true;
    }

    /// Its next packet leans on nothing that was before. When two lines with the same input do that in the same tick, a
    /// listener can go over from one to the other after it: their encoders are in the same state then.
    pub(crate) fn align(&mut self) {
        self.aligns = true;
    }

    /// Limits and encodes a frame. `keep`: send silence, too.
    pub(crate) fn make(&mut self, frame: &[f32], sounds: bool, keep: bool) -> Made<'_> {
        let begins = self.silent > TAIL;
        self.silent = if sounds { 0 } else { self.silent.saturating_add(1) };
        if self.silent > TAIL && !keep {
            self.runs = false;
            return Made::Nothing;
        }
        if begins && !self.runs {
            self.warm(std::iter::empty());
        }
        if self.encode(frame) { Made::Packet(&self.packet, begins) } else { Made::Nothing }
    }

    /// Limits a frame without encoding it.
    pub(crate) fn limit(&mut self, frame: &mut [f32]) {
        self.limiter.process(frame);
    }

    /// Is nothing on its way out any more?
    pub(crate) fn is_quiet(&self) -> bool {
        self.silent > TAIL
    }

    fn encode(&mut self, frame: &[f32]) -> bool {
        self.scratch.clear();
        self.scratch.extend_from_slice(frame);
        self.limiter.process(&mut self.scratch);
        if self.encoder.is_none() {
            self.encoder = Encoder::new(self.settings).ok();
        }
        let Some(encoder) = &mut self.encoder else { return false };
        if std::mem::take(&mut self.aligns) {
            encoder.encode_alone(&self.scratch, &mut self.packet).is_ok()
        } else {
            encoder.encode(&self.scratch, &mut self.packet).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_of_opus_is_what_we_think() {
        let settings = EncoderSettings { stereo: false, bitrate: 48_000, complexity: 5, fec: false };
        let mut encoder = Encoder::new(settings).expect("an encoder");
        assert_eq!(limiter::LOOKAHEAD + encoder.lookahead(), AHEAD);
    }

    #[test]
    fn silence_is_sent_for_a_while_and_then_no_more() {
        let settings = EncoderSettings { stereo: false, bitrate: 48_000, complexity: 5, fec: false };
        let mut line = Line::new(settings);
        let frame = vec![0.1; crosspoint_dsp::FRAME];
        assert!(matches!(line.make(&frame, true, false), Made::Packet(_, true)));
        assert!(matches!(line.make(&frame, true, false), Made::Packet(_, false)));
        let silence = vec![0.0; crosspoint_dsp::FRAME];
        let sent = (0..100).filter(|_| line.make(&silence, false, false) != Made::Nothing).count();
        assert_eq!(sent, TAIL as usize);
        assert!(matches!(line.make(&frame, true, false), Made::Packet(_, true)));
    }
}
