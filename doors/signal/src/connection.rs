//! A socket from its first message, which must be `join`, to its close.

use std::net::IpAddr;
use std::ops::ControlFlow;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{ClientFrame, ClientMessage, ServerFrame, ServerMessage, close};
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::socket::fatal;
use crosspoint_rooms::{JoinRequest, Outgoing, Session};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout, timeout_at};
use tokio_tungstenite::tungstenite;

use crate::Signal;
use crate::intake::{Intake, Taken, too_big};
use crate::wire::{self, Gone};

/// Who has not joined by then is cut off.
const JOIN: Duration = Duration::from_secs(10);
/// So often a silent client is asked for a sign within the time in which one must come.
const PINGS: u32 = 3;

/// One client's socket.
pub struct Connection {
    signal: Signal,
    bearer: Bearer,
    address: Option<IpAddr>,
    intake: Intake,
    heard: Instant,
}

impl Connection {
    pub fn new(signal: Signal, bearer: Bearer, address: Option<IpAddr>) -> Self {
        let intake = Intake::new(&signal.rooms.options().limits);
        Self { signal, bearer, address, intake, heard: Instant::now() }
    }

    pub async fn run(mut self, mut socket: WebSocket) {
        let joined = timeout_at(Instant::now() + JOIN, self.wait_for_join(&mut socket)).await;
        match joined {
            Ok(Ok(session)) => self.serve(&mut socket, session).await,
            Ok(Err(Gone)) => {}
            Err(_) => {
                let reason = "no join came in time".to_owned();
                wire::close(&mut socket, &Outgoing::Close { code: close::POLICY, reason }).await;
            }
        }
    }

    /// Reads until a join succeeds. What is refused is told; who cannot come in at all is cut off.
    async fn wait_for_join(&mut self, socket: &mut WebSocket) -> Result<Session, Gone> {
        loop {
            let frame = match self.read(socket).await {
                Taken::Frame(frame) => *frame,
                Taken::Nothing => continue,
                Taken::Refused(refusal, request) => {
                    tell(socket, refusal, request).await?;
                    continue;
                }
                Taken::End(end) => {
                    wire::close(socket, &end).await;
                    return Err(Gone);
                }
                Taken::Closed => return Err(Gone),
            };
            let request = frame.request;
            let refusal = match self.join(frame).await {
                Ok(session) => return Ok(session),
                Err(refusal) => refusal,
            };
            // After the others (a full or locked room, a wrong PIN, a bad offer) the client may try again until its time to join
            // is over.
            let end = fatal(&refusal);
            tell(socket, refusal, request).await?;
            if let Some(end) = end {
                wire::close(socket, &end).await;
                return Err(Gone);
            }
        }
    }

    async fn join(&self, frame: ClientFrame) -> Result<Session, Refusal> {
        let ClientMessage::Join(join) = frame.message else {
            return Err(Refusal::new(Code::NotJoined, "the first message must be a join"));
        };
        let request =
            JoinRequest { bearer: self.bearer.clone(), join: *join, request: frame.request, address: self.address };
        // Asked before the PIN is compared: who has guessed too often is not told a right one from a wrong one.
        let guesses = request.join.pin.is_some() && request.join.resume.is_none();
        if let Some(address) = self.address.filter(|_| guesses) {
            self.signal.gate.attempts.check(address)?;
        }
        self.signal.rooms.join(request).await.map_err(|refusal| match (refusal.code, self.address) {
            // PINs are short: who guesses is slowed down.
            (Code::WrongPin, Some(address)) => self.signal.gate.attempts.failed(address, refusal),
            _ => refusal,
        })
    }

    /// Carries messages both ways until one side ends it.
    async fn serve(&mut self, socket: &mut WebSocket, session: Session) {
        let silence = self.signal.rooms.options().limits.silence;
        let mut asking = interval((silence / PINGS).max(Duration::from_millis(1)));
        asking.set_missed_tick_behavior(MissedTickBehavior::Delay);
        self.heard = Instant::now();
        loop {
            let step = tokio::select! {
                taken = self.read(socket) => carry_out(socket, &session, taken).await,
                outgoing = session.next() => match wire::send_batch(socket, outgoing, &session).await {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(Gone) => ControlFlow::Break(()),
                },
                _ = asking.tick() => self.ask_for_a_sign(socket, &session, silence).await,
            };
            if step.is_break() {
                return;
            }
        }
    }

    async fn ask_for_a_sign(
        &mut self,
        socket: &mut WebSocket,
        session: &Session,
        silence: Duration,
    ) -> ControlFlow<()> {
        if self.heard.elapsed() >= silence {
            // Writing may have taken long, and what the client said meanwhile waits to be read: only who said nothing is
            // silent.
            if let Ok(taken) = timeout(Duration::ZERO, self.read(socket)).await {
                return carry_out(socket, session, taken).await;
            }
            let reason = "nothing was heard for too long".to_owned();
            wire::close(socket, &Outgoing::Close { code: close::SILENT, reason }).await;
            return ControlFlow::Break(());
        }
        match wire::send(socket, Message::Ping(Vec::new().into())).await {
            Ok(()) => ControlFlow::Continue(()),
            Err(Gone) => ControlFlow::Break(()),
        }
    }

    /// Reads one message. Safe to cancel.
    async fn read(&mut self, socket: &mut WebSocket) -> Taken {
        match socket.recv().await {
            Some(Ok(message)) => {
                self.heard = Instant::now();
                self.intake.take(&message)
            }
            Some(Err(error)) => match error.into_inner().downcast_ref() {
                Some(tungstenite::Error::Capacity(_)) => {
                    Taken::End(too_big(self.signal.rooms.options().limits.message_bytes))
                }
                _ => Taken::Closed,
            },
            None => Taken::Closed,
        }
    }
}

async fn carry_out(socket: &mut WebSocket, session: &Session, taken: Taken) -> ControlFlow<()> {
    match taken {
        Taken::Frame(frame) => session.handle(*frame),
        Taken::Nothing => {}
        Taken::Refused(refusal, request) => session.refuse(refusal, request),
        Taken::End(end) => {
            wire::close(socket, &end).await;
            return ControlFlow::Break(());
        }
        Taken::Closed => return ControlFlow::Break(()),
    }
    ControlFlow::Continue(())
}

/// Tells a client that has not joined what was refused.
async fn tell(socket: &mut WebSocket, refusal: Refusal, request: Option<u64>) -> Result<(), Gone> {
    let Refusal { code, detail } = refusal;
    let message = ServerMessage::Error { code, message: detail, docs: code.docs() };
    let frame = ServerFrame { seq: None, request, timestamp: None, message };
    let text = serde_json::to_string(&frame).map_err(|_| Gone)?;
    wire::send(socket, Message::Text(text.into())).await
}
