//! A participant's signalling presence.

use std::net::IpAddr;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::{ClientFrame, Join};
use crosspoint_model::{Identity, Refusal};

use crate::Rooms;

/// Somebody wants to come in over signalling.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// Whom the token speaks for.
    pub bearer: Bearer,
    /// The message.
    pub join: Join,
    /// Its `request`, echoed in `joined`.
    pub request: Option<u64>,
    /// From where, for the log.
    pub address: Option<IpAddr>,
}

/// What goes to the client's socket next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A text frame.
    Text(String),
    /// Close the socket; nothing follows.
    Close {
        /// See [`crosspoint_model::signal::close`].
        code: u16,
        /// For a person.
        reason: String,
    },
}

/// One socket's hold on a participant's session. Dropping it begins the time in which the session can be resumed.
pub struct Session {
    identity: Identity,
}

impl Session {
    /// Whose it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Waits for what goes out next; the first is `joined`. Safe to cancel.
    pub async fn next(&self) -> Outgoing {
        std::future::pending().await
    }

    /// What goes out next, if it is there already.
    pub fn try_next(&self) -> Option<Outgoing> {
        None
    }

    /// Carries out a message; answers and errors come through [`Self::next`].
    pub fn handle(&self, frame: ClientFrame) {
        let _ = frame;
    }
}

impl Rooms {
    /// Lets somebody in, or takes a dropped session up again.
    pub async fn join(&self, request: JoinRequest) -> Result<Session, Refusal> {
        let _ = request;
        Err(crate::viewers::unbuilt())
    }
}
