//! Which numbers were there already: of packets that are sealed (two under one number would give away the key, RFC 7714 §8.4)
//! and of those that are opened (somebody on the way may keep one and send it again, RFC 3711 §3.3.2).

/// The numbers up to 64 times `WORDS` behind the highest one.
#[derive(Debug)]
pub struct Window<const WORDS: usize> {
    next: u64,
    seen: [u64; WORDS],
}

impl<const WORDS: usize> Default for Window<WORDS> {
    fn default() -> Self {
        Self { next: 0, seen: [0; WORDS] }
    }
}

impl<const WORDS: usize> Window<WORDS> {
    /// How far behind the highest number one may come.
    const BITS: u64 = WORDS as u64 * 64;

    /// Is this number new? Each is once, and none that is too late to know.
    pub fn admit(&mut self, sequence: u64) -> bool {
        if sequence >= self.next {
            let skipped = sequence - self.next;
            if skipped >= Self::BITS {
                self.seen = [0; WORDS];
            } else {
                for number in self.next..sequence {
                    self.set(number, false);
                }
            }
            self.next = sequence + 1;
            self.set(sequence, true);
            return true;
        }
        if self.next - sequence > Self::BITS || self.seen[Self::word(sequence)] >> (sequence % 64) & 1 == 1 {
            return false;
        }
        self.set(sequence, true);
        true
    }

    /// The highest number so far.
    pub fn highest(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    fn set(&mut self, sequence: u64, seen: bool) {
        let word = &mut self.seen[Self::word(sequence)];
        *word = *word & !(1 << (sequence % 64)) | u64::from(seen) << (sequence % 64);
    }

    fn word(sequence: u64) -> usize {
        (sequence / 64) as usize % WORDS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BITS: u64 = 1024;

    #[test]
    fn each_number_is_given_out_once() {
        let mut window = Window::<16>::default();
        let mut given = std::collections::BTreeSet::new();
        for sequence in [5, 6, 9, 7, 7, 5, 8, 300, 290, 290, 2000, 977, 976, 1999, 5000, 4000, 5000, 4999] {
            let (fresh, late) =
                (!given.contains(&sequence), given.last().is_some_and(|high| high - sequence.min(*high) >= BITS));
            assert_eq!(window.admit(sequence), fresh && !late, "{sequence}");
            given.insert(sequence);
        }
        assert_eq!(window.highest(), 5000);
    }
}
