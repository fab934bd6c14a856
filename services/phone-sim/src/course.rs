//! A call from ringing to its end: fetches a document, executes its verbs in order, fetches the next one when a verb says so
//! or when the REST interface sends the call elsewhere. What cannot be fetched goes to the fallback, once.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;
use url::Url;

use crate::PhoneCompany;
use crate::call::{Call, CallState};
use crate::line::{Interrupt, Line, Source};
use crate::twiml::{self, Unusable};
use crate::verbs::{Action, Document, Verb};

/// A document that leads to itself would keep the simulator busy for ever.
const MOST_DOCUMENTS: u32 = 1_000;

/// How the company treats calls of a number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Number {
    pub(crate) fallback_url: Option<String>,
    pub(crate) fallback_twiml: Option<String>,
    pub(crate) status_callback: Option<String>,
    /// Of `initiated`, `ringing`, `answered`, `completed`.
    pub(crate) status_events: Vec<String>,
}

/// How a call ends.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) status: &'static str,
    pub(crate) reason: String,
}

impl End {
    fn completed(reason: &str) -> Self {
        Self { status: "completed", reason: reason.to_owned() }
    }
}

/// What follows a verb.
#[derive(Debug)]
pub(crate) enum After {
    /// The next verb.
    Next,
    /// Another document.
    Document(Source),
    /// The end.
    End(End),
}

impl From<Interrupt> for After {
    fn from(interrupt: Interrupt) -> Self {
        match interrupt {
            Interrupt::HangUp(by) => Self::End(End::completed(by)),
            Interrupt::Redirect(source) => Self::Document(source),
        }
    }
}

/// A call on its way.
pub(crate) struct Course {
    pub(crate) company: PhoneCompany,
    pub(crate) line: Line,
    pub(crate) jitter: Duration,
    pub(crate) seed: u64,
    pub(crate) number: Number,
    /// Where the document came from that is being executed: relative addresses begin there.
    base: Option<Url>,
    /// The fallback has been asked since a document was last had.
    fell_back: bool,
    /// Callbacks about the call's progress so far.
    pub(crate) callbacks: u64,
}

impl Course {
    pub(crate) fn new(company: PhoneCompany, line: Line, number: Number, jitter: Duration, seed: u64) -> Self {
        Self { company, line, jitter, seed, number, base: None, fell_back: false, callbacks: 0 }
    }

    pub(crate) fn call(&self) -> Arc<Call> {
        self.line.call.clone()
    }

    /// From the first ring on.
    pub(crate) async fn run(mut self, source: Source, ring: Duration) {
        self.status("initiated", "queued");
        self.status("ringing", "ringing");
        let mut next = match self.line.quietly(tokio::time::sleep(ring)).await {
            Ok(()) => After::Document(source),
            Err(interrupt) => interrupt.into(),
        };
        if self.call().parties.direction != "inbound" {
            self.answer();
        }
        let mut documents = 0;
        let end = loop {
            match next {
                After::Next => break End::completed("the document came to its end"),
                After::End(end) => break end,
                After::Document(_) if documents == MOST_DOCUMENTS => {
                    self.call().error(12_100, "a thousand documents, and no end");
                    break End { status: "failed", reason: "too many documents".to_owned() };
                }
                After::Document(source) => {
                    documents += 1;
                    next = self.document(source).await;
                }
            }
        };
        self.end(end).await;
    }

    /// Fetches and executes one document.
    async fn document(&mut self, source: Source) -> After {
        let was = std::mem::replace(&mut self.call().situation().verb, "fetch");
        let obtained = self.obtain(&source).await;
        self.call().situation().verb = was;
        match obtained {
            Err(interrupt) => interrupt.into(),
            Ok(Err(unusable)) => self.fall_back(&source, &unusable),
            Ok(Ok(document)) => {
                self.fell_back = false;
                for warning in document.warnings {
                    self.call().log("warning", warning);
                }
                self.execute(document.verbs).await
            }
        }
    }

    async fn obtain(&mut self, source: &Source) -> Result<Result<Document, Unusable>, Interrupt> {
        let Source::Url { url, method, digits } = source else {
            let Source::Twiml(text) = source else { unreachable!("there are two kinds of sources") };
            return Ok(twiml::read(text));
        };
        let mut params = self.params();
        params.extend(digits.iter().map(|digits| ("Digits".to_owned(), digits.clone())));
        let webhooks = self.company.webhooks().clone();
        let fetched = self.line.quietly(webhooks.fetch(url, *method, &params)).await?;
        let fetched = match fetched {
            Ok(text) => twiml::read(&text),
            Err(detail) => Err(Unusable { code: 11_200, detail }),
        };
        let outcome = fetched.as_ref().map_or_else(|no| format!("{} {}", no.code, no.detail), summary);
        self.call().log("webhook", format!("{url}: {outcome}"));
        if fetched.is_ok() {
            self.base = Url::parse(url).ok();
        }
        Ok(fetched)
    }

    /// What the company does when a document cannot be had.
    fn fall_back(&mut self, failed: &Source, unusable: &Unusable) -> After {
        self.call().error(unusable.code, &unusable.detail);
        let fallback = match (&self.number.fallback_url, &self.number.fallback_twiml) {
            (Some(url), _) => Some(Source::post(url)),
            (None, Some(twiml)) => Some(Source::Twiml(twiml.clone())),
            (None, None) => None,
        };
        match fallback {
            Some(fallback) if !std::mem::replace(&mut self.fell_back, true) && fallback != *failed => {
                self.call().log("webhook", "goes to the fallback");
                After::Document(fallback)
            }
            _ => After::End(End { status: "failed", reason: format!("error {}", unusable.code) }),
        }
    }

    async fn execute(&mut self, verbs: Vec<Verb>) -> After {
        for verb in verbs {
            if !matches!(verb, Verb::Reject { .. }) {
                self.answer();
            }
            let name = name(&verb);
            self.call().situation().verb = name;
            self.call().log("verb", name);
            let after = self.verb(verb).await;
            self.call().situation().verb = "";
            if !matches!(after, After::Next) {
                return after;
            }
        }
        After::Next
    }

    async fn verb(&mut self, verb: Verb) -> After {
        match verb {
            Verb::Connect(connect) => self.connect(connect).await,
            Verb::Dial(dial) => self.dial(dial).await,
            Verb::Gather(gather) => self.gather(gather).await,
            Verb::Say { .. } | Verb::Play { .. } | Verb::Pause(_) => match self.prompt(&verb).await {
                Ok(()) => After::Next,
                Err(interrupt) => interrupt.into(),
            },
            Verb::Redirect(action) => self.follow(&action, None),
            Verb::Reject { reason } => {
                let status = if reason == "busy" { "busy" } else { "no-answer" };
                After::End(End { status, reason: format!("rejected: {reason}") })
            }
            Verb::Hangup => After::End(End::completed("the document hung up")),
        }
    }

    /// Another document, at an address that may be relative to the one at hand.
    pub(crate) fn follow(&self, action: &Action, digits: Option<String>) -> After {
        let url = match &self.base {
            Some(base) if action.url.is_empty() => base.to_string(),
            Some(base) => base.join(&action.url).map_or_else(|_| action.url.clone(), String::from),
            None => action.url.clone(),
        };
        After::Document(Source::Url { url, method: action.method, digits })
    }

    fn answer(&mut self) {
        let call = self.call();
        {
            let mut now = call.situation();
            if now.answered.is_some() {
                return;
            }
            now.answered = Some((Instant::now(), SystemTime::now()));
            (now.state, now.status) = (CallState::InProgress, "in-progress");
        }
        call.log("call", "answered");
        self.status("answered", "in-progress");
    }

    async fn end(mut self, end: End) {
        let call = self.call();
        {
            let mut now = call.situation();
            now.ended = Some((Instant::now(), SystemTime::now()));
            (now.state, now.status, now.verb) = (CallState::Ended, end.status, "");
            now.conference = None;
            now.end_reason = Some(end.reason.clone());
        }
        call.log("call", format!("ended ({}): {}", end.status, end.reason));
        self.status("completed", end.status);
    }
}

fn name(verb: &Verb) -> &'static str {
    match verb {
        Verb::Connect(_) => "Stream",
        Verb::Dial(_) => "Conference",
        Verb::Gather(_) => "Gather",
        Verb::Say { .. } => "Say",
        Verb::Play { .. } => "Play",
        Verb::Pause(_) => "Pause",
        Verb::Redirect(_) => "Redirect",
        Verb::Reject { .. } => "Reject",
        Verb::Hangup => "Hangup",
    }
}

/// A document in the log: its verbs.
fn summary(document: &Document) -> String {
    let names: Vec<_> = document.verbs.iter().map(name).collect();
    if names.is_empty() { "no verbs".to_owned() } else { names.join(", ") }
}
