//! The engine, the network, the clients, and time.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_engine::{Engine, Fact, LegProfile, NewLeg, Order, RoomSettings};
use crosspoint_model::{LegKey, Preference, RoomKey, TrackKey};
use crosspoint_webrtc::{Datagram, Factory, Host, HostCandidate};
use str0m::change::SdpApi;

use crate::client::{Client, Join};
use crate::network::{Network, Way};

/// Time passes in steps of at least this.
const STEP: Duration = Duration::from_micros(250);

/// All there is.
#[derive(Debug)]
pub struct World {
    /// The server.
    pub engine: Engine,
    /// The server as clients are told of it.
    pub host: Host,
    /// Builds its connections.
    pub factory: Factory,
    /// Everybody who ever came, in order. Those who left are not alive.
    pub clients: Vec<Client>,
    /// What lies between.
    pub network: Network,
    /// What the server told its control plane, and when.
    pub facts: Vec<(Instant, Fact)>,
    /// What clients sent, while it is recorded.
    pub tape: Option<Vec<(SocketAddr, Vec<u8>)>>,
    /// When time began.
    pub start: Instant,
    /// The time.
    pub now: Instant,
    by_leg: BTreeMap<LegKey, usize>,
    by_address: BTreeMap<SocketAddr, usize>,
    answers: BTreeMap<u64, Result<String, String>>,
    requests: u64,
    /// Muted, held.
    flags: BTreeMap<TrackKey, (bool, bool)>,
}

impl World {
    /// An engine with rooms of these numbers.
    pub fn new(seed: u64, rooms: &[u64]) -> Self {
        let now = Instant::now();
        let address = SocketAddr::from(([192, 0, 2, 1], 7000));
        let host = Host { worker: 0, candidates: vec![HostCandidate { address, tcp: false }] };
        let mut engine = Engine::new();
        for room in rooms {
            let settings = RoomSettings {
                publish_bitrate: None,
                data_bytes: 1 << 16,
                data_bytes_per_second: 1 << 20,
                video_slots: 12,
                audio_slots: 12,
                mix: None,
            };
            engine.handle_order(Order::OpenRoom { room: RoomKey(*room), settings }, now);
        }
        Self {
            engine,
            host,
            factory: Factory::new(),
            clients: Vec::new(),
            network: Network::new(seed),
            facts: Vec::new(),
            tape: None,
            start: now,
            now,
            by_leg: BTreeMap::new(),
            by_address: BTreeMap::new(),
            answers: BTreeMap::new(),
            requests: 0,
            flags: BTreeMap::new(),
        }
    }

    /// The address of the server.
    pub fn server(&self) -> SocketAddr {
        self.host.candidates[0].address
    }

    /// Somebody comes. Every voice of the room goes to it unasked.
    pub fn join(&mut self, join: &Join) -> usize {
        let index = self.clients.len();
        let leg = LegKey(index as u64 + 1);
        let address = SocketAddr::from(([198, 51, (index >> 8) as u8, index as u8], 40_000));
        let (mut client, offer) = Client::new(leg, join, address, self.start, self.now);
        let accepted = self.factory.accept(&self.host, &offer.sdp, self.now).expect("the offer is accepted");
        client.accept(offer.pending, &accepted.answer);
        let profile = LegProfile {
            subscribes: true,
            hears: crosspoint_model::Hears::Tracks,
            sends_data: true,
            ..LegProfile::default()
        };
        let (identity, publish) = (client.identity.clone(), client.published());
        let new = NewLeg { leg, room: join.room, identity, transport: accepted.transport, publish, profile };
        self.by_leg.insert(leg, index);
        self.by_address.insert(address, index);
        self.clients.push(client);
        self.network.add(join.up, join.down, self.now);
        self.order(Order::AddLeg(Box::new(new)));
        index
    }

    /// Somebody goes.
    pub fn leave(&mut self, client: usize) {
        self.clients[client].alive = false;
        self.order(Order::RemoveLeg { leg: self.clients[client].leg });
    }

    /// An order to the engine.
    pub fn order(&mut self, order: Order) {
        if let Order::SetFlags { track, muted, held } = &order {
            self.flags.insert(*track, (*muted, *held));
        }
        self.engine.handle_order(order, self.now);
        self.engine.flush(self.now);
        self.collect();
    }

    /// A viewer asks for the picture of a publisher.
    pub fn watch(&mut self, viewer: usize, publisher: usize, preference: Preference) {
        let track = self.clients[publisher].camera.as_ref().expect("a camera").track;
        let leg = self.clients[viewer].leg;
        self.order(Order::Subscribe { leg, track: TrackKey(track), preference });
    }

    /// A new offer of a client, and its answer. The error is the server's refusal.
    pub fn negotiate(&mut self, client: usize, change: impl FnOnce(&mut SdpApi<'_>)) -> Result<(), String> {
        let Some(offer) = self.clients[client].offer(change) else { return Ok(()) };
        self.requests += 1;
        let (request, leg) = (self.requests, self.clients[client].leg);
        let mut publish = self.clients[client].published();
        for spec in &mut publish {
            (spec.muted, spec.held) = self.flags.get(&spec.track).copied().unwrap_or_default();
        }
        self.order(Order::Negotiate { leg, request, offer: offer.sdp, publish });
        let answer = self.answers.remove(&request).expect("an offer is answered at once")?;
        self.clients[client].accept(offer.pending, &answer);
        Ok(())
    }

    /// A datagram reaches the server right now.
    pub fn inject(&mut self, source: SocketAddr, contents: &[u8]) {
        let (destination, arrival) = (self.server(), self.now);
        self.engine.handle_datagram(&Datagram { tcp: false, source, destination, contents, arrival });
        self.engine.flush(self.now);
        self.collect();
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.work();
            let clients = self.clients.iter().filter_map(Client::deadline);
            let next = clients.chain(self.network.next()).chain(self.engine.poll_timeout()).min().unwrap_or(end);
            self.now = next.max(self.now + STEP).min(end);
        }
    }

    /// Lets so many seconds pass.
    pub fn run_seconds(&mut self, seconds: f64) {
        self.run(Duration::from_secs_f64(seconds));
    }

    /// Lets time pass until something holds; how long that took.
    pub fn run_until(&mut self, what: &str, limit: Duration, mut holds: impl FnMut(&Self) -> bool) -> Duration {
        let begin = self.now;
        while !holds(self) {
            assert!(self.now - begin < limit, "not within {limit:?}: {what}");
            self.run(Duration::from_millis(5));
        }
        self.now - begin
    }

    /// Lets time pass until everybody is connected.
    pub fn connect(&mut self) {
        self.run_until("everybody is connected", Duration::from_secs(20), |world| {
            world.clients.iter().all(|client| client.connected || !client.alive)
        });
    }

    /// Nothing has happened that must not.
    pub fn check(&self) {
        self.engine.check_invariants().expect("the engine is in order");
        for client in &self.clients {
            assert!(
                client.faults.is_empty(),
                "{}: {:?}",
                client.identity,
                &client.faults[..client.faults.len().min(5)]
            );
            for (mid, viewer) in &client.viewers {
                let faults = &viewer.faults;
                assert!(faults.is_empty(), "{} on {mid}: {:?}", client.identity, &faults[..faults.len().min(5)]);
            }
        }
    }

    fn work(&mut self) {
        let now = self.now;
        for index in 0..self.clients.len() {
            if self.clients[index].deadline().is_some_and(|at| at <= now) {
                let datagrams = self.clients[index].handle_timeout(now);
                self.send_up(index, datagrams);
            }
        }
        let destination = self.server();
        let mut reached = false;
        while let Some((way, contents)) = self.network.arrived(now) {
            match way {
                Way::Up(client) => {
                    reached = true;
                    let source = self.clients[client].address;
                    let datagram = Datagram { tcp: false, source, destination, contents: &contents, arrival: now };
                    self.engine.handle_datagram(&datagram);
                }
                Way::Down(client) => {
                    let datagrams = self.clients[client].handle_datagram(destination, &contents, now);
                    self.send_up(client, datagrams);
                }
            }
        }
        if reached {
            self.engine.flush(now);
        }
        if self.engine.poll_timeout().is_some_and(|at| at <= now) {
            self.engine.handle_timeout(now);
        }
        self.collect();
    }

    fn send_up(&mut self, client: usize, datagrams: Vec<Vec<u8>>) {
        for datagram in datagrams {
            if let Some(tape) = &mut self.tape {
                tape.push((self.clients[client].address, datagram.clone()));
            }
            self.network.send(Way::Up(client), datagram, self.now);
        }
    }

    fn collect(&mut self) {
        let (by_address, network, now) = (&self.by_address, &mut self.network, self.now);
        self.engine.drain_transmits(|path, contents| {
            if let Some(client) = by_address.get(&path.destination) {
                network.send(Way::Down(*client), contents.to_vec(), now);
            }
        });
        for fact in self.engine.take_facts() {
            self.hear(&fact);
            self.facts.push((self.now, fact));
        }
    }

    fn hear(&mut self, fact: &Fact) {
        match fact {
            Fact::Slots { leg, slots } => {
                if let Some(client) = self.client_of(*leg) {
                    client.slots.extend(slots.iter().map(|slot| (slot.mid.clone(), slot.clone())));
                }
            }
            Fact::Layers { leg, track, unwanted } => {
                let camera = self.client_of(*leg).and_then(|client| client.camera.as_mut());
                if let Some(camera) = camera.filter(|camera| camera.track == track.0) {
                    camera.stop_unwanted(unwanted);
                }
            }
            Fact::Ended { leg, end } => {
                if let Some(client) = self.client_of(*leg) {
                    client.ended = Some(*end);
                }
            }
            Fact::Answer { request, result, .. } => {
                let result = result.clone().map_err(|refusal| refusal.to_string());
                self.answers.insert(*request, result);
            }
            _ => {}
        }
    }

    fn client_of(&mut self, leg: LegKey) -> Option<&mut Client> {
        self.by_leg.get(&leg).and_then(|index| self.clients.get_mut(*index))
    }
}
