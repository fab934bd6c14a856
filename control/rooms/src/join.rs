//! Coming in over signalling: authorise, place, build the connection and the answer on the caller's thread, then one order
//! to the worker. One round trip: the offer travels in `join`, the answer in `joined`.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{Join, Joined, PROTOCOL, Quality, ServerMessage, SessionDescription, close};
use crosspoint_model::{Code, Identity, Refusal, RoomId, RoomKind, TrackId, UserView};
use tokio::time::Instant;

use crate::admission::{Applicant, Destination, bearer_identity};
use crate::departure::Departure;
use crate::events::RoomEvent;
use crate::leg::slot_views;
use crate::listening::tell_listening;
use crate::media::Offered;
use crate::negotiate::Entrance;
use crate::offer::{OfferMark, check_offer};
use crate::outbox::{Outbox, body, frame};
use crate::participant::{Budget, Core, OneTask, Participant, Presence, offer_budget};
use crate::presence::Pace;
use crate::room::{Room, State};
use crate::session::{JoinRequest, Session};
use crate::talkback::tell_talkbacks;
use crate::{Rooms, now_millis};

/// A room that closes just when somebody comes is looked up again so often.
const ATTEMPTS: usize = 3;

/// The feature by which a client says that it resolves glare itself.
const PERFECT_NEGOTIATION: &str = "perfect-negotiation";
/// The feature by which a client asks for the levels of voices and buses.
const LEVELS: &str = "levels";

impl Rooms {
    /// Lets somebody in, or takes a dropped session up again. The first thing the session gives is `joined`.
    pub async fn join(&self, request: JoinRequest) -> Result<Session, Refusal> {
        let result = self.try_join(&request).await;
        match &result {
            Ok(session) => {
                let room = session.core.room();
                tracing::info!(room = %room.id, participant = %session.core.identity, address = ?request.address,
                    resumed = request.join.resume.is_some(), "participant joined");
            }
            Err(refusal) => {
                self.inner.refusals.count(refusal.code);
                tracing::debug!(room = %request.join.room_id, address = ?request.address, %refusal, "join refused");
            }
        }
        result
    }

    async fn try_join(&self, request: &JoinRequest) -> Result<Session, Refusal> {
        let JoinRequest { bearer, join, .. } = request;
        if join.protocol.is_some_and(|protocol| protocol != PROTOCOL) {
            let detail = format!("this server speaks version {PROTOCOL} of the protocol");
            return Err(Refusal::new(Code::ProtocolUnsupported, detail));
        }
        if join.user_id.as_ref().is_some_and(|user| *user != bearer.identity) {
            return Err(Refusal::new(Code::IdentityMismatch, "userId is not the identity (sub) of the token"));
        }
        let identity = bearer_identity(bearer)?;
        let asked = RoomId::parse(&join.room_id)?;
        if let Some(offer) = &join.offer {
            check_offer(&offer.kind, &offer.sdp, self.inner.options.limits.sdp_bytes)?;
        }
        match &join.resume {
            Some(token) => self.resume(request, token).await,
            None => self.enter(request, &identity, &asked),
        }
    }

    fn enter(&self, request: &JoinRequest, identity: &Identity, asked: &RoomId) -> Result<Session, Refusal> {
        let JoinRequest { bearer, join, .. } = request;
        let Destination { home, place } = self.destination(bearer, identity, asked)?;
        for _ in 0..ATTEMPTS {
            let (room, made) = self.room_for(&place, join, bearer)?;
            let entered = self.enter_room(&room, request, identity, &home);
            if made && entered.is_err() {
                self.close_if_empty_since(&room, 0);
            }
            match entered {
                Err(refusal) if refusal.code == Code::RoomClosed => {}
                result => return result,
            }
        }
        Err(Refusal::new(Code::RoomClosed, "the room was closed just now"))
    }

    /// The room of this name; a first join makes it, where that is allowed.
    fn room_for(&self, id: &RoomId, join: &Join, bearer: &Bearer) -> Result<(Arc<Room>, bool), Refusal> {
        if let Some(room) = self.inner.registry.room(id) {
            return Ok((room, false));
        }
        self.check_may_make(id, bearer)?;
        // Clients written by hand say neither; browsers connect to each other then.
        let default = if join.offer.is_some() { RoomKind::Forward } else { RoomKind::Mesh };
        self.make_room(id.clone(), join.kind.unwrap_or(default), None, State::default())
    }

    pub(crate) fn check_may_make(&self, id: &RoomId, bearer: &Bearer) -> Result<(), Refusal> {
        if self.inner.options.auto_create || bearer.grant.room_create {
            return Ok(());
        }
        let detail = format!("there is no room {id:?}, and a join does not make one on this server");
        Err(Refusal::new(Code::RoomNotFound, detail))
    }

    fn enter_room(
        &self,
        room: &Arc<Room>,
        request: &JoinRequest,
        identity: &Identity,
        home: &RoomId,
    ) -> Result<Session, Refusal> {
        let JoinRequest { bearer, join, .. } = request;
        let applicant = Applicant { bearer, identity: Some(identity), pin: join.pin.as_deref() };
        // Refused before the expensive part, and again after it: the room may have filled up meanwhile.
        self.admit(room, &mut room.lock(), &applicant)?;
        let offer = join.offer.as_ref().filter(|_| room.kind != RoomKind::Mesh);
        let offered = match offer {
            Some(offer) => Some((Arc::clone(&self.inner.media).accept(room.worker, &offer.sdp)?, &offer.sdp)),
            None => None,
        };
        let mut state = room.lock();
        if room.is_closed() {
            return Err(Refusal::new(Code::RoomClosed, "the room was closed just now"));
        }
        self.admit(room, &mut state, &applicant)?;
        self.settle(room, &mut state, request, identity, home, offered)
    }

    /// Puts an admitted participant into the room, under its lock.
    fn settle(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        request: &JoinRequest,
        identity: &Identity,
        home: &RoomId,
        offered: Option<(Offered, &String)>,
    ) -> Result<Session, Refusal> {
        let JoinRequest { bearer, join, .. } = request;
        let entrance = match offered {
            Some((offered, sdp)) => {
                let publish = Some(join.publish.as_deref().unwrap_or_default());
                let hidden = bearer.grant.hidden;
                let mark = OfferMark::of(sdp);
                Some(self.plan_entrance(state, identity, &bearer.grant, hidden, publish, offered, mark)?)
            }
            None => None,
        };
        let core = Arc::new(Core {
            identity: identity.clone(),
            home: home.clone(),
            outbox: Outbox::new(),
            place: Mutex::new(Arc::clone(room)),
            resume: Mutex::default(),
            refreshing: OneTask::default(),
            waiting: OneTask::default(),
        });
        self.inner.registry.renew_resume(&core)?;
        let before = self.take_over(room, state, identity);
        let participant = newcomer(request, identity, &core, before.as_ref(), self);
        self.introduce(room, state, participant, before.as_ref());
        let answer = entrance.map(|entrance| self.seat(room, state, identity, entrance));
        let joined = self.joined(room, state, &core, answer, false);
        let first = frame(None, request.request, &body(&ServerMessage::Joined(Box::new(joined))));
        let session = Session::attach(self, &core, first, None)?;
        tell_listening(state, &core);
        tell_talkbacks(state, &core);
        if !state.speakers.is_empty() {
            let speakers = ServerMessage::Speakers { speakers: state.speakers.clone() };
            core.outbox.push_volatile(body(&speakers).to_string());
        }
        self.inner.joins.fetch_add(1, Ordering::Relaxed);
        self.keep_token_fresh(&core, bearer.expires);
        Ok(session)
    }

    /// The newest connection of an identity wins: the one before is put out, without others seeing a leave.
    pub(crate) fn take_over(&self, room: &Arc<Room>, state: &mut State, who: &Identity) -> Option<Participant> {
        let mut before = state.participants.remove(who)?;
        before.tell(&ServerMessage::Kicked { reason: "replaced".to_owned() });
        self.finish(&before, close::REPLACED, "a newer connection of this identity took over");
        if let Some(leg) = before.leg.take() {
            self.drop_leg(room, state, leg, true);
        }
        state.glare.forget(who);
        // Its new page knows nothing of talkback. Those who talk to it go on.
        self.end_own_talk(state, &before);
        Some(before)
    }

    /// Enters a participant and tells others of it, as far as that is news to them.
    pub(crate) fn introduce(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        participant: Participant,
        before: Option<&Participant>,
    ) {
        let view = participant.view.clone();
        let who = view.user_id.clone();
        let hidden = participant.hidden;
        // A service does not keep the room open.
        state.arrivals += u64::from(!participant.is_service);
        state.participants.insert(who.clone(), participant);
        self.watch_levels(room, state);
        let was_seen = before.is_some_and(|before| !before.hidden);
        if hidden {
            if let Some(before) = before.filter(|_| was_seen) {
                self.say_goodbye(room, state, before, Departure::Left);
            }
            return;
        }
        // In a mesh room the page that came back must be called anew by the others: for them it is a newcomer.
        if !was_seen || room.kind == RoomKind::Mesh {
            let message = ServerMessage::UserJoined { user_id: who.to_string(), user: view.clone() };
            room.tell_others(state, Some(&who), &message, Pace::Batched);
        } else if before.is_some_and(|before| before.view != view) {
            room.tell_others(state, Some(&who), &ServerMessage::Updated { user: view.clone() }, Pace::Batched);
        }
        if !was_seen {
            self.emit(|| RoomEvent::ParticipantJoined { room: room.id.clone(), user: view });
        }
    }

    /// Makes the leg of a participant who is in the room; the answer comes back.
    pub(crate) fn seat(
        &self,
        room: &Arc<Room>,
        state: &mut State,
        who: &Identity,
        entrance: Entrance,
    ) -> SessionDescription {
        let answer = entrance.offered.answer.clone();
        let added = self.install_leg(room, state, who, entrance);
        self.announce(room, state, added, Some(who));
        SessionDescription::answer(answer)
    }

    /// The whole state of a room, for one of its participants.
    pub(crate) fn joined(
        &self,
        room: &Room,
        state: &State,
        core: &Core,
        answer: Option<SessionDescription>,
        resumed: bool,
    ) -> Joined {
        let others = || state.participants.iter().filter(|(who, p)| **who != core.identity && !p.hidden);
        let own = state.participants.get(&core.identity);
        let slots = own.and_then(|own| own.leg.as_ref()).map(|leg| slot_views(&leg.slots, state)).unwrap_or_default();
        let resume_time = self.inner.options.limits.resume.as_secs();
        Joined {
            room_id: room.id.to_string(),
            user_id: core.identity.to_string(),
            kind: room.kind,
            mix: state.mix.as_ref().map(|mix| TrackId(mix.spec.track)),
            voices: state.voices_for(&core.identity),
            participants: others().map(|(who, _)| who.to_string()).collect(),
            users: others().map(|(_, participant)| participant.view.clone()).collect(),
            tracks: state.tracks.values().map(|track| track.view.clone()).collect(),
            slots,
            ice_servers: self.inner.options.ice_servers.fresh(&format!("{}/{}", room.id, core.identity)),
            answer,
            resume: crate::lock::lock(&core.resume).clone(),
            resume_seconds: u32::try_from(resume_time).unwrap_or(u32::MAX),
            resumed,
            metadata: state.metadata.clone(),
        }
    }
}

fn newcomer(
    request: &JoinRequest,
    identity: &Identity,
    core: &Arc<Core>,
    before: Option<&Participant>,
    rooms: &Rooms,
) -> Participant {
    let bearer = &request.bearer;
    // A kick must outlast every token that it is against, also the one that this identity came with before.
    let older = before.filter(|before| before.bearer.identity == bearer.identity);
    let expires = older.map_or(bearer.expires, |before| bearer.expires.max(before.bearer.expires));
    let features = request.join.features.as_deref().unwrap_or_default();
    Participant {
        view: view_of(bearer, identity, before.map(|before| before.view.joined_at)),
        bearer: Bearer { expires, ..bearer.clone() },
        hidden: bearer.grant.hidden,
        is_service: false,
        wants_levels: features.iter().any(|feature| feature == LEVELS),
        usually_hears: None,
        talks_to: None,
        perfect: features.iter().any(|feature| feature == PERFECT_NEGOTIATION),
        presence: Presence::Socket(Arc::clone(core)),
        leg: None,
        subscriptions: BTreeMap::new(),
        quality: Quality::Excellent,
        data: Budget::new(rooms.inner.options.limits.data_bytes_per_second, Instant::now()),
        offers: offer_budget(),
    }
}

/// What others see of a bearer.
pub(crate) fn view_of(bearer: &Bearer, identity: &Identity, joined_at: Option<u64>) -> UserView {
    UserView {
        user_id: identity.clone(),
        name: bearer.name.clone(),
        metadata: bearer.metadata.clone(),
        attributes: bearer.attributes.clone(),
        joined_at: joined_at.unwrap_or_else(now_millis),
    }
}
