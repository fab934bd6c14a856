//! The telephone company, in the process of the test: its calls outlive the server.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use crosspoint_carrier::{Provider, fallback_twiml};
use crosspoint_phone_sim::{CallReport, CallRequest, CallState, Faults, PhoneCompany, Play, Settings, StreamReport};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::runtime::{sound, there};
use crate::server::{ACCOUNT, TOKEN};
use crate::tone::{LOUDNESS, PHONE_RATE, TONES, level};
use crate::wait::{PATIENCE, until, within};

/// 100 ms.
pub const WINDOW: usize = PHONE_RATE as usize / 10;

/// A telephone company.
pub struct Phones {
    company: PhoneCompany,
    url: String,
    /// The show that each number leads to: its fallback is kept here, as real companies keep it.
    numbers: Mutex<BTreeMap<String, String>>,
    work: JoinHandle<()>,
}

impl std::fmt::Debug for Phones {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Phones").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Phones {
    /// Opens one whose numbers lead to the server there.
    pub async fn open(server: &str) -> Self {
        let listener = there(TcpListener::bind("127.0.0.1:0")).await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let settings = Settings {
            status_callback: Some(format!("{server}/api/phone/status")),
            ..Settings::new(ACCOUNT, TOKEN, &url, &format!("{server}/api/phone/voice"))
        };
        let company = {
            let _there = sound().enter();
            PhoneCompany::new(settings).expect("a company")
        };
        let router = company.router();
        let work = sound().spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        Self { company, url, numbers: Mutex::default(), work }
    }

    /// A number leads to a show: where the server does not answer, callers wait in its conference.
    pub fn lead(&self, number: &str, show: &str) {
        self.numbers.lock().expect("nobody panics with the numbers").insert(number.to_owned(), show.to_owned());
    }

    /// Where its REST interface is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The company itself.
    pub fn company(&self) -> &PhoneCompany {
        &self.company
    }

    /// Somebody calls a number, says the tone of this number, and keeps what they hear. Every tone has a number of its own to
    /// call from.
    pub async fn call(&self, to: &str, tone: usize) -> Caller {
        self.place(&format!("+1202555{:04}", 100 + tone), to, tone)
    }

    /// The same from a number.
    pub fn place(&self, from: &str, to: &str, tone: usize) -> Caller {
        self.place_kept(from, to, Some(tone), true)
    }

    /// The same, silent where there is no tone, and maybe without keeping what is heard.
    pub fn place_kept(&self, from: &str, to: &str, tone: Option<usize>, record: bool) -> Caller {
        let hz = tone.map(|tone| TONES[tone]);
        let show = self.numbers.lock().expect("nobody panics with the numbers").get(to).cloned();
        let request = CallRequest {
            fallback_twiml: show.map(|show| fallback_twiml(Provider::Twilio, &show, false)),
            from: from.to_owned(),
            to: to.to_owned(),
            play: hz.map(|hz| Play::Tone { hz: hz as f32, level: LOUDNESS as f32 }),
            record,
            ..CallRequest::default()
        };
        let _there = sound().enter();
        let sid = self.company.place(request).expect("a call");
        Caller { company: self.company.clone(), sid, hz: hz.unwrap_or_default(), from: from.to_owned() }
    }
}

impl Drop for Phones {
    fn drop(&mut self) {
        self.work.abort();
    }
}

/// Somebody with a telephone.
#[derive(Clone)]
pub struct Caller {
    company: PhoneCompany,
    /// The company's name for the call.
    pub sid: String,
    /// The tone that is said.
    pub hz: f64,
    /// The number that is called from.
    pub from: String,
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Caller").field("sid", &self.sid).field("hz", &self.hz).finish_non_exhaustive()
    }
}

impl Caller {
    /// All that is known of the call.
    pub fn report(&self) -> CallReport {
        self.company.report(&self.sid).expect("the company knows its calls")
    }

    /// What its media stream has seen.
    pub fn stream(&self) -> StreamReport {
        self.report().stream.unwrap_or_default()
    }

    /// Is the call over?
    pub fn is_over(&self) -> bool {
        self.report().state == CallState::Ended
    }

    /// Is it in the conference?
    pub fn is_in_conference(&self) -> bool {
        self.report().conference.is_some()
    }

    /// Everything that was heard so far.
    pub fn heard(&self) -> Vec<i16> {
        self.company.heard(&self.sid).expect("the company knows its calls").unwrap_or_default()
    }

    /// Samples so far.
    pub fn position(&self) -> usize {
        self.heard().len()
    }

    /// So many samples from a position on, once they were heard.
    pub async fn span(&self, from: usize, samples: usize) -> Vec<f32> {
        let limit = PATIENCE + Duration::from_secs((samples / PHONE_RATE as usize) as u64);
        let heard = within(limit, "the caller hears", || async {
            let heard = self.heard();
            heard.get(from..from + samples).map(<[i16]>::to_vec)
        });
        heard.await.into_iter().map(|sample| f32::from(sample) / 32_768.0).collect()
    }

    /// The next 100 ms, from now on.
    pub async fn next_window(&self) -> Vec<f32> {
        self.span(self.position(), WINDOW).await
    }

    /// The level of a tone in the last 100 ms.
    pub fn level_now(&self, hz: f64) -> f64 {
        let heard = self.heard();
        let last = &heard[heard.len().saturating_sub(WINDOW)..];
        let samples: Vec<f32> = last.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        level(&samples, PHONE_RATE, hz)
    }

    /// Waits until 100 ms that begin from now on have a level that fits.
    pub async fn until_level(&self, limit: Duration, what: &str, hz: f64, fits: impl Fn(f64) -> bool) {
        let start = self.position();
        within(limit, what, || async { (self.position() >= start + WINDOW && fits(self.level_now(hz))).then_some(()) })
            .await;
    }

    /// Says another tone from now on.
    pub fn say_tone(&self, hz: f64) {
        self.say(Some(&Play::Tone { hz: hz as f32, level: LOUDNESS as f32 }));
    }

    /// Says something else.
    pub fn say(&self, play: Option<&Play>) {
        self.company.say(&self.sid, play, false).expect("a sound");
    }

    /// Hangs up.
    pub fn hang_up(&self) {
        self.company.hang_up(&self.sid).expect("the call goes on");
    }

    /// Presses keys.
    pub fn press(&self, digits: &str) {
        self.company.press(&self.sid, digits).expect("the call goes on");
    }

    /// The connection of the stream is gone without a word.
    pub fn cut(&self) {
        self.fault(Faults { cut_socket: true, ..Faults::default() });
    }

    /// What is said is held for so long, and then comes at once.
    pub fn stall(&self, length: Duration) {
        let stall_ms = Some(length.as_millis() as u64);
        self.fault(Faults { stall_ms, ..Faults::default() });
    }

    fn fault(&self, faults: Faults) {
        self.company.fault(&self.sid, faults).expect("the call goes on");
    }

    /// Waits until the call is over.
    pub async fn until_over(&self) -> CallReport {
        until(&format!("call {} is over", self.sid), || async { Some(self.report()).filter(|_| self.is_over()) }).await
    }
}
