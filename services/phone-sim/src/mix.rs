//! Who hears whom in a conference: everybody all others, but for those who are muted or on hold. Pure: 20 ms at a time.

use crate::FRAME;
use crate::handset::Frame;
use crate::tone::Tone;

/// Those who wait and those on hold hear this: 330 Hz, quiet enough to talk over.
pub(crate) const HOLD_HZ: f32 = 330.0;
const HOLD_DB: f32 = -24.0;
const BEEP_HZ: f32 = 1_000.0;
const BEEP_DB: f32 = -20.0;
/// 200 ms.
const BEEP_FRAMES: u32 = 10;

/// How one takes part, for these 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Is heard, and hears the others.
    Talking,
    /// Hears the others.
    Muted,
    /// Hears the hold tone.
    Waiting,
    /// Hears nothing: waits without music.
    Silence,
}

/// Mixes.
#[derive(Debug)]
pub(crate) struct Mix {
    hold: Tone,
    beep: Tone,
    beep_left: u32,
    total: Frame,
}

impl Mix {
    pub(crate) fn new() -> Self {
        let (hold, beep) = (Tone::new(HOLD_HZ, HOLD_DB), Tone::new(BEEP_HZ, BEEP_DB));
        Self { hold, beep, beep_left: 0, total: [0.0; FRAME] }
    }

    /// Somebody came or went.
    pub(crate) fn beep(&mut self) {
        self.beep_left = BEEP_FRAMES;
    }

    /// Makes of what each one says what each one hears.
    pub(crate) fn mix(&mut self, frames: &mut [(Part, Frame)]) {
        let mut hold = [0.0; FRAME];
        self.hold.fill(&mut hold);
        self.total.fill(0.0);
        if self.beep_left > 0 {
            self.beep_left -= 1;
            self.beep.fill(&mut self.total);
        }
        for (_, frame) in frames.iter().filter(|(part, _)| *part == Part::Talking) {
            self.total.iter_mut().zip(frame).for_each(|(total, sample)| *total += sample);
        }
        for (part, frame) in frames {
            match part {
                Part::Talking => frame
                    .iter_mut()
                    .zip(&self.total)
                    .for_each(|(sample, total)| *sample = (total - *sample).clamp(-1.0, 1.0)),
                Part::Muted => {
                    frame.iter_mut().zip(&self.total).for_each(|(sample, total)| *sample = total.clamp(-1.0, 1.0));
                }
                Part::Waiting => *frame = hold,
                Part::Silence => frame.fill(0.0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mixed(frames: &[(Part, f32)]) -> Vec<Frame> {
        let mut frames: Vec<_> = frames.iter().map(|(part, sample)| (*part, [*sample; FRAME])).collect();
        Mix::new().mix(&mut frames);
        frames.into_iter().map(|(_, frame)| frame).collect()
    }

    #[test]
    fn everybody_hears_all_others_and_not_themselves() {
        let heard = mixed(&[(Part::Talking, 0.125), (Part::Talking, 0.25), (Part::Talking, 0.5)]);
        assert_eq!(heard, [[0.75; FRAME], [0.625; FRAME], [0.375; FRAME]]);
    }

    #[test]
    fn who_is_muted_hears_and_is_not_heard_and_who_waits_does_neither() {
        let heard = mixed(&[(Part::Talking, 0.25), (Part::Muted, 0.5), (Part::Waiting, 0.5), (Part::Silence, 0.5)]);
        assert_eq!((heard[0], heard[1], heard[3]), ([0.0; FRAME], [0.25; FRAME], [0.0; FRAME]));
        let mut tone = [0.0; FRAME];
        Tone::new(HOLD_HZ, HOLD_DB).fill(&mut tone);
        assert_eq!(heard[2], tone);
    }

    #[test]
    fn a_beep_is_heard_for_two_hundred_milliseconds() {
        let mut mix = Mix::new();
        mix.beep();
        let loud = |mix: &mut Mix| {
            let mut frames = [(Part::Muted, [0.0; FRAME])];
            mix.mix(&mut frames);
            frames[0].1.iter().any(|sample| *sample != 0.0)
        };
        assert_eq!((0..20).filter(|_| loud(&mut mix)).count(), 10);
    }
}
