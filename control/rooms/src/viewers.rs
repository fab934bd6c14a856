//! Participants without a signalling socket: WHIP publishers, whom others see, and WHEP viewers, whom nobody sees.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{Publish, Quality, close};
use crosspoint_model::{Code, Grant, Hears, Identity, LegKey, MediaKind, Refusal, RoomId, RoomKind, Source};
use crosspoint_worker::MediaLine;
use crosspoint_worker::engine::{Follow, LegProfile, Order};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::Rooms;
use crate::admission::{Applicant, Destination, bearer_identity};
use crate::departure::Departure;
use crate::join::view_of;
use crate::leg::{Leg, Pending, Reply};
use crate::lock::lock;
use crate::media::{Arrival, Offered};
use crate::offer::{OfferMark, check_offer, credentials, media_lines, with_credentials};
use crate::participant::{Budget, End, Participant, Presence, offer_budget};
use crate::room::{Room, State, Viewer};
use crate::tracks::{Plan, spec};

/// So long an ICE restart may take.
const ANSWER: Duration = Duration::from_secs(5);
/// So many publishers may come with tokens of the same `sub`.
const SAME_SUB: usize = 1000;

/// Somebody wants to publish over HTTP (WHIP, RFC 9725).
#[derive(Clone, Debug)]
pub struct PublishRequest {
    /// Whom the token speaks for.
    pub bearer: Bearer,
    /// Where.
    pub room: RoomId,
    /// The client's SDP.
    pub offer: String,
}

/// Somebody wants to watch over HTTP (WHEP).
#[derive(Clone, Debug)]
pub struct ViewRequest {
    /// Whom the token speaks for.
    pub bearer: Bearer,
    /// Where.
    pub room: RoomId,
    /// The client's SDP.
    pub offer: String,
    /// What is shown.
    pub follow: Follow,
}

/// One side's ICE credentials and candidates (RFC 8839), as SDP fragments carry them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IceParameters {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub password: String,
    /// The values of `a=candidate` attributes, without the `candidate:` prefix.
    pub candidates: Vec<String>,
}

/// A leg that came over HTTP. Dropping it ends the leg.
pub struct LegHandle {
    rooms: Rooms,
    room: RoomId,
    identity: Identity,
    leg: LegKey,
    answer: String,
    /// The last offer: a restart over HTTP brings only new credentials for it.
    offer: Mutex<String>,
    end: Arc<End>,
}

impl std::fmt::Debug for LegHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LegHandle").field("identity", &self.identity).field("leg", &self.leg).finish_non_exhaustive()
    }
}

impl LegHandle {
    /// The room that it came for; it may be in another one, where it was moved.
    pub fn room(&self) -> &RoomId {
        &self.room
    }

    /// Under which identity; a WHIP publisher whose `sub` was taken has a `-N` behind it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The SDP answer to the offer it came with.
    pub fn answer(&self) -> &str {
        &self.answer
    }

    /// The server's ICE credentials in that answer.
    pub fn ice(&self) -> IceParameters {
        credentials(&self.answer)
    }

    /// Gives a trickled candidate of the client: the value of a candidate attribute.
    pub fn add_candidate(&self, candidate: &str) {
        let order = Order::AddCandidate { leg: self.leg, candidate: candidate.to_owned() };
        self.rooms.order_leg(self.leg, order);
    }

    /// Restarts ICE with the client's new credentials (and candidates); the server's new ones come back.
    pub async fn restart_ice(&self, client: &IceParameters) -> Result<IceParameters, Refusal> {
        let offer = with_credentials(&lock(&self.offer), client);
        let (sender, receiver) = oneshot::channel();
        self.ask(&offer, Reply::Caller(sender))?;
        let silent = || Refusal::new(Code::MediaUnavailable, "the media plane does not answer");
        let answer = tokio::time::timeout(ANSWER, receiver).await.map_err(|_| silent())?.map_err(|_| silent())??;
        *lock(&self.offer) = offer;
        for candidate in &client.candidates {
            self.add_candidate(candidate);
        }
        Ok(credentials(&answer))
    }

    /// Waits until the leg has ended (closed by its client, timed out, kicked, its room closed): forget the resource then.
    /// Safe to cancel, can be waited for many times.
    pub async fn ended(&self) {
        self.end.wait().await;
    }

    /// Has it ended?
    pub fn has_ended(&self) -> bool {
        self.end.is_set()
    }

    fn ask(&self, offer: &str, reply: Reply) -> Result<(), Refusal> {
        let gone = || Refusal::new(Code::SessionNotFound, "this session has ended");
        let asked = self.rooms.at_leg(self.leg, |_, state| {
            let specs =
                state.tracks.values().filter(|track| track.leg == self.leg).map(|track| spec(&track.view)).collect();
            let pending = Pending {
                since: Instant::now(),
                reply,
                plan: Plan { specs, ..Plan::default() },
                mark: OfferMark::of(offer),
                lines: media_lines(offer),
            };
            self.rooms.order_negotiation(state, self.leg, offer, pending)
        });
        asked.ok_or_else(gone)?
    }
}

impl Drop for LegHandle {
    fn drop(&mut self) {
        self.rooms.hang_up(self.leg, true);
    }
}

impl Rooms {
    /// Whoever held this leg does not any more: it is over, and so is who was there by it alone. `by_will`: who comes back
    /// comes as a newcomer, and not to where they were moved.
    pub(crate) fn hang_up(&self, leg: LegKey, by_will: bool) {
        self.at_leg(leg, |room, state| match state.owners.get(&leg).cloned() {
            Some(who) => {
                if let Some(gone) = self.remove(room, state, &who, Departure::Left) {
                    if by_will {
                        self.inner.registry.forget_placement(gone.presence.home(), &who);
                    }
                    self.finish(&gone, close::NORMAL, "left");
                }
            }
            None => self.remove_viewer(room, state, leg, true),
        });
    }

    /// Lets a publisher in that has no signalling socket. Others see it like any participant; each is one of its own.
    pub fn publish(&self, request: PublishRequest) -> Result<LegHandle, Refusal> {
        self.counted(self.try_publish(&request))
    }

    /// Lets a viewer in that nobody sees.
    pub fn view(&self, request: ViewRequest) -> Result<LegHandle, Refusal> {
        self.counted(self.try_view(&request))
    }

    fn counted(&self, result: Result<LegHandle, Refusal>) -> Result<LegHandle, Refusal> {
        match &result {
            Ok(handle) => {
                self.inner.joins.fetch_add(1, Ordering::Relaxed);
                tracing::info!(room = %handle.room, participant = %handle.identity, "joined over HTTP");
            }
            Err(refusal) => self.inner.refusals.count(refusal.code),
        }
        result
    }

    fn try_publish(&self, request: &PublishRequest) -> Result<LegHandle, Refusal> {
        let PublishRequest { bearer, room: id, offer } = request;
        check_offer("offer", offer, self.inner.options.limits.sdp_bytes)?;
        let identity = bearer_identity(bearer)?;
        let forbidden = |detail: &str| Refusal::new(Code::Forbidden, detail);
        let Destination { home, place } = self.destination(bearer, &identity, id)?;
        if !bearer.grant.can_publish.unwrap_or(true) {
            return Err(forbidden("the token does not allow to publish"));
        }
        let (room, made) = match self.inner.registry.room(&place) {
            Some(room) => (room, false),
            None => {
                self.check_may_make(&place, bearer)?;
                self.make_room(place, RoomKind::Forward, None, State::default())?
            }
        };
        let result = self.publish_in(&room, home, bearer, offer);
        if made && result.is_err() {
            self.close_if_empty_since(&room, 0);
        }
        result
    }

    fn publish_in(&self, room: &Arc<Room>, home: RoomId, bearer: &Bearer, offer: &str) -> Result<LegHandle, Refusal> {
        check_kind(room)?;
        let identity = free_identity(&room.lock(), &bearer.identity)?;
        let applicant = Applicant { bearer, identity: Some(&identity), pin: None };
        self.admit(room, &mut room.lock(), &applicant)?;
        let offered = Arc::clone(&self.inner.media).accept(room.worker, offer)?;
        let mut state = room.lock();
        check_open(room)?;
        let identity = free_identity(&state, &bearer.identity)?;
        let applicant = Applicant { bearer, identity: Some(&identity), pin: None };
        self.admit(room, &mut state, &applicant)?;
        state.inherit_holds(&bearer.identity, &identity);

        let publish = sources(&offered.lines, &bearer.grant)?;
        let mark = OfferMark::of(offer);
        let mut entrance =
            self.plan_entrance(&state, &identity, &bearer.grant, bearer.grant.hidden, Some(&publish), offered, mark)?;
        entrance.profile.subscribes = false;
        let end = Arc::new(End::new());
        let participant = Participant {
            view: view_of(bearer, &identity, None),
            bearer: bearer.clone(),
            hidden: false,
            is_service: false,
            wants_levels: false,
            usually_hears: Some(Hears::Nothing),
            talks_to: None,
            perfect: false,
            presence: Presence::Http { end: Arc::clone(&end), home: home.clone() },
            leg: None,
            subscriptions: BTreeMap::new(),
            quality: Quality::Excellent,
            data: Budget::new(self.inner.options.limits.data_bytes_per_second, Instant::now()),
            offers: offer_budget(),
        };
        self.introduce(room, &mut state, participant, None);
        let answer = self.seat(room, &mut state, &identity, entrance).sdp;
        let leg = state.participants.get(&identity).and_then(|participant| participant.leg.as_ref());
        let leg = leg.map(|leg| leg.key).ok_or_else(|| Refusal::new(Code::Internal, "the leg was not made"))?;
        Ok(self.handle(home, identity, leg, answer, offer, end))
    }

    fn try_view(&self, request: &ViewRequest) -> Result<LegHandle, Refusal> {
        let ViewRequest { bearer, room: id, offer, follow } = request;
        check_offer("offer", offer, self.inner.options.limits.sdp_bytes)?;
        if !bearer.grant.may_join(id.as_str()) || !bearer.grant.may_subscribe() {
            return Err(Refusal::new(Code::Forbidden, "the token does not allow to watch this room"));
        }
        let missing = || Refusal::new(Code::RoomNotFound, format!("there is no room {id:?}"));
        let room = self.inner.registry.room(id).ok_or_else(missing)?;
        check_kind(&room)?;
        let applicant = Applicant { bearer, identity: None, pin: None };
        self.admit(&room, &mut room.lock(), &applicant)?;
        let offered = Arc::clone(&self.inner.media).accept(room.worker, offer)?;
        let mut state = room.lock();
        check_open(&room)?;
        self.admit(&room, &mut state, &applicant)?;
        let leg = LegKey(self.inner.registry.next_key());
        let identity = if bearer.identity.is_empty() { format!("viewer-{}", leg.0) } else { bearer.identity.clone() };
        let identity = Identity::parse(&identity)?;
        let profile = LegProfile {
            subscribes: true,
            hears: state.viewer_hears(follow),
            follows: Some(follow.clone()),
            sends_data: false,
            ..state.profile(&self.inner.options.limits, &bearer.grant)
        };
        let end = Arc::new(End::new());
        let Offered { answer, lines, admit } = offered;
        let viewer = Viewer {
            sub: bearer.identity.clone(),
            leg: Leg::new(leg, OfferMark::of(offer), &lines),
            end: Arc::clone(&end),
        };
        state.viewers.insert(leg, viewer);
        state.arrivals += 1;
        self.inner.registry.place_leg(leg, &room);
        admit(Arrival { leg, room: room.key, identity: identity.clone(), publish: Vec::new(), profile });
        Ok(self.handle(room.id.clone(), identity, leg, answer, offer, end))
    }

    fn handle(
        &self,
        room: RoomId,
        identity: Identity,
        leg: LegKey,
        answer: String,
        offer: &str,
        end: Arc<End>,
    ) -> LegHandle {
        LegHandle { rooms: self.clone(), room, identity, leg, answer, offer: Mutex::new(offer.to_owned()), end }
    }
}

impl State {
    /// A viewer of a room of kind `mix` who chose nobody hears the mix; others hear what they follow.
    fn viewer_hears(&self, follow: &Follow) -> Hears {
        match (follow, &self.mix) {
            (Follow::Dominant, Some(mix)) if mix.is_usual => Hears::Mix,
            _ => Hears::Nothing,
        }
    }
}

fn check_kind(room: &Room) -> Result<(), Refusal> {
    if room.kind == RoomKind::Mesh {
        let detail = "the room's browsers connect to each other (kind mesh): there is no media here over HTTP";
        return Err(Refusal::new(Code::InvalidRequest, detail));
    }
    Ok(())
}

pub(crate) fn check_open(room: &Room) -> Result<(), Refusal> {
    if room.is_closed() {
        return Err(Refusal::new(Code::RoomClosed, "the room was closed just now"));
    }
    Ok(())
}

/// The `sub`, or with the first number behind it that nobody has.
pub(crate) fn free_identity(state: &State, sub: &str) -> Result<Identity, Refusal> {
    let plain = Identity::parse(sub)?;
    if !state.participants.contains_key(&plain) {
        return Ok(plain);
    }
    for number in 2..SAME_SUB {
        let numbered = Identity::parse(&format!("{sub}-{number}"))?;
        if !state.participants.contains_key(&numbered) {
            return Ok(numbered);
        }
    }
    Err(Refusal::new(Code::RoomFull, "too many publishers have the same identity"))
}

/// What the lines carry, as far as the token allows: WHIP does not say it.
fn sources(lines: &[MediaLine], grant: &Grant) -> Result<Vec<Publish>, Refusal> {
    let choices = |kind| match kind {
        MediaKind::Audio => {
            &[Source::Microphone, Source::ScreenAudio, Source::Phone, Source::Avatar, Source::Desktop, Source::Other]
        }
        MediaKind::Video => {
            &[Source::Camera, Source::Screen, Source::Avatar, Source::Desktop, Source::Other, Source::Other]
        }
    };
    let publish = |line: &MediaLine| {
        let source = choices(line.kind).iter().copied().find(|source| grant.may_publish(*source));
        let refused = || Refusal::new(Code::Forbidden, format!("the token allows no {} source", line.kind.as_str()));
        let source = source.ok_or_else(refused)?;
        Ok(Publish { mid: line.mid.clone(), source, name: None, muted: None, width: None, height: None })
    };
    lines.iter().filter(|line| line.receives).map(publish).collect()
}
