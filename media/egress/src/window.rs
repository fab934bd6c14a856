//! Which sequence numbers were given out. Sealing two packets under one number would give away the key (RFC 7714 §8.4).

const WORDS: u64 = 16;
/// How far behind the highest number a packet may come.
const BITS: u64 = WORDS * 64;

/// The numbers up to [`BITS`] behind the highest one.
#[derive(Debug, Default)]
pub(crate) struct Window {
    next: u64,
    seen: [u64; WORDS as usize],
}

impl Window {
    /// May a packet go out under this number? Not twice, and not when it is too late to know.
    pub(crate) fn admit(&mut self, sequence: u64) -> bool {
        if sequence >= self.next {
            let skipped = sequence - self.next;
            if skipped >= BITS {
                self.seen = [0; WORDS as usize];
            } else {
                for number in self.next..sequence {
                    self.set(number, false);
                }
            }
            self.next = sequence + 1;
            self.set(sequence, true);
            return true;
        }
        if self.next - sequence > BITS || self.seen[Self::word(sequence)] >> (sequence % 64) & 1 == 1 {
            return false;
        }
        self.set(sequence, true);
        true
    }

    /// The highest number that was given out.
    pub(crate) fn highest(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    fn set(&mut self, sequence: u64, seen: bool) {
        let word = &mut self.seen[Self::word(sequence)];
        *word = *word & !(1 << (sequence % 64)) | u64::from(seen) << (sequence % 64);
    }

    fn word(sequence: u64) -> usize {
        (sequence / 64 % WORDS) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_given_out_once() {
        let mut window = Window::default();
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
