//! A webhook's JSON: the fields of LiveKit's `WebhookEvent` that have a meaning here, in protobuf's JSON mapping, and
//! `reason`.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use crosspoint_model::{MediaKind, RoomId, Source, TrackView, UserView};
use crosspoint_rooms::{RoomEvent, RoomSummary};
use serde::Serialize;

/// Why an event could not be written.
pub type WriteError = Box<dyn std::error::Error + Send + Sync>;

/// The body of a webhook.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Names it, so that a receiver can tell a repeated one.
    id: String,
    event: &'static str,
    /// Seconds since 1970; protobuf's JSON mapping writes 64-bit numbers as text.
    created_at: String,
    room: Room,
    #[serde(skip_serializing_if = "Option::is_none")]
    participant: Option<Participant>,
    #[serde(skip_serializing_if = "Option::is_none")]
    track: Option<Track>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Room {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_participants: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Participant {
    identity: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct Track {
    sid: String,
    #[serde(rename = "type")]
    kind: &'static str,
    source: &'static str,
    name: String,
    muted: bool,
    width: u32,
    height: u32,
    mid: String,
}

impl Event {
    /// What happened, for other services.
    pub fn of(event: &RoomEvent) -> Result<Self, WriteError> {
        let whole = |name, room: &RoomSummary| Self::new(name, Room::of(room));
        let within = |name, room: &RoomId, who| {
            Ok::<_, WriteError>(Self { participant: Some(who), ..Self::new(name, Room::named(room))? })
        };
        Ok(match event {
            RoomEvent::RoomStarted { room } => whole("room_started", room)?,
            RoomEvent::RoomFinished { room, reason } => {
                Self { reason: Some(reason.clone()), ..whole("room_finished", room)? }
            }
            RoomEvent::ParticipantJoined { room, user } => within("participant_joined", room, Participant::of(user))?,
            RoomEvent::ParticipantLeft { room, user, reason } => {
                let event = within("participant_left", room, Participant::of(user))?;
                Self { reason: Some((*reason).to_owned()), ..event }
            }
            RoomEvent::TrackPublished { room, track } => {
                let event = within("track_published", room, Participant::named(track))?;
                Self { track: Some(Track::of(track)), ..event }
            }
            RoomEvent::TrackUnpublished { room, track } => {
                let event = within("track_unpublished", room, Participant::named(track))?;
                Self { track: Some(Track::of(track)), ..event }
            }
        })
    }

    /// As it is sent.
    pub fn json(&self) -> Result<Vec<u8>, WriteError> {
        Ok(serde_json::to_vec(self)?)
    }

    fn new(event: &'static str, room: Room) -> Result<Self, WriteError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let id = format!("EV_{:016x}", getrandom::u64()?);
        Ok(Self { id, event, created_at: now.to_string(), room, participant: None, track: None, reason: None })
    }
}

impl Room {
    fn of(room: &RoomSummary) -> Self {
        Self {
            creation_time: Some((room.created_at / 1000).to_string()),
            num_participants: Some(room.participants),
            metadata: not_empty(&room.metadata),
            ..Self::named(&room.room_id)
        }
    }

    fn named(room: &RoomId) -> Self {
        Self { name: room.to_string(), creation_time: None, num_participants: None, metadata: None }
    }
}

impl Participant {
    fn of(user: &UserView) -> Self {
        Self {
            identity: user.user_id.to_string(),
            name: not_empty(&user.name),
            metadata: not_empty(&user.metadata),
            attributes: user.attributes.clone(),
            joined_at: Some((user.joined_at / 1000).to_string()),
        }
    }

    fn named(track: &TrackView) -> Self {
        let identity = track.user_id.to_string();
        Self { identity, name: None, metadata: None, attributes: BTreeMap::new(), joined_at: None }
    }
}

impl Track {
    fn of(track: &TrackView) -> Self {
        Self {
            sid: track.track_id.to_string(),
            kind: match track.kind {
                MediaKind::Audio => "AUDIO",
                MediaKind::Video => "VIDEO",
            },
            // LiveKit's enumeration; a receiver refuses a word that is not in it.
            source: match track.source {
                Source::Microphone => "MICROPHONE",
                Source::Camera => "CAMERA",
                Source::Screen => "SCREEN_SHARE",
                Source::ScreenAudio => "SCREEN_SHARE_AUDIO",
                Source::Avatar | Source::Desktop | Source::Phone | Source::Other => "UNKNOWN",
            },
            name: track.name.clone(),
            muted: track.muted,
            width: track.width,
            height: track.height,
            mid: track.mid.clone(),
        }
    }
}

fn not_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}
