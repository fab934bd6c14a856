//! The server's own path: an engine with one publisher and fifty viewers, whose clients are str0m connections in memory. Time is
//! simulated; what the engine and the sending socket take is real.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use crosspoint_bench::media::payload::Stamp;
use crosspoint_bench::media::peer::connection;
use crosspoint_bench::media::publisher::{Publisher, Shape};
use crosspoint_engine::{Engine, LegProfile, NewLeg, Order, RoomSettings, TrackSpec};
use crosspoint_model::{Identity, LegKey, MediaKind, Preference, RoomKey, Source, TrackKey};
use crosspoint_udp::{Batch, Socket};
use crosspoint_webrtc::{Datagram, Factory, Host, HostCandidate, Path};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind as Kind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Event, Input, Output, Rtc};

use super::{SUBSCRIBERS, median};

const ROOM: RoomKey = RoomKey(1);
const VIDEO: TrackKey = TrackKey(1);
const STEP: Duration = Duration::from_millis(5);
const WARM_UP: Duration = Duration::from_secs(4);
const MEASURED: Duration = Duration::from_secs(12);

/// Microseconds per outgoing packet.
pub struct Cost {
    /// In the engine: from datagrams in to datagrams out.
    pub engine: f64,
    /// In the socket.
    pub sending: f64,
    /// Share of the packets that the viewers got.
    pub delivered: f64,
}

/// Runs one publisher, `burst` video packets at a time.
pub fn per_packet(burst: usize) -> Result<Cost> {
    let mut world = World::new()?;
    world.connect()?;
    world.publish(burst);
    world.run(WARM_UP)?;
    let (mut engine, mut sending) = (Vec::new(), Vec::new());
    (world.sent, world.received) = (0, 0);
    let end = world.now + MEASURED;
    while world.now < end {
        let before = world.sent;
        (world.in_engine, world.in_socket) = (Duration::ZERO, Duration::ZERO);
        // A fifth of a second holds several frames and every report that they cause.
        world.run(Duration::from_millis(200))?;
        let packets = ((world.sent - before) * SUBSCRIBERS) as f64;
        engine.push(world.in_engine.as_secs_f64() * 1e6 / packets);
        sending.push(world.in_socket.as_secs_f64() * 1e6 / packets);
    }
    let delivered = world.received as f64 / (world.sent * SUBSCRIBERS) as f64;
    Ok(Cost { engine: median(engine), sending: median(sending), delivered })
}

struct Client {
    rtc: Rtc,
    address: SocketAddr,
    /// Takes what the server sends and is never read: what does not fit, the kernel drops.
    _socket: UdpSocket,
    connected: bool,
    deadline: Instant,
}

struct World {
    engine: Engine,
    socket: Socket,
    batch: Batch,
    server: SocketAddr,
    /// The publisher is the first.
    clients: Vec<Client>,
    by_address: HashMap<SocketAddr, usize>,
    publisher: Option<Publisher>,
    lines: (Mid, Mid),
    now: Instant,
    in_engine: Duration,
    in_socket: Duration,
    sent: usize,
    received: usize,
}

impl World {
    fn new() -> Result<Self> {
        let now = Instant::now();
        let socket = Socket::bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
        let (server, batch) = (socket.local(), Batch::new(socket.max_segments()));
        let mut engine = Engine::new();
        let settings = RoomSettings {
            publish_bitrate: None,
            data_bytes: 1 << 16,
            data_bytes_per_second: 1 << 19,
            video_slots: 12,
            audio_slots: 12,
            mix: None,
        };
        engine.handle_order(Order::OpenRoom { room: ROOM, settings }, now);
        let lines = (Mid::from("0"), Mid::from("1"));
        let (in_engine, in_socket) = (Duration::ZERO, Duration::ZERO);
        let (clients, by_address, publisher) = (Vec::new(), HashMap::new(), None);
        let (sent, received) = (0, 0);
        let mut world = Self {
            engine,
            socket,
            batch,
            server,
            clients,
            by_address,
            publisher,
            lines,
            now,
            in_engine,
            in_socket,
            sent,
            received,
        };
        let candidates = vec![HostCandidate { address: server, tcp: false }];
        let (factory, host) = (Factory::new(), Host { worker: 0, candidates });
        for index in 0..=SUBSCRIBERS {
            world.join(&factory, &host, index)?;
        }
        Ok(world)
    }

    /// A client comes in with an offer; the first publishes, the others view.
    fn join(&mut self, factory: &Factory, host: &Host, index: usize) -> Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        let address = socket.local_addr()?;
        let mut rtc = connection(address, self.now)?;
        let publishes = index == 0;
        let direction = if publishes { Direction::SendOnly } else { Direction::RecvOnly };
        let mut changes = rtc.sdp_api();
        let audio = changes.add_media(Kind::Audio, direction, None, None, None);
        let video = changes.add_media(Kind::Video, direction, None, None, None);
        let (offer, pending) = changes.apply().context("an offer")?;
        let accepted = factory.accept(host, &offer.to_sdp_string(), self.now)?;
        rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&accepted.answer)?)?;
        let leg = LegKey(index as u64);
        let track = |track, mid: Mid, kind, source| TrackSpec {
            track,
            mid: mid.to_string(),
            kind,
            source,
            muted: false,
            held: false,
            width: 640,
            height: 480,
        };
        let publish = if publishes {
            self.lines = (audio, video);
            vec![
                track(TrackKey(2), audio, MediaKind::Audio, Source::Microphone),
                track(VIDEO, video, MediaKind::Video, Source::Camera),
            ]
        } else {
            Vec::new()
        };
        let profile = LegProfile { subscribes: true, hears: crosspoint_model::Hears::Tracks, ..LegProfile::default() };
        let identity = Identity::parse(&format!("client-{index}"))?;
        let new = NewLeg { leg, room: ROOM, identity, transport: accepted.transport, publish, profile };
        self.engine.handle_order(Order::AddLeg(Box::new(new)), self.now);
        if !publishes {
            let preference = Preference { width: Some(640), height: Some(480), ..Preference::default() };
            self.engine.handle_order(Order::Subscribe { leg, track: VIDEO, preference }, self.now);
        }
        self.by_address.insert(address, index);
        self.clients.push(Client { rtc, address, _socket: socket, connected: false, deadline: self.now });
        Ok(())
    }

    fn connect(&mut self) -> Result<()> {
        let end = self.now + Duration::from_secs(10);
        while !self.clients.iter().all(|client| client.connected) {
            ensure!(self.now < end, "the clients do not connect");
            self.run(STEP)?;
        }
        Ok(())
    }

    fn publish(&mut self, burst: usize) {
        let shape = Shape { burst: burst as u32 };
        self.publisher = Some(Publisher::new(0, Some(self.lines.0), Some(self.lines.1), shape, self.now));
    }

    /// Lets time pass: everybody's timers, and all that they cause.
    fn run(&mut self, span: Duration) -> Result<()> {
        let end = self.now + span;
        while self.now < end {
            self.publish_due()?;
            for index in 0..self.clients.len() {
                if self.clients[index].deadline <= self.now {
                    let now = self.now;
                    self.clients[index].rtc.handle_input(Input::Timeout(now))?;
                    self.drain_client(index)?;
                }
            }
            if self.engine.poll_timeout().is_some_and(|at| at <= self.now) {
                let now = self.now;
                self.in_engine(|engine| engine.handle_timeout(now))?;
            }
            let due = self.publisher.as_ref().and_then(Publisher::due);
            let clients = self.clients.iter().map(|client| client.deadline).min();
            let next = self.engine.poll_timeout().into_iter().chain(due).chain(clients).min().unwrap_or(end);
            self.now = next.max(self.now + Duration::from_micros(100)).min(end);
        }
        Ok(())
    }

    /// The publisher's packets of this moment reach the engine in one batch.
    fn publish_due(&mut self) -> Result<()> {
        let Some(mut publisher) = self.publisher.take() else { return Ok(()) };
        let now = self.now;
        let mut datagrams = Vec::new();
        while publisher.write(&mut self.clients[0].rtc, now).is_some() {
            self.sent += 1;
            self.clients[0].rtc.handle_input(Input::Timeout(now))?;
            datagrams.extend(self.drain(0)?);
        }
        self.publisher = Some(publisher);
        self.give_engine(0, &datagrams)
    }

    fn drain_client(&mut self, index: usize) -> Result<()> {
        let datagrams = self.drain(index)?;
        self.give_engine(index, &datagrams)
    }

    fn give_engine(&mut self, index: usize, datagrams: &[Vec<u8>]) -> Result<()> {
        if datagrams.is_empty() {
            return Ok(());
        }
        let (source, destination, arrival) = (self.clients[index].address, self.server, self.now);
        self.in_engine(|engine| {
            for contents in datagrams {
                engine.handle_datagram(&Datagram { tcp: false, source, destination, contents, arrival });
            }
            engine.flush(arrival);
        })
    }

    /// What the engine does, timed; then what it sends, timed; then the clients get it, which is not.
    fn in_engine(&mut self, work: impl FnOnce(&mut Engine)) -> Result<()> {
        let began = Instant::now();
        work(&mut self.engine);
        self.in_engine += began.elapsed();
        self.engine.take_facts();
        let (mut transmits, batch) = (Vec::new(), &mut self.batch);
        self.engine.drain_transmits(|path, contents| transmits.push((path, contents.to_vec())));
        let began = Instant::now();
        for (path, contents) in &transmits {
            batch.push(path.destination, contents);
        }
        if !self.socket.send(&mut self.batch) {
            self.batch.clear();
        }
        self.in_socket += began.elapsed();
        self.deliver(transmits)
    }

    fn deliver(&mut self, transmits: Vec<(Path, Vec<u8>)>) -> Result<()> {
        let mut answers = Vec::new();
        for (path, contents) in transmits {
            let Some(&index) = self.by_address.get(&path.destination) else { continue };
            let receive = Receive::new(Protocol::Udp, path.source, path.destination, &contents)?;
            let now = self.now;
            self.clients[index].rtc.handle_input(Input::Receive(now, receive))?;
            answers.push((index, self.drain(index)?));
        }
        for (index, datagrams) in answers {
            self.give_engine(index, &datagrams)?;
        }
        Ok(())
    }

    fn drain(&mut self, index: usize) -> Result<Vec<Vec<u8>>> {
        let client = &mut self.clients[index];
        let mut datagrams = Vec::new();
        loop {
            match client.rtc.poll_output()? {
                Output::Transmit(transmit) => datagrams.push(transmit.contents.to_vec()),
                Output::Event(Event::Connected) => client.connected = true,
                Output::Event(Event::RtpPacket(packet)) => {
                    self.received += usize::from(Stamp::read(&packet.payload).is_some());
                }
                Output::Event(_) => {}
                Output::Timeout(deadline) => {
                    client.deadline = deadline;
                    return Ok(datagrams);
                }
            }
        }
    }
}
