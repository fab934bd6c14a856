//! RFC 4571 framing: a 16-bit length before each datagram on a stream.

/// The longest frame that is taken. STUN, DTLS and SRTP datagrams are all below the Ethernet size.
pub const MAX_FRAME: usize = 2048;

/// The next frame of `bytes` and how much of it was consumed; `None`: more must come.
pub fn next_frame(bytes: &[u8]) -> Option<Result<(&[u8], usize), TooLong>> {
    let length = usize::from(u16::from_be_bytes([*bytes.first()?, *bytes.get(1)?]));
    if length > MAX_FRAME {
        return Some(Err(TooLong(length)));
    }
    bytes.get(2..2 + length).map(|frame| Ok((frame, 2 + length)))
}

/// Appends a frame.
pub fn write_frame(datagram: &[u8], out: &mut Vec<u8>) {
    let Ok(length) = u16::try_from(datagram.len()) else { return };
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(datagram);
}

/// A frame longer than any datagram of WebRTC.
#[derive(Debug, thiserror::Error)]
#[error("a frame of {0} bytes is longer than any datagram of WebRTC")]
pub struct TooLong(usize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_back_as_written_and_a_cut_one_waits() {
        let mut bytes = Vec::new();
        write_frame(b"one", &mut bytes);
        write_frame(b"", &mut bytes);
        let (frame, used) = next_frame(&bytes).expect("whole").expect("short");
        assert_eq!((frame, used), (&b"one"[..], 5));
        assert_eq!(next_frame(&bytes[used..]).expect("whole").expect("short"), (&b""[..], 2));
        assert!(next_frame(&bytes[..4]).is_none());
        assert!(next_frame(&[0xff, 0xff]).expect("known").is_err());
    }
}
