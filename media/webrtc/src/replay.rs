//! Which of the client's RTCP packets were taken (RFC 3711 §3.3.2): somebody on the way may keep one and send it again.

use crosspoint_rtp::window::Window;

/// A client has some sources. One that invents more can only be replayed itself.
const SOURCES: usize = 64;

/// The indices that were taken, by source: the last 128 of each.
#[derive(Debug, Default)]
pub(crate) struct Replay(Vec<(u32, Window<2>)>);

impl Replay {
    /// Is this packet new? To be asked once it is known to be the client's.
    pub(crate) fn admit(&mut self, ssrc: u32, index: u32) -> bool {
        let place = self.0.iter().position(|(known, _)| *known == ssrc).unwrap_or_else(|| {
            if self.0.len() == SOURCES {
                self.0.remove(0);
            }
            self.0.push((ssrc, Window::default()));
            self.0.len() - 1
        });
        self.0[place].1.admit(index.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_packet_of_a_source_is_taken_once() {
        let mut replay = Replay::default();
        for (index, new) in
            [(5, true), (5, false), (9, true), (7, true), (7, false), (4, true), (137, true), (9, false), (10, true)]
        {
            assert_eq!(replay.admit(1, index), new, "{index}");
        }
        assert!(replay.admit(2, 5), "another source counts by itself");
        assert!(replay.admit(1, 10_000) && !replay.admit(1, 9_000), "too old to know");
    }

    #[test]
    fn sources_without_end_take_no_memory_without_end() {
        let mut replay = Replay::default();
        (0..10_000).for_each(|ssrc| assert!(replay.admit(ssrc, 1)));
        assert_eq!(replay.0.len(), SOURCES);
        assert!(!replay.admit(9_999, 1));
    }
}
