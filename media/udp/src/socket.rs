//! The socket: quinn-udp's offloads around a mio socket.

use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::time::Instant;

use mio::Interest;
use mio::event::Source;
use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, SockAddr, Type};

use crate::Batch;

/// What one receive buffer holds: a whole GRO bundle.
const BUFFER: usize = 1 << 16;
/// What is asked of the kernel for each direction; it gives what `net.core.{r,w}mem_max` allows.
pub const KERNEL_BUFFER: usize = 4 << 20;

/// A datagram that came in.
#[derive(Clone, Copy, Debug)]
pub struct Received<'a> {
    /// From whom.
    pub source: SocketAddr,
    /// The bytes.
    pub contents: &'a [u8],
}

/// Where datagrams are received to. A thread has one for all of its sockets: it holds 2 MiB.
#[derive(Debug)]
pub struct Buffers {
    bytes: Vec<Vec<u8>>,
    metas: Vec<RecvMeta>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { bytes: vec![vec![0; BUFFER]; BATCH_SIZE], metas: vec![RecvMeta::default(); BATCH_SIZE] }
    }
}

/// A bound, non-blocking UDP socket.
#[derive(Debug)]
pub struct Socket {
    io: mio::net::UdpSocket,
    state: UdpSocketState,
    local: SocketAddr,
    /// Datagrams that the kernel took.
    pub sent: u64,
    /// Datagrams that the kernel refused or had no room for.
    pub dropped: u64,
}

impl Socket {
    /// Binds an address. An IPv6 one takes IPv6 only, so that both families can have the same port.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        Self::open(address, false)
    }

    /// Binds an address that other sockets of this process have too: the kernel gives each sender to one of them
    /// (`SO_REUSEPORT`), always the same while they are all there.
    pub fn bind_shared(address: SocketAddr) -> io::Result<Self> {
        Self::open(address, true)
    }

    fn open(address: SocketAddr, shared: bool) -> io::Result<Self> {
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_port(shared)?;
        // Less is no reason not to start; `crosspoint` says so in its log.
        let granted =
            socket.set_recv_buffer_size(KERNEL_BUFFER).and_then(|()| socket.set_send_buffer_size(KERNEL_BUFFER));
        if let Err(error) = granted {
            tracing::warn!(%error, "the kernel's socket buffers stay at their default");
        }
        socket.bind(&SockAddr::from(address))?;
        Self::of(socket.into())
    }

    /// Around a socket that is bound already.
    pub fn of(socket: std::net::UdpSocket) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let io = mio::net::UdpSocket::from_std(socket);
        let state = UdpSocketState::new(UdpSockRef::from(&io))?;
        let local = io.local_addr()?;
        Ok(Self { io, state, local, sent: 0, dropped: 0 })
    }

    /// The bound address.
    pub fn local(&self) -> SocketAddr {
        self.local
    }

    /// The same socket once more, for who must do with it what this does not offer.
    pub fn duplicate(&self) -> io::Result<std::net::UdpSocket> {
        Ok(self.io.as_fd().try_clone_to_owned()?.into())
    }

    /// How many datagrams one call can send to one destination: the size for [`Batch::new`].
    pub fn max_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// Registers for readiness.
    pub fn register(&mut self, registry: &mio::Registry, token: mio::Token) -> io::Result<()> {
        self.io.register(registry, token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Receives one batch and hands over each datagram. `false`: nothing waits any more; the poll tells when something does.
    pub fn receive(
        &self,
        buffers: &mut Buffers,
        mut take: impl FnMut(Received<'_>, Instant),
        now: impl Fn() -> Instant,
    ) -> io::Result<bool> {
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = {
            let mut bytes = buffers.bytes.iter_mut();
            std::array::from_fn(|_| IoSliceMut::new(bytes.next().map_or(&mut [], |buffer| buffer.as_mut_slice())))
        };
        let state = &self.state;
        let metas = &mut buffers.metas;
        let io = &self.io;
        let bundles = match io.try_io(|| state.recv(UdpSockRef::from(io), &mut slices, metas)) {
            Ok(bundles) => bundles,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            // A peer's port was unreachable (ICMP): its business, not the socket's. More may wait behind it.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(true),
            Err(error) => return Err(error),
        };
        let arrival = now();
        for (meta, buffer) in buffers.metas.iter().zip(&buffers.bytes).take(bundles) {
            let bytes = &buffer[..meta.len];
            for contents in bytes.chunks(meta.stride.max(1)) {
                take(Received { source: meta.addr, contents }, arrival);
            }
        }
        // A batch that is not full is what there was: asking once more would be a system call for nothing.
        Ok(bundles == BATCH_SIZE)
    }

    /// Sends what is in a batch, if anything. Of what there is no room for now, `keep` bytes stay, the newest.
    pub fn flush(&mut self, batch: &mut Batch, keep: usize) {
        if !batch.is_empty() && !self.send(batch) {
            self.dropped += batch.shed(keep) as u64;
        }
    }

    /// Sends a batch. Runs that the kernel has no room for now are kept at the front of the batch; false says so.
    pub fn send(&mut self, batch: &mut Batch) -> bool {
        let mut done = 0;
        let mut room = true;
        for run in &batch.runs {
            let transmit = Transmit {
                destination: run.destination,
                ecn: None,
                contents: &batch.bytes[run.bytes.clone()],
                segment_size: (run.count > 1).then_some(run.segment),
                src_ip: None,
            };
            let io = &self.io;
            let state = &self.state;
            match io.try_io(|| state.try_send(UdpSockRef::from(io), &transmit)) {
                Ok(()) => self.sent += run.count as u64,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    room = false;
                    break;
                }
                // One destination's trouble (unreachable, firewall) must not hold up the others.
                Err(_) => self.dropped += run.count as u64,
            }
            done += 1;
        }
        if room {
            batch.clear();
        } else {
            batch.forget(done);
        }
        room
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (Socket, Socket) {
        let any: SocketAddr = "127.0.0.1:0".parse().expect("address");
        (Socket::bind(any).expect("bind"), Socket::bind(any).expect("bind"))
    }

    fn receive_all(socket: &mut Socket, expected: usize) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        let mut buffers = Buffers::default();
        let deadline = Instant::now() + std::time::Duration::from_secs(5);
        while all.len() < expected && Instant::now() < deadline {
            socket
                .receive(&mut buffers, |datagram, _| all.push(datagram.contents.to_vec()), Instant::now)
                .expect("receive");
        }
        all
    }

    #[test]
    fn what_is_sent_in_runs_arrives_as_the_datagrams_it_was() {
        let (mut sender, mut receiver) = pair();
        let mut batch = Batch::new(sender.max_segments());
        let sent: Vec<Vec<u8>> = (0..20u8).map(|index| vec![index; if index % 5 == 4 { 300 } else { 1100 }]).collect();
        for datagram in &sent {
            batch.push(receiver.local(), datagram);
        }
        assert!(sender.send(&mut batch));
        assert!(batch.is_empty());
        assert_eq!(receive_all(&mut receiver, sent.len()), sent);
        assert_eq!((sender.sent, sender.dropped), (20, 0));
    }

    #[test]
    fn a_destination_that_refuses_does_not_hold_up_the_next() {
        let (mut sender, mut receiver) = pair();
        let mut batch = Batch::new(1);
        batch.push("127.0.0.1:9".parse().expect("address"), b"nobody");
        batch.push(receiver.local(), b"somebody");
        assert!(sender.send(&mut batch));
        assert_eq!(receive_all(&mut receiver, 1), [b"somebody".to_vec()]);
    }
}
