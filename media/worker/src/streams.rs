//! The ICE-TCP connections of a worker.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::frames::{next_frame, write_frame};
use crate::inbox::NewStream;

/// What may wait for a slow client before whole frames are dropped: half a second of 4 Mbit/s.
const MAX_WAITING: usize = 256 << 10;
/// What is read at once.
const READ: usize = 16 << 10;

/// A connection.
#[derive(Debug)]
struct Stream {
    io: TcpStream,
    source: SocketAddr,
    destination: SocketAddr,
    received: Vec<u8>,
    waiting: Vec<u8>,
}

/// All connections, by token and by the client's address.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    streams: Slab<Stream>,
    by_source: FxHashMap<SocketAddr, usize>,
    first_token: usize,
    /// Frames that were not sent because the client did not read.
    pub(crate) dropped: u64,
}

impl Streams {
    pub(crate) fn new(first_token: usize) -> Self {
        Self { first_token, ..Self::default() }
    }

    /// Takes a connection over; gives out the frames that were read already.
    pub(crate) fn add(&mut self, new: NewStream, registry: &Registry, frame: impl FnMut(SocketAddr, SocketAddr, &[u8])) {
        let entry = self.streams.vacant_entry();
        let index = entry.key();
        let mut io = TcpStream::from_std(new.stream);
        // Frames are whole datagrams: waiting for more (Nagle) only adds delay.
        let registered = io
            .set_nodelay(true)
            .and_then(|()| registry.register(&mut io, Token(self.first_token + index), Interest::READABLE | Interest::WRITABLE));
        if let Err(error) = registered {
            tracing::debug!(%error, "an ICE-TCP connection cannot be used");
            return;
        }
        let NewStream { source, destination, received, .. } = new;
        entry.insert(Stream { io, source, destination, received, waiting: Vec::new() });
        self.by_source.insert(source, index);
        self.take_frames(index, frame);
    }

    /// Reads what came and sends what waited; drops a connection that ended.
    pub(crate) fn ready(&mut self, token: Token, frame: impl FnMut(SocketAddr, SocketAddr, &[u8])) {
        let Some(index) = token.0.checked_sub(self.first_token) else { return };
        let Some(stream) = self.streams.get_mut(index) else { return };
        let open = stream.flush().and_then(|()| stream.fill());
        self.take_frames(index, frame);
        match open {
            Ok(true) => {}
            Ok(false) => self.remove(index),
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
        write_frame(datagram, &mut stream.waiting);
        if stream.flush().is_err() {
            self.remove(index);
        }
    }

    fn take_frames(&mut self, index: usize, mut frame: impl FnMut(SocketAddr, SocketAddr, &[u8])) {
        let Some(stream) = self.streams.get_mut(index) else { return };
        let mut used = 0;
        while let Some(next) = next_frame(&stream.received[used..]) {
            let Ok((contents, length)) = next else { return self.remove(index) };
            frame(stream.source, stream.destination, contents);
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

impl Stream {
    /// Reads until nothing waits. `false`: the client closed.
    fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = [0; READ];
        loop {
            match self.io.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(read) => self.received.extend_from_slice(&buffer[..read]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.waiting.len() {
            match self.io.write(&self.waiting[sent..]) {
                Ok(0) => break,
                Ok(written) => sent += written,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.waiting.drain(..sent);
        Ok(())
    }
}
