//! Bounds on sizes, counts, rates and times. Every one can be configured; these are the defaults.

use std::time::Duration;

/// What the server allows before it refuses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Participants in a room, WHEP viewers apart.
    pub participants_per_room: usize,
    /// WHEP viewers of a room.
    pub viewers_per_room: usize,
    /// Rooms on this server.
    pub rooms: usize,
    /// Tracks that one participant may publish.
    pub tracks_per_participant: usize,
    /// Video slots on one connection.
    pub video_slots: usize,
    /// Audio slots on one connection.
    pub audio_slots: usize,
    /// Bytes of one signalling message.
    pub message_bytes: usize,
    /// Signalling messages that one connection may send per second, in the long run.
    pub messages_per_second: u32,
    /// Failed or unauthenticated attempts that one address may make per minute.
    pub failures_per_minute: u32,
    /// Bytes of one session description.
    pub sdp_bytes: usize,
    /// Bytes of one data message.
    pub data_bytes: usize,
    /// Bytes of data that one participant may send per second.
    pub data_bytes_per_second: usize,
    /// Bytes of a participant's metadata and attributes together.
    pub metadata_bytes: usize,
    /// Bits per second that one participant may publish; none: unlimited.
    pub publish_bitrate: Option<u64>,
    /// Bits per second that one participant may receive; none: as much as its connection carries.
    pub receive_bitrate: Option<u64>,
    /// How long a dropped socket's session waits to be resumed.
    pub resume: Duration,
    /// How long an empty room stays.
    pub empty_room: Duration,
    /// How long a room may live; none: forever.
    pub room_lifetime: Option<Duration>,
    /// Without any sign of the client for this long, its socket is closed.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            participants_per_room: 50,
            viewers_per_room: 10_000,
            rooms: 10_000,
            tracks_per_participant: 8,
            video_slots: 12,
            audio_slots: 12,
            message_bytes: 256 * 1024,
            messages_per_second: 50,
            failures_per_minute: 30,
            sdp_bytes: 128 * 1024,
            data_bytes: 64 * 1024,
            data_bytes_per_second: 512 * 1024,
            metadata_bytes: 64 * 1024,
            publish_bitrate: None,
            receive_bitrate: None,
            resume: Duration::from_secs(30),
            empty_room: Duration::from_secs(60),
            room_lifetime: None,
            silence: Duration::from_secs(45),
        }
    }
}
