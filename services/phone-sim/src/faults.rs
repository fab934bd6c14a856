//! A network between caller and server that is not perfect: what goes in at even times comes out late, in order. Pure: time
//! comes in, and chance comes from a seed.

use std::collections::VecDeque;
use std::time::Duration;

use crate::sid::Dice;

/// Holds what is on its way.
#[derive(Debug)]
pub(crate) struct DelayLine<T> {
    held: VecDeque<(Duration, T)>,
    jitter: Duration,
    /// Nothing comes out before.
    stalled_until: Duration,
    dice: Dice,
}

impl<T> DelayLine<T> {
    pub(crate) fn new(seed: u64) -> Self {
        Self { held: VecDeque::new(), jitter: Duration::ZERO, stalled_until: Duration::ZERO, dice: Dice::new(seed) }
    }

    /// From now on each piece is late by something between nothing and this much.
    pub(crate) fn set_jitter(&mut self, jitter: Duration) {
        self.jitter = jitter;
    }

    /// Nothing comes out for so long; then all of it does at once.
    pub(crate) fn stall(&mut self, now: Duration, length: Duration) {
        self.stalled_until = self.stalled_until.max(now + length);
    }

    pub(crate) fn push(&mut self, now: Duration, piece: T) {
        let late = Duration::from_micros(self.dice.below(self.jitter.as_micros() as u64));
        // A stream's socket keeps the order: what is late holds up what comes after it.
        let due = self.held.back().map_or(Duration::ZERO, |(due, _)| *due).max(now + late);
        self.held.push_back((due, piece));
    }

    /// When something comes out next.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.held.front().map(|(due, _)| (*due).max(self.stalled_until))
    }

    pub(crate) fn pop(&mut self, now: Duration) -> Option<T> {
        if self.due()? > now {
            return None;
        }
        self.held.pop_front().map(|(_, piece)| piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// Pieces go in every 20 ms; gives when which came out.
    fn through(line: &mut DelayLine<u64>, pieces: u64) -> Vec<(u64, u64)> {
        let mut out = Vec::new();
        for now in 0..pieces * 20 + 1_000 {
            if now % 20 == 0 && now / 20 < pieces {
                line.push(ms(now), now / 20);
            }
            while let Some(piece) = line.pop(ms(now)) {
                out.push((now, piece));
            }
        }
        out
    }

    #[test]
    fn without_faults_everything_goes_through_at_once() {
        let out = through(&mut DelayLine::new(1), 10);
        assert_eq!(out, (0..10).map(|piece| (piece * 20, piece)).collect::<Vec<_>>());
    }

    #[test]
    fn jitter_makes_pieces_late_but_keeps_their_order_and_falls_the_same_way_again() {
        let run = |seed| {
            let mut line = DelayLine::new(seed);
            line.set_jitter(ms(60));
            through(&mut line, 200)
        };
        let out = run(3);
        assert!(out.iter().enumerate().all(|(index, (_, piece))| *piece == index as u64));
        let late: Vec<_> = out.iter().map(|(now, piece)| now - piece * 20).collect();
        assert!(late.iter().all(|late| *late <= 60), "{late:?}");
        assert!(late.iter().any(|late| *late > 40) && late.iter().any(|late| *late < 20), "{late:?}");
        assert_eq!(out, run(3));
        assert_ne!(out, run(4));
    }

    #[test]
    fn a_stall_holds_all_and_lets_it_go_in_one_burst() {
        let mut line = DelayLine::new(1);
        line.stall(ms(0), ms(200));
        let out = through(&mut line, 20);
        assert_eq!(out.iter().filter(|(now, _)| *now == 200).count(), 11, "those of 0 to 200 ms");
        assert!(out.iter().all(|(now, _)| *now >= 200));
    }
}
