//! A client of a relay, as a browser is one: requests, and what is answered (RFC 8489, RFC 8656).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_model::Secret;
use crosspoint_stun::attribute::{
    DATA, ERROR_CODE, LIFETIME, NONCE, REALM, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT, UDP, XOR_MAPPED_ADDRESS,
    XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS, error_code, family,
};
use crosspoint_stun::{Builder, Class, Key, Message, Method, TransactionId};

use super::link::{Link, PATIENCE};
use super::trouble::Trouble;

/// A request without an answer is sent again after this time (RFC 8489 §6.2.1).
const AGAIN: Duration = Duration::from_millis(500);
const UNAUTHENTICATED: u16 = 401;
const STALE_NONCE: u16 = 438;

/// What a relay asks for.
#[derive(Clone, Debug)]
pub struct Credential {
    pub username: String,
    pub password: Secret,
}

/// A client on its way to a relay.
pub struct Client {
    link: Link,
    login: Option<Login>,
}

/// What requests are signed with.
struct Login {
    username: String,
    realm: String,
    nonce: String,
    key: Key,
}

impl Client {
    /// On a way that stands.
    pub fn new(link: Link) -> Self {
        Self { link, login: None }
    }

    /// Asks what our address is.
    pub fn binding(&mut self) -> Result<SocketAddr, Trouble> {
        let answer = self.ask(Method::Binding, |request| request)?;
        answer.message()?.address(XOR_MAPPED_ADDRESS).ok_or(Trouble::Nonsense)
    }

    /// Makes a relay of the same family as the server's address, and gives where it is.
    pub fn allocate(&mut self, credential: &Credential, server: SocketAddr) -> Result<SocketAddr, Trouble> {
        let wanted = |request: Builder| {
            let request = request.attribute(REQUESTED_TRANSPORT, &[UDP, 0, 0, 0]);
            // Relays of IPv4 need no such attribute, and old ones do not know it.
            if server.is_ipv4() {
                request
            } else {
                request.attribute(REQUESTED_ADDRESS_FAMILY, &[family(server.ip()), 0, 0, 0])
            }
        };
        let mut answer = self.ask(Method::Allocate, wanted)?;
        for _ in 0..2 {
            let message = answer.message()?;
            let is_signed = self.login.is_some();
            match denial(&message) {
                Some(STALE_NONCE) => {}
                Some(UNAUTHENTICATED) if !is_signed => {}
                Some(UNAUTHENTICATED) => return Err(Trouble::WrongCredential),
                _ => break,
            }
            self.login = Some(Login::of(&message, credential)?);
            answer = self.ask(Method::Allocate, wanted)?;
        }
        let message = answer.message()?;
        match denial(&message) {
            Some(UNAUTHENTICATED) => Err(Trouble::WrongCredential),
            Some(_) => Err(denied("a relay", &message)),
            None => message.address(XOR_RELAYED_ADDRESS).ok_or(Trouble::Nonsense),
        }
    }

    /// Lets a peer send to our relay.
    pub fn permit(&mut self, peer: SocketAddr) -> Result<(), Trouble> {
        let answer = self.ask(Method::CreatePermission, |request| request.address(XOR_PEER_ADDRESS, peer))?;
        let message = answer.message()?;
        if message.class == Class::Success {
            Ok(())
        } else {
            Err(denied("a permission for another of its relays", &message))
        }
    }

    /// Sends a datagram from our relay.
    pub fn send(&mut self, peer: SocketAddr, content: &[u8]) -> Result<(), Trouble> {
        let indication = Builder::new(Class::Indication, Method::Send, transaction());
        let indication = indication.address(XOR_PEER_ADDRESS, peer).attribute(DATA, content).finish();
        Ok(self.link.send(&indication)?)
    }

    /// Has this datagram come to our relay in time?
    pub fn hears(&mut self, content: &[u8], at_most: Duration) -> Result<bool, Trouble> {
        let until = Instant::now() + at_most;
        while let Some(bytes) = self.link.receive(until)? {
            let came = Message::read(&bytes).filter(|message| message.method == Some(Method::Data));
            if came.is_some_and(|message| message.attribute(DATA) == Some(content)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Gives the relay back.
    pub fn release(&mut self) -> Result<(), Trouble> {
        let answer = self.ask(Method::Refresh, |request| request.number(LIFETIME, 0))?;
        let message = answer.message()?;
        if message.class == Class::Success { Ok(()) } else { Err(denied("giving the relay back", &message)) }
    }

    /// Sends a request until its answer comes.
    fn ask(&mut self, method: Method, fill: impl Fn(Builder) -> Builder) -> Result<Answer, Trouble> {
        let transaction = transaction();
        let request = fill(Builder::new(Class::Request, method, transaction));
        let request = match &self.login {
            Some(login) => login.sign(request),
            None => request,
        };
        let (request, last) = (request.fingerprinted().finish(), Instant::now() + PATIENCE);
        while Instant::now() < last {
            self.link.send(&request)?;
            let until = if self.link.is_lossy() { last.min(Instant::now() + AGAIN) } else { last };
            while let Some(bytes) = self.link.receive(until)? {
                if Message::read(&bytes).is_some_and(|answer| answer.transaction == transaction) {
                    return Ok(Answer(bytes));
                }
            }
        }
        Err(Trouble::Silent)
    }
}

impl Login {
    /// With what the server says that it wants.
    fn of(challenge: &Message<'_>, credential: &Credential) -> Result<Self, Trouble> {
        let (Some(realm), Some(nonce)) = (challenge.text(REALM), challenge.text(NONCE)) else {
            return Err(Trouble::Nonsense);
        };
        let key = Key::long_term(&credential.username, realm, credential.password.expose());
        Ok(Self { username: credential.username.clone(), realm: realm.to_owned(), nonce: nonce.to_owned(), key })
    }

    fn sign(&self, request: Builder) -> Builder {
        request.authenticated(&self.username, &self.realm, &self.nonce, &self.key)
    }
}

/// An answer of which is known that it is a message.
struct Answer(Vec<u8>);

impl Answer {
    fn message(&self) -> Result<Message<'_>, Trouble> {
        Message::read(&self.0).ok_or(Trouble::Nonsense)
    }
}

fn denial(answer: &Message<'_>) -> Option<u16> {
    error_code(answer.attribute(ERROR_CODE)?).filter(|_| answer.class == Class::Error)
}

fn denied(step: &'static str, answer: &Message<'_>) -> Trouble {
    let value = answer.attribute(ERROR_CODE).unwrap_or_default();
    let reason = String::from_utf8_lossy(value.get(4..).unwrap_or_default()).into_owned();
    Trouble::Denied { step, code: error_code(value).unwrap_or_default(), reason }
}

/// Ties an answer to its request. Without randomness, zeros do: nobody is to be kept from forging an answer here.
fn transaction() -> TransactionId {
    let mut bytes = TransactionId::default();
    let _ = getrandom::fill(&mut bytes);
    bytes
}
