//! Accepts ICE-TCP connections for all workers: waits for the first frame, which must be a STUN binding request (RFC 6544
//! §4.1), and hands the socket to the worker that its user fragment names.
//!
//! A stranger can hold a half-open connection for [`PATIENCE`] at most, and all strangers together [`MAX_WAITING`].

use std::io::{self, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_webrtc::credentials;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use slab::Slab;

use crate::frames::{MAX_FRAME, next_frame};
use crate::inbox::{Inbox, Message, NewStream};

/// How long a connection may take to send its first frame.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that may wait for their first frame at once; the oldest gives way.
const MAX_WAITING: usize = 1024;
/// And of one address, so that a single stranger cannot push out the others.
const MAX_WAITING_PER_ADDRESS: usize = 256;
const STOP: Token = Token(usize::MAX);
const FIRST_STREAM: usize = 64;

/// Listens; runs on a thread of its own.
pub(crate) struct Acceptor {
    poll: Poll,
    listeners: Vec<(TcpListener, SocketAddr)>,
    waiting: Slab<Waiting>,
    /// A listener that could not accept for want of file descriptors is tried again.
    retry: bool,
    workers: Vec<Inbox>,
}

struct Waiting {
    stream: TcpStream,
    source: SocketAddr,
    destination: SocketAddr,
    received: Vec<u8>,
    since: Instant,
}

impl Acceptor {
    /// Binds nothing itself: takes listeners with their advertised addresses.
    pub(crate) fn new(
        listeners: Vec<(std::net::TcpListener, SocketAddr)>,
        workers: Vec<Inbox>,
    ) -> io::Result<(Self, mio::Waker)> {
        let poll = Poll::new()?;
        let waker = mio::Waker::new(poll.registry(), STOP)?;
        let mut own = Vec::with_capacity(listeners.len());
        for (index, (listener, advertised)) in listeners.into_iter().enumerate() {
            listener.set_nonblocking(true)?;
            let mut listener = TcpListener::from_std(listener);
            poll.registry().register(&mut listener, Token(index), Interest::READABLE)?;
            own.push((listener, advertised));
        }
        Ok((Self { poll, listeners: own, waiting: Slab::new(), retry: false, workers }, waker))
    }

    /// Runs until the waker is used.
    pub(crate) fn run(mut self) {
        let mut events = Events::with_capacity(256);
        loop {
            let patience = (self.retry || !self.waiting.is_empty()).then_some(Duration::from_secs(1));
            if let Err(error) = self.poll.poll(&mut events, patience)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "ICE-TCP stops: polling failed");
                return;
            }
            for event in &events {
                match event.token() {
                    STOP => return,
                    Token(index) if index < FIRST_STREAM => self.accept(index),
                    Token(index) => self.read(index - FIRST_STREAM),
                }
            }
            if std::mem::take(&mut self.retry) {
                (0..self.listeners.len()).for_each(|index| self.accept(index));
            }
            self.waiting.retain(|_, waiting| waiting.since.elapsed() < PATIENCE);
        }
    }

    fn accept(&mut self, index: usize) {
        loop {
            let Some((listener, destination)) = self.listeners.get(index) else { return };
            let (stream, source) = match listener.accept() {
                Ok(accepted) => accepted,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // It was gone before it was taken; the next one may do.
                Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted) => {
                    continue;
                }
                Err(error) => {
                    tracing::debug!(%error, "accepting an ICE-TCP connection");
                    self.retry = true;
                    return;
                }
            };
            let destination = *destination;
            let of_address = self.waiting.iter().filter(|(_, other)| other.source.ip() == source.ip()).count();
            if of_address >= MAX_WAITING_PER_ADDRESS {
                continue;
            }
            self.make_room();
            let entry = self.waiting.vacant_entry();
            let token = Token(FIRST_STREAM + entry.key());
            let mut waiting = Waiting { stream, source, destination, received: Vec::new(), since: Instant::now() };
            if self.poll.registry().register(&mut waiting.stream, token, Interest::READABLE).is_ok() {
                entry.insert(waiting);
            }
        }
    }

    fn make_room(&mut self) {
        if self.waiting.len() < MAX_WAITING {
            return;
        }
        let oldest = self.waiting.iter().min_by_key(|(_, waiting)| waiting.since).map(|(index, _)| index);
        if let Some(index) = oldest {
            self.waiting.remove(index);
        }
    }

    fn read(&mut self, index: usize) {
        let Some(waiting) = self.waiting.get_mut(index) else { return };
        let mut buffer = [0; MAX_FRAME];
        loop {
            match waiting.stream.read(&mut buffer) {
                Ok(0) => return self.forget(index),
                Ok(read) => {
                    waiting.received.extend_from_slice(&buffer[..read]);
                    match next_frame(&waiting.received) {
                        None => {}
                        Some(Ok((frame, _))) => {
                            let worker = credentials::stun_ufrag(frame).and_then(credentials::worker_of);
                            return self.hand_over(index, worker);
                        }
                        Some(Err(_)) => return self.forget(index),
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.forget(index),
            }
        }
    }

    fn hand_over(&mut self, index: usize, worker: Option<u16>) {
        let mut waiting = self.waiting.remove(index);
        let Some(inbox) = worker.and_then(|worker| self.workers.get(usize::from(worker))) else { return };
        if self.poll.registry().deregister(&mut waiting.stream).is_err() {
            return;
        }
        let Waiting { stream, source, destination, received, .. } = waiting;
        inbox.send(Message::Stream(NewStream { stream: stream.into(), source, destination, received }));
    }

    fn forget(&mut self, index: usize) {
        self.waiting.remove(index);
    }
}
