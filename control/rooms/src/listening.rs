//! What sound comes to somebody unasked: each voice, the mix, what those who wait are played, or nothing. Everybody chooses
//! between voices and mix; the rest is for admins, and who was put on hold does not come back by choosing.

use std::sync::Arc;

use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{
    Code, Hears, Identity, Listening, MediaKind, Refusal, RoomId, RoomKind, TrackKey, VoiceSettings,
};
use crosspoint_worker::engine::Order;

use crate::Rooms;
use crate::flags::{require_admin, someone};
use crate::mixing::no_media;
use crate::participant::{Core, Participant};
use crate::room::{Room, State, Track};

impl Rooms {
    /// Sets what somebody hears, and whom besides (pre-fade listen).
    pub fn listen(&self, room: &RoomId, who: &Identity, hears: Hears, pre_fade: Option<&str>) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        self.listen_in(&room, &mut state, &who, hears, pre_fade)
    }

    pub(crate) fn handle_listen(
        &self,
        core: &Arc<Core>,
        user: Option<&str>,
        hears: Hears,
        pre_fade: Option<&str>,
    ) -> Result<(), Refusal> {
        core.within(|room, state| {
            let me = &core.identity;
            let is_own = user.is_none_or(|user| user == me.as_str());
            let now = state.participants.get(me).map(|participant| state.hears(participant).hears);
            if !(is_own && pre_fade.is_none() && is_free(hears) && now.is_some_and(is_free)) {
                require_admin(room, state, me)?;
            }
            let whose = someone(state, user.unwrap_or(me.as_str()))?;
            self.listen_in(room, state, &whose, hears, pre_fade)
        })
    }

    fn listen_in(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        whose: &Identity,
        hears: Hears,
        pre_fade: Option<&str>,
    ) -> Result<(), Refusal> {
        if room.kind == RoomKind::Mesh {
            return Err(no_media());
        }
        let pre_fade = pre_fade.map(|other| someone(state, other)).transpose()?;
        if pre_fade.as_ref() == Some(whose) {
            return Err(Refusal::new(Code::InvalidRequest, "preFade: nobody listens to their own voice"));
        }
        let wanted = Listening { hears, pre_fade };
        let Some(participant) = state.participants.get(whose) else { return Ok(()) };
        if participant.is_plain() {
            return Err(Refusal::new(Code::InvalidRequest, "a tap hears what it asked for"));
        }
        if wanted == state.hears(participant) {
            return Ok(());
        }
        if wanted != NOTHING && !participant.bearer.grant.may_subscribe() {
            let detail = format!("the token of {whose:?} does not allow to subscribe (canSubscribe)");
            return Err(Refusal::new(Code::Forbidden, detail));
        }
        if needs_mix(&wanted) {
            self.ensure_mix(room, state)?;
        }
        let was_kept = state.is_kept_from_sound(room, whose);
        state.listening.insert(whose.clone(), wanted.clone());
        self.order_listening(state, whose);
        self.order_chosen_sound(state, whose, (was_kept, state.is_kept_from_sound(room, whose)));
        if let Some(participant) = state.participants.get(whose) {
            participant.tell(&told(&wanted));
        }
        Ok(())
    }

    fn order_listening(&self, state: &State, whose: &Identity) {
        let Some(participant) = state.participants.get(whose) else { return };
        // A tap hears what it asked for when it came, in every room.
        if let Some(leg) = participant.leg.as_ref().filter(|leg| !leg.is_plain).map(|leg| leg.key) {
            let order = Order::Listen { leg, listening: state.hears(participant) };
            self.order_leg(leg, order);
        }
    }

    /// The sound that somebody chose ends when they are kept from it, and comes again when that ends.
    fn order_chosen_sound(&self, state: &State, whose: &Identity, kept: (bool, bool)) {
        let Some(participant) = state.participants.get(whose) else { return };
        let Some(leg) = participant.leg.as_ref().map(|leg| leg.key) else { return };
        for (&track, preference) in participant.subscriptions.iter().filter(|(track, _)| state.is_sound(**track)) {
            match kept {
                (false, true) => self.order_leg(leg, Order::Unsubscribe { leg, track }),
                (true, false) => {
                    self.order_leg(leg, Order::Subscribe { leg, track, preference: preference.clone() });
                }
                _ => {}
            }
        }
    }

    /// A leg has just been made for somebody: the worker is told what stands of them in the room, beyond what came with it.
    pub(crate) fn equip_leg(&self, state: &State, who: &Identity) {
        let Some(participant) = state.participants.get(who) else { return };
        if state.voices.contains_key(who) {
            self.order_voice(state, who);
        }
        if state.hears(participant).pre_fade.is_some() {
            self.order_listening(state, who);
        }
        self.order_talk(participant);
    }

    /// Somebody has just been moved here with their leg. What they hear is as this room has it; how they sound goes along.
    pub(crate) fn settle_in(&self, there: &Arc<Room>, target: &mut State, who: &Identity, voice: VoiceSettings) {
        self.order_listening(target, who);
        self.bring_voice(there, target, who, voice);
        if target.voices.contains_key(who) {
            self.order_voice(target, who);
        }
    }
}

/// Tells a session that is new what it hears, where that is not what the room has for everybody.
pub(crate) fn tell_listening(state: &State, core: &Core) {
    let chosen = state.listening.get(&core.identity);
    if let Some((listening, participant)) = chosen.zip(state.participants.get(&core.identity)) {
        participant.tell(&told(listening));
    }
}

impl State {
    /// What comes to somebody unasked now.
    pub(crate) fn hears(&self, participant: &Participant) -> Listening {
        let grant = &participant.bearer.grant;
        if !grant.may_subscribe() {
            return NOTHING;
        }
        let usual =
            || Listening { hears: participant.usually_hears.unwrap_or(self.usually_hears(grant)), pre_fade: None };
        self.listening.get(&participant.view.user_id).cloned().unwrap_or_else(usual)
    }

    /// Was somebody put on hold, or given nothing? Then they do not bring themselves sound by other means. Who administers the
    /// room could end it anyhow.
    pub(crate) fn is_kept_from_sound(&self, room: &Room, who: &Identity) -> bool {
        let may_end_it = |participant: &Participant| participant.bearer.grant.may_administer(room.id.as_str());
        self.listening.get(who).is_some_and(|listening| !is_free(listening.hears))
            && !self.participants.get(who).is_some_and(may_end_it)
    }

    /// Is this track heard, and not seen?
    pub(crate) fn is_sound(&self, track: TrackKey) -> bool {
        let is_audio = |track: &Track| track.view.kind == MediaKind::Audio;
        self.is_mix(track) || self.tracks.get(&track).is_some_and(is_audio)
    }

    /// Somebody has gone: a choice of their own goes with them; what an admin decided waits for them.
    pub(crate) fn forget_own_choice(&mut self, who: &Identity) {
        if self.listening.get(who).is_some_and(|listening| is_free(listening.hears)) {
            self.listening.remove(who);
        }
    }
}

const NOTHING: Listening = Listening { hears: Hears::Nothing, pre_fade: None };

/// May everybody choose it, and choose something else?
fn is_free(hears: Hears) -> bool {
    matches!(hears, Hears::Tracks | Hears::Mix)
}

fn needs_mix(listening: &Listening) -> bool {
    matches!(listening.hears, Hears::Mix | Hears::Hold) || listening.pre_fade.is_some()
}

fn told(listening: &Listening) -> ServerMessage {
    ServerMessage::Listening { hears: listening.hears, pre_fade: listening.pre_fade.as_ref().map(ToString::to_string) }
}
