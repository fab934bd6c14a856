//! How loud voices and buses are: told ten times a second, to those who asked for it with the feature `levels`, and measured
//! only while one of them is there.

use std::sync::Arc;

use crosspoint_model::signal::{Level, ServerMessage};
use crosspoint_model::{Levels, Refusal, RoomId, RoomKey};
use crosspoint_worker::engine::{LevelSource, Order};

use crate::Rooms;
use crate::outbox::body;
use crate::room::{Room, State};

impl Rooms {
    /// How loud voices and buses of a room were last. Empty where it does not mix, all are silent, or nobody in it asked for
    /// levels.
    pub fn levels(&self, room: &RoomId) -> Result<Vec<Level>, Refusal> {
        let room = self.known(room)?;
        let state = room.lock();
        Ok(state.mix.as_ref().map(|mix| mix.levels.clone()).unwrap_or_default())
    }

    /// Somebody came or went, or the room began to mix: are levels wanted?
    pub(crate) fn watch_levels(&self, room: &Arc<Room>, state: &mut State) {
        let watch = state.participants.values().any(|participant| participant.wants_levels);
        let Some(mix) = &mut state.mix else { return };
        if std::mem::replace(&mut mix.is_watched, watch) == watch {
            return;
        }
        mix.levels.clear();
        self.inner.media.order(room.worker, Order::WatchLevels { room: room.key, watch });
    }

    pub(crate) fn levels_changed(&self, room: RoomKey, levels: &[(LevelSource, Levels)]) {
        let Some(room) = self.inner.registry.room_by_key(room) else { return };
        let mut state = room.lock();
        let levels: Vec<Level> = levels.iter().filter_map(|(source, levels)| state.level(*source, *levels)).collect();
        let Some(mix) = state.mix.as_mut().filter(|mix| mix.is_watched) else { return };
        mix.levels.clone_from(&levels);
        let body = body(&ServerMessage::Levels { levels });
        let readers = state.participants.values().filter(|participant| participant.wants_levels);
        readers.for_each(|participant| participant.tell_volatile(&body));
    }
}

impl State {
    /// As clients see it. None: a voice that nobody knows of (any more).
    fn level(&self, source: LevelSource, levels: Levels) -> Option<Level> {
        Some(match source {
            LevelSource::Voice(track) => Level { user_id: Some(self.owner(track)?.to_string()), bus: None, levels },
            LevelSource::Bus(bus) => Level { user_id: None, bus: Some(bus), levels },
        })
    }
}
