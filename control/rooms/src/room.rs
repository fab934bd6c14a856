//! One room: its name, its worker, and its state behind a lock of its own.
//!
//! Locks are taken in this order: rooms (by key, where there are two), then what a session or the registry guards. No lock
//! of the registry is held while a room's is taken.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use crosspoint_model::secret::Secret;
use crosspoint_model::signal::Speaker;
use crosspoint_model::{
    Grant, Hears, Identity, LegKey, Limits, Listening, RoomId, RoomKey, RoomKind, TrackKey, TrackView, VoiceSettings,
};
use crosspoint_worker::engine::{LegProfile, RoomSettings};
use tokio::runtime::Handle;

use crate::admission::Guesses;
use crate::holds::Holds;
use crate::leg::Leg;
use crate::lock::lock;
use crate::memory::{self, Memory};
use crate::mesh::Glare;
use crate::mixing::Mix;
use crate::participant::{Core, End, OneTask, Participant, Presence};
use crate::views::{RoomLimits, RoomSummary};

/// A room.
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) key: RoomKey,
    pub(crate) worker: usize,
    pub(crate) kind: RoomKind,
    /// Milliseconds since 1970.
    pub(crate) created_at: u64,
    pub(crate) runtime: Handle,
    closed: AtomicBool,
    state: Mutex<State>,
}

/// What changes in a room.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) locked: bool,
    pub(crate) pin: Option<Secret>,
    pub(crate) metadata: String,
    pub(crate) limits: RoomLimits,
    pub(crate) participants: BTreeMap<Identity, Participant>,
    pub(crate) viewers: BTreeMap<LegKey, Viewer>,
    pub(crate) tracks: BTreeMap<TrackKey, Track>,
    /// Whose each leg is; viewers' legs are not here.
    pub(crate) owners: BTreeMap<LegKey, Identity>,
    pub(crate) holds: Memory<Identity, Holds>,
    /// None: the room does not mix (yet).
    pub(crate) mix: Option<Mix>,
    /// How voices are treated that are not treated as usual. Like what is held, it waits for who comes back.
    pub(crate) voices: Memory<Identity, VoiceSettings>,
    /// What those hear who do not hear what the room has for everybody.
    pub(crate) listening: Memory<Identity, Listening>,
    /// Until when (seconds since 1970) the bearer of this `sub` stays out.
    pub(crate) kicked: BTreeMap<String, u64>,
    pub(crate) glare: Glare,
    pub(crate) guesses: Guesses,
    /// Ends the room if it stays empty.
    pub(crate) closing: OneTask,
    pub(crate) speakers: Vec<Speaker>,
    pub(crate) recording: bool,
    /// Counts how often somebody came, so that a timer that was set when the room was empty knows whether it still is.
    pub(crate) arrivals: u64,
    /// Batched presence waits to be flushed.
    pub(crate) flush_waits: bool,
}

/// A published track.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    pub(crate) leg: LegKey,
    pub(crate) view: TrackView,
}

/// Who watches over HTTP and is not seen.
pub(crate) struct Viewer {
    /// The token's `sub`.
    pub(crate) sub: String,
    pub(crate) leg: Leg,
    pub(crate) end: Arc<End>,
}

impl Room {
    pub(crate) fn new(
        id: RoomId,
        key: RoomKey,
        worker: usize,
        kind: RoomKind,
        created_at: u64,
        runtime: Handle,
        state: State,
    ) -> Self {
        Self { id, key, worker, kind, created_at, runtime, closed: AtomicBool::new(false), state: Mutex::new(state) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// Was it closed? Set under the lock, never cleared.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn set_closed(&self) {
        self.closed.store(true, Ordering::Release);
    }

    pub(crate) fn summary(&self, state: &State) -> RoomSummary {
        let reports = || state.legs().filter_map(|leg| leg.report.as_ref());
        RoomSummary {
            room_id: self.id.clone(),
            kind: self.kind,
            participants: state.attending(),
            viewers: state.viewers.len(),
            tracks: state.tracks.len(),
            created_at: self.created_at,
            locked: state.locked,
            has_pin: state.pin.is_some(),
            metadata: state.metadata.clone(),
            mix: state.mix.as_ref().map(|mix| mix.spec.settings.clone()),
            worker: self.worker,
            bitrate_in: reports().map(|report| report.up.bitrate).sum(),
            bitrate_out: reports().map(|report| report.down.bitrate).sum(),
        }
    }
}

impl State {
    /// Is nobody here? Services (a player, say) do not keep a room open.
    pub(crate) fn is_empty(&self) -> bool {
        self.attending() == 0 && self.viewers.is_empty()
    }

    /// The participants, services apart.
    pub(crate) fn attending(&self) -> usize {
        self.participants.values().filter(|participant| !participant.is_service).count()
    }

    /// Forgets what waits for those who left longest ago, where they are too many: identities cost nothing.
    pub(crate) fn forget_oldest(&mut self) {
        let Self { participants, holds, voices, listening, .. } = self;
        let is_gone = |who: &Identity| !participants.contains_key(who);
        holds.trim(memory::MOST + participants.len(), is_gone);
        voices.trim(memory::MOST + participants.len(), is_gone);
        listening.trim(memory::MOST + participants.len(), is_gone);
    }

    /// Does this session still belong here?
    pub(crate) fn has_session(&self, core: &Arc<Core>) -> bool {
        let participant = self.participants.get(&core.identity);
        participant.is_some_and(|p| matches!(&p.presence, Presence::Socket(here) if Arc::ptr_eq(here, core)))
    }

    /// Every leg, those of viewers included.
    pub(crate) fn legs(&self) -> impl Iterator<Item = &Leg> {
        let participants = self.participants.values().filter_map(|participant| participant.leg.as_ref());
        participants.chain(self.viewers.values().map(|viewer| &viewer.leg))
    }

    pub(crate) fn leg_mut(&mut self, key: LegKey) -> Option<&mut Leg> {
        if let Some(identity) = self.owners.get(&key) {
            return self.participants.get_mut(identity)?.leg.as_mut().filter(|leg| leg.key == key);
        }
        self.viewers.get_mut(&key).map(|viewer| &mut viewer.leg)
    }

    /// Whose track this is.
    pub(crate) fn owner(&self, track: TrackKey) -> Option<&Identity> {
        self.tracks.get(&track).map(|track| &track.view.user_id)
    }

    /// The tracks of a participant.
    pub(crate) fn tracks_of<'a>(&'a self, who: &'a Identity) -> impl Iterator<Item = (TrackKey, &'a Track)> {
        self.tracks.iter().filter(move |(_, track)| track.view.user_id == *who).map(|(key, track)| (*key, track))
    }

    pub(crate) fn most_participants(&self, limits: &Limits) -> usize {
        self.limits.participants.unwrap_or(limits.participants_per_room)
    }

    pub(crate) fn most_viewers(&self, limits: &Limits) -> usize {
        self.limits.viewers.unwrap_or(limits.viewers_per_room)
    }

    pub(crate) fn settings(&self, limits: &Limits) -> RoomSettings {
        RoomSettings {
            publish_bitrate: self.limits.publish_bitrate.or(limits.publish_bitrate),
            data_bytes: limits.data_bytes,
            data_bytes_per_second: limits.data_bytes_per_second,
            video_slots: limits.video_slots,
            audio_slots: limits.audio_slots,
            mix: self.mix.as_ref().map(|mix| mix.spec.clone()),
        }
    }

    /// What a leg of this bearer may.
    pub(crate) fn profile(&self, limits: &Limits, grant: &Grant) -> LegProfile {
        LegProfile {
            subscribes: grant.may_subscribe(),
            hears: self.usually_hears(grant),
            follows: None,
            sends_data: grant.may_send_data(),
            publish_bitrate: self.limits.publish_bitrate.or(limits.publish_bitrate),
            receive_bitrate: self.limits.receive_bitrate.or(limits.receive_bitrate),
        }
    }

    /// What comes unasked to who came with this grant.
    pub(crate) fn usually_hears(&self, grant: &Grant) -> Hears {
        match &self.mix {
            _ if !grant.may_subscribe() => Hears::Nothing,
            Some(mix) if mix.is_usual => Hears::Mix,
            _ => Hears::Tracks,
        }
    }
}
