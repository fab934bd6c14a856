//! What other threads give to a worker. One wake-up for any number of messages that come while it is busy.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossbeam_channel::{Receiver, Sender};
use crosspoint_engine::{Order, Relay};

use crate::turn::NewLink;

/// Relays that may wait for a worker. At 50 packets a second this is what a hundred voices send in two seconds: a worker that is
/// so far behind has no use for more.
const MAX_RELAYS: usize = 10_000;

/// A message to a worker.
#[derive(Debug)]
pub(crate) enum Message {
    Order(Order),
    /// An ICE-TCP connection whose first frame is for one of the worker's legs.
    Stream(NewStream),
    /// A connection of a TURN client.
    Link(Box<NewLink>),
    /// What the engine of another worker gave for this one's, in one turn of its loop.
    Relays(Vec<Relay>),
    /// Say good-bye to every leg and end.
    Stop,
}

/// A TCP connection that the acceptor hands over.
#[derive(Debug)]
pub(crate) struct NewStream {
    pub(crate) stream: std::net::TcpStream,
    pub(crate) source: SocketAddr,
    /// The advertised address of the listener.
    pub(crate) destination: SocketAddr,
    /// What was read already, frames with their length prefixes.
    pub(crate) received: Vec<u8>,
}

/// The sending end. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    sender: Sender<Message>,
    woken: Arc<AtomicBool>,
    waker: Arc<mio::Waker>,
    /// Relays that were sent and not taken yet.
    relays: Arc<AtomicUsize>,
}

/// The receiving end, on the worker's thread.
#[derive(Debug)]
pub(crate) struct Mailbox {
    receiver: Receiver<Message>,
    woken: Arc<AtomicBool>,
    relays: Arc<AtomicUsize>,
}

/// Both ends. The waker makes the worker's poll return.
pub(crate) fn inbox(waker: mio::Waker) -> (Inbox, Mailbox) {
    let (sender, receiver) = crossbeam_channel::unbounded();
    let woken = Arc::new(AtomicBool::new(false));
    let relays = Arc::new(AtomicUsize::new(0));
    let mailbox = Mailbox { receiver, woken: woken.clone(), relays: relays.clone() };
    (Inbox { sender, woken, waker: Arc::new(waker), relays }, mailbox)
}

impl Inbox {
    pub(crate) fn send(&self, message: Message) {
        // The worker is gone only after `Stop`; what comes later has no meaning.
        let _ = self.sender.send(message);
        if !self.woken.swap(true, Ordering::AcqRel)
            && let Err(error) = self.wake()
        {
            tracing::error!(%error, "a worker cannot be woken");
        }
    }

    /// Sends what one engine has for another, in one message. Gives how many were dropped because too many wait: media only.
    pub(crate) fn relay(&self, mut relays: Vec<Relay>) -> u64 {
        let before = relays.len();
        if self.relays.load(Ordering::Relaxed) + before > MAX_RELAYS {
            relays.retain(|relay| !relay.may_be_lost());
        }
        let dropped = (before - relays.len()) as u64;
        if !relays.is_empty() {
            self.relays.fetch_add(relays.len(), Ordering::Relaxed);
            self.send(Message::Relays(relays));
        }
        dropped
    }

    fn wake(&self) -> io::Result<()> {
        self.waker.wake()
    }
}

impl Mailbox {
    /// Everything that waits.
    pub(crate) fn drain(&self) -> impl Iterator<Item = Message> + '_ {
        // A swap, not a store: what was sent before the flag fell must be seen by the reads below.
        self.woken.swap(false, Ordering::AcqRel);
        self.receiver.try_iter().inspect(|message| {
            if let Message::Relays(relays) = message {
                self.relays.fetch_sub(relays.len(), Ordering::Relaxed);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_too_much_waits_media_is_dropped_and_nothing_else() {
        let poll = mio::Poll::new().expect("a poll");
        let waker = mio::Waker::new(poll.registry(), mio::Token(1)).expect("a waker");
        let (inbox, mailbox) = inbox(waker);
        let relays = |count: usize, may_be_lost| (0..count).map(|_| Relay::idle(may_be_lost)).collect::<Vec<_>>();
        let taken = || {
            let count = |message| if let Message::Relays(relays) = message { relays.len() } else { 0 };
            mailbox.drain().map(count).sum::<usize>()
        };
        assert_eq!(inbox.relay(relays(MAX_RELAYS - 1, true)), 0);
        let mixed = relays(3, true).into_iter().chain(relays(2, false)).collect();
        assert_eq!(inbox.relay(mixed), 3);
        assert_eq!(taken(), MAX_RELAYS + 1);
        assert_eq!(inbox.relay(relays(5, true)), 0, "there is room again");
        assert_eq!(taken(), 5);
    }
}
