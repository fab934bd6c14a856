//! The estimator on a simulated way, in virtual time: a server that forwards the best layer that fits, a link with a queue
//! that drops at its end, a client that sends feedback as Chromium does.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crosspoint_rtp::twcc::Feedback;

use super::{Estimator, ProbeId};

mod behaviour_tests;

pub(super) const AUDIO: u64 = 32_000;
/// Bits per second of the layers, lowest first.
pub(super) const LAYERS: [u64; 3] = [150_000, 500_000, 2_000_000];

/// What happens, by the millisecond.
pub(super) struct Scene {
    pub rate: fn(u64) -> u64,
    /// One way, ms.
    pub delay: u64,
    /// How long a packet may wait for the link, ms.
    pub queue: u64,
    pub loss: f64,
    /// Packets and feedback come up to this much late, ms.
    pub jitter: u64,
    pub feedback_lost: fn(u64) -> bool,
    /// How many of the layers are to be had.
    pub layers: fn(u64) -> usize,
    /// Said to be desired instead of what the layers come to.
    pub desired: Option<u64>,
    /// What is not sent although it would fit.
    pub at_most: usize,
    pub audio: fn(u64) -> bool,
    /// How many µs the client's clock gains in a second.
    pub drift: u64,
    /// Padding is at least this large, as resent packets are.
    pub least_padding: usize,
    pub seed: u64,
}

impl Default for Scene {
    fn default() -> Self {
        Self {
            rate: |_| 100_000_000,
            delay: 25,
            queue: 300,
            loss: 0.0,
            jitter: 0,
            feedback_lost: |_| false,
            layers: |_| 3,
            desired: None,
            at_most: 3,
            audio: |_| true,
            drift: 0,
            least_padding: 0,
            seed: 1,
        }
    }
}

/// What was seen.
#[derive(Default)]
pub(super) struct Seen {
    /// The estimate at each millisecond.
    pub estimates: Vec<u64>,
    /// When a complete picture arrived, ms.
    pub pictures: Vec<u64>,
    /// (ms, dropped by the link's queue) of each packet.
    pub fates: Vec<(u64, bool)>,
    /// Bytes of padding, and when.
    pub padding: Vec<(u64, usize)>,
    /// The milliseconds at which a timer was wanted.
    pub timers: Vec<u64>,
}

struct Flying {
    sequence: u64,
    bytes: usize,
    entered: u64,
    /// The last packet of a picture, and how many packets that has.
    picture: Option<(u64, u64)>,
}

struct Simulation {
    scene: Scene,
    start: Instant,
    now: u64,
    estimator: Estimator,
    sequence: u64,
    random: u64,
    queue: VecDeque<Flying>,
    link_free: u64,
    arriving: VecDeque<(u64, Flying)>,
    /// Received and not yet told: (sequence, µs).
    received: Vec<(u64, u64)>,
    told: u64,
    feedbacks: u8,
    next_feedback: u64,
    returning: VecDeque<(u64, Vec<u8>)>,
    layer: Option<usize>,
    picture: u64,
    picture_received: (u64, u64),
    feedback: Feedback,
    seen: Seen,
}

/// Plays a scene for this many seconds.
pub(super) fn play(scene: Scene, seconds: u64) -> Seen {
    let start = Instant::now();
    let mut simulation = Simulation {
        random: scene.seed,
        scene,
        start,
        now: 0,
        estimator: Estimator::new(2_000_000, start),
        sequence: 0,
        queue: VecDeque::new(),
        link_free: 0,
        arriving: VecDeque::new(),
        received: Vec::new(),
        told: 0,
        feedbacks: 0,
        next_feedback: 70,
        returning: VecDeque::new(),
        layer: None,
        picture: 0,
        picture_received: (0, 0),
        feedback: Feedback::default(),
        seen: Seen::default(),
    };
    simulation.estimator.round_trip(Duration::from_millis(simulation.scene.delay * 2));
    for now in 0..seconds * 1000 {
        simulation.now = now;
        simulation.step();
    }
    simulation.seen
}

impl Simulation {
    fn step(&mut self) {
        if (self.scene.audio)(self.now) && self.now.is_multiple_of(20) {
            self.send(80, None, None);
        }
        // 30 pictures a second.
        if self.now * 3 / 100 != (self.now + 1) * 3 / 100 {
            self.send_picture();
        }
        self.probe();
        self.drain();
        self.arrive();
        self.tell();
        while self.returning.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, bytes) = self.returning.pop_front().expect("just seen");
            assert!(self.feedback.read(&bytes));
            let now = self.instant();
            self.estimator.feedback(&self.feedback, now);
            self.probe();
        }
        if self.estimator.poll_timeout().is_some() {
            self.seen.timers.push(self.now);
        }
        self.seen.estimates.push(self.estimator.estimate());
    }

    /// The best layer that fits, the others being what is wanted.
    fn send_picture(&mut self) {
        let offered = &LAYERS[..(self.scene.layers)(self.now)];
        let room = self.estimator.estimate();
        let fits = offered.iter().take(self.scene.at_most).rposition(|layer| layer + AUDIO <= room);
        let next = fits.map_or(0, |fits| fits + 1);
        let minimum = offered.get(next).map_or(0, |layer| layer + AUDIO);
        let best = offered.last().map_or(0, |layer| layer + AUDIO);
        self.estimator.want(minimum, self.scene.desired.unwrap_or(best));
        let switched = fits != self.layer;
        self.layer = fits;
        let Some(fits) = fits else { return };
        let mut left = LAYERS[fits] as usize / 8 / 30 * if switched { 3 } else { 1 };
        let packets = left.div_ceil(1100);
        self.picture += 1;
        for packet in 0..packets {
            let bytes = left / (packets - packet);
            left -= bytes;
            self.send(bytes, None, Some((self.picture, packets as u64)));
        }
    }

    fn probe(&mut self) {
        let now = self.instant();
        while self.estimator.poll_timeout().is_some_and(|due| due <= now) {
            let Some(probe) = self.estimator.poll_probe(now) else {
                let due = self.estimator.poll_timeout();
                assert!(due.is_none_or(|due| due > now), "a timeout that does not move is a busy loop");
                return;
            };
            self.seen.padding.push((self.now, probe.bytes));
            self.send(probe.bytes.max(self.scene.least_padding), Some(probe.id), None);
        }
    }

    fn send(&mut self, bytes: usize, probe: Option<ProbeId>, picture: Option<(u64, u64)>) {
        self.sequence += 1;
        let now = self.instant();
        self.estimator.sent(self.sequence, bytes, probe, now);
        let waiting: usize = self.queue.iter().map(|flying| flying.bytes).sum();
        let dropped = waiting as u64 * 8_000 / (self.scene.rate)(self.now) > self.scene.queue;
        self.seen.fates.push((self.now, dropped));
        if !dropped {
            self.queue.push_back(Flying { sequence: self.sequence, bytes, entered: self.now * 1000, picture });
        }
    }

    /// The link at its present rate.
    fn drain(&mut self) {
        while let Some(first) = self.queue.front() {
            let takes = first.bytes as u64 * 8_000_000 / (self.scene.rate)(self.now);
            let done = self.link_free.max(first.entered) + takes;
            if done > self.now * 1000 {
                return;
            }
            self.link_free = done;
            let flying = self.queue.pop_front().expect("just seen");
            if self.chance() < self.scene.loss {
                continue;
            }
            let at = done + self.scene.delay * 1000 + self.late();
            // Order is kept: what is late holds up what follows.
            let at = self.arriving.back().map_or(at, |(before, _)| at.max(*before));
            self.arriving.push_back((at, flying));
        }
    }

    fn arrive(&mut self) {
        while self.arriving.front().is_some_and(|(at, _)| *at <= self.now * 1000) {
            let (at, flying) = self.arriving.pop_front().expect("just seen");
            let by_client = at + at / 1_000_000 * self.scene.drift;
            self.received.push((flying.sequence, by_client));
            let Some((picture, packets)) = flying.picture else { continue };
            if self.picture_received.0 != picture {
                self.picture_received = (picture, 0);
            }
            self.picture_received.1 += 1;
            if self.picture_received.1 == packets {
                self.seen.pictures.push(self.now);
            }
        }
    }

    /// Chromium: each 50 to 100 ms.
    fn tell(&mut self) {
        if self.now < self.next_feedback || self.received.is_empty() {
            return;
        }
        self.next_feedback = self.now + 50 + (self.chance() * 50.0) as u64;
        let received = std::mem::take(&mut self.received);
        self.feedbacks = self.feedbacks.wrapping_add(1);
        let bytes = write(self.told + 1, &received, self.feedbacks);
        self.told = received.last().expect("not empty").0;
        if (self.scene.feedback_lost)(self.now) {
            return;
        }
        let at = self.now + self.scene.delay + self.late() / 1000;
        self.returning.push_back((at, bytes));
    }

    fn late(&mut self) -> u64 {
        (self.chance() * self.scene.jitter as f64 * 1000.0) as u64
    }

    /// Between 0 and 1 (xorshift*).
    fn chance(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        (self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn instant(&self) -> Instant {
        self.start + Duration::from_millis(self.now)
    }
}

/// Feedback about these packets (number, arrival in µs) in vectors of two bits with large deltas.
fn write(base: u64, received: &[(u64, u64)], feedbacks: u8) -> Vec<u8> {
    let last = received.last().expect("something was received").0;
    let count = (last - base + 1) as usize;
    let reference = received[0].1 / 64_000;
    let mut symbols = vec![0u16; count.next_multiple_of(7)];
    let mut deltas = Vec::new();
    let mut before = reference as i64 * 256;
    for (sequence, at) in received {
        symbols[(sequence - base) as usize] = 2;
        let at = *at as i64 / 250;
        deltas.extend(((at - before) as i16).to_be_bytes());
        before = at;
    }
    let mut out = vec![0x8f, 205, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2];
    out.extend((base as u16).to_be_bytes());
    out.extend((count as u16).to_be_bytes());
    out.extend(&(reference as u32 & 0xff_ffff).to_be_bytes()[1..]);
    out.push(feedbacks);
    for chunk in symbols.chunks(7) {
        let bits = chunk.iter().fold(3, |bits, symbol| bits << 2 | symbol);
        out.extend(bits.to_be_bytes());
    }
    out.extend(deltas);
    out.resize(out.len().next_multiple_of(4), 0);
    let words = (out.len() / 4 - 1) as u16;
    out[2..4].copy_from_slice(&words.to_be_bytes());
    out
}
