//! What a service that directs a room needs beyond what operators do: rooms near others, people who are expected, words to one.

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Code, Identity, MixSettings, Refusal, RoomId, RoomKind, VoiceSettings};

use crate::Rooms;
use crate::flags::someone;
use crate::room::State;
use crate::views::RoomLimits;

/// A room that a service wants to be there.
#[derive(Clone, Debug, Default)]
pub struct Stage {
    /// How it mixes.
    pub mix: MixSettings,
    /// Its own bounds.
    pub limits: RoomLimits,
    /// Free text.
    pub metadata: String,
    /// The room on whose worker it is best, because people will move between the two.
    pub near: Option<RoomId>,
}

/// Somebody who is in a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Present {
    /// Who.
    pub identity: Identity,
    /// Whom the token speaks for.
    pub bearer: Bearer,
    /// Does the signalling socket stand? Who came without one is always there.
    pub connected: bool,
}

impl Rooms {
    /// Sees that there is a mixing room of this name. One of another kind, which somebody's join may have made meanwhile, is
    /// closed: nothing of what it is set to would hold in it.
    pub fn ensure(&self, room: &RoomId, stage: &Stage) -> Result<(), Refusal> {
        match self.inner.registry.room(room) {
            Some(found) if found.kind == RoomKind::Mix => return Ok(()),
            Some(found) => self.close_by_will(&found, "the room is needed for something else"),
            None => {}
        }
        let worker = stage.near.as_ref().and_then(|near| self.inner.registry.room(near)).map(|near| near.worker);
        let mix = Some(self.new_mix(RoomKind::Mix, stage.mix.clone())?);
        let state = State { metadata: stage.metadata.clone(), limits: stage.limits.clone(), mix, ..State::default() };
        self.make_room(room.clone(), RoomKind::Mix, worker, state)?;
        Ok(())
    }

    /// Is this room there?
    pub fn exists(&self, room: &RoomId) -> bool {
        self.inner.registry.room(room).is_some()
    }

    /// Who is in a room, services and viewers apart; nobody where there is none.
    pub fn present(&self, room: &RoomId) -> Vec<Present> {
        let Some(room) = self.inner.registry.room(room) else { return Vec::new() };
        let state = room.lock();
        let people = state.participants.iter().filter(|(_, participant)| !participant.is_service);
        people
            .map(|(identity, participant)| Present {
                identity: identity.clone(),
                bearer: participant.bearer.clone(),
                connected: participant.is_connected(),
            })
            .collect()
    }

    /// Who comes with a token for `home` is let into `room` from now on, as if they had been moved there.
    pub fn expect_in(&self, home: &RoomId, who: &Identity, room: &RoomId) {
        self.inner.registry.set_placement(home, who, room);
    }

    /// Nobody of this name is expected any more.
    pub fn expect_nowhere(&self, home: &RoomId, who: &Identity) {
        self.inner.registry.forget_placement(home, who);
    }

    /// Holds all that somebody publishes in a room, or lets it go; also of one who has yet to come.
    pub fn hold_coming(&self, room: &RoomId, who: &Identity, held: bool) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        self.hold_in(&room, &mut state, who, None, held);
        Ok(())
    }

    /// Remembers how somebody's voice is treated in a room; also of one who has yet to come.
    pub fn voice_coming(&self, room: &RoomId, who: &Identity, voice: &VoiceSettings) -> Result<(), Refusal> {
        if let Some(fault) = voice.fault() {
            return Err(Refusal::new(Code::InvalidRequest, fault));
        }
        let room = self.known(room)?;
        let mut state = room.lock();
        if state.participants.contains_key(who) {
            return self.voice_in(&room, &mut state, who, voice.clone());
        }
        state.remember_voice(who, voice.clone());
        Ok(())
    }

    /// Tells one participant something, over its signalling socket. False: it is not there, or has none.
    pub fn tell(&self, room: &RoomId, who: &Identity, message: &ServerMessage) -> bool {
        let Some(room) = self.inner.registry.room(room) else { return false };
        let state = room.lock();
        let Some(participant) = state.participants.get(who) else { return false };
        participant.tell(message);
        participant.is_connected()
    }

    /// Puts somebody out without a ban: they may come again with the same token.
    pub fn send_away(&self, room: &RoomId, who: &Identity, reason: &str) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        self.kick_from(&room, &mut state, &who, reason);
        state.kicked.retain(|sub, _| *sub != who.as_str());
        Ok(())
    }
}
