//! The engine, the network, the clients, and time.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_engine::{Engine, Fact, LegProfile, MixSpec, NewLeg, NewPcm, Order, PcmVoice, Relay, RoomSettings};
use crosspoint_mixer::pcm_line;
use crosspoint_model::VoiceSettings;
use crosspoint_model::{Bus, Hears, Identity, LegKey, Listening, MixSettings, Preference, RoomKey, Source, TrackKey};
use crosspoint_webrtc::{Datagram, Factory, Host, HostCandidate};
use str0m::change::SdpApi;

use crate::client::{Client, Join};
use crate::network::{Network, Way};
use crate::service::Service;

/// Time passes in steps of at least this.
const STEP: Duration = Duration::from_micros(250);

/// The tracks that are mixes of rooms begin here.
const FIRST_MIX: u64 = 1 << 40;
/// The legs of services begin here.
const FIRST_SERVICE: u64 = 1 << 20;

/// All there is.
#[derive(Debug)]
pub struct World {
    /// The server's first worker.
    pub engine: Engine,
    /// Its other workers.
    pub others: Vec<Engine>,
    /// The workers as clients are told of them.
    pub hosts: Vec<Host>,
    /// How long a relay from one worker to another takes.
    pub hop: Duration,
    /// Builds its connections.
    pub factory: Factory,
    /// Everybody who ever came, in order. Those who left are not alive.
    pub clients: Vec<Client>,
    /// Those of plain sound who ever came.
    pub services: Vec<Service>,
    /// Jobs that the workers' mixers had.
    pub jobs: u64,
    /// Times that a worker's engine was called because it wanted to be.
    pub timeouts: u64,
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
    /// The worker of each room.
    rooms: BTreeMap<RoomKey, usize>,
    /// What is on its way from worker to worker, and when it is there.
    relays: VecDeque<(Instant, usize, Relay)>,
}

impl World {
    /// One worker with rooms of these numbers.
    pub fn new(seed: u64, rooms: &[u64]) -> Self {
        Self::with_workers(seed, &[rooms])
    }

    /// So many workers, each with rooms of these numbers.
    pub fn with_workers(seed: u64, rooms: &[&[u64]]) -> Self {
        let now = Instant::now();
        let host = |worker| {
            let address = SocketAddr::from(([192, 0, 2, 1], 7000 + worker));
            Host { worker, candidates: vec![HostCandidate { address, tcp: false }] }
        };
        let mut world = Self {
            engine: Engine::new(),
            others: (1..rooms.len()).map(Engine::of_worker).collect(),
            hosts: (0..rooms.len() as u16).map(host).collect(),
            hop: Duration::from_millis(1),
            factory: Factory::new(),
            clients: Vec::new(),
            services: Vec::new(),
            jobs: 0,
            timeouts: 0,
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
            rooms: BTreeMap::new(),
            relays: VecDeque::new(),
        };
        for (worker, rooms) in rooms.iter().enumerate() {
            rooms.iter().for_each(|room| world.open_room(worker, RoomKey(*room)));
        }
        world
    }

    fn open_room(&mut self, worker: usize, room: RoomKey) {
        let settings = RoomSettings {
            publish_bitrate: None,
            data_bytes: 1 << 16,
            data_bytes_per_second: 1 << 20,
            video_slots: 12,
            audio_slots: 12,
            mix: None,
        };
        self.rooms.insert(room, worker);
        self.order_at(worker, Order::OpenRoom { room, settings });
    }

    /// A room mixes from now on.
    pub fn mix(&mut self, room: u64, settings: MixSettings) {
        let mix = Some(MixSpec { track: TrackKey(FIRST_MIX + room), settings });
        self.order(Order::SetMix { room: RoomKey(room), mix });
    }

    /// The track that is the mix of a room.
    pub fn mix_of(&self, room: u64) -> TrackKey {
        TrackKey(FIRST_MIX + room)
    }

    /// The address of a worker.
    pub fn server(&self, worker: usize) -> SocketAddr {
        self.hosts[worker].candidates[0].address
    }

    /// All workers.
    pub fn engines(&self) -> impl Iterator<Item = &Engine> {
        std::iter::once(&self.engine).chain(&self.others)
    }

    /// A worker.
    pub fn engine_mut(&mut self, worker: usize) -> &mut Engine {
        if worker == 0 { &mut self.engine } else { &mut self.others[worker - 1] }
    }

    /// Somebody comes.
    pub fn join(&mut self, join: &Join) -> usize {
        let index = self.clients.len();
        let leg = LegKey(index as u64 + 1);
        let address = SocketAddr::from(([198, 51, (index >> 8) as u8, index as u8], 40_000));
        let (mut client, offer) = Client::new(leg, join, address, self.start, self.now);
        client.home = self.rooms[&join.room];
        let accepted = self.factory.accept(&self.hosts[client.home], &offer.sdp, self.now);
        let accepted = accepted.expect("the offer is accepted");
        client.accept(offer.pending, &accepted.answer);
        let profile = LegProfile { subscribes: true, hears: join.hears, sends_data: true, ..LegProfile::default() };
        let (identity, publish) = (client.identity.clone(), client.published());
        let new = NewLeg { leg, room: join.room, identity, transport: accepted.transport, publish, profile };
        self.by_leg.insert(leg, index);
        self.by_address.insert(address, index);
        self.clients.push(client);
        self.network.add(join.up, join.down, self.now);
        self.order(Order::AddLeg(Box::new(new)));
        index
    }

    /// A service comes that says a tone and hears the programme.
    pub fn serve(&mut self, room: u64, tone: usize) -> usize {
        let (index, room) = (self.services.len(), RoomKey(room));
        let leg = LegKey(FIRST_SERVICE + index as u64);
        let (line, reader, writer) = pcm_line();
        let service = Service::new(leg, room, tone, (reader, writer), self.now);
        let (muted, held, settings) = (false, false, VoiceSettings::default());
        let speaks =
            PcmVoice { track: service.track, source: Source::Other, bus: Bus::Programme, muted, held, settings };
        let identity = Identity::parse(&format!("service-{index}")).expect("a name");
        let new = NewPcm { leg, room, identity, line, hears: Some(Bus::Programme), speaks: Some(speaks) };
        self.services.push(service);
        self.order(Order::AddPcm(Box::new(new)));
        index
    }

    /// Takes a service to another room, wherever that is.
    pub fn move_service(&mut self, service: usize, room: u64) {
        let room = RoomKey(room);
        let leg = self.services[service].leg;
        self.order(Order::MoveLeg { leg, to: room, worker: self.rooms[&room] });
        self.services[service].room = room;
    }

    /// What somebody hears from now on.
    pub fn listen(&mut self, client: usize, hears: Hears) {
        let leg = self.clients[client].leg;
        self.order(Order::Listen { leg, listening: Listening { hears, pre_fade: None } });
    }

    /// Somebody goes.
    pub fn leave(&mut self, client: usize) {
        self.clients[client].alive = false;
        self.order(Order::RemoveLeg { leg: self.clients[client].leg });
    }

    /// An order to the worker that it is for: the room's, or the home of the leg or track.
    pub fn order(&mut self, order: Order) {
        if let Order::SetFlags { track, muted, held } = &order {
            self.flags.insert(*track, (*muted, *held));
        }
        let worker = self.worker_for(&order);
        self.order_at(worker, order);
    }

    /// Takes a client to another room, wherever that is.
    pub fn move_to(&mut self, client: usize, room: RoomKey) {
        let leg = self.clients[client].leg;
        self.order(Order::MoveLeg { leg, to: room, worker: self.rooms[&room] });
    }

    /// Is a room on another worker than a client's connection?
    pub fn is_away(&self, client: usize, room: RoomKey) -> bool {
        self.rooms[&room] != self.clients[client].home
    }

    fn order_at(&mut self, worker: usize, order: Order) {
        let now = self.now;
        let engine = self.engine_mut(worker);
        engine.handle_order(order, now);
        engine.flush(now);
        self.collect();
    }

    fn worker_for(&self, order: &Order) -> usize {
        // A service has no home but its room's worker.
        let served = |leg: &LegKey| self.services.iter().find(|service| service.leg == *leg);
        let home = |leg: &LegKey| match self.by_leg.get(leg) {
            Some(client) => self.clients[*client].home,
            None => served(leg).map_or(0, |service| self.rooms[&service.room]),
        };
        match order {
            Order::OpenRoom { room, .. }
            | Order::CloseRoom { room }
            | Order::SetMix { room, .. }
            | Order::WatchLevels { room, .. } => self.rooms[room],
            Order::AddPcm(new) => self.rooms[&new.room],
            Order::AddLeg(new) => self.rooms[&new.room],
            Order::Negotiate { leg, .. }
            | Order::AddCandidate { leg, .. }
            | Order::RemoveLeg { leg }
            | Order::MoveLeg { leg, .. }
            | Order::Subscribe { leg, .. }
            | Order::Unsubscribe { leg, .. }
            | Order::Prefer { leg, .. }
            | Order::SendData { leg, .. }
            | Order::SetVoice { leg, .. }
            | Order::Listen { leg, .. }
            | Order::Talk { leg, .. }
            | Order::Fault { leg, .. } => home(leg),
            Order::SetFlags { track, .. } => {
                let owner = self.clients.iter().find(|client| client.published().iter().any(|s| s.track == *track));
                let service = || self.services.iter().find(|service| service.track == *track);
                owner.map_or_else(|| service().map_or(0, |service| self.rooms[&service.room]), |client| client.home)
            }
            Order::Report { .. } => 0,
        }
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
        let (destination, arrival) = (self.server(0), self.now);
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
            let engines = self.engines().filter_map(Engine::poll_timeout);
            let relays = self.relays.front().map(|(at, ..)| *at);
            let next = clients.chain(engines).chain(relays).chain(self.network.next());
            let services = self.services.iter().map(Service::due);
            let next = next.chain(services).min().unwrap_or(end);
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
        self.engines().for_each(|engine| engine.check_invariants().expect("the engine is in order"));
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
        while let Some((way, contents)) = self.network.arrived(now) {
            match way {
                Way::Up(client) => {
                    let Client { address: source, home, .. } = self.clients[client];
                    let destination = self.server(home);
                    let datagram = Datagram { tcp: false, source, destination, contents: &contents, arrival: now };
                    self.engine_mut(home).handle_datagram(&datagram);
                }
                Way::Down(client) => {
                    let destination = self.server(self.clients[client].home);
                    let datagrams = self.clients[client].handle_datagram(destination, &contents, now);
                    self.send_up(client, datagrams);
                }
            }
        }
        self.services.iter_mut().for_each(|service| service.work(now));
        while let Some((_, worker, relay)) = self.relays.pop_front_if(|(at, ..)| *at <= now) {
            self.engine_mut(worker).handle_relay(relay, now);
        }
        for worker in 0..self.hosts.len() {
            let mut timeouts = 0;
            let engine = self.engine_mut(worker);
            engine.flush(now);
            if engine.poll_timeout().is_some_and(|at| at <= now) {
                engine.handle_timeout(now);
                timeouts += 1;
            }
            let mut jobs = 0;
            while engine.has_work() {
                engine.work(now);
                jobs += 1;
            }
            engine.flush(now);
            self.jobs += jobs;
            self.timeouts += timeouts;
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
        let mut facts = Vec::new();
        for engine in std::iter::once(&mut self.engine).chain(&mut self.others) {
            engine.drain_transmits(|path, contents| {
                if let Some(client) = by_address.get(&path.destination) {
                    network.send(Way::Down(*client), contents.to_vec(), now);
                }
            });
            let relays = engine.take_relays().into_iter();
            self.relays.extend(relays.map(|(worker, relay)| (now + self.hop, worker, relay)));
            facts.extend(engine.take_facts());
        }
        for fact in facts {
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
