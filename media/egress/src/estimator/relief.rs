//! Has the way become wider? A large packet takes as long as the narrowest link needs for it: 625 bytes 17 ms at 300 kbit/s,
//! 2 ms at 3 Mbit/s. When the quickest of them is suddenly quicker, probing is worth while again, however often it failed.

/// Packets of this size count.
const LARGE: u16 = 400;
/// The quickest one of each second is remembered for this many seconds (µs).
const WINDOW: u64 = 1_000_000;
const WINDOWS: usize = 4;
/// So much quicker is no chance (µs).
const QUICKER: i64 = 5_000;

/// The smallest delays of large packets.
#[derive(Debug, Default)]
pub(super) struct Relief {
    before: [Option<i64>; WINDOWS],
    present: Option<i64>,
    index: usize,
    since: u64,
}

impl Relief {
    /// A packet arrived. True: it was quicker than any of the last seconds.
    #[inline]
    pub fn arrived(&mut self, bytes: u16, sent: u64, delay: i64) -> bool {
        if bytes < LARGE {
            return false;
        }
        if sent >= self.since + WINDOW {
            self.before[self.index % WINDOWS] = self.present.take();
            self.index += 1;
            self.since = sent;
        }
        self.present = Some(self.present.map_or(delay, |present| present.min(delay)));
        let quickest = self.before.iter().copied().try_fold(i64::MAX, |least, window| Some(least.min(window?)));
        quickest.is_some_and(|quickest| delay < quickest - QUICKER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wider_link_shows_by_the_first_large_packet() {
        let mut relief = Relief::default();
        for frame in 0..300u64 {
            let sent = frame * 33_000;
            assert!(!relief.arrived(80, sent, 2_000), "small ones were always quick");
            assert!(!relief.arrived(625, sent, 17_000 + (frame % 4) as i64 * 1_000));
        }
        assert!(relief.arrived(625, 9_950_000, 2_000));
    }
}
