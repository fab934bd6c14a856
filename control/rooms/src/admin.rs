//! What operators do. Doors check that the caller may before they call these.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crosspoint_model::secret::Secret;
use crosspoint_model::{Code, Identity, Refusal, RoomId, RoomKind, Source, TrackId};
use crosspoint_worker::engine::Order;
use tokio::sync::broadcast;

use crate::Rooms;
use crate::events::RoomEvent;
use crate::flags::someone;
use crate::quality::stats;
use crate::registry::Report;
use crate::room::{Room, State};
use crate::views::{CreateRoom, ParticipantView, RoomDescription, RoomSummary, Totals, TrackStats, UpdateRoom};

/// So long a worker has for its report.
const REPORT: Duration = Duration::from_secs(1);

impl Rooms {
    /// Every room, by name.
    pub fn list(&self) -> Vec<RoomSummary> {
        self.inner.registry.all_rooms().iter().map(|room| room.summary(&room.lock())).collect()
    }

    /// One room in full; asks its worker for the tracks' figures.
    pub async fn describe(&self, room: &RoomId) -> Result<RoomDescription, Refusal> {
        let room = self.known(room)?;
        let report = self.report(room.worker).await;
        Ok(description(&room, &room.lock(), &report))
    }

    /// Makes a room. `room-exists` when there is one of this name.
    pub fn create(&self, request: CreateRoom) -> Result<RoomSummary, Refusal> {
        let CreateRoom { room_id, kind, metadata, locked, pin, mix, limits } = request;
        self.check_metadata(&metadata)?;
        let kind = kind.unwrap_or(RoomKind::Forward);
        let mix = mix.map(|settings| self.new_mix(kind, settings)).transpose()?;
        let pin = pin.filter(|pin| !pin.is_empty()).map(Secret::new);
        let state = State { locked, pin, metadata, limits, mix, ..State::default() };
        match self.make_room(RoomId::parse(&room_id)?, kind, None, state)? {
            (room, true) => Ok(room.summary(&room.lock())),
            (_, false) => Err(Refusal::new(Code::RoomExists, format!("there is a room {room_id:?} already"))),
        }
    }

    /// Changes a room. Bitrate limits hold for connections made from then on.
    pub fn update(&self, room: &RoomId, change: UpdateRoom) -> Result<RoomSummary, Refusal> {
        let UpdateRoom { metadata, locked, pin, mix, limits } = change;
        if let Some(metadata) = &metadata {
            self.check_metadata(metadata)?;
        }
        let room = self.known(room)?;
        let mut state = room.lock();
        if let Some(settings) = mix {
            self.set_mix(&room, &mut state, settings)?;
        }
        state.metadata = metadata.unwrap_or(std::mem::take(&mut state.metadata));
        state.locked = locked.unwrap_or(state.locked);
        if let Some(pin) = pin {
            state.pin = Some(pin).filter(|pin| !pin.is_empty()).map(Secret::new);
        }
        if let Some(limits) = limits {
            state.limits = limits;
        }
        Ok(room.summary(&state))
    }

    /// Ends a room: everybody is told, every socket is closed.
    pub fn close(&self, room: &RoomId, reason: &str) -> Result<(), Refusal> {
        let room = self.known(room)?;
        self.close_by_will(&room, reason);
        Ok(())
    }

    /// Puts somebody out, until their token expires.
    pub fn kick(&self, room: &RoomId, who: &Identity, reason: &str) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        self.kick_from(&room, &mut state, &who, reason);
        Ok(())
    }

    /// Sets somebody's mute flag: of one track, or of a source, or of all.
    pub fn mute(
        &self,
        room: &RoomId,
        who: &Identity,
        track: Option<TrackId>,
        source: Option<Source>,
        muted: bool,
    ) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        self.mute_in(&room, &mut state, &who, track, source, muted)
    }

    /// Sets the room's flag on somebody's tracks of a source, or on all of them, those to come included.
    pub fn hold(&self, room: &RoomId, who: &Identity, source: Option<Source>, held: bool) -> Result<(), Refusal> {
        let room = self.known(room)?;
        let mut state = room.lock();
        let who = someone(&state, who.as_str())?;
        self.hold_in(&room, &mut state, &who, source, held);
        Ok(())
    }

    /// Moves somebody to another room, which is made if there is none. `held`: what of it is held on
    /// arrival, all or nothing; none: as the other room has it.
    pub fn move_to(&self, room: &RoomId, who: &Identity, to: &RoomId, held: Option<bool>) -> Result<(), Refusal> {
        let room = self.known(room)?;
        self.move_between(&room, who, to, held)
    }

    /// The whole server in numbers.
    pub fn totals(&self) -> Totals {
        let inner = &self.inner;
        let mut totals = Totals {
            waiting_sessions: inner.registry.waiting_sessions(),
            joins: inner.joins.load(Ordering::Relaxed),
            resumes: inner.resumes.load(Ordering::Relaxed),
            refusals: inner.refusals.all(),
            broken_rooms: inner.broken_rooms.load(Ordering::Relaxed),
            facts_lost: inner.facts_lost.load(Ordering::Relaxed),
            workers: inner.registry.worker_totals(),
            draining: self.is_draining(),
            ..Totals::default()
        };
        for (index, worker) in totals.workers.iter_mut().enumerate() {
            worker.traffic = inner.media.traffic(index);
        }
        for room in inner.registry.all_rooms() {
            let state = room.lock();
            let summary = room.summary(&state);
            totals.rooms += 1;
            totals.participants += summary.participants;
            totals.viewers += summary.viewers;
            totals.tracks += summary.tracks;
            totals.bitrate_in += summary.bitrate_in;
            totals.bitrate_out += summary.bitrate_out;
            totals.aes_cm_legs += state.legs().filter(|leg| leg.report.as_ref().is_some_and(|r| r.aes_cm)).count();
        }
        totals
    }

    /// What happens from now on. A reader that is too slow misses events and is told so by the channel.
    pub fn subscribe_events(&self) -> broadcast::Receiver<RoomEvent> {
        self.inner.events.subscribe()
    }

    pub(crate) fn known(&self, room: &RoomId) -> Result<Arc<Room>, Refusal> {
        let missing = || Refusal::new(Code::RoomNotFound, format!("there is no room {room:?}"));
        self.inner.registry.room(room).ok_or_else(missing)
    }

    fn check_metadata(&self, metadata: &str) -> Result<(), Refusal> {
        let most = self.inner.options.limits.metadata_bytes;
        if metadata.len() > most {
            return Err(Refusal::new(Code::MessageTooLarge, format!("metadata is longer than {most} bytes")));
        }
        Ok(())
    }

    /// What a worker says of its legs and tracks; nothing, if it does not in time.
    async fn report(&self, worker: usize) -> Report {
        let (request, receiver) = self.inner.registry.expect_report();
        self.inner.media.order(worker, Order::Report { request });
        if let Ok(Ok(report)) = tokio::time::timeout(REPORT, receiver).await {
            return report;
        }
        self.inner.registry.forget_report(request);
        Report::default()
    }
}

fn description(room: &Room, state: &State, (legs, tracks): &Report) -> RoomDescription {
    let users = state.participants.values().map(|participant| {
        let leg = participant.leg.as_ref();
        let fresh = leg.and_then(|leg| legs.iter().find(|report| report.leg == leg.key));
        let report = fresh.or_else(|| leg.and_then(|leg| leg.report.as_ref()));
        ParticipantView {
            user: participant.view.clone(),
            hidden: participant.hidden,
            connected: participant.is_connected(),
            media: leg.is_some(),
            voice: state.voice_of(&participant.view.user_id),
            listening: state.hears(participant).into(),
            talks_to: participant.talks_to.as_ref().map(ToString::to_string),
            stats: report.map(stats),
        }
    });
    let published = state.tracks.iter().map(|(key, track)| {
        let report = tracks.iter().find(|report| report.track == *key);
        TrackStats {
            track: track.view.clone(),
            codec: report.and_then(|report| report.codec).map(str::to_owned),
            bitrate: report.map_or(0.0, |report| report.bitrate),
            receiving: report.map(|report| report.layers.clone()).unwrap_or_default(),
            subscribers: report.map_or(0, |report| report.subscribers),
        }
    });
    RoomDescription {
        summary: room.summary(state),
        limits: state.limits.clone(),
        users: users.collect(),
        published: published.collect(),
    }
}
