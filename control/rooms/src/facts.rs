//! What workers report, and what follows from it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use crosspoint_model::signal::{Quality, ServerMessage, Speaker, UserQuality, close};
use crosspoint_model::{LegKey, RoomKey, TrackId, TrackKey};
use crosspoint_worker::engine::{Fact, LegEnd, LegReport, SlotState};

use crate::departure::{Departure, Ending, connection_ended};
use crate::media::Facts;
use crate::negotiate::tell_slots;
use crate::outbox::body;
use crate::participant::{Participant, Presence};
use crate::room::{Room, State};
use crate::{Inner, Rooms, quality};

/// Connections whose grade changed, by room: told once per batch of facts.
type Grades = BTreeMap<RoomKey, (Arc<Room>, Vec<UserQuality>)>;

/// Reads facts until the rooms are gone.
pub(crate) async fn dispatch(inner: Weak<Inner>, mut facts: Facts) {
    while let Some((worker, batch)) = facts.0.recv().await {
        let Some(inner) = inner.upgrade() else { return };
        let rooms = Rooms { inner };
        let mut grades = Grades::new();
        for fact in batch {
            rooms.surviving(|| rooms.take_in(worker, fact, &mut grades));
        }
        for (room, users) in grades.into_values() {
            rooms.surviving(|| room.lock().tell_volatile(&ServerMessage::ConnectionQuality { users }));
        }
    }
}

impl Rooms {
    /// A panic costs the fact that it happened in, not all facts after it. Its state is sound as far as any lock's is
    /// after a panic: none is poisoned here.
    pub(crate) fn surviving(&self, act: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(act)).is_err() {
            let count = self.inner.facts_lost.fetch_add(1, Ordering::Relaxed) + 1;
            tracing::error!(count, "taking in what a worker reported panicked; the report is lost");
        }
    }

    fn take_in(&self, worker: usize, fact: Fact, grades: &mut Grades) {
        match fact {
            Fact::Connected { leg, tcp, remote } => {
                tracing::debug!(leg = leg.0, tcp, ?remote, "leg connected");
                self.regrade(leg, Quality::Excellent, grades);
            }
            Fact::Disconnected { leg } => {
                tracing::debug!(leg = leg.0, "leg lost its client");
                self.regrade(leg, Quality::Lost, grades);
            }
            Fact::Ended { leg, end } => self.leg_ended(leg, end),
            Fact::Answer { leg, request, result } => {
                self.at_leg(leg, |room, state| self.answered(room, state, leg, request, result));
            }
            Fact::Slots { leg, slots } => self.slots_changed(worker, leg, &slots),
            Fact::SlotsWanted { leg, count } => {
                let wanted = ServerMessage::SlotsWanted { audio: count.audio, video: count.video };
                self.tell_owner_in_room(worker, leg, &wanted);
            }
            Fact::Layers { leg, track, unwanted } => {
                self.tell_owner_in_room(worker, leg, &ServerMessage::Layers { track_id: TrackId(track), unwanted });
            }
            Fact::Speakers { room, speakers } => self.speakers_changed(room, &speakers),
            Fact::Levels { room, levels } => self.levels_changed(room, &levels),
            Fact::Stats { leg, report } => self.measured(leg, *report, grades),
            Fact::DataLost { leg, count } => self.tell_owner(leg, &ServerMessage::DataLost { count }),
            Fact::RoomBroke { room } => self.room_broke(room),
            Fact::Report { request, legs, tracks } => self.inner.registry.report(request, (legs, tracks)),
        }
    }

    /// Acts in the room where a leg is, if it is still in one.
    pub(crate) fn at_leg<R>(&self, leg: LegKey, act: impl FnOnce(&Arc<Room>, &mut State) -> R) -> Option<R> {
        loop {
            let room = self.inner.registry.leg_room(leg)?;
            let mut state = room.lock();
            // Moved between the look and the lock: look again.
            let still = self.inner.registry.leg_room(leg)?;
            if Arc::ptr_eq(&room, &still) {
                return Some(act(&room, &mut state));
            }
        }
    }

    fn tell_owner(&self, leg: LegKey, message: &ServerMessage) {
        self.at_leg(leg, |_, state| {
            if let Some(participant) = owner(state, leg) {
                participant.tell(message);
            }
        });
    }

    /// The same for what a room's worker says of those who are in it. From another one it is late: the leg has moved on.
    fn tell_owner_in_room(&self, worker: usize, leg: LegKey, message: &ServerMessage) {
        self.at_leg(leg, |room, state| {
            if let Some(participant) = owner(state, leg).filter(|_| room.worker == worker) {
                participant.tell(message);
            }
        });
    }

    fn slots_changed(&self, worker: usize, leg: LegKey, slots: &[SlotState]) {
        self.at_leg(leg, |room, state| {
            if room.worker != worker {
                return;
            }
            let Some(known) = state.leg_mut(leg) else { return };
            known.update_slots(slots);
            if let Some(who) = state.owners.get(&leg) {
                tell_slots(state, who, slots);
            }
        });
    }

    fn speakers_changed(&self, room: RoomKey, speakers: &[(TrackKey, f32)]) {
        let Some(room) = self.inner.registry.room_by_key(room) else { return };
        let mut state = room.lock();
        let speaker = |(track, level): &(TrackKey, f32)| {
            let user_id = state.owner(*track)?.to_string();
            Some(Speaker { user_id, track_id: TrackId(*track), level: *level })
        };
        let speakers: Vec<Speaker> = speakers.iter().filter_map(speaker).collect();
        state.speakers.clone_from(&speakers);
        state.tell_volatile(&ServerMessage::Speakers { speakers });
    }

    /// The leg is gone by itself. Who has a session stays and may offer anew; who came over HTTP is gone with it.
    fn leg_ended(&self, leg: LegKey, end: LegEnd) {
        tracing::debug!(leg = leg.0, ?end, "leg ended");
        self.at_leg(leg, |room, state| {
            let Some(who) = state.owners.get(&leg).cloned() else {
                self.remove_viewer(room, state, leg, false);
                return;
            };
            let Some(participant) = state.participants.get_mut(&who) else { return };
            let gone = participant.leg.take_if(|its| its.key == leg);
            let over_http = matches!(participant.presence, Presence::Http { .. });
            if let Some(gone) = gone {
                // Who closed it itself knows, and who waits for an answer is told as that is refused.
                if end != LegEnd::Closed && !gone.owes_session_an_answer() {
                    participant.tell(&connection_ended(""));
                }
                self.drop_leg(room, state, gone, false);
            }
            if over_http {
                let why = if end == LegEnd::Closed { Departure::Left } else { Departure::Disconnected };
                if let Some(gone) = self.remove(room, state, &who, why) {
                    self.finish(&gone, close::SILENT, why.as_str());
                }
            }
        });
    }

    fn measured(&self, leg: LegKey, report: LegReport, grades: &mut Grades) {
        let grade = quality::grade(&report);
        self.at_leg(leg, |_, state| {
            let Some(known) = state.leg_mut(leg) else { return };
            let warnings = known.warnings.update(&report);
            let stats = ServerMessage::Stats(Box::new(quality::stats(&report)));
            known.report = Some(report);
            if let Some(participant) = owner(state, leg) {
                participant.tell_volatile(&body(&stats));
                warnings.iter().for_each(|warning| participant.tell(warning));
            }
        });
        self.regrade(leg, grade, grades);
    }

    fn regrade(&self, leg: LegKey, quality: Quality, grades: &mut Grades) {
        self.at_leg(leg, |room, state| {
            let Some(who) = state.owners.get(&leg) else { return };
            let Some(participant) = state.participants.get_mut(who) else { return };
            if participant.quality == quality {
                return;
            }
            participant.quality = quality;
            if !participant.hidden {
                let (_, users) = grades.entry(room.key).or_insert_with(|| (Arc::clone(room), Vec::new()));
                users.push(UserQuality { user_id: who.to_string(), quality });
            }
        });
    }

    /// Everybody comes anew: their connections ended with the room's state on the worker.
    fn room_broke(&self, key: RoomKey) {
        let Some(room) = self.inner.registry.room_by_key(key) else { return };
        self.inner.broken_rooms.fetch_add(1, Ordering::Relaxed);
        tracing::warn!(room = %room.id, worker = room.worker, "the room's media state broke");
        let reason = "the room's media failed: join again";
        self.close_room(&room, &Ending { reason, code: close::RESTART, farewell: None, unused_since: None });
    }
}

fn owner(state: &State, leg: LegKey) -> Option<&Participant> {
    state.owners.get(&leg).and_then(|who| state.participants.get(who))
}
