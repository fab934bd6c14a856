//! Telling a room what happens in it. A message is serialized once; each receiver's outbox gets a reference to it.
//!
//! Coming and going in a big room is batched: receivers are woken together a moment later, so that a crowd that arrives
//! costs each of them a few writes and not one per newcomer.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::Identity;
use crosspoint_model::signal::ServerMessage;

use crate::outbox::body;
use crate::participant::Presence;
use crate::room::{Room, State};

/// From so many participants on, presence is batched.
const BIG_ROOM: usize = 32;
/// For so long.
const BATCH: Duration = Duration::from_millis(50);

/// How soon receivers must know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// At once.
    Now,
    /// With others of its kind, where the room is big.
    Batched,
}

impl Room {
    /// Tells everybody but one something reliable.
    pub(crate) fn tell_others(
        self: &Arc<Self>,
        state: &mut State,
        except: Option<&Identity>,
        message: &ServerMessage,
        pace: Pace,
    ) {
        let body = body(message);
        let wake = pace == Pace::Now || state.participants.len() < BIG_ROOM;
        for (identity, participant) in &state.participants {
            if Some(identity) != except {
                participant.push(&body, None, wake);
            }
        }
        if !wake {
            self.flush_later(state);
        }
    }

    /// Tells everybody something reliable, at once.
    pub(crate) fn tell_all(self: &Arc<Self>, state: &mut State, message: &ServerMessage) {
        self.tell_others(state, None, message, Pace::Now);
    }

    fn flush_later(self: &Arc<Self>, state: &mut State) {
        if std::mem::replace(&mut state.flush_waits, true) {
            return;
        }
        let room = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::time::sleep(BATCH).await;
            let mut state = room.lock();
            state.flush_waits = false;
            for participant in state.participants.values() {
                if let Presence::Socket(core) = &participant.presence {
                    core.outbox.wake();
                }
            }
        });
    }
}

impl State {
    /// Tells everybody something that may be lost.
    pub(crate) fn tell_volatile(&self, message: &ServerMessage) {
        let body = body(message);
        for participant in self.participants.values() {
            participant.tell_volatile(&body);
        }
    }
}
