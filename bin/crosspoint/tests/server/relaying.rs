//! The relay over TCP and UDP, through the sockets of a server that runs: connections that end, that dawdle, that say nonsense.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use crosspoint_stun::attribute::{DATA, NONCE, REALM, REQUESTED_TRANSPORT, UDP, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS};
use crosspoint_stun::stream::{Unit, next_unit};
use crosspoint_stun::{Builder, Class, Key, Message, Method};

use crate::house::{PATIENCE, Server, free_port};

#[test]
fn a_relay_ends_with_its_connection_and_one_over_udp_does_not_need_any() {
    let relay = Relay::start(&[]);
    let mut over_tcp = relay.client(Wire::tcp(relay.address));
    let mut over_udp = relay.client(Wire::udp(relay.address));
    over_tcp.allocate();
    over_udp.allocate();
    relay.until_allocations("tcp", 1.0);
    drop(over_tcp);
    relay.until_allocations("tcp", 0.0);
    relay.until_allocations("udp", 1.0);
}

#[test]
fn what_comes_in_pieces_is_put_together_and_nonsense_ends_the_connection() {
    let relay = Relay::start(&[]);
    let mut pieces = relay.client(Wire::tcp(relay.address));
    pieces.in_pieces_of = 7;
    pieces.allocate();

    let mut stranger = TcpStream::connect(relay.address).expect("a connection");
    stranger.set_read_timeout(Some(PATIENCE)).expect("a time limit");
    let binding = Builder::new(Class::Request, Method::Binding, [1; 12]).finish();
    stranger.write_all(&binding).expect("sent");
    assert!(stranger.read(&mut [0; 512]).expect("an answer") > 20);
    stranger.write_all(&[0xFF; 64]).expect("sent");
    assert_eq!(stranger.read(&mut [0; 512]).unwrap_or(0), 0, "the connection is over");
    assert!(pieces.ask(Method::Refresh, |request| request).is_some(), "the others go on");
}

#[test]
fn who_does_not_read_loses_datagrams_and_costs_nobody_else_any() {
    let relay = Relay::start(&["--turn.bitrate", "none", "--turn.user_bitrate", "none"]);
    let mut sender = relay.client(Wire::udp(relay.address));
    let mut dawdler = relay.client(Wire::tcp(relay.address));
    let mut attentive = relay.client(Wire::tcp(relay.address));
    let from = sender.allocate();
    let [slow, quick] = [&mut dawdler, &mut attentive].map(|client| {
        let relayed = client.allocate();
        client.permit(from);
        relayed
    });
    [slow, quick].iter().for_each(|peer| sender.permit(*peer));

    let deadline = Instant::now() + PATIENCE;
    while relay.metric("crosspoint_turn_packets_dropped_total{why=\"unsent\"}") < 1.0 {
        assert!(Instant::now() < deadline, "no connection holds this much");
        (0..200).for_each(|_| sender.send(slow, &[7; 1200]));
    }
    // What was sent to the slow one may have filled sockets on the way; then it is sent again, as any protocol over UDP would.
    let deadline = Instant::now() + PATIENCE;
    while !attentive.hears(b"still there") {
        assert!(Instant::now() < deadline, "the attentive one hears nothing any more");
        sender.send(quick, b"still there");
    }
}

/// A server with a relay.
struct Relay {
    server: Server,
    address: SocketAddr,
}

impl Relay {
    fn start(flags: &[&str]) -> Self {
        let port = free_port().to_string();
        let base = ["--turn.port", &port, "--turn.static_users", "ann: secret"];
        let server = Server::start(&[&base[..], flags].concat());
        let address = SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")));
        Self { server, address }
    }

    fn client(&self, wire: Wire) -> Client {
        Client { wire, login: None, received: Vec::new(), in_pieces_of: usize::MAX, asked: 0 }
    }

    fn metric(&self, name: &str) -> f64 {
        let metrics = self.server.get("/metrics");
        let value = metrics.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        value.unwrap_or_else(|| panic!("{name} is not in\n{metrics}"))
    }

    fn until_allocations(&self, transport: &str, wanted: f64) {
        let name = format!("crosspoint_turn_allocations{{transport=\"{transport}\"}}");
        let deadline = Instant::now() + PATIENCE;
        while (self.metric(&name) - wanted).abs() > 0.5 {
            assert!(Instant::now() < deadline, "{name} is {}, not {wanted}", self.metric(&name));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A way to the relay.
enum Wire {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Wire {
    fn udp(relay: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(relay).expect("an address");
        socket.set_read_timeout(Some(Duration::from_millis(100))).expect("a time limit");
        Self::Udp(socket)
    }

    fn tcp(relay: SocketAddr) -> Self {
        let stream = TcpStream::connect(relay).expect("a connection");
        stream.set_nodelay(true).expect("a socket");
        stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a time limit");
        Self::Tcp(stream)
    }
}

/// A client of the relay.
struct Client {
    wire: Wire,
    login: Option<(String, String)>,
    received: Vec<u8>,
    /// Over TCP: so many bytes at once.
    in_pieces_of: usize,
    asked: u8,
}

impl Client {
    fn allocate(&mut self) -> SocketAddr {
        let wanted = |request: Builder| request.attribute(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0]);
        let refused = self.ask(Method::Allocate, wanted).expect("a challenge");
        let challenge = Message::read(&refused).expect("a message");
        let text = |kind| challenge.text(kind).expect("a text").to_owned();
        self.login = Some((text(REALM), text(NONCE)));
        let made = self.ask(Method::Allocate, wanted).expect("an answer");
        Message::read(&made).and_then(|made| made.address(XOR_RELAYED_ADDRESS)).expect("a relay")
    }

    fn permit(&mut self, peer: SocketAddr) {
        let answer = self.ask(Method::CreatePermission, |request| request.address(XOR_PEER_ADDRESS, peer));
        assert_eq!(Message::read(&answer.expect("an answer")).map(|answer| answer.class), Some(Class::Success));
    }

    /// A request, until it is answered.
    fn ask(&mut self, method: Method, fill: impl Fn(Builder) -> Builder) -> Option<Vec<u8>> {
        self.asked += 1;
        let transaction = [self.asked; 12];
        let mut request = fill(Builder::new(Class::Request, method, transaction));
        if let Some((realm, nonce)) = &self.login {
            request = request.authenticated("ann", realm, nonce, &Key::long_term("ann", realm, "secret"));
        }
        self.write(&request.finish());
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let came = self.receive();
            let is_answer = |bytes: &Vec<u8>| Message::read(bytes).is_some_and(|one| one.transaction == transaction);
            if let Some(answer) = came.filter(is_answer) {
                return Some(answer);
            }
        }
        None
    }

    fn send(&mut self, peer: SocketAddr, content: &[u8]) {
        let indication = Builder::new(Class::Indication, Method::Send, [0; 12]);
        self.write(&indication.address(XOR_PEER_ADDRESS, peer).attribute(DATA, content).finish());
    }

    /// Has this come by now?
    fn hears(&mut self, content: &[u8]) -> bool {
        let Some(bytes) = self.receive() else { return false };
        Message::read(&bytes).is_some_and(|message| message.attribute(DATA) == Some(content))
    }

    fn write(&mut self, bytes: &[u8]) {
        match &mut self.wire {
            Wire::Udp(socket) => assert_eq!(socket.send(bytes).expect("sent"), bytes.len()),
            Wire::Tcp(stream) => {
                bytes.chunks(self.in_pieces_of).for_each(|piece| stream.write_all(piece).expect("sent"));
            }
        }
    }

    /// The next message, if it comes soon.
    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        match &mut self.wire {
            Wire::Udp(socket) => socket.recv(&mut buffer).ok().map(|read| buffer[..read].to_vec()),
            Wire::Tcp(stream) => loop {
                if let Unit::Whole { padded, length } = next_unit(&self.received) {
                    let unit = self.received.drain(..padded).take(length).collect();
                    return Some(unit);
                }
                match stream.read(&mut buffer) {
                    Ok(0) => panic!("the connection is over"),
                    Ok(read) => self.received.extend_from_slice(&buffer[..read]),
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
                    Err(error) => panic!("{error}"),
                }
            },
        }
    }
}
