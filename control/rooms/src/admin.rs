//! What operators do. Doors check that the caller may before they call these.

use std::time::Duration;

use crosspoint_model::{Identity, Refusal, RoomId, Source, TrackId};
use tokio::sync::broadcast;

use crate::events::RoomEvent;
use crate::viewers::unbuilt;
use crate::views::{CreateRoom, RoomDescription, RoomSummary, Totals, UpdateRoom};
use crate::Rooms;

impl Rooms {
    /// Every room, by name.
    pub fn list(&self) -> Vec<RoomSummary> {
        Vec::new()
    }

    /// One room in full; asks its worker for the tracks' figures.
    pub async fn describe(&self, room: &RoomId) -> Result<RoomDescription, Refusal> {
        let _ = room;
        Err(unbuilt())
    }

    /// Makes a room. `room-exists` when there is one of this name.
    pub fn create(&self, request: CreateRoom) -> Result<RoomSummary, Refusal> {
        let _ = request;
        Err(unbuilt())
    }

    /// Changes a room.
    pub fn update(&self, room: &RoomId, change: UpdateRoom) -> Result<RoomSummary, Refusal> {
        let _ = (room, change);
        Err(unbuilt())
    }

    /// Ends a room: everybody is told, every socket is closed.
    pub fn close(&self, room: &RoomId, reason: &str) -> Result<(), Refusal> {
        let _ = (room, reason);
        Err(unbuilt())
    }

    /// Puts somebody out, until their token expires.
    pub fn kick(&self, room: &RoomId, who: &Identity, reason: &str) -> Result<(), Refusal> {
        let _ = (room, who, reason);
        Err(unbuilt())
    }

    /// Sets somebody's mute flag: of one track, or of a source, or of all.
    pub fn mute(
        &self,
        room: &RoomId,
        who: &Identity,
        track: Option<TrackId>,
        source: Option<Source>,
        muted: bool,
    ) -> Result<(), Refusal> {
        let _ = (room, who, track, source, muted);
        Err(unbuilt())
    }

    /// Sets the room's flag on somebody's tracks of a source, or on all of them.
    pub fn hold(&self, room: &RoomId, who: &Identity, source: Option<Source>, held: bool) -> Result<(), Refusal> {
        let _ = (room, who, source, held);
        Err(unbuilt())
    }

    /// Moves somebody to another room of the same worker, which is made if there is none.
    pub fn move_to(&self, room: &RoomId, who: &Identity, to: &RoomId, held: Option<bool>) -> Result<(), Refusal> {
        let _ = (room, who, to, held);
        Err(unbuilt())
    }

    /// The whole server in numbers.
    pub fn totals(&self) -> Totals {
        Totals::default()
    }

    /// What happens from now on. A reader that is too slow misses events and is told so by the channel.
    pub fn subscribe_events(&self) -> broadcast::Receiver<RoomEvent> {
        broadcast::channel(1).1
    }

    /// Takes nobody new from now on, tells everybody, and returns when all have left or the deadline has passed; the
    /// sockets that are left then are closed with 1012.
    pub async fn drain(&self, deadline: Duration) {
        let _ = deadline;
    }
}
