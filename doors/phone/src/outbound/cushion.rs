//! A little silence that always waits at the provider in front of the sound, so that a frame that comes a little late is not heard
//! as a hole. A state machine; time comes in.
//!
//! A provider plays what there is. Sent frame by frame with nothing in front of it, each frame that is late by a millisecond leaves a
//! millisecond of nothing, and a voice gets rough. So what has run dry is filled up before it goes on: at the beginning, after a
//! `clear`, after a stall of ours. Where the provider's clock is faster than ours, what waits there gets less unseen; the echoes of marks
//! come sooner then, and it is filled up in the next pause.

/// So much waits, ms.
const CUSHION: u64 = 60;
/// A frame, ms.
const FRAME: u64 = 20;
/// An echo that comes sooner by so much is no chance, ms.
const THIN: u64 = 30;

/// One line's.
#[derive(Debug, Default)]
pub struct Cushion {
    /// When what was sent will have been played, as if it had been there at once. ms.
    until: u64,
    /// How long the echo of a mark takes. ms.
    round: Option<u64>,
}

impl Cushion {
    /// Frames of silence to send before the next frame.
    pub fn wanted(&mut self, now: u64, is_pause: bool) -> u64 {
        let waits = self.until.saturating_sub(now);
        let missing = (CUSHION.saturating_sub(waits)) / FRAME;
        let wanted = match waits {
            0 => missing,
            _ if is_pause && waits + THIN < CUSHION => missing.min(1),
            _ => 0,
        };
        (0..wanted).for_each(|_| self.passed(now));
        if waits > 0 {
            self.round = self.round.map(|round| round + wanted * FRAME);
        }
        wanted
    }

    /// A frame was sent, or left out because enough waits there.
    pub fn passed(&mut self, now: u64) {
        self.until = self.until.max(now) + FRAME;
    }

    /// What waited there was thrown away.
    pub fn cleared(&mut self) {
        *self = Self::default();
    }

    /// The echo of a mark came, so long after it was sent.
    pub fn echoed(&mut self, after: u64) {
        let round = *self.round.get_or_insert(after);
        if after + THIN <= round {
            self.until = self.until.saturating_sub(round - after);
            self.round = Some(after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames that come at these times: the silence before each.
    fn fills(cushion: &mut Cushion, times: &[u64], is_pause: bool) -> Vec<u64> {
        let frame = |now: &u64| {
            let wanted = cushion.wanted(*now, is_pause);
            cushion.passed(*now);
            wanted
        };
        times.iter().map(frame).collect()
    }

    #[test]
    fn it_is_filled_at_the_beginning_and_then_not_again() {
        let times: Vec<u64> = (0..500).map(|number| number * FRAME).collect();
        let fills = fills(&mut Cushion::default(), &times, true);
        assert_eq!((fills[0], fills.iter().sum::<u64>()), (3, 3));
    }

    #[test]
    fn frames_that_come_late_and_at_once_are_what_it_is_for() {
        let fills = fills(&mut Cushion::default(), &[0, 20, 75, 75, 80, 110, 149, 150, 160], false);
        assert_eq!(fills.iter().sum::<u64>(), 3);
    }

    #[test]
    fn after_a_stall_of_ours_and_after_a_clear_it_is_filled_anew() {
        let mut cushion = Cushion::default();
        assert_eq!(fills(&mut cushion, &[0, 20, 500, 520], false), [3, 0, 3, 0]);
        cushion.cleared();
        assert_eq!(fills(&mut cushion, &[540, 560], false), [3, 0]);
    }

    #[test]
    fn where_the_other_clock_is_fast_a_pause_fills_it_up() {
        let mut cushion = Cushion::default();
        assert_eq!(fills(&mut cushion, &[0, 20, 40], false), [3, 0, 0]);
        cushion.echoed(120);
        cushion.echoed(100);
        assert_eq!(fills(&mut cushion, &[60], true), [0], "a little sooner is chance");
        cushion.echoed(80);
        assert_eq!(fills(&mut cushion, &[80], false), [0], "not in the middle of a word");
        assert_eq!(fills(&mut cushion, &[100, 120], true), [1, 0]);
        cushion.echoed(100);
        assert_eq!(fills(&mut cushion, &[140], true), [0]);
    }
}
