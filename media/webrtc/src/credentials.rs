//! ICE credentials from the operating system's random source (str0m's own come from a generator that is not meant for
//! secrets), with the worker's number in front of the user fragment, so that a first TCP frame can be routed.

use crosspoint_stun::attribute::USERNAME;
use crosspoint_stun::{Class, Message, Method};
use str0m::IceCreds;

/// ice-char of RFC 8839 §5.4 without the two that are not letters or digits; 62 of them.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Letters before the random part: the worker's number in base 62.
const PREFIX: usize = 2;

/// A user fragment of 2 + 14 characters and a password of 32 (83 and 190 bits; RFC 8839 §5.4 asks for 24 and 128).
pub fn generate(worker: u16) -> IceCreds {
    let mut random = [0u8; 46];
    getrandom::fill(&mut random).expect("the system's random source answers");
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    let (ufrag, pass) = random.split_at(14);
    let prefix = [usize::from(worker) / 62 % 62, usize::from(worker) % 62];
    IceCreds {
        ufrag: prefix.iter().map(|index| char::from(ALPHABET[*index])).chain(ufrag.iter().map(letter)).collect(),
        pass: pass.iter().map(letter).collect(),
    }
}

/// A synchronisation source (RFC 3550 §8.1), not 0.
pub fn source() -> u32 {
    let mut random = [0u8; 4];
    getrandom::fill(&mut random).expect("the system's random source answers");
    u32::from_ne_bytes(random).max(1)
}

/// The worker that a user fragment of ours belongs to.
pub fn worker_of(ufrag: &[u8]) -> Option<u16> {
    let digit = |byte: u8| ALPHABET.iter().position(|letter| *letter == byte);
    let prefix = ufrag.get(..PREFIX)?;
    u16::try_from(digit(prefix[0])? * 62 + digit(prefix[1])?).ok()
}

/// The local user fragment (the part before the colon of USERNAME, RFC 8445 §7.2.2) that a STUN request is for.
pub fn stun_ufrag(datagram: &[u8]) -> Option<&[u8]> {
    let is_check = |message: &Message<'_>| message.class == Class::Request && message.method == Some(Method::Binding);
    let username = Message::read(datagram).filter(is_check)?.attribute(USERNAME)?;
    username.split(|byte| *byte == b':').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_fragment_names_its_worker() {
        for worker in [0, 1, 61, 62, 3843] {
            let creds = generate(worker);
            assert_eq!(worker_of(creds.ufrag.as_bytes()), Some(worker));
            assert_eq!((creds.ufrag.len(), creds.pass.len()), (16, 32));
        }
        assert_eq!(worker_of(b"!"), None);
    }

    #[test]
    fn the_username_of_a_binding_request_is_found() {
        let mut request = vec![0, 1, 0, 16, 0x21, 0x12, 0xA4, 0x42];
        request.extend([7; 12]);
        request.extend([0x00, 0x06, 0, 9]);
        request.extend(b"local:rem\0\0\0");
        assert_eq!(stun_ufrag(&request), Some(&b"local"[..]));
        assert_eq!(stun_ufrag(&request[..25]), None, "a cut one is not");
        request[1] = 0x11;
        assert_eq!(stun_ufrag(&request), None, "an indication is not a request");
    }
}
