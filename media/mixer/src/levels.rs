//! How loud voices and buses are, ten times a second.

use crosspoint_dsp::meter;
use crosspoint_model::{Bus, Levels};

use crate::mixer::{Mixer, Output, Source};

/// Levels are told every so many ticks.
const EVERY: u64 = 5;
/// What is quieter is silence. dBFS.
const FLOOR: f32 = -90.0;

impl Mixer {
    pub(crate) fn tell_levels(&mut self) {
        if !self.tick.is_multiple_of(EVERY) {
            return;
        }
        let levels = self.measure();
        let tell = self.watched && (!levels.is_empty() || self.told_levels);
        self.told_levels = self.watched && !levels.is_empty();
        if tell {
            self.outputs.push_back(Output::Levels(levels));
        }
    }

    fn measure(&mut self) -> Vec<(Source, Levels)> {
        let mut levels = Vec::new();
        for (track, voice) in &mut self.voices {
            let level = match voice.passed_level() {
                Some(level) => level,
                None => read(&mut voice.meter),
            };
            levels.push((Source::Voice(*track), level));
        }
        let passed = self.passing.and_then(|track| self.voices.get(&track)?.passed_level());
        levels.push((Source::Bus(Bus::Programme), passed.unwrap_or_else(|| read(&mut self.programme.meter))));
        levels.push((Source::Bus(Bus::Hold), read(&mut self.hold.meter)));
        levels.retain(|(_, level)| level.rms > FLOOR);
        levels
    }
}

fn read(meter: &mut meter::Meter) -> Levels {
    let meter::Levels { peak_db, rms_db, clipped } = meter.take();
    Levels { peak: peak_db, rms: rms_db, clip: clipped }
}
