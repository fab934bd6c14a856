//! Clients of our signalling WebSocket, shaped as the browser SDK's: one offer in `join`, receive-only slots, `subscribe` for video.

use std::sync::Mutex;

use anyhow::{Context, Result, bail};
use crosspoint_model::signal::SessionDescription;
use crosspoint_model::signal::{
    ClientFrame, ClientMessage, Join, Joined, PROTOCOL, Publish, ServerFrame, ServerMessage,
};
use crosspoint_model::{MediaKind, Preference, RoomKind, Source, TrackView};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::Offered;
use super::token::Key;
use super::whip::{client, wait_http};
use crate::media::peer::{Seed, SendLines};

/// A silent client is taken for gone.
const SIGN_OF_LIFE: std::time::Duration = std::time::Duration::from_secs(15);

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The signalling door of a server.
pub struct Signal {
    base: String,
    key: Key,
    http: reqwest::Client,
    /// The sockets stay open as long as this does.
    sockets: Mutex<Vec<JoinHandle<()>>>,
}

impl Signal {
    /// The door under `base` (`http://host:port`).
    pub fn new(base: &str, key: Key) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        Ok(Self { base, key, http: client()?, sockets: Mutex::new(Vec::new()) })
    }

    /// Waits until the server answers at all.
    pub async fn wait_ready(&self) -> Result<()> {
        wait_http(&self.http, &format!("{}/healthz", self.base)).await
    }

    /// Makes an empty room by joining it without media and going again.
    pub async fn empty_room(&self, room: u64, kind: RoomKind) -> Result<()> {
        let (mut sink, mut stream, room) = self.connect(room, "opener").await?;
        let join = Join { kind: Some(kind), ..plain_join(&room, "opener") };
        say(&mut sink, ClientMessage::Join(Box::new(join))).await?;
        joined(&mut stream).await?;
        say(&mut sink, ClientMessage::Leave {}).await?;
        Ok(())
    }

    /// Joins with an offer; publishes what the offer sends and subscribes to every video track, now and later.
    pub async fn join(&self, room: u64, name: &str, offered: Offered, kind: RoomKind) -> Result<(Seed, SendLines)> {
        let (mut sink, mut stream, room) = self.connect(room, name).await?;
        let join = Join {
            kind: Some(kind),
            offer: Some(SessionDescription { kind: "offer".into(), sdp: offered.sdp.clone() }),
            publish: Some(published(&offered.lines)),
            ..plain_join(&room, name)
        };
        say(&mut sink, ClientMessage::Join(Box::new(join))).await?;
        let joined = joined(&mut stream).await?;
        let answer = joined.answer.context("joined without an answer")?;
        let connected = offered.answered(&answer.sdp)?;
        for track in &joined.tracks {
            subscribe(&mut sink, track, name).await?;
        }
        let name = name.to_owned();
        let socket = tokio::spawn(async move {
            if let Err(error) = listen(&mut sink, &mut stream, &name).await {
                eprintln!("{name}: {error:#}");
            }
        });
        self.sockets.lock().expect("nobody panics with it").push(socket);
        Ok(connected)
    }

    async fn connect(
        &self,
        room: u64,
        name: &str,
    ) -> Result<(SplitSink<Socket, Message>, SplitStream<Socket>, String)> {
        let room = format!("bench-{room}");
        let token = self.key.join(&room, name)?;
        let base = self.base.replacen("http", "ws", 1);
        let url = format!("{base}/ws/webrtc?token={token}");
        let (socket, _) = tokio_tungstenite::connect_async(url).await.context("open the signalling socket")?;
        let (sink, stream) = socket.split();
        Ok((sink, stream, room))
    }
}

fn plain_join(room: &str, name: &str) -> Join {
    Join {
        protocol: Some(PROTOCOL),
        room_id: room.to_owned(),
        user_id: Some(name.to_owned()),
        kind: None,
        offer: None,
        publish: None,
        features: None,
        pin: None,
        resume: None,
        last_seq: None,
    }
}

fn published(lines: &SendLines) -> Vec<Publish> {
    let named = [(lines.audio, Source::Microphone), (lines.video, Source::Camera)];
    let publish = |mid: String, source| Publish { mid, source, name: None, muted: None, width: None, height: None };
    named.into_iter().filter_map(|(mid, source)| Some(publish(mid?.to_string(), source))).collect()
}

async fn say(sink: &mut SplitSink<Socket, Message>, message: ClientMessage) -> Result<()> {
    let frame = ClientFrame { timestamp: None, request: None, message };
    Ok(sink.send(Message::text(serde_json::to_string(&frame)?)).await?)
}

async fn hear(stream: &mut SplitStream<Socket>) -> Result<Option<ServerMessage>> {
    while let Some(message) = stream.next().await {
        match message? {
            Message::Text(text) => return Ok(Some(serde_json::from_str::<ServerFrame>(&text)?.message)),
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => {}
        }
    }
    Ok(None)
}

async fn joined(stream: &mut SplitStream<Socket>) -> Result<Joined> {
    while let Some(message) = hear(stream).await? {
        match message {
            ServerMessage::Joined(joined) => return Ok(*joined),
            ServerMessage::Error { code, message, .. } => bail!("join refused: {code:?}: {message}"),
            _ => {}
        }
    }
    bail!("the socket ended before joined")
}

async fn subscribe(sink: &mut SplitSink<Socket, Message>, track: &TrackView, me: &str) -> Result<()> {
    if track.kind == MediaKind::Video && track.user_id.as_str() != me {
        let preference = Preference { width: Some(640), height: Some(480), ..Preference::default() };
        say(sink, ClientMessage::Subscribe { track_id: track.track_id, preference }).await?;
    }
    Ok(())
}

/// Answers to new tracks. What else the server tells is not even parsed: in a big room it is a lot, and the generator shall
/// not be the limit.
async fn listen(sink: &mut SplitSink<Socket, Message>, stream: &mut SplitStream<Socket>, me: &str) -> Result<()> {
    let mut sign_of_life = tokio::time::interval(SIGN_OF_LIFE);
    loop {
        let message = tokio::select! {
            message = stream.next() => message,
            _ = sign_of_life.tick() => {
                say(sink, ClientMessage::Ping {}).await?;
                continue;
            }
        };
        let Some(message) = message else { return Ok(()) };
        let text = match message? {
            Message::Text(text) if text.contains("\"published\"") || text.contains("\"error\"") => text,
            Message::Close(frame) => bail!("closed: {frame:?}"),
            _ => continue,
        };
        match serde_json::from_str::<ServerFrame>(&text)?.message {
            ServerMessage::Published { track } => subscribe(sink, &track, me).await?,
            ServerMessage::Error { code, message, .. } => eprintln!("{me}: {code:?}: {message}"),
            _ => {}
        }
    }
}
