//! A media stream while it is open: what is on its way to the server, what waits to be played, and the figures of both.

use std::time::Duration;

use tokio::time::Instant;

use crate::course::Course;
use crate::faults::DelayLine;
use crate::playout::Playout;
use crate::socket::Outgoing;
use crate::wire::Writer;
use crate::{FRAME, RATE};

/// Errors of one kind that are logged; all are counted.
const LOGGED: u64 = 10;

/// One stream while it is open.
pub(crate) struct Stream {
    pub(crate) sid: String,
    pub(crate) began: Instant,
    /// Frames said so far: 20 ms each.
    pub(crate) frames: u64,
    pub(crate) writer: Writer,
    pub(crate) outgoing: Outgoing,
    pub(crate) line: DelayLine<String>,
    pub(crate) playout: Playout,
    /// Room for one frame, used over and over.
    pub(crate) bytes: Vec<u8>,
    pub(crate) heard: Vec<u8>,
    pub(crate) sound: Vec<f32>,
}

impl Stream {
    pub(crate) fn new(sid: String, writer: Writer, outgoing: Outgoing, seed: u64) -> Self {
        Self {
            sid,
            began: Instant::now(),
            frames: 0,
            writer,
            outgoing,
            line: DelayLine::new(seed),
            playout: Playout::default(),
            bytes: Vec::with_capacity(FRAME),
            heard: Vec::with_capacity(FRAME),
            sound: Vec::with_capacity(FRAME),
        }
    }

    pub(crate) fn greet(&mut self, parameters: &[(String, String)], course: &Course) {
        self.send(self.writer.connected(), course);
        let start = self.writer.start(parameters);
        self.send(start, course);
    }

    /// On its way, behind all that is on its way already.
    pub(crate) fn send(&mut self, text: String, course: &Course) {
        self.line.push(self.began.elapsed(), text);
        self.release(course);
    }

    /// Sends what the network lets through by now.
    pub(crate) fn release(&mut self, course: &Course) {
        let now = self.began.elapsed();
        while let Some(text) = self.line.pop(now) {
            if !self.outgoing.send(text) {
                self.error(31_930, "the server reads too slowly; sound of the caller is discarded", course);
            }
        }
    }

    /// The last message, behind all that is still on its way.
    pub(crate) fn last(&mut self, text: String) {
        while let Some(text) = self.line.pop(Duration::MAX) {
            self.outgoing.send(text);
        }
        self.outgoing.send(text);
    }

    pub(crate) fn return_mark(&mut self, name: &str, course: &Course) {
        let text = self.writer.mark(name);
        self.send(text, course);
    }

    /// Counts an error, and logs the first ones of a kind.
    pub(crate) fn error(&self, code: u16, detail: &str, course: &Course) {
        let call = &course.line.call;
        let count = {
            let mut now = call.situation();
            let count = now.stream.get_or_insert_default().errors.entry(code).or_default();
            *count += 1;
            *count
        };
        if count <= LOGGED {
            call.error(code, detail);
        }
    }

    /// Puts the figures where others see them.
    pub(crate) fn publish(&self, course: &Course, open: bool) {
        let figures = self.playout.figures();
        let mut now = course.line.call.situation();
        let report = now.stream.get_or_insert_default();
        report.open = open;
        report.playout_queue_ms = self.playout.backlog().as_millis() as u64;
        report.media_received = figures.media;
        report.media_bytes = figures.media_bytes;
        report.media_sent = self.frames;
        report.marks = figures.marks;
        report.marks_returned = figures.marks_returned;
        report.clears = figures.clears;
        report.underruns = figures.underruns;
        report.underrun_ms = figures.underrun_samples * 1_000 / u64::from(RATE);
    }
}
