//! Names: of shows, of their rooms, of who is in them.

use crosspoint_carrier::twiml::first_conference;
use crosspoint_model::show::{CallState, CallView};
use crosspoint_model::{Code, Identity, Refusal, RoomId};

/// The longest name of a show.
const LONGEST: usize = 64;

/// Is this a name for a show: 1 to 64 of `a-z`, `0-9`, `-`, not beginning with `-`? (Else it would be an option in a shell.)
pub(crate) fn check_show_id(show: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=LONGEST).contains(&show.len()) && show.bytes().all(fits) && !show.starts_with('-') {
        return Ok(());
    }
    Err(Refusal::new(Code::InvalidRequest, "showId is 1 to 64 of a-z, 0-9 and -, and does not begin with -"))
}

/// The room with host, callers on the air and callers waiting.
pub fn live_room(show: &str) -> String {
    format!("live-{show}")
}

/// The room of those who wait to be answered.
pub fn lobby_room(show: &str) -> String {
    format!("lobby-{show}")
}

/// The room of screeners who talk to nobody.
pub fn desk_room(show: &str) -> String {
    format!("desk-{show}")
}

/// The room of a call and its screener.
pub fn screening_room(show: &str, call: &str) -> String {
    format!("screening-{show}-{call}")
}

/// A call's identity in rooms.
pub fn call_identity(call: &str) -> String {
    format!("call-{call}")
}

/// The telephone company's conference of a show: the first one.
pub fn conference(show: &str) -> String {
    format!("show-{show}")
}

/// How the labels of hosts in a conference begin.
pub(crate) const HOST_LABEL: &str = "host-";

/// The show of a conference, and whether it is the first one: the others are for who finds that full.
pub(crate) fn show_of_conference(name: &str) -> Option<(&str, bool)> {
    let (first, is_first) = first_conference(name);
    Some((first.strip_prefix("show-")?, is_first))
}

/// Where a call belongs, and whether it is held there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The room.
    pub room: String,
    /// Is nothing of it heard there?
    pub held: bool,
}

/// Where a call in this state belongs; none: it is over.
pub fn place(show: &str, call: &str, state: CallState) -> Option<Place> {
    let (room, held) = match state {
        CallState::Ringing | CallState::Screened => (lobby_room(show), true),
        CallState::Screening => (screening_room(show, call), false),
        CallState::Waiting | CallState::Next | CallState::Hold => (live_room(show), true),
        CallState::OnAir => (live_room(show), false),
        CallState::Off | CallState::Dropped => return None,
    };
    Some(Place { room, held })
}

/// Where a call belongs now.
pub(crate) fn place_of(call: &CallView) -> Option<Place> {
    place(&call.show_id, &call.call_id, call.state)
}

/// A room's name that is known to be right.
pub(crate) fn room(name: &str) -> RoomId {
    RoomId::parse(name).expect("names of shows and calls are short and plain")
}

/// An identity that is known to be right.
pub(crate) fn identity(name: &str) -> Result<Identity, Refusal> {
    Identity::parse(name)
}
