//! What a token allows, in the shape that LiveKit's server SDKs mint (<https://docs.livekit.io/home/get-started/authentication/>).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::room::Source;

/// The `video` claim of a token. An absent `canPublish`, `canSubscribe` or `canPublishData` means allowed; an empty
/// `canPublishSources` means every source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct Grant {
    /// May join the room named by `room`.
    #[serde(skip_serializing_if = "is_false")]
    pub room_join: bool,
    /// The room this token is for. Empty: any room (only for admin tokens).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// May create rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_create: bool,
    /// May list rooms.
    #[serde(skip_serializing_if = "is_false")]
    pub room_list: bool,
    /// May kick, mute, hold, move, and close in the room named by `room`.
    #[serde(skip_serializing_if = "is_false")]
    pub room_admin: bool,
    /// May start and stop recordings.
    #[serde(skip_serializing_if = "is_false")]
    pub room_record: bool,
    /// May publish tracks. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish: Option<bool>,
    /// The sources that may be published. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub can_publish_sources: Vec<Source>,
    /// May subscribe to tracks. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_subscribe: Option<bool>,
    /// May send data. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_publish_data: Option<bool>,
    /// May change its own metadata and attributes. Absent: yes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub can_update_own_metadata: Option<bool>,
    /// Others are not told of this participant.
    #[serde(skip_serializing_if = "is_false")]
    pub hidden: bool,
}

impl Grant {
    /// A grant to join one room as an ordinary participant.
    pub fn join(room: &str) -> Self {
        Self { room_join: true, room: room.to_owned(), ..Self::default() }
    }

    /// May this source be published?
    pub fn may_publish(&self, source: Source) -> bool {
        self.can_publish.unwrap_or(true)
            && (self.can_publish_sources.is_empty() || self.can_publish_sources.contains(&source))
    }

    /// May tracks be subscribed to?
    pub fn may_subscribe(&self) -> bool {
        self.can_subscribe.unwrap_or(true)
    }

    /// May data be sent?
    pub fn may_send_data(&self) -> bool {
        self.can_publish_data.unwrap_or(true)
    }

    /// May metadata and attributes of its own be changed?
    pub fn may_update(&self) -> bool {
        self.can_update_own_metadata.unwrap_or(true)
    }

    /// Does it allow to join this room?
    pub fn may_join(&self, room: &str) -> bool {
        self.room_join && self.covers(room)
    }

    /// Does it allow to administer this room?
    pub fn may_administer(&self, room: &str) -> bool {
        self.room_admin && self.covers(room)
    }

    fn covers(&self, room: &str) -> bool {
        self.room.is_empty() || self.room == room
    }
}

/// Who a verified token speaks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bearer {
    /// The API key that signed it (`iss`).
    pub key: String,
    /// The identity (`sub`). Empty for tokens that only administer.
    pub identity: String,
    /// The name shown to others.
    pub name: String,
    /// Free text of the application.
    pub metadata: String,
    /// Attributes; those that begin with `crosspoint.` are trusted only from here.
    pub attributes: BTreeMap<String, String>,
    /// What it allows.
    pub grant: Grant,
    /// When it ends, in seconds since 1970 (`exp`).
    pub expires: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_permissions_allow_and_a_source_list_narrows() {
        let grant: Grant = serde_json::from_str(r#"{"roomJoin":true,"room":"a"}"#).expect("json");
        assert!(grant.may_publish(Source::Camera) && grant.may_subscribe() && grant.may_send_data());
        assert!(grant.may_join("a") && !grant.may_join("b"));

        let narrow: Grant = serde_json::from_str(r#"{"canPublishSources":["microphone"]}"#).expect("json");
        assert!(narrow.may_publish(Source::Microphone) && !narrow.may_publish(Source::Camera));

        let mute: Grant = serde_json::from_str(r#"{"canPublish":false}"#).expect("json");
        assert!(!mute.may_publish(Source::Microphone));
    }
}
