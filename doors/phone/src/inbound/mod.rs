//! The caller's voice, from pieces as they arrive to the samples that the mixer takes.
//!
//! ```text
//!   pieces ──> order ──> decoding ──> 48 kHz ──> jitter ──> the tap's ring ── 20 ms a tick ──> mixer
//!              (Telnyx)                          holds the ring at as little as the arrivals allow
//! ```

mod jitter;
mod order;

use crosspoint_rooms::{PcmWriter, Resampler};

use self::jitter::Jitter;
use self::order::Sequencer;
use crate::dialect::{Audio, Format};

/// Samples a second in the room.
const ROOM: u32 = 48_000;
/// Samples of a millisecond there.
const MS: u64 = 48;
/// Of one piece no more is taken. Milliseconds; providers send 20 at a time.
const LONGEST_MS: usize = 1000;

/// What one piece came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Frames that were played or will be.
    pub frames: u64,
    /// Pieces that cannot be read.
    pub wrong: u64,
}

/// The voice of one line.
pub struct Voice {
    format: Format,
    resampler: Resampler,
    order: Option<Sequencer>,
    jitter: Jitter,
    decoded: Vec<f32>,
    sound: Vec<f32>,
}

impl Voice {
    /// In this format; `disorders`: pieces may come in another order than they were said.
    pub fn new(format: Format, disorders: bool) -> Self {
        Self {
            format,
            resampler: Resampler::new(format.rate, ROOM),
            order: disorders.then(Sequencer::default),
            jitter: Jitter::default(),
            decoded: Vec::new(),
            sound: Vec::new(),
        }
    }

    /// A piece has arrived. Times are µs of any clock.
    pub fn arrive(&mut self, now: i64, audio: Audio, writer: &mut PcmWriter) -> Taken {
        let mut taken = Taken::default();
        let Some(order) = &mut self.order else {
            self.say(now, &audio, writer, &mut taken);
            return taken;
        };
        for audio in order.put(audio) {
            self.say(now, &audio, writer, &mut taken);
        }
        taken
    }

    fn say(&mut self, now: i64, audio: &Audio, writer: &mut PcmWriter, taken: &mut Taken) {
        let most = self.format.frame_bytes() / 20 * LONGEST_MS;
        self.decoded.clear();
        self.sound.clear();
        if audio.bytes.len() > most || !self.format.decode(&audio.bytes, &mut self.decoded) {
            taken.wrong += 1;
            return;
        }
        taken.frames += 1;
        self.resampler.process(&self.decoded, &mut self.sound);
        let media = i64::try_from(audio.timestamp_ms).unwrap_or_default().saturating_mul(1000);
        self.jitter.arrive(now, media, waiting(writer), &mut self.sound);
        writer.write(&self.sound);
    }

    /// The mixer takes its next 20 ms in a moment: if they are not there, the voice is gone on with.
    pub fn look(&mut self, now: i64, writer: &mut PcmWriter) {
        if let Some(made) = self.jitter.due(now, waiting(writer)) {
            writer.write(made);
        }
    }

    /// Milliseconds that wait to be played.
    pub fn buffer_ms(writer: &PcmWriter) -> u32 {
        u32::try_from(waiting(writer) as u64 / MS).unwrap_or(u32::MAX)
    }

    /// Milliseconds by which almost no piece is later than the fastest.
    pub fn jitter_ms(&self) -> u32 {
        self.jitter.jitter_ms()
    }

    /// Frames that were made up or left out.
    pub fn concealed(&self) -> u64 {
        self.jitter.concealed() + self.order.as_ref().map_or(0, Sequencer::late)
    }
}

/// Samples that wait to be played.
fn waiting(writer: &PcmWriter) -> usize {
    usize::try_from(writer.written().saturating_sub(writer.played())).unwrap_or_default()
}
