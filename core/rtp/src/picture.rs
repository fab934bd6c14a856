//! The numbers of pictures, kept continuous when the source of an outgoing stream changes: those of VP8 (see [`vp8`]), and
//! the frame number of the dependency descriptor (AV1 RTP specification, appendix A), which browsers send with VP8, too.
//!
//! A receiver takes a key frame whose frame number lies behind that of the last one for a late packet, and drops it with all
//! that follows. Publishers count from 1: without new numbers a fresh screen in the slot of an old camera would stay blank
//! until it has counted as far.

use crate::vp8;

/// Where the frame number stands in a descriptor: after a byte of flags and the template's number.
const FRAME: std::ops::Range<usize> = 1..3;

/// The numbers of one packet: as received, or as to be sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// VP8 only: those in its payload.
    pub vp8: Option<vp8::Numbers>,
    /// The frame number in its dependency descriptor; none: it came without one.
    pub frame: Option<u16>,
}

/// Reads the frame number of a dependency descriptor. None when it is cut short.
pub fn frame_number(descriptor: &[u8]) -> Option<u16> {
    let bytes = descriptor.get(FRAME)?;
    Some(u16::from_be_bytes([bytes[0], bytes[1]]))
}

/// Writes another frame number into a dependency descriptor.
pub fn set_frame_number(descriptor: &mut [u8], frame: u16) {
    if let Some(bytes) = descriptor.get_mut(FRAME) {
        bytes.copy_from_slice(&frame.to_be_bytes());
    }
}

/// Rewrites the numbers of one outgoing stream.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rewriter {
    vp8: vp8::Rewriter,
    frame: vp8::Counter,
    restart: bool,
}

impl Rewriter {
    /// The next packet is of another source: its numbers follow the highest ones given out.
    pub fn restart(&mut self) {
        self.vp8.restart();
        self.restart = true;
    }

    /// The numbers to send a packet with.
    #[inline]
    pub fn rewrite(&mut self, input: Numbers) -> Numbers {
        if let Some(frame) = input.frame
            && std::mem::take(&mut self.restart)
        {
            self.frame.restart(frame, u16::MAX);
        }
        Numbers {
            vp8: input.vp8.map(|numbers| self.vp8.rewrite(numbers)),
            frame: input.frame.map(|frame| self.frame.rewrite(frame, u16::MAX)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_another_source_follow_those_of_the_last_one() {
        let mut rewriter = Rewriter::default();
        let mut rewrite = |restart: bool, frame| {
            if restart {
                rewriter.restart();
            }
            rewriter.rewrite(Numbers { frame: Some(frame), vp8: None }).frame
        };
        assert_eq!(rewrite(true, 65_534), Some(65_534), "the first source keeps its numbers");
        assert_eq!(rewrite(false, 65_535), Some(65_535));
        assert_eq!(rewrite(true, 1), Some(0), "a fresh screen counts from 1");
        assert_eq!(rewrite(false, 3), Some(2), "a frame that is missing stays missing");
        assert_eq!(rewrite(false, 2), Some(1), "a late one fits in");
        assert_eq!(rewrite(true, 40_000), Some(3));
    }

    #[test]
    fn what_comes_without_a_number_is_not_given_one() {
        let mut rewriter = Rewriter::default();
        rewriter.rewrite(Numbers { frame: Some(900), vp8: None });
        rewriter.restart();
        assert_eq!(rewriter.rewrite(Numbers::default()), Numbers::default());
        rewriter.restart();
        assert_eq!(rewriter.rewrite(Numbers { frame: Some(1), vp8: None }).frame, Some(901));
    }

    #[test]
    fn the_number_is_read_and_written_behind_the_template() {
        let mut descriptor = [0xc1, 0x01, 0x02, 0x80];
        assert_eq!(frame_number(&descriptor), Some(0x102));
        set_frame_number(&mut descriptor, 0xfffe);
        assert_eq!(descriptor, [0xc1, 0xff, 0xfe, 0x80]);
        let mut short = [0xc1, 0x01];
        set_frame_number(&mut short, 7);
        assert_eq!((frame_number(&short), short), (None, [0xc1, 0x01]));
    }
}
