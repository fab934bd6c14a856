//! What goes into a transport and what comes out.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use crate::packet::Inbound;
use crate::stats::TransportStats;

/// A datagram (or a frame of an ICE-TCP stream, RFC 4571) that came in.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'a> {
    /// Did it come over TCP?
    pub tcp: bool,
    /// From whom.
    pub source: SocketAddr,
    /// The advertised address of the socket it came in on.
    pub destination: SocketAddr,
    /// The bytes.
    pub contents: &'a [u8],
    /// When.
    pub arrival: Instant,
}

impl Datagram<'_> {
    /// The way back to who sent it.
    pub fn path(&self) -> Path {
        Path { tcp: self.tcp, source: self.destination, destination: self.source }
    }
}

/// The way to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Path {
    /// Over TCP?
    pub tcp: bool,
    /// The advertised address of the socket to send from.
    pub source: SocketAddr,
    /// To whom.
    pub destination: SocketAddr,
}

/// Something that happened on a transport.
#[derive(Debug)]
pub enum TransportEvent {
    /// ICE and DTLS are up.
    Connected {
        /// The SRTP profile is AES-CM with SHA-1, which costs twice the CPU of AES-GCM.
        aes_cm: bool,
    },
    /// ICE has lost the client. It may come back by itself or restart ICE.
    Disconnected,
    /// ICE has found the client again.
    Reconnected,
    /// The client closed.
    Closed,
    /// A media packet. Shared, because it may go to rooms on other workers.
    Packet(Arc<Inbound>),
    /// A viewer asks for a key frame of what is in this slot.
    KeyFrameRequest {
        /// The m-line.
        line: u16,
    },
    /// What the way to the client carries, bits per second.
    Estimate(u64),
    /// The client may be written to: a data channel is open.
    ChannelOpen {
        /// The reliable one, or the lossy one?
        reliable: bool,
    },
    /// A data channel message.
    Data {
        /// Over the reliable channel?
        reliable: bool,
        /// The message.
        message: Vec<u8>,
    },
    /// The reliable channel has room again.
    DataDrained,
    /// Figures of the last interval.
    Stats(Box<TransportStats>),
}

/// Takes what a transport gives out. The engine implements it; nothing is queued in between.
pub trait Sink {
    /// Datagrams to send: the next one is appended to these bytes.
    fn bytes(&mut self) -> &mut Vec<u8>;
    /// What was appended since `start` is a datagram, for this way.
    fn finish(&mut self, path: Path, start: usize);
    /// Something that happened.
    fn event(&mut self, event: TransportEvent);
}
