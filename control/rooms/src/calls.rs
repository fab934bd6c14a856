//! The capability that the show service brings to the doors of telephone companies: what becomes of a call.
//!
//! ```text
//!   webhook "somebody calls" ── incoming ──> Welcome: a stream with its token, the conference, or a goodbye
//!   media socket, `start`    ── attach ────> PhoneLine: a tap in the right room, and orders for the socket
//!   socket over              ── detached ──> hung up, or lost: then the call may come back by another webhook
//! ```

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use crosspoint_model::Refusal;
use tokio::sync::mpsc;

use crate::Tap;

/// What a capability gives back that needs time.
pub type Task<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A call as its provider names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallRef {
    /// `twilio`, `telnyx`, `signalwire`.
    pub provider: String,
    /// The provider's `CallSid`.
    pub sid: String,
}

/// Somebody calls, or comes back from the conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncomingCall {
    /// Which call.
    pub call: CallRef,
    /// The caller's number in E.164; absent: withheld.
    pub from: Option<String>,
    /// The number that was called.
    pub to: String,
    /// Did we make the call? Then `to` has answered.
    pub is_ours: bool,
    /// The show that the webhook's address names, if it names one.
    pub show: Option<String>,
    /// Could this server carry its sound? Otherwise it can only go into the conference.
    pub media_is_up: bool,
}

/// The telephone company's conference of a show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conference {
    /// Its name at the provider: `show-{showId}`.
    pub name: String,
    /// The participant's label: the call's id.
    pub label: String,
    /// Does it begin when this one comes (a host)?
    pub starts: bool,
    /// Does this one come in muted?
    pub muted: bool,
    /// Is a place kept for it where the hosts are?
    pub reserved: bool,
}

/// What a caller is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// Connect the sound to us; when that ends, go into the conference.
    Stream {
        /// Presented in the stream's `start`, once.
        token: String,
        /// Which call of which show: for the stream's parameters.
        show: String,
        /// See `show`.
        call_id: String,
        /// Where the call falls when the stream ends.
        conference: Conference,
    },
    /// Go into the conference.
    Conference {
        /// Which.
        conference: Conference,
        /// Ask for the host's PIN first?
        asks_pin: bool,
    },
    /// We called, and somebody answered, or something: say this, and go on with [`CallDesk::pin`] once a key is pressed; else
    /// hang up.
    Confirm {
        /// Of which show.
        show: String,
        /// What.
        message: String,
    },
    /// Say something, and hang up.
    Goodbye {
        /// What; empty: nothing.
        message: String,
    },
    /// Do not even answer: the number is banned.
    Reject,
}

/// A connected telephone line.
#[derive(Debug)]
pub struct PhoneLine {
    /// Its way in and out of the room.
    pub tap: Tap,
    /// What the socket is to do. The end of this channel ends the socket.
    pub orders: mpsc::UnboundedReceiver<LineOrder>,
    /// What the socket reports.
    pub figures: Arc<LineFigures>,
}

/// What a telephone's socket is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineOrder {
    /// What waits at the provider must not be heard any more: the caller is somewhere else now.
    Clear,
    /// Close: the call was hung up or redirected already.
    Close,
}

/// How a line does, as its socket last saw it.
#[derive(Debug, Default)]
pub struct LineFigures {
    /// Milliseconds that wait at the provider to be played.
    pub backlog_ms: AtomicU32,
    /// Milliseconds in the jitter buffer.
    pub buffer_ms: AtomicU32,
    /// Milliseconds of jitter.
    pub jitter_ms: AtomicU32,
    /// Frames that were made up or left out.
    pub concealed: AtomicU64,
    /// Messages of sound that came so far, silence included.
    pub frames: AtomicU64,
}

/// How a socket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detached {
    /// The provider said `stop`: the call is over, or was redirected.
    Stopped,
    /// It just ended: the call falls into the conference, and may come back.
    Lost,
}

/// What a provider tells of its conference (`StatusCallbackEvent`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConferenceEvent {
    /// Which call.
    pub call: CallRef,
    /// The conference as the provider names it.
    pub conference_sid: String,
    /// Its name: `show-{showId}`; `show-{showId}.2` and so on where that is full.
    pub name: String,
    /// `participant-join`, `participant-leave`, `conference-start`, `conference-end`, …
    pub event: String,
    /// Events of one conference count up; a late one is not to undo a newer one.
    pub sequence: u64,
}

/// Decides what becomes of telephone calls.
pub trait CallDesk: Send + Sync {
    /// Somebody calls. One whose call is known already comes back to its place.
    fn incoming(&self, call: IncomingCall) -> Task<'_, Result<Welcome, Refusal>>;

    /// A host keyed in a PIN on the way into the conference; none or a wrong one: an ordinary caller. Or somebody whom we called
    /// pressed a key.
    fn pin(&self, call: CallRef, digits: String) -> Task<'_, Result<Welcome, Refusal>>;

    /// The sound of a call is there: `unauthorized` where token and call do not belong together, or were used before.
    fn attach(&self, call: CallRef, token: String) -> Task<'_, Result<PhoneLine, Refusal>>;

    /// The caller keyed in a digit.
    fn keyed(&self, call: CallRef, digit: char) -> Task<'_, ()>;

    /// The socket of a call has ended.
    fn detached(&self, call: CallRef, how: Detached) -> Task<'_, ()>;

    /// The provider tells that a call is over (`completed`, `busy`, `failed`, `no-answer`, `canceled`).
    fn completed(&self, call: CallRef, status: String) -> Task<'_, ()>;

    /// Something happened in a provider's conference.
    fn conference(&self, event: ConferenceEvent) -> Task<'_, ()>;
}
