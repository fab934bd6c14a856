//! TCP and TLS connections of TURN clients. They are accepted, and their handshakes done, elsewhere; a worker takes them over
//! when it is known who speaks on them.

use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_turn::{Flow, Transport};
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustls::ServerConnection;
use slab::Slab;

use super::due::Due;
use crate::connection::{self, Filled};

/// Tokens of connections begin here.
const FIRST: usize = 1 << 33;
/// What may wait for a slow client before whole units are dropped: half a second of 4 Mbit/s.
const MAX_WAITING: usize = 256 << 10;
/// What is read at once, and of one connection before the others have their turn.
const READ: usize = 16 << 10;
const READS: usize = 8;
/// How long a connection may be there without an allocation.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections of one worker, with and without an allocation.
const MAX_LINKS: usize = 16_384;
/// Connections without an allocation; the oldest gives way.
const MAX_STRANGERS: usize = 1024;

/// A connection on which a TURN client speaks.
#[derive(Debug)]
pub struct NewLink {
    /// The connection, non-blocking.
    pub stream: std::net::TcpStream,
    /// Its encryption, after the handshake, with what was decrypted and is not read yet; none: there is none.
    pub tls: Option<Box<ServerConnection>>,
    /// The client.
    pub client: SocketAddr,
}

/// What came on a connection.
pub(crate) struct Read {
    pub flow: Flow,
    /// Everything that is not used up.
    pub received: Vec<u8>,
    /// It ended, or failed.
    pub ended: bool,
}

/// All connections of a worker.
#[derive(Debug, Default)]
pub(crate) struct Links {
    links: Slab<Link>,
    /// Those that can be read.
    readable: Due,
    /// Those with something to send.
    waiting: Due,
    ended: Vec<Flow>,
    /// Units that were not sent because the client did not read.
    pub dropped: u64,
}

#[derive(Debug)]
struct Link {
    io: TcpStream,
    tls: Option<Box<ServerConnection>>,
    flow: Flow,
    received: Vec<u8>,
    waiting: Vec<u8>,
    since: Instant,
}

impl Links {
    /// The connection that a token is of.
    pub fn index(token: Token) -> Option<usize> {
        token.0.checked_sub(FIRST).filter(|index| *index < FIRST)
    }

    /// Takes one over.
    pub fn add(&mut self, new: NewLink, registry: &Registry, now: Instant) -> Option<usize> {
        if self.links.len() >= MAX_LINKS {
            return None;
        }
        let NewLink { stream, tls, client } = new;
        let entry = self.links.vacant_entry();
        let index = entry.key();
        let mut io = TcpStream::from_std(stream);
        // Units are whole datagrams: waiting for more (Nagle) only adds delay.
        let registered = io
            .set_nodelay(true)
            .and_then(|()| registry.register(&mut io, Token(FIRST + index), Interest::READABLE | Interest::WRITABLE));
        if let Err(error) = registered {
            tracing::debug!(%error, "a connection of a TURN client cannot be used");
            return None;
        }
        let transport = if tls.is_some() { Transport::Tls } else { Transport::Tcp };
        let flow = Flow { transport, socket: index, client };
        entry.insert(Link { io, tls, flow, received: Vec::new(), waiting: Vec::new(), since: now });
        Some(index)
    }

    /// It can be read, or written.
    pub fn ready(&mut self, index: usize) {
        self.readable.insert(index);
        self.waiting.insert(index);
    }

    pub fn readable(&mut self) -> &mut Due {
        &mut self.readable
    }

    pub fn has_readable(&self) -> bool {
        self.readable.len() > 0
    }

    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Reads some of what came; what is not used up is to be given back with [`Self::keep`].
    pub fn read(&mut self, index: usize) -> Option<Read> {
        let link = self.links.get_mut(index)?;
        let filled = link.fill();
        let (flow, received) = (link.flow, std::mem::take(&mut link.received));
        if matches!(filled, Ok(Filled::Some)) {
            self.ready(index);
        }
        Some(Read { flow, received, ended: matches!(filled, Ok(Filled::End) | Err(_)) })
    }

    /// Keeps what is not used up.
    pub fn keep(&mut self, index: usize, received: Vec<u8>) {
        if let Some(link) = self.links.get_mut(index) {
            link.received = received;
        }
    }

    /// A unit is to leave. Channel data is padded (RFC 8656 §12.5).
    pub fn push(&mut self, index: usize, head: &[u8], body: &[u8]) {
        let Some(link) = self.links.get_mut(index) else { return };
        let length = head.len() + body.len();
        if link.waiting.len() + length > MAX_WAITING {
            self.dropped += 1;
            return;
        }
        self.waiting.insert(index);
        link.waiting.extend_from_slice(head);
        link.waiting.extend_from_slice(body);
        let padding = length.next_multiple_of(4) - length;
        link.waiting.resize(link.waiting.len() + padding, 0);
    }

    /// Sends what has been gathered, as far as clients read. A connection with more to send says when it can be written.
    pub fn send(&mut self) {
        for _ in 0..self.waiting.len() {
            let Some(index) = self.waiting.next() else { return };
            let failed = self.links.get_mut(index).is_some_and(|link| link.flush().is_err());
            if failed && let Some(link) = self.links.try_remove(index) {
                self.ended.push(link.flow);
            }
        }
    }

    /// Connections that failed as they were written to.
    pub fn take_ended(&mut self) -> Vec<Flow> {
        std::mem::take(&mut self.ended)
    }

    pub fn remove(&mut self, index: usize) {
        self.links.try_remove(index);
    }

    /// Ends those that have had no allocation for too long, and the oldest of them if there are too many.
    pub fn sweep(&mut self, now: Instant, has_allocation: impl Fn(Flow) -> bool) -> Vec<Flow> {
        let mut strangers = Vec::new();
        for (index, link) in &mut self.links {
            if has_allocation(link.flow) {
                link.since = now;
            } else {
                strangers.push((link.since, index));
            }
        }
        strangers.sort_unstable();
        let excess = strangers.len().saturating_sub(MAX_STRANGERS);
        let is_over = |(at, (since, _)): &(usize, (Instant, usize))| {
            *at < excess || now.saturating_duration_since(*since) >= PATIENCE
        };
        let over = strangers.into_iter().enumerate().filter(is_over);
        over.filter_map(|(_, (_, index))| self.links.try_remove(index)).map(|link| link.flow).collect()
    }
}

impl Link {
    fn fill(&mut self) -> io::Result<Filled> {
        let Self { io, tls, received, .. } = self;
        connection::fill(READS, || match tls {
            None => read_plain(io, received),
            Some(tls) => read_tls(io, tls, received),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        let Self { io, tls, waiting, .. } = self;
        let Some(tls) = tls else { return connection::flush(waiting, |rest| io.write(rest)) };
        write_records(io, tls)?;
        // A record at a time: what is encrypted cannot be given up any more.
        while !waiting.is_empty() && !tls.wants_write() {
            let taken = tls.writer().write(&waiting[..waiting.len().min(READ)])?;
            waiting.drain(..taken);
            write_records(io, tls)?;
        }
        Ok(())
    }
}

/// Writes what is encrypted, as far as the client takes it.
fn write_records(io: &mut TcpStream, tls: &mut ServerConnection) -> io::Result<()> {
    while tls.wants_write() {
        match tls.write_tls(io) {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn read_plain(io: &mut TcpStream, received: &mut Vec<u8>) -> io::Result<usize> {
    let mut buffer = [0; READ];
    let read = io.read(&mut buffer)?;
    received.extend_from_slice(&buffer[..read]);
    Ok(read)
}

/// Decrypts what can be read. Gives 0 at the end, as a plain connection does.
fn read_tls(io: &mut TcpStream, tls: &mut ServerConnection, received: &mut Vec<u8>) -> io::Result<usize> {
    // What was decrypted before the connection came here is there already.
    take_plain(tls, received)?;
    let read = tls.read_tls(io)?;
    take_plain(tls, received)?;
    Ok(read)
}

fn take_plain(tls: &mut ServerConnection, received: &mut Vec<u8>) -> io::Result<()> {
    let state = tls.process_new_packets().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
    let before = received.len();
    received.resize(before + state.plaintext_bytes_to_read(), 0);
    tls.reader().read_exact(&mut received[before..])
}
