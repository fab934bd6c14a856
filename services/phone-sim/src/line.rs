//! The clock of a call, and what interrupts it. Each 20 ms something is said and something is heard, whatever the call is
//! doing, so that a recording is as long as the call was.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::FRAME;
use crate::call::Call;

/// What may be asked of a call while it goes on.
#[derive(Debug)]
pub(crate) enum Command {
    /// It ends: who wanted it.
    HangUp(&'static str),
    /// Whatever it is doing is left for another document.
    Redirect(Source),
    /// The caller presses keys.
    Digits(String),
    /// Something goes wrong with the stream's socket.
    Fault(Fault),
}

/// What goes wrong with a socket.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    /// What the caller says is held for so long, and then comes at once.
    Stall(Duration),
    /// From now on it is late by something between nothing and this.
    Jitter(Duration),
    /// The connection is gone without a word.
    Cut,
}

/// Where a document comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Url { url: String, method: Method, digits: Option<String> },
    Twiml(String),
}

impl Source {
    pub(crate) fn post(url: &str) -> Self {
        Self::Url { url: url.to_owned(), method: Method::Post, digits: None }
    }
}

/// How a webhook is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Method {
    #[default]
    Post,
    Get,
}

/// Why a verb is left before its end.
#[derive(Debug)]
pub(crate) enum Interrupt {
    HangUp(&'static str),
    Redirect(Source),
}

/// What comes next.
pub(crate) enum Beat {
    /// 20 ms have gone by. Ticks that come late come all the same, each with the time that it should have come at.
    Tick(Instant),
    Interrupt(Interrupt),
    Digits(String),
    Fault(Fault),
}

/// A call's clock and its ear.
pub(crate) struct Line {
    pub(crate) call: Arc<Call>,
    commands: mpsc::UnboundedReceiver<Command>,
    clock: Interval,
}

impl Line {
    pub(crate) fn new(call: Arc<Call>, commands: mpsc::UnboundedReceiver<Command>) -> Self {
        let mut clock = interval(Duration::from_millis(20));
        clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
        Self { call, commands, clock }
    }

    pub(crate) async fn beat(&mut self) -> Beat {
        tokio::select! {
            biased;
            command = self.commands.recv() => match command {
                None => Beat::Interrupt(Interrupt::HangUp("the company is gone")),
                Some(Command::HangUp(by)) => Beat::Interrupt(Interrupt::HangUp(by)),
                Some(Command::Redirect(source)) => Beat::Interrupt(Interrupt::Redirect(source)),
                Some(Command::Digits(digits)) => Beat::Digits(digits),
                Some(Command::Fault(fault)) => Beat::Fault(fault),
            },
            at = self.clock.tick() => Beat::Tick(at),
        }
    }

    /// What only waits for commands: somebody else drives the handset.
    pub(crate) async fn command(&mut self) -> Beat {
        loop {
            match self.commands.recv().await {
                None => return Beat::Interrupt(Interrupt::HangUp("the company is gone")),
                Some(Command::HangUp(by)) => return Beat::Interrupt(Interrupt::HangUp(by)),
                Some(Command::Redirect(source)) => return Beat::Interrupt(Interrupt::Redirect(source)),
                Some(Command::Digits(digits)) => return Beat::Digits(digits),
                Some(Command::Fault(_)) => self.call.log("fault", "there is no stream that it could happen to"),
            }
        }
    }

    /// After somebody else has driven the handset: the clock does not catch up.
    pub(crate) fn resume(&mut self) {
        self.clock.reset();
    }

    /// 20 ms in which the caller talks to nobody and hears this.
    pub(crate) fn hear(&self, sound: &[f32; FRAME]) {
        let mut handset = self.call.handset();
        handset.speak(&mut [0.0; FRAME]);
        handset.hear(sound);
    }

    /// Waits for something in silence.
    pub(crate) async fn quietly<T>(&mut self, future: impl Future<Output = T>) -> Result<T, Interrupt> {
        let mut future = pin!(future);
        loop {
            tokio::select! {
                done = &mut future => return Ok(done),
                beat = self.beat() => match beat {
                    Beat::Tick(_) => self.hear(&[0.0; FRAME]),
                    Beat::Interrupt(interrupt) => return Err(interrupt),
                    Beat::Digits(digits) => self.call.log("digits", format!("{digits} pressed, and nobody collects them")),
                    Beat::Fault(_) => self.call.log("fault", "there is no stream that it could happen to"),
                },
            }
        }
    }
}
