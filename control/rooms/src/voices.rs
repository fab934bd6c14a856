//! How voices are treated before they are mixed. It is remembered by identity: a fresh connection gets it again, and it goes
//! along to another room.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Code, Identity, Refusal, RoomId, RoomKind, VoiceSettings};
use crosspoint_worker::engine::Order;

use crate::Rooms;
use crate::flags::{require_admin, someone};
use crate::mixing::no_media;
use crate::participant::Core;
use crate::room::{Room, State};

impl Rooms {
    /// How somebody's voices are treated.
    pub fn voice(&self, room: &RoomId, who: &Identity) -> Result<VoiceSettings, Refusal> {
        let room = self.known(room)?;
        let state = room.lock();
        Ok(state.voice_of(&someone(&state, who.as_str())?))
    }

    /// Changes how somebody's voices are treated; what holds then comes back.
    pub fn change_voice(
        &self,
        room: &RoomId,
        who: &Identity,
        change: impl FnOnce(VoiceSettings) -> Result<VoiceSettings, Refusal>,
    ) -> Result<VoiceSettings, Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        let voice = change(state.voice_of(&who))?;
        self.voice_in(&room, &mut state, &who, voice.clone())?;
        Ok(voice)
    }

    pub(crate) fn handle_voice(&self, core: &Arc<Core>, user: &str, voice: VoiceSettings) -> Result<(), Refusal> {
        core.within(|room, state| {
            require_admin(room, state, &core.identity)?;
            let whose = someone(state, user)?;
            self.voice_in(room, state, &whose, voice)
        })
    }

    pub(crate) fn voice_in(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        whose: &Identity,
        voice: VoiceSettings,
    ) -> Result<(), Refusal> {
        if room.kind == RoomKind::Mesh {
            return Err(no_media());
        }
        if let Some(fault) = voice.fault() {
            return Err(Refusal::new(Code::InvalidRequest, fault));
        }
        if state.voice_of(whose) == voice {
            return Ok(());
        }
        state.remember_voice(whose, voice.clone());
        self.order_voice(state, whose);
        let hidden = state.participants.get(whose).is_some_and(|participant| participant.hidden);
        let message = ServerMessage::Voice { user_id: whose.to_string(), voice };
        if !hidden {
            room.tell_all(state, &message);
        }
        Ok(())
    }

    /// Tells the worker how the voices of somebody's leg are treated.
    pub(crate) fn order_voice(&self, state: &State, whose: &Identity) {
        let leg = state.participants.get(whose).and_then(|participant| participant.leg.as_ref());
        if let Some(leg) = leg.map(|leg| leg.key) {
            self.order_leg(leg, Order::SetVoice { leg, settings: state.voice_of(whose) });
        }
    }

    /// Who is moved sounds there as here. Those who are there are told, where that is not as usual.
    pub(crate) fn bring_voice(&self, there: &Arc<Room>, target: &mut State, who: &Identity, voice: VoiceSettings) {
        let is_news = target.voice_of(who) != voice || voice != VoiceSettings::default();
        target.remember_voice(who, voice.clone());
        let hidden = target.participants.get(who).is_some_and(|participant| participant.hidden);
        if is_news && !hidden {
            let message = ServerMessage::Voice { user_id: who.to_string(), voice };
            there.tell_others(target, Some(who), &message, crate::presence::Pace::Batched);
        }
    }
}

impl State {
    pub(crate) fn voice_of(&self, who: &Identity) -> VoiceSettings {
        self.voices.get(who).cloned().unwrap_or_default()
    }

    pub(crate) fn remember_voice(&mut self, who: &Identity, voice: VoiceSettings) {
        if voice == VoiceSettings::default() {
            self.voices.remove(who);
        } else {
            self.voices.insert(who.clone(), voice);
        }
    }

    /// The voices of those who are here that are not treated as usual, as far as this participant may know of them.
    pub(crate) fn voices_for(&self, reader: &Identity) -> BTreeMap<String, VoiceSettings> {
        let is_known = |who: &Identity| self.participants.get(who).is_some_and(|other| !other.hidden || who == reader);
        let known = self.voices.iter().filter(|(who, _)| is_known(who));
        known.map(|(who, voice)| (who.to_string(), voice.clone())).collect()
    }
}
