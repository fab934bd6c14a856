//! What the packets carry: a payload that a server takes for real VP8 or Opus, with a stamp in its last bytes.
//!
//! ```text
//! video: | VP8 descriptor (RFC 7741 §4.2), 4 B | frame tag, start code on key frames | filling | stamp, 29 B |
//! audio: | filling                                                                             | stamp, 29 B |
//! stamp: | "XPOINT" | kind 1 B | source 4 B | counter 8 B | sent, ns since 1970, 8 B | 0xA5 0x5A |
//! ```
//! The stamp stands at the end because servers may rewrite the VP8 descriptor.

use std::time::{SystemTime, UNIX_EPOCH};

use crosspoint_model::MediaKind;

/// Bytes of a video payload.
pub const VIDEO_BYTES: usize = 1100;
/// Bytes of an audio payload.
pub const AUDIO_BYTES: usize = 100;

const MAGIC: &[u8; 6] = b"XPOINT";
const END: [u8; 2] = [0xA5, 0x5A];
const STAMP_BYTES: usize = 29;

/// Nanoseconds since 1970: the clock that the kernel stamps received packets with.
pub fn wall_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    since.as_secs() * 1_000_000_000 + u64::from(since.subsec_nanos())
}

/// Who sent a packet, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Sound or picture.
    pub kind: MediaKind,
    /// The publisher.
    pub source: u32,
    /// The how-manieth packet of that publisher and kind.
    pub counter: u64,
    /// When, in nanoseconds since 1970.
    pub sent_ns: u64,
}

impl Stamp {
    /// The stamp of a received payload, if it has one.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let at = payload.len().checked_sub(STAMP_BYTES)?;
        let tail = payload.get(at..)?;
        if &tail[..6] != MAGIC || tail[27..] != END {
            return None;
        }
        Some(Self {
            kind: if tail[6] == b'A' { MediaKind::Audio } else { MediaKind::Video },
            source: u32::from_be_bytes(tail[7..11].try_into().ok()?),
            counter: u64::from_be_bytes(tail[11..19].try_into().ok()?),
            sent_ns: u64::from_be_bytes(tail[19..27].try_into().ok()?),
        })
    }

    fn write(self, payload: &mut [u8]) {
        let at = payload.len() - STAMP_BYTES;
        let tail = &mut payload[at..];
        tail[..6].copy_from_slice(MAGIC);
        tail[6] = if self.kind == MediaKind::Audio { b'A' } else { b'V' };
        tail[7..11].copy_from_slice(&self.source.to_be_bytes());
        tail[11..19].copy_from_slice(&self.counter.to_be_bytes());
        tail[19..27].copy_from_slice(&self.sent_ns.to_be_bytes());
        tail[27..].copy_from_slice(&END);
    }
}

/// Where a video packet stands.
#[derive(Clone, Copy, Debug)]
pub struct InFrame {
    /// The frame is a key frame.
    pub key: bool,
    /// The frame's first packet.
    pub first: bool,
    /// The frame's number; its low 15 bits become the picture id.
    pub picture: u64,
}

/// An audio payload.
pub fn audio(stamp: Stamp) -> Vec<u8> {
    let mut payload = vec![0x5C; AUDIO_BYTES];
    stamp.write(&mut payload);
    payload
}

/// A video payload.
pub fn video(stamp: Stamp, place: InFrame) -> Vec<u8> {
    let mut payload = vec![0x5C; VIDEO_BYTES];
    payload[0] = 0x80 | if place.first { 0x10 } else { 0 };
    payload[1] = 0x80;
    payload[2] = 0x80 | (place.picture >> 8) as u8 & 0x7F;
    payload[3] = place.picture as u8;
    if place.first {
        // RFC 6386 §9.1: bit 0 of the frame tag is 0 on key frames, which go on with a start code and the size.
        payload[4..7].copy_from_slice(&[if place.key { 0x10 } else { 0x11 }, 0x02, 0x00]);
        if place.key {
            payload[7..14].copy_from_slice(&[0x9D, 0x01, 0x2A, 0x80, 0x02, 0xE0, 0x01]);
        }
    }
    stamp.write(&mut payload);
    payload
}

/// Does this payload begin a key frame?
pub fn begins_key_frame(payload: &[u8]) -> bool {
    matches!(payload, [descriptor, 0x80, _, _, tag, ..] if descriptor & 0x10 != 0 && tag & 1 == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_survives_the_payload_around_it() {
        let stamp = Stamp { kind: MediaKind::Video, source: 7, counter: 9, sent_ns: 1_234_567_890_123 };
        let payload = video(stamp, InFrame { key: true, first: true, picture: 300 });
        assert_eq!(Stamp::read(&payload), Some(stamp));
        assert!(begins_key_frame(&payload) && str0m::format::detect_vp8_keyframe(&payload));
        assert_eq!(Stamp::read(&payload[..payload.len() - 1]), None);

        let delta = video(stamp, InFrame { key: false, first: true, picture: 301 });
        assert!(!begins_key_frame(&delta) && !str0m::format::detect_vp8_keyframe(&delta));
        assert_eq!(
            Stamp::read(&audio(Stamp { kind: MediaKind::Audio, ..stamp })).map(|s| s.kind),
            Some(MediaKind::Audio)
        );
    }
}
