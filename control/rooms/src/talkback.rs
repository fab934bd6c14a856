//! Talkback: an admin talks to one participant alone, and not into the mix. When the one talked to
//! leaves or is moved, nobody hears the talker until they say to whom they talk then: a word that was for one is not for all.

use std::sync::Arc;

use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Code, Identity, Refusal, RoomId, RoomKind};
use crosspoint_worker::engine::Order;

use crate::Rooms;
use crate::flags::{require_admin, someone};
use crate::mixing::no_media;
use crate::participant::{Core, Participant};
use crate::room::{Room, State};

impl Rooms {
    /// From now on somebody talks to one participant alone; none: to the room again.
    pub fn talk(&self, room: &RoomId, who: &Identity, to: Option<&str>) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        self.talk_in(&room, &mut state, &who, to)
    }

    pub(crate) fn handle_talk(&self, core: &Arc<Core>, to: Option<&str>) -> Result<(), Refusal> {
        core.within(|room, state| {
            require_admin(room, state, &core.identity)?;
            self.talk_in(room, state, &core.identity, to)
        })
    }

    fn talk_in(&self, room: &Arc<Room>, state: &mut State, who: &Identity, to: Option<&str>) -> Result<(), Refusal> {
        if room.kind == RoomKind::Mesh {
            return Err(no_media());
        }
        let to = to.map(|to| someone(state, to)).transpose()?;
        if to.as_ref() == Some(who) {
            return Err(Refusal::new(Code::InvalidRequest, "talk.to: nobody talks to themselves alone"));
        }
        if to.is_some() {
            self.ensure_mix(room, state)?;
        }
        let Some(talker) = state.participants.get_mut(who).filter(|talker| talker.talks_to != to) else {
            return Ok(());
        };
        let before = std::mem::replace(&mut talker.talks_to, to.clone());
        self.order_talking(talker);
        tell(state, before.as_ref(), who, false);
        tell(state, to.as_ref(), who, true);
        Ok(())
    }

    /// Tells the worker to whom a leg talks that is new.
    pub(crate) fn order_talk(&self, talker: &Participant) {
        if talker.talks_to.is_some() {
            self.order_talking(talker);
        }
    }

    fn order_talking(&self, talker: &Participant) {
        if let Some(leg) = talker.leg.as_ref().map(|leg| leg.key) {
            self.order_leg(leg, Order::Talk { leg, to: talker.talks_to.clone() });
        }
    }

    /// Somebody is out of the room: nobody is talked to by them any more. Who talked to them goes on doing so, unheard: in
    /// the middle of a word, nobody goes on the air by somebody else's leaving.
    pub(crate) fn end_talks(&self, state: &State, gone: &Participant) {
        self.end_own_talk(state, gone);
        let who = &gone.view.user_id;
        for (talker, participant) in &state.participants {
            if participant.talks_to.as_ref() == Some(who) {
                gone.tell(&message(talker, false));
                participant.tell(&unheard(who));
            }
        }
    }

    pub(crate) fn end_own_talk(&self, state: &State, gone: &Participant) {
        tell(state, gone.talks_to.as_ref(), &gone.view.user_id, false);
    }

    /// Who was moved while talking to somebody alone talks to the other room. Said once the leg is there: before, it would be
    /// heard in the room that it leaves.
    pub(crate) fn talk_to_all(&self, moved: &mut Participant) {
        if moved.talks_to.take().is_some() {
            self.order_talking(moved);
        }
    }
}

/// Tells a session that is new who talks to its participant.
pub(crate) fn tell_talkbacks(state: &State, core: &Core) {
    let talkers = state.participants.iter().filter(|(_, other)| other.talks_to.as_ref() == Some(&core.identity));
    talkers.for_each(|(talker, _)| tell(state, Some(&core.identity), talker, true));
}

fn tell(state: &State, target: Option<&Identity>, talker: &Identity, active: bool) {
    if let Some(target) = target.and_then(|target| state.participants.get(target)) {
        target.tell(&message(talker, active));
    }
}

/// What a talker is told whose only listener is out of the room.
fn unheard(gone: &Identity) -> ServerMessage {
    let code = Code::ParticipantNotFound;
    let message = format!("{gone:?}, to whom alone you talk, is out of the room: nobody hears you until you say talk");
    ServerMessage::Error { code, message, docs: code.docs() }
}

fn message(talker: &Identity, active: bool) -> ServerMessage {
    ServerMessage::Talkback { from: talker.to_string(), active }
}
