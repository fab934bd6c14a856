//! A line from its `start` to its end: sound both ways, keys, and what the desk orders.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use crosspoint_model::signal::close;
use crosspoint_rooms::{CallDesk, CallRef, Detached, LineOrder, Outgoing, PcmFrame, PhoneLine, TapEnd};
use futures_util::StreamExt as _;
use futures_util::stream::SplitStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::dialect::{Dialect, Format, Heard, Started};
use crate::figures::{Cause, Figures, count};
use crate::inbound::Voice;
use crate::intake::{Intake, Over};
use crate::outbound::{Backlog, Cushion, Ear, Step};
use crate::post::{Post, post};

/// So long after a tick of the mixer it is looked whether sound is there for the next, 5 ms before that one.
const LOOK: Duration = Duration::from_millis(15);
/// A provider that says nothing for so long is gone. Twilio sends 50 messages a second, silence included.
const SILENCE: Duration = Duration::from_secs(60);
/// So many keys wait for the desk.
const KEYS: usize = 32;
/// So often it is looked.
const CHECK: Duration = Duration::from_secs(1);

/// How a line ended.
#[derive(Debug)]
pub struct End {
    /// For the desk.
    pub how: Detached,
    /// For the other side.
    pub over: Over,
}

/// One caller.
pub struct Line {
    line: PhoneLine,
    desk: Arc<dyn CallDesk>,
    call: CallRef,
    figures: Arc<Figures>,
}

impl Line {
    pub fn new(line: PhoneLine, desk: Arc<dyn CallDesk>, call: CallRef, figures: Arc<Figures>) -> Self {
        Self { line, desk, call, figures }
    }

    /// Carries until one side ends it.
    pub async fn run(
        self,
        socket: &mut WebSocket,
        dialect: Dialect,
        started: &Started,
        format: Format,
        intake: &mut Intake,
    ) -> End {
        let (mut sink, mut stream) = socket.split();
        let (post, bag) = post();
        let figures = Arc::clone(&self.figures);
        let (keys, pressed) = mpsc::channel(KEYS);
        let telling = tell_keys(Arc::clone(&self.desk), self.call.clone(), pressed);
        let serving = Serving {
            line: self,
            stream: started.stream.clone(),
            dialect,
            voice: Voice::new(format, dialect.disorders()),
            ear: Ear::new(format),
            backlog: Backlog::new(dialect.marks_are_played()),
            cushion: Cushion::default(),
            post,
            keys,
            began: Instant::now(),
            heard: Instant::now(),
            look: None,
            concealed: 0,
            lost: 0,
        };
        tokio::select! {
            end = serving.serve(&mut stream, intake) => end,
            () = bag.carry(&mut sink, &figures) => lost(None),
            never = telling => match never {},
        }
    }
}

/// Tells the desk of keys, in order, beside the sound: the desk may have to wait for its disk.
async fn tell_keys(desk: Arc<dyn CallDesk>, call: CallRef, mut pressed: mpsc::Receiver<char>) -> Infallible {
    while let Some(digit) = pressed.recv().await {
        desk.keyed(call.clone(), digit).await;
    }
    std::future::pending().await
}

/// A line while it is served.
struct Serving {
    line: Line,
    stream: String,
    dialect: Dialect,
    voice: Voice,
    ear: Ear,
    backlog: Backlog,
    cushion: Cushion,
    post: Post,
    keys: mpsc::Sender<char>,
    began: Instant,
    /// When the other side said something last.
    heard: Instant,
    /// When it is to be looked whether sound is there.
    look: Option<Instant>,
    /// What was told of already.
    concealed: u64,
    lost: u64,
}

impl Serving {
    async fn serve(mut self, stream: &mut SplitStream<&mut WebSocket>, intake: &mut Intake) -> End {
        let mut checking = interval(CHECK);
        checking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let look = self.look;
            let end = tokio::select! {
                message = stream.next() => match intake.read(message) {
                    Ok(heard) => self.take(heard, intake),
                    Err(over) => Some(End { how: Detached::Lost, over }),
                },
                frame = self.line.line.tap.reader.next() => match frame {
                    Some(frame) => { self.let_hear(&frame); None }
                    None => Some(self.put_out().await),
                },
                () = sleep_until(look.unwrap_or(self.began)), if look.is_some() => { self.look(); None }
                order = self.line.line.orders.recv() => self.obey(order),
                _ = checking.tick() => self.check(intake),
            };
            if let Some(end) = end {
                return end;
            }
        }
    }

    /// What the other side says.
    fn take(&mut self, heard: Heard, intake: &mut Intake) -> Option<End> {
        self.heard = Instant::now();
        match heard {
            Heard::Audio(audio) => {
                self.line.line.figures.frames.fetch_add(1, Ordering::Relaxed);
                let now = self.micros();
                let taken = self.voice.arrive(now, audio, &mut self.line.line.tap.writer);
                self.line.figures.frames_in.fetch_add(taken.frames, Ordering::Relaxed);
                for _ in 0..taken.wrong {
                    if let Err(over) = intake.wrong() {
                        return Some(End { how: Detached::Lost, over });
                    }
                }
            }
            // More than that nobody presses while the desk waits.
            Heard::Digit(digit) if self.keys.try_send(digit).is_err() => intake.ignored(),
            Heard::Digit(_) => {}
            Heard::Played(name) => {
                if let Some(after) = self.backlog.echo(&name, self.millis()) {
                    self.cushion.echoed(after);
                }
            }
            Heard::Stopped => return Some(End { how: Detached::Stopped, over: closed(close::NORMAL, "") }),
            Heard::Started(_) => {
                let over = intake.refuse(Cause::TwoStarts, close::POLICY, "start came twice");
                return Some(End { how: Detached::Lost, over });
            }
            Heard::Complaint(words) => {
                tracing::warn!(call = self.line.call.sid, words, "the telephone company complains");
            }
            Heard::Nothing => {}
        }
        None
    }

    /// 20 ms of the room.
    fn let_hear(&mut self, frame: &PcmFrame) {
        self.look = Some(Instant::now() + LOOK);
        let is_pause = self.ear.listen(frame);
        let now = self.millis();
        while let Some(payload) = self.ear.payload() {
            match self.backlog.frame(now, frame.position, is_pause) {
                Step::Send(mark) => {
                    self.send_cushioned(&payload, now, is_pause);
                    if let Some(name) = mark {
                        self.post.word(self.dialect.mark(&self.stream, &name));
                    }
                }
                Step::Skip => {
                    self.cushion.passed(now);
                    count(&self.line.figures.skipped);
                }
                Step::Wait => count(&self.line.figures.skipped),
                Step::Ask(name) => {
                    self.clear();
                    self.post.word(self.dialect.mark(&self.stream, &name));
                }
                Step::Clear => {
                    self.clear();
                    self.send_cushioned(&payload, now, is_pause);
                }
            }
        }
        self.report(now);
    }

    fn send_cushioned(&mut self, payload: &[u8], now: u64, is_pause: bool) {
        let wanted = self.cushion.wanted(now, is_pause);
        if wanted > 0 {
            let silence = self.ear.silence();
            for _ in 0..wanted {
                self.send(&silence);
                self.backlog.padded();
            }
        }
        self.send(payload);
        self.cushion.passed(now);
    }

    fn send(&self, payload: &[u8]) {
        let figures = &self.line.figures;
        let is_sent = self.post.sound(self.dialect.media(&self.stream, payload));
        count(if is_sent { &figures.frames_out } else { &figures.lost });
    }

    /// What waits at the provider is not to be heard.
    fn clear(&mut self) {
        self.cushion.cleared();
        count(&self.line.figures.clears);
        self.post.word(self.dialect.clear(&self.stream));
    }

    fn look(&mut self) {
        self.look = None;
        let now = self.micros();
        self.voice.look(now, &mut self.line.line.tap.writer);
    }

    fn obey(&mut self, order: Option<LineOrder>) -> Option<End> {
        match order {
            Some(LineOrder::Clear) => {
                self.backlog.forget();
                self.clear();
                None
            }
            // It was hung up or sent elsewhere already, or the desk has no more to do with it.
            Some(LineOrder::Close) | None => Some(End { how: Detached::Stopped, over: closed(close::NORMAL, "") }),
        }
    }

    fn check(&self, intake: &Intake) -> Option<End> {
        if self.heard.elapsed() < SILENCE {
            return None;
        }
        let over = intake.refuse(Cause::Silent, close::SILENT, "nothing was heard for too long");
        Some(End { how: Detached::Lost, over })
    }

    /// The room was closed, or the caller was put out of it: the call falls into the conference.
    async fn put_out(&mut self) -> End {
        let TapEnd { code, reason } = self.line.line.tap.handle.ended().await;
        lost(Some(Outgoing::Close { code, reason }))
    }

    /// Tells those who watch.
    fn report(&mut self, now: u64) {
        let (figures, line) = (&self.line.figures, &self.line.line);
        let backlog = u32::try_from(self.backlog.ms_at(now)).unwrap_or(u32::MAX);
        line.figures.backlog_ms.store(backlog, Ordering::Relaxed);
        line.figures.buffer_ms.store(Voice::buffer_ms(&line.tap.writer), Ordering::Relaxed);
        line.figures.jitter_ms.store(self.voice.jitter_ms(), Ordering::Relaxed);
        let (concealed, lost) = (self.voice.concealed(), line.tap.reader.lost());
        line.figures.concealed.store(concealed, Ordering::Relaxed);
        figures.concealed.fetch_add(concealed - self.concealed, Ordering::Relaxed);
        figures.lost.fetch_add(lost - self.lost, Ordering::Relaxed);
        (self.concealed, self.lost) = (concealed, lost);
    }

    fn micros(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

fn closed(code: u16, reason: &str) -> Over {
    Over(Some(Outgoing::Close { code, reason: reason.to_owned() }))
}

fn lost(end: Option<Outgoing>) -> End {
    End { how: Detached::Lost, over: Over(end) }
}
