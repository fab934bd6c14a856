//! Does a key frame begin in this RTP payload? A viewer can only be switched to a layer or a track at such a packet.

/// What kind of bytes a payload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 9628.
    Vp9,
    /// RFC 6184.
    H264,
    /// RFC 7798.
    H265,
    /// The AV1 RTP specification of the Alliance for Open Media.
    Av1,
    /// Anything else.
    Other,
}

/// Is this the first packet of a frame that can be decoded without any frame before it?
///
/// Every frame of sound is one. So is, for want of better knowledge, everything of an unknown codec.
pub fn starts_key_frame(codec: Codec, payload: &[u8]) -> bool {
    let found = match codec {
        Codec::Opus | Codec::Other => Some(!payload.is_empty()),
        Codec::Vp8 => vp8(payload),
        Codec::Vp9 => vp9(payload),
        Codec::H264 => h264(payload),
        Codec::H265 => h265(payload),
        Codec::Av1 => av1(payload),
    };
    found.unwrap_or(false)
}

/// RFC 7741 §4.2: the descriptor; §4.3: the P bit of the frame header.
fn vp8(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let begins_frame = first & 0x10 != 0 && first & 0x07 == 0;
    if !begins_frame {
        return Some(false);
    }
    let header = payload.get(crate::vp8::descriptor_len(payload)?)?;
    Some(header & 0x01 == 0)
}

/// RFC 9628 §4.2: no reference to an earlier picture, the beginning of a frame, and that of the lowest spatial layer.
fn vp9(payload: &[u8]) -> Option<bool> {
    let first = *payload.first()?;
    let (has_id, predicted, has_layer, begins) =
        (first & 0x80 != 0, first & 0x40 != 0, first & 0x20 != 0, first & 0x08 != 0);
    if predicted || !begins {
        return Some(false);
    }
    if !has_layer {
        return Some(true);
    }
    let id_len = match has_id {
        false => 0,
        true if payload.get(1)? & 0x80 != 0 => 2,
        true => 1,
    };
    let layer = payload.get(1 + id_len)?;
    Some((layer >> 1) & 0x07 == 0)
}

/// RFC 6184 §5.2: a parameter set or the first slice of an IDR picture, alone, aggregated (STAP-A) or fragmented (FU-A).
fn h264(payload: &[u8]) -> Option<bool> {
    const STAP_A: u8 = 24;
    const FU_A: u8 = 28;
    match payload.first()? & 0x1f {
        STAP_A => Some(aggregated(payload.get(1..)?).any(h264_unit)),
        FU_A => {
            let header = *payload.get(1)?;
            let begins = header & 0x80 != 0;
            Some(begins && h264_begins(header & 0x1f, payload.get(2)))
        }
        _ => Some(h264_unit(payload)),
    }
}

fn h264_unit(unit: &[u8]) -> bool {
    unit.first().is_some_and(|header| h264_begins(header & 0x1f, unit.get(1)))
}

fn h264_begins(kind: u8, after_header: Option<&u8>) -> bool {
    const IDR: u8 = 5;
    const SPS: u8 = 7;
    match kind {
        SPS => true,
        // ITU-T H.264 §7.3.3: `first_mb_in_slice` is 0 exactly when its Exp-Golomb code begins with a one.
        IDR => after_header.is_some_and(|byte| byte & 0x80 != 0),
        _ => false,
    }
}

/// RFC 7798 §4.4: a parameter set or the first segment of an IRAP picture, alone, aggregated or fragmented.
fn h265(payload: &[u8]) -> Option<bool> {
    const AGGREGATION: u8 = 48;
    const FRAGMENTATION: u8 = 49;
    match (payload.first()? >> 1) & 0x3f {
        AGGREGATION => Some(aggregated(payload.get(2..)?).any(h265_unit)),
        FRAGMENTATION => {
            let header = *payload.get(2)?;
            let begins = header & 0x80 != 0;
            Some(begins && h265_begins(header & 0x3f, payload.get(3)))
        }
        _ => Some(h265_unit(payload)),
    }
}

fn h265_unit(unit: &[u8]) -> bool {
    unit.first().is_some_and(|header| h265_begins((header >> 1) & 0x3f, unit.get(2)))
}

fn h265_begins(kind: u8, after_header: Option<&u8>) -> bool {
    match kind {
        // VPS and SPS.
        32 | 33 => true,
        // BLA, IDR and CRA; ITU-T H.265 §7.3.6.1: `first_slice_segment_in_pic_flag`.
        16..=21 => after_header.is_some_and(|byte| byte & 0x80 != 0),
        _ => false,
    }
}

/// The units behind 16-bit lengths. A length that reaches beyond the end ends the list.
fn aggregated(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_be_bytes([*rest.first()?, *rest.get(1)?]));
        let unit = rest.get(2..2 + length)?;
        rest = rest.get(2 + length..)?;
        Some(unit)
    })
}

/// AV1 RTP §4.4: the N bit says that a coded video sequence begins. Some senders forget it: then a sequence header in
/// front says the same.
fn av1(payload: &[u8]) -> Option<bool> {
    const SEQUENCE_HEADER: u8 = 1;
    let aggregation = *payload.first()?;
    let (continues, elements, new_sequence) =
        (aggregation & 0x80 != 0, (aggregation >> 4) & 0x03, aggregation & 0x08 != 0);
    if continues {
        return Some(false);
    }
    if new_sequence {
        return Some(true);
    }
    // With W = 1 the only element has no length; else it has one as LEB128.
    let mut at = 1;
    if elements != 1 {
        while payload.get(at)? & 0x80 != 0 {
            at += 1;
        }
        at += 1;
    }
    Some((payload.get(at)? >> 3) & 0x0f == SEQUENCE_HEADER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn vp8_begins_with_the_first_partition_of_an_intra_frame() {
        let key = |payload: &[u8]| starts_key_frame(Codec::Vp8, payload);
        assert!(key(&[0x10, 0x00]));
        assert!(!key(&[0x10, 0x01]), "an inter frame");
        assert!(!key(&[0x00, 0x00]), "not the start of a partition");
        assert!(!key(&[0x11, 0x00]), "the second partition");
        assert!(key(&[0x90, 0xe0, 0x81, 0x02, 0x03, 0x04, 0x00]), "with a 15-bit picture id, TL0PICIDX and TID");
        assert!(key(&[0x90, 0x80, 0x11, 0x00]), "with a 7-bit picture id");
        assert!(!key(&[0x90, 0xe0, 0x81]), "cut short");
    }

    #[test]
    fn vp9_begins_with_the_lowest_spatial_layer() {
        let key = |payload: &[u8]| starts_key_frame(Codec::Vp9, payload);
        assert!(key(&[0x08]), "no layers");
        assert!(!key(&[0x48]), "predicted from an earlier picture");
        assert!(!key(&[0x00]), "not the beginning of a frame");
        assert!(key(&[0xa8, 0x81, 0x02, 0x00]), "spatial layer 0");
        assert!(!key(&[0xa8, 0x81, 0x02, 0x03]), "spatial layer 1 of the same picture");
    }

    #[test]
    fn h264_begins_with_parameters_or_the_first_idr_slice() {
        let key = |payload: &[u8]| starts_key_frame(Codec::H264, payload);
        assert!(key(&[0x67, 0x42]), "SPS");
        assert!(!key(&[0x68, 0x42]), "PPS alone");
        assert!(key(&[0x65, 0x88]), "IDR");
        assert!(!key(&[0x65, 0x08]), "a later slice of an IDR picture");
        assert!(!key(&[0x41, 0x9a]), "an inter slice");
        assert!(key(&[0x78, 0, 2, 0x68, 0x01, 0, 2, 0x67, 0x42]), "an SPS in a STAP-A");
        assert!(!key(&[0x78, 0, 9, 0x67, 0x42]), "a STAP-A that lies about its length");
        assert!(key(&[0x7c, 0x85, 0x88]), "the first fragment of an IDR slice");
        assert!(!key(&[0x7c, 0x05, 0x88]), "a later fragment");
    }

    #[test]
    fn h265_begins_with_parameters_or_an_intra_picture() {
        let key = |payload: &[u8]| starts_key_frame(Codec::H265, payload);
        assert!(key(&[32 << 1, 1, 0]), "VPS");
        assert!(key(&[19 << 1, 1, 0x80]), "IDR");
        assert!(!key(&[1 << 1, 1, 0x80]), "an inter slice");
        assert!(key(&[48 << 1, 1, 0, 2, 33 << 1, 1]), "an SPS in an aggregation");
        assert!(key(&[49 << 1, 1, 0x80 | 20, 0x80]), "the first fragment of an IDR slice");
        assert!(!key(&[49 << 1, 1, 20, 0x80]), "a later fragment");
    }

    #[test]
    fn av1_begins_with_a_new_coded_sequence() {
        let key = |payload: &[u8]| starts_key_frame(Codec::Av1, payload);
        assert!(key(&[0x18, 0x32]), "N is set");
        assert!(key(&[0x10, 0x0a]), "one element, a sequence header");
        assert!(key(&[0x00, 0x02, 0x0a, 0x00]), "a sequence header behind its length");
        assert!(!key(&[0x10, 0x32]), "a frame");
        assert!(!key(&[0x98, 0x0a]), "continues an element of the packet before");
    }

    #[test]
    fn sound_can_begin_anywhere() {
        assert!(starts_key_frame(Codec::Opus, &[0x78]));
        assert!(!starts_key_frame(Codec::Opus, &[]));
    }

    proptest! {
        #[test]
        fn no_payload_is_too_strange(payload in proptest::collection::vec(any::<u8>(), 0..64)) {
            for codec in [Codec::Opus, Codec::Vp8, Codec::Vp9, Codec::H264, Codec::H265, Codec::Av1, Codec::Other] {
                starts_key_frame(codec, &payload);
            }
        }
    }
}
