//! A TURN client: an allocation, and a channel to one peer.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use crosspoint_stun::attribute::{
    CHANNEL_NUMBER, ERROR_CODE, NONCE, REQUESTED_TRANSPORT, UDP, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS, error_code,
};
use crosspoint_stun::{Builder, Class, Key, Message, Method, TransactionId};

use super::servers::USER;

/// The channel of every client.
pub const CHANNEL: u16 = 0x4000;

/// A client with an allocation and a channel.
pub struct Client {
    /// Where it sends channel data to, and gets it from.
    pub socket: UdpSocket,
    /// Where its peer sends to.
    pub relayed: SocketAddr,
}

impl Client {
    /// Makes the allocation and the channel.
    pub fn open(server: SocketAddr, peer: SocketAddr) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        let (user, realm, password) = USER;
        let key = Key::long_term(user, realm, password);
        let allocate = |id| request(Method::Allocate, id).attribute(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0]);
        let challenge = ask(&socket, &allocate([1; 12]).finish())?;
        let challenge = Message::read(&challenge).context("no message")?;
        let nonce = challenge.text(NONCE).context("no nonce")?.to_owned();
        let sign = |request: Builder| request.authenticated(user, realm, &nonce, &key).finish();
        let allocated = done(&ask(&socket, &sign(allocate([2; 12])))?, "Allocate")?;
        let relayed = Message::read(&allocated).and_then(|message| message.address(XOR_RELAYED_ADDRESS));
        let [high, low] = CHANNEL.to_be_bytes();
        let bind = request(Method::ChannelBind, [3; 12])
            .attribute(CHANNEL_NUMBER, &[high, low, 0, 0])
            .address(XOR_PEER_ADDRESS, peer);
        done(&ask(&socket, &sign(bind))?, "ChannelBind")?;
        Ok(Self { socket, relayed: relayed.context("no relayed address")? })
    }
}

/// Does a STUN server answer there?
pub fn answers(server: SocketAddr) -> bool {
    let ask_once = || -> Result<()> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        // The system may give this socket the very port, which then answers itself.
        done(&ask(&socket, &request(Method::Binding, [9; 12]).finish())?, "Binding").map(|_| ())
    };
    ask_once().is_ok()
}

fn request(method: Method, id: TransactionId) -> Builder {
    Builder::new(Class::Request, method, id)
}

fn ask(socket: &UdpSocket, bytes: &[u8]) -> Result<Vec<u8>> {
    socket.send(bytes)?;
    let mut answer = vec![0; 2048];
    let length = socket.recv(&mut answer)?;
    answer.truncate(length);
    Ok(answer)
}

fn done(bytes: &[u8], what: &str) -> Result<Vec<u8>> {
    let message = Message::read(bytes).context("no message")?;
    if message.class != Class::Success {
        bail!("{what} failed: {:?}", message.attribute(ERROR_CODE).and_then(error_code));
    }
    Ok(bytes.to_vec())
}
