//! Requests that need a credential: Allocate, Refresh, CreatePermission, ChannelBind (RFC 8656 §7, §8, §10, §12).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_stun::attribute::{
    CHANNEL_NUMBER, COMPREHENSION_OPTIONAL, DATA, DONT_FRAGMENT, ERROR_CODE, EVEN_PORT, FINGERPRINT, LIFETIME,
    MESSAGE_INTEGRITY, NONCE, REALM, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT, RESERVATION_TOKEN, UDP,
    UNKNOWN_ATTRIBUTES, USERNAME, XOR_MAPPED_ADDRESS, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS, family, xor_address,
};
use crosspoint_stun::{Builder, Class, Key, Message, Method};

use crate::allocation::{Allocation, TooMany, Unbound};
use crate::quota::Full;
use crate::server::{Action, Opening, Turn};
use crate::{AllocationKey, Flow};

/// How long an allocation lasts when the client does not say, and at most, in seconds (RFC 8656 §7.2).
const USUAL_LIFETIME: u32 = 600;
const MAX_LIFETIME: u32 = 3600;
/// Numbers that channels may have. RFC 8656 §12 leaves clients the first quarter of what RFC 5766 did; old ones use the rest.
const CHANNELS: std::ops::RangeInclusive<u16> = 0x4000..=0x7ffe;
/// The bit of EVEN-PORT by which the next port is to be kept (RFC 8656 §18.7).
const RESERVE: u8 = 0x80;
/// What is understood in a request.
const KNOWN: &[u16] = &[
    USERNAME,
    MESSAGE_INTEGRITY,
    ERROR_CODE,
    UNKNOWN_ATTRIBUTES,
    CHANNEL_NUMBER,
    LIFETIME,
    XOR_PEER_ADDRESS,
    DATA,
    REALM,
    NONCE,
    XOR_RELAYED_ADDRESS,
    REQUESTED_ADDRESS_FAMILY,
    EVEN_PORT,
    REQUESTED_TRANSPORT,
    DONT_FRAGMENT,
    XOR_MAPPED_ADDRESS,
    RESERVATION_TOKEN,
];

/// An answer that may yet be signed.
pub(crate) struct Answer {
    builder: Builder,
    fingerprinted: bool,
}

impl Answer {
    pub fn to(message: &Message<'_>, class: Class, fill: impl FnOnce(Builder) -> Builder) -> Self {
        let method = message.method.unwrap_or(Method::Binding);
        let builder = fill(Builder::new(class, method, message.transaction));
        // Who signs so is answered so.
        Self { builder, fingerprinted: message.attribute(FINGERPRINT).is_some() }
    }

    pub fn finish(self, key: Option<&Key>) -> Vec<u8> {
        let signed = match key {
            Some(key) => self.builder.signed(key),
            None => self.builder,
        };
        if self.fingerprinted { signed.fingerprinted().finish() } else { signed.finish() }
    }
}

/// Why a request is refused (IANA "STUN Error Codes").
struct Denial(u16, &'static str);

const BAD_REQUEST: Denial = Denial(400, "Bad Request");
const UNAUTHENTICATED: Denial = Denial(401, "Unauthenticated");
const FORBIDDEN: Denial = Denial(403, "Forbidden: this server relays to no such address");
const NO_ALLOCATION: Denial = Denial(437, "Allocation Mismatch");
const STALE_NONCE: Denial = Denial(438, "Stale Nonce");
const NO_SUCH_FAMILY: Denial = Denial(440, "Address Family not Supported");
const WRONG_CREDENTIALS: Denial = Denial(441, "Wrong Credentials");
const NO_SUCH_TRANSPORT: Denial = Denial(442, "Unsupported Transport Protocol");
const OTHER_FAMILY: Denial = Denial(443, "Peer Address Family Mismatch");
const OVER_QUOTA: Denial = Denial(486, "Allocation Quota Reached");
const NO_ROOM: Denial = Denial(508, "Insufficient Capacity");

/// Who asks, as proved.
struct Asker {
    key: Key,
    username: String,
    user: String,
}

impl Turn {
    /// A request other than Binding.
    pub(crate) fn request<'a>(
        &'a mut self,
        client: Flow,
        message: &Message<'a>,
        method: Option<Method>,
        now: Instant,
    ) -> Action<'a> {
        let asker = match self.authenticate(client, message, now) {
            Ok(asker) => asker,
            Err(denial) => {
                self.counters.unauthorised += 1;
                return self.challenge(client, message, &denial, now);
            }
        };
        if let Some(refused) = Self::unknown(message) {
            return self.answer(client, refused, Some(&asker.key));
        }
        let key = asker.key.clone();
        let done = match method {
            Some(Method::Allocate) => match self.allocate(client, message, asker, now) {
                Ok(Allocated::Open(opening)) => return Action::Open(opening),
                Ok(Allocated::Already(answer)) => Ok(answer),
                Err(denial) => Err(denial),
            },
            Some(Method::Refresh) => self.refresh(client, message, now),
            Some(Method::CreatePermission) => self.create_permission(client, message, now),
            Some(Method::ChannelBind) => self.bind_channel(client, message, now),
            Some(Method::Binding | Method::Send | Method::Data) | None => Err(BAD_REQUEST),
        };
        let answer = done.unwrap_or_else(|Denial(code, reason)| {
            Answer::to(message, Class::Error, |answer| answer.error(code, reason))
        });
        self.answer(client, answer, Some(&key))
    }

    /// Attributes that must be understood and are not (RFC 8489 §6.3.1).
    pub(crate) fn unknown(message: &Message<'_>) -> Option<Answer> {
        let is_unknown = |kind: &u16| *kind < COMPREHENSION_OPTIONAL && !KNOWN.contains(kind);
        let unknown: Vec<u8> = message
            .attributes()
            .map(|attribute| attribute.kind)
            .filter(is_unknown)
            .flat_map(u16::to_be_bytes)
            .collect();
        let refuse = |answer: Builder| answer.error(420, "Unknown Attribute").attribute(UNKNOWN_ATTRIBUTES, &unknown);
        (!unknown.is_empty()).then(|| Answer::to(message, Class::Error, refuse))
    }

    /// RFC 8489 §9.2.4. The nonce is looked at first: who has none of ours costs no look for a password.
    fn authenticate(&self, client: Flow, message: &Message<'_>, now: Instant) -> Result<Asker, Denial> {
        if message.attribute(MESSAGE_INTEGRITY).is_none() {
            return Err(UNAUTHENTICATED);
        }
        let (Some(username), Some(_), Some(nonce)) = (message.text(USERNAME), message.text(REALM), message.text(NONCE))
        else {
            return Err(BAD_REQUEST);
        };
        let second = self.shared.second(now);
        if !self.shared.nonces.holds(nonce, client.client, second) {
            return Err(STALE_NONCE);
        }
        // Whose credential ended meanwhile may keep what was made with it.
        if let Some(allocation) = self.index_of(client).map(|index| &self.allocations[index]) {
            if allocation.username != username {
                return Err(WRONG_CREDENTIALS);
            }
            let key = allocation.key.clone();
            return if message.is_signed_by(&key) {
                Ok(Asker { key, username: username.to_owned(), user: String::new() })
            } else {
                Err(UNAUTHENTICATED)
            };
        }
        let login = self.shared.logins.find(username, second).ok_or(UNAUTHENTICATED)?;
        let key = login.keys.into_iter().find(|key| message.is_signed_by(key)).ok_or(UNAUTHENTICATED)?;
        Ok(Asker { key, username: username.to_owned(), user: login.user })
    }

    /// An error without a signature, with what the client needs to sign. So many of them go to one address in a second.
    fn challenge(&mut self, client: Flow, message: &Message<'_>, denial: &Denial, now: Instant) -> Action<'_> {
        if !self.may_answer(client, now) {
            return self.ignore();
        }
        let Denial(code, reason) = *denial;
        let answer = Answer::to(message, Class::Error, |answer| {
            let answer = answer.error(code, reason);
            if !matches!(code, 401 | 438) {
                return answer;
            }
            let nonce = self.shared.nonces.make(client.client, self.shared.second(now));
            answer.text(REALM, &self.shared.realm).text(NONCE, &nonce)
        });
        self.answer(client, answer, None)
    }

    /// RFC 8656 §7.2, in its order.
    fn allocate(
        &mut self,
        client: Flow,
        message: &Message<'_>,
        asker: Asker,
        now: Instant,
    ) -> Result<Allocated, Denial> {
        if let Some(index) = self.index_of(client) {
            let own = &self.allocations[index];
            // The answer was lost, and the client asks again.
            return if own.transaction == message.transaction {
                Ok(Allocated::Already(allocated_answer(message, own, now)))
            } else {
                Err(NO_ALLOCATION)
            };
        }
        match message.attribute(REQUESTED_TRANSPORT) {
            Some([UDP, ..]) => {}
            Some([_, ..]) => return Err(NO_SUCH_TRANSPORT),
            Some([]) | None => return Err(BAD_REQUEST),
        }
        let even = message.attribute(EVEN_PORT);
        let wanted = message.attribute(REQUESTED_ADDRESS_FAMILY);
        // Ports are not kept for anybody: pairs of them are for RTP without multiplexing, which no browser does any more.
        if message.attribute(RESERVATION_TOKEN).is_some() {
            return Err(if even.is_some() || wanted.is_some() { BAD_REQUEST } else { NO_ROOM });
        }
        if even.and_then(|bits| bits.first()).is_some_and(|bits| bits & RESERVE != 0) {
            self.counters.no_room += 1;
            return Err(NO_ROOM);
        }
        let ipv6 = match wanted.and_then(|family| family.first()) {
            None | Some(1) => false,
            Some(2) => true,
            Some(_) => return Err(NO_SUCH_FAMILY),
        };
        if self.shared.peers.relay_address(ipv6).is_none() {
            return Err(NO_SUCH_FAMILY);
        }
        let seat = self.shared.quota.admit(&asker.user).map_err(|full| match full {
            Full::User => {
                self.counters.over_quota += 1;
                OVER_QUOTA
            }
            Full::Server => {
                self.counters.no_room += 1;
                NO_ROOM
            }
        })?;
        let key = AllocationKey(self.allocations.vacant_key());
        let lifetime = lifetime(message).max(USUAL_LIFETIME);
        Ok(Allocated::Open(Box::new(Opening {
            allocation: key,
            ipv6,
            even: even.is_some(),
            client,
            key: asker.key,
            username: asker.username,
            seat,
            transaction: message.transaction,
            lifetime,
            fingerprinted: message.attribute(FINGERPRINT).is_some(),
        })))
    }

    /// The relay socket that a request wanted is open; `relayed`: as peers are told. None: there was no port to be had.
    pub fn opened(&mut self, opening: Opening, relayed: Option<SocketAddr>, now: Instant) -> Action<'_> {
        let Opening { client, key, username, seat, transaction, lifetime, fingerprinted, .. } = opening;
        let builder = |class| Builder::new(class, Method::Allocate, transaction);
        let Some(relayed) = relayed else {
            self.counters.no_room += 1;
            let Denial(code, reason) = NO_ROOM;
            let answer = Answer { builder: builder(Class::Error).error(code, reason), fingerprinted };
            return self.answer(client, answer, Some(&key));
        };
        let expires = now + Duration::from_secs(lifetime.into());
        let allocation = Allocation::new(client, (key.clone(), username, seat), relayed, transaction, expires);
        let answer = describe(builder(Class::Success), &allocation, lifetime);
        self.insert(allocation);
        self.answer(client, Answer { builder: answer, fingerprinted }, Some(&key))
    }

    /// RFC 8656 §8.2.
    fn refresh(&mut self, client: Flow, message: &Message<'_>, now: Instant) -> Result<Answer, Denial> {
        let index = self.index_of(client).ok_or(NO_ALLOCATION)?;
        let own = family(self.allocations[index].relayed.ip());
        if message.attribute(REQUESTED_ADDRESS_FAMILY).is_some_and(|wanted| wanted.first() != Some(&own)) {
            return Err(OTHER_FAMILY);
        }
        let lifetime = match lifetime(message) {
            0 => 0,
            wanted => wanted.max(USUAL_LIFETIME),
        };
        if lifetime == 0 {
            self.remove(index);
        } else {
            self.prolong(index, now + Duration::from_secs(lifetime.into()));
        }
        Ok(Answer::to(message, Class::Success, |answer| answer.number(LIFETIME, lifetime)))
    }

    /// RFC 8656 §10.2.
    fn create_permission(&mut self, client: Flow, message: &Message<'_>, now: Instant) -> Result<Answer, Denial> {
        let index = self.index_of(client).ok_or(NO_ALLOCATION)?;
        let values = message.attributes().filter(|attribute| attribute.kind == XOR_PEER_ADDRESS);
        let peers: Option<Vec<SocketAddr>> =
            values.map(|attribute| xor_address(attribute.value, &message.transaction)).collect();
        let peers = peers.filter(|peers| !peers.is_empty()).ok_or(BAD_REQUEST)?;
        for peer in &peers {
            self.check_peer(index, *peer)?;
        }
        for peer in peers {
            self.allocations[index].permit(peer.ip(), now).map_err(|TooMany| NO_ROOM)?;
        }
        Ok(Answer::to(message, Class::Success, |answer| answer))
    }

    /// RFC 8656 §12.2.
    fn bind_channel(&mut self, client: Flow, message: &Message<'_>, now: Instant) -> Result<Answer, Denial> {
        let index = self.index_of(client).ok_or(NO_ALLOCATION)?;
        let (Some(&[a, b, ..]), Some(peer)) = (message.attribute(CHANNEL_NUMBER), message.address(XOR_PEER_ADDRESS))
        else {
            return Err(BAD_REQUEST);
        };
        let number = u16::from_be_bytes([a, b]);
        if !CHANNELS.contains(&number) {
            return Err(BAD_REQUEST);
        }
        self.check_peer(index, peer)?;
        self.allocations[index].bind(number, peer, now).map_err(|unbound| match unbound {
            Unbound::Taken => BAD_REQUEST,
            Unbound::TooMany => NO_ROOM,
        })?;
        Ok(Answer::to(message, Class::Success, |answer| answer))
    }

    fn check_peer(&mut self, index: usize, peer: SocketAddr) -> Result<(), Denial> {
        if peer.is_ipv4() != self.allocations[index].relayed.is_ipv4() {
            return Err(OTHER_FAMILY);
        }
        if !self.shared.peers.may_permit(peer.ip()) {
            self.counters.refused_peers += 1;
            return Err(FORBIDDEN);
        }
        Ok(())
    }
}

/// What an Allocate request leads to.
enum Allocated {
    Open(Box<Opening>),
    Already(Answer),
}

/// The seconds that a client asks for, within bounds.
fn lifetime(message: &Message<'_>) -> u32 {
    message.number(LIFETIME).unwrap_or(USUAL_LIFETIME).min(MAX_LIFETIME)
}

fn allocated_answer(message: &Message<'_>, allocation: &Allocation, now: Instant) -> Answer {
    let left = allocation.expires.saturating_duration_since(now).as_secs();
    let left = u32::try_from(left).unwrap_or(MAX_LIFETIME);
    Answer::to(message, Class::Success, |answer| describe(answer, allocation, left))
}

fn describe(answer: Builder, allocation: &Allocation, lifetime: u32) -> Builder {
    answer
        .address(XOR_RELAYED_ADDRESS, allocation.relayed)
        .address(XOR_MAPPED_ADDRESS, allocation.flow.client)
        .number(LIFETIME, lifetime)
}
