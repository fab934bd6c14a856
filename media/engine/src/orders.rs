//! What each order does.

use std::time::Instant;

use crosspoint_model::{Code, LegKey, MediaKind, Refusal, RoomKey, TrackKey};

use crate::engine::Engine;
use crate::fact::{Fact, LegEnd};
use crate::guard::guard;
use crate::leg::Leg;
use crate::order::{NewLeg, Order, TrackSpec};
use crate::relay::Up;
use crate::rooms::RoomEntry;
use crate::seat::Member;

impl Engine {
    /// Carries out an order.
    pub fn handle_order(&mut self, order: Order, now: Instant) {
        let Some(order) = self.keep_if_early(order) else { return };
        match order {
            Order::OpenRoom { room, settings } => {
                let mix = settings.mix.clone();
                self.rooms.insert(room, RoomEntry::new(room, settings));
                self.replace_mix(room, mix, now);
            }
            Order::CloseRoom { room } => self.close_room(room, now),
            Order::AddLeg(new) => self.add_leg(*new, now),
            Order::Negotiate { leg, request, offer, publish } => self.negotiate(leg, request, &offer, publish, now),
            Order::AddCandidate { leg, candidate } => self.add_candidate(leg, &candidate),
            Order::RemoveLeg { leg } => {
                if let Some(index) = self.plain_of(leg) {
                    self.remove_plain(index, now);
                }
                if let Some(index) = self.index_of(leg) {
                    self.say_goodbye(index, now);
                    self.remove_leg(index, now);
                }
            }
            Order::MoveLeg { leg, to, worker } => self.move_leg(leg, to, worker, now),
            Order::Subscribe { leg, track, .. }
            | Order::Unsubscribe { leg, track }
            | Order::Prefer { leg, track, .. } => self.wish(leg, track, order, now),
            Order::SetFlags { track, muted, held } => self.set_flags(track, muted, held, now),
            Order::SetMix { room, mix } => self.set_mix(room, mix, now),
            Order::SetVoice { leg, settings } => self.set_voice(leg, settings),
            Order::Listen { leg, listening } => self.listen(leg, listening, now),
            Order::Talk { leg, to } => self.talk(leg, to, now),
            Order::WatchLevels { room, watch } => self.watch_levels(room, watch),
            Order::AddPcm(new) => self.add_plain(*new, now),
            Order::SendData { leg, reliable, message } => {
                if let Some(index) = self.index_of(leg) {
                    self.send_data(index, reliable, message, now);
                }
            }
            #[cfg(feature = "faults")]
            Order::Fault { leg, written_to } => self.fail(leg, written_to, now),
            Order::Report { request } => self.report(request, now),
        }
    }

    fn add_leg(&mut self, new: NewLeg, now: Instant) {
        let (key, room) = (new.leg, new.room);
        if !self.rooms.contains_key(&room) {
            // The room was closed while the leg was being built.
            self.out.facts.push(Fact::Ended { leg: key, end: LegEnd::RoomClosed });
            return;
        }
        let made = guard(|| {
            let mut leg = Leg::new(new, now);
            let ufrag = leg.transport.local_ufrag();
            (leg, ufrag)
        });
        let Some((leg, ufrag)) = made else {
            self.out.facts.push(Fact::Ended { leg: key, end: LegEnd::Broke });
            return;
        };
        let index = self.legs.insert(leg);
        self.by_key.insert(key, index);
        self.routes.name(index, &ufrag);
        self.enter_room(index, room, self.worker, None, now);
        self.mark_dirty(index);
    }

    fn negotiate(&mut self, leg: LegKey, request: u64, offer: &str, publish: Vec<TrackSpec>, now: Instant) {
        let Some(index) = self.index_of(leg) else {
            let gone = Refusal::new(Code::SessionNotFound, "the media connection has ended: offer a new one");
            self.out.facts.push(Fact::Answer { leg, request, result: Err(gone) });
            return;
        };
        let transport = &mut self.legs[index].transport;
        let negotiated = guard(|| {
            transport.negotiate(offer).map(|(answer, restarts)| (answer, restarts.then(|| transport.local_ufrag())))
        });
        let Some(result) = negotiated else {
            let broke = Refusal::new(Code::Internal, "the media connection failed on this offer: offer a new one");
            self.out.facts.push(Fact::Answer { leg, request, result: Err(broke) });
            return self.end_leg(index, LegEnd::Broke, now);
        };
        let result = result.map(|(answer, restarted)| {
            if let Some(ufrag) = restarted {
                self.routes.name(index, &ufrag);
            }
            self.renegotiated(index, publish, now);
            answer
        });
        self.out.facts.push(Fact::Answer { leg, request, result });
        self.mark_dirty(index);
    }

    fn add_candidate(&mut self, leg: LegKey, candidate: &str) {
        let Some(index) = self.index_of(leg) else { return };
        self.with_leg(index, |leg| {
            // A candidate that cannot be read (an mDNS name, say) costs nothing: ICE-lite learns addresses from checks.
            if let Err(refusal) = leg.transport.add_candidate(candidate) {
                tracing::debug!(%refusal, "a candidate was not taken");
            }
        });
    }

    /// After a move: what the other room did not want, this one may. It counts anew from all being wanted.
    pub(crate) fn want_every_layer(&mut self, member: Member) {
        let Some(seat) = self.seat(member).filter(|seat| self.rooms.contains_key(&seat.room)) else { return };
        let (leg, cameras) = (seat.key, seat.publish.iter().filter(|spec| spec.kind == MediaKind::Video));
        let wanted = |spec: &TrackSpec| Fact::Layers { leg, track: spec.track, unwanted: Vec::new() };
        let facts: Vec<Fact> = cameras.map(wanted).collect();
        self.out.facts.extend(facts);
    }

    fn set_flags(&mut self, track: TrackKey, muted: bool, held: bool, now: Instant) {
        let Some(&owner) = self.tracks.get(&track) else { return };
        let Some(seat) = self.seat_mut(owner) else { return };
        if let Some(spec) = seat.publish.iter_mut().find(|spec| spec.track == track) {
            (spec.muted, spec.held) = (muted, held);
        }
        if let Member::Leg(index) = owner {
            self.tell_host(index, Up::Order(Box::new(Order::SetFlags { track, muted, held })));
        }
        self.in_room_of(owner, |room, _| room.set_flags(track, muted, held, now));
        if let Some(room) = self.seat(owner).map(|seat| seat.room) {
            self.in_mix(room, |mixer| mixer.set_passes(track, !muted && !held, now));
        }
    }

    fn close_room(&mut self, room: RoomKey, now: Instant) {
        let Some(entry) = self.rooms.get(&room) else { return };
        let members = entry.members.clone();
        self.end_members(members, now);
        self.rooms.remove(&room);
    }

    fn report(&mut self, request: u64, now: Instant) {
        let legs = self.legs.iter().map(|(_, leg)| leg.report()).collect();
        let tracks = self.rooms.values_mut().flat_map(|room| room.track_reports(now)).collect();
        self.out.facts.push(Fact::Report { request, legs, tracks });
    }
}
