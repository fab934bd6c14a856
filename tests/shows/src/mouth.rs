//! A mouth in a room: what it says goes out as fast as it sounds, a little ahead.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::ear::FRAME;
use crate::runtime::sound;
use crate::tone::{ROOM_RATE, said};

/// What waits in the server, so that a late clock of ours makes no gap.
const AHEAD: Duration = Duration::from_millis(100);

type Sink = SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Message>;

/// What is said next.
#[derive(Debug, Default)]
struct Speech {
    samples: Vec<f32>,
    at: usize,
    repeats: bool,
}

/// A mouth.
#[derive(Debug)]
pub struct Mouth {
    speech: Arc<Mutex<Option<Speech>>>,
    ahead: Duration,
    sink: Arc<tokio::sync::Mutex<Sink>>,
    work: Option<JoinHandle<()>>,
}

impl Mouth {
    pub(crate) fn new(sink: Sink) -> Self {
        let sink = Arc::new(tokio::sync::Mutex::new(sink));
        Self { speech: Arc::default(), ahead: AHEAD, sink, work: None }
    }

    /// Says a tone from now on.
    pub fn say_tone(&mut self, hz: f64) {
        // A second holds a whole number of turns of every tone of ours.
        self.say(said(hz, ROOM_RATE, ROOM_RATE as usize), true);
    }

    /// Says this once, from now on, all of it at once: the room plays it as fast as it sounds.
    pub async fn say_at_once(&self, samples: &[f32]) {
        self.send(samples).await;
    }

    /// Says nothing any more.
    pub fn be_silent(&mut self) {
        *self.speech.lock().expect("nobody panics while speaking") = None;
    }

    fn say(&mut self, samples: Vec<f32>, repeats: bool) {
        *self.speech.lock().expect("nobody panics while speaking") = Some(Speech { samples, at: 0, repeats });
        if self.work.is_none() {
            self.work = Some(sound().spawn(speak(self.speech.clone(), self.sink.clone(), self.ahead)));
        }
    }

    async fn send(&self, samples: &[f32]) {
        send(&self.sink, samples).await;
    }
}

impl Drop for Mouth {
    fn drop(&mut self) {
        if let Some(work) = &self.work {
            work.abort();
        }
    }
}

async fn speak(speech: Arc<Mutex<Option<Speech>>>, sink: Arc<tokio::sync::Mutex<Sink>>, ahead: Duration) {
    let mut due = Instant::now();
    loop {
        sleep_until(due.checked_sub(ahead).unwrap_or(due)).await;
        due = due.max(Instant::now()) + Duration::from_millis(20);
        let frame = speech.lock().expect("nobody panics while speaking").as_mut().map(Speech::frame);
        if let Some(frame) = frame
            && !send(&sink, &frame).await
        {
            return;
        }
    }
}

async fn send(sink: &tokio::sync::Mutex<Sink>, samples: &[f32]) -> bool {
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| ((sample * 32_768.0).round() as i16).to_le_bytes()).collect();
    sink.lock().await.send(Message::Binary(bytes.into())).await.is_ok()
}

impl Speech {
    fn frame(&mut self) -> [f32; FRAME] {
        std::array::from_fn(|_| {
            if self.at >= self.samples.len() && self.repeats {
                self.at = 0;
            }
            let sample = self.samples.get(self.at).copied().unwrap_or(0.0);
            self.at += 1;
            sample
        })
    }
}
