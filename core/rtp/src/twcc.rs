//! What a client tells about each packet that it got: transport-wide congestion control feedback
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1), RTCP payload type 205, format 15.
//!
//! In: one RTCP packet. Out: for each transport-wide sequence number whether it arrived, and when by the client's clock.
//!
//! ```text
//!  0                   1                   2                   3
//! |V=2|P|  FMT=15 |    PT=205     |           length              |
//! |                     SSRC of packet sender                     |
//! |                      SSRC of media source                     |
//! |      base sequence number     |      packet status count      |
//! |            reference time (24 bits, 64 ms)    | fb pkt. count |
//! |          packet chunk         |  ...          |  recv delta   |
//! ```

/// One tick of [`Status::Received`] in microseconds.
pub const TICK_MICROS: i64 = 250;
/// One step of [`Feedback::reference`] in microseconds.
pub const REFERENCE_MICROS: i64 = 64_000;

/// A feedback that speaks of more packets than this is taken for garbage: sixteen bytes could claim 65,535 of them.
const MOST: usize = 8192;
/// Common header, two SSRCs, base, count, reference time, feedback count.
const HEADER: usize = 20;
const PAYLOAD_TYPE: u8 = 205;
const FORMAT: u8 = 15;

/// What became of one packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It has not arrived so far.
    Missing,
    /// It arrived this many ticks of 250 µs after the reference time (before it, if negative).
    Received(i32),
}

/// One feedback packet, read. Keep it and read the next one into it: its memory is reused.
#[derive(Clone, Debug, Default)]
pub struct Feedback {
    base: u16,
    reference: u32,
    count: u8,
    statuses: Vec<Status>,
}

impl Feedback {
    /// Reads one RTCP packet, beginning with its header (one of a compound packet, without what follows it). False: it is
    /// not such a feedback or is malformed, and nothing is in here afterwards.
    pub fn read(&mut self, packet: &[u8]) -> bool {
        self.statuses.clear();
        let read = self.read_packet(packet).is_some();
        if !read {
            self.statuses.clear();
        }
        read
    }

    /// Is this RTCP packet such a feedback, by its first bytes?
    fn is_one(packet: &[u8]) -> bool {
        matches!(packet, [first, PAYLOAD_TYPE, ..] if first >> 6 == 2 && first & 0x1f == FORMAT)
    }

    /// The sequence number of the first status, as on the wire.
    pub fn base(&self) -> u16 {
        self.base
    }

    /// The client's clock in steps of 64 ms, 24 bits that wrap around every 12 days.
    pub fn reference(&self) -> u32 {
        self.reference
    }

    /// Which feedback this is: goes up by one each time and wraps around, so that a lost one shows.
    pub fn count(&self) -> u8 {
        self.count
    }

    /// The packets in the order of their sequence numbers.
    pub fn packets(&self) -> impl ExactSizeIterator<Item = (u16, Status)> + '_ {
        // No more than MOST of them: the index fits.
        self.statuses.iter().enumerate().map(|(index, status)| (self.base.wrapping_add(index as u16), *status))
    }

    fn read_packet(&mut self, packet: &[u8]) -> Option<()> {
        let packet = body(packet)?;
        self.base = u16_at(packet, 12)?;
        let count = usize::from(u16_at(packet, 14)?);
        if count == 0 || count > MOST {
            return None;
        }
        self.reference = u32::from(u16_at(packet, 16)?) << 8 | u32::from(*packet.get(18)?);
        self.count = *packet.get(19)?;
        let deltas = self.read_chunks(packet, HEADER, count)?;
        self.read_deltas(packet.get(deltas..)?)
    }

    /// §3.1.2-3.1.4: which packets arrived. `Received` holds the size of the delta for now. Where the deltas begin.
    fn read_chunks(&mut self, packet: &[u8], mut at: usize, count: usize) -> Option<usize> {
        while self.statuses.len() < count {
            let chunk = u16_at(packet, at)?;
            at += 2;
            let left = count - self.statuses.len();
            if chunk & 0x8000 == 0 {
                let status = symbol(chunk >> 13 & 3)?;
                let run = usize::from(chunk & 0x1fff);
                self.statuses.extend(std::iter::repeat_n(status, run.min(left)));
                continue;
            }
            let (bits, symbols) = if chunk & 0x4000 == 0 { (1, 14) } else { (2, 7) };
            for index in 0..left.min(symbols) {
                let shift = 14 - bits * (index + 1);
                self.statuses.push(symbol(chunk >> shift & ((1 << bits) - 1))?);
            }
        }
        Some(at)
    }

    /// §3.1.5: each delta counts from the packet before.
    fn read_deltas(&mut self, mut bytes: &[u8]) -> Option<()> {
        let mut time = 0i32;
        for status in &mut self.statuses {
            let Status::Received(size) = status else { continue };
            let delta = if *size == 1 {
                let (first, rest) = bytes.split_first()?;
                bytes = rest;
                i32::from(*first)
            } else {
                let (pair, rest) = bytes.split_first_chunk::<2>()?;
                bytes = rest;
                i32::from(i16::from_be_bytes(*pair))
            };
            // 8192 deltas of 16 bits stay below 2^29.
            time += delta;
            *status = Status::Received(time);
        }
        Some(())
    }
}

/// §3.1.1: 0 not received, 1 with a small delta (one byte), 2 with a large or negative one (two bytes), 3 reserved.
fn symbol(bits: u16) -> Option<Status> {
    match bits {
        0 => Some(Status::Missing),
        1 => Some(Status::Received(1)),
        2 => Some(Status::Received(2)),
        _ => None,
    }
}

/// The packet without what lies behind its own length and without its padding (RFC 3550 §6.4.1).
fn body(packet: &[u8]) -> Option<&[u8]> {
    if !Feedback::is_one(packet) {
        return None;
    }
    let length = (usize::from(u16_at(packet, 2)?) + 1) * 4;
    let packet = packet.get(..length)?;
    let padding = if packet[0] & 0x20 == 0 { 0 } else { usize::from(*packet.last()?) };
    packet.get(..length.checked_sub(padding)?)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk::<2>().map(|pair| u16::from_be_bytes(*pair))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Missing, Received};
    use proptest::prelude::*;

    #[test]
    fn a_run_of_small_deltas_adds_up() {
        let mut feedback = Feedback::default();
        assert!(feedback.read(&packet(65_535, 3, 0x01_02_03, &[0x2003], &[4, 0, 255])));
        assert_eq!((feedback.base(), feedback.reference(), feedback.count()), (65_535, 0x01_02_03, 9));
        let seen: Vec<_> = feedback.packets().collect();
        assert_eq!(seen, [(65_535, Received(4)), (0, Received(4)), (1, Received(259))]);
    }

    #[test]
    fn vectors_of_both_kinds_and_negative_deltas_are_read() {
        // One bit each: received, lost, then received to the 14th; two bits each: large, lost, small.
        let one_bit = 0x8000 | 0b10_1111_1111_1111;
        let two_bits = 0xc000 | 0b10_00_01_00_00_00_00;
        let mut deltas = vec![1u8; 13];
        deltas.extend([0xff, 0xf0, 7]);
        let mut feedback = Feedback::default();
        assert!(feedback.read(&packet(10, 17, 0, &[one_bit, two_bits], &deltas)));
        let seen: Vec<_> = feedback.packets().map(|(_, status)| status).collect();
        assert_eq!(seen.len(), 17, "symbols behind the count are filling");
        assert_eq!(seen[..3], [Received(1), Missing, Received(2)]);
        assert_eq!(seen[13..], [Received(13), Received(-3), Missing, Received(4)]);
    }

    #[test]
    fn padding_and_what_follows_in_the_datagram_are_not_deltas() {
        let mut padded = packet(1, 1, 0, &[0x2001], &[9, 1]);
        padded[0] |= 0x20;
        padded.extend([1, 2, 3, 4]);
        let mut feedback = Feedback::default();
        assert!(feedback.read(&padded));
        assert_eq!(feedback.packets().collect::<Vec<_>>(), [(1, Received(9))]);
    }

    #[test]
    fn what_is_cut_short_or_claims_too_much_is_refused_as_a_whole() {
        let good = packet(1, 2, 0, &[0x2002], &[1, 2]);
        let mut feedback = Feedback::default();
        assert!(feedback.read(&good));
        for cut in 0..good.len() {
            assert!(!feedback.read(&good[..cut]), "{cut} bytes");
            assert_eq!(feedback.packets().len(), 0);
        }
        assert!(!feedback.read(&packet(1, 60_000, 0, &[0x1fff; 9], &[])), "too many");
        assert!(!feedback.read(&packet(1, 3, 0, &[0x6003], &[0; 6])), "a reserved symbol");
        assert!(!feedback.read(&packet(1, 0, 0, &[0x2000], &[0; 2])), "of no packet");
    }

    proptest! {
        #[test]
        fn garbage_never_panics(mut bytes in proptest::collection::vec(any::<u8>(), 0..200), claims in any::<bool>()) {
            if claims && bytes.len() >= 4 {
                let words = (bytes.len() / 4 - 1) as u16;
                bytes[..2].copy_from_slice(&[0x8f, 205]);
                bytes[2..4].copy_from_slice(&words.to_be_bytes());
            }
            let mut feedback = Feedback::default();
            let read = feedback.read(&bytes);
            prop_assert_eq!(read, feedback.packets().len() > 0);
        }
    }

    fn packet(base: u16, count: u16, reference: u32, chunks: &[u16], deltas: &[u8]) -> Vec<u8> {
        let mut out = vec![0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
        out.extend(base.to_be_bytes());
        out.extend(count.to_be_bytes());
        out.extend(&reference.to_be_bytes()[1..]);
        out.push(9);
        chunks.iter().for_each(|chunk| out.extend(chunk.to_be_bytes()));
        out.extend(deltas);
        out.resize(out.len().next_multiple_of(4), 0);
        let words = (out.len() / 4 - 1) as u16;
        out[2..4].copy_from_slice(&words.to_be_bytes());
        out
    }
}
