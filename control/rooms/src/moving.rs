//! Moving somebody to another room, on the same worker or on another one. The transport stays where it is: its tracks go along,
//! its subscriptions end.

use std::sync::Arc;

use crosspoint_model::signal::ServerMessage;
use crosspoint_model::{Code, Identity, Refusal, RoomId, RoomKind, TrackKey};
use crosspoint_worker::engine::Order;

use crate::Rooms;
use crate::departure::Departure;
use crate::events::RoomEvent;
use crate::lock::lock;
use crate::participant::{Participant, Presence};
use crate::presence::Pace;
use crate::room::{Room, State, Track};
use crate::talkback::tell_talkbacks;

impl Rooms {
    /// Moves a participant. `held`: what of it is held on arrival, all or nothing; none: as the other room has it.
    pub(crate) fn move_between(
        &self,
        from: &Arc<Room>,
        who: &Identity,
        to: &RoomId,
        held: Option<bool>,
    ) -> Result<(), Refusal> {
        if from.id == *to {
            return Err(unavailable(format!("{who:?} is in {to:?} already")));
        }
        let there = match self.inner.registry.room(to) {
            Some(room) => room,
            None => {
                let worker = self.inner.registry.worker_near(self.home_of(from, who));
                self.make_room(to.clone(), from.kind, Some(worker), State::default())?.0
            }
        };
        // In a mesh room there is no connection to the server that could be taken along.
        if (there.kind == RoomKind::Mesh) != (from.kind == RoomKind::Mesh) {
            let (here, there) = (from.kind.as_str(), there.kind.as_str());
            return Err(unavailable(format!("{to:?} is a {there} room and {:?} a {here} one", from.id)));
        }
        // Locked in the order of their keys, so that two moves that cross do not wait for each other.
        let (mut source, mut target);
        if from.key < there.key {
            source = from.lock();
            target = there.lock();
        } else {
            target = there.lock();
            source = from.lock();
        }
        self.check_move(&source, &there, &target, who)?;
        self.transfer(from, &mut source, &there, &mut target, who, held);
        drop((source, target));
        tracing::info!(participant = %who, from = %from.id, to = %to, "participant moved");
        Ok(())
    }

    /// The worker that has somebody's connection; without one, the room's.
    fn home_of(&self, room: &Room, who: &Identity) -> usize {
        let state = room.lock();
        let leg = state.participants.get(who).and_then(|participant| participant.leg.as_ref());
        leg.and_then(|leg| self.inner.registry.leg_home(leg.key)).unwrap_or(room.worker)
    }

    fn check_move(&self, source: &State, there: &Room, target: &State, who: &Identity) -> Result<(), Refusal> {
        let Some(participant) = source.participants.get(who) else {
            return Err(Refusal::new(Code::ParticipantNotFound, format!("{who:?} is not in the room")));
        };
        if there.is_closed() {
            return Err(unavailable("the other room was closed just now"));
        }
        if target.participants.contains_key(who) {
            return Err(unavailable(format!("somebody is {who:?} in the other room already")));
        }
        let sub = &participant.bearer.identity;
        if target.kicked.get(sub).is_some_and(|until| *until > crate::now_seconds()) {
            return Err(unavailable(format!("{who:?} was put out of the other room")));
        }
        let most = target.most_participants(&self.inner.options.limits);
        if target.attending() >= most {
            let detail = format!("the other room has {most} participants, as many as it may");
            return Err(Refusal::new(Code::RoomFull, detail));
        }
        Ok(())
    }

    fn transfer(
        &self,
        from: &Arc<Room>,
        source: &mut State,
        there: &Arc<Room>,
        target: &mut State,
        who: &Identity,
        held: Option<bool>,
    ) {
        let mut tracks: Vec<_> = source.tracks_of(who).map(|(key, track)| (key, track.clone())).collect();
        let Some(mut participant) = source.participants.remove(who) else { return };
        if let Some(held) = held {
            target.remember_hold(who, None, held);
        }
        for (key, _) in &tracks {
            self.unpublish(from, source, *key);
        }
        self.say_goodbye(from, source, &participant, Departure::Moved);
        self.watch_levels(from, source);
        // What one hears is the room's to say; how one sounds goes along.
        source.listening.remove(who);
        target.listening.remove(who);
        let voice = source.voices.remove(who).unwrap_or_default();
        self.close_if_stays_empty(from, source);

        participant.subscriptions.clear();
        if let Some(leg) = &mut participant.leg {
            source.owners.remove(&leg.key);
            target.owners.insert(leg.key, who.clone());
            leg.empty_slots();
            // An offer that is being answered goes along: its tracks have the same keys there.
            self.inner.registry.move_leg(leg.key, there);
            if leg.is_plain {
                // Only mesh rooms refuse, and whoever is in one has no leg.
                let _ = self.ensure_mix(there, target);
            }
            // What is held there is held before it comes, and what is free there is not set free before: in neither room is
            // anything heard for a moment that must not be.
            self.set_holds(target, who, &mut tracks, true);
            self.order_leg(leg.key, Order::MoveLeg { leg: leg.key, to: there.key, worker: there.worker });
            if leg.is_plain {
                self.inner.registry.rehome_leg(leg.key, there.worker);
            }
            self.set_holds(target, who, &mut tracks, false);
        }
        self.talk_to_all(&mut participant);
        self.set_place(&participant, there);
        participant.tell(&ServerMessage::Moved { room_id: there.id.to_string() });
        self.introduce(there, target, participant, None);
        self.settle_in(there, target, who, voice);
        self.bring_tracks(there, target, who, tracks);
        let arrived = target.participants.get(who);
        if let Some(Participant { presence: Presence::Socket(core), .. }) = arrived {
            let joined = self.joined(there, target, core, None, true);
            if let Some(participant) = arrived {
                participant.tell(&ServerMessage::Joined(Box::new(joined)));
            }
            tell_talkbacks(target, core);
        }
    }

    /// A session follows, and who comes back with the old room's token is let in there.
    fn set_place(&self, participant: &Participant, there: &Arc<Room>) {
        if let Presence::Socket(core) = &participant.presence {
            *lock(&core.place) = Arc::clone(there);
        }
        if !participant.is_service {
            let (home, who) = (participant.presence.home(), &participant.view.user_id);
            self.inner.registry.set_placement(home, who, &there.id);
        }
    }

    /// Holds those of somebody's tracks that are held in the other room, or frees those that are not.
    fn set_holds(&self, target: &State, who: &Identity, tracks: &mut [(TrackKey, Track)], held: bool) {
        let holds = |track: &Track| target.holds.get(who).is_some_and(|holds| holds.holds(track.view.source));
        for (key, track) in tracks.iter_mut().filter(|(_, track)| track.view.held != held && holds(track) == held) {
            track.view.held = held;
            self.order_leg(track.leg, Order::SetFlags { track: *key, muted: track.view.muted, held });
        }
    }

    fn bring_tracks(&self, there: &Arc<Room>, target: &mut State, who: &Identity, tracks: Vec<(TrackKey, Track)>) {
        for (key, track) in tracks {
            let view = track.view.clone();
            target.tracks.insert(key, track);
            let message = ServerMessage::Published { track: view.clone() };
            there.tell_others(target, Some(who), &message, Pace::Batched);
            self.emit(|| RoomEvent::TrackPublished { room: there.id.clone(), track: view });
        }
    }
}

fn unavailable(detail: impl Into<String>) -> Refusal {
    Refusal::new(Code::MoveUnavailable, detail)
}
