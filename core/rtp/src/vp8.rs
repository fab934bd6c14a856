//! The picture numbers of VP8 (RFC 7741 §4.2): read from a payload, and kept continuous when the source changes.
//!
//! A decoder takes a jump of the picture id, or of the index of the temporal base layer, for loss. Layers and tracks count
//! on their own, so at each switch the numbers go on where they stopped, as sequence numbers do (see [`crate::sequence`]).

/// The numbers of one packet: as received, or as to be written into its descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numbers {
    /// The picture id; none: the sender leaves it out.
    pub picture_id: Option<u16>,
    /// Has the picture id 15 bits? Else 7.
    pub wide: bool,
    /// TL0PICIDX; none: the sender leaves it out.
    pub tl0_pic_idx: Option<u8>,
}

impl Numbers {
    /// Reads the descriptor of a VP8 payload. None when it is cut short.
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let mut numbers = Self::default();
        if payload.first()? & 0x80 == 0 {
            return Some(numbers);
        }
        let fields = *payload.get(1)?;
        let mut at = 2;
        if fields & 0x80 != 0 {
            let first = *payload.get(at)?;
            numbers.wide = first & 0x80 != 0;
            let id =
                if numbers.wide { u16::from_be_bytes([first & 0x7f, *payload.get(at + 1)?]) } else { first.into() };
            numbers.picture_id = Some(id);
            at += if numbers.wide { 2 } else { 1 };
        }
        if fields & 0x40 != 0 {
            numbers.tl0_pic_idx = Some(*payload.get(at)?);
        }
        Some(numbers)
    }

    /// Writes these numbers over those of a payload with a descriptor of the same shape.
    pub fn write(&self, payload: &mut [u8]) {
        let [first, fields, rest @ ..] = payload else { return };
        if *first & 0x80 == 0 {
            return;
        }
        let mut at = 0;
        if *fields & 0x80 != 0 {
            let wide = rest.first().is_some_and(|first| first & 0x80 != 0);
            if let (Some(id), true) = (self.picture_id, wide)
                && let Some(bytes) = rest.get_mut(..2)
            {
                bytes.copy_from_slice(&(id | 0x8000).to_be_bytes());
            } else if let (Some(id), Some(byte)) = (self.picture_id, rest.first_mut()) {
                *byte = (id & 0x7f) as u8;
            }
            at = if wide { 2 } else { 1 };
        }
        if *fields & 0x40 != 0
            && let (Some(index), Some(byte)) = (self.tl0_pic_idx, rest.get_mut(at))
        {
            *byte = index;
        }
    }
}

/// How long the descriptor in front of a VP8 payload is.
pub(crate) fn descriptor_len(payload: &[u8]) -> Option<usize> {
    if payload.first()? & 0x80 == 0 {
        return Some(1);
    }
    let fields = *payload.get(1)?;
    let mut length = 2;
    if fields & 0x80 != 0 {
        length += if payload.get(2)? & 0x80 != 0 { 2 } else { 1 };
    }
    length += usize::from(fields & 0x40 != 0);
    length += usize::from(fields & 0x30 != 0);
    Some(length)
}

/// One counter of a few bits that goes on across sources.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counter {
    offset: u16,
    /// The highest number given out.
    highest: Option<u16>,
}

impl Counter {
    pub(crate) fn restart(&mut self, input: u16, mask: u16) {
        if let Some(highest) = self.highest {
            self.offset = highest.wrapping_add(1).wrapping_sub(input) & mask;
        }
    }

    pub(crate) fn rewrite(&mut self, input: u16, mask: u16) -> u16 {
        let output = input.wrapping_add(self.offset) & mask;
        let ahead = |highest: u16| output.wrapping_sub(highest) & mask <= mask / 2;
        if self.highest.is_none_or(ahead) {
            self.highest = Some(output);
        }
        output
    }
}

/// Rewrites the numbers of one outgoing stream.
#[derive(Clone, Copy, Debug)]
pub struct Rewriter {
    picture: Counter,
    base: Counter,
    restart: bool,
}

impl Default for Rewriter {
    fn default() -> Self {
        Self { picture: Counter::default(), base: Counter::default(), restart: true }
    }
}

impl Rewriter {
    /// The next packet is of another source: its numbers follow the highest ones given out.
    pub fn restart(&mut self) {
        self.restart = true;
    }

    /// The numbers to write into a packet. Late packets of the present source get the numbers that fit in between.
    pub fn rewrite(&mut self, input: Numbers) -> Numbers {
        let mask = if input.wide { 0x7fff } else { 0x7f };
        if std::mem::take(&mut self.restart) {
            if let Some(id) = input.picture_id {
                self.picture.restart(id, mask);
            }
            if let Some(index) = input.tl0_pic_idx {
                self.base.restart(index.into(), 0xff);
            }
        }
        Numbers {
            picture_id: input.picture_id.map(|id| self.picture.rewrite(id, mask)),
            wide: input.wide,
            tl0_pic_idx: input.tl0_pic_idx.map(|index| self.base.rewrite(index.into(), 0xff) as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_where_they_were_read() {
        for original in
            [&[0x90, 0xe0, 0x80, 1, 7, 0x20, 99][..], &[0x90, 0xc0, 5, 7, 99], &[0x10, 99], &[0x90, 0x40, 7]]
        {
            let mut payload = original.to_vec();
            let mut numbers = Numbers::parse(&payload).expect("a descriptor");
            numbers.picture_id = numbers.picture_id.map(|id| id + 60);
            numbers.tl0_pic_idx = numbers.tl0_pic_idx.map(|index| index + 1);
            numbers.write(&mut payload);
            assert_eq!(Numbers::parse(&payload), Some(numbers));
            assert_eq!((payload.len(), payload[0]), (original.len(), original[0]));
        }
    }
    use proptest::prelude::*;

    #[test]
    fn the_first_source_keeps_its_numbers() {
        let mut rewriter = Rewriter::default();
        assert_eq!(rewriter.rewrite(wide(300, 7)), wide(300, 7));
        assert_eq!(rewriter.rewrite(wide(301, 7)), wide(301, 7));
    }

    #[test]
    fn another_source_goes_on_where_the_last_one_stopped() {
        let mut rewriter = Rewriter::default();
        rewriter.rewrite(wide(0x7ffe, 0xff));
        rewriter.rewrite(wide(0x7fff, 0xff));
        rewriter.restart();
        assert_eq!(rewriter.rewrite(wide(5, 9)), wide(0, 0));
        assert_eq!(rewriter.rewrite(wide(7, 10)), wide(2, 1), "a lost picture stays visible");
        assert_eq!(rewriter.rewrite(wide(6, 9)), wide(1, 0), "and its late packet fits in");
        rewriter.restart();
        assert_eq!(rewriter.rewrite(wide(900, 200)), wide(3, 2));
    }

    #[test]
    fn numbers_are_read_from_the_descriptor() {
        assert_eq!(Numbers::parse(&[0x90, 0xe0, 0x81, 0x02, 0x03, 0x04, 0x00]), Some(wide(0x102, 3)));
        assert_eq!(Numbers::parse(&[0x10, 0x00]), Some(Numbers::default()));
        let narrow = Numbers { picture_id: Some(0x11), wide: false, tl0_pic_idx: None };
        assert_eq!(Numbers::parse(&[0x90, 0x80, 0x11, 0x00]), Some(narrow));
        assert_eq!(Numbers::parse(&[0x90, 0x80]), None);
    }

    proptest! {
        #[test]
        fn pictures_in_order_are_continuous_over_any_switches(
            sources in proptest::collection::vec((0u16..0x8000, 1u16..200), 1..8)
        ) {
            let mut rewriter = Rewriter::default();
            let mut last: Option<u16> = None;
            for (first, count) in sources {
                rewriter.restart();
                for step in 0..count {
                    let output = rewriter.rewrite(wide(first.wrapping_add(step) & 0x7fff, 0)).picture_id;
                    if let Some(last) = last {
                        prop_assert_eq!(output, Some((last + 1) & 0x7fff));
                    }
                    last = output;
                }
            }
        }
    }

    fn wide(picture_id: u16, tl0_pic_idx: u8) -> Numbers {
        Numbers { picture_id: Some(picture_id), wide: true, tl0_pic_idx: Some(tl0_pic_idx) }
    }
}
