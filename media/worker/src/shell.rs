//! The loop of a worker. Each turn, in this order:
//!
//! 1. orders and new TCP connections,
//! 2. datagrams: batch by batch; what a batch causes is sent before the next is read,
//! 3. what relays carry (`turn/`), some of each socket,
//! 4. timers, and the work on mixes that they began, for [`WORK`] at most,
//! 5. relays to the engines of other workers, one message and one wake-up at most for each of them per turn,
//! 6. facts to the control plane, one call per turn: after the relays, so that what is ordered in consequence comes after them.
//!
//! A turn reads at most [`BATCHES`] batches, so that neither orders nor timers starve under load.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_engine::{Engine, Fact, Relay};
use crosspoint_udp::{Batch, Buffers, Socket};
use crosspoint_webrtc::Datagram;
use mio::{Events, Poll, Token};

use crate::inbox::{Inbox, Mailbox, Message, NewStream};
use crate::streams::Streams;
use crate::traffic::{Board, Traffic};
use crate::turn::{NewLink, TurnSockets};

/// Receive batches (of up to 32 GRO bundles) per turn.
const BATCHES: usize = 4;
/// So long may a turn work on mixes before packets are looked for again.
const WORK: Duration = Duration::from_micros(200);
/// The token of the inbox.
pub(crate) const INBOX: Token = Token(usize::MAX);
/// Tokens below are UDP ports, first those of media, then those of TURN; above are TCP connections.
const FIRST_STREAM: usize = 16;
/// The first port of TURN.
pub(crate) const FIRST_TURN: usize = 8;
/// How often TCP connections that nobody claimed, or that fell silent, are looked for.
const SWEEP: Duration = Duration::from_secs(1);
/// What may wait for a full socket before the oldest is given up: live media older than this is of no use.
const MAX_WAITING: usize = 8 << 20;

/// A UDP socket and the address by which clients know it.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) socket: Socket,
    pub(crate) advertised: SocketAddr,
    pub(crate) batch: Batch,
    readable: bool,
}

impl Port {
    pub(crate) fn new(socket: Socket, advertised: SocketAddr) -> Self {
        let batch = Batch::new(socket.max_segments());
        Self { socket, advertised, batch, readable: true }
    }
}

/// A worker: its engine and its sockets.
pub(crate) struct Shell {
    pub(crate) poll: Poll,
    pub(crate) engine: Engine,
    pub(crate) ports: Vec<Port>,
    streams: Streams,
    /// The relays of TURN, if there are any.
    turn: Option<TurnSockets>,
    /// What all sockets are read with.
    buffers: Buffers,
    mailbox: Mailbox,
    /// Those of all workers, by their numbers.
    inboxes: Vec<Inbox>,
    /// Relays to other workers that were dropped because too many waited there.
    unrelayed: u64,
    facts: Box<dyn Fn(Vec<Fact>) + Send>,
    /// Where others read how much came and went.
    board: Arc<Board>,
    stopping: bool,
    /// When TCP connections were last looked through.
    swept: Instant,
}

impl Shell {
    pub(crate) fn new(
        engine: Engine,
        poll: Poll,
        mut ports: Vec<Port>,
        mailbox: Mailbox,
        facts: Box<dyn Fn(Vec<Fact>) + Send>,
        board: Arc<Board>,
    ) -> io::Result<Self> {
        for (index, port) in ports.iter_mut().enumerate() {
            port.socket.register(poll.registry(), Token(index))?;
        }
        let streams = Streams::new(FIRST_STREAM);
        Ok(Self {
            poll,
            engine,
            ports,
            streams,
            turn: None,
            buffers: Buffers::default(),
            mailbox,
            inboxes: Vec::new(),
            unrelayed: 0,
            facts,
            board,
            stopping: false,
            swept: Instant::now(),
        })
    }

    /// These are the inboxes of all workers, this one's included, by their numbers.
    pub(crate) fn meet(&mut self, inboxes: Vec<Inbox>) {
        self.inboxes = inboxes;
    }

    /// Relays for TURN clients too.
    pub(crate) fn take_turn(&mut self, turn: TurnSockets) {
        self.turn = Some(turn);
    }

    /// Runs until [`Message::Stop`].
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(256);
        while !self.stopping {
            let timeout = self.timeout(Instant::now());
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "a worker stops: polling failed");
                return;
            }
            self.take_messages();
            for event in &events {
                match event.token() {
                    INBOX => {}
                    Token(index) if index < FIRST_TURN => self.ports[index].readable |= event.is_readable(),
                    token => self.ready(token),
                }
            }
            self.read_streams_on();
            self.read_ports();
            self.read_turn();
            self.sweep_streams();
            self.engine.handle_timeout(Instant::now());
            self.work();
            self.send();
            self.relay();
            self.report();
        }
    }

    fn timeout(&self, now: Instant) -> Option<Duration> {
        let turn_has_more = self.turn.as_ref().is_some_and(TurnSockets::has_more);
        let has_more = self.ports.iter().any(|port| port.readable) || self.streams.has_more() || turn_has_more;
        if has_more || self.engine.has_work() {
            return Some(Duration::ZERO);
        }
        let timer = self.engine.poll_timeout().map(|at| at.saturating_duration_since(now));
        // What a full socket left behind is tried again soon even if readiness was missed.
        let retry = self.ports.iter().any(|port| !port.batch.is_empty()).then_some(Duration::from_millis(1));
        let sweep = (!self.streams.is_empty()).then_some(SWEEP);
        let turn = self.turn.as_ref().and_then(|turn| turn.timeout(now));
        [timer, retry, sweep, turn].into_iter().flatten().min()
    }

    fn take_messages(&mut self) {
        let messages: Vec<Message> = self.mailbox.drain().collect();
        if messages.is_empty() {
            return;
        }
        let now = Instant::now();
        for message in messages {
            match message {
                Message::Order(order) => self.engine.handle_order(order, now),
                Message::Stream(stream) => self.add_stream(stream),
                Message::Link(link) => self.add_link(*link),
                Message::Relays(relays) => {
                    relays.into_iter().for_each(|relay| self.engine.handle_relay(relay, now));
                }
                Message::Stop => {
                    self.engine.close_all(now);
                    self.stopping = true;
                }
            }
        }
        self.engine.flush(now);
        self.send();
    }

    fn add_stream(&mut self, stream: NewStream) {
        let (engine, arrival) = (&mut self.engine, Instant::now());
        self.streams.add(stream, self.poll.registry(), arrival, |source, destination, contents: &[u8]| {
            engine.handle_datagram(&Datagram { tcp: true, source, destination, contents, arrival })
        });
    }

    fn add_link(&mut self, link: NewLink) {
        if let Some(turn) = &mut self.turn {
            turn.add_link(link, self.poll.registry());
        }
    }

    fn ready(&mut self, token: Token) {
        match &mut self.turn {
            Some(turn) if token.0 < FIRST_STREAM => turn.port_ready(token.0 - FIRST_TURN),
            Some(turn) if TurnSockets::owns(token) => turn.ready(token),
            _ => self.read_stream(token),
        }
    }

    fn read_turn(&mut self) {
        if let Some(turn) = &mut self.turn {
            turn.read(&mut self.buffers, self.poll.registry());
            turn.handle_timeout(Instant::now());
        }
    }

    fn read_streams_on(&mut self) {
        if !self.streams.has_more() {
            return;
        }
        let (engine, arrival) = (&mut self.engine, Instant::now());
        self.streams.read_on(arrival, |source, destination, contents: &[u8]| {
            engine.handle_datagram(&Datagram { tcp: true, source, destination, contents, arrival })
        });
        self.engine.flush(arrival);
        self.send();
    }

    fn sweep_streams(&mut self) {
        let now = Instant::now();
        if now.saturating_duration_since(self.swept) >= SWEEP {
            self.swept = now;
            self.streams.sweep(now);
        }
    }

    fn read_stream(&mut self, token: Token) {
        let engine = &mut self.engine;
        let arrival = Instant::now();
        self.streams.ready(token, arrival, |source, destination, contents: &[u8]| {
            engine.handle_datagram(&Datagram { tcp: true, source, destination, contents, arrival })
        });
        self.engine.flush(arrival);
        self.send();
    }

    fn read_ports(&mut self) {
        for index in 0..self.ports.len() {
            for _ in 0..BATCHES {
                if !self.ports[index].readable {
                    break;
                }
                self.read_batch(index);
            }
        }
    }

    fn read_batch(&mut self, index: usize) {
        let engine = &mut self.engine;
        let port = &mut self.ports[index];
        let destination = port.advertised;
        let take = |datagram: crosspoint_udp::Received<'_>, arrival| {
            let (source, contents) = (datagram.source, datagram.contents);
            engine.handle_datagram(&Datagram { tcp: false, source, destination, contents, arrival });
        };
        match port.socket.receive(&mut self.buffers, take, Instant::now) {
            Ok(more) => {
                port.readable = more;
                self.engine.flush(Instant::now());
                self.send();
            }
            Err(error) => {
                // The socket is tried again with the next arrival.
                port.readable = false;
                tracing::debug!(%error, "receiving");
            }
        }
    }

    /// Mixes, but not for long: packets that come in meanwhile are not to wait.
    fn work(&mut self) {
        if !self.engine.has_work() {
            return;
        }
        let begin = Instant::now();
        let mut now = begin;
        while self.engine.has_work() && now.saturating_duration_since(begin) < WORK {
            self.engine.work(now);
            now = Instant::now();
        }
        self.engine.flush(now);
    }

    fn send(&mut self) {
        let (streams, ports) = (&mut self.streams, &mut self.ports);
        self.engine.drain_transmits(|path, contents| {
            if path.tcp {
                streams.send(path.destination, contents);
            } else if let Some(port) = ports.iter_mut().find(|port| port.advertised == path.source) {
                port.batch.push(path.destination, contents);
            }
        });
        for port in &mut self.ports {
            port.socket.flush(&mut port.batch, MAX_WAITING);
        }
    }

    /// Gives the engines of other workers what this one has for them.
    fn relay(&mut self) {
        let relays = self.engine.take_relays();
        if relays.is_empty() {
            return;
        }
        let mut batches: Vec<Vec<Relay>> = Vec::new();
        batches.resize_with(self.inboxes.len(), Vec::new);
        for (worker, relay) in relays {
            if let Some(batch) = batches.get_mut(worker) {
                batch.push(relay);
            }
        }
        for (inbox, batch) in self.inboxes.iter().zip(batches).filter(|(_, batch)| !batch.is_empty()) {
            self.unrelayed += inbox.relay(batch);
        }
    }

    /// What came and went since the start.
    fn traffic(&self) -> Traffic {
        let counters = self.engine.counters();
        let sum = |figure: fn(&Socket) -> u64| self.ports.iter().map(|port| figure(&port.socket)).sum::<u64>();
        Traffic {
            received: counters.received,
            sent: sum(|socket| socket.sent) + self.streams.sent,
            dropped: sum(|socket| socket.dropped) + self.streams.dropped,
            strangers: counters.strangers,
            forged: counters.forged,
            oversized: counters.oversized,
            unrelayed: self.unrelayed,
        }
    }

    fn report(&mut self) {
        self.board.write(&self.traffic());
        if let Some(turn) = &self.turn {
            self.board.write_turn(&turn.counters());
        }
        let facts = self.engine.take_facts();
        if !facts.is_empty() {
            (self.facts)(facts);
        }
    }
}
