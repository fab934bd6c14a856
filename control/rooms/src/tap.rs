//! Taps: plain sound in and out of a room's mixer, without a peer connection. Telephones, recorders, avatars, players and bots
//! all come in this way, and only this way.
//!
//! ```text
//!   let Tap { mut reader, mut writer, handle } = rooms.tap(TapRequest { … })?;
//!   while let Some(frame) = reader.next().await {   // 20 ms of a bus, without one's own voice; None: it is over
//!       writer.write(&answer_to(&frame));           // never waits: says how much it took
//!   }
//! ```
//! A tap is a participant with a leg: others see it come and go, it is muted, held, moved and put out like anybody. Where the
//! room does not mix yet, it does from the first tap on. The two ends are rings without locks, so neither side ever waits for
//! the other: a reader that is too slow loses frames and sees it by [`PcmReader::lost`] and by their positions.

use std::collections::BTreeMap;
use std::sync::Arc;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::Quality;
use crosspoint_model::{
    Bus, Code, Hears, Identity, LegKey, MediaKind, Refusal, RoomId, RoomKind, Source, TrackId, TrackKey, TrackView,
};
use crosspoint_worker::engine::{NewPcm, Order, PcmReader, PcmVoice, PcmWriter, pcm_line};
use tokio::time::Instant;

use crate::Rooms;
use crate::admission::{Applicant, Destination, bearer_identity, service_identity};
use crate::join::view_of;
use crate::leg::Leg;
use crate::mixing::no_media;
use crate::participant::{Budget, End, Participant, Presence, offer_budget};
use crate::room::{Room, State, Track};
use crate::tracks::NAME;
use crate::viewers::{check_open, free_identity};

/// Somebody wants to hear a room, or speak in it, in plain sound.
#[derive(Clone, Debug)]
pub struct TapRequest {
    /// Whom the token speaks for. The grant decides what the tap may: join the room, subscribe (to hear), publish the source
    /// (to speak), administer the room (to hear or speak on [`Bus::Hold`]). A service makes a bearer of its own.
    pub bearer: Bearer,
    /// Where. Made, of kind `mix`, where there is none and the bearer may.
    pub room: RoomId,
    /// Which bus it hears; none: nothing, and [`Tap::reader`] tells of the end only.
    pub hears: Option<Bus>,
    /// Its voice; none: it only hears.
    pub speaks: Option<TapVoice>,
    /// It is a service of this house (a player, a recorder), not somebody: nobody is told of it, its voice is not shown as a
    /// track, no limit counts it, and the room is neither made nor kept open for it. Its identity gets `crosspoint.` before it,
    /// which nobody else's may begin with.
    pub is_service: bool,
}

/// The voice of a tap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapVoice {
    /// On which bus.
    pub bus: Bus,
    /// What it is: `phone`, `avatar`, `other`, …
    pub source: Source,
    /// A name for the application; at most 256 bytes.
    pub name: String,
    /// Begins muted.
    pub muted: bool,
}

impl TapVoice {
    /// A voice into the programme.
    pub fn of(source: Source) -> Self {
        Self { bus: Bus::Programme, source, name: String::new(), muted: false }
    }
}

/// A way in and out. Dropping [`Self::handle`] ends it; the other two then tell of the end.
#[derive(Debug)]
pub struct Tap {
    /// What is heard: 48,000 samples a second, with their positions. `None` is the end: the room was closed, the tap was put
    /// out, its worker failed, or its handle is gone.
    pub reader: PcmReader,
    /// What is said: one channel, 48,000 samples a second. Up to ten seconds can wait in it.
    pub writer: PcmWriter,
    /// Its place in the room.
    pub handle: TapHandle,
}

/// A tap's place in a room.
pub struct TapHandle {
    rooms: Rooms,
    identity: Identity,
    leg: LegKey,
    track: Option<TrackKey>,
    end: Arc<End>,
}

/// How a tap, or a leg over HTTP, ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TapEnd {
    /// The code with which a signalling socket would be closed (see [`crosspoint_model::signal::close`]).
    pub code: u16,
    /// For people.
    pub reason: String,
}

impl std::fmt::Debug for TapHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TapHandle").field("identity", &self.identity).field("leg", &self.leg).finish_non_exhaustive()
    }
}

impl TapHandle {
    /// Under which identity; where the token's `sub` was taken it has a `-N` behind it.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// In which room it is now: it may have been moved. None: it is over.
    pub fn room(&self) -> Option<RoomId> {
        self.rooms.inner.registry.leg_room(self.leg).map(|room| room.id.clone())
    }

    /// Sets the tap's own mute flag, which the room sees.
    pub fn set_muted(&self, muted: bool) -> Result<(), Refusal> {
        let Some(track) = self.track else {
            return Err(Refusal::new(Code::InvalidRequest, "this connection only hears: there is nothing to mute"));
        };
        let over = || Refusal::new(Code::SessionNotFound, "this connection has ended");
        self.rooms.at_leg(self.leg, |room, state| self.rooms.set_muted(room, state, track, muted)).ok_or_else(over)
    }

    /// Waits for the end. Safe to cancel, can be waited for many times.
    pub async fn ended(&self) -> TapEnd {
        self.end.wait().await
    }

    /// Is it over?
    pub fn has_ended(&self) -> bool {
        self.end.is_set()
    }
}

impl Drop for TapHandle {
    fn drop(&mut self) {
        // It does not say whether its other side went or was cut off, and who was cut off comes back to where it was moved.
        self.rooms.hang_up(self.leg, false);
    }
}

impl Rooms {
    /// Lets somebody in who hears and speaks plain sound. See the module's head for how it is used.
    ///
    /// # Errors
    /// `forbidden` for what the grant does not allow, `kicked`, `room-locked`, `room-full` and `draining` as for everybody,
    /// `room-not-found` where there is none and none may be made, `invalid-request` in a mesh room.
    pub fn tap(&self, request: &TapRequest) -> Result<Tap, Refusal> {
        let result = self.try_tap(request);
        match &result {
            Ok(tap) => {
                self.inner.joins.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                tracing::info!(room = %request.room, participant = %tap.handle.identity, "tapped");
            }
            Err(refusal) => self.inner.refusals.count(refusal.code),
        }
        result
    }

    fn try_tap(&self, request: &TapRequest) -> Result<Tap, Refusal> {
        let Destination { home, place } = self.destination_of(request)?;
        let request = &TapRequest { room: place, ..request.clone() };
        check(request)?;
        let (room, made) = match self.inner.registry.room(&request.room) {
            Some(room) => (room, false),
            None if request.is_service => {
                return Err(Refusal::new(Code::RoomNotFound, format!("there is no room {:?}", request.room)));
            }
            None => {
                self.check_may_make(&request.room, &request.bearer)?;
                self.make_room(request.room.clone(), RoomKind::Mix, None, State::default())?
            }
        };
        let result = self.tap_in(&room, home, request);
        if made && result.is_err() {
            self.close_if_empty_since(&room, 0);
        }
        result
    }

    /// Who was moved comes back to where it was moved; a service is there for the room that it names.
    fn destination_of(&self, request: &TapRequest) -> Result<Destination, Refusal> {
        let TapRequest { bearer, room, is_service, .. } = request;
        if !is_service {
            return self.destination(bearer, &bearer_identity(bearer)?, room);
        }
        if !bearer.grant.may_join(room.as_str()) {
            return Err(Refusal::new(Code::Forbidden, "the token does not allow to join this room"));
        }
        Ok(Destination { home: room.clone(), place: room.clone() })
    }

    fn tap_in(&self, room: &Arc<Room>, home: RoomId, request: &TapRequest) -> Result<Tap, Refusal> {
        if room.kind == RoomKind::Mesh {
            return Err(no_media());
        }
        let bearer = &request.bearer;
        let mut state = room.lock();
        check_open(room)?;
        let sub = if request.is_service { service_identity(&bearer.identity) } else { bearer.identity.clone() };
        let identity = free_identity(&state, &sub)?;
        if !request.is_service {
            self.admit(room, &mut state, &Applicant { bearer, identity: Some(&identity), pin: None })?;
        }
        self.ensure_mix(room, &mut state)?;
        state.inherit_holds(&sub, &identity);

        let leg = LegKey(self.inner.registry.next_key());
        let end = Arc::new(End::new());
        let participant = self.tapping(request, &identity, leg, Presence::Http { end: Arc::clone(&end), home });
        self.introduce(room, &mut state, participant, None);
        self.inner.registry.place_leg(leg, room);
        state.owners.insert(leg, identity.clone());
        let voice = request.speaks.as_ref().map(|voice| self.voice_track(&state, &identity, voice));
        let (line, reader, writer) = pcm_line();
        let speaks = voice.as_ref().zip(request.speaks.as_ref()).map(|(view, voice)| PcmVoice {
            track: view.track_id.0,
            source: voice.source,
            bus: voice.bus,
            muted: view.muted,
            held: view.held,
            settings: state.voice_of(&identity),
        });
        let pcm = NewPcm { leg, room: room.key, identity: identity.clone(), line, hears: request.hears, speaks };
        self.inner.media.order(room.worker, Order::AddPcm(Box::new(pcm)));
        // A service's voice is heard and not shown.
        let shown = voice.filter(|_| !request.is_service);
        if let Some(view) = &shown {
            state.tracks.insert(view.track_id.0, Track { leg, view: view.clone() });
        }
        let track = shown.as_ref().map(|view| view.track_id.0);
        self.announce(room, &mut state, shown.into_iter().collect(), Some(&identity));
        Ok(Tap { reader, writer, handle: TapHandle { rooms: self.clone(), identity, leg, track, end } })
    }

    fn tapping(&self, request: &TapRequest, identity: &Identity, leg: LegKey, presence: Presence) -> Participant {
        let hears = match request.hears {
            Some(Bus::Programme) => Hears::Mix,
            Some(Bus::Hold) => Hears::Hold,
            None => Hears::Nothing,
        };
        Participant {
            view: view_of(&request.bearer, identity, None),
            bearer: request.bearer.clone(),
            hidden: request.is_service || request.bearer.grant.hidden,
            is_service: request.is_service,
            wants_levels: false,
            usually_hears: Some(hears),
            talks_to: None,
            perfect: false,
            presence,
            leg: Some(Leg::plain(leg)),
            subscriptions: BTreeMap::new(),
            quality: Quality::Excellent,
            data: Budget::new(self.inner.options.limits.data_bytes_per_second, Instant::now()),
            offers: offer_budget(),
        }
    }

    fn voice_track(&self, state: &State, identity: &Identity, voice: &TapVoice) -> TrackView {
        TrackView {
            track_id: TrackId(self.inner.registry.next_track()),
            user_id: identity.clone(),
            kind: MediaKind::Audio,
            source: voice.source,
            name: voice.name.clone(),
            muted: voice.muted,
            held: state.holds.get(identity).is_some_and(|holds| holds.holds(voice.source)),
            mid: String::new(),
            width: 0,
            height: 0,
            layers: Vec::new(),
        }
    }
}

/// May a bearer do this at all?
fn check(request: &TapRequest) -> Result<(), Refusal> {
    let TapRequest { bearer, room, hears, speaks, is_service } = request;
    let (grant, room) = (&bearer.grant, room.as_str());
    let refuse = |code, detail: &str| Err(Refusal::new(code, detail));
    let on_hold = *hears == Some(Bus::Hold) || speaks.as_ref().is_some_and(|voice| voice.bus == Bus::Hold);
    if hears.is_none() && speaks.is_none() {
        return refuse(Code::InvalidRequest, "who neither hears nor speaks has no business here");
    }
    if hears.is_some() && !grant.may_subscribe() {
        return refuse(Code::Forbidden, "the token does not allow to subscribe (canSubscribe)");
    }
    if on_hold && !grant.may_administer(room) {
        return refuse(Code::Forbidden, "the hold source is for admins of the room (roomAdmin)");
    }
    let Some(voice) = speaks else { return Ok(()) };
    if matches!(voice.source, Source::Camera | Source::Screen) {
        return refuse(Code::InvalidRequest, "a voice is no picture: camera and screen_share have none");
    }
    if voice.name.len() > NAME {
        return Err(Refusal::new(Code::InvalidRequest, format!("a track's name has at most {NAME} bytes")));
    }
    if grant.hidden && !is_service {
        return refuse(Code::Forbidden, "a hidden participant does not publish");
    }
    if !grant.may_publish(voice.source) {
        let detail = format!("the token does not allow to publish {}", voice.source.as_str());
        return Err(Refusal::new(Code::Forbidden, detail));
    }
    Ok(())
}
