//! What passes through the server between two clients of a mesh room.

use std::sync::Arc;

use crosspoint_model::signal::{Negotiation, ServerMessage};
use crosspoint_model::{Code, Identity, Refusal};
use tokio::time::Instant;

use crate::Rooms;
use crate::participant::Core;
use crate::room::State;

/// Bytes of a candidate that is relayed; real ones have a few hundred.
const CANDIDATE: usize = 4 * 1024;

impl Rooms {
    pub(crate) fn relay_offer(&self, core: &Arc<Core>, negotiation: Negotiation) -> Result<(), Refusal> {
        core.within(|room, state| {
            let target = target(state, core, &negotiation)?;
            charge(state, core, &negotiation, self.inner.options.limits.sdp_bytes)?;
            let perfect = |who: &Identity| state.participants.get(who).is_some_and(|participant| participant.perfect);
            let both_perfect = perfect(&core.identity) && perfect(&target);
            if !both_perfect && !state.glare.offer(&core.identity, &target, Instant::now()) {
                tracing::debug!(room = %room.id, from = %core.identity, to = %target, "crossing offer dropped");
                return Ok(());
            }
            pass(state, core, &target, negotiation, ServerMessage::Offer);
            Ok(())
        })
    }

    pub(crate) fn relay_answer(&self, core: &Arc<Core>, negotiation: Negotiation) -> Result<(), Refusal> {
        core.within(|_, state| {
            let target = target(state, core, &negotiation)?;
            charge(state, core, &negotiation, self.inner.options.limits.sdp_bytes)?;
            state.glare.answer(&core.identity, &target);
            pass(state, core, &target, negotiation, ServerMessage::Answer);
            Ok(())
        })
    }

    pub(crate) fn relay_candidate(&self, core: &Arc<Core>, negotiation: Negotiation) -> Result<(), Refusal> {
        core.within(|_, state| {
            let target = target(state, core, &negotiation)?;
            charge(state, core, &negotiation, CANDIDATE)?;
            pass(state, core, &target, negotiation, ServerMessage::IceCandidate);
            Ok(())
        })
    }
}

fn target(state: &State, core: &Core, negotiation: &Negotiation) -> Result<Identity, Refusal> {
    let Some(target) = &negotiation.target_user_id else {
        return Err(Refusal::new(Code::TargetNotFound, "this is a mesh room: say to whom, in targetUserId"));
    };
    let found = Identity::parse(target).ok().filter(|who| *who != core.identity);
    found
        .filter(|who| state.participants.contains_key(who))
        .ok_or_else(|| Refusal::new(Code::TargetNotFound, format!("{target:?} is not in the room")))
}

/// What is relayed is bounded, and costs the sender like any other data.
fn charge(state: &mut State, core: &Core, negotiation: &Negotiation, most: usize) -> Result<(), Refusal> {
    let size = negotiation.data.to_string().len();
    if size > most {
        return Err(Refusal::new(Code::MessageTooLarge, format!("data has at most {most} bytes here")));
    }
    let sender = state.participants.get_mut(&core.identity);
    if sender.is_some_and(|sender| !sender.data.spend_ahead(1, size, Instant::now())) {
        return Err(Refusal::new(Code::RateLimited, "too many bytes to relay per second; send fewer"));
    }
    Ok(())
}

/// Stamped with the true sender, whatever the client wrote.
fn pass(
    state: &State,
    core: &Core,
    target: &Identity,
    negotiation: Negotiation,
    wrap: fn(Negotiation) -> ServerMessage,
) {
    let stamped = Negotiation {
        room_id: Some(core.room().id.to_string()),
        user_id: Some(core.identity.to_string()),
        target_user_id: Some(target.to_string()),
        data: negotiation.data,
        publish: None,
    };
    if let Some(participant) = state.participants.get(target) {
        participant.tell(&wrap(stamped));
    }
}
