//! What a session has to tell its client. Reliable messages are numbered and the recent ones kept, so that a client whose
//! socket dropped gets what it missed; volatile ones (levels, statistics) are dropped when the client does not keep up.
//!
//! A body is serialized once however many clients it goes to; the number is put in front of it when a socket takes it.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crosspoint_model::signal::{ServerMessage, close};
use tokio::sync::Notify;

/// A message as JSON, without its envelope.
pub(crate) type Body = Arc<str>;

/// So many reliable messages are kept for a session that is resumed.
const KEPT: usize = 1024;
/// A client that is so many reliable messages behind does not read: its socket is closed. Less than [`KEPT`], so that
/// it can come back and find them.
const BEHIND: u64 = 512;
/// So many bytes are kept at most.
const KEPT_BYTES: usize = 4 * 1024 * 1024;
/// A client that is so many bytes behind does not read either. Less than [`KEPT_BYTES`], for the same reason.
const BEHIND_BYTES: usize = 2 * 1024 * 1024;
/// So many volatile messages wait at most.
const VOLATILE: usize = 16;

/// What goes to the client's socket next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A text frame.
    Text(String),
    /// Close the socket; nothing follows.
    Close {
        /// See [`crosspoint_model::signal::close`].
        code: u16,
        /// For a person.
        reason: String,
    },
}

impl Outgoing {
    pub(crate) fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::Close { code, reason: reason.into() }
    }
}

/// Serializes a message.
pub(crate) fn body(message: &ServerMessage) -> Body {
    serde_json::to_string(message).expect("messages have only string keys").into()
}

/// Puts the envelope around a body.
pub(crate) fn frame(seq: Option<u64>, request: Option<u64>, body: &str) -> String {
    let mut text = String::with_capacity(body.len() + 48);
    text.push('{');
    if let Some(seq) = seq {
        let _ = write!(text, "\"seq\":{seq},");
    }
    if let Some(request) = request {
        let _ = write!(text, "\"request\":{request},");
    }
    // A body is an object with a type, so that there is something after the brace.
    text.push_str(&body[1..]);
    text
}

/// The messages of one session.
pub(crate) struct Outbox {
    queue: Mutex<Queue>,
}

/// The numbers asked for are no longer kept.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Missed;

struct Queue {
    kept: VecDeque<Reliable>,
    kept_bytes: usize,
    /// From this message on the holder is judged by how far it is behind: what it missed before it came is not its fault.
    since: u64,
    /// Bytes from there on that it has not taken.
    unread_bytes: usize,
    /// The number that the next reliable message gets.
    next_seq: u64,
    /// The number of the reliable message that the holder gets next.
    cursor: u64,
    /// `joined` for who has just taken hold.
    first: Option<String>,
    volatile: VecDeque<String>,
    /// Counts the sockets that held this session; only the newest is served.
    hold: u64,
    held: bool,
    wake: Arc<Notify>,
    /// The holder's socket is to be closed at once.
    cut: Option<Outgoing>,
    /// The session is over: what is queued goes out, then this.
    end: Option<Outgoing>,
}

struct Reliable {
    request: Option<u64>,
    body: Body,
}

impl Outbox {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                kept: VecDeque::new(),
                kept_bytes: 0,
                since: 1,
                unread_bytes: 0,
                next_seq: 1,
                cursor: 1,
                first: None,
                volatile: VecDeque::new(),
                hold: 0,
                held: false,
                wake: Arc::new(Notify::new()),
                cut: None,
                end: None,
            }),
        }
    }

    /// A new socket takes hold of the session: `first` goes out first, then every reliable message after `last_seq`
    /// (none: only new ones). The socket that held it before is closed.
    pub(crate) fn attach(&self, first: String, last_seq: Option<u64>) -> Result<(u64, Arc<Notify>), Missed> {
        let mut queue = self.lock();
        if !queue.keeps_after(last_seq) {
            return Err(Missed);
        }
        queue.cursor = last_seq.map_or(queue.next_seq, |last| last + 1);
        queue.since = queue.next_seq;
        queue.unread_bytes = 0;
        queue.first = Some(first);
        queue.volatile.clear();
        queue.cut = None;
        queue.held = true;
        queue.hold += 1;
        let wake = Arc::new(Notify::new());
        std::mem::replace(&mut queue.wake, Arc::clone(&wake)).notify_one();
        Ok((queue.hold, wake))
    }

    /// Could a socket take hold that has read up to `last_seq`?
    pub(crate) fn keeps_after(&self, last_seq: Option<u64>) -> bool {
        self.lock().keeps_after(last_seq)
    }

    /// A socket lets go. True when it was the newest and the session goes on without one.
    pub(crate) fn detach(&self, hold: u64) -> bool {
        let mut queue = self.lock();
        if queue.hold != hold || !queue.held {
            return false;
        }
        queue.held = false;
        queue.volatile.clear();
        queue.end.is_none()
    }

    /// Has nobody taken hold since this socket let go?
    pub(crate) fn is_still_without(&self, hold: u64) -> bool {
        let queue = self.lock();
        queue.hold == hold && !queue.held && queue.end.is_none()
    }

    /// Does a socket hold the session?
    pub(crate) fn is_held(&self) -> bool {
        self.lock().held
    }

    /// Queues a reliable message. Without `wake` it goes out with the next one, or with [`Self::wake`].
    pub(crate) fn push(&self, body: Body, request: Option<u64>, wake: bool) {
        let mut queue = self.lock();
        if queue.end.is_some() {
            return;
        }
        queue.keep(Reliable { request, body });
        let behind = queue.held && queue.is_behind();
        if behind && queue.cut.is_none() {
            queue.cut = Some(Outgoing::close(close::TOO_SLOW, "messages were not read fast enough"));
        }
        if wake || behind {
            queue.wake.notify_one();
        }
    }

    /// Queues a message that may be lost.
    pub(crate) fn push_volatile(&self, text: String) {
        let mut queue = self.lock();
        if queue.held && queue.end.is_none() && queue.volatile.len() < VOLATILE {
            queue.volatile.push_back(text);
            queue.wake.notify_one();
        }
    }

    /// Lets the holder take what was queued without waking it.
    pub(crate) fn wake(&self) {
        self.lock().wake.notify_one();
    }

    /// Ends the session: what is queued goes out, then the socket is closed.
    pub(crate) fn end(&self, code: u16, reason: &str) {
        let mut queue = self.lock();
        if queue.end.is_none() {
            queue.end = Some(Outgoing::close(code, reason));
        }
        queue.wake.notify_one();
    }

    /// Has the session ended?
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().end.is_some()
    }

    /// What this holder sends next.
    pub(crate) fn take(&self, hold: u64) -> Option<Outgoing> {
        let mut queue = self.lock();
        if queue.hold != hold {
            return Some(Outgoing::close(close::REPLACED, "another socket took this session up"));
        }
        if let Some(cut) = &queue.cut {
            return Some(cut.clone());
        }
        if let Some(first) = queue.first.take() {
            return Some(Outgoing::Text(first));
        }
        if let Some(text) = queue.next_reliable() {
            return Some(Outgoing::Text(text));
        }
        if let Some(end) = &queue.end {
            return Some(end.clone());
        }
        queue.volatile.pop_front().map(Outgoing::Text)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn oldest(&self) -> u64 {
        self.next_seq - self.kept.len() as u64
    }

    /// The newest stays, however large it is.
    fn keep(&mut self, message: Reliable) {
        self.kept_bytes += message.body.len();
        self.unread_bytes += message.body.len();
        self.kept.push_back(message);
        self.next_seq += 1;
        while self.kept.len() > KEPT || (self.kept_bytes > KEPT_BYTES && self.kept.len() > 1) {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.kept_bytes -= oldest.body.len();
        }
    }

    /// Is the holder so far behind that it does not read? One message alone, however large, is no sign of that.
    fn is_behind(&self) -> bool {
        let unread = self.next_seq - self.cursor.max(self.since);
        let lost = self.cursor < self.oldest();
        lost || unread > BEHIND || (unread > 1 && self.unread_bytes > BEHIND_BYTES)
    }

    fn keeps_after(&self, last_seq: Option<u64>) -> bool {
        last_seq.is_none_or(|last| last < self.next_seq && last + 1 >= self.oldest())
    }

    fn next_reliable(&mut self) -> Option<String> {
        if self.cursor >= self.next_seq {
            return None;
        }
        let index = usize::try_from(self.cursor.saturating_sub(self.oldest())).unwrap_or(usize::MAX);
        let message = self.kept.get(index)?;
        let text = frame(Some(self.cursor), message.request, &message.body);
        if self.cursor >= self.since {
            self.unread_bytes -= message.body.len();
        }
        self.cursor += 1;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(outbox: &Outbox, count: u64) {
        for number in 0..count {
            outbox.push(format!("{{\"n\":{number}}}").into(), None, true);
        }
    }

    fn drain(outbox: &Outbox, hold: u64) -> Vec<String> {
        std::iter::from_fn(|| match outbox.take(hold) {
            Some(Outgoing::Text(text)) => Some(text),
            _ => None,
        })
        .collect()
    }

    #[test]
    fn reliable_messages_are_numbered_and_volatile_ones_are_not() {
        let outbox = Outbox::new();
        let (hold, _) = outbox.attach("joined".into(), None).expect("attach");
        outbox.push_volatile("{\"v\":1}".into());
        outbox.push("{\"a\":1}".into(), Some(7), true);
        assert_eq!(drain(&outbox, hold), ["joined", r#"{"seq":1,"request":7,"a":1}"#, "{\"v\":1}"]);
    }

    #[test]
    fn who_comes_back_gets_what_it_missed() {
        let outbox = Outbox::new();
        let (first, _) = outbox.attach("joined".into(), None).expect("attach");
        numbered(&outbox, 2);
        drain(&outbox, first);
        assert!(outbox.detach(first));
        numbered(&outbox, 2);
        let (second, _) = outbox.attach("again".into(), Some(1)).expect("attach");
        assert_eq!(drain(&outbox, second), ["again", r#"{"seq":2,"n":1}"#, r#"{"seq":3,"n":0}"#, r#"{"seq":4,"n":1}"#]);
        assert!(matches!(outbox.take(first), Some(Outgoing::Close { code: close::REPLACED, .. })));
    }

    #[test]
    fn what_is_no_longer_kept_cannot_be_had_again() {
        let outbox = Outbox::new();
        numbered(&outbox, KEPT as u64 + 10);
        assert_eq!(outbox.attach(String::new(), Some(5)).err(), Some(Missed));
        assert_eq!(outbox.attach(String::new(), Some(KEPT as u64 + 11)).err(), Some(Missed), "never sent");
        assert!(outbox.attach(String::new(), Some(10)).is_ok());
    }

    #[test]
    fn a_client_that_does_not_read_is_cut_off_and_may_come_back() {
        let outbox = Outbox::new();
        let (hold, _) = outbox.attach("joined".into(), None).expect("attach");
        numbered(&outbox, BEHIND + 1);
        assert!(matches!(outbox.take(hold), Some(Outgoing::Close { code: close::TOO_SLOW, .. })));
        assert!(outbox.detach(hold));
        let (hold, _) = outbox.attach("again".into(), Some(0)).expect("all are kept");
        assert_eq!(drain(&outbox, hold).len() as u64, BEHIND + 2);
    }

    #[test]
    fn many_bytes_that_are_not_read_cut_a_client_off_and_the_oldest_are_dropped() {
        let outbox = Outbox::new();
        let large: Body = format!("{{\"x\":\"{}\"}}", "x".repeat(BEHIND_BYTES)).into();
        let (hold, _) = outbox.attach("joined".into(), None).expect("attach");
        outbox.push(Arc::clone(&large), None, true);
        assert_eq!(drain(&outbox, hold).len(), 2, "one large message alone is no sign of a slow client");
        outbox.push(Arc::clone(&large), None, true);
        outbox.push("{}".into(), None, true);
        assert!(matches!(outbox.take(hold), Some(Outgoing::Close { code: close::TOO_SLOW, .. })));
        assert_eq!(outbox.attach(String::new(), Some(0)).err(), Some(Missed), "the oldest went");
        let (hold, _) = outbox.attach("again".into(), Some(1)).expect("the newer ones are kept");
        outbox.push("{}".into(), None, true);
        assert_eq!(drain(&outbox, hold).len(), 4, "what it missed is not held against it");
    }

    #[test]
    fn volatile_messages_are_dropped_when_too_many_wait() {
        let outbox = Outbox::new();
        let (hold, _) = outbox.attach("joined".into(), None).expect("attach");
        for _ in 0..100 {
            outbox.push_volatile("{}".into());
        }
        assert_eq!(drain(&outbox, hold).len(), 1 + VOLATILE);
    }

    #[test]
    fn the_last_words_go_out_before_the_close() {
        let outbox = Outbox::new();
        let (hold, _) = outbox.attach("joined".into(), None).expect("attach");
        numbered(&outbox, 1);
        outbox.end(close::KICKED, "out");
        numbered(&outbox, 1);
        assert_eq!(drain(&outbox, hold).len(), 2);
        assert_eq!(outbox.take(hold), Some(Outgoing::close(close::KICKED, "out")));
        assert!(!outbox.detach(hold), "nothing to come back to");
    }
}
