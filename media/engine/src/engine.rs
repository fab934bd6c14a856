//! The façade of a worker's state.

use std::ops::Range;
use std::time::{Duration, Instant};

use crosspoint_model::{LegKey, RoomKey, TrackKey};
use crosspoint_webrtc::packet::MAX_PAYLOAD;
use crosspoint_webrtc::{Datagram, Path, Sink, TransportEvent};
use rustc_hash::FxHashMap;
use slab::Slab;

use crate::fact::{Fact, LegEnd};
use crate::guard::guard;
use crate::guests::Guest;
use crate::leg::Leg;
use crate::mixes::Mixes;
use crate::plain::{EarlyOrders, Plain};
use crate::relay::Relay;
use crate::rooms::RoomEntry;
use crate::routes::{Index, Route, Routes};
use crate::seat::Member;
use crate::timers::{Owner, Timers};

/// Timers are not finer than this: the poll of the operating system is not either.
const RESOLUTION: Duration = Duration::from_millis(1);

/// All legs and rooms of one worker.
#[derive(Debug, Default)]
pub struct Engine {
    /// Its worker's number.
    pub(crate) worker: usize,
    pub(crate) legs: Slab<Leg>,
    pub(crate) by_key: FxHashMap<LegKey, Index>,
    /// Legs of other workers that are in rooms of this one.
    pub(crate) guests: Slab<Guest>,
    pub(crate) guests_by_key: FxHashMap<LegKey, Index>,
    /// Legs of plain sound.
    pub(crate) plains: Slab<Plain>,
    pub(crate) plains_by_key: FxHashMap<LegKey, Index>,
    /// Orders that came before the leg of plain sound that they are about.
    pub(crate) early: EarlyOrders,
    pub(crate) rooms: FxHashMap<RoomKey, RoomEntry>,
    pub(crate) mixes: Mixes,
    /// Whose each track is.
    pub(crate) tracks: FxHashMap<TrackKey, Member>,
    pub(crate) routes: Routes,
    pub(crate) timers: Timers,
    /// Legs with something queued.
    pub(crate) dirty: Vec<Index>,
    /// The list that is being flushed, empty in between.
    flushing: Vec<Index>,
    /// Legs that panicked while they were written to, and end in the next flush.
    pub(crate) broken: Vec<LegKey>,
    /// Rooms that panicked, and end in the next flush.
    pub(crate) broken_rooms: Vec<RoomKey>,
    /// Rooms that may have something to say.
    pub(crate) touched: Vec<RoomKey>,
    pub(crate) out: Out,
    /// Scratch of [`Engine::forward`].
    pub(crate) forwards: Vec<crosspoint_router::Forward>,
    pub(crate) counters: Counters,
}

/// What leaves the engine.
#[derive(Debug, Default)]
pub(crate) struct Out {
    /// Datagrams to send, one behind the other.
    bytes: Vec<u8>,
    /// Where each of them stands and goes.
    transmits: Vec<(Path, Range<usize>)>,
    pub(crate) facts: Vec<Fact>,
    /// For the engines of these workers.
    pub(crate) relays: Vec<(usize, Relay)>,
    events: Vec<TransportEvent>,
}

/// Datagrams that came, and those that led nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// All of them.
    pub received: u64,
    /// From nobody known.
    pub strangers: u64,
    /// STUN with a wrong signature.
    pub forged: u64,
    /// RTP packets larger than what is forwarded.
    pub oversized: u64,
    /// Legs that panicked.
    pub broken: u64,
}

impl Sink for Out {
    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn finish(&mut self, path: Path, start: usize) {
        self.transmits.push((path, start..self.bytes.len()));
    }

    fn event(&mut self, event: TransportEvent) {
        self.events.push(event);
    }
}

impl Engine {
    /// The engine of the first worker, without rooms.
    pub fn new() -> Self {
        Self::default()
    }

    /// The engine of this worker, without rooms.
    pub fn of_worker(worker: usize) -> Self {
        Self { worker, ..Self::default() }
    }

    /// A datagram came in. What it causes is queued until [`Self::flush`]. `false`: it was nobody's.
    pub fn handle_datagram(&mut self, datagram: &Datagram<'_>) -> bool {
        self.counters.received += 1;
        let index = match self.routes.find(datagram) {
            Route::Known(index) => index,
            Route::Claimed(index) => {
                let leg = self.legs.get(index);
                let accepted = leg.and_then(|leg| guard(|| leg.transport.accepts(datagram)));
                if accepted != Some(true) {
                    self.counters.forged += 1;
                    return false;
                }
                self.routes.learn(index, datagram.tcp, datagram.source);
                index
            }
            Route::Unknown => {
                self.counters.strangers += 1;
                return false;
            }
        };
        let mut oversized = 0;
        self.drive(index, datagram.arrival, |leg, out| {
            (leg.tcp, leg.remote) = (datagram.tcp, Some(datagram.source));
            // A packet cannot be larger than its datagram: most need no second look.
            if datagram.contents.len() <= MAX_PAYLOAD {
                return leg.transport.handle_datagram(datagram, out);
            }
            let before = leg.transport.counters().oversized;
            let next = leg.transport.handle_datagram(datagram, out);
            oversized = leg.transport.counters().oversized - before;
            next
        });
        self.counters.oversized += oversized;
        true
    }

    /// Time has passed: whoever is due is called, and what is queued is sent.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(owner) = self.timers.pop(now) {
            match owner {
                Owner::Leg(key) => self.leg_timeout(owner, LegKey(key), now),
                Owner::Room(key) => self.room_timeout(owner, RoomKey(key), now),
                Owner::Mix(key) => self.mix_timeout(owner, RoomKey(key), now),
            }
        }
        self.flush(now);
    }

    /// Stamps, encrypts and gives out what was queued.
    pub fn flush(&mut self, now: Instant) {
        // A flush may raise events that queue more (a key-frame request goes back to a publisher): until all is quiet.
        while !self.dirty.is_empty() || !self.touched.is_empty() || !self.broken.is_empty() {
            for key in std::mem::take(&mut self.broken) {
                if let Some(index) = self.index_of(key) {
                    self.end_leg(index, LegEnd::Broke, now);
                }
            }
            self.settle_rooms(now);
            // What is raised meanwhile goes into the other list; both keep their memory.
            let mut dirty = std::mem::replace(&mut self.dirty, std::mem::take(&mut self.flushing));
            for index in dirty.drain(..) {
                if let Some(leg) = self.legs.get_mut(index) {
                    leg.dirty = false;
                    self.drive(index, now, |leg, out| leg.transport.flush(now, out));
                }
            }
            self.flushing = dirty;
        }
    }

    /// Gives out the datagrams to send, in order.
    pub fn drain_transmits(&mut self, mut send: impl FnMut(Path, &[u8])) {
        for (path, range) in self.out.transmits.drain(..) {
            send(path, &self.out.bytes[range]);
        }
        self.out.bytes.clear();
    }

    /// What happened.
    pub fn take_facts(&mut self) -> Vec<Fact> {
        std::mem::take(&mut self.out.facts)
    }

    /// When [`Self::handle_timeout`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Datagrams that came, and those that led nowhere.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Says good-bye to every leg.
    pub fn close_all(&mut self, now: Instant) {
        let all: Vec<Index> = self.legs.iter().map(|(index, _)| index).collect();
        for index in all {
            self.say_goodbye(index, now);
            self.remove_leg(index, now);
        }
    }

    /// Lets a leg's transport work, then carries out what came of it.
    pub(crate) fn drive(
        &mut self,
        index: Index,
        now: Instant,
        work: impl FnOnce(&mut Leg, &mut Out) -> Option<Instant>,
    ) {
        let Some(leg) = self.legs.get_mut(index).filter(|leg| !leg.broken) else { return };
        let out = &mut self.out;
        let Some(next) = guard(|| work(leg, out)) else { return self.leg_broke(index, now) };
        self.schedule(index, next, now);
        if !self.out.events.is_empty() {
            let mut events = std::mem::take(&mut self.out.events);
            for event in events.drain(..) {
                self.handle_event(index, event, now);
            }
            // Keep the memory, unless handling them raised new ones.
            if self.out.events.is_empty() {
                self.out.events = events;
            }
        }
    }

    /// Sets the leg's next call: its transport's wish or its own patience, whichever is sooner.
    pub(crate) fn schedule(&mut self, index: Index, transport: Option<Instant>, now: Instant) {
        // A transport that wants to be called in the past would be called for ever.
        let transport = transport.map(|at| at.max(now + RESOLUTION));
        let Some(leg) = self.legs.get_mut(index) else { return };
        let wishes = [transport, leg.expires(), leg.outgoing.deadline()];
        let wanted = wishes.into_iter().flatten().min();
        self.timers.set(Owner::Leg(leg.seat.key.0), &mut leg.deadline, wanted);
    }

    /// Marks a leg for the next flush.
    pub(crate) fn mark_dirty(&mut self, index: Index) {
        if let Some(leg) = self.legs.get_mut(index)
            && !leg.dirty
        {
            leg.dirty = true;
            self.dirty.push(index);
        }
    }

    fn leg_timeout(&mut self, owner: Owner, key: LegKey, now: Instant) {
        let Some(&index) = self.by_key.get(&key) else { return };
        let Some(leg) = self.legs.get_mut(index) else { return };
        if !self.timers.settle(owner, &mut leg.deadline, now) {
            return;
        }
        if leg.expires().is_some_and(|until| until <= now) {
            let never = matches!(leg.phase, crate::leg::Phase::Connecting(_));
            let end = if never { LegEnd::NeverConnected } else { LegEnd::TimedOut };
            return self.end_leg(index, end, now);
        }
        self.pump_data(index, now);
        self.drive(index, now, |leg, out| leg.transport.flush(now, out));
    }

    /// A leg that ended by itself: tells it, and takes it out.
    pub(crate) fn end_leg(&mut self, index: Index, end: LegEnd, now: Instant) {
        let Some(leg) = self.legs.get(index) else { return };
        self.out.facts.push(Fact::Ended { leg: leg.seat.key, end });
        self.remove_leg(index, now);
    }

    /// Takes a leg out with all that is its own.
    pub(crate) fn remove_leg(&mut self, index: Index, now: Instant) {
        self.leave_room(index, now);
        let Some(leg) = self.legs.try_remove(index) else { return };
        self.by_key.remove(&leg.seat.key);
        self.routes.forget(index);
        for spec in &leg.seat.publish {
            self.tracks.remove(&spec.track);
        }
        // A transport that panicked may panic again when it is dropped.
        guard(move || drop(leg));
    }

    pub(crate) fn say_goodbye(&mut self, index: Index, now: Instant) {
        let Some(leg) = self.legs.get_mut(index) else { return };
        let out = &mut self.out;
        guard(|| {
            leg.transport.close();
            leg.transport.flush(now, out)
        });
        self.out.events.clear();
    }

    fn leg_broke(&mut self, index: Index, now: Instant) {
        self.counters.broken += 1;
        self.out.events.clear();
        if let Some(leg) = self.legs.get(index) {
            tracing::error!(leg = leg.seat.key.0, identity = %leg.seat.identity, "a leg's code panicked; the leg ends");
        }
        self.end_leg(index, LegEnd::Broke, now);
    }
}
