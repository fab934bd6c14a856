//! Which layers of a track anybody wants. Publishers stop encoding the others ("dynacast"). A layer is given up only after
//! [`GRACE`], so that somebody who scrolls by does not stop and start an encoder; it is wanted again at once.

use std::time::{Duration, Instant};

const GRACE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) struct Demand {
    /// Every layer, as bits.
    all: u8,
    wanted: u8,
    /// What the publisher was told nobody wants.
    unwanted: u8,
    /// Since when layers are neither wanted nor told to be unwanted.
    fading: [Option<Instant>; 8],
}

impl Demand {
    pub(crate) fn new(layers: usize, now: Instant) -> Self {
        let mut demand = Self { all: 0, wanted: 0, unwanted: 0, fading: [None; 8] };
        for layer in 0..layers.min(8) {
            demand.all |= 1 << layer;
            demand.fading[layer] = Some(now);
        }
        demand
    }

    /// Says which layers are wanted now. Gives those that are wanted again though the publisher was told otherwise.
    pub(crate) fn want(&mut self, wanted: u8, now: Instant) -> u8 {
        for layer in 0..8 {
            let bit = 1 << layer;
            if wanted & bit != 0 {
                self.fading[layer] = None;
            } else if self.wanted & bit != 0 {
                self.fading[layer] = Some(now);
            }
        }
        self.wanted = wanted & self.all;
        let again = self.wanted & self.unwanted;
        self.unwanted &= !again;
        again
    }

    /// When [`Self::fade`] will have something to tell.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.fading.iter().flatten().min().map(|since| *since + GRACE)
    }

    /// Gives up the layers that nobody has wanted for long enough. True: the publisher is to be told.
    pub(crate) fn fade(&mut self, now: Instant) -> bool {
        let before = self.unwanted;
        for (layer, fading) in self.fading.iter_mut().enumerate() {
            if fading.is_some_and(|since| since + GRACE <= now) {
                *fading = None;
                self.unwanted |= 1 << layer;
            }
        }
        self.unwanted != before
    }

    /// The layers that the publisher was told nobody wants, as bits.
    pub(crate) fn unwanted(&self) -> u8 {
        self.unwanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_given_up_late_and_wanted_again_at_once() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let mut demand = Demand::new(3, at(0));
        assert_eq!(demand.want(0b001, at(100)), 0);
        assert_eq!(demand.due(), Some(at(2_000)));
        assert!(demand.fade(at(2_000)));
        assert_eq!(demand.unwanted(), 0b110);
        assert_eq!(demand.due(), None);
        assert_eq!(demand.want(0b010, at(3_000)), 0b010);
        assert_eq!(demand.unwanted(), 0b100);
        assert_eq!(demand.want(0b011, at(4_000)), 0, "the other one was still fading");
        assert_eq!(demand.due(), None);
    }
}
