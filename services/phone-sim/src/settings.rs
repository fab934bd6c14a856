//! Who the simulated company is, and whom it calls by default.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// What [`PhoneCompany`](crate::PhoneCompany) needs to know.
#[derive(Clone)]
pub struct Settings {
    /// The account, as the provider writes them: `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The account's secret: signs requests, and is the password of the REST interface.
    pub auth_token: String,
    /// Where its router is reachable, without a slash at the end: for the addresses in what it answers.
    pub base_url: String,
    /// The voice webhook of its numbers.
    pub voice_url: String,
    /// Asked when a document cannot be had (the provider's "primary handler fails").
    pub fallback_url: Option<String>,
    /// Executed when a document cannot be had and there is no address to ask: a static document kept with the provider.
    pub fallback_twiml: Option<String>,
    /// Told when a call has ended.
    pub status_callback: Option<String>,
    /// The folder from which calls may play WAV files. Without it they may play none.
    pub files: Option<PathBuf>,
    /// How long a webhook may take. The provider waits for 15 seconds.
    pub webhook_timeout: Duration,
    /// Where the randomness of faults begins, so that a run can be repeated.
    pub seed: u64,
    /// A certificate (PEM) that is trusted besides those of the system, for servers with one of their own.
    pub trust: Option<Vec<u8>>,
}

impl Settings {
    /// An account with the webhook of its numbers; all else as the provider has it.
    pub fn new(account_sid: &str, auth_token: &str, base_url: &str, voice_url: &str) -> Self {
        Self {
            account_sid: account_sid.to_owned(),
            auth_token: auth_token.to_owned(),
            base_url: base_url.trim_end_matches('/').to_owned(),
            voice_url: voice_url.to_owned(),
            fallback_url: None,
            fallback_twiml: None,
            status_callback: None,
            files: None,
            webhook_timeout: Duration::from_secs(15),
            seed: 1,
            trust: None,
        }
    }
}

impl fmt::Debug for Settings {
    /// Without the secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Settings")
            .field("account_sid", &self.account_sid)
            .field("base_url", &self.base_url)
            .field("voice_url", &self.voice_url)
            .finish_non_exhaustive()
    }
}

/// What the simulator cannot do, and why.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// A sound file cannot be played.
    #[error("cannot play {name}: {why}")]
    Sound {
        /// The file.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The HTTP client cannot be made.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
    /// A file cannot be written, or an address not be listened on.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// What went wrong.
        source: std::io::Error,
    },
    /// There is no call of this id.
    #[error("no call {0}")]
    NoCall(String),
    /// The call has ended, so nothing can be done with it.
    #[error("call {0} has ended")]
    Ended(String),
}
