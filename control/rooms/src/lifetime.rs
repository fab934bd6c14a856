//! The beginning of rooms, and the timers that end them. A room that has somebody in it and no maximum lifetime costs no
//! timer.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_model::signal::close;
use crosspoint_model::{Code, MixSettings, Refusal, RoomId, RoomKey, RoomKind};
use crosspoint_worker::engine::Order;

use crate::departure::Ending;
use crate::events::RoomEvent;
use crate::room::{Room, State};
use crate::{Rooms, now_millis};

impl Rooms {
    /// Makes a room, or gives the one that has this name already: true when it is new.
    pub(crate) fn make_room(
        &self,
        id: RoomId,
        kind: RoomKind,
        worker: Option<usize>,
        mut state: State,
    ) -> Result<(Arc<Room>, bool), Refusal> {
        if self.inner.draining.load(Ordering::Relaxed) {
            return Err(Refusal::new(Code::Draining, "the server is going down and makes no new rooms"));
        }
        let registry = &self.inner.registry;
        let limits = &self.inner.options.limits;
        let worker = worker.unwrap_or_else(|| registry.idlest_worker());
        let key = RoomKey(registry.next_key());
        if kind == RoomKind::Mix && state.mix.is_none() {
            state.mix = Some(self.new_mix(kind, MixSettings::default())?);
        }
        let settings = state.settings(limits);
        let lifetime = state.limits.lifetime_seconds.map(Duration::from_secs).or(limits.room_lifetime);
        let runtime = self.inner.runtime.clone();
        let room = Arc::new(Room::new(id, key, worker, kind, now_millis(), runtime, state));
        let mut guard = room.lock();
        if let Some(known) = registry.add_room(Arc::clone(&room), limits.rooms)? {
            return Ok((known, false));
        }
        self.inner.media.order(worker, Order::OpenRoom { room: key, settings });
        self.close_if_stays_empty(&room, &mut guard);
        if let Some(lifetime) = lifetime {
            self.close_after(&room, lifetime);
        }
        let summary = room.summary(&guard);
        drop(guard);
        tracing::info!(room = %room.id, kind = kind.as_str(), worker, "room made");
        self.emit(|| RoomEvent::RoomStarted { room: summary });
        Ok((room, true))
    }

    /// If nobody is in it, ends the room unless somebody comes in time.
    pub(crate) fn close_if_stays_empty(&self, room: &Arc<Room>, state: &mut State) {
        if !state.is_empty() || room.is_closed() {
            return;
        }
        let own = state.limits.empty_seconds.map(Duration::from_secs);
        let wait = own.unwrap_or(self.inner.options.limits.empty_room);
        let arrivals = state.arrivals;
        let (rooms, room) = (self.clone(), Arc::clone(room));
        let task = self.inner.runtime.spawn(async move {
            tokio::time::sleep(wait).await;
            rooms.close_if_empty_since(&room, arrivals);
        });
        state.closing.set(task.abort_handle());
    }

    /// Ends the room if nobody came since it was empty.
    pub(crate) fn close_if_empty_since(&self, room: &Arc<Room>, arrivals: u64) {
        let reason = "nobody is in the room";
        let ending = Ending { reason, code: close::ROOM_CLOSED, farewell: None, unused_since: Some(arrivals) };
        self.close_room(room, &ending);
    }

    fn close_after(&self, room: &Arc<Room>, lifetime: Duration) {
        let (rooms, room) = (self.clone(), Arc::downgrade(room));
        self.inner.runtime.spawn(async move {
            tokio::time::sleep(lifetime).await;
            if let Some(room) = room.upgrade() {
                rooms.close_by_will(&room, "the room's time is over");
            }
        });
    }
}
