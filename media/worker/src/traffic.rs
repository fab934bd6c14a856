//! How much came and went on a worker: counted by its thread alone, read by whoever wants to know.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crosspoint_turn::Counters;

/// Datagrams (over TCP: frames) since the worker started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Came.
    pub received: u64,
    /// Went.
    pub sent: u64,
    /// Should have gone, and the system or a slow client had no room for them.
    pub dropped: u64,
    /// Came from nobody known.
    pub strangers: u64,
    /// STUN with a wrong signature.
    pub forged: u64,
    /// RTP packets larger than what is forwarded.
    pub oversized: u64,
    /// Packets and data messages that should have gone to another worker, and too many waited there.
    pub unrelayed: u64,
}

/// Where a worker writes them down, once per turn of its loop: there is one writer, so that plain stores do. A reader may see
/// some figures of one turn and some of the next.
#[derive(Debug, Default)]
pub(crate) struct Board {
    received: AtomicU64,
    sent: AtomicU64,
    dropped: AtomicU64,
    strangers: AtomicU64,
    forged: AtomicU64,
    oversized: AtomicU64,
    unrelayed: AtomicU64,
    turn: Mutex<Counters>,
}

impl Board {
    pub fn write(&self, traffic: &Traffic) {
        let Traffic { received, sent, dropped, strangers, forged, oversized, unrelayed } = *traffic;
        self.received.store(received, Ordering::Relaxed);
        self.sent.store(sent, Ordering::Relaxed);
        self.dropped.store(dropped, Ordering::Relaxed);
        self.strangers.store(strangers, Ordering::Relaxed);
        self.forged.store(forged, Ordering::Relaxed);
        self.oversized.store(oversized, Ordering::Relaxed);
        self.unrelayed.store(unrelayed, Ordering::Relaxed);
    }

    /// What relays carried. Readers are few, so that the lock is free.
    pub fn write_turn(&self, counters: &Counters) {
        if let Ok(mut own) = self.turn.try_lock() {
            *own = *counters;
        }
    }

    pub fn turn(&self) -> Counters {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn read(&self) -> Traffic {
        Traffic {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            strangers: self.strangers.load(Ordering::Relaxed),
            forged: self.forged.load(Ordering::Relaxed),
            oversized: self.oversized.load(Ordering::Relaxed),
            unrelayed: self.unrelayed.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{Media, MediaConfig};

    #[test]
    fn datagrams_of_strangers_are_on_the_board() {
        let config = MediaConfig {
            workers: 1,
            udp: vec!["127.0.0.1:0".parse().expect("an address")],
            advertised_udp: Vec::new(),
            tcp: Vec::new(),
            advertised_tcp: Vec::new(),
            ..MediaConfig::default()
        };
        let media = Media::start(&config, Box::new(|_, _| {})).expect("it starts");
        let to = media.host(0).expect("a worker").candidates[0].address;
        let stranger = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        for _ in 0..3 {
            stranger.send_to(b"who is there?", to).expect("sent");
        }
        let expected = Traffic { received: 3, strangers: 3, ..Traffic::default() };
        let deadline = Instant::now() + Duration::from_secs(20);
        while media.traffic(0) != expected {
            assert!(Instant::now() < deadline, "{:?}", media.traffic(0));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(media.traffic(7), Traffic::default(), "there is no such worker");
        media.stop();
    }
}
