//! RTP headers (RFC 3550 §5.1) with their extensions (RFC 8285).

use crosspoint_rtp::picture;

use crate::packet::Carried;

/// The numbers under which a client takes header extensions on one m-line; 0: it does not take it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// The m-line's id (RFC 8843).
    pub mid: u8,
    /// Transport-wide sequence number.
    pub transport_sequence: u8,
    /// Absolute send time.
    pub send_time: u8,
    /// RFC 6464.
    pub level: u8,
    /// Video orientation.
    pub orientation: u8,
    /// Camera or screen.
    pub content_type: u8,
    /// Absolute capture time.
    pub capture_time: u8,
    /// Playout delay.
    pub playout_delay: u8,
    /// AV1 dependency descriptor.
    pub descriptor: u8,
}

/// What stands in the fixed part of a header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fixed {
    pub(crate) marker: bool,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
}

/// What of the extensions belongs to one connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Own<'a> {
    /// Until the client knows the SSRC.
    pub(crate) mid: Option<&'a str>,
    pub(crate) transport_sequence: u16,
    /// 6.18 bits of seconds.
    pub(crate) send_time: u32,
    /// The frame number to write into the dependency descriptor.
    pub(crate) frame: Option<u16>,
}

/// A header.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    pub(crate) fixed: Fixed,
    pub(crate) ids: &'a ExtensionIds,
    pub(crate) own: Own<'a>,
    pub(crate) carried: &'a Carried,
}

impl Header<'_> {
    /// Appends it.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let Self { fixed, ids, own, carried } = *self;
        let start = out.len();
        out.extend([0x80, u8::from(fixed.marker) << 7 | fixed.payload_type & 0x7f]);
        out.extend(fixed.sequence.to_be_bytes());
        out.extend(fixed.timestamp.to_be_bytes());
        out.extend(fixed.ssrc.to_be_bytes());
        let extensions = out.len();
        out.extend([0; 4]);
        let descriptor = carried.descriptor.as_deref().filter(|_| ids.descriptor != 0);
        let large = ids.largest() > 14
            || descriptor.is_some_and(|bytes| bytes.len() > 16)
            || own.mid.is_some_and(|mid| mid.len() > 16);
        let mut elements = Elements { out, large };
        if let Some(mid) = own.mid {
            elements.push(ids.mid, mid.as_bytes());
        }
        elements.push(ids.transport_sequence, &own.transport_sequence.to_be_bytes());
        elements.push(ids.send_time, &own.send_time.to_be_bytes()[1..]);
        elements.push_carried(ids, carried);
        if let Some(descriptor) = descriptor {
            elements.push_descriptor(ids.descriptor, descriptor, own.frame);
        }
        close(out, start, extensions, large);
    }
}

/// Fills in the extensions' own header, or takes it away when there are none.
fn close(out: &mut Vec<u8>, start: usize, extensions: usize, large: bool) {
    let bytes = out.len() - extensions - 4;
    if bytes == 0 {
        return out.truncate(extensions);
    }
    out[start] |= 0x10;
    let words = bytes.div_ceil(4);
    out.resize(extensions + 4 + 4 * words, 0);
    let profile: u16 = if large { 0x1000 } else { 0xbede };
    out[extensions..extensions + 2].copy_from_slice(&profile.to_be_bytes());
    out[extensions + 2..extensions + 4].copy_from_slice(&(words as u16).to_be_bytes());
}

struct Elements<'a> {
    out: &'a mut Vec<u8>,
    large: bool,
}

impl Elements<'_> {
    fn push(&mut self, id: u8, value: &[u8]) {
        if id == 0 || value.is_empty() || value.len() > 255 {
            return;
        }
        if self.large {
            self.out.extend([id, value.len() as u8]);
        } else {
            self.out.push(id << 4 | (value.len() - 1) as u8);
        }
        self.out.extend_from_slice(value);
    }

    fn push_carried(&mut self, ids: &ExtensionIds, carried: &Carried) {
        if let Some(level) = carried.level {
            self.push(ids.level, &[level]);
        }
        if let Some(orientation) = carried.orientation {
            self.push(ids.orientation, &[orientation]);
        }
        if let Some(content_type) = carried.content_type {
            self.push(ids.content_type, &[content_type]);
        }
        if let Some(ntp) = carried.capture_time {
            self.push(ids.capture_time, &ntp.to_be_bytes());
        }
        if let Some(delay) = carried.playout_delay {
            self.push(ids.playout_delay, &delay);
        }
    }

    fn push_descriptor(&mut self, id: u8, descriptor: &[u8], frame: Option<u16>) {
        let start = self.out.len();
        self.push(id, descriptor);
        let written = self.out.len() - start;
        if let (Some(frame), true) = (frame, written >= descriptor.len()) {
            let value = self.out.len() - descriptor.len();
            picture::set_frame_number(&mut self.out[value..], frame);
        }
    }
}

impl ExtensionIds {
    fn largest(&self) -> u8 {
        let Self { mid, transport_sequence, send_time, level, orientation, .. } = *self;
        let Self { content_type, capture_time, playout_delay, descriptor, .. } = *self;
        let first = mid.max(transport_sequence).max(send_time).max(level).max(orientation);
        first.max(content_type).max(capture_time).max(playout_delay).max(descriptor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXED: Fixed = Fixed { marker: true, payload_type: 96, sequence: 7, timestamp: 9, ssrc: 5 };
    const OWN: Own<'_> = Own { mid: Some("3"), transport_sequence: 0x0102, send_time: 0x0304_0506, frame: None };

    #[test]
    fn values_stand_under_the_clients_numbers_and_end_on_a_word() {
        let ids = ExtensionIds { mid: 4, transport_sequence: 3, level: 1, ..ExtensionIds::default() };
        let carried = Carried { level: Some(0x85), orientation: Some(1), ..Carried::default() };
        let mut out = Vec::new();
        Header { fixed: FIXED, ids: &ids, own: OWN, carried: &carried }.write(&mut out);
        assert_eq!(out[..4], [0x90, 0x80 | 96, 0, 7]);
        assert_eq!(out[12..], [0xbe, 0xde, 0, 2, 0x40, b'3', 0x31, 1, 2, 0x10, 0x85, 0]);
    }

    #[test]
    fn a_client_without_extensions_gets_twelve_bytes() {
        let mut out = vec![1, 2];
        let (ids, carried) = (ExtensionIds::default(), Carried::default());
        Header { fixed: FIXED, ids: &ids, own: OWN, carried: &carried }.write(&mut out);
        assert_eq!((out.len(), out[2]), (14, 0x80));
    }

    #[test]
    fn a_long_value_or_a_high_number_takes_the_two_byte_form() {
        let ids = ExtensionIds { descriptor: 9, send_time: 2, ..ExtensionIds::default() };
        let carried = Carried { descriptor: Some([7; 20].as_slice().into()), ..Carried::default() };
        let mut out = Vec::new();
        Header { fixed: FIXED, ids: &ids, own: OWN, carried: &carried }.write(&mut out);
        assert_eq!(out[12..22], [0x10, 0, 0, 7, 2, 3, 4, 5, 6, 9]);
        assert_eq!((out[22], out.len() % 4), (20, 0));
    }
}
