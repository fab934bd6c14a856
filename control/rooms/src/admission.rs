//! Who may come in.

use std::sync::atomic::Ordering;

use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Identity, Refusal, RoomId};
use tokio::time::Instant;

use crate::participant::Budget;
use crate::room::{Room, State};
use crate::{Rooms, now_seconds};

/// Somebody at the door of a room.
pub(crate) struct Applicant<'a> {
    pub(crate) bearer: &'a Bearer,
    /// Under which it wants to be known; none: a viewer, whom nobody sees.
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) pin: Option<&'a str>,
}

/// Where somebody comes in.
pub(crate) struct Destination {
    /// The room that the token is for.
    pub(crate) home: RoomId,
    /// That, or where the participant was moved to.
    pub(crate) place: RoomId,
}

/// So many wrong PINs a room bears at once, and so many per second in the long run (one in two seconds): PINs are short, and
/// who guesses may come from many addresses.
const GUESSES: (f64, f64) = (30.0, 0.5);

/// The wrong PINs that a room still bears.
pub(crate) struct Guesses(Budget);

impl Default for Guesses {
    fn default() -> Self {
        let (most, per_second) = GUESSES;
        Self(Budget::saving(per_second, most, Instant::now()))
    }
}

/// How identities of the house's services begin.
const OWN: &str = "crosspoint.";

/// The identity of a service: nobody's who comes with a token.
pub(crate) fn service_identity(sub: &str) -> String {
    format!("{OWN}{sub}")
}

/// The identity that a token gives: none of the house's own.
pub(crate) fn bearer_identity(bearer: &Bearer) -> Result<Identity, Refusal> {
    if bearer.identity.starts_with(OWN) {
        let detail = format!("identities that begin with {OWN:?} are the server's own");
        return Err(Refusal::new(Code::Forbidden, detail));
    }
    Identity::parse(&bearer.identity)
}

impl Rooms {
    /// Where a bearer who asks for a room comes in: there, or where it was moved to from the room of its token.
    pub(crate) fn destination(&self, bearer: &Bearer, who: &Identity, asked: &RoomId) -> Result<Destination, Refusal> {
        let registry = &self.inner.registry;
        if bearer.grant.may_join(asked.as_str()) {
            let moved = registry.placement(asked, who).filter(|place| registry.room(place).is_some());
            return Ok(Destination { home: asked.clone(), place: moved.unwrap_or_else(|| asked.clone()) });
        }
        let home = RoomId::parse(&bearer.grant.room).ok().filter(|home| bearer.grant.may_join(home.as_str()));
        if let Some(home) = home.filter(|home| registry.placement(home, who).as_ref() == Some(asked)) {
            return Ok(Destination { home, place: asked.clone() });
        }
        let detail = if bearer.grant.room_join {
            format!("the token is for another room than {asked:?}")
        } else {
            "the token does not allow to join a room (roomJoin)".to_owned()
        };
        Err(Refusal::new(Code::Forbidden, detail))
    }

    /// May this one come in now? Who is in the room already only comes back.
    pub(crate) fn admit(&self, room: &Room, state: &mut State, applicant: &Applicant<'_>) -> Result<(), Refusal> {
        let refuse = |code, detail: &str| Err(Refusal::new(code, detail));
        let sub = applicant.bearer.identity.as_str();
        if !sub.is_empty() && state.kicked.get(sub).is_some_and(|until| *until > now_seconds()) {
            return refuse(Code::Kicked, "this identity was put out of the room, until its token expires");
        }
        if applicant.identity.is_some_and(|who| state.participants.contains_key(who)) {
            return Ok(());
        }
        if self.inner.draining.load(Ordering::Relaxed) {
            return refuse(Code::Draining, "the server is going down and takes nobody new");
        }
        let is_admin = applicant.bearer.grant.may_administer(room.id.as_str());
        if state.locked && !is_admin {
            return refuse(Code::RoomLocked, "the room is locked");
        }
        if !is_admin {
            check_pin(state, applicant.pin)?;
        }
        let limits = &self.inner.options.limits;
        if applicant.identity.is_some() && state.attending() >= state.most_participants(limits) {
            let most = state.most_participants(limits);
            return Err(Refusal::new(Code::RoomFull, format!("the room has {most} participants, as many as it may")));
        }
        if applicant.identity.is_none() && state.viewers.len() >= state.most_viewers(limits) {
            let most = state.most_viewers(limits);
            return Err(Refusal::new(Code::RoomFull, format!("the room has {most} viewers, as many as it may")));
        }
        Ok(())
    }
}

/// Too many guesses are refused before the PIN is compared: otherwise the refusal itself would tell a right guess from a
/// wrong one.
fn check_pin(state: &mut State, given: Option<&str>) -> Result<(), Refusal> {
    let Some(pin) = &state.pin else { return Ok(()) };
    let wrong = Refusal::new(Code::WrongPin, "the room asks for a PIN, in join.pin");
    // Who does not know of the PIN yet guesses nothing.
    let Some(given) = given else { return Err(wrong) };
    let guesses = &mut state.guesses.0;
    if !guesses.has(1, Instant::now()) {
        return Err(Refusal::new(Code::RateLimited, "too many wrong PINs for this room; wait a moment"));
    }
    if pin.matches(given) {
        return Ok(());
    }
    guesses.spend(1, Instant::now());
    Err(wrong)
}
