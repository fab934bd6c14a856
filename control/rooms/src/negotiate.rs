//! Offers to the server: of a connection that it knows they are the worker's to answer; of a new one (the page was reloaded,
//! the old leg died) they make a fresh leg in place of the old.

use std::sync::Arc;
use std::time::Duration;

use crosspoint_model::signal::{Negotiation, Publish, ServerMessage, SessionDescription};
use crosspoint_model::{Code, Grant, Identity, LegKey, Refusal, RoomKind, TrackKey, TrackView};
use crosspoint_worker::engine::{LegProfile, Order, TrackSpec};
use tokio::time::Instant;

use crate::Rooms;
use crate::events::RoomEvent;
use crate::leg::{Leg, Pending, Reply, slot_views};
use crate::media::{Arrival, Offered};
use crate::offer::{OfferMark, check_offer, media_lines};
use crate::participant::{Core, Participant};
use crate::presence::Pace;
use crate::room::{Room, State, Track};
use crate::tracks::{Plan, Publisher};

/// A worker that has not answered an offer for so long will not any more.
const UNANSWERED: Duration = Duration::from_secs(10);

/// A connection that was accepted and checked, about to become a leg.
pub(crate) struct Entrance {
    pub(crate) offered: Offered,
    pub(crate) plan: Plan,
    pub(crate) mark: OfferMark,
    pub(crate) profile: LegProfile,
}

impl Rooms {
    pub(crate) fn handle_offer(
        &self,
        core: &Arc<Core>,
        negotiation: Negotiation,
        request: Option<u64>,
    ) -> Result<(), Refusal> {
        if core.room().kind == RoomKind::Mesh {
            return self.relay_offer(core, negotiation);
        }
        let offer: SessionDescription = serde_json::from_value(negotiation.data).map_err(|error| {
            Refusal::new(Code::InvalidSdp, format!("data is not an RTCSessionDescription: {error}"))
        })?;
        check_offer(&offer.kind, &offer.sdp, self.inner.options.limits.sdp_bytes)?;
        core.within(|_, state| {
            let me = state.participants.get_mut(&core.identity);
            if me.is_some_and(|me| !me.offers.spend(1, Instant::now())) {
                return Err(Refusal::new(Code::RateLimited, "too many offers; wait for a moment before the next one"));
            }
            Ok(())
        })?;
        self.negotiate(core, &offer.sdp, negotiation.publish.as_deref(), Reply::Session(request))
    }

    pub(crate) fn handle_answer(&self, core: &Arc<Core>, negotiation: Negotiation) -> Result<(), Refusal> {
        if core.room().kind == RoomKind::Mesh {
            return self.relay_answer(core, negotiation);
        }
        Err(Refusal::new(Code::NegotiationConflict, "the server made no offer that could be answered"))
    }

    pub(crate) fn handle_candidate(&self, core: &Arc<Core>, negotiation: Negotiation) -> Result<(), Refusal> {
        if core.room().kind == RoomKind::Mesh {
            return self.relay_candidate(core, negotiation);
        }
        // `RTCIceCandidateInit.candidate` (W3C WebRTC §4.8.2); null or empty: that was the last one.
        let text = match negotiation.data.get("candidate") {
            Some(serde_json::Value::String(text)) => text.trim(),
            None if !negotiation.data.is_null() => {
                return Err(Refusal::new(
                    Code::InvalidCandidate,
                    "data is not an RTCIceCandidate: it has no candidate",
                ));
            }
            _ => "",
        };
        if text.is_empty() {
            return Ok(());
        }
        core.within(|_, state| {
            let leg = state.participants.get(&core.identity).and_then(|participant| participant.leg.as_ref());
            let leg =
                leg.ok_or_else(|| Refusal::new(Code::NegotiationConflict, "a candidate came before any offer"))?;
            self.order_leg(leg.key, Order::AddCandidate { leg: leg.key, candidate: text.to_owned() });
            Ok(())
        })
    }

    /// Answers an offer of a session, at once or when the worker has.
    pub(crate) fn negotiate(
        &self,
        core: &Arc<Core>,
        offer: &str,
        publish: Option<&[Publish]>,
        reply: Reply,
    ) -> Result<(), Refusal> {
        let mark = OfferMark::of(offer);
        let who = &core.identity;
        let step = core.within(|room, state| {
            let leg = state.participants.get(who).and_then(|participant| participant.leg.as_ref());
            match leg.filter(|leg| leg.mark.is_same_connection(&mark)).map(|leg| leg.key) {
                Some(leg) => self.ask_worker(state, leg, offer, mark.clone(), publish, reply).map(|()| None),
                None => Ok(Some((room.worker, reply))),
            }
        })?;
        let Some((mut worker, reply)) = step else { return Ok(()) };
        let mut reply = Some(reply);
        loop {
            let offered = Arc::clone(&self.inner.media).accept(worker, offer)?;
            let now_at = core.within(|room, state| {
                if room.worker == worker
                    && let Some(reply) = reply.take()
                {
                    self.admit_offered(room, state, who, publish, offered, mark.clone(), reply)?;
                }
                Ok(room.worker)
            })?;
            // A new connection is built where its room is. Moved to another worker meanwhile: built again, there.
            if now_at == worker {
                return Ok(());
            }
            worker = now_at;
        }
    }

    /// A new connection of somebody was accepted: makes the leg, and answers.
    #[expect(clippy::too_many_arguments, reason = "each is another part of one offer")]
    fn admit_offered(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        who: &Identity,
        publish: Option<&[Publish]>,
        offered: Offered,
        mark: OfferMark,
        reply: Reply,
    ) -> Result<(), Refusal> {
        let Some(participant) = state.participants.get(who) else { return Ok(()) };
        let (grant, hidden) = (participant.bearer.grant.clone(), participant.hidden);
        let publish = Some(publish.unwrap_or_default());
        let entrance = self.plan_entrance(state, who, &grant, hidden, publish, offered, mark)?;
        let answer = entrance.offered.answer.clone();
        let added = self.install_leg(room, state, who, entrance);
        if let Some(participant) = state.participants.get(who) {
            deliver(room, participant, reply, Ok(answer));
        }
        self.announce(room, state, added, None);
        Ok(())
    }

    /// Checks what an accepted connection is to publish.
    #[expect(clippy::too_many_arguments, reason = "each is another fact about one newcomer")]
    pub(crate) fn plan_entrance(
        &self,
        state: &State,
        identity: &Identity,
        grant: &Grant,
        hidden: bool,
        publish: Option<&[Publish]>,
        offered: Offered,
        mark: OfferMark,
    ) -> Result<Entrance, Refusal> {
        let limits = &self.inner.options.limits;
        let publisher = Publisher { identity, grant, hidden, leg: None };
        let next = || self.inner.registry.next_track();
        let plan = Plan::new(state, &publisher, publish, &offered.lines, limits, next)?;
        let profile = state.profile(limits, grant);
        Ok(Entrance { offered, plan, mark, profile })
    }

    /// Makes the leg of a participant, in place of the one it may have had. The new tracks come back.
    pub(crate) fn install_leg(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        who: &Identity,
        entrance: Entrance,
    ) -> Vec<TrackView> {
        let Entrance { offered, plan, mark, mut profile } = entrance;
        if let Some(before) = state.participants.get_mut(who).and_then(|participant| participant.leg.take()) {
            self.drop_leg(room, state, before, true);
        }
        if let Some(participant) = state.participants.get(who) {
            profile.hears = state.hears(participant).hears;
        }
        let key = LegKey(self.inner.registry.next_key());
        let arrival = Arrival { leg: key, room: room.key, identity: who.clone(), publish: plan.specs, profile };
        self.inner.registry.place_leg(key, room);
        (offered.admit)(arrival);
        state.owners.insert(key, who.clone());
        for view in &plan.added {
            state.tracks.insert(view.track_id.0, Track { leg: key, view: view.clone() });
        }
        if let Some(participant) = state.participants.get_mut(who) {
            participant.leg = Some(Leg::new(key, mark, &offered.lines));
        }
        let is_kept = state.is_kept_from_sound(room, who);
        if let Some(participant) = state.participants.get(who) {
            let comes = |track: &TrackKey| !(is_kept && state.is_sound(*track));
            for (track, preference) in participant.subscriptions.iter().filter(|(track, _)| comes(track)) {
                let order = Order::Subscribe { leg: key, track: *track, preference: preference.clone() };
                self.order_leg(key, order);
            }
        }
        self.equip_leg(state, who);
        plan.added
    }

    /// Tells the room of new tracks.
    pub(crate) fn announce(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        added: Vec<TrackView>,
        except: Option<&Identity>,
    ) {
        for track in added {
            room.tell_others(state, except, &ServerMessage::Published { track: track.clone() }, Pace::Batched);
            self.emit(|| RoomEvent::TrackPublished { room: room.id.clone(), track });
        }
    }

    /// An order about a leg, or about a track of it: to the worker that has its transport, wherever its room is.
    pub(crate) fn order_leg(&self, leg: LegKey, order: Order) {
        if let Some(home) = self.inner.registry.leg_home(leg) {
            self.inner.media.order(home, order);
        }
    }

    /// Gives the worker a later offer of a leg.
    fn ask_worker(
        &self,
        state: &mut State,
        leg: LegKey,
        offer: &str,
        mark: OfferMark,
        publish: Option<&[Publish]>,
        reply: Reply,
    ) -> Result<(), Refusal> {
        let Some(participant) = state.owners.get(&leg).and_then(|who| state.participants.get(who)) else {
            return Err(Refusal::new(Code::SessionNotFound, "this connection has ended"));
        };
        let publisher = Publisher {
            identity: &participant.view.user_id,
            grant: &participant.bearer.grant,
            hidden: participant.hidden,
            leg: Some(leg),
        };
        let lines = media_lines(offer);
        let next = || self.inner.registry.next_track();
        let plan = Plan::new(state, &publisher, publish, &lines, &self.inner.options.limits, next)?;
        self.order_negotiation(state, leg, offer, Pending { since: Instant::now(), reply, plan, mark, lines })
    }

    /// The same for legs of every kind.
    pub(crate) fn order_negotiation(
        &self,
        state: &mut State,
        leg: LegKey,
        offer: &str,
        pending: Pending,
    ) -> Result<(), Refusal> {
        let Some(leg) = state.leg_mut(leg) else {
            return Err(Refusal::new(Code::SessionNotFound, "this connection has ended"));
        };
        if leg.pending.as_ref().is_some_and(|(_, before)| pending.since.duration_since(before.since) < UNANSWERED) {
            return Err(Refusal::new(Code::NegotiationConflict, "the offer before this one is still being answered"));
        }
        let request = self.inner.registry.next_key();
        let publish: Vec<TrackSpec> = pending.plan.specs.clone();
        leg.pending = Some((request, pending));
        let order = Order::Negotiate { leg: leg.key, request, offer: offer.to_owned(), publish };
        self.order_leg(leg.key, order);
        Ok(())
    }

    /// The worker has answered: what the offer asked for becomes true.
    pub(crate) fn answered(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        key: LegKey,
        request: u64,
        result: Result<String, Refusal>,
    ) {
        let Some(leg) = state.leg_mut(key) else { return };
        let Some((_, pending)) = leg.pending.take_if(|(number, _)| *number == request) else { return };
        let Pending { reply, plan, mark, lines, .. } = pending;
        if result.is_ok() {
            leg.mark = mark;
            leg.set_lines(&lines);
        }
        let succeeded = result.is_ok();
        let owner = state.owners.get(&key).cloned();
        match owner.as_ref().and_then(|who| state.participants.get(who)) {
            Some(participant) => deliver(room, participant, reply, result),
            None => deliver_to_caller(reply, result),
        }
        if succeeded && owner.is_some() {
            self.carry_out_plan(room, state, key, plan);
        }
    }

    fn carry_out_plan(&self, room: &Arc<Room>, state: &mut State, leg: LegKey, plan: Plan) {
        for track in plan.removed {
            self.unpublish(room, state, track);
        }
        let mut added = plan.added;
        for view in &mut added {
            let held = state.holds.get(&view.user_id).is_some_and(|holds| holds.holds(view.source));
            // An admin may have decided while the worker answered.
            if held != view.held {
                view.held = held;
                let order = Order::SetFlags { track: view.track_id.0, muted: view.muted, held };
                self.order_leg(leg, order);
            }
            state.tracks.insert(view.track_id.0, Track { leg, view: view.clone() });
        }
        self.announce(room, state, added, None);
        for (track, muted) in plan.muted {
            self.set_muted(room, state, track, muted);
        }
    }
}

/// Gives an answer, or the refusal, to who waits for it; then what is in the slots.
fn deliver(room: &Room, participant: &Participant, reply: Reply, result: Result<String, Refusal>) {
    let Reply::Session(request) = reply else { return deliver_to_caller(reply, result) };
    match result {
        Ok(sdp) => {
            let data = serde_json::json!({ "type": "answer", "sdp": sdp });
            let negotiation = Negotiation {
                room_id: Some(room.id.to_string()),
                user_id: None,
                target_user_id: None,
                data,
                publish: None,
            };
            participant.reply(&ServerMessage::Answer(negotiation), request);
        }
        Err(Refusal { code, detail }) => {
            let error = ServerMessage::Error { code, message: detail, docs: code.docs() };
            participant.reply(&error, request);
        }
    }
}

fn deliver_to_caller(reply: Reply, result: Result<String, Refusal>) {
    if let Reply::Caller(caller) = reply {
        // The caller may have given up.
        let _ = caller.send(result);
    }
}

/// Tells the owner of a leg what is in these slots.
pub(crate) fn tell_slots(state: &State, who: &Identity, changed: &[crosspoint_worker::engine::SlotState]) {
    if let Some(participant) = state.participants.get(who) {
        participant.tell(&ServerMessage::Slots { slots: slot_views(changed, state) });
    }
}
