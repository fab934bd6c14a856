//! A socket from `ready` to its close: samples both ways, and a few words.

use std::ops::ControlFlow;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use crosspoint_model::signal::close;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::socket::{self, Gone};
use crosspoint_rooms::{Outgoing, PcmFrame, Tap, TapEnd, TapHandle, TapRequest};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite;

use crate::Door;
use crate::intake::Intake;
use crate::marks::Marks;
use crate::sound::{Converter, Rate};
use crate::upgrade::FRAME_BYTES;
use crate::words::{ClientWord, ServerWord};

/// For so long `ready` waits for the first frame, to say where it begins.
const FIRST_FRAME: Duration = Duration::from_millis(200);
/// So often it is looked whether a mark was reached.
const LOOK: Duration = Duration::from_millis(20);
/// So often a silent client is asked for a sign within the time in which one must come.
const PINGS: u32 = 3;

/// One client's socket and its place in a room.
pub struct Connection {
    tap: Tap,
    hears: bool,
    speaks: bool,
    rate: Rate,
    converter: Converter,
    marks: Marks,
    intake: Intake,
    /// Frames of which the client was told that they are lost.
    lost: u64,
    silence: Duration,
    heard: Instant,
    _place: OwnedSemaphorePermit,
}

/// Goes on, or ends the connection: with a close that is to be sent, or with none where the other side is gone.
type Step = ControlFlow<Option<Outgoing>>;

impl Connection {
    /// Comes into the room.
    pub fn open(door: &Door, request: &TapRequest, rate: Rate) -> Result<Self, Refusal> {
        let full = |_| Refusal::new(Code::ServerFull, "this server has as many audio sockets as it may");
        let place = door.places.clone().try_acquire_owned().map_err(full)?;
        let rooms = &door.audio.rooms;
        let tap = rooms.tap(request)?;
        let limits = &rooms.options().limits;
        Ok(Self {
            tap,
            hears: request.hears.is_some(),
            speaks: request.speaks.is_some(),
            rate,
            converter: Converter::new(rate),
            marks: Marks::default(),
            intake: Intake::new(limits),
            lost: 0,
            silence: limits.silence,
            heard: Instant::now(),
            _place: place,
        })
    }

    /// Carries sound and words both ways until one side ends it.
    pub async fn run(mut self, mut socket: WebSocket) {
        let end = match self.begin(&mut socket).await {
            ControlFlow::Continue(()) => self.serve(&mut socket).await,
            ControlFlow::Break(end) => end,
        };
        // Its place in the room is given up before the other side has read why.
        drop(self);
        if let Some(end) = end {
            socket::close(&mut socket, &end).await;
        }
    }

    /// Says `ready`, with the position of the first frame, and that frame.
    async fn begin(&mut self, socket: &mut WebSocket) -> Step {
        let first = match self.hears {
            true => timeout(FIRST_FRAME, self.tap.reader.next()).await.ok().flatten(),
            false => None,
        };
        let Some(room) = self.tap.handle.room() else { return ControlFlow::Break(Some(end(&self.tap.handle).await)) };
        let ready = ServerWord::Ready {
            room_id: room.to_string(),
            user_id: self.tap.handle.identity().to_string(),
            rate: self.rate.samples(),
            frame: self.rate.frame(),
            position: first.as_ref().map(|frame| frame.position),
        };
        say(socket, ready).await?;
        match first {
            Some(frame) => self.let_hear(socket, &frame).await,
            None => ControlFlow::Continue(()),
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> Option<Outgoing> {
        let mut asking = interval((self.silence / PINGS).max(Duration::from_millis(1)));
        asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // One for all rounds: begun anew with each, it would never come while frames do.
        let mut looking = interval(LOOK);
        looking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heard = Instant::now();
        loop {
            let step = tokio::select! {
                message = socket.recv() => self.take(socket, message).await,
                frame = self.tap.reader.next() => match frame {
                    Some(frame) => self.let_hear(socket, &frame).await,
                    None => ControlFlow::Break(Some(end(&self.tap.handle).await)),
                },
                _ = looking.tick(), if !self.marks.is_empty() => self.echo_marks(socket).await,
                _ = asking.tick() => self.ask_for_a_sign(socket).await,
            };
            if let ControlFlow::Break(end) = step {
                return end;
            }
        }
    }

    async fn let_hear(&mut self, socket: &mut WebSocket, frame: &PcmFrame) -> Step {
        let lost = self.tap.reader.lost();
        if lost > self.lost {
            say(socket, ServerWord::Lost { frames: lost - self.lost }).await?;
            self.lost = lost;
        }
        if self.hears {
            write(socket, Message::Binary(self.converter.for_client(frame))).await?;
        }
        self.echo_marks(socket).await
    }

    async fn echo_marks(&mut self, socket: &mut WebSocket) -> Step {
        while let Some(name) = self.marks.reached(self.tap.writer.played()) {
            say(socket, ServerWord::Mark { name }).await?;
        }
        ControlFlow::Continue(())
    }

    async fn take(&mut self, socket: &mut WebSocket, message: Option<Result<Message, axum::Error>>) -> Step {
        let message = match message {
            Some(Ok(message)) => message,
            Some(Err(error)) => return ControlFlow::Break(too_big(error)),
            None => return ControlFlow::Break(None),
        };
        self.heard = Instant::now();
        let done = match message {
            Message::Binary(bytes) if bytes.len() > FRAME_BYTES => return ControlFlow::Break(Some(large())),
            Message::Binary(bytes) => self.speak(&bytes),
            Message::Text(text) => match self.intake.word(&text) {
                Ok(word) => self.carry_out(word),
                Err(refusal) => Err(refusal),
            },
            Message::Ping(_) | Message::Pong(_) => Ok(None),
            // Reading on sends the answer to it, and then finds the end.
            Message::Close(_) => Ok(None),
        };
        match done {
            Ok(None) => ControlFlow::Continue(()),
            Ok(Some(answer)) => say(socket, answer).await,
            Err(refusal) => {
                let end = self.intake.refused(&refusal);
                say(socket, refusal.into()).await?;
                end.map_or(ControlFlow::Continue(()), |end| ControlFlow::Break(Some(end)))
            }
        }
    }

    fn speak(&mut self, bytes: &[u8]) -> Result<Option<ServerWord>, Refusal> {
        if !self.speaks {
            return Err(Refusal::new(Code::MalformedMessage, "this connection only hears: it sends no sound"));
        }
        let samples = self.converter.for_room(bytes)?;
        let written = self.tap.writer.write(samples);
        let surplus = self.intake.surplus(samples.len() - written, Instant::now());
        Ok(surplus.map(ServerWord::from))
    }

    fn carry_out(&mut self, word: ClientWord) -> Result<Option<ServerWord>, Refusal> {
        match word {
            ClientWord::Clear {} => {
                self.tap.writer.clear();
                Ok(Some(ServerWord::Cleared {}))
            }
            ClientWord::Mark { name } => self.marks.set(self.tap.writer.written(), name).map(|()| None),
            ClientWord::Mute { muted } => self.tap.handle.set_muted(muted).map(|()| None),
        }
    }

    async fn ask_for_a_sign(&mut self, socket: &mut WebSocket) -> Step {
        if self.heard.elapsed() >= self.silence {
            let reason = "nothing was heard for too long".to_owned();
            return ControlFlow::Break(Some(Outgoing::Close { code: close::SILENT, reason }));
        }
        write(socket, Message::Ping(Vec::new().into())).await
    }
}

/// Why a tap is over.
async fn end(tap: &TapHandle) -> Outgoing {
    let TapEnd { code, reason } = tap.ended().await;
    Outgoing::Close { code, reason }
}

async fn say(socket: &mut WebSocket, word: ServerWord) -> Step {
    match serde_json::to_string(&word) {
        Ok(text) => write(socket, Message::Text(text.into())).await,
        Err(_) => ControlFlow::Break(None),
    }
}

async fn write(socket: &mut WebSocket, message: Message) -> Step {
    match socket::send(socket, message).await {
        Ok(()) => ControlFlow::Continue(()),
        Err(Gone) => ControlFlow::Break(None),
    }
}

fn too_big(error: axum::Error) -> Option<Outgoing> {
    match error.into_inner().downcast_ref() {
        Some(tungstenite::Error::Capacity(_)) => Some(large()),
        _ => None,
    }
}

fn large() -> Outgoing {
    Outgoing::Close { code: close::TOO_BIG, reason: format!("a frame has at most {FRAME_BYTES} bytes") }
}
