//! What the packets carry: payloads that the server takes for Opus and VP8, with a stamp in their last bytes that says what
//! they are, so that a receiver knows what it got.

use std::time::Duration;

const MAGIC: &[u8; 4] = b"SIM\x01";
const STAMP: usize = 4 + 8 + 1 + 8 + 2 + 2 + 1 + 8;
/// Bytes of a voice packet.
pub const VOICE_BYTES: usize = 100;
/// The most bytes of a video packet.
pub const PICTURE_BYTES: usize = 1_100;

/// What a packet is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The track.
    pub track: u64,
    /// The simulcast layer.
    pub layer: u8,
    /// Which packet of a voice, which frame of a picture.
    pub number: u64,
    /// The packet's place in the frame.
    pub place: u16,
    /// Packets of the frame.
    pub places: u16,
    /// Of a key frame?
    pub key: bool,
    /// When it was sent, since the beginning of the world.
    pub sent: Duration,
}

impl Stamp {
    /// The stamp of a payload.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let tail = payload.get(payload.len().checked_sub(STAMP)?..)?;
        let long = |at: usize| tail.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes);
        let short = |at: usize| tail.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes);
        if &tail[..4] != MAGIC {
            return None;
        }
        Some(Self {
            track: long(4)?,
            layer: tail[12],
            number: long(13)?,
            place: short(21)?,
            places: short(23)?,
            key: tail[25] == 1,
            sent: Duration::from_nanos(long(26)?),
        })
    }

    fn write(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(MAGIC);
        payload.extend_from_slice(&self.track.to_be_bytes());
        payload.push(self.layer);
        payload.extend_from_slice(&self.number.to_be_bytes());
        payload.extend_from_slice(&self.place.to_be_bytes());
        payload.extend_from_slice(&self.places.to_be_bytes());
        payload.push(u8::from(self.key));
        payload.extend_from_slice(&(self.sent.as_nanos() as u64).to_be_bytes());
    }
}

/// A voice packet.
pub fn voice(stamp: Stamp) -> Vec<u8> {
    let mut payload = vec![0x78; VOICE_BYTES - STAMP];
    stamp.write(&mut payload);
    payload
}

/// A packet of a VP8 frame (RFC 7741 §4.2) of at least 64 bytes.
pub fn picture(stamp: Stamp, picture_id: u16, tl0: u8, bytes: usize) -> Vec<u8> {
    let first = stamp.place == 0;
    let mut payload = vec![0x80 | if first { 0x10 } else { 0 }, 0x80 | 0x40 | 0x20];
    payload.extend_from_slice(&(picture_id | 0x8000).to_be_bytes());
    payload.extend_from_slice(&[tl0, 0]);
    if first {
        // RFC 6386 §9.1: bit 0 of the frame tag is 0 on key frames, which go on with a start code and the size.
        payload.extend_from_slice(&[if stamp.key { 0x10 } else { 0x11 }, 0x02, 0x00]);
        if stamp.key {
            payload.extend_from_slice(&[0x9D, 0x01, 0x2A, 0x80, 0x02, 0xE0, 0x01]);
        }
    }
    payload.resize(bytes.max(64) - STAMP, 0x5C);
    stamp.write(&mut payload);
    payload
}

/// The picture id of a payload that [`picture`] made and the server renumbered.
pub fn picture_id(payload: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*payload.get(2)?, *payload.get(3)?]) & 0x7FFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_back_from_the_payload_around_it() {
        let sent = Duration::from_micros(12_345);
        let stamp = Stamp { track: 7, layer: 2, number: 300, place: 0, places: 3, key: true, sent };
        let payload = picture(stamp, 300, 4, 900);
        assert_eq!((payload.len(), Stamp::read(&payload), picture_id(&payload)), (900, Some(stamp), Some(300)));
        assert!(str0m::format::detect_vp8_keyframe(&payload));
        assert_eq!(Stamp::read(&voice(stamp)), Some(stamp));
        assert_eq!(Stamp::read(b"short"), None);
    }
}
