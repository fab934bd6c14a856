//! What the command line runs: the company as a server, or one call. The words of the command line are bin's.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::call::{CallReport, CallState};
use crate::log::LogLine;
use crate::sound::{read_wav, wav_bytes};
use crate::{CallRequest, Faults, PhoneCompany, Play, STAND_IN, Settings, SimulatorError};

/// One call from the command line.
#[derive(Clone, Debug)]
pub struct CallOptions {
    /// Who the company is. Its `base_url` is where [`CallOptions::bind`] is reachable.
    pub settings: Settings,
    /// The call. What it plays is overruled by `play`.
    pub request: CallRequest,
    /// A WAV file anywhere, that the caller plays.
    pub play: Option<PathBuf>,
    /// Where what the caller heard is written, as a WAV file.
    pub heard: Option<PathBuf>,
    /// Keys, and how long after the call was placed they are pressed.
    pub digits: Vec<(Duration, String)>,
    /// Faults, and how long after the call was placed they happen.
    pub faults: Vec<(Duration, Faults)>,
    /// The caller hangs up after so long; or, without it, once its file has been played to the end; or never.
    pub length: Option<Duration>,
    /// Where the REST interface listens meanwhile, so that the server can hang up and send the call elsewhere.
    pub bind: Option<SocketAddr>,
}

impl CallOptions {
    /// A caller that plays nothing and stays until the server hangs up.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            request: CallRequest::default(),
            play: None,
            heard: None,
            digits: Vec::new(),
            faults: Vec::new(),
            length: None,
            bind: None,
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct CallOutcome {
    /// All that is known of the call.
    pub report: CallReport,
}

impl CallOutcome {
    /// 0: it was answered and ended without an error. 1: an error of the provider's list. 2: never answered.
    pub fn exit_code(&self) -> u8 {
        match (&self.report.error, self.report.connected_seconds > 0.0) {
            (Some(_), _) => 1,
            (None, false) => 2,
            (None, true) => 0,
        }
    }
}

/// Serves a company until the future is dropped. Says on `print` where.
///
/// # Errors
///
/// The address cannot be listened on.
pub async fn serve(bind: SocketAddr, settings: Settings, mut print: impl FnMut(&str)) -> Result<(), SimulatorError> {
    let company = PhoneCompany::new(settings)?;
    let listener = listen(bind).await?;
    let address = listener.local_addr().unwrap_or(bind);
    let settings = company.settings();
    print(&format!("{STAND_IN}: not a real one. REST and control on http://{address}"));
    print(&format!("account {}, voice webhook {}", settings.account_sid, settings.voice_url));
    axum::serve(listener, company.router()).await.map_err(|source| io(format!("serve on {address}"), source))
}

/// Makes one call and waits for its end. What happens is printed line by line.
///
/// # Errors
///
/// The file cannot be played, what was heard cannot be written, or the address cannot be listened on.
pub async fn call(options: CallOptions, mut print: impl FnMut(&str)) -> Result<CallOutcome, SimulatorError> {
    let company = PhoneCompany::new(options.settings.clone())?;
    print(&format!("{STAND_IN}: not a real one"));
    let server = match options.bind {
        Some(bind) => Some(serve_aside(&company, bind, &mut print).await?),
        None => None,
    };
    let mut request = options.request.clone();
    request.record |= options.heard.is_some();
    if let Some(path) = &options.play {
        request.play = Some(Play::Samples(read_wav(path)?));
    }
    let ends_with_file = matches!(request.play, Some(Play::Samples(_) | Play::File(_))) && !request.repeat;
    let sid = company.place(request)?;
    let began = Instant::now();
    let events = timetable(&company, &sid, &options, began);
    let watched = watch(&company, &sid, &options, ends_with_file, began, &mut print).await;
    events.iter().chain(&server).for_each(tokio::task::JoinHandle::abort);
    watched?;
    if let (Some(path), Some(samples)) = (&options.heard, company.heard(&sid)?) {
        std::fs::write(path, wav_bytes(&samples)).map_err(|source| io(format!("write {}", path.display()), source))?;
        print(&format!("heard {:.1} s: {}", samples.len() as f64 / f64::from(crate::RATE), path.display()));
    }
    Ok(CallOutcome { report: company.report(&sid)? })
}

async fn serve_aside(
    company: &PhoneCompany,
    bind: SocketAddr,
    print: &mut impl FnMut(&str),
) -> Result<tokio::task::JoinHandle<()>, SimulatorError> {
    let listener = listen(bind).await?;
    print(&format!("REST and control on http://{}", listener.local_addr().unwrap_or(bind)));
    let router = company.router();
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::warn!(%error, "{STAND_IN}: the REST interface is gone");
        }
    }))
}

async fn listen(bind: SocketAddr) -> Result<TcpListener, SimulatorError> {
    TcpListener::bind(bind).await.map_err(|source| io(format!("listen on {bind}"), source))
}

fn io(what: String, source: std::io::Error) -> SimulatorError {
    SimulatorError::Io { what, source }
}

/// Keys and faults at their times.
fn timetable(
    company: &PhoneCompany,
    sid: &str,
    options: &CallOptions,
    began: Instant,
) -> Vec<tokio::task::JoinHandle<()>> {
    let digits = options.digits.iter().cloned().map(|(at, digits)| (at, Some(digits), None));
    let faults = options.faults.iter().map(|(at, faults)| (*at, None, Some(*faults)));
    let at_time = |(at, digits, faults): (Duration, Option<String>, Option<Faults>)| {
        let (company, sid) = (company.clone(), sid.to_owned());
        tokio::spawn(async move {
            sleep_until(began + at).await;
            // A call that has ended already has its reason in the report.
            let _ = digits.map(|digits| company.press(&sid, &digits));
            let _ = faults.map(|faults| company.fault(&sid, faults));
        })
    };
    digits.chain(faults).map(at_time).collect()
}

/// Prints what happens until the call has ended, and ends it when it is time.
async fn watch(
    company: &PhoneCompany,
    sid: &str,
    options: &CallOptions,
    ends_with_file: bool,
    began: Instant,
    print: &mut impl FnMut(&str),
) -> Result<(), SimulatorError> {
    let mut next = 0;
    let mut hung_up = false;
    loop {
        let look_again = Instant::now() + Duration::from_millis(100);
        if let Ok(lines) = timeout_at(look_again, company.log_from(sid, next)).await {
            for line in lines? {
                next = line.number + 1;
                print(&printed(&line));
            }
        }
        let report = company.report(sid)?;
        if report.state == CallState::Ended && report.log.last().is_none_or(|line| line.number < next) {
            return Ok(());
        }
        let over = options.length.map_or(ends_with_file && report.said_all, |length| began.elapsed() >= length);
        if over && !hung_up && report.state != CallState::Ended {
            hung_up = true;
            company.hang_up(sid)?;
        }
    }
}

fn printed(line: &LogLine) -> String {
    format!("{:8.3} {:<10} {}", line.at_ms as f64 / 1_000.0, line.what, line.text)
}
