//! A server, its clients and its peers, without a socket or a clock.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_model::Secret;
use crosspoint_stun::attribute::{
    CHANNEL_NUMBER, DATA, ERROR_CODE, FINGERPRINT, LIFETIME, NONCE, REQUESTED_TRANSPORT, UDP, XOR_PEER_ADDRESS,
    error_code,
};
use crosspoint_stun::{Builder, Class, Key, Message, Method, TransactionId};
use crosspoint_turn::peers::{Here, Peers, RelayAddress};
use crosspoint_turn::quota::Limits;
use crosspoint_turn::{Action, AllocationKey, Flow, Settings, Shared, Transport, Turn};

/// A peer on the open internet.
pub const PEER: &str = "198.51.100.7:4000";
/// Our own media, as clients are told.
pub const MEDIA: &str = "203.0.113.1:7882";
/// What credentials that end are made with.
pub const SECRET: &str = "north";
/// What the clock shows when a world begins.
const BEGIN: u64 = 1000;

/// A hundred users, five relays each, 8 Mbit/s.
pub fn limits() -> Limits {
    Limits { allocations: 1000, users: 100, allocations_per_user: 5, bitrate: Some(8_000_000), user_bitrate: None }
}

/// A request for a relay.
pub fn allocate(transaction: TransactionId) -> Builder {
    Builder::new(Class::Request, Method::Allocate, transaction).attribute(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0])
}

pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// A relay by its number.
#[derive(Clone, Copy)]
pub struct Relayed(pub usize);

/// What a server did last.
enum Did {
    Nothing,
    ToClient(Vec<u8>),
    ToPeer(SocketAddr, Vec<u8>),
}

/// A server and the time.
pub struct World {
    pub turn: Turn,
    now: Instant,
    did: Did,
    clients: u16,
    relays: u16,
}

impl World {
    pub fn new(limits: Limits) -> Self {
        let now = Instant::now();
        let relay =
            RelayAddress { told: "203.0.113.1".parse().expect("an IP"), bound: "0.0.0.0".parse().expect("an IP") };
        let media = Here { told: address(MEDIA), local: address("0.0.0.0:7882") };
        let shared = Shared::new(Settings {
            realm: "example.org".into(),
            users: BTreeMap::from([("ann".into(), Secret::new("ann's")), ("bea".into(), Secret::new("bea's"))]),
            secrets: vec![Secret::new(SECRET)],
            nonce_key: [7; 32],
            clock: (now, BEGIN),
            limits,
            peers: Peers::new(Vec::new(), vec![media], vec![relay], 49_152..=65_535),
        });
        Self { turn: Turn::new(shared), now, did: Did::Nothing, clients: 0, relays: 0 }
    }

    /// A new client, with the password of the static users.
    pub fn client(&mut self, username: &str) -> Client {
        self.clients += 1;
        let client = SocketAddr::from(([192, 0, 2, 1], 1000 + self.clients));
        Client {
            flow: Flow { transport: Transport::Udp, socket: 0, client },
            username: username.to_owned(),
            password: format!("{username}'s"),
            nonce: String::new(),
            requests: 0,
        }
    }

    /// The answer to a request.
    pub fn ask(&mut self, flow: Flow, request: &[u8]) -> Answer {
        self.try_ask(flow, request).expect("an answer")
    }

    pub fn try_ask(&mut self, flow: Flow, request: &[u8]) -> Option<Answer> {
        let opening = match self.turn.handle_client(flow, request, self.now) {
            Action::Open(opening) => opening,
            action => {
                self.did = did(action);
                return self.sent_to_client().map(Answer);
            }
        };
        self.relays += 1;
        let relayed = SocketAddr::from(([203, 0, 113, 1], 49_151 + self.relays));
        let action = self.turn.opened(*opening, Some(relayed), self.now);
        self.did = did(action);
        self.sent_to_client().map(Answer)
    }

    /// Channel data of a client.
    pub fn channel(&mut self, client: &Client, number: u16, data: &[u8]) {
        let length = u16::try_from(data.len()).expect("a datagram");
        let bytes = [&number.to_be_bytes()[..], &length.to_be_bytes(), data].concat();
        self.did = did(self.turn.handle_client(client.flow, &bytes, self.now));
    }

    /// A datagram that comes to the first relay.
    pub fn peer_sends(&mut self, peer: &str, data: &[u8]) {
        self.arrive(Relayed(0), peer, data);
    }

    /// A datagram that comes to a relay.
    pub fn arrive(&mut self, relay: Relayed, peer: &str, data: &[u8]) {
        self.did = did(self.turn.handle_peer(AllocationKey(relay.0), address(peer), data, self.now));
    }

    /// What went to a peer last.
    pub fn sent_to_peer(&mut self) -> Option<(SocketAddr, Vec<u8>)> {
        match std::mem::replace(&mut self.did, Did::Nothing) {
            Did::ToPeer(peer, data) => Some((peer, data)),
            Did::Nothing | Did::ToClient(_) => None,
        }
    }

    /// What went to a client last.
    pub fn sent_to_client(&mut self) -> Option<Vec<u8>> {
        match std::mem::replace(&mut self.did, Did::Nothing) {
            Did::ToClient(bytes) => Some(bytes),
            Did::Nothing | Did::ToPeer(..) => None,
        }
    }

    pub fn indication(&mut self) -> Option<Answer> {
        self.sent_to_client().map(Answer)
    }

    /// Time passes.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.turn.handle_timeout(self.now);
    }

    /// How many relays were closed.
    pub fn closed(&mut self) -> usize {
        std::iter::from_fn(|| self.turn.poll_closed()).count()
    }
}

fn did(action: Action<'_>) -> Did {
    match action {
        Action::Nothing => Did::Nothing,
        Action::ToClient { head, body, .. } => Did::ToClient([head, body].concat()),
        Action::ToPeer { peer, contents, .. } => Did::ToPeer(peer, contents.to_vec()),
        Action::Open(_) => panic!("a relay is opened for requests only"),
    }
}

/// A client that knows its credential.
pub struct Client {
    pub flow: Flow,
    pub username: String,
    pub password: String,
    pub nonce: String,
    requests: u8,
}

impl Client {
    /// Asks for a relay: is challenged, and signs then.
    pub fn allocate(&mut self, world: &mut World) -> Answer {
        self.challenge(world);
        self.ask(world, allocate(self.transaction()))
    }

    /// Gets a nonce.
    pub fn challenge(&mut self, world: &mut World) {
        // Strangers get so many answers a second.
        world.now += Duration::from_millis(10);
        let challenge = world.ask(self.flow, &allocate([1; 12]).finish());
        self.nonce = challenge.text(NONCE).expect("a nonce");
    }

    /// That of its request for a relay.
    pub fn transaction(&self) -> TransactionId {
        [2; 12]
    }

    /// A signed request.
    pub fn ask(&mut self, world: &mut World, request: Builder) -> Answer {
        let key = Key::long_term(&self.username, "example.org", &self.password);
        let signed = request.authenticated(&self.username, "example.org", &self.nonce, &key).finish();
        world.ask(self.flow, &signed)
    }

    pub fn refresh(&mut self, world: &mut World, seconds: u32) -> Answer {
        let request = self.request(Method::Refresh).number(LIFETIME, seconds);
        self.with_fresh_nonce(world, &request)
    }

    pub fn permit(&mut self, world: &mut World, peer: &str) -> Answer {
        let request = self.request(Method::CreatePermission).address(XOR_PEER_ADDRESS, address(peer));
        self.with_fresh_nonce(world, &request)
    }

    pub fn bind(&mut self, world: &mut World, number: u16, peer: &str) -> Answer {
        let [high, low] = number.to_be_bytes();
        let request = self.request(Method::ChannelBind).attribute(CHANNEL_NUMBER, &[high, low, 0, 0]);
        self.with_fresh_nonce(world, &request.address(XOR_PEER_ADDRESS, address(peer)))
    }

    pub fn send(&self, world: &mut World, peer: &str, data: &[u8]) {
        let indication = Builder::new(Class::Indication, Method::Send, [4; 12]);
        let bytes = indication.address(XOR_PEER_ADDRESS, address(peer)).attribute(DATA, data).finish();
        world.did = did(world.turn.handle_client(self.flow, &bytes, world.now));
    }

    fn request(&mut self, method: Method) -> Builder {
        self.requests += 1;
        Builder::new(Class::Request, method, [10 + self.requests; 12])
    }

    /// As every client does: a nonce that is stale is replaced, once.
    fn with_fresh_nonce(&mut self, world: &mut World, request: &Builder) -> Answer {
        let answer = self.ask(world, request.clone());
        match answer.text(NONCE) {
            Some(nonce) if answer.error() == Some(438) => {
                self.nonce = nonce;
                self.ask(world, request.clone())
            }
            _ => answer,
        }
    }
}

/// What a client got.
pub struct Answer(Vec<u8>);

impl Answer {
    fn message(&self) -> Message<'_> {
        Message::read(&self.0).expect("a message")
    }

    pub fn class(&self) -> Class {
        self.message().class
    }

    pub fn error(&self) -> Option<u16> {
        self.bytes(ERROR_CODE).as_deref().and_then(error_code)
    }

    pub fn number(&self, kind: u16) -> Option<u32> {
        self.message().number(kind)
    }

    pub fn address(&self, kind: u16) -> Option<SocketAddr> {
        self.message().address(kind)
    }

    pub fn text(&self, kind: u16) -> Option<String> {
        self.message().text(kind).map(str::to_owned)
    }

    pub fn bytes(&self, kind: u16) -> Option<Vec<u8>> {
        self.message().attribute(kind).map(<[u8]>::to_vec)
    }

    pub fn has_fingerprint(&self) -> bool {
        self.message().attribute(FINGERPRINT).is_some()
    }

    pub fn expect_success(&self) {
        assert_eq!((self.message().class, self.error()), (Class::Success, None));
    }
}
