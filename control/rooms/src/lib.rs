//! Rooms: the façade that doors call. Joins, publishes, moves, kicks and closes go in through [`Rooms`] and [`Session`];
//! what the media workers report comes in through [`Facts`]; orders go out through [`MediaPlane`].
//!
//! ```text
//!   signalling door ── join ──> Session ── handle(frame) ──┐             ┌── orders ──> workers
//!   WHIP, WHEP ── publish, view ──> LegHandle ─────────────┼── rooms ────┤
//!   services, bots ── tap ──> Tap ─────────────────────────┤
//!   admin ── list, kick, move, close … ────────────────────┘  (a lock    └── messages ──> outboxes ──> sockets
//!   workers ── facts ──────────────────────────────────────>   each)
//! ```
//!
//! | file | what it is about |
//! |---|---|
//! | `join`, `admission`, `resume`, `refresh` | coming in, coming back, and the tokens for it |
//! | `session`, `outbox` | a client's signalling presence: what it says, what it is told |
//! | `negotiate`, `tracks`, `offer`, `leg` | offers, and what is published in them |
//! | `commands`, `flags` | what participants ask for |
//! | `mesh`, `relay` | browsers that connect to each other |
//! | `departure`, `moving`, `lifetime`, `memory` | going, moving, the ends of rooms, and what is remembered |
//! | `facts`, `quality` | what workers report |
//! | `mixing`, `voices`, `listening`, `talkback`, `levels` | rooms that mix: how, whose voice, who hears what |
//! | `tap`, `resample` | plain sound in and out, for services, telephones and bots |
//! | `calls`, `staging` | what a service that directs rooms brings, and what it needs |
//! | `viewers` | WHIP and WHEP |
//! | `admin`, `events`, `views`, `drain` | what operators do and see |
//! | `http`, `socket` | what the doors share that speak HTTP and WebSocket |

#![forbid(unsafe_code)]

mod admin;
mod admission;
mod calls;
mod commands;
mod departure;
mod drain;
mod events;
mod facts;
#[cfg(any(test, feature = "fake"))]
pub mod fake;
mod flags;
mod holds;
#[cfg(feature = "http")]
pub mod http;
mod join;
mod leg;
mod levels;
mod lifetime;
mod listening;
mod lock;
mod media;
mod memory;
mod mesh;
mod mixing;
mod moving;
mod negotiate;
mod offer;
mod options;
mod outbox;
mod participant;
mod player;
mod presence;
mod quality;
mod refresh;
mod registry;
mod relay;
mod resample;
mod resume;
mod room;
mod session;
#[cfg(feature = "http")]
pub mod socket;
mod staging;
mod talkback;
mod tap;
#[cfg(test)]
mod tests;
mod tracks;
mod viewers;
mod views;
mod voices;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::{SystemTime, UNIX_EPOCH};

pub use calls::{
    CallDesk, CallRef, Conference, ConferenceEvent, Detached, IncomingCall, LineFigures, LineOrder, PhoneLine, Task,
    Welcome,
};
pub use crosspoint_worker::Traffic;
pub use crosspoint_worker::engine::{Follow, PcmFrame, PcmReader, PcmWriter};
pub use events::RoomEvent;
pub use media::{Arrival, Facts, MediaPlane, Offered, fact_channel};
pub use options::{FreshToken, IceServers, Options, Recorder, TokenIssuer};
pub use outbox::Outgoing;
pub use player::{PlayRequest, Player, Playing};
pub use resample::Resampler;
pub use session::{JoinRequest, Session};
pub use staging::{Present, Stage};
pub use tap::{Tap, TapEnd, TapHandle, TapRequest, TapVoice};
use tokio::runtime::Handle;
use tokio::sync::broadcast;
pub use viewers::{IceParameters, LegHandle, PublishRequest, ViewRequest};
pub use views::{
    CreateRoom, ListeningView, ParticipantView, RoomDescription, RoomLimits, RoomSummary, Totals, TrackStats,
    UpdateRoom, WorkerTotals,
};

/// So many events are kept for a slow reader.
const EVENTS_KEPT: usize = 4096;

/// All rooms of this server. Cloning it is cheap.
#[derive(Clone)]
pub struct Rooms {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    media: Arc<dyn MediaPlane>,
    options: Options,
    runtime: Handle,
    registry: registry::Registry,
    events: broadcast::Sender<RoomEvent>,
    draining: AtomicBool,
    joins: AtomicU64,
    resumes: AtomicU64,
    broken_rooms: AtomicU64,
    facts_lost: AtomicU64,
    refusals: registry::Refusals,
}

impl Rooms {
    /// Rooms on this media plane. Must be called within a tokio runtime: the facts are read by a task of their own.
    pub fn new(media: Arc<dyn MediaPlane>, facts: Facts, options: Options) -> Self {
        let registry = registry::Registry::new(media.workers());
        let inner = Inner {
            media,
            options,
            runtime: Handle::current(),
            registry,
            events: broadcast::Sender::new(EVENTS_KEPT),
            draining: AtomicBool::new(false),
            joins: AtomicU64::new(0),
            resumes: AtomicU64::new(0),
            broken_rooms: AtomicU64::new(0),
            facts_lost: AtomicU64::new(0),
            refusals: registry::Refusals::default(),
        };
        let rooms = Self { inner: Arc::new(inner) };
        rooms.inner.runtime.spawn(facts::dispatch(Arc::downgrade(&rooms.inner), facts));
        rooms
    }

    /// What they were built with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    fn emit(&self, event: impl FnOnce() -> RoomEvent) {
        if self.inner.events.receiver_count() > 0 {
            // Fails only when the last receiver has just gone.
            let _ = self.inner.events.send(event());
        }
    }
}

/// Milliseconds since 1970.
fn now_millis() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Seconds since 1970, as tokens count.
fn now_seconds() -> u64 {
    now_millis() / 1000
}
