//! What comes in: JSON, and names in paths. What is wrong with them is refused.

use crosspoint_model::{Identity, RoomId};
pub use crosspoint_rooms::http::{Answer, Body};

/// A room's name from a path.
pub fn room_id(text: &str) -> Answer<RoomId> {
    Ok(RoomId::parse(text)?)
}

/// An identity from a path.
pub fn identity(text: &str) -> Answer<Identity> {
    Ok(Identity::parse(text)?)
}
