//! The two flags of a track: `muted` is the publisher's own (an admin may set it too), `held` is the room's.

use std::sync::Arc;

use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Code, Identity, Refusal, Source, TrackId, TrackKey};
use crosspoint_worker::engine::Order;

use crate::Rooms;
use crate::holds::Holds;
use crate::participant::Core;
use crate::room::{Room, State};

impl Rooms {
    pub(crate) fn handle_mute(
        &self,
        core: &Arc<Core>,
        user: Option<&str>,
        track: Option<TrackId>,
        source: Option<Source>,
        muted: bool,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            let whose = match user {
                Some(user) if user != core.identity.as_str() => {
                    require_admin(room, state, &core.identity)?;
                    someone(state, user)?
                }
                _ => core.identity.clone(),
            };
            self.mute_in(room, state, &whose, track, source, muted)
        })
    }

    pub(crate) fn handle_hold(
        &self,
        core: &Arc<Core>,
        user: &str,
        source: Option<Source>,
        held: bool,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            require_admin(room, state, &core.identity)?;
            let whose = someone(state, user)?;
            self.hold_in(room, state, &whose, source, held);
            Ok(())
        })
    }

    pub(crate) fn mute_in(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        whose: &Identity,
        track: Option<TrackId>,
        source: Option<Source>,
        muted: bool,
    ) -> Result<(), Refusal> {
        let meant: Vec<TrackKey> = state
            .tracks_of(whose)
            .filter(|(key, found)| match (track, source) {
                (Some(track), _) => track.0 == *key,
                (None, Some(source)) => found.view.source == source,
                (None, None) => true,
            })
            .map(|(key, _)| key)
            .collect();
        if meant.is_empty()
            && let Some(track) = track
        {
            return Err(Refusal::new(Code::TrackNotFound, format!("{track} is not a track of {whose:?}")));
        }
        for key in meant {
            self.set_muted(room, state, key, muted);
        }
        Ok(())
    }

    /// Sets the publisher's flag and tells everybody, if it changes.
    pub(crate) fn set_muted(&self, room: &Arc<Room>, state: &mut State, key: TrackKey, muted: bool) {
        let Some(track) = state.tracks.get_mut(&key).filter(|track| track.view.muted != muted) else { return };
        track.view.muted = muted;
        let leg = track.leg;
        let order = Order::SetFlags { track: key, muted, held: track.view.held };
        let message =
            ServerMessage::Muted { user_id: track.view.user_id.to_string(), track_id: track.view.track_id, muted };
        self.order_leg(leg, order);
        room.tell_all(state, &message);
    }

    /// Holds or releases a source of somebody, or all; it stands for tracks to come as well.
    pub(crate) fn hold_in(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        whose: &Identity,
        source: Option<Source>,
        held: bool,
    ) {
        let holds = state.remember_hold(whose, source, held);
        let meant: Vec<(TrackKey, bool)> =
            state.tracks_of(whose).map(|(key, track)| (key, holds.holds(track.view.source))).collect();
        for (key, held) in meant {
            self.set_held(room, state, key, held);
        }
    }

    fn set_held(&self, room: &Arc<Room>, state: &mut State, key: TrackKey, held: bool) {
        let Some(track) = state.tracks.get_mut(&key).filter(|track| track.view.held != held) else { return };
        track.view.held = held;
        let leg = track.leg;
        let order = Order::SetFlags { track: key, muted: track.view.muted, held };
        let message =
            ServerMessage::Held { user_id: track.view.user_id.to_string(), track_id: track.view.track_id, held };
        self.order_leg(leg, order);
        room.tell_all(state, &message);
    }
}

impl State {
    /// Who comes in a second time, under a numbered identity, is held as under its own: a hold is about somebody, not about one
    /// of their connections.
    pub(crate) fn inherit_holds(&mut self, sub: &str, identity: &Identity) {
        let own = Identity::parse(sub).ok().filter(|own| own != identity);
        if let Some(holds) = own.and_then(|own| self.holds.get(&own).cloned()) {
            self.holds.insert(identity.clone(), holds);
        }
    }

    /// Remembers what is held of somebody from now on; gives all of it.
    pub(crate) fn remember_hold(&mut self, whose: &Identity, source: Option<Source>, held: bool) -> Holds {
        let mut holds = self.holds.remove(whose).unwrap_or_default();
        holds.set(source, held);
        if !holds.is_clear() {
            self.holds.insert(whose.clone(), holds.clone());
        }
        holds
    }
}

/// Refuses who may not administer the room.
pub(crate) fn require_admin(room: &Room, state: &State, who: &Identity) -> Result<(), Refusal> {
    let participant = state.participants.get(who);
    if participant.is_some_and(|participant| participant.bearer.grant.may_administer(room.id.as_str())) {
        return Ok(());
    }
    Err(Refusal::new(Code::Forbidden, "the token does not allow to administer this room (roomAdmin)"))
}

/// A participant by the text of its identity.
pub(crate) fn someone(state: &State, user: &str) -> Result<Identity, Refusal> {
    Identity::parse(user)
        .ok()
        .filter(|who| state.participants.contains_key(who))
        .ok_or_else(|| Refusal::new(Code::ParticipantNotFound, format!("{user:?} is not in the room")))
}
