//! What a receiver could show: frames whose packets are all there and whose predecessors were shown. It asks for a key frame
//! when it is stuck, as browsers do.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::payload::{self, Stamp};

/// How long a missing packet is waited for.
const PATIENCE: Duration = Duration::from_millis(500);
/// Key frames are asked for at most this often.
const ASK_EVERY: Duration = Duration::from_millis(300);

/// A frame that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// When.
    pub at: Instant,
    /// Of which track.
    pub track: u64,
    /// Which layer.
    pub layer: u8,
    /// Which frame of it.
    pub number: u64,
    /// A key frame?
    pub key: bool,
}

/// The decoder of one stream.
#[derive(Debug, Default)]
pub struct Viewer {
    pieces: BTreeMap<u64, Piece>,
    /// The next packet to decode.
    next: Option<u64>,
    /// The frame before it, if it was shown.
    last: Option<(Stamp, u16)>,
    stuck_since: Option<Instant>,
    asked: Option<Instant>,
    /// All that was shown.
    pub shown: Vec<Shown>,
    /// Key frames that were asked for.
    pub requests: usize,
    /// What a correct stream would never contain.
    pub faults: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Piece {
    stamp: Stamp,
    picture: u16,
    marker: bool,
}

/// A run of packets from one that may begin a frame.
enum Run {
    /// A whole frame; the packet after it.
    Whole(u64),
    /// The frame is cut: another one begins there.
    Cut(u64),
    /// Something is missing.
    Gap,
}

impl Viewer {
    /// A packet came.
    pub fn take(&mut self, sequence: u64, marker: bool, stamp: Stamp, payload: &[u8], now: Instant) {
        if self.next.is_some_and(|next| sequence < next) {
            return;
        }
        let picture = payload::picture_id(payload).unwrap_or(0);
        self.pieces.insert(sequence, Piece { stamp, picture, marker });
        self.advance(now);
    }

    /// Time has passed. True: ask for a key frame.
    pub fn wants_key_frame(&mut self, now: Instant) -> bool {
        self.advance(now);
        let Some(since) = self.stuck_since else { return false };
        let due = now.duration_since(since) >= PATIENCE && self.asked.is_none_or(|asked| now >= asked + ASK_EVERY);
        if due {
            self.asked = Some(now);
            self.requests += 1;
        }
        due
    }

    /// Frames shown since then.
    pub fn shown_since(&self, since: Instant) -> impl Iterator<Item = &Shown> {
        self.shown.iter().filter(move |shown| shown.at >= since)
    }

    /// The longest time without a new frame between two moments.
    pub fn longest_freeze(&self, from: Instant, to: Instant) -> Duration {
        let inside = self.shown.iter().map(|shown| shown.at).filter(|at| *at > from && *at < to);
        let moments: Vec<Instant> = std::iter::once(from).chain(inside).chain(std::iter::once(to)).collect();
        moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or_default()
    }

    fn advance(&mut self, now: Instant) {
        loop {
            let Some(first) = self.next.or_else(|| self.pieces.keys().next().copied()) else { return };
            match self.run(first) {
                Run::Whole(after) if self.decodable(first) => self.show(first, after, now),
                Run::Whole(after) => {
                    self.last = None;
                    if !self.jump(now) {
                        self.skip(after);
                        self.stuck_since.get_or_insert(now);
                    }
                }
                Run::Cut(next) => {
                    self.last = None;
                    self.skip(next);
                }
                Run::Gap => {
                    if !self.jump(now) {
                        if !self.pieces.is_empty() {
                            self.stuck_since.get_or_insert(now);
                        }
                        return;
                    }
                }
            }
        }
    }

    fn run(&self, first: u64) -> Run {
        let Some(begin) = self.pieces.get(&first) else { return Run::Gap };
        let mut at = first;
        if begin.stamp.place != 0 {
            // The end of a frame whose beginning was before our time.
            while let Some(piece) = self.pieces.get(&at) {
                if piece.stamp.place == 0 {
                    return Run::Cut(at);
                }
                at += 1;
            }
            return Run::Gap;
        }
        while let Some(piece) = self.pieces.get(&at) {
            if at > first && piece.stamp.place == 0 {
                return Run::Cut(at);
            }
            if piece.marker {
                return Run::Whole(at + 1);
            }
            at += 1;
        }
        Run::Gap
    }

    fn decodable(&mut self, first: u64) -> bool {
        let piece = self.pieces[&first];
        if piece.stamp.key {
            return true;
        }
        let Some((last, picture)) = self.last else { return false };
        let stamp = piece.stamp;
        let follows = (stamp.track, stamp.layer, stamp.number) == (last.track, last.layer, last.number + 1);
        if !follows {
            self.faults.push(format!("packet {first} goes on with {stamp:?} after {last:?}"));
        } else if piece.picture != (picture + 1) & 0x7FFF {
            self.faults.push(format!("packet {first}: picture {} follows {picture}", piece.picture));
        }
        follows
    }

    fn show(&mut self, first: u64, after: u64, now: Instant) {
        let Piece { stamp, picture, .. } = self.pieces[&first];
        let Stamp { track, layer, number, key, .. } = stamp;
        self.last = Some((stamp, picture));
        self.shown.push(Shown { at: now, track, layer, number, key });
        self.stuck_since = None;
        self.skip(after);
    }

    /// Goes on at a later key frame, if one is complete.
    fn jump(&mut self, now: Instant) -> bool {
        let next = self.next.unwrap_or(0);
        let later = self.pieces.range(next + 1..).find(|(sequence, piece)| {
            piece.stamp.key && piece.stamp.place == 0 && matches!(self.run(**sequence), Run::Whole(_))
        });
        let Some((&sequence, _)) = later else { return false };
        self.last = None;
        self.skip(sequence);
        self.stuck_since.get_or_insert(now);
        true
    }

    fn skip(&mut self, to: u64) {
        self.pieces = self.pieces.split_off(&to);
        self.next = Some(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(viewer: &mut Viewer, sequence: u64, number: u64, key: bool, now: Instant) {
        let stamp = Stamp { track: 1, layer: 0, number, place: 0, places: 1, key, sent: Duration::ZERO };
        viewer.take(sequence, true, stamp, &payload::picture(stamp, number as u16, 0, 100), now);
    }

    #[test]
    fn a_frame_waits_for_the_one_before_it_and_a_key_frame_does_not() {
        let now = Instant::now();
        let mut viewer = Viewer::default();
        feed(&mut viewer, 10, 0, true, now);
        feed(&mut viewer, 12, 2, false, now);
        assert_eq!(viewer.shown.len(), 1);
        assert!(!viewer.wants_key_frame(now));
        assert!(viewer.wants_key_frame(now + PATIENCE));
        feed(&mut viewer, 11, 1, false, now);
        assert_eq!(viewer.shown.len(), 3, "it came late");
        feed(&mut viewer, 20, 10, true, now);
        assert_eq!((viewer.shown.len(), viewer.faults.len()), (4, 0));
    }

    #[test]
    fn a_stream_that_hides_a_gap_is_a_fault() {
        let now = Instant::now();
        let mut viewer = Viewer::default();
        feed(&mut viewer, 10, 0, true, now);
        feed(&mut viewer, 11, 2, false, now);
        assert_eq!((viewer.shown.len(), viewer.faults.len()), (1, 1));
    }
}
