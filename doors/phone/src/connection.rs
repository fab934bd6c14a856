//! A media socket until its `start`, which says whose sound it is and shows the token for it.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::ws::WebSocket;
use crosspoint_carrier::Provider;
use crosspoint_model::signal::close;
use crosspoint_model::{Code, Refusal};
use crosspoint_rooms::{CallRef, Detached, PhoneLine, socket};
use futures_util::FutureExt as _;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::Door;
use crate::attached::Attached;
use crate::dialect::{Dialect, Format, Heard, Started};
use crate::figures::{Cause, Figures};
use crate::intake::{Intake, Over};
use crate::line::{self, Line};
use crate::upgrade::FULL;

/// `start` must come within this; providers send it at once.
const START: Duration = Duration::from_secs(10);
/// So long the desk may take to attach a call.
const ATTACH: Duration = Duration::from_secs(8);
/// The parameter that our answer to the webhook gave the stream.
const TOKEN: &str = "token";

/// One provider's socket.
pub struct Connection {
    door: Door,
    provider: Provider,
    address: IpAddr,
    intake: Intake,
    /// Until it is a line.
    waiting: Option<OwnedSemaphorePermit>,
}

impl Connection {
    pub fn new(door: Door, provider: Provider, address: IpAddr, waiting: OwnedSemaphorePermit) -> Self {
        let intake = Intake::new(Dialect(provider), Arc::clone(&door.phone.figures));
        Self { door, provider, address, intake, waiting: Some(waiting) }
    }

    /// Waits for `start`, attaches the call, and carries its sound until one side ends it.
    pub async fn run(mut self, mut socket: WebSocket) {
        let over = match self.begin(&mut socket).await {
            Ok((started, format)) => self.carry(&mut socket, &started, format).await,
            Err(over) => over,
        };
        // Its places are free before the other side has read why.
        drop(self);
        if let Over(Some(end)) = over {
            tracing::debug!(?end, "a media socket is closed");
            socket::close(&mut socket, &end).await;
        }
    }

    async fn begin(&mut self, socket: &mut WebSocket) -> Result<(Started, Format), Over> {
        let started = match timeout(START, self.await_start(socket)).await {
            Ok(started) => started?,
            Err(_) => return Err(self.intake.refuse(Cause::NoStart, close::POLICY, "nobody said start")),
        };
        match started.format.clone() {
            Ok(format) => Ok((started, format)),
            Err(reason) => Err(self.intake.refuse(Cause::Format, close::POLICY, reason)),
        }
    }

    async fn await_start(&mut self, socket: &mut WebSocket) -> Result<Started, Over> {
        loop {
            match self.intake.read(socket.recv().await)? {
                Heard::Started(started) => return Ok(*started),
                Heard::Stopped => return Err(Over(None)),
                Heard::Nothing => {}
                Heard::Audio(_) | Heard::Digit(_) | Heard::Played(_) | Heard::Complaint(_) => self.intake.ignored(),
            }
        }
    }

    async fn carry(&mut self, socket: &mut WebSocket, started: &Started, format: Format) -> Over {
        let call = CallRef { provider: self.provider.to_string(), sid: started.call.clone() };
        let Ok(_place) = self.door.places.clone().try_acquire_owned() else {
            // The call goes on to its next verb, which is the conference.
            return self.intake.refuse(Cause::Full, FULL, "all lines of this server are in use");
        };
        self.waiting = None;
        let phone_line = match self.attach(&call, started.parameters.get(TOKEN)).await {
            Ok(line) => line,
            Err(over) => return over,
        };
        let desk = &self.door.phone.desk;
        let attached = Attached::new(Arc::clone(desk), call.clone());
        let _counted = Counted::new(Arc::clone(&self.door.phone.figures));
        tracing::info!(provider = %self.provider, call = call.sid, "a telephone line is connected");
        let dialect = Dialect(self.provider);
        let line = Line::new(phone_line, Arc::clone(desk), call.clone(), Arc::clone(&self.door.phone.figures));
        let line::End { how, over } = line.run(socket, dialect, started, format, &mut self.intake).await;
        tracing::info!(provider = %self.provider, call = call.sid, ?how, "a telephone line has ended");
        attached.end(how).await;
        over
    }

    async fn attach(&self, call: &CallRef, token: Option<&String>) -> Result<PhoneLine, Over> {
        let desk = &self.door.phone.desk;
        let refusal = match token.filter(|token| !token.is_empty()) {
            None => Refusal::new(Code::Unauthorized, "the stream has no token"),
            Some(token) => {
                let attaching = AssertUnwindSafe(async { desk.attach(call.clone(), token.clone()).await });
                match timeout(ATTACH, attaching.catch_unwind()).await {
                    Ok(Ok(Ok(line))) => return Ok(line),
                    Ok(Ok(Err(refusal))) => refusal,
                    Ok(Err(_)) => Refusal::new(Code::Internal, "the desk panicked"),
                    Err(_) => {
                        // It may be done after all in a moment: then somebody must tell it that nobody is there.
                        desk.detached(call.clone(), Detached::Lost).await;
                        Refusal::new(Code::Internal, "the desk took too long")
                    }
                }
            }
        };
        tracing::warn!(provider = %self.provider, call = call.sid, %refusal, "a stream was not attached");
        if refusal.code == Code::Unauthorized {
            let refusal = self.door.phone.attempts.failed(self.address, refusal);
            tracing::debug!(%refusal, "counted");
            return Err(self.intake.refuse(Cause::Token, close::POLICY, "Unauthorized"));
        }
        let cause = if matches!(refusal.code, Code::Internal) { Cause::Desk } else { Cause::Full };
        Err(self.intake.refuse(cause, close::POLICY, refusal.detail))
    }
}

/// Is counted as a line until it is dropped.
struct Counted(Arc<Figures>);

impl Counted {
    fn new(figures: Arc<Figures>) -> Self {
        figures.lines.fetch_add(1, Ordering::Relaxed);
        Self(figures)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.lines.fetch_sub(1, Ordering::Relaxed);
    }
}
