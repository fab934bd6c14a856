//! A way to a STUN server: over UDP, TCP or TLS. Messages go in, messages come out.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crosspoint_stun::stream::{Unit, next_unit};

use super::trouble::Trouble;
use super::url::Way;
use crate::doctor::shown::{self, Encrypted, Shown};

/// A connection must stand after this time, and a written message must be gone.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// Datagrams and what is read at once are no longer.
const LONGEST: usize = 2048;

/// A way to a server.
pub enum Link {
    Udp(UdpSocket),
    Tcp(TcpStream, Vec<u8>),
    Tls(Box<Encrypted>, Vec<u8>),
}

impl Link {
    /// Opens it. `host`: whom the certificate must name.
    pub fn open(way: Way, address: SocketAddr, host: &str) -> Result<(Self, Option<Shown>), Trouble> {
        if way == Way::Udp {
            let any = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
            let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
            // What the network says of the way (nobody listens) comes to connected sockets only.
            socket.connect(address)?;
            return Ok((Self::Udp(socket), None));
        }
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        if way == Way::Tcp {
            return Ok((Self::Tcp(stream, Vec::new()), None));
        }
        let (stream, shown) = shown::connect(stream, host).map_err(Trouble::Tls)?;
        Ok((Self::Tls(Box::new(stream), Vec::new()), Some(shown)))
    }

    /// May a message get lost?
    pub fn is_lossy(&self) -> bool {
        matches!(self, Self::Udp(_))
    }

    /// Sends a message.
    pub fn send(&mut self, message: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(message).map(drop),
            Self::Tcp(stream, _) => stream.write_all(message),
            Self::Tls(stream, _) => stream.write_all(message).and_then(|()| stream.flush()),
        }
    }

    /// The next message; none: it did not come in time.
    pub fn receive(&mut self, until: Instant) -> Result<Option<Vec<u8>>, Trouble> {
        let mut bytes = [0; LONGEST];
        loop {
            if let Some(unit) = self.unit()? {
                return Ok(Some(unit));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let read = match self.read(&mut bytes, left) {
                Ok(read) => read,
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
            match self {
                Self::Udp(_) => return Ok(Some(bytes[..read].to_vec())),
                Self::Tcp(..) | Self::Tls(..) if read == 0 => {
                    return Err(Trouble::Broken(ErrorKind::UnexpectedEof.into()));
                }
                Self::Tcp(_, received) | Self::Tls(_, received) => received.extend_from_slice(&bytes[..read]),
            }
        }
    }

    fn read(&mut self, bytes: &mut [u8], at_most: Duration) -> io::Result<usize> {
        match self {
            Self::Udp(socket) => {
                socket.set_read_timeout(Some(at_most))?;
                socket.recv(bytes)
            }
            Self::Tcp(stream, _) => {
                stream.set_read_timeout(Some(at_most))?;
                stream.read(bytes)
            }
            Self::Tls(stream, _) => {
                stream.sock.set_read_timeout(Some(at_most))?;
                stream.read(bytes)
            }
        }
    }

    /// Takes a message that has come wholly.
    fn unit(&mut self) -> Result<Option<Vec<u8>>, Trouble> {
        let (Self::Tcp(_, received) | Self::Tls(_, received)) = self else { return Ok(None) };
        match next_unit(received) {
            Unit::Unfinished => Ok(None),
            Unit::Nonsense => Err(Trouble::Nonsense),
            Unit::Whole { length, padded } => {
                let mut unit: Vec<u8> = received.drain(..padded).collect();
                unit.truncate(length);
                Ok(Some(unit))
            }
        }
    }
}
