//! A service: a leg of plain sound that says a tone and measures what it hears.

use std::time::{Duration, Instant};

use crosspoint_dsp::FRAME;
use crosspoint_mixer::{PcmReader, PcmWriter};
use crosspoint_model::{LegKey, RoomKey, TrackKey};

use crate::tone::{self, Levels, Meter};

const EVERY: Duration = Duration::from_millis(20);

/// 20 ms of what it heard.
#[derive(Clone, Copy, Debug)]
pub struct Listened {
    /// When it came.
    pub at: Instant,
    /// Its place.
    pub position: u64,
    /// How loud each tone is in it.
    pub levels: Levels,
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its leg.
    pub leg: LegKey,
    /// Its voice.
    pub track: TrackKey,
    /// Where it is.
    pub room: RoomKey,
    /// Which tone it says.
    pub tone: usize,
    /// Does it speak?
    pub on: bool,
    /// What it heard.
    pub heard: Vec<Listened>,
    /// Its end of the line.
    pub reader: PcmReader,
    /// Its end of the line.
    pub writer: PcmWriter,
    due: Instant,
    meter: Meter,
}

impl Service {
    /// One that begins to speak now.
    pub fn new(leg: LegKey, room: RoomKey, tone: usize, ends: (PcmReader, PcmWriter), now: Instant) -> Self {
        let (reader, mut writer) = ends;
        // One frame ahead, so that there is always one when the mixer wants it.
        writer.write(&tone::frame(tone));
        let track = TrackKey(leg.0 * 1_000 + 1);
        let (due, meter) = (now, Meter::default());
        Self { leg, track, room, tone, on: true, heard: Vec::new(), reader, writer, due, meter }
    }

    /// When it speaks next.
    pub fn due(&self) -> Instant {
        self.due
    }

    /// Says what is due and takes what came.
    pub fn work(&mut self, now: Instant) {
        while self.due <= now {
            self.due += EVERY;
            if self.on {
                let written = self.writer.write(&tone::frame(self.tone));
                assert_eq!(written, FRAME, "the line takes what it says");
            }
        }
        while let Some(frame) = self.reader.try_next() {
            let levels = self.meter.levels(&frame.samples);
            self.heard.push(Listened { at: now, position: frame.position, levels });
        }
    }
}
