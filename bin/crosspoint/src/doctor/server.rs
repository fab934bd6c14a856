//! Does our server run? On its own machine it is asked where it listens, on another one where people reach it.

use std::error::Error;
use std::io::ErrorKind;
use std::time::{Duration, SystemTime};

use crosspoint_config::Config;
use crosspoint_model::Secret;
use reqwest::blocking::{Client, Response};
use reqwest::header::DATE;

use super::Site;
use super::report::Finding;

const CHECK: &str = "server";
/// An answer must have come after this time.
const PATIENCE: Duration = Duration::from_secs(5);

/// What was found where our server should be.
pub enum Server {
    /// It runs.
    Runs(Running),
    /// Nobody answers there.
    Silent { url: String, why: String },
    /// Somebody else answers there.
    Foreign { url: String, what: String },
    /// Where it is cannot be told.
    Unknown,
}

/// A server of ours that runs.
pub struct Running {
    /// Where it was asked.
    pub url: String,
    /// Its clock, and ours in the same moment.
    pub clocks: Option<(SystemTime, SystemTime)>,
    takes_newcomers: bool,
}

impl Server {
    /// Asks for its health. Whether a browser would trust its certificate is another question.
    pub fn find(config: &Config, outside: bool) -> Self {
        let Some(url) = url(config, outside) else { return Self::Unknown };
        match get(&url, "/healthz") {
            Ok(answer) => Self::of(url, answer),
            Err(error) => Self::without_answer(url, &error),
        }
    }

    fn without_answer(url: String, error: &reqwest::Error) -> Self {
        let why = innermost(error);
        match kind(error) {
            _ if error.is_timeout() => Self::Silent { url, why },
            Some(ErrorKind::ConnectionRefused) => Self::Silent { url, why: "nobody listens there".into() },
            // What cannot be read, or ends at once: another protocol is spoken there.
            Some(ErrorKind::InvalidData | ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset) => {
                Self::Foreign { url, what: why }
            }
            _ if error.is_connect() => Self::Silent { url, why },
            _ => Self::Foreign { url, what: why },
        }
    }

    fn of(url: String, answer: Response) -> Self {
        let now = SystemTime::now();
        let theirs = answer.headers().get(DATE).and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
        let status = answer.status();
        if !status.is_success() || answer.text().is_ok_and(|body| body.trim() != "ok") {
            return Self::Foreign { url, what: format!("it answers /healthz with {status}, not as Crosspoint does") };
        }
        let takes_newcomers = get(&url, "/readyz").is_ok_and(|answer| answer.status().is_success());
        Self::Runs(Running { url, clocks: theirs.map(|theirs| (theirs, now)), takes_newcomers })
    }

    /// The one that runs.
    pub fn running(&self) -> Option<&Running> {
        match self {
            Self::Runs(running) => Some(running),
            Self::Silent { .. } | Self::Foreign { .. } | Self::Unknown => None,
        }
    }
}

/// Says whether it runs.
pub fn check(site: &Site<'_>) -> Vec<Finding> {
    let elsewhere =
        "Is http.public_url right, does the server run, and does the firewall let TCP through to that port?";
    vec![match &site.server {
        Server::Runs(running) if running.takes_newcomers => Finding::ok(CHECK, format!("runs at {}", running.url)),
        Server::Runs(running) => Finding::warning(
            CHECK,
            format!("runs at {}, and takes no newcomers: it drains", running.url),
            "Wait for its end, and start it again.",
        ),
        Server::Silent { url, why } if site.outside => {
            Finding::failed(CHECK, format!("{url} cannot be reached: {why}"), elsewhere)
        }
        Server::Silent { url, why } => Finding::not_checked(
            CHECK,
            format!("no server runs at {url}: {why}"),
            "Start it, and run this again beside it: then certificate and relay are looked at, too.",
        ),
        Server::Foreign { url, what } => Finding::failed(
            CHECK,
            format!("somebody else answers at {url}: {what}"),
            "Set another http.bind, or end the other program. Is it Crosspoint with older settings, start it again; has it no \
             certificate of acme.domains yet, its log says why.",
        ),
        Server::Unknown => Finding::not_checked(CHECK, "where people reach it is not set", "Set http.public_url."),
    }]
}

fn url(config: &Config, outside: bool) -> Option<String> {
    if outside {
        return config.http.public_url.clone();
    }
    let scheme = if config.is_https() { "https" } else { "http" };
    Some(format!("{scheme}://{}", crate::serve::reachable(config.http.bind)))
}

/// Asks without looking at the certificate.
pub fn get(url: &str, path: &str) -> reqwest::Result<Response> {
    let client = Client::builder().danger_accept_invalid_certs(true).no_proxy();
    let client = client.timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    client.get(format!("{}{path}", url.trim_end_matches('/'))).send()
}

/// The key, where it may be sent: elsewhere only over TLS.
pub fn key_for<'a>(site: &'a Site<'_>, url: &str) -> Option<&'a Secret> {
    site.config.admin.key.as_ref().filter(|_| !site.outside || url.starts_with("https://"))
}

/// Asks for what only operators get, and sends the key. Elsewhere only with a certificate that is trusted.
pub fn get_with_key(site: &Site<'_>, url: &str, path: &str) -> reqwest::Result<Response> {
    let client = Client::builder().danger_accept_invalid_certs(!site.outside).no_proxy().timeout(PATIENCE).build()?;
    let request = client.get(format!("{}{path}", url.trim_end_matches('/')));
    match key_for(site, url) {
        Some(key) => request.bearer_auth(key.expose()).send(),
        None => request.send(),
    }
}

/// What the system said, if it was the system that did not let it through.
fn kind(error: &reqwest::Error) -> Option<ErrorKind> {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    let mut found = None;
    while let Some(error) = cause {
        found = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind).or(found);
        cause = error.source();
    }
    found
}

/// What was at the bottom of it.
pub fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer".into();
    }
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
