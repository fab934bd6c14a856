//! TwiML's verbs, as far as the simulator executes them, with the provider's defaults (Twilio, *TwiML for Programmable Voice*).

use std::time::Duration;

use crate::line::Method;

/// A document: its verbs in order, and what was odd in it.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Document {
    pub(crate) verbs: Vec<Verb>,
    /// The provider's warnings: what was passed over.
    pub(crate) warnings: Vec<String>,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Verb {
    Connect(Connect),
    Dial(Dial),
    Gather(Gather),
    Say { text: String, times: u32 },
    Play { url: String, times: u32 },
    Pause(Duration),
    Redirect(Action),
    Reject { reason: String },
    Hangup,
}

/// Where to ask for the next document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// As it is written: may be relative, and is empty for the document's own address.
    pub(crate) url: String,
    pub(crate) method: Method,
}

/// `<Connect><Stream>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Connect {
    pub(crate) action: Option<Action>,
    pub(crate) url: String,
    pub(crate) name: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
    pub(crate) status_callback: Option<Action>,
}

/// `<Dial><Conference>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dial {
    pub(crate) action: Option<Action>,
    pub(crate) conference: Conference,
}

/// How a call takes part in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Conference {
    pub(crate) name: String,
    pub(crate) muted: bool,
    pub(crate) start_on_enter: bool,
    pub(crate) end_on_exit: bool,
    pub(crate) beep_on_enter: bool,
    pub(crate) beep_on_exit: bool,
    /// Those who wait hear nothing: `waitUrl` is empty.
    pub(crate) wait_in_silence: bool,
    pub(crate) max_participants: usize,
    pub(crate) label: Option<String>,
    pub(crate) status_callback: Option<Action>,
    /// Words of `statusCallbackEvent`.
    pub(crate) events: Vec<String>,
}

/// `<Gather>`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Gather {
    pub(crate) action: Action,
    pub(crate) timeout: Duration,
    pub(crate) digits: Option<usize>,
    pub(crate) finish_on: Option<char>,
    pub(crate) even_if_empty: bool,
    /// What is said and played while it collects.
    pub(crate) prompts: Vec<Verb>,
}
