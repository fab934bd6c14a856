//! Going: of participants, viewers, legs and whole rooms.

use std::sync::Arc;

use crosspoint_model::signal::{ServerMessage, close};
use crosspoint_model::{Code, Identity, LegKey, Refusal, TrackKey};
use crosspoint_worker::engine::Order;

use crate::Rooms;
use crate::events::RoomEvent;
use crate::leg::{Leg, Reply};
use crate::participant::{Participant, Presence};
use crate::presence::Pace;
use crate::room::{Room, State};

/// Why somebody goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    Left,
    Disconnected,
    Kicked,
    Moved,
    RoomClosed,
}

impl Departure {
    /// The word in `user-left` and in events.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Disconnected => "disconnected",
            Self::Kicked => "kicked",
            Self::Moved => "moved",
            Self::RoomClosed => "room-closed",
        }
    }
}

impl Rooms {
    /// Takes somebody out of a room: its leg ends, others are told. What becomes of its session is the caller's business.
    pub(crate) fn remove(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        who: &Identity,
        why: Departure,
    ) -> Option<Participant> {
        let mut participant = state.participants.remove(who)?;
        if let Some(leg) = participant.leg.take() {
            self.drop_leg(room, state, leg, true);
        }
        self.say_goodbye(room, state, &participant, why);
        self.watch_levels(room, state);
        self.close_if_stays_empty(room, state);
        Some(participant)
    }

    /// Tells others that somebody has gone who is no longer among the participants.
    pub(crate) fn say_goodbye(&self, room: &Arc<Room>, state: &mut State, gone: &Participant, why: Departure) {
        let who = &gone.view.user_id;
        state.glare.forget(who);
        state.forget_own_choice(who);
        state.forget_oldest();
        self.end_talks(state, gone);
        if gone.hidden {
            return;
        }
        let message = ServerMessage::UserLeft { user_id: who.to_string(), reason: why.as_str().to_owned() };
        room.tell_others(state, None, &message, Pace::Batched);
        tracing::info!(room = %room.id, participant = %who, reason = why.as_str(), "participant left");
        self.emit(|| RoomEvent::ParticipantLeft {
            room: room.id.clone(),
            user: gone.view.clone(),
            reason: why.as_str(),
        });
    }

    /// Ends a session, or an HTTP leg, whose participant is out.
    pub(crate) fn finish(&self, gone: &Participant, code: u16, reason: &str) {
        match &gone.presence {
            Presence::Socket(core) => {
                self.inner.registry.forget_session(core);
                core.outbox.end(code, reason);
                core.refreshing.stop();
                core.waiting.stop();
            }
            Presence::Http { end, .. } => end.set(code, reason),
        }
    }

    /// Forgets a leg and its tracks. `order`: the worker still has it.
    pub(crate) fn drop_leg(&self, room: &Arc<Room>, state: &mut State, leg: Leg, order: bool) {
        let home = self.inner.registry.forget_leg(leg.key);
        let owner = state.owners.remove(&leg.key);
        match leg.pending.map(|(_, pending)| pending.reply) {
            Some(Reply::Caller(caller)) => {
                let gone = Refusal::new(Code::MediaUnavailable, "the connection ended while its offer was answered");
                // The caller may have given up.
                let _ = caller.send(Err(gone));
            }
            Some(Reply::Session(request)) => {
                // None: it is gone as well.
                if let Some(participant) = owner.and_then(|who| state.participants.get(&who)) {
                    participant.reply(&connection_ended(" while its offer was answered"), request);
                }
            }
            None => {}
        }
        if let Some(home) = home.filter(|_| order) {
            self.inner.media.order(home, Order::RemoveLeg { leg: leg.key });
        }
        let tracks: Vec<TrackKey> =
            state.tracks.iter().filter(|(_, track)| track.leg == leg.key).map(|(key, _)| *key).collect();
        for track in tracks {
            self.unpublish(room, state, track);
        }
    }

    /// Takes a track out of a room and tells everybody.
    pub(crate) fn unpublish(&self, room: &Arc<Room>, state: &mut State, track: TrackKey) {
        let Some(track) = state.tracks.remove(&track) else { return };
        for participant in state.participants.values_mut() {
            participant.subscriptions.remove(&track.view.track_id.0);
        }
        let message =
            ServerMessage::Unpublished { track_id: track.view.track_id, user_id: track.view.user_id.to_string() };
        room.tell_others(state, None, &message, Pace::Batched);
        self.emit(|| RoomEvent::TrackUnpublished { room: room.id.clone(), track: track.view });
    }

    /// Takes a viewer out.
    pub(crate) fn remove_viewer(&self, room: &Arc<Room>, state: &mut State, leg: LegKey, order: bool) {
        let Some(viewer) = state.viewers.remove(&leg) else { return };
        viewer.end.set(close::NORMAL, "ended");
        self.drop_leg(room, state, viewer.leg, order);
        self.close_if_stays_empty(room, state);
    }

    /// Ends a room: everybody's leg, session and socket with it.
    pub(crate) fn close_room(&self, room: &Arc<Room>, ending: &Ending<'_>) {
        let mut state = room.lock();
        let wanted = ending.unused_since.is_none_or(|arrivals| state.is_empty() && state.arrivals == arrivals);
        if room.is_closed() || !wanted {
            return;
        }
        room.set_closed();
        state.closing.stop();
        let summary = room.summary(&state);
        if let Some(farewell) = &ending.farewell {
            room.tell_all(&mut state, farewell);
        }
        for (_, participant) in std::mem::take(&mut state.participants) {
            self.end_participant(room, participant, ending);
        }
        for (leg, viewer) in std::mem::take(&mut state.viewers) {
            self.inner.registry.forget_leg(leg);
            viewer.end.set(ending.code, ending.reason);
        }
        state.tracks.clear();
        state.owners.clear();
        drop(state);
        self.inner.registry.remove_room(room);
        self.inner.media.order(room.worker, Order::CloseRoom { room: room.key });
        tracing::info!(room = %room.id, reason = ending.reason, "room closed");
        self.emit(|| RoomEvent::RoomFinished { room: summary, reason: ending.reason.to_owned() });
    }

    /// Ends a room by somebody's will.
    pub(crate) fn close_by_will(&self, room: &Arc<Room>, reason: &str) {
        let farewell = Some(ServerMessage::RoomClosed { reason: reason.to_owned() });
        self.close_room(room, &Ending { reason, code: close::ROOM_CLOSED, farewell, unused_since: None });
    }

    /// The worker ends the leg with its room.
    fn end_participant(&self, room: &Room, participant: Participant, ending: &Ending<'_>) {
        self.finish(&participant, ending.code, ending.reason);
        if let Some(leg) = participant.leg {
            self.inner.registry.forget_leg(leg.key);
        }
        if !participant.hidden {
            self.emit(|| RoomEvent::ParticipantLeft {
                room: room.id.clone(),
                user: participant.view,
                reason: Departure::RoomClosed.as_str(),
            });
        }
    }
}

/// What a session is told whose leg is gone.
pub(crate) fn connection_ended(when: &str) -> ServerMessage {
    let code = Code::MediaUnavailable;
    let message = format!("the media connection ended{when}: offer again, from a new peer connection");
    ServerMessage::Error { code, message, docs: code.docs() }
}

/// How a room ends.
pub(crate) struct Ending<'a> {
    /// For people.
    pub(crate) reason: &'a str,
    /// With which sockets are closed.
    pub(crate) code: u16,
    /// What sockets are told before.
    pub(crate) farewell: Option<ServerMessage>,
    /// Only if nobody came since the room had so many arrivals, and nobody is in it.
    pub(crate) unused_since: Option<u64>,
}
