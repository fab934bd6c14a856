//! Every rule of this crate that can be shown without media, over a fake media plane and in paused time.

mod admin;
mod http;
mod joining;
mod levels;
mod lifetime;
mod listening;
mod mesh;
mod mixing;
mod moving;
mod negotiating;
mod powers;
mod reports;
mod resuming;
mod staging;
mod storm;
mod talkback;
mod talking;
mod taps;
mod voices;

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::Join;
use crosspoint_model::{Code, Grant, Identity, Refusal, RoomId};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::fake::FakeMedia;
use crate::{JoinRequest, Options, Outgoing, Rooms, Session, now_seconds};

struct House {
    rooms: Rooms,
    media: Arc<FakeMedia>,
}

fn house() -> House {
    house_with(1, Options::default())
}

fn house_with(workers: usize, options: Options) -> House {
    let (media, facts) = FakeMedia::new(workers);
    House { rooms: Rooms::new(Arc::clone(&media) as _, facts, options), media }
}

impl House {
    async fn join(&self, room: &str, identity: &str) -> Client {
        self.enter(bearer(room, identity), json!({ "roomId": room })).await.expect("joins")
    }

    async fn join_as_admin(&self, room: &str, identity: &str) -> Client {
        self.enter(admin(room, identity), json!({ "roomId": room })).await.expect("joins")
    }

    /// Joins a forward room with a microphone (mid 0), a camera (mid 1) and a slot for video (mid 2).
    async fn join_with_media(&self, room: &str, identity: &str) -> Client {
        self.enter(bearer(room, identity), media_join(room, identity)).await.expect("joins")
    }

    /// Joins with what stands in `join`, and hears `joined`.
    async fn enter(&self, bearer: Bearer, join: Value) -> Result<Client, Refusal> {
        let join: Join = serde_json::from_value(join).expect("a join");
        let session = self.rooms.join(JoinRequest { bearer, join, request: None, address: None }).await?;
        let mut client = Client { session, joined: Value::Null };
        client.joined = client.hear("joined").await;
        Ok(client)
    }

    async fn refused(&self, bearer: Bearer, join: Value) -> Code {
        self.enter(bearer, join).await.err().expect("refused").code
    }

    /// Lets the dispatcher take in what the fake media plane said.
    async fn settle(&self) {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
    }
}

fn media_join(room: &str, connection: &str) -> Value {
    let lines = [("0", "audio", "sendonly"), ("1", "video", "sendonly"), ("2", "video", "recvonly")];
    json!({
        "roomId": room,
        "offer": { "type": "offer", "sdp": crate::fake::offer(connection, &lines) },
        "publish": [{ "mid": "0", "source": "microphone" }, { "mid": "1", "source": "camera" }],
    })
}

struct Client {
    session: Session,
    joined: Value,
}

impl Client {
    fn say(&self, message: Value) {
        self.session.handle(serde_json::from_value(message).expect("a client's message"));
    }

    /// Waits for a message of this type; others before it are passed over.
    async fn hear(&self, kind: &str) -> Value {
        let message = timeout(Duration::from_secs(3600), async {
            loop {
                match self.session.next().await {
                    Outgoing::Text(text) => {
                        let message: Value = serde_json::from_str(&text).expect("json");
                        if message["type"] == kind {
                            return message;
                        }
                    }
                    end @ Outgoing::Close { .. } => panic!("{kind} was expected and {end:?} came"),
                }
            }
        });
        message.await.unwrap_or_else(|_| panic!("{kind} never came"))
    }

    /// The types of everything that is there.
    fn heard(&self) -> Vec<String> {
        self.messages().iter().map(|message| message["type"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn messages(&self) -> Vec<Value> {
        let mut messages = Vec::new();
        while let Some(Outgoing::Text(text)) = self.session.try_next() {
            messages.push(serde_json::from_str(&text).expect("json"));
        }
        messages
    }

    /// Waits for the close; the code.
    async fn closed(&self) -> u16 {
        loop {
            match timeout(Duration::from_secs(3600), self.session.next()).await.expect("a close") {
                Outgoing::Text(_) => {}
                Outgoing::Close { code, .. } => return code,
            }
        }
    }

    async fn error(&self) -> String {
        self.hear("error").await["code"].as_str().expect("a code").to_owned()
    }

    fn track(&self, source: &str) -> String {
        let me = &self.joined["userId"];
        let tracks = self.joined["tracks"].as_array().expect("tracks");
        let own = tracks.iter().find(|track| track["userId"] == *me && track["source"] == source);
        own.expect("such a track")["trackId"].as_str().expect("an id").to_owned()
    }
}

fn bearer(room: &str, identity: &str) -> Bearer {
    Bearer {
        identity: identity.to_owned(),
        name: identity.to_uppercase(),
        grant: Grant::join(room),
        expires: now_seconds() + 3600,
        ..Bearer::default()
    }
}

fn admin(room: &str, identity: &str) -> Bearer {
    let mut bearer = bearer(room, identity);
    bearer.grant.room_admin = true;
    bearer
}

fn id(name: &str) -> Identity {
    Identity::parse(name).expect("an identity")
}

fn room(name: &str) -> RoomId {
    RoomId::parse(name).expect("a room")
}
