//! A room's mix: a track that is nobody's. Rooms of kind `mix` have one from the beginning and give it to everybody; others get
//! one when somebody first asks for what only a mixer can do (the mix itself, a tap, talkback), and keep it.

use std::sync::Arc;

use crosspoint_model::signal::Level;
use crosspoint_model::{Code, MixSettings, Refusal, RoomKind, TrackKey};
use crosspoint_worker::engine::{MixSpec, Order};

use crate::Rooms;
use crate::room::{Room, State};

/// What a room knows of its mix.
#[derive(Debug)]
pub(crate) struct Mix {
    pub(crate) spec: MixSpec,
    /// Do newcomers hear it in place of each voice?
    pub(crate) is_usual: bool,
    /// Does somebody want to know how loud things are?
    pub(crate) is_watched: bool,
    /// How loud things were last.
    pub(crate) levels: Vec<Level>,
}

impl Rooms {
    /// A mix for a room of this kind.
    pub(crate) fn new_mix(&self, kind: RoomKind, settings: MixSettings) -> Result<Mix, Refusal> {
        if kind == RoomKind::Mesh {
            return Err(no_media());
        }
        check(&settings)?;
        let spec = MixSpec { track: self.inner.registry.next_track(), settings };
        Ok(Mix { spec, is_usual: kind == RoomKind::Mix, is_watched: false, levels: Vec::new() })
    }

    /// Changes how a room mixes; one that did not mix does from now on.
    pub(crate) fn set_mix(&self, room: &Arc<Room>, state: &mut State, settings: MixSettings) -> Result<(), Refusal> {
        match &mut state.mix {
            Some(mix) => {
                check(&settings)?;
                mix.spec.settings = settings;
            }
            None => state.mix = Some(self.new_mix(room.kind, settings)?),
        }
        let mix = state.mix.as_ref().map(|mix| mix.spec.clone());
        self.inner.media.order(room.worker, Order::SetMix { room: room.key, mix });
        self.watch_levels(room, state);
        Ok(())
    }

    /// Makes the room mix, if it does not.
    pub(crate) fn ensure_mix(&self, room: &Arc<Room>, state: &mut State) -> Result<(), Refusal> {
        match state.mix {
            Some(_) => Ok(()),
            None => self.set_mix(room, state, MixSettings::default()),
        }
    }
}

impl State {
    /// Is this track the room's mix?
    pub(crate) fn is_mix(&self, track: TrackKey) -> bool {
        self.mix.as_ref().is_some_and(|mix| mix.spec.track == track)
    }
}

fn check(settings: &MixSettings) -> Result<(), Refusal> {
    settings.fault().map_or(Ok(()), |fault| Err(Refusal::new(Code::InvalidRequest, fault)))
}

/// Refuses what a mesh room cannot do.
pub(crate) fn no_media() -> Refusal {
    let detail = "the room's browsers connect to each other (kind mesh): the server mixes nothing there";
    Refusal::new(Code::InvalidRequest, detail)
}
