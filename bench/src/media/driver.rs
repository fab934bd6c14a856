//! The thread that drives the clients: epoll over all their sockets, a heap of deadlines, a queue of orders from the control side.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use crossbeam_channel::{Receiver, Sender, unbounded};
use mio::{Events, Interest, Poll, Token, Waker};
use tokio::sync::oneshot;

use super::peer::{Inbox, Ledger, Peer};
use super::tally::{Count, Hearing, Latencies, Timeline};

const WAKER: Token = Token(usize::MAX);

enum Order {
    Add(Box<Peer>),
    Window(u64, u64),
    Report(oneshot::Sender<Report>),
    Quit,
}

/// What a driver measured so far.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Packets that publishers sent in the window.
    pub sent: Count,
    /// Packets that arrived of those, each viewer counted.
    pub received: Count,
    /// Their one-way latencies.
    pub latencies: Latencies,
    /// What came of mixed rooms.
    pub hearing: Hearing,
    /// The joins, in the order of coming.
    pub timelines: Vec<Timeline>,
    /// Connections that ended or failed by themselves.
    pub lost: usize,
}

/// How far the clients are, for whoever waits.
#[derive(Debug, Default)]
pub struct Progress {
    /// ICE and DTLS up.
    pub connected: AtomicUsize,
    /// Heard something.
    pub heard: AtomicUsize,
    /// Saw something.
    pub seen: AtomicUsize,
}

/// The handle to a driver thread.
pub struct Rig {
    orders: Sender<Order>,
    waker: Arc<Waker>,
    /// How far the clients are.
    pub progress: Arc<Progress>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Rig {
    /// Starts the thread.
    pub fn start() -> Result<Self> {
        let poll = Poll::new().context("make an epoll")?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKER)?);
        let (orders, inbound) = unbounded();
        let progress = Arc::new(Progress::default());
        let mut driver = Driver::new(poll, inbound, progress.clone());
        let thread = thread::Builder::new().name("clients".into()).spawn(move || {
            if let Err(error) = driver.run() {
                eprintln!("the clients' thread stopped: {error:#}");
            }
        })?;
        Ok(Self { orders, waker, progress, thread: Some(thread) })
    }

    /// Drives this client from now on.
    pub fn add(&self, peer: Peer) -> Result<()> {
        self.order(Order::Add(Box::new(peer)))
    }

    /// Counts the packets stamped in this window (ns since 1970) from now on.
    pub fn measure(&self, from: u64, to: u64) -> Result<()> {
        self.order(Order::Window(from, to))
    }

    /// What was measured so far.
    pub async fn report(&self) -> Result<Report> {
        let (reply, answer) = oneshot::channel();
        self.order(Order::Report(reply))?;
        answer.await.context("the clients' thread is gone")
    }

    /// Waits until `count` clients are as far as `step` tells, or fails after `patience`.
    pub async fn wait(&self, what: &str, count: usize, patience: Duration, step: fn(&Progress) -> usize) -> Result<()> {
        let end = Instant::now() + patience;
        while step(&self.progress) < count {
            if Instant::now() > end {
                bail!("only {} of {count} clients {what} within {patience:?}", step(&self.progress));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    fn order(&self, order: Order) -> Result<()> {
        self.orders.send(order).ok().context("the clients' thread is gone")?;
        Ok(self.waker.wake()?)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = self.order(Order::Quit);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Driver {
    poll: Poll,
    orders: Receiver<Order>,
    progress: Arc<Progress>,
    peers: Vec<Option<Peer>>,
    timelines: Vec<Timeline>,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    /// Which entry of `timers` counts for each peer; the others are stale. Absent: none does.
    scheduled: Vec<Option<Instant>>,
    ledger: Ledger,
    inbox: Inbox,
    finished: Report,
}

impl Driver {
    fn new(poll: Poll, orders: Receiver<Order>, progress: Arc<Progress>) -> Self {
        let ledger = Ledger { window: (0, 0), latencies: Latencies::default(), marks: Vec::new() };
        let (inbox, finished) = (Inbox::default(), Report::default());
        let timers = BinaryHeap::new();
        Self {
            poll,
            orders,
            progress,
            peers: Vec::new(),
            timelines: Vec::new(),
            timers,
            scheduled: Vec::new(),
            ledger,
            inbox,
            finished,
        }
    }

    fn run(&mut self) -> Result<()> {
        let mut events = Events::with_capacity(1024);
        loop {
            let now = Instant::now();
            let wait = self.timers.peek().map(|Reverse((at, _))| at.saturating_duration_since(now));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() != std::io::ErrorKind::Interrupted => return Err(error.into()),
                _ => {}
            }
            for event in &events {
                if event.token() != WAKER {
                    self.readable(event.token().0);
                }
            }
            while let Ok(order) = self.orders.try_recv() {
                match order {
                    Order::Add(peer) => self.add(*peer)?,
                    Order::Window(from, to) => self.ledger.window = (from, to),
                    Order::Report(reply) => drop(reply.send(self.report())),
                    Order::Quit => return Ok(()),
                }
            }
            self.expire(Instant::now());
        }
    }

    fn add(&mut self, mut peer: Peer) -> Result<()> {
        let index = self.peers.len();
        self.poll.registry().register(&mut peer.socket, Token(index), Interest::READABLE)?;
        self.timelines.push(peer.timeline);
        self.scheduled.push(None);
        self.peers.push(Some(peer));
        // What came before the socket was watched.
        self.readable(index);
        Ok(())
    }

    fn readable(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index).and_then(Option::as_mut) else { return };
        let outcome = peer.handle_readable(&mut self.inbox, &mut self.ledger);
        self.after(index, outcome);
    }

    fn expire(&mut self, now: Instant) {
        while let Some(&Reverse((at, index))) = self.timers.peek() {
            if at > now {
                return;
            }
            self.timers.pop();
            if self.scheduled[index] != Some(at) {
                continue;
            }
            self.scheduled[index] = None;
            let Some(peer) = self.peers[index].as_mut() else { continue };
            if peer.deadline() <= now {
                let outcome = peer.handle_timeout(now, &mut self.ledger);
                self.after(index, outcome);
            } else {
                self.schedule(index);
            }
        }
    }

    /// Sees to it that the peer's deadline is in the heap.
    fn schedule(&mut self, index: usize) {
        let Some(peer) = &self.peers[index] else { return };
        let at = peer.deadline();
        if self.scheduled[index].is_none_or(|earlier| at < earlier) {
            self.scheduled[index] = Some(at);
            self.timers.push(Reverse((at, index)));
        }
    }

    /// Books progress, keeps the deadline, drops a connection that is over.
    fn after(&mut self, index: usize, outcome: Result<()>) {
        let Some(peer) = self.peers[index].as_ref() else { return };
        let (before, now) = (&mut self.timelines[index], peer.timeline);
        let step = |before: u64, now: u64, counter: &AtomicUsize| {
            if before == 0 && now != 0 {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        };
        step(before.connected, now.connected, &self.progress.connected);
        step(before.first_audio, now.first_audio, &self.progress.heard);
        step(before.first_video, now.first_video, &self.progress.seen);
        *before = now;
        if let Err(error) = &outcome {
            eprintln!("a client failed: {error:#}");
        }
        if outcome.is_err() || peer.is_over() {
            self.finished.sent.audio += peer.sent.audio;
            self.finished.sent.video += peer.sent.video;
            self.finished.received.audio += peer.received.audio;
            self.finished.received.video += peer.received.video;
            self.finished.hearing.add(&peer.hearing(&self.ledger));
            self.finished.lost += 1;
            self.peers[index] = None;
        }
        self.schedule(index);
    }

    fn report(&self) -> Report {
        let mut report = self.finished.clone();
        for peer in self.peers.iter().flatten() {
            report.sent.audio += peer.sent.audio;
            report.sent.video += peer.sent.video;
            report.received.audio += peer.received.audio;
            report.received.video += peer.received.video;
            report.hearing.add(&peer.hearing(&self.ledger));
        }
        report.timelines.clone_from(&self.timelines);
        report.latencies = self.ledger.latencies.clone();
        report
    }
}
