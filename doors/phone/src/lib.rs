//! The door of telephone companies (`docs/protocol/phone.md`): they ask by webhook what is to become of a call, and bring its sound by
//! WebSocket. Twilio Media Streams is the reference; Telnyx and SignalWire speak dialects of it.
//!
//! ```text
//!   POST /api/phone/voice        ── incoming ──> desk ── Welcome ──> TwiML
//!   GET  /api/twilio/media-stream (WebSocket)
//!        start ── attach ──> desk ── PhoneLine ──> tap
//!        media ──> dialect ──> inbound (jitter, G.711, 48 kHz) ──> tap.writer ──> mixer
//!        media <── dialect <── outbound (backlog, G.711, 8 kHz) <── tap.reader <── mixer, 20 ms at a time
//! ```
//! What becomes of a call the [`CallDesk`] decides; who is believed, `control/carrier`. This crate carries.
//!
//! | file | what it is about |
//! |---|---|
//! | `webhooks`, `genuine`, `answer` | what is asked by HTTP, whether it is believed, and the document that answers it |
//! | `upgrade`, `connection` | a socket until its `start` |
//! | `line`, `post` | a socket from `start` to its end; what goes out of it |
//! | `dialect` | the messages of each provider, and what they mean |
//! | `inbound` | the caller's voice: reordering, the jitter buffer, decoding |
//! | `outbound` | what the caller hears: encoding, and how much of it waits at the provider |
//! | `attached`, `intake` | a call that must be told of its end once; how much nonsense one socket may send |
//! | `health`, `figures` | what those who watch are told |

#![forbid(unsafe_code)]

mod answer;
mod attached;
mod connection;
mod dialect;
mod figures;
mod genuine;
mod health;
mod inbound;
mod intake;
mod line;
mod outbound;
mod post;
mod upgrade;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use crosspoint_auth::Attempts;
use crosspoint_carrier::{Carriers, Provider};
use crosspoint_rooms::{CallDesk, Rooms};
use tokio::sync::Semaphore;

pub use crate::figures::{Cause, Figures};

/// A webhook is larger than this only when somebody means ill.
const BODY_BYTES: usize = 64 * 1024;

/// So many sockets may wait for their `start`.
const MOST_WAITING: usize = 1000;

/// What the door needs.
#[derive(Clone)]
pub struct Phone {
    /// Where the sound of calls comes in.
    pub rooms: Rooms,
    /// Who decides what becomes of calls.
    pub desk: Arc<dyn CallDesk>,
    /// The providers that are believed, and our addresses as they know them.
    pub carriers: Carriers,
    /// How often an address may fail; shared with the other doors.
    pub attempts: Arc<Attempts>,
    /// So many lines at once; further calls go into the conference.
    pub max_calls: usize,
    /// What callers hear in a conference that has not begun, instead of the provider's own music. It must not be this server: it
    /// is needed when this server is gone.
    pub wait_url: Option<String>,
    /// What is counted; `Metrics::collect` takes it.
    pub figures: Arc<Figures>,
}

/// What handlers share.
#[derive(Clone)]
struct Door {
    phone: Phone,
    /// One for each line.
    places: Arc<Semaphore>,
    /// One for each socket that has not said `start`: who opens sockets and says nothing takes no lines away.
    waiting: Arc<Semaphore>,
}

impl Door {
    /// Could the sound of one more call be carried?
    fn media_is_up(&self) -> bool {
        self.phone.rooms.media_is_up() && self.places.available_permits() > 0
    }
}

/// The door as a router. Serve it with connect info (`ConnectInfo<SocketAddr>`), so that failures are counted by address.
pub fn router(phone: Phone) -> Router {
    let places = Arc::new(Semaphore::new(phone.max_calls.min(Semaphore::MAX_PERMITS)));
    let waiting = Arc::new(Semaphore::new(MOST_WAITING));
    let mut router = Router::new()
        .route("/api/twilio/media-stream", get(upgrade::upgrade))
        .route("/api/twilio/media-stream/health", get(health::health))
        .route("/api/phone/voice", post(webhooks::voice))
        .route("/api/phone/pin", post(webhooks::pin))
        .route("/api/phone/status", post(webhooks::status))
        .route("/api/phone/conference", post(webhooks::conference));
    for provider in Provider::ALL {
        let path = |what: &str| format!("/api/phone/{provider}/{what}");
        let of = axum::Extension(provider);
        router = router
            .route(&path("media-stream"), get(upgrade::upgrade).layer(of))
            .route(&path("voice"), post(webhooks::voice).layer(of))
            .route(&path("pin"), post(webhooks::pin).layer(of))
            .route(&path("status"), post(webhooks::status).layer(of))
            .route(&path("conference"), post(webhooks::conference).layer(of));
    }
    router.layer(DefaultBodyLimit::max(BODY_BYTES)).with_state(Door { phone, places, waiting })
}
