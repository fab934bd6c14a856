//! Plain sound in and out of a mixer: the one interface of services, telephones, players and recorders.
//!
//! ```text
//!   mixer (worker)  PcmLine ── frames with positions ──> PcmReader   a task, woken once per frame
//!                           <── samples ──────────────── PcmWriter
//! ```
//! Rings without locks in both directions: neither side ever waits for the other. A reader that is too slow loses frames and
//! sees it by their positions; a writer that has written too much is told how much was taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use atomic_waker::AtomicWaker;
use crosspoint_dsp::{FRAME, RATE};
use rtrb::{Consumer, Producer, RingBuffer};

/// So much can wait for a slow reader: a second of frames.
const FRAMES: usize = 50;
/// So much can wait to be played. Samples.
const SAMPLES: usize = 10 * RATE as usize;

/// A frame of a bus: 20 ms.
#[derive(Clone, Debug)]
pub struct PcmFrame {
    /// The position of its first sample: counts from the beginning of the mixer, and with its clock, 48,000 a second. Where the
    /// leg is moved to the mixer of another room, it runs on as time does.
    pub position: u64,
    /// One channel, or two interleaved; −1 to 1.
    pub samples: Arc<[f32]>,
    /// How many channels.
    pub channels: usize,
}

/// What both ends know of what is written.
#[derive(Debug, Default)]
struct Shared {
    reader: AtomicWaker,
    /// Samples that were played, or thrown away.
    played: AtomicU64,
    /// What was written up to here is not to be played any more.
    flush_to: AtomicU64,
    /// Frames that found no room.
    lost: AtomicU64,
}

/// The mixer's end.
#[derive(Debug)]
pub struct PcmLine {
    frames: Producer<PcmFrame>,
    samples: Consumer<f32>,
    shared: Arc<Shared>,
    place: Place,
}

/// Where frames stand for the reader, whichever mixer they come from.
#[derive(Debug, Default)]
struct Place {
    /// What is added to the mixer's positions. Wraps: a mixer may be older than the one before.
    ahead: u64,
    /// When the last frame was due, and its position.
    last: Option<(Instant, u64)>,
    /// Does the next frame come from another mixer?
    moved: bool,
}

/// Hears a bus. Dropping both ends of a service ends its leg.
#[derive(Debug)]
pub struct PcmReader {
    frames: Consumer<PcmFrame>,
    shared: Arc<Shared>,
}

/// Speaks: one channel, 48,000 samples a second.
#[derive(Debug)]
pub struct PcmWriter {
    samples: Producer<f32>,
    written: u64,
    shared: Arc<Shared>,
}

/// A line with its two ends.
pub fn pcm_line() -> (PcmLine, PcmReader, PcmWriter) {
    let (frames, reader) = RingBuffer::new(FRAMES);
    let (writer, samples) = RingBuffer::new(SAMPLES);
    let shared = Arc::new(Shared::default());
    let line = PcmLine { frames, samples, shared: shared.clone(), place: Place::default() };
    let reader = PcmReader { frames: reader, shared: shared.clone() };
    (line, reader, PcmWriter { samples: writer, written: 0, shared })
}

impl PcmLine {
    /// Gives a frame to the reader. One that is too slow does not get it.
    pub fn give(&mut self, frame: PcmFrame) {
        if self.frames.push(frame).is_err() {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
        }
        self.shared.reader.wake();
    }

    /// Another mixer has it from now on.
    pub(crate) fn enter(&mut self) {
        self.place.moved = true;
    }

    /// The reader's position of a frame that stands here for its mixer.
    pub(crate) fn position(&mut self, of_mixer: u64, due: Instant) -> u64 {
        let Place { ahead, last, moved } = &mut self.place;
        if let Some((before, position)) = last.filter(|_| std::mem::take(moved)) {
            let passed = due.saturating_duration_since(before).as_micros() as u64 * 48 / 1000;
            *ahead = (position + passed.max(FRAME as u64)).wrapping_sub(of_mixer);
        }
        let position = of_mixer.wrapping_add(*ahead);
        *last = Some((due, position));
        position
    }

    /// Fills `out` with what was written; the rest is silence. How much was there comes back.
    pub fn take(&mut self, out: &mut [f32]) -> usize {
        self.flush();
        let there = self.samples.slots().min(out.len());
        if let Ok(chunk) = self.samples.read_chunk(there) {
            let (first, second) = chunk.as_slices();
            out[..first.len()].copy_from_slice(first);
            out[first.len()..there].copy_from_slice(second);
            chunk.commit_all();
        }
        out[there..].fill(0.0);
        self.shared.played.fetch_add(there as u64, Ordering::Release);
        there
    }

    /// Samples that wait to be played.
    pub fn waiting(&self) -> usize {
        self.samples.slots()
    }

    /// Are both ends of the service gone, or did none of them ever matter?
    pub fn is_abandoned(&self) -> bool {
        self.frames.is_abandoned() && self.samples.is_abandoned()
    }

    /// Throws away what the writer has taken back.
    fn flush(&mut self) {
        let played = self.shared.played.load(Ordering::Relaxed);
        let back = self.shared.flush_to.load(Ordering::Acquire).saturating_sub(played);
        let count = usize::try_from(back).unwrap_or(usize::MAX).min(self.samples.slots());
        if count > 0
            && let Ok(chunk) = self.samples.read_chunk(count)
        {
            chunk.commit_all();
            self.shared.played.fetch_add(count as u64, Ordering::Release);
        }
    }
}

impl PcmReader {
    /// The next frame, if one is there.
    pub fn try_next(&mut self) -> Option<PcmFrame> {
        self.frames.pop().ok()
    }

    /// The next frame. `None`: the leg has ended.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<PcmFrame>> {
        if let Some(frame) = self.try_next() {
            return Poll::Ready(Some(frame));
        }
        self.shared.reader.register(context.waker());
        // One may have come between the look and the registration.
        match self.try_next() {
            Some(frame) => Poll::Ready(Some(frame)),
            None if self.frames.is_abandoned() => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    /// The next frame. `None`: the leg has ended. Safe to cancel.
    pub async fn next(&mut self) -> Option<PcmFrame> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// Frames that this reader was too slow for.
    pub fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl PcmWriter {
    /// Writes as much as there is room for; how much comes back.
    pub fn write(&mut self, samples: &[f32]) -> usize {
        let count = samples.len().min(self.samples.slots());
        let Ok(chunk) = self.samples.write_chunk_uninit(count) else { return 0 };
        let written = chunk.fill_from_iter(samples[..count].iter().copied());
        self.written += written as u64;
        written
    }

    /// Samples that can be written now.
    pub fn room(&self) -> usize {
        self.samples.slots()
    }

    /// Takes back what has not been played yet (a caller was interrupted): from the next 20 ms on it is not heard.
    pub fn clear(&mut self) {
        self.shared.flush_to.store(self.written, Ordering::Release);
    }

    /// Samples that were written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Of those, how many were played or cleared.
    pub fn played(&self) -> u64 {
        self.shared.played.load(Ordering::Acquire)
    }

    /// Has the leg ended?
    pub fn is_ended(&self) -> bool {
        self.samples.is_abandoned()
    }
}

impl Drop for PcmLine {
    fn drop(&mut self) {
        // Whoever waits finds out that nothing more comes: the ring is abandoned once this value is gone, so the producer is
        // replaced by one of an empty ring first.
        let (empty, _) = RingBuffer::new(0);
        self.frames = empty;
        self.shared.reader.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_played_in_order_and_the_rest_is_silence() {
        let (mut line, _reader, mut writer) = pcm_line();
        assert_eq!(writer.write(&[0.1, 0.2, 0.3]), 3);
        let mut out = [1.0; 4];
        assert_eq!(line.take(&mut out), 3);
        assert_eq!(out, [0.1, 0.2, 0.3, 0.0]);
        assert_eq!((writer.written(), writer.played()), (3, 3));
    }

    #[test]
    fn what_is_cleared_is_not_played_and_what_follows_is() {
        let (mut line, _reader, mut writer) = pcm_line();
        writer.write(&[0.1; 100]);
        writer.clear();
        writer.write(&[0.2; 2]);
        let mut out = [0.0; 2];
        assert_eq!(line.take(&mut out), 2);
        assert_eq!(out, [0.2, 0.2]);
        assert_eq!(writer.played(), 102);
    }

    #[test]
    fn a_slow_reader_loses_frames_and_sees_it() {
        let (mut line, mut reader, _writer) = pcm_line();
        let frame = |position| PcmFrame { position, samples: Arc::from([0.0]), channels: 1 };
        (0..FRAMES as u64 + 3).for_each(|position| line.give(frame(position)));
        assert_eq!(reader.lost(), 3);
        assert_eq!(reader.try_next().map(|frame| frame.position), Some(0));
    }

    #[test]
    fn a_reader_that_waits_hears_of_the_end() {
        let (line, mut reader, writer) = pcm_line();
        drop(line);
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(reader.poll_next(&mut context), Poll::Ready(None)));
        assert!(writer.is_ended());
    }

    #[test]
    fn a_line_whose_ends_are_gone_is_abandoned() {
        let (line, reader, writer) = pcm_line();
        drop(reader);
        assert!(!line.is_abandoned());
        drop(writer);
        assert!(line.is_abandoned());
    }
}
