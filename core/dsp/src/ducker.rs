//! Turns the others down while the host speaks. Per frame of 20 ms: does the host speak? Out comes the ramp for the others.

use crate::decibel::to_factor;
use crate::fade::Ramp;

/// One frame, in ms.
const FRAME_MS: f32 = 20.0;
/// How long the way down takes, in ms.
const ATTACK_MS: f32 = 30.0;
/// How many frames the gain stays down when the host pauses: 400 ms.
const HOLD: u32 = 20;
/// How long the way up takes, in ms.
const RELEASE_MS: f32 = 500.0;

/// What the others are turned down by, unless said otherwise.
pub const DEPTH_DB: f32 = -12.0;

/// The gain of the others of one room.
#[derive(Clone, Debug)]
pub struct Ducker {
    depth_db: f32,
    current_db: f32,
    hold: u32,
}

impl Default for Ducker {
    fn default() -> Self {
        Self::new(DEPTH_DB)
    }
}

impl Ducker {
    /// Turns down by `depth_db`, a number below 0.
    pub fn new(depth_db: f32) -> Self {
        Self { depth_db: depth_db.min(0.0), current_db: 0.0, hold: 0 }
    }

    /// The gain of the next 20 ms. The way is straight in dB from frame to frame, and straight in amplitude within one.
    pub fn next(&mut self, host_speaks: bool) -> Ramp {
        self.hold = if host_speaks { HOLD } else { self.hold.saturating_sub(1) };
        let from = to_factor(self.current_db);
        let step = self.depth_db.abs() * FRAME_MS;
        self.current_db = match self.hold > 0 {
            true => (self.current_db - step / ATTACK_MS).max(self.depth_db),
            false => (self.current_db + step / RELEASE_MS).min(0.0),
        };
        Ramp { from, to: to_factor(self.current_db) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decibel::from_factor;

    #[test]
    fn the_others_are_down_within_two_frames() {
        let mut ducker = Ducker::default();
        assert_eq!(ducker.next(false), Ramp { from: 1.0, to: 1.0 });
        assert!((from_factor(ducker.next(true).to) + 8.0).abs() < 0.01);
        assert!((from_factor(ducker.next(true).to) + 12.0).abs() < 0.01);
        let steady = ducker.next(true);
        assert_eq!(steady.from, steady.to);
    }

    #[test]
    fn they_stay_down_for_400_ms_and_are_back_500_ms_later() {
        let mut ducker = Ducker::new(-20.0);
        (0..10).for_each(|_| _ = ducker.next(true));
        for _ in 0..19 {
            assert!((from_factor(ducker.next(false).to) + 20.0).abs() < 0.01);
        }
        let way: Vec<f32> = (0..25).map(|_| from_factor(ducker.next(false).to)).collect();
        assert!((way[0] + 19.2).abs() < 0.01 && (way[12] + 9.6).abs() < 0.01 && way[23] < -0.5);
        ducker.next(false);
        assert_eq!(ducker.next(false), Ramp { from: 1.0, to: 1.0 });
    }

    #[test]
    fn each_ramp_begins_where_the_last_one_ended() {
        let mut ducker = Ducker::default();
        let mut last = 1.0;
        for n in 0..200 {
            let ramp = ducker.next(n % 70 < 30);
            assert_eq!(ramp.from, last);
            last = ramp.to;
        }
    }
}
