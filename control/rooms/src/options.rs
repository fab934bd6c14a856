//! What rooms are built with: limits, switches, and the capabilities that other parts of the house bring.

use std::sync::Arc;

use crosspoint_model::grant::Bearer;
use crosspoint_model::signal::IceServer;
use crosspoint_model::{Limits, Refusal, RoomId};

/// How rooms behave on this server.
#[derive(Clone)]
pub struct Options {
    /// Bounds.
    pub limits: Limits,
    /// Does a first join make the room? Otherwise rooms are made over REST.
    pub auto_create: bool,
    /// Names the STUN and TURN servers of the clients' `RTCConfiguration.iceServers`.
    pub ice_servers: Arc<dyn IceServers>,
    /// Mints the tokens that replace those about to expire; none: they are not refreshed.
    pub tokens: Option<Arc<dyn TokenIssuer>>,
    /// Records rooms; none: `recording-unavailable`.
    pub recorder: Option<Arc<dyn Recorder>>,
    /// Where clients are told to go while the server goes down; none: here again.
    pub drain_url: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            auto_create: true,
            ice_servers: Arc::new(Vec::new()),
            tokens: None,
            recorder: None,
            drain_url: None,
        }
    }
}

/// Names the STUN and TURN servers that clients are told.
pub trait IceServers: Send + Sync {
    /// Servers for this participant, viewer or agent, with credentials that have only just been made.
    fn fresh(&self, identity: &str) -> Vec<IceServer>;
}

/// The same servers for everybody.
impl IceServers for Vec<IceServer> {
    fn fresh(&self, _: &str) -> Vec<IceServer> {
        self.clone()
    }
}

/// A fresh token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshToken {
    /// The JWT.
    pub token: String,
    /// When it ends, in seconds since 1970.
    pub expires: u64,
}

/// Mints tokens like the ones that bearers came with.
pub trait TokenIssuer: Send + Sync {
    /// A token with the same rights and a later end; none when the key is gone.
    fn refresh(&self, bearer: &Bearer) -> Option<FreshToken>;
}

/// Records rooms.
pub trait Recorder: Send + Sync {
    /// Begins to record a room.
    fn start(&self, room: &RoomId, by: &Bearer) -> Result<(), Refusal>;

    /// Ends that.
    fn stop(&self, room: &RoomId, by: &Bearer) -> Result<(), Refusal>;
}
