//! The WebSocket of a media stream: the handshake with its signature, and a writer that never holds up the line.
//!
//! The handshake is an HTTP request that is upgraded, so that TLS and certificates are those of all other requests.

use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use reqwest::{StatusCode, Upgraded};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};

use crate::webhook::{Webhooks, explain};

/// What comes in.
pub(crate) type Incoming = SplitStream<WebSocketStream<Upgraded>>;
/// The buffer is filled with zeros before each read, so that the usual 128 KiB would cost more than all else here.
const READ_AT_ONCE: usize = 4 << 10;
/// Messages that may wait for a slow server: five seconds of sound. What comes on top is discarded (31930).
const WAITING: usize = 250;
/// The provider gives a handshake this long.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The longest message that is read: ten minutes of sound, and more.
const LONGEST: usize = 16 << 20;

/// Why there is no stream, with the provider's code.
#[derive(Debug)]
pub(crate) struct NoSocket {
    pub(crate) code: u16,
    pub(crate) detail: String,
}

/// The way out.
pub(crate) struct Outgoing {
    sender: mpsc::Sender<Message>,
    writer: tokio::task::JoinHandle<()>,
}

impl Outgoing {
    /// Whether there was room for it.
    pub(crate) fn send(&self, text: String) -> bool {
        !matches!(self.sender.try_send(Message::text(text)), Err(mpsc::error::TrySendError::Full(_)))
    }

    /// Sends what is waiting, says good-bye, and closes.
    pub(crate) async fn close(self) {
        drop(self.sender);
        if tokio::time::timeout(Duration::from_secs(1), self.writer).await.is_err() {
            tracing::debug!("a server did not take the end of its stream");
        }
    }

    /// Drops the connection without a word.
    pub(crate) fn cut(self) {
        self.writer.abort();
    }
}

/// Connects to the address of a `<Stream>`.
pub(crate) async fn connect(webhooks: &Webhooks, url: &str) -> Result<(Outgoing, Incoming), NoSocket> {
    let no = |code, detail: String| NoSocket { code, detail };
    let address = match url.split_once("://") {
        Some(("wss", rest)) => format!("https://{rest}"),
        // The provider takes wss only; without TLS there would be no trying out on one's own machine.
        Some(("ws", rest)) => format!("http://{rest}"),
        _ => return Err(no(31_922, format!("{url:?} does not begin with wss://"))),
    };
    let key = generate_key();
    let request = webhooks
        .client()
        .get(address)
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", &key)
        .header("x-twilio-signature", webhooks.sign(url, &[]));
    let handshake = async {
        let response = request.send().await.map_err(|error| no(31_920, explain(error)))?;
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            return Err(no(31_920, format!("the handshake was answered {}", response.status())));
        }
        let accepted = response.headers().get("sec-websocket-accept").map(|value| value.as_bytes().to_vec());
        if accepted.as_deref() != Some(derive_accept_key(key.as_bytes()).as_bytes()) {
            return Err(no(31_920, "the handshake was answered with a wrong key".to_owned()));
        }
        response.upgrade().await.map_err(|error| no(31_920, explain(error)))
    };
    let timeout = || no(31_901, format!("no handshake within {HANDSHAKE:?}"));
    let upgraded = tokio::time::timeout(HANDSHAKE, handshake).await.unwrap_or_else(|_| Err(timeout()))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_AT_ONCE)
        .max_message_size(Some(LONGEST))
        .max_frame_size(Some(LONGEST));
    let socket = WebSocketStream::from_raw_socket(upgraded, Role::Client, Some(config)).await;
    let (sink, incoming) = socket.split();
    let (sender, receiver) = mpsc::channel(WAITING);
    let writer = tokio::spawn(write(sink, receiver));
    Ok((Outgoing { sender, writer }, incoming))
}

async fn write(mut sink: SplitSink<WebSocketStream<Upgraded>, Message>, mut messages: mpsc::Receiver<Message>) {
    while let Some(message) = messages.recv().await {
        if sink.send(message).await.is_err() {
            return;
        }
    }
    // The reader may have seen the other side's end already; then there is nobody to say good-bye to.
    let _ = sink.close().await;
}
