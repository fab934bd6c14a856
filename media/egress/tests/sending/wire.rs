//! Packets by the byte: what leaves is read, what a client would say is written.

use std::collections::BTreeMap;

/// An RTP packet, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rtp {
    pub marker: bool,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub ssrc: u32,
    /// By their ids.
    pub extensions: BTreeMap<u8, Vec<u8>>,
    pub payload: Vec<u8>,
}

/// RFC 3550 §5.1 and RFC 8285.
pub fn rtp(packet: &[u8]) -> Rtp {
    assert_eq!(packet[0] & 0xef, 0x80, "version 2, no padding, no contributing sources");
    let mut extensions = BTreeMap::new();
    let mut payload = 12;
    if packet[0] & 0x10 != 0 {
        let large = match short(packet, 12) {
            0xbede => false,
            0x1000 => true,
            profile => panic!("extensions of a kind that nobody knows: {profile:x}"),
        };
        payload = 16 + 4 * usize::from(short(packet, 14));
        let mut at = 16;
        while at < payload {
            let (id, start, length) = match (packet[at], large) {
                (0, _) => {
                    at += 1;
                    continue;
                }
                (first, false) => (first >> 4, at + 1, usize::from(first & 15) + 1),
                (id, true) => (id, at + 2, usize::from(packet[at + 1])),
            };
            at = start + length;
            assert!(at <= payload, "a value within the extensions");
            assert_eq!(extensions.insert(id, packet[start..at].to_vec()), None, "each id once");
        }
    }
    Rtp {
        marker: packet[1] & 0x80 != 0,
        payload_type: packet[1] & 0x7f,
        sequence: short(packet, 2),
        timestamp: word(packet, 4),
        ssrc: word(packet, 8),
        extensions,
        payload: packet[payload..].to_vec(),
    }
}

/// A sender report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub ssrc: u32,
    pub ntp: u64,
    pub timestamp: u32,
    pub packets: u32,
    pub bytes: u32,
}

/// The sender reports of a compound packet, and the names in its descriptions.
pub fn rtcp(mut packet: &[u8]) -> (Vec<Sent>, Vec<String>) {
    let (mut reports, mut names) = (Vec::new(), Vec::new());
    assert!(packet[1] == 200 || packet[1] == 201, "a compound packet begins with a report (RFC 3550 §6.1)");
    while !packet.is_empty() {
        let length = 4 + 4 * usize::from(short(packet, 2));
        let (message, rest) = packet.split_at(length);
        packet = rest;
        match message[1] {
            200 => reports.push(Sent {
                ssrc: word(message, 4),
                ntp: u64::from(word(message, 8)) << 32 | u64::from(word(message, 12)),
                timestamp: word(message, 16),
                packets: word(message, 20),
                bytes: word(message, 24),
            }),
            202 => {
                let mut chunks = &message[4..];
                for _ in 0..message[0] & 0x1f {
                    assert_eq!(chunks[4], 1, "a canonical name");
                    let end = 6 + usize::from(chunks[5]);
                    names.push(String::from_utf8(chunks[6..end].to_vec()).expect("a name"));
                    // At least one zero ends the items, and the chunk ends on a word.
                    chunks = &chunks[(end + 1).next_multiple_of(4)..];
                }
            }
            kind => panic!("a message of kind {kind}"),
        }
    }
    (reports, names)
}

/// How many ticks earlier the sound before was, and that sound.
pub type Previous = Option<(u32, Vec<u8>)>;

/// RFC 2198: the sound before, and the sound itself with its payload type.
pub fn redundant(payload: &[u8]) -> (Previous, u8, Vec<u8>) {
    if payload[0] & 0x80 == 0 {
        return (None, payload[0], payload[1..].to_vec());
    }
    let header = word(payload, 0);
    let (offset, length) = (header >> 10 & 0x3fff, (header & 0x3ff) as usize);
    assert_eq!(payload[0] & 0x7f, payload[4], "both of one format");
    let (previous, sound) = payload[5..].split_at(length);
    (Some((offset, previous.to_vec())), payload[4], sound.to_vec())
}

/// What a receiver says of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Block {
    pub ssrc: u32,
    pub lost: u8,
    pub jitter: u32,
    pub last_report: u32,
    pub delay: u32,
}

/// A receiver report.
pub fn receiver_report(block: Block) -> Vec<u8> {
    let words = [block.ssrc, u32::from(block.lost) << 24, 0, block.jitter, block.last_report, block.delay];
    let mut body = 1_u32.to_be_bytes().to_vec();
    words.iter().for_each(|word| body.extend(word.to_be_bytes()));
    message(1, 201, &body)
}

/// Asks for packets again: one pair each.
pub fn nack(media: u32, sequences: impl IntoIterator<Item = u16>) -> Vec<u8> {
    let mut body = feedback(media);
    for sequence in sequences {
        body.extend(sequence.to_be_bytes());
        body.extend([0, 0]);
    }
    message(1, 205, &body)
}

/// Picture loss.
pub fn pli(media: u32) -> Vec<u8> {
    message(1, 206, &feedback(media))
}

/// Full intra request: the stream stands in the list, not in front.
pub fn fir(media: u32) -> Vec<u8> {
    let entry = [&media.to_be_bytes()[..], &[9, 0, 0, 0]].concat();
    message(4, 206, &[feedback(0), entry].concat())
}

/// At most so many bits per second.
pub fn remb(rate: u64) -> Vec<u8> {
    let exponent = (0..).find(|exponent| rate >> exponent < 1 << 18).unwrap_or(0);
    let number = (rate >> exponent) as u32 | exponent << 18 | 1 << 24;
    let body = [feedback(0), b"REMB".to_vec(), number.to_be_bytes().to_vec(), vec![0; 4]].concat();
    message(15, 206, &body)
}

/// Transport-wide feedback: for the packets from `base` on when they arrived, in µs on the client's clock.
pub fn transport(base: u16, count: u8, arrivals: &[Option<u64>]) -> Vec<u8> {
    let reference = arrivals.iter().flatten().next().map_or(0, |first| first / 64_000);
    let mut body = feedback(0);
    body.extend(base.to_be_bytes());
    body.extend((arrivals.len() as u16).to_be_bytes());
    body.extend(&(reference as u32).to_be_bytes()[1..]);
    body.push(count);
    // Seven packets to a chunk, two bits each: 0 lost, 2 with a difference of two bytes.
    for chunk in arrivals.chunks(7) {
        let bits = chunk.iter().enumerate().map(|(at, arrival)| u16::from(arrival.is_some()) << (13 - 2 * at));
        body.extend((0xc000 | bits.sum::<u16>()).to_be_bytes());
    }
    let mut last = (reference * 64_000 / 250) as i64;
    for arrival in arrivals.iter().flatten() {
        let ticks = (arrival / 250) as i64;
        body.extend(((ticks - last) as i16).to_be_bytes());
        last = ticks;
    }
    body.resize(body.len().next_multiple_of(4), 0);
    message(15, 205, &body)
}

/// Any message.
pub fn message(count: u8, kind: u8, body: &[u8]) -> Vec<u8> {
    let words = (body.len() / 4) as u16;
    [&[0x80 | count, kind], &words.to_be_bytes()[..], body].concat()
}

fn feedback(media: u32) -> Vec<u8> {
    [1_u32.to_be_bytes(), media.to_be_bytes()].concat()
}

fn short(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from(short(bytes, at)) << 16 | u32::from(short(bytes, at + 2))
}
