//! Redundant audio (RFC 2198): each packet carries the sound of the one before it again, so that a single loss costs nothing.
//!
//! ```text
//!  0                   1                    2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3  4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |1|   block PT  |  timestamp offset         |   block length    |   each redundant block, oldest first
//! +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//! |0|   block PT  |   the primary block; then the data of all blocks in order
//! +-+-+-+-+-+-+-+-+
//! ```

/// The largest offset that a block header can carry, in ticks.
pub const MAX_OFFSET: u32 = (1 << 14) - 1;
/// The largest block that a block header can carry, in bytes.
pub const MAX_BLOCK: usize = (1 << 10) - 1;

/// A payload, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redundant<'a> {
    /// The payload type of the primary block.
    pub payload_type: u8,
    /// What this packet is about.
    pub primary: &'a [u8],
    /// The packet before it: how many ticks earlier it was, and its payload.
    pub previous: Option<(u32, &'a [u8])>,
}

/// Takes a payload apart. None: it is not well-formed.
pub fn parse(payload: &[u8]) -> Option<Redundant<'_>> {
    let (mut headers, mut data_len) = (payload, 0);
    let mut newest = None;
    while headers.first()? & 0x80 != 0 {
        let [_, second, third, fourth, rest @ ..] = headers else { return None };
        let offset = u32::from(*second) << 6 | u32::from(*third) >> 2;
        let length = usize::from(*third & 0x03) << 8 | usize::from(*fourth);
        newest = Some((offset, data_len..data_len + length));
        data_len += length;
        headers = rest;
    }
    let payload_type = headers[0] & 0x7f;
    let data = &headers[1..];
    let primary = data.get(data_len..)?;
    let previous = newest.map(|(offset, range)| (offset, &data[range])).filter(|(_, block)| !block.is_empty());
    Some(Redundant { payload_type, primary, previous })
}

/// Writes a payload of a primary block and, where it fits into a block header, the one before it.
pub fn write(out: &mut Vec<u8>, payload_type: u8, previous: Option<(u32, &[u8])>, primary: &[u8]) {
    let fits = |(offset, block): &(u32, &[u8])| *offset > 0 && *offset <= MAX_OFFSET && block.len() <= MAX_BLOCK;
    let previous = previous.filter(fits);
    if let Some((offset, block)) = previous {
        let length = block.len();
        out.extend([
            0x80 | payload_type,
            (offset >> 6) as u8,
            ((offset & 0x3f) << 2) as u8 | (length >> 8) as u8,
            (length & 0xff) as u8,
        ]);
    }
    out.push(payload_type & 0x7f);
    if let Some((_, block)) = previous {
        out.extend_from_slice(block);
    }
    out.extend_from_slice(primary);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let (primary, previous) = ([1; 80].as_slice(), [2; 300].as_slice());
        let mut payload = Vec::new();
        write(&mut payload, 111, Some((960, previous)), primary);
        let read = parse(&payload).expect("well-formed");
        assert_eq!(read, Redundant { payload_type: 111, primary, previous: Some((960, previous)) });
    }

    #[test]
    fn a_packet_long_after_the_one_before_carries_only_itself() {
        let mut payload = Vec::new();
        write(&mut payload, 111, Some((MAX_OFFSET + 1, &[2; 10])), &[1; 10]);
        assert_eq!(parse(&payload).expect("well-formed").previous, None);
        assert_eq!(payload.len(), 11);
    }

    #[test]
    fn of_several_blocks_the_newest_is_the_packet_before() {
        let payload = [0x80 | 111, 30, 0, 2, 0x80 | 111, 15, 0, 1, 111, 7, 7, 8, 9];
        let read = parse(&payload).expect("well-formed");
        assert_eq!((read.previous, read.primary), (Some((960, [8].as_slice())), [9].as_slice()));
    }

    #[test]
    fn a_payload_that_is_cut_short_is_refused() {
        let mut payload = Vec::new();
        write(&mut payload, 111, Some((960, &[2; 30])), &[]);
        for length in 0..payload.len() {
            assert_eq!(parse(&payload[..length]), None, "{length} bytes");
        }
    }
}
