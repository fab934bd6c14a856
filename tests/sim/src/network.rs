//! What happens to a datagram on its way: it is lost, late, overtaken, doubled, or waits in the queue of a narrow link.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::{Duration, Instant};

use fastrand::Rng;

/// Bytes of IP and UDP around a datagram.
const HEADERS: usize = 28;

/// How datagrams are lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Not at all.
    None,
    /// Each with this probability.
    Random(f64),
    /// Gilbert-Elliott: a good state without loss and a bad one in which everything is lost.
    Bursty {
        /// The share that is lost in the long run.
        share: f64,
        /// How many are lost in a row, on average.
        length: f64,
    },
    /// Everything.
    All,
}

/// One direction between a client and the server.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    /// What is lost.
    pub loss: Loss,
    /// How long everything takes.
    pub delay: Duration,
    /// How much longer some of it takes, at most.
    pub jitter: Duration,
    /// The share that may overtake or be overtaken.
    pub reordered: f64,
    /// The share that comes twice.
    pub duplicated: f64,
    /// Bits per second.
    pub rate: Option<u64>,
    /// How long a datagram may wait for a narrow link; what would wait longer is lost.
    pub queue: Duration,
}

impl Path {
    /// Nothing but a delay.
    pub fn clean(delay_ms: u64) -> Self {
        Self {
            loss: Loss::None,
            delay: Duration::from_millis(delay_ms),
            jitter: Duration::ZERO,
            reordered: 0.0,
            duplicated: 0.0,
            rate: None,
            queue: Duration::from_millis(300),
        }
    }

    /// With this loss.
    pub fn losing(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// With jitter, and so much that comes in another order, and twice.
    pub fn shaken(self, jitter_ms: u64, reordered: f64, duplicated: f64) -> Self {
        Self { jitter: Duration::from_millis(jitter_ms), reordered, duplicated, ..self }
    }

    /// With so many bits per second.
    pub fn narrow(self, rate: u64) -> Self {
        Self { rate: Some(rate), ..self }
    }
}

/// Where a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From this client to the server.
    Up(usize),
    /// From the server to this client.
    Down(usize),
}

/// When it arrives, its number, where, and what it is.
type Travelling = (Instant, u64, Way, Vec<u8>);

/// All paths, and what is on its way.
#[derive(Debug)]
pub struct Network {
    rng: Rng,
    up: Vec<Direction>,
    down: Vec<Direction>,
    travelling: BinaryHeap<Reverse<Travelling>>,
    number: u64,
}

#[derive(Debug)]
struct Direction {
    path: Path,
    /// The bad state of [`Loss::Bursty`].
    bad: bool,
    /// When the link has sent what it was given.
    free: Instant,
    last_arrival: Instant,
}

impl Network {
    /// A network without clients.
    pub fn new(seed: u64) -> Self {
        let (rng, travelling) = (Rng::with_seed(seed), BinaryHeap::new());
        Self { rng, up: Vec::new(), down: Vec::new(), travelling, number: 0 }
    }

    /// The next client.
    pub fn add(&mut self, up: Path, down: Path, now: Instant) {
        let direction = |path| Direction { path, bad: false, free: now, last_arrival: now };
        self.up.push(direction(up));
        self.down.push(direction(down));
    }

    /// How it is from now on.
    pub fn set(&mut self, way: Way, path: Path) {
        self.direction(way).path = path;
    }

    /// Takes a datagram.
    pub fn send(&mut self, way: Way, datagram: Vec<u8>, now: Instant) {
        let rng = &mut self.rng;
        let direction = match way {
            Way::Up(client) => &mut self.up[client],
            Way::Down(client) => &mut self.down[client],
        };
        if direction.loses(rng) {
            return;
        }
        let Some(arrival) = direction.arrival(datagram.len(), rng, now) else { return };
        let twice = rng.f64() < direction.path.duplicated;
        if twice {
            self.push(arrival + Duration::from_millis(3), way, datagram.clone());
        }
        self.push(arrival, way, datagram);
    }

    /// When something arrives next.
    pub fn next(&self) -> Option<Instant> {
        self.travelling.peek().map(|Reverse((at, ..))| *at)
    }

    /// What has arrived.
    pub fn arrived(&mut self, now: Instant) -> Option<(Way, Vec<u8>)> {
        if self.next()? > now {
            return None;
        }
        self.travelling.pop().map(|Reverse((_, _, way, datagram))| (way, datagram))
    }

    fn push(&mut self, at: Instant, way: Way, datagram: Vec<u8>) {
        self.number += 1;
        self.travelling.push(Reverse((at, self.number, way, datagram)));
    }

    fn direction(&mut self, way: Way) -> &mut Direction {
        match way {
            Way::Up(client) => &mut self.up[client],
            Way::Down(client) => &mut self.down[client],
        }
    }
}

impl Direction {
    fn loses(&mut self, rng: &mut Rng) -> bool {
        match self.path.loss {
            Loss::None => false,
            Loss::All => true,
            Loss::Random(share) => rng.f64() < share,
            Loss::Bursty { share, length } => {
                let leave_bad = 1.0 / length;
                let enter_bad = leave_bad * share / (1.0 - share);
                let changes = rng.f64() < if self.bad { leave_bad } else { enter_bad };
                self.bad ^= changes;
                self.bad
            }
        }
    }

    /// When a datagram arrives; none: the queue is full.
    fn arrival(&mut self, bytes: usize, rng: &mut Rng, now: Instant) -> Option<Instant> {
        let mut leaves = now;
        if let Some(rate) = self.path.rate {
            let begins = self.free.max(now);
            if begins.duration_since(now) > self.path.queue {
                return None;
            }
            leaves = begins + Duration::from_secs_f64((bytes + HEADERS) as f64 * 8.0 / rate as f64);
            self.free = leaves;
        }
        let arrival = leaves + self.path.delay + self.path.jitter.mul_f64(rng.f64());
        if rng.f64() < self.path.reordered {
            return Some(arrival + self.path.jitter.mul_f64(rng.f64()));
        }
        self.last_arrival = self.last_arrival.max(arrival);
        Some(self.last_arrival)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of 20,000 arrive, and the longest row of lost ones.
    fn outcome(path: Path) -> (f64, usize) {
        let start = Instant::now();
        let mut network = Network::new(1);
        network.add(path, path, start);
        let (mut arrived, mut row, mut longest) = (0, 0, 0);
        for index in 0..20_000 {
            let now = start + Duration::from_millis(index);
            network.send(Way::Up(0), vec![0; 100], now);
            match network.arrived(now) {
                Some(_) => (arrived, row) = (arrived + 1, 0),
                None => row += 1,
            }
            longest = longest.max(row);
        }
        (f64::from(arrived) / 20_000.0, longest)
    }

    #[test]
    fn the_share_that_is_lost_is_the_one_that_was_asked_for() {
        let (random, short) = outcome(Path::clean(0).losing(Loss::Random(0.2)));
        let (bursty, long) = outcome(Path::clean(0).losing(Loss::Bursty { share: 0.2, length: 6.0 }));
        assert!((random - 0.8).abs() < 0.01 && (bursty - 0.8).abs() < 0.03, "{random} {bursty}");
        assert!(long > 2 * short, "bursts are longer: {long} {short}");
    }

    #[test]
    fn a_narrow_link_lets_through_what_it_can() {
        // 128 bytes each millisecond are a megabit.
        let (share, _) = outcome(Path::clean(0).narrow(512_000));
        assert!((share - 0.5).abs() < 0.03, "{share}");
    }
}
