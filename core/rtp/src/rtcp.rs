//! RTCP (RFC 3550 §6, RFC 4585): what a receiver says of what it gets, and the reports of a sender.

use std::time::Duration;

/// What a receiver says of one stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// Whose packets.
    pub ssrc: u32,
    /// Lost since the last report, in 256ths.
    pub fraction_lost: u8,
    /// Interarrival jitter, in ticks.
    pub jitter: u32,
    /// The middle 32 bits of the NTP time of our last report, 0: it has seen none.
    pub last_report: u32,
    /// How long ago that was, in 65536ths of a second.
    pub delay: u32,
}

/// One message of a compound packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message<'a> {
    /// A sender report (of which only the blocks are read here) or a receiver report.
    Report {
        /// Does its sender send media itself?
        sends: bool,
        /// The blocks, 24 bytes each: see [`blocks`].
        blocks: &'a [u8],
    },
    /// Generic NACK (RFC 4585 §6.2.1): the packets of `media` that are missing, see [`lost`].
    Nack {
        /// Whose packets.
        media: u32,
        /// Pairs of a sequence number and a bit mask.
        pairs: &'a [u8],
    },
    /// Picture loss indication (RFC 4585 §6.3.1): a key frame, please.
    PictureLoss {
        /// Of which stream.
        media: u32,
    },
    /// Full intra request (RFC 5104 §4.3.1): a key frame, please.
    FullIntra {
        /// 8 bytes for each stream: see [`wanted`].
        entries: &'a [u8],
    },
    /// Transport-wide feedback: the whole message, for [`crate::twcc::Feedback`].
    TransportFeedback(&'a [u8]),
    /// Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb), bits per second.
    MaximumBitrate(u64),
    /// A source description, which says nothing that matters here.
    Description,
    /// Something else.
    Other,
}

/// The messages of a compound packet, up to the first that is malformed.
pub fn messages(compound: &[u8]) -> impl Iterator<Item = Message<'_>> {
    let mut rest = compound;
    std::iter::from_fn(move || {
        let [first, kind, high, low, ..] = *rest else { return None };
        let length = 4 * (1 + usize::from(u16::from_be_bytes([high, low])));
        let packet = rest.get(..length).filter(|_| first >> 6 == 2)?;
        rest = &rest[length..];
        Some(message(first & 0x1f, kind, packet))
    })
}

fn message(count: u8, kind: u8, packet: &[u8]) -> Message<'_> {
    let body = &packet[4..];
    let word = |at: usize| body.get(at..at + 4).map(|word| u32::from_be_bytes([word[0], word[1], word[2], word[3]]));
    let read = match (kind, count) {
        (200 | 201, _) => {
            let start = if kind == 200 { 24 } else { 4 };
            let blocks = body.get(start..start + 24 * usize::from(count));
            blocks.map(|blocks| Message::Report { sends: kind == 200, blocks })
        }
        (202, _) => Some(Message::Description),
        (205, 1) => word(4).map(|media| Message::Nack { media, pairs: &body[8..] }),
        (205, 15) => Some(Message::TransportFeedback(packet)),
        (206, 1) => word(4).map(|media| Message::PictureLoss { media }),
        (206, 4) => body.get(8..).map(|entries| Message::FullIntra { entries }),
        (206, 15) if body.get(8..12) == Some(b"REMB") => word(12).map(|word| {
            let (exponent, mantissa) = (word >> 18 & 0x3f, u64::from(word & 0x3_ffff));
            let fits = exponent <= mantissa.leading_zeros();
            Message::MaximumBitrate(if fits { mantissa << exponent } else { u64::MAX })
        }),
        _ => None,
    };
    read.unwrap_or(Message::Other)
}

/// Reads the blocks of a report.
pub fn blocks(blocks: &[u8]) -> impl Iterator<Item = ReportBlock> + '_ {
    blocks.chunks_exact(24).map(|block| {
        let word =
            |at: usize| u32::from_be_bytes([block[4 * at], block[4 * at + 1], block[4 * at + 2], block[4 * at + 3]]);
        ReportBlock { ssrc: word(0), fraction_lost: block[4], jitter: word(3), last_report: word(4), delay: word(5) }
    })
}

/// The sequence numbers that a NACK asks for.
pub fn lost(pairs: &[u8]) -> impl Iterator<Item = u16> + '_ {
    pairs.chunks_exact(4).flat_map(|pair| {
        let (first, mask) = (u16::from_be_bytes([pair[0], pair[1]]), u16::from_be_bytes([pair[2], pair[3]]));
        let following = (0..16).filter(move |bit| mask >> bit & 1 == 1);
        std::iter::once(first).chain(following.map(move |bit| first.wrapping_add(bit + 1)))
    })
}

/// The streams of which a full intra request wants key frames.
pub fn wanted(entries: &[u8]) -> impl Iterator<Item = u32> + '_ {
    entries.chunks_exact(8).map(|entry| u32::from_be_bytes([entry[0], entry[1], entry[2], entry[3]]))
}

/// An NTP timestamp (RFC 5905 §6): seconds since 1900, 32 bits, and 32 bits of their fraction.
pub fn ntp_timestamp(since_1900: Duration) -> u64 {
    (since_1900.as_secs() << 32) | ((u64::from(since_1900.subsec_nanos()) << 32) / 1_000_000_000)
}

/// What a sender says of one stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderReport {
    /// Which stream.
    pub ssrc: u32,
    /// Now, as an NTP timestamp (32 bits of seconds, 32 of fraction).
    pub ntp: u64,
    /// Now, in the stream's ticks.
    pub timestamp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Bytes of payload sent so far.
    pub bytes: u32,
}

impl SenderReport {
    /// Appends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend([0x80, 200, 0, 6]);
        out.extend(self.ssrc.to_be_bytes());
        out.extend(self.ntp.to_be_bytes());
        for word in [self.timestamp, self.packets, self.bytes] {
            out.extend(word.to_be_bytes());
        }
    }
}

/// Appends a source description (RFC 3550 §6.5) that gives these sources (at most 31) one canonical name.
pub fn write_description(out: &mut Vec<u8>, sources: impl ExactSizeIterator<Item = u32>, cname: &str) {
    let name = &cname.as_bytes()[..cname.len().min(255)];
    // SSRC, item type and length, the name, and one to four zeros that end the list of items on a word.
    let chunk_words = 1 + (2 + name.len()) / 4 + 1;
    let count = sources.len().min(31);
    out.extend([0x80 | count as u8, 202]);
    out.extend(((count * chunk_words) as u16).to_be_bytes());
    for ssrc in sources.take(count) {
        let end = out.len() + 4 * chunk_words;
        out.extend(ssrc.to_be_bytes());
        out.extend([1, name.len() as u8]);
        out.extend_from_slice(name);
        out.resize(end, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_packet_is_read_message_by_message() {
        let mut compound = Vec::new();
        SenderReport { ssrc: 5, ntp: 1 << 32, timestamp: 9, packets: 3, bytes: 300 }.write(&mut compound);
        write_description(&mut compound, [5, 6].into_iter(), "crosspoint");
        compound.extend([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 7]);
        compound.extend([0x81, 205, 0, 3, 0, 0, 0, 1, 0, 0, 0, 7, 0xff, 0xff, 0, 0b101]);
        let read: Vec<Message<'_>> = messages(&compound).collect();
        assert_eq!(read[0], Message::Report { sends: true, blocks: &[] });
        assert_eq!(read[1..3], [Message::Description, Message::PictureLoss { media: 7 }]);
        let Message::Nack { media: 7, pairs } = read[3] else { panic!("{:?}", read[3]) };
        assert_eq!(lost(pairs).collect::<Vec<_>>(), [0xffff, 0, 2]);
        assert_eq!(read.len(), 4);
    }

    #[test]
    fn a_receiver_report_tells_of_loss_jitter_and_when_it_heard_from_us() {
        let mut report = vec![0x81, 201, 0, 7, 0, 0, 0, 1];
        for word in [42_u32, 64 << 24 | 7, 1000, 90, 0x1234_5678, 65_536] {
            report.extend(word.to_be_bytes());
        }
        let Some(Message::Report { sends: false, blocks: raw }) = messages(&report).next() else { panic!("a report") };
        let expected = ReportBlock { ssrc: 42, fraction_lost: 64, jitter: 90, last_report: 0x1234_5678, delay: 65_536 };
        assert_eq!(blocks(raw).collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn the_bit_rate_of_a_remb_is_a_mantissa_and_an_exponent() {
        let packet =
            [&[0x8f, 206, 0, 5, 0, 0, 0, 1, 0, 0, 0, 0][..], b"REMB", &[1, 2 << 2, 0x01, 0x00], &[0; 4]].concat();
        assert_eq!(messages(&packet).next(), Some(Message::MaximumBitrate(256 << 2)));
    }

    #[test]
    fn a_malformed_message_ends_the_reading() {
        assert_eq!(messages(&[0x80, 201, 0, 9, 1, 2, 3, 4]).count(), 0);
        assert_eq!(messages(&[0x00, 201, 0, 0]).count(), 0);
        let short_report = [0x85, 201, 0, 1, 0, 0, 0, 1];
        assert_eq!(messages(&short_report).collect::<Vec<_>>(), [Message::Other]);
    }

    #[test]
    fn a_description_ends_on_a_word_for_every_length_of_the_name() {
        for name in ["", "a", "ab", "abc", "abcd", "crosspoint"] {
            let mut out = Vec::new();
            write_description(&mut out, [1].into_iter(), name);
            assert_eq!(messages(&out).collect::<Vec<_>>(), [Message::Description], "{name}");
            assert_eq!((out.len() % 4, out.last()), (0, Some(&0)), "{name}");
        }
    }
}
