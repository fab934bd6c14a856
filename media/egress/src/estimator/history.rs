//! What was sent and has not been forgotten: a ring by sequence number. Nothing is allocated per packet.

/// Packets in the ring at the beginning, and at the most: 1 KiB and 64 KiB. At 3 Mbit/s it grows to 512 packets (8 KiB),
/// because the ring only grows while it would forget what may still be acknowledged.
const FIRST: usize = 64;
pub(super) const MOST: usize = 4096;
/// Nobody waits longer for an acknowledgement.
const PATIENCE: u64 = 2_000_000;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Unused,
    Sent,
    /// The client said that it was missing, which may turn out to be early.
    Missing,
    Received,
}

/// One packet. Times are microseconds since the estimator was made.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Packet {
    pub sent: u64,
    /// The low half of the sequence number: enough to tell laps of the ring apart.
    sequence: u32,
    pub bytes: u16,
    pub state: State,
}

#[derive(Debug)]
pub(super) struct History {
    /// A power of two.
    ring: Vec<Packet>,
    highest: Option<u64>,
}

impl History {
    pub fn new() -> Self {
        Self { ring: vec![Packet::default(); FIRST], highest: None }
    }

    #[inline]
    pub fn record(&mut self, sequence: u64, bytes: usize, sent: u64) {
        let index = self.index(sequence);
        let old = &self.ring[index];
        if old.state == State::Sent && sent.saturating_sub(old.sent) < PATIENCE && self.ring.len() < MOST {
            self.grow();
        }
        let index = self.index(sequence);
        let bytes = u16::try_from(bytes).unwrap_or(u16::MAX);
        self.ring[index] = Packet { sent, sequence: sequence as u32, bytes, state: State::Sent };
        self.highest = self.highest.max(Some(sequence));
    }

    #[inline]
    pub fn get(&mut self, sequence: u64) -> Option<&mut Packet> {
        let index = self.index(sequence);
        let packet = &mut self.ring[index];
        (packet.state != State::Unused && packet.sequence == sequence as u32).then_some(packet)
    }

    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// The full number of one on the wire: the last one sent that ends so.
    #[inline]
    pub fn extend(&self, sequence: u16) -> Option<u64> {
        let highest = self.highest?;
        highest.checked_sub(u64::from((highest as u16).wrapping_sub(sequence)))
    }

    #[inline]
    fn index(&self, sequence: u64) -> usize {
        sequence as usize & (self.ring.len() - 1)
    }

    #[cold]
    fn grow(&mut self) {
        let size = self.ring.len() * 2;
        let old = std::mem::replace(&mut self.ring, vec![Packet::default(); size]);
        for packet in old {
            self.ring[packet.sequence as usize & (size - 1)] = packet;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ring_grows_with_what_is_in_flight_and_is_bounded() {
        let mut history = History::new();
        for sequence in 0..1_000 {
            history.record(sequence, 100, sequence);
        }
        assert!((0..1_000).all(|sequence| history.get(sequence).is_some()));
        for sequence in 1_000..100_000 {
            history.record(sequence, 100, sequence);
        }
        assert_eq!(history.ring.len(), MOST);
        assert!(history.get(90_000).is_none(), "forgotten");
        assert!(size_of::<Packet>() * MOST <= 64 * 1024);
    }

    #[test]
    fn what_is_acknowledged_does_not_make_it_grow() {
        let mut history = History::new();
        for sequence in 0..10_000 {
            history.record(sequence, 100, sequence);
            history.get(sequence).expect("just sent").state = State::Received;
        }
        assert_eq!(history.ring.len(), FIRST);
    }

    #[test]
    fn numbers_on_the_wire_are_of_the_last_lap() {
        let mut history = History::new();
        assert_eq!(history.extend(7), None, "nothing was sent");
        history.record(0x2_0003, 100, 0);
        assert_eq!(history.extend(3), Some(0x2_0003));
        assert_eq!(history.extend(0xffff), Some(0x1_ffff));
        history.record(0x2_0004, u16::MAX as usize + 1, 0);
    }
}
