//! One client connection: a str0m `Rtc`, its own UDP socket (a server tells clients apart by address), its publisher if it
//! has one, and what it received.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use crosspoint_model::MediaKind;
use mio::net::UdpSocket;
use quinn_udp::{BATCH_SIZE, RecvMeta, UdpSockRef, UdpSocketState};
use str0m::media::Mid;
use str0m::net::{Protocol, Receive, Transmit};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use super::crypto;
use super::ear::{Ear, Mark};
use super::payload::{self, Stamp};
use super::publisher::{Publisher, Written};
use super::tally::{Count, Hearing, Latencies, Timeline};

/// A connection whose signalling is not done yet: it belongs to the control side, which gives it to the driver afterwards.
pub struct Seed {
    /// The connection.
    pub rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
}

impl Seed {
    /// A fresh connection with a socket on `address`, which is its only candidate.
    pub fn new(address: IpAddr) -> Result<Self> {
        let socket = std::net::UdpSocket::bind((address, 0)).context("bind a client's socket")?;
        socket.set_nonblocking(true)?;
        // A burst to several hundred clients must wait in the sockets, not be lost there.
        socket2::SockRef::from(&socket).set_recv_buffer_size(1 << 20)?;
        let local = socket.local_addr()?;
        let rtc = connection(local, Instant::now())?;
        Ok(Self { rtc, socket: UdpSocket::from_std(socket), local })
    }
}

/// A client's connection: RTP mode, Opus and VP8, `local` as its only candidate.
pub fn connection(local: SocketAddr, now: Instant) -> Result<Rtc> {
    let (provider, certificate) = crypto::shared();
    let mut rtc = RtcConfig::new()
        .set_rtp_mode(true)
        .set_crypto_provider(provider.clone())
        .set_dtls_cert(certificate.clone())
        .set_stats_interval(None)
        .clear_codecs()
        .enable_opus(true, false)
        .enable_vp8(true)
        .set_send_buffer_video(256)
        .build(now);
    rtc.add_local_candidate(Candidate::host(local, Protocol::Udp)?);
    Ok(rtc)
}

/// A client that the driver drives.
pub struct Peer {
    rtc: Rtc,
    pub(super) socket: UdpSocket,
    udp: UdpSocketState,
    local: SocketAddr,
    publisher: Option<Publisher>,
    deadline: Instant,
    connected: bool,
    /// The latest moment that the connection was told. It never goes back.
    clock: Instant,
    /// When what happened.
    pub timeline: Timeline,
    /// What its publisher sent in the window.
    pub sent: Count,
    /// What arrived that was sent in the window.
    pub received: Count,
    seat: Option<Seat>,
}

/// Where a client of a mixed room sits.
#[derive(Debug)]
pub struct Seat {
    /// In which room.
    pub room: u32,
    /// Its own number, by which its marks are known.
    pub client: u32,
    /// Somebody else speaks there, so that packets must come.
    pub hears: bool,
    /// With it the client listens closely.
    pub ear: Option<Ear>,
    /// Packets that it sent in the window.
    pub sent: u64,
    /// Packets that came in the window.
    pub received: u64,
}

/// What all peers of a driver count into.
pub struct Ledger {
    /// Packets stamped from the first to before the second (ns since 1970) are counted.
    pub window: (u64, u64),
    /// Latency of the packets in the window.
    pub latencies: Latencies,
    /// The marks that talkers made.
    pub marks: Vec<Mark>,
}

/// The buffers of a batch read, shared by all peers of a driver.
pub struct Inbox {
    bytes: Vec<u8>,
    meta: [RecvMeta; BATCH_SIZE],
}

const SLOT: usize = 1 << 16;

impl Default for Inbox {
    fn default() -> Self {
        Self { bytes: vec![0; SLOT * BATCH_SIZE], meta: [RecvMeta::default(); BATCH_SIZE] }
    }
}

impl Peer {
    /// Takes over a connection whose answer is applied. `started` is when its join began, in nanoseconds since 1970.
    pub fn new(seed: Seed, publisher: Option<Publisher>, started: u64) -> Result<Self> {
        let Seed { rtc, socket, local } = seed;
        let udp = UdpSocketState::new(UdpSockRef::from(&socket)).context("prepare a client's socket")?;
        let timeline = Timeline { started, ..Timeline::default() };
        let deadline = Instant::now();
        let clock = deadline;
        let (sent, received) = (Count::default(), Count::default());
        let (connected, seat) = (false, None);
        Ok(Self { rtc, socket, udp, local, publisher, deadline, connected, clock, timeline, sent, received, seat })
    }

    /// It sits in a mixed room: what it sends and receives has no stamps.
    pub fn seated(mut self, seat: Seat) -> Self {
        self.seat = Some(seat);
        self
    }

    /// What came of its mixed room.
    pub fn hearing(&self, ledger: &Ledger) -> Hearing {
        let Some(seat) = &self.seat else { return Hearing::default() };
        let mut hearing = Hearing { sent: seat.sent, received: seat.received, ..Hearing::default() };
        if let Some(ear) = &seat.ear {
            let others = ledger.marks.iter().filter(|mark| mark.room == seat.room && mark.client != seat.client);
            let counted = others.filter(|mark| (ledger.window.0..ledger.window.1).contains(&mark.at_ns));
            let delays = ear.delays(counted.map(|mark| mark.at_ns));
            hearing.missed = delays.iter().filter(|delay| delay.is_none()).count() as u64;
            hearing.delays = delays.into_iter().flatten().collect();
        }
        hearing
    }

    /// When [`Peer::handle_timeout`] is wanted next.
    pub fn deadline(&self) -> Instant {
        match &self.publisher {
            Some(publisher) if self.connected => publisher.due().map_or(self.deadline, |due| due.min(self.deadline)),
            _ => self.deadline,
        }
    }

    /// Is the connection over?
    pub fn is_over(&self) -> bool {
        !self.rtc.is_alive()
    }

    /// Sends what is due.
    pub fn handle_timeout(&mut self, now: Instant, ledger: &mut Ledger) -> Result<()> {
        self.clock = self.clock.max(now);
        let mut publisher = self.publisher.take();
        let outcome = self.publish(now, ledger, publisher.as_mut());
        self.publisher = publisher;
        outcome
    }

    fn publish(&mut self, now: Instant, ledger: &mut Ledger, mut publisher: Option<&mut Publisher>) -> Result<()> {
        if self.connected
            && let Some(publisher) = publisher.as_deref_mut()
        {
            // One packet at a time, so that its stamp is taken right before it leaves.
            while let Some(written) = publisher.write(&mut self.rtc, now) {
                self.written(written, ledger);
                self.rtc.handle_input(Input::Timeout(now))?;
                self.drain(0, ledger, Some(publisher))?;
            }
        }
        self.rtc.handle_input(Input::Timeout(now))?;
        self.drain(0, ledger, publisher)
    }

    /// Reads the socket until it is empty.
    pub fn handle_readable(&mut self, inbox: &mut Inbox, ledger: &mut Ledger) -> Result<()> {
        loop {
            let Inbox { bytes, meta } = inbox;
            let mut slots = bytes.chunks_exact_mut(SLOT).map(IoSliceMut::new).collect::<Vec<_>>();
            let read = match self.udp.recv(UdpSockRef::from(&self.socket), &mut slots, meta) {
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                // A server that is gone answers with ICMP; the connection notices by itself.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error).context("read a client's socket"),
            };
            for (slot, meta) in inbox.bytes.chunks_exact(SLOT).zip(&inbox.meta).take(read) {
                let arrived = meta.timestamp.map_or_else(payload::wall_ns, |at| at.as_nanos() as u64);
                for datagram in slot[..meta.len.min(SLOT)].chunks(meta.stride.max(1)) {
                    self.handle_datagram(datagram, meta.addr, arrived, ledger)?;
                }
            }
        }
    }

    fn handle_datagram(&mut self, datagram: &[u8], from: SocketAddr, arrived: u64, ledger: &mut Ledger) -> Result<()> {
        let Ok(receive) = Receive::new(Protocol::Udp, from, self.local, datagram) else { return Ok(()) };
        let now = self.moment(arrived);
        self.rtc.handle_input(Input::Receive(now, receive))?;
        let mut publisher = self.publisher.take();
        let result = self.drain(arrived, ledger, publisher.as_mut());
        self.publisher = publisher;
        result
    }

    /// When the kernel took the packet, as the connection's clock has it. That is what the reports to the server are made of: the
    /// server shall not take the generator's own queue for congestion.
    fn moment(&mut self, arrived: u64) -> Instant {
        let waited = Duration::from_nanos(payload::wall_ns().saturating_sub(arrived));
        let moment = Instant::now().checked_sub(waited).unwrap_or(self.clock);
        self.clock = self.clock.max(moment);
        self.clock
    }

    fn drain(&mut self, arrived: u64, ledger: &mut Ledger, mut publisher: Option<&mut Publisher>) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Transmit(transmit) => self.transmit(&transmit),
                Output::Event(Event::RtpPacket(packet)) => self.received(&packet, arrived, ledger),
                Output::Event(Event::Connected) => {
                    self.connected = true;
                    self.timeline.connected = payload::wall_ns();
                }
                Output::Event(Event::KeyframeRequest(_)) => {
                    if let Some(publisher) = publisher.as_deref_mut() {
                        publisher.want_key_frame();
                    }
                }
                Output::Event(_) => {}
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return Ok(());
                }
            }
        }
    }

    /// A full send buffer is loss, as it is everywhere.
    fn transmit(&self, transmit: &Transmit) {
        let _ = self.socket.send_to(&transmit.contents, transmit.destination);
    }

    fn written(&mut self, Written { stamp, mark }: Written, ledger: &mut Ledger) {
        if !(ledger.window.0..ledger.window.1).contains(&stamp.sent_ns) {
            return;
        }
        let Some(seat) = &mut self.seat else { return count(&mut self.sent, stamp.kind) };
        seat.sent += 1;
        if mark {
            ledger.marks.push(Mark { room: seat.room, client: seat.client, at_ns: stamp.sent_ns });
        }
    }

    fn received(&mut self, packet: &RtpPacket, arrived: u64, ledger: &mut Ledger) {
        if let Some(seat) = &mut self.seat {
            if self.timeline.first_audio == 0 {
                self.timeline.first_audio = arrived;
            }
            return seat.received(&packet.payload, arrived, ledger.window);
        }
        let Some(stamp) = Stamp::read(&packet.payload) else { return };
        let first = match stamp.kind {
            MediaKind::Audio => &mut self.timeline.first_audio,
            MediaKind::Video => &mut self.timeline.first_video,
        };
        if *first == 0 {
            *first = arrived;
        }
        if self.timeline.first_key == 0 && stamp.kind == MediaKind::Video && payload::begins_key_frame(&packet.payload)
        {
            self.timeline.first_key = arrived;
        }
        if (ledger.window.0..ledger.window.1).contains(&stamp.sent_ns) {
            count(&mut self.received, stamp.kind);
            ledger.latencies.add(arrived.saturating_sub(stamp.sent_ns));
        }
    }
}

impl Seat {
    fn received(&mut self, packet: &[u8], arrived: u64, (from, to): (u64, u64)) {
        self.received += u64::from(self.hears && (from..to).contains(&arrived));
        // The marks at the end of the window are heard after it.
        if let Some(ear) = self.ear.as_mut().filter(|_| from != 0 && arrived >= from) {
            ear.handle(packet, arrived);
        }
    }
}

fn count(counts: &mut Count, kind: MediaKind) {
    match kind {
        MediaKind::Audio => counts.audio += 1,
        MediaKind::Video => counts.video += 1,
    }
}

/// The m-lines on which a publisher sends.
#[derive(Clone, Copy, Debug, Default)]
pub struct SendLines {
    /// The microphone's.
    pub audio: Option<Mid>,
    /// The camera's.
    pub video: Option<Mid>,
}
