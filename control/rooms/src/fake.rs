//! A fake media plane for tests of this crate and of the doors: it forwards nothing. It accepts every offer that looks like
//! one, writes down what it is told, and says what a test makes it say.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use crosspoint_model::{Bus, Code, Identity, LegKey, Refusal, RoomKey};
use crosspoint_worker::engine::{Fact, NewPcm, Order, PcmFrame, PcmLine, PcmVoice};
use crosspoint_worker::{FactSink, Traffic};

use crate::lock::lock;
use crate::media::{Arrival, Facts, MediaPlane, Offered, fact_channel};
use crate::offer::media_lines;

/// What a fake media plane was told.
#[derive(Debug)]
pub enum Told {
    /// A leg came.
    Arrival(Arrival),
    /// Anything else.
    Order(Order),
}

/// A leg of plain sound that came, with the mixer's end of it.
#[derive(Debug)]
pub struct FakeLine {
    /// Its key.
    pub leg: LegKey,
    /// The room that it came into.
    pub room: RoomKey,
    /// Whose it is.
    pub identity: Identity,
    /// What it hears.
    pub hears: Option<Bus>,
    /// Its voice.
    pub speaks: Option<PcmVoice>,
    line: PcmLine,
}

impl FakeLine {
    /// Lets it hear 20 ms, as the mixer would.
    pub fn give(&mut self, position: u64, samples: &[f32]) {
        self.line.give(PcmFrame { position, samples: Arc::from(samples), channels: 1 });
    }

    /// Samples that it said and that were not played yet.
    pub fn waiting(&self) -> usize {
        self.line.waiting()
    }

    /// Plays so much of what it said; what was there comes back.
    pub fn play(&mut self, most: usize) -> Vec<f32> {
        let mut out = vec![0.0; most];
        let count = self.line.take(&mut out);
        out.truncate(count);
        out
    }
}

/// The fake.
pub struct FakeMedia {
    workers: usize,
    told: Mutex<Vec<(usize, Told)>>,
    lines: Mutex<Vec<FakeLine>>,
    sink: FactSink,
}

impl FakeMedia {
    /// A fake with so many workers, and its facts for [`crate::Rooms::new`].
    pub fn new(workers: usize) -> (Arc<Self>, Facts) {
        let (sink, facts) = fact_channel();
        (Arc::new(Self { workers, told: Mutex::default(), lines: Mutex::default(), sink }), facts)
    }

    /// Says something, as the first worker would.
    pub fn say(&self, fact: Fact) {
        self.say_from(0, fact);
    }

    /// Says something, as this worker would.
    pub fn say_from(&self, worker: usize, fact: Fact) {
        (self.sink)(worker, vec![fact]);
    }

    /// What it was told since this was asked last.
    pub fn told(&self) -> Vec<(usize, Told)> {
        std::mem::take(&mut *lock(&self.told))
    }

    /// The legs that came, in order, with their workers. Forgets nothing.
    pub fn arrivals(&self) -> Vec<(usize, Arrival)> {
        let arrival = |(worker, told): &(usize, Told)| match told {
            Told::Arrival(arrival) => Some((*worker, arrival.clone())),
            Told::Order(_) => None,
        };
        lock(&self.told).iter().filter_map(arrival).collect()
    }

    /// The newest leg of an identity.
    pub fn leg_of(&self, identity: &str) -> Option<LegKey> {
        let arrivals = self.arrivals();
        arrivals.iter().rev().find(|(_, arrival)| arrival.identity.as_str() == identity).map(|(_, arrival)| arrival.leg)
    }

    /// Acts on the newest leg of plain sound of an identity, while there is one.
    pub fn with_line<R>(&self, identity: &str, act: impl FnOnce(&mut FakeLine) -> R) -> Option<R> {
        let mut lines = lock(&self.lines);
        lines.iter_mut().rev().find(|line| line.identity.as_str() == identity).map(act)
    }

    /// Was it told something like this?
    pub fn was_told(&self, is_meant: impl Fn(&Order) -> bool) -> bool {
        lock(&self.told).iter().any(|(_, told)| matches!(told, Told::Order(order) if is_meant(order)))
    }
}

impl MediaPlane for FakeMedia {
    fn workers(&self) -> usize {
        self.workers
    }

    fn accept(self: Arc<Self>, worker: usize, offer: &str) -> Result<Offered, Refusal> {
        if !offer.starts_with("v=0") {
            return Err(Refusal::new(Code::InvalidSdp, "the fake media plane found no v=0"));
        }
        let admit = Box::new(move |arrival| lock(&self.told).push((worker, Told::Arrival(arrival))));
        Ok(Offered { answer: ANSWER.to_owned(), lines: media_lines(offer), admit })
    }

    fn traffic(&self, worker: usize) -> Traffic {
        Traffic { received: 10 + worker as u64, forged: 2, ..Traffic::default() }
    }

    fn order(&self, worker: usize, order: Order) {
        let order = match order {
            Order::AddPcm(new) => {
                let NewPcm { leg, room, identity, line, hears, speaks } = *new;
                lock(&self.lines).push(FakeLine { leg, room, identity, hears, speaks, line });
                return;
            }
            order => order,
        };
        match &order {
            // The line's end tells its reader.
            Order::RemoveLeg { leg } => lock(&self.lines).retain(|line| line.leg != *leg),
            Order::CloseRoom { room } => lock(&self.lines).retain(|line| line.room != *room),
            Order::MoveLeg { leg, to, .. } => {
                lock(&self.lines).iter_mut().filter(|line| line.leg == *leg).for_each(|line| line.room = *to);
            }
            Order::Negotiate { leg, request, offer, .. } if offer.starts_with("v=0") => {
                self.say_from(worker, Fact::Answer { leg: *leg, request: *request, result: Ok(ANSWER.to_owned()) });
            }
            Order::Negotiate { leg, request, .. } => {
                let refusal = Refusal::new(Code::InvalidSdp, "the fake media plane found no v=0");
                self.say_from(worker, Fact::Answer { leg: *leg, request: *request, result: Err(refusal) });
            }
            Order::Report { request } => {
                self.say_from(worker, Fact::Report { request: *request, legs: Vec::new(), tracks: Vec::new() });
            }
            _ => {}
        }
        lock(&self.told).push((worker, Told::Order(order)));
    }
}

/// What the fake answers to every offer.
pub const ANSWER: &str =
    "v=0\r\na=ice-ufrag:fake\r\na=ice-pwd:fake-password\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n";

/// An offer with these m-lines (mid, kind, direction), from the peer connection of this name.
pub fn offer(connection: &str, lines: &[(&str, &str, &str)]) -> String {
    let mut sdp = format!(
        "v=0\r\no=- {connection} 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 {connection}\r\n\
         a=ice-ufrag:{connection}\r\na=ice-pwd:password-{connection}\r\n"
    );
    for (mid, kind, direction) in lines {
        let _ = write!(sdp, "m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\na={direction}\r\n");
    }
    sdp
}
