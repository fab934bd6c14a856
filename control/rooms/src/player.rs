//! A capability that a service brings: playing files into rooms.

use crosspoint_model::{Bus, Refusal, RoomId};
use serde::{Deserialize, Serialize};

/// A file that is to be played.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlayRequest {
    /// Its path below the server's folder of sounds (`player.directory`).
    pub file: String,
    /// Who hears it: `programme` (everybody) or `hold` (those who wait).
    #[serde(default = "programme")]
    pub bus: Bus,
    /// Over and over again?
    #[serde(default, rename = "loop")]
    pub repeats: bool,
    /// Decibels, −60 to 24.
    #[serde(default)]
    pub gain: f32,
}

/// A file that is being played.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Playing {
    /// Which playing it is.
    pub id: String,
    /// Its path below the server's folder of sounds.
    pub file: String,
    /// Who hears it.
    pub bus: Bus,
    /// Over and over again?
    #[serde(rename = "loop")]
    pub repeats: bool,
    /// Decibels.
    pub gain: f32,
    /// Seconds of it that were played, over all repetitions.
    pub position: f64,
    /// Seconds that it lasts once.
    pub duration: f64,
}

/// Plays files into rooms. Its calls may read from a disk: not to be made on a thread that must not wait.
pub trait Player: Send + Sync {
    /// Begins to play.
    fn play(&self, room: &RoomId, wanted: PlayRequest) -> Result<Playing, Refusal>;

    /// How far it is.
    fn playing(&self, room: &RoomId, id: &str) -> Result<Playing, Refusal>;

    /// Ends it: what was not heard yet is not heard.
    fn stop(&self, room: &RoomId, id: &str) -> Result<(), Refusal>;
}

fn programme() -> Bus {
    Bus::Programme
}
