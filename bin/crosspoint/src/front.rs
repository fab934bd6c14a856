//! Who speaks on a TCP connection? One port can carry everything: browsers, TURN clients, ICE over TCP, with TLS and without.
//! The first bytes tell, before and after the handshake.
//!
//! ```text
//!                    ┌─ TLS hello ─> handshake ─┬─ STUN ─> a worker's relays
//!  connection ─ peek ┤                          └─ HTTP ─> axum
//!                    ├─ STUN ─────────────────────────> a worker's relays
//!                    ├─ length, STUN (RFC 4571) ──────> the leg's worker
//!                    └─ anything else ────────────────> axum
//! ```

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsConfig;
use crosspoint_config::Config;
use crosspoint_stun::stream::{Speaker, speaker};
use crosspoint_worker::frames::next_frame;
use crosspoint_worker::{Media, NewLink};
use tokio::io::{AsyncBufReadExt, AsyncReadExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::listen;
use crate::waiting::Waiting;

/// A connection must have shown who speaks on it after this time.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often a connection whose first bytes do not suffice is looked at again.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// As many bytes as tell.
const TELLING: usize = 10;

/// Gives connections on which no browser speaks to the workers.
#[derive(Clone)]
pub struct Front {
    media: Arc<Media>,
    /// Are there relays?
    relays: bool,
    /// The advertised addresses of ICE over TCP, where that comes in here.
    ice_tcp: Vec<SocketAddr>,
}

impl Front {
    /// As it is configured.
    pub fn new(config: &Config, media: Arc<Media>) -> Self {
        let shares = config.shares_http(&config.media.tcp);
        let ice_tcp = if shares { config.media.advertised_tcp.clone() } else { Vec::new() };
        Self { media, relays: config.turn.port.is_some(), ice_tcp }
    }

    /// An acceptor of HTTP without TLS.
    pub fn plain(self) -> Plain {
        Plain(self)
    }

    /// An acceptor of HTTP with TLS.
    pub fn encrypted(self, tls: RustlsConfig) -> Encrypted {
        Encrypted { front: self, tls }
    }

    /// Takes a connection that is not for HTTP; gives back one that may be.
    async fn sort(&self, stream: TcpStream) -> io::Result<(TcpStream, Speaker)> {
        stream.set_nodelay(true)?;
        match who(&stream).await? {
            Speaker::Turn if self.relays => {
                let client = canonical(stream.peer_addr()?);
                self.give_link(stream, None, client)?;
                Err(handed_over())
            }
            Speaker::IceTcp => {
                self.give_stream(stream).await?;
                Err(handed_over())
            }
            who => Ok((stream, who)),
        }
    }

    /// Does the handshake, and takes a connection on which a TURN client speaks then.
    async fn sort_encrypted(&self, stream: TcpStream, tls: &RustlsConfig) -> io::Result<TlsStream<TcpStream>> {
        let client = canonical(stream.peer_addr()?);
        let until = Instant::now() + PATIENCE;
        let handshake = TlsAcceptor::from(tls.get_inner()).accept(stream);
        let mut stream = timeout_at(until, handshake).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if !self.relays {
            return Ok(stream);
        }
        // Looked at, and left where it is for whoever reads next.
        let first = timeout_at(until, stream.fill_buf()).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if first.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        // HTTP shows itself by its first byte: what cannot be told yet is a STUN message that has only begun.
        if matches!(speaker(first), Speaker::Turn | Speaker::Unknown) {
            let (stream, connection) = stream.into_inner();
            self.give_link(stream, Some(Box::new(connection)), client)?;
            return Err(handed_over());
        }
        Ok(stream)
    }

    fn give_link(
        &self,
        stream: TcpStream,
        tls: Option<Box<rustls::ServerConnection>>,
        client: SocketAddr,
    ) -> io::Result<()> {
        self.media.take_link(NewLink { stream: stream.into_std()?, tls, client });
        Ok(())
    }

    async fn give_stream(&self, mut stream: TcpStream) -> io::Result<()> {
        let (source, until) = (stream.peer_addr()?, Instant::now() + PATIENCE);
        let is_family = |told: &&SocketAddr| told.is_ipv4() == source.ip().to_canonical().is_ipv4();
        let Some(destination) = self.ice_tcp.iter().find(is_family).copied() else { return Ok(()) };
        let mut received = Vec::new();
        while next_frame(&received).is_none() {
            let read =
                timeout_at(until, stream.read_buf(&mut received)).await.map_err(|_| io::ErrorKind::TimedOut)??;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.media.take_stream(stream.into_std()?, source, destination, received);
        Ok(())
    }
}

/// Listens on the relay's own ports.
pub fn start(config: &Config, front: &Front, tls: Option<RustlsConfig>) -> anyhow::Result<()> {
    let Some(port) = config.turn.port else { return Ok(()) };
    let tls_port = config.turn.tls_port.filter(|_| tls.is_some());
    for (key, port) in [("turn.port", Some(port)), ("turn.tls_port", tls_port)] {
        let Some(port) = port.filter(|port| *port != config.http.bind.port()) else { continue };
        for address in &config.media.udp {
            let listener = listen::open(key, SocketAddr::new(address.ip(), port), true)?;
            tokio::spawn(listen_on(listener, front.clone(), tls.clone()));
        }
    }
    Ok(())
}

async fn listen_on(listener: TcpListener, front: Front, tls: Option<RustlsConfig>) {
    let waiting = Waiting::default();
    loop {
        let (stream, client) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::debug!(%error, "accepting a TURN client");
                sleep(LOOK_EVERY).await;
                continue;
            }
        };
        let Some(place) = waiting.enter(client.ip().to_canonical()) else { continue };
        let (front, tls) = (front.clone(), tls.clone());
        tokio::spawn(async move {
            let sorted = front.sort(stream).await;
            if let (Ok((stream, Speaker::Tls)), Some(tls)) = (sorted, tls) {
                // Browsers are not served here.
                let _ = front.sort_encrypted(stream, &tls).await;
            }
            drop(place);
        });
    }
}

/// On a socket of both families IPv4 comes mapped into IPv6; to TURN it is IPv4.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// Who speaks? Waits until that can be told, and takes nothing out of the connection.
async fn who(stream: &TcpStream) -> io::Result<Speaker> {
    let until = Instant::now() + PATIENCE;
    let mut bytes = [0; TELLING];
    loop {
        let seen = timeout_at(until, stream.peek(&mut bytes)).await.map_err(|_| io::ErrorKind::TimedOut)??;
        match speaker(&bytes[..seen]) {
            Speaker::Unknown if seen == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Speaker::Unknown if Instant::now() >= until => return Err(io::ErrorKind::TimedOut.into()),
            // There is no telling when more has come but to look.
            Speaker::Unknown => sleep(LOOK_EVERY).await,
            known => return Ok(known),
        }
    }
}

/// To axum-server, a connection that went elsewhere is one that could not be accepted.
fn handed_over() -> io::Error {
    io::Error::other("no browser speaks on it")
}

type Accepting<T> = Pin<Box<dyn Future<Output = io::Result<T>> + Send>>;

/// Accepts HTTP without TLS.
#[derive(Clone)]
pub struct Plain(Front);

impl<S: Send + 'static> Accept<TcpStream, S> for Plain {
    type Stream = TcpStream;
    type Service = S;
    type Future = Accepting<(TcpStream, S)>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let front = self.0.clone();
        Box::pin(async move { Ok((front.sort(stream).await?.0, service)) })
    }
}

/// Accepts HTTP with TLS.
#[derive(Clone)]
pub struct Encrypted {
    front: Front,
    tls: RustlsConfig,
}

impl<S: Send + 'static> Accept<TcpStream, S> for Encrypted {
    type Stream = TlsStream<TcpStream>;
    type Service = S;
    type Future = Accepting<(Self::Stream, S)>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Self { front, tls } = self.clone();
        Box::pin(async move {
            let (stream, _) = front.sort(stream).await?;
            Ok((front.sort_encrypted(stream, &tls).await?, service))
        })
    }
}
