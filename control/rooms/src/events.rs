//! What happens in rooms, for webhooks and dashboards.

use crosspoint_model::{RoomId, TrackView, UserView};

use crate::views::RoomSummary;

/// Something that happened. Hidden participants and viewers make no events.
#[derive(Clone, Debug, PartialEq)]
pub enum RoomEvent {
    /// A room came into being.
    RoomStarted {
        /// It.
        room: RoomSummary,
    },
    /// A room is no more.
    RoomFinished {
        /// As it was last.
        room: RoomSummary,
        /// Why.
        reason: String,
    },
    /// Somebody came.
    ParticipantJoined {
        /// Where.
        room: RoomId,
        /// Who.
        user: UserView,
    },
    /// Somebody went.
    ParticipantLeft {
        /// From where.
        room: RoomId,
        /// Who.
        user: UserView,
        /// `left`, `disconnected`, `kicked`, `moved` or `room-closed`.
        reason: &'static str,
    },
    /// A new track.
    TrackPublished {
        /// Where.
        room: RoomId,
        /// It.
        track: TrackView,
    },
    /// A track is gone.
    TrackUnpublished {
        /// Where.
        room: RoomId,
        /// As it was last.
        track: TrackView,
    },
}
