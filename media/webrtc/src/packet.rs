//! A media packet that came in, ready to be forwarded to any number of transports.

use std::sync::Arc;
use std::time::Instant;

use crosspoint_egress::Packet;
use crosspoint_rtp::keyframe::Codec;
use crosspoint_rtp::picture;
use str0m::format::PayloadParams;

/// The largest RTP payload that is taken in. No browser sends a larger one (they keep to 1200
/// bytes), and on its way out it would not fit into an Ethernet frame.
pub const MAX_PAYLOAD: usize = 1400;

/// The encoding of a packet as its publisher negotiated it. One per publisher and payload type, shared by its packets.
#[derive(Debug)]
pub struct Format {
    pub(crate) params: PayloadParams,
    /// What kind of bytes the payload is.
    pub codec: Codec,
    /// Ticks per second of the timestamp.
    pub clock_rate: u32,
}

impl Format {
    /// The codec's name, as it stands in `a=rtpmap`.
    pub fn name(&self) -> &'static str {
        match self.codec {
            Codec::Opus => "opus",
            Codec::Vp8 => "VP8",
            Codec::Vp9 => "VP9",
            Codec::H264 => "H264",
            Codec::H265 => "H265",
            Codec::Av1 => "AV1",
            Codec::Other => "other",
        }
    }
}

/// A packet of a publisher.
#[derive(Debug)]
pub struct Inbound {
    /// The m-line it came on: an index into `Transport::lines`.
    pub line: u16,
    /// The simulcast layer: an index into `MediaLine::rids`, 0 without simulcast.
    pub layer: u8,
    /// The publisher's sequence number, extended to 64 bits.
    pub sequence: u64,
    /// The publisher's timestamp.
    pub timestamp: u32,
    /// The encoding.
    pub format: Arc<Format>,
    /// What all who get it share.
    pub media: Arc<Packet>,
    /// When it arrived.
    pub arrival: Instant,
    /// When it was captured, by the publisher's sender reports (RFC 3550 §6.4.1), on our clock. All tracks of one
    /// publisher share one mapping, so that their relation is exact.
    pub capture: Option<Instant>,
    /// RFC 6464: dBov, −127 to 0.
    pub level: Option<i8>,
    /// The numbers of its picture.
    pub picture: picture::Numbers,
}
