//! The company: its numbers, its calls, its conferences. In: who calls whom. Out: a [`Call`] with a course of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::mpsc;

use crate::call::{Call, CallReport, CallState, Parties};
use crate::conference::Conferences;
use crate::course::{Course, Number};
use crate::handset::{Handset, Voice};
use crate::line::{Command, Fault, Line, Method, Source};
use crate::log::LogLine;
use crate::request::{CallRequest, Faults};
use crate::sid::sid;
use crate::sound::{Play, in_folder};
use crate::tone::Tone;
use crate::webhook::Webhooks;
use crate::{Settings, SimulatorError};

/// Calls that have ended and can still be looked at.
const REMEMBERED: usize = 1_000;

/// A simulated telephone company. Clones are the same company.
#[derive(Clone)]
pub struct PhoneCompany {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    webhooks: Arc<Webhooks>,
    conferences: Arc<Conferences>,
    calls: Mutex<Calls>,
    placed: AtomicU64,
}

#[derive(Default)]
struct Calls {
    by_sid: BTreeMap<String, Arc<Call>>,
    /// In the order in which they were placed.
    order: std::collections::VecDeque<String>,
}

impl PhoneCompany {
    /// A company without calls.
    ///
    /// # Errors
    ///
    /// The HTTP client cannot be made, as with a certificate that is none.
    ///
    /// # Panics
    ///
    /// If the process has no TLS provider of rustls installed.
    pub fn new(settings: Settings) -> Result<Self, SimulatorError> {
        let webhooks = Arc::new(Webhooks::new(&settings)?);
        let (conferences, calls) = (Arc::default(), Mutex::default());
        Ok(Self { inner: Arc::new(Inner { settings, webhooks, conferences, calls, placed: AtomicU64::new(0) }) })
    }

    /// Who the company is.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// Somebody calls. Gives the call's id.
    ///
    /// # Errors
    ///
    /// The file that is to be played cannot be.
    pub fn place(&self, request: CallRequest) -> Result<String, SimulatorError> {
        let voice = self.voice(request.play.as_ref(), request.repeat)?;
        let settings = self.settings();
        let number = Number {
            fallback_url: request.fallback_url.or_else(|| settings.fallback_url.clone()),
            fallback_twiml: request.fallback_twiml.or_else(|| settings.fallback_twiml.clone()),
            status_callback: request.status_callback.or_else(|| settings.status_callback.clone()),
            status_events: vec!["completed".to_owned()],
        };
        let url = request.voice_url.unwrap_or_else(|| settings.voice_url.clone());
        let or = |given: String, otherwise: &str| if given.is_empty() { otherwise.to_owned() } else { given };
        let parties = Parties {
            sid: sid("CA"),
            from: or(request.from, "+12025550100"),
            to: or(request.to, "+12025550199"),
            direction: "inbound",
        };
        let handset = Handset::new(voice, request.record);
        let jitter = Duration::from_millis(request.jitter_ms);
        let ring = Duration::from_millis(request.ring_ms);
        Ok(self.begin(parties, handset, number, Source::post(&url), jitter, ring))
    }

    /// The server had the company call a number: a simulated telephone rings, and is picked up.
    pub(crate) fn call_out(&self, from: String, to: String, number: Number, source: Source) -> String {
        let parties = Parties { sid: sid("CA"), from, to, direction: "outbound-api" };
        let handset = Handset::new(Voice::Silence, true);
        self.begin(parties, handset, number, source, Duration::ZERO, Duration::from_millis(300))
    }

    fn begin(
        &self,
        parties: Parties,
        handset: Handset,
        number: Number,
        source: Source,
        jitter: Duration,
        ring: Duration,
    ) -> String {
        let (sender, receiver) = mpsc::unbounded_channel();
        let call = Arc::new(Call::new(parties, handset, sender));
        let sid = call.sid().to_owned();
        call.log("call", format!("{} calls {}", call.parties.from, call.parties.to));
        self.remember(&call);
        let seed = self.settings().seed.wrapping_add(self.inner.placed.fetch_add(1, Ordering::Relaxed));
        let course = Course::new(self.clone(), Line::new(call, receiver), number, jitter, seed);
        tokio::spawn(course.run(source, ring));
        sid
    }

    fn remember(&self, call: &Arc<Call>) {
        let mut calls = self.calls();
        calls.by_sid.insert(call.sid().to_owned(), call.clone());
        calls.order.push_back(call.sid().to_owned());
        while calls.order.len() > REMEMBERED {
            let Some(index) = calls.order.iter().position(|sid| calls.by_sid[sid].has_ended()) else { return };
            if let Some(sid) = calls.order.remove(index) {
                calls.by_sid.remove(&sid);
            }
        }
    }

    fn calls(&self) -> MutexGuard<'_, Calls> {
        self.inner.calls.lock().expect("nobody panics with the calls in hand")
    }

    /// All calls, the first one first.
    pub(crate) fn all(&self) -> Vec<Arc<Call>> {
        let calls = self.calls();
        calls.order.iter().map(|sid| calls.by_sid[sid].clone()).collect()
    }

    pub(crate) fn call(&self, sid: &str) -> Result<Arc<Call>, SimulatorError> {
        self.calls().by_sid.get(sid).cloned().ok_or_else(|| SimulatorError::NoCall(sid.to_owned()))
    }

    pub(crate) fn webhooks(&self) -> &Arc<Webhooks> {
        &self.inner.webhooks
    }

    pub(crate) fn conferences(&self) -> &Arc<Conferences> {
        &self.inner.conferences
    }

    /// What is known of a call.
    ///
    /// # Errors
    ///
    /// There is no such call.
    pub fn report(&self, sid: &str) -> Result<CallReport, SimulatorError> {
        self.call(sid).map(|call| call.report())
    }

    /// All calls, the first one first.
    pub fn reports(&self) -> Vec<CallReport> {
        self.all().iter().map(|call| call.report()).collect()
    }

    /// The lines of a call's log from this number on, once there are any; none once the call has ended and all are read.
    ///
    /// # Errors
    ///
    /// There is no such call.
    pub async fn log_from(&self, sid: &str, number: u64) -> Result<Vec<LogLine>, SimulatorError> {
        let call = self.call(sid)?;
        loop {
            let changed = call.changed.notified();
            tokio::pin!(changed);
            // Listens before it looks, so that nothing comes in between.
            changed.as_mut().enable();
            let (lines, state) = {
                let now = call.situation();
                (now.log.from(number), now.state)
            };
            if !lines.is_empty() || state == CallState::Ended {
                return Ok(lines);
            }
            changed.await;
        }
    }

    /// What the caller heard so far, at 8,000 samples a second; None if nothing is recorded.
    ///
    /// # Errors
    ///
    /// There is no such call.
    pub fn heard(&self, sid: &str) -> Result<Option<Vec<i16>>, SimulatorError> {
        Ok(self.call(sid)?.handset().recording().map(<[i16]>::to_vec))
    }

    /// Changes what the caller says.
    ///
    /// # Errors
    ///
    /// There is no such call, or the file cannot be played.
    pub fn say(&self, sid: &str, play: Option<&Play>, repeat: bool) -> Result<(), SimulatorError> {
        let call = self.call(sid)?;
        let voice = self.voice(play, repeat)?;
        call.handset().say(voice);
        call.log("say", play.map_or_else(|| "nothing".to_owned(), describe));
        Ok(())
    }

    /// The caller presses keys.
    ///
    /// # Errors
    ///
    /// There is no such call, or it has ended.
    pub fn press(&self, sid: &str, digits: &str) -> Result<(), SimulatorError> {
        self.command(sid, Command::Digits(digits.to_owned()))
    }

    /// Something goes wrong with the socket of the call's stream.
    ///
    /// # Errors
    ///
    /// There is no such call, or it has ended.
    pub fn fault(&self, sid: &str, faults: Faults) -> Result<(), SimulatorError> {
        let stall = faults.stall_ms.map(|ms| Fault::Stall(Duration::from_millis(ms)));
        let jitter = faults.jitter_ms.map(|ms| Fault::Jitter(Duration::from_millis(ms)));
        let cut = faults.cut_socket.then_some(Fault::Cut);
        for fault in [stall, jitter, cut].into_iter().flatten() {
            self.command(sid, Command::Fault(fault))?;
        }
        Ok(())
    }

    /// The caller hangs up.
    ///
    /// # Errors
    ///
    /// There is no such call, or it has ended.
    pub fn hang_up(&self, sid: &str) -> Result<(), SimulatorError> {
        self.command(sid, Command::HangUp("the caller hung up"))
    }

    fn command(&self, sid: &str, command: Command) -> Result<(), SimulatorError> {
        let call = self.call(sid)?;
        if call.command(command) { Ok(()) } else { Err(SimulatorError::Ended(sid.to_owned())) }
    }

    fn voice(&self, play: Option<&Play>, repeat: bool) -> Result<Voice, SimulatorError> {
        Ok(match play {
            None => Voice::Silence,
            Some(Play::Tone { hz, level }) => Voice::Tone(Tone::new(*hz, *level)),
            Some(Play::Samples(samples)) => Voice::Samples { samples: samples.clone(), at: 0, repeat },
            Some(Play::File(name)) => {
                Voice::Samples { samples: in_folder(self.settings().files.as_ref(), name)?, at: 0, repeat }
            }
        })
    }
}

fn describe(play: &Play) -> String {
    match play {
        Play::Tone { hz, level } => format!("a tone of {hz} Hz at {level} dB"),
        Play::File(name) => name.clone(),
        Play::Samples(samples) => format!("{} samples", samples.len()),
    }
}

/// Where the REST interface is asked to send a call.
pub(crate) fn asked_source(url: Option<String>, method: Option<&str>, twiml: Option<String>) -> Option<Source> {
    let method = if method == Some("GET") { Method::Get } else { Method::Post };
    twiml.map(Source::Twiml).or_else(|| url.map(|url| Source::Url { url, method, digits: None }))
}
