//! An ear in a room: plain sound over `/ws/audio`, kept sample by sample, with when each frame came.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::mouth::Mouth;
use crate::runtime::{sound, there};
use crate::tone::{ROOM_RATE, level};
use crate::wait::{until, within};

/// Samples of a frame of 20 ms.
pub const FRAME: usize = ROOM_RATE as usize / 50;
/// 100 ms.
pub const WINDOW: usize = ROOM_RATE as usize / 10;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// What was heard so far.
#[derive(Debug, Default)]
pub struct Heard {
    /// The samples.
    pub samples: Vec<f32>,
    /// When each frame of them came.
    pub came: Vec<Instant>,
    /// Frames that the server says it left out because we read too slowly; silence stands for them.
    pub lost: u64,
    /// What the server said in words.
    pub words: Vec<Value>,
    /// How the socket ended: code and reason.
    pub end: Option<(u16, String)>,
}

/// An ear.
#[derive(Debug)]
pub struct Ear {
    heard: Arc<Mutex<Heard>>,
    reader: JoinHandle<()>,
}

impl Ear {
    /// Goes into a room with a token, to hear and to speak.
    pub async fn open(socket_url: &str, token: &str, room: &str) -> (Self, Mouth) {
        let url = format!("{socket_url}/ws/audio?token={token}&room={room}&source=microphone");
        let (socket, _) = there(tokio_tungstenite::connect_async(url)).await.expect("a socket");
        let (writer, reader) = socket.split();
        let heard = Arc::default();
        let ear = Self { reader: sound().spawn(listen(reader, Arc::clone(&heard))), heard };
        until("the server says ready", || async {
            let heard = ear.heard();
            assert!(heard.end.is_none(), "the server closed: {:?} {:?}", heard.end, heard.words);
            heard.words.iter().any(|word| word["type"] == "ready").then_some(())
        })
        .await;
        (ear, Mouth::new(writer))
    }

    /// All of it.
    pub fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().expect("nobody panics while listening")
    }

    /// Samples so far.
    pub fn position(&self) -> usize {
        self.heard().samples.len()
    }

    /// Who it is here: the identity that the server gave.
    pub fn identity(&self) -> String {
        let heard = self.heard();
        let ready = heard.words.iter().find(|word| word["type"] == "ready").expect("it was ready");
        ready["userId"].as_str().expect("an identity").to_owned()
    }

    /// Has the socket ended?
    pub fn is_over(&self) -> bool {
        self.reader.is_finished()
    }

    /// The next 100 ms, from now on.
    pub async fn next_window(&self) -> Vec<f32> {
        self.span(self.position(), WINDOW).await
    }

    /// So many samples from a position on, once they have come.
    pub async fn span(&self, from: usize, samples: usize) -> Vec<f32> {
        until("sound comes", || async {
            let heard = self.heard();
            assert!(heard.end.is_none(), "the socket ended: {:?}", heard.end);
            heard.samples.get(from..from + samples).map(<[f32]>::to_vec)
        })
        .await
    }

    /// The level of a tone in the last 100 ms; nothing before there are as many.
    pub fn level_now(&self, hz: f64) -> f64 {
        let heard = self.heard();
        let from = heard.samples.len().saturating_sub(WINDOW);
        level(&heard.samples[from..], ROOM_RATE, hz)
    }

    /// Waits until in 100 ms a tone is louder than `above` (dB relative to how it is said), or softer than `below`.
    pub async fn until_level(&self, limit: std::time::Duration, what: &str, hz: f64, fits: impl Fn(f64) -> bool) {
        let start = self.position();
        within(limit, what, || async { (self.position() >= start + WINDOW && fits(self.level_now(hz))).then_some(()) })
            .await;
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn listen(mut reader: SplitStream<Socket>, heard: Arc<Mutex<Heard>>) {
    while let Some(Ok(message)) = reader.next().await {
        let now = Instant::now();
        let mut heard = heard.lock().expect("nobody panics while listening");
        match message {
            Message::Binary(bytes) => {
                let pairs = bytes.as_chunks::<2>().0;
                heard.samples.extend(pairs.iter().map(|pair| f32::from(i16::from_le_bytes(*pair)) / 32_768.0));
                heard.came.push(now);
            }
            Message::Text(text) => {
                let word: Value = serde_json::from_str(&text).expect("JSON");
                if word["type"] == "lost" {
                    silence(&mut heard, word["frames"].as_u64().expect("a number"), now);
                }
                heard.words.push(word);
            }
            Message::Close(Some(frame)) => heard.end = Some((frame.code.into(), frame.reason.to_string())),
            _ => {}
        }
    }
    let mut heard = heard.lock().expect("nobody panics while listening");
    heard.end.get_or_insert((1006, "the connection is gone".into()));
}

/// What was left out keeps its place.
fn silence(heard: &mut Heard, frames: u64, now: Instant) {
    heard.lost += frames;
    for _ in 0..frames {
        heard.samples.extend([0.0; FRAME]);
        heard.came.push(now);
    }
}
