//! Participants without a signalling socket: WHIP publishers and WHEP viewers.

use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Identity, Refusal, RoomId};
use crosspoint_worker::engine::Follow;

use crate::Rooms;

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
    room: RoomId,
    identity: Identity,
    answer: String,
}

impl LegHandle {
    /// Where it is.
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

    /// Gives a trickled candidate of the client: the value of a candidate attribute.
    pub fn add_candidate(&self, candidate: &str) {
        let _ = candidate;
    }

    /// Restarts ICE with the client's new credentials (and candidates); the server's new ones come back.
    pub async fn restart_ice(&self, client: &IceParameters) -> Result<IceParameters, Refusal> {
        let _ = client;
        Err(unbuilt())
    }

    /// Waits until the leg has ended by itself (closed, timed out, kicked, room closed): forget the resource then.
    /// Safe to cancel, can be waited for many times.
    pub async fn ended(&self) {}

    /// Has it ended?
    pub fn has_ended(&self) -> bool {
        false
    }
}

impl Rooms {
    /// Lets a publisher in that has no signalling socket. Others see it like any participant.
    pub fn publish(&self, request: PublishRequest) -> Result<LegHandle, Refusal> {
        let _ = request;
        Err(unbuilt())
    }

    /// Lets a viewer in that nobody sees.
    pub fn view(&self, request: ViewRequest) -> Result<LegHandle, Refusal> {
        let _ = request;
        Err(unbuilt())
    }
}

pub(crate) fn unbuilt() -> Refusal {
    Refusal::new(Code::Internal, "not built yet")
}
