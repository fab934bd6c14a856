//! The ICE-TCP connections of a worker.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::connection::{self, Filled};
use crate::frames::{next_frame, write_frame};
use crate::inbox::NewStream;

/// What may wait for a slow client before whole frames are dropped: half a second of 4 Mbit/s.
const MAX_WAITING: usize = 256 << 10;
/// What is read at once, and of one connection before the others have their turn.
const READ: usize = 16 << 10;
const READS: usize = 4;
/// How long a connection may go without a frame that is some leg's. ICE checks come every few seconds.
const UNCLAIMED: Duration = Duration::from_secs(5);
const SILENT: Duration = Duration::from_secs(60);
/// Connections of one worker.
const MAX_STREAMS: usize = 4096;

/// A connection.
#[derive(Debug)]
struct Stream {
    io: TcpStream,
    source: SocketAddr,
    destination: SocketAddr,
    received: Vec<u8>,
    waiting: Vec<u8>,
    /// It ends then, unless a frame comes that is some leg's.
    until: Instant,
}

/// All connections, by token and by the client's address.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    streams: Slab<Stream>,
    by_source: FxHashMap<SocketAddr, usize>,
    first_token: usize,
    /// Connections that were not read to their end.
    readable: Vec<usize>,
    /// Frames that were sent, or wait for the client to read.
    pub(crate) sent: u64,
    /// Frames that were not sent because the client did not read.
    pub(crate) dropped: u64,
}

impl Streams {
    pub(crate) fn new(first_token: usize) -> Self {
        Self { first_token, ..Self::default() }
    }

    /// Takes a connection over; gives out the frames that were read already.
    pub(crate) fn add(&mut self, new: NewStream, registry: &Registry, now: Instant, frame: impl Frames) {
        if self.streams.len() >= MAX_STREAMS {
            return;
        }
        let entry = self.streams.vacant_entry();
        let index = entry.key();
        let mut io = TcpStream::from_std(new.stream);
        // Frames are whole datagrams: waiting for more (Nagle) only adds delay.
        let registered = io.set_nodelay(true).and_then(|()| {
            registry.register(&mut io, Token(self.first_token + index), Interest::READABLE | Interest::WRITABLE)
        });
        if let Err(error) = registered {
            tracing::debug!(%error, "an ICE-TCP connection cannot be used");
            return;
        }
        let NewStream { source, destination, received, .. } = new;
        let until = now + UNCLAIMED;
        entry.insert(Stream { io, source, destination, received, waiting: Vec::new(), until });
        self.by_source.insert(source, index);
        self.take_frames(index, now, frame);
    }

    /// Reads what came and sends what waited; drops a connection that ended.
    pub(crate) fn ready(&mut self, token: Token, now: Instant, frame: impl Frames) {
        if let Some(index) = token.0.checked_sub(self.first_token) {
            self.read(index, now, frame);
        }
    }

    /// Goes on with the connections that were not read to their end.
    pub(crate) fn read_on(&mut self, now: Instant, mut frame: impl Frames) {
        for index in std::mem::take(&mut self.readable) {
            self.read(index, now, &mut frame);
        }
    }

    /// Is there more to read already?
    pub(crate) fn has_more(&self) -> bool {
        !self.readable.is_empty()
    }

    /// Are there connections at all?
    pub(crate) fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// Ends the connections that no leg has claimed, or that have fallen silent.
    pub(crate) fn sweep(&mut self, now: Instant) {
        let over: Vec<usize> =
            self.streams.iter().filter(|(_, stream)| stream.until <= now).map(|(at, _)| at).collect();
        for index in over {
            self.remove(index);
        }
    }

    fn read(&mut self, index: usize, now: Instant, frame: impl Frames) {
        let Some(stream) = self.streams.get_mut(index) else { return };
        let open = stream.flush().and_then(|()| stream.fill());
        self.take_frames(index, now, frame);
        match open {
            Ok(Filled::All) => {}
            Ok(Filled::Some) => self.readable.push(index),
            Ok(Filled::End) => self.remove(index),
            Err(error) => {
                tracing::debug!(%error, "an ICE-TCP connection ended");
                self.remove(index);
            }
        }
    }

    /// Sends a frame, or keeps it until the client reads.
    pub(crate) fn send(&mut self, destination: SocketAddr, datagram: &[u8]) {
        let Some(&index) = self.by_source.get(&destination) else { return };
        let Some(stream) = self.streams.get_mut(index) else { return };
        if stream.waiting.len() + datagram.len() > MAX_WAITING {
            self.dropped += 1;
            return;
        }
        self.sent += 1;
        write_frame(datagram, &mut stream.waiting);
        if stream.flush().is_err() {
            self.remove(index);
        }
    }

    fn take_frames(&mut self, index: usize, now: Instant, mut frame: impl Frames) {
        let Some(stream) = self.streams.get_mut(index) else { return };
        let mut used = 0;
        while let Some(next) = next_frame(&stream.received[used..]) {
            let Ok((contents, length)) = next else { return self.remove(index) };
            if frame(stream.source, stream.destination, contents) {
                stream.until = now + SILENT;
            }
            used += length;
        }
        stream.received.drain(..used);
    }

    fn remove(&mut self, index: usize) {
        if let Some(stream) = self.streams.try_remove(index)
            && self.by_source.get(&stream.source) == Some(&index)
        {
            self.by_source.remove(&stream.source);
        }
    }
}

/// Takes a frame: from whom, to which advertised address, and its bytes. Is it some leg's?
pub(crate) trait Frames: FnMut(SocketAddr, SocketAddr, &[u8]) -> bool {}
impl<F: FnMut(SocketAddr, SocketAddr, &[u8]) -> bool> Frames for F {}

impl Stream {
    fn fill(&mut self) -> io::Result<Filled> {
        let mut buffer = [0; READ];
        connection::fill(READS, || {
            let read = self.io.read(&mut buffer)?;
            self.received.extend_from_slice(&buffer[..read]);
            Ok(read)
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        connection::flush(&mut self.waiting, |rest| self.io.write(rest))
    }
}
