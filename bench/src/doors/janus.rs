//! Clients of Janus: its JSON API over a WebSocket for each client, VideoRoom plugin with multistream
//! subscriptions, AudioBridge plugin for mixed rooms.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use futures_util::stream::SplitSink;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use super::{Offered, answer};
use crate::media::peer::{Seed, SendLines};

/// Sessions are forgotten after 60 s of silence.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(30);
const VIDEO_ROOM: &str = "janus.plugin.videoroom";
const AUDIO_BRIDGE: &str = "janus.plugin.audiobridge";

/// A Janus server.
pub struct Janus {
    url: String,
    /// The publishers of each room: name and feed.
    feeds: Mutex<BTreeMap<u64, Vec<(String, u64)>>>,
    clients: Mutex<Vec<Arc<Client>>>,
}

impl Janus {
    /// The server with the WebSocket API at `url` (`ws://host:8188`).
    pub fn new(url: &str) -> Self {
        Self { url: url.to_owned(), feeds: Mutex::default(), clients: Mutex::default() }
    }

    /// Waits until the server answers.
    pub async fn wait_ready(&self) -> Result<()> {
        let end = Instant::now() + Duration::from_secs(15);
        loop {
            match Client::connect(&self.url).await {
                Ok(_) => return Ok(()),
                Err(error) if Instant::now() > end => return Err(error).context("Janus does not come up"),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Makes a video room.
    pub async fn open_room(&self, room: u64) -> Result<()> {
        let client = self.client(VIDEO_ROOM).await?;
        let body = json!({
            "request": "create", "room": room, "publishers": 200, "bitrate": 4_000_000,
            "audiocodec": "opus", "videocodec": "vp8", "audiolevel_event": false,
        });
        client.ask(body, None).await.context("create a room").map(drop)
    }

    /// Makes an audio room: the other kind of room that Janus has, which mixes.
    pub async fn open_audio_room(&self, room: u64) -> Result<()> {
        let client = self.client(AUDIO_BRIDGE).await?;
        // The rate that ours mixes at; all else is as Janus has it.
        let body = json!({"request": "create", "room": room, "sampling_rate": 48_000, "audiolevel_event": false});
        client.ask(body, None).await.context("create a room").map(drop)
    }

    /// Comes into an audio room. The encoder for this participant gets the bitrate of ours, and the complexity that Janus
    /// gives it (4; ours has 5).
    pub async fn bridge(&self, room: u64, name: &str, offered: Offered) -> Result<(Seed, SendLines)> {
        let client = self.client(AUDIO_BRIDGE).await?;
        let body = json!({"request": "join", "room": room, "display": name, "muted": false, "bitrate": 48_000});
        client.ask(body, None).await.context("join an audio room")?;
        let jsep = json!({"type": "offer", "sdp": offered.sdp});
        let reply = client.ask(json!({"request": "configure", "muted": false}), Some(jsep)).await?;
        offered.answered(sdp(&reply)?)
    }

    /// Publishes.
    pub async fn publish(&self, room: u64, name: &str, offered: Offered) -> Result<(Seed, SendLines)> {
        let client = self.client(VIDEO_ROOM).await?;
        let body = json!({"request": "joinandconfigure", "ptype": "publisher", "room": room, "display": name});
        let jsep = json!({"type": "offer", "sdp": offered.sdp});
        let reply = client.ask(body, Some(jsep)).await.context("join as a publisher")?;
        let feed = reply["plugindata"]["data"]["id"].as_u64().context("joined without an id")?;
        self.feeds.lock().expect("nobody panics with it").entry(room).or_default().push((name.to_owned(), feed));
        offered.answered(sdp(&reply)?)
    }

    /// Views every publisher of the room but `me`.
    pub async fn view(&self, room: u64, me: Option<&str>, mut seed: Seed) -> Result<Seed> {
        let streams: Vec<Value> = {
            let feeds = self.feeds.lock().expect("nobody panics with it");
            let others = feeds.get(&room).into_iter().flatten().filter(|(name, _)| Some(name.as_str()) != me);
            others.map(|(_, feed)| json!({"feed": feed})).collect()
        };
        let client = self.client(VIDEO_ROOM).await?;
        let body = json!({"request": "join", "ptype": "subscriber", "room": room, "streams": streams});
        let reply = client.ask(body, None).await.context("join as a subscriber")?;
        let answer = answer(&mut seed, sdp(&reply)?)?;
        let jsep = json!({"type": "answer", "sdp": answer});
        // The connection begins at once; the reply to `start` tells nothing that the media does not.
        tokio::spawn(async move {
            if let Err(error) = client.ask(json!({"request": "start"}), Some(jsep)).await {
                eprintln!("a Janus subscriber cannot start: {error:#}");
            }
        });
        Ok(seed)
    }

    async fn client(&self, plugin: &str) -> Result<Arc<Client>> {
        let client = Client::attach(&self.url, plugin).await?;
        self.clients.lock().expect("nobody panics with it").push(client.clone());
        Ok(client)
    }
}

fn sdp(reply: &Value) -> Result<&str> {
    reply["jsep"]["sdp"].as_str().with_context(|| format!("no SDP in {reply}"))
}

type Sink = SplitSink<WebSocketStream<MaybeTlsStream<TcpStream>>, Message>;

/// One session with one handle, on a WebSocket of its own.
struct Client {
    sink: tokio::sync::Mutex<Sink>,
    waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Value>>>>,
    reader: JoinHandle<()>,
    next: AtomicU64,
    session: AtomicU64,
    handle: AtomicU64,
}

impl Drop for Client {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Client {
    async fn connect(url: &str) -> Result<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", HeaderValue::from_static("janus-protocol"));
        let (socket, _) = tokio_tungstenite::connect_async(request).await.context("open the Janus socket")?;
        let (sink, mut stream) = socket.split();
        let waiting: Arc<Mutex<HashMap<String, oneshot::Sender<Value>>>> = Arc::default();
        let table = waiting.clone();
        let reader = tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let Message::Text(text) = message else { continue };
                let Ok(value) = serde_json::from_str::<Value>(&text) else { continue };
                // An `ack` says that the answer comes later under the same transaction.
                if value["janus"] == "ack" {
                    continue;
                }
                let Some(transaction) = value["transaction"].as_str() else { continue };
                if let Some(reply) = table.lock().expect("nobody panics with it").remove(transaction) {
                    let _ = reply.send(value);
                }
            }
        });
        let (next, session, handle) = (AtomicU64::new(1), AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { sink: tokio::sync::Mutex::new(sink), waiting, reader, next, session, handle })
    }

    async fn attach(url: &str, plugin: &str) -> Result<Arc<Self>> {
        let client = Self::connect(url).await?;
        let created = client.request(json!({"janus": "create"})).await?;
        client.session.store(created["data"]["id"].as_u64().context("no session")?, Ordering::Relaxed);
        let attached = client.request(json!({"janus": "attach", "plugin": plugin})).await?;
        client.handle.store(attached["data"]["id"].as_u64().context("no handle")?, Ordering::Relaxed);
        let client = Arc::new(client);
        let weak = Arc::downgrade(&client);
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(KEEP_ALIVE).await;
                let Some(client) = weak.upgrade() else { return };
                let _ = client.send(json!({"janus": "keepalive"}), "keepalive").await;
            }
        });
        Ok(client)
    }

    /// A request to the plugin.
    async fn ask(&self, body: Value, jsep: Option<Value>) -> Result<Value> {
        let mut message = json!({"janus": "message", "body": body});
        if let Some(jsep) = jsep {
            message["jsep"] = jsep;
        }
        let reply = self.request(message).await?;
        let data = &reply["plugindata"]["data"];
        if !data["error"].is_null() {
            bail!("Janus: {}", data["error"]);
        }
        Ok(reply)
    }

    async fn request(&self, message: Value) -> Result<Value> {
        let transaction = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let (sender, reply) = oneshot::channel();
        self.waiting.lock().expect("nobody panics with it").insert(transaction.clone(), sender);
        self.send(message, &transaction).await?;
        let reply = tokio::time::timeout(PATIENCE, reply).await.context("Janus does not answer")??;
        if reply["janus"] == "error" {
            bail!("Janus: {}", reply["error"]);
        }
        Ok(reply)
    }

    async fn send(&self, mut message: Value, transaction: &str) -> Result<()> {
        message["transaction"] = transaction.into();
        for (field, id) in [("session_id", &self.session), ("handle_id", &self.handle)] {
            let id = id.load(Ordering::Relaxed);
            if id != 0 && !(field == "handle_id" && message["janus"] == "keepalive") {
                message[field] = id.into();
            }
        }
        Ok(self.sink.lock().await.send(Message::text(message.to_string())).await?)
    }
}
