//! A media packet that came in, ready to be forwarded to any number of transports.

use std::sync::Arc;
use std::time::Instant;

use crosspoint_egress::{Carried, Packet};
use crosspoint_rtp::keyframe::Codec;
use crosspoint_rtp::picture;
use str0m::format::{CodecSpec, FormatParams, PayloadParams};
use str0m::media::Frequency;

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
    /// Opus, as every browser takes it (RFC 7587): for packets that are made here.
    pub fn opus() -> Self {
        let spec = CodecSpec {
            codec: str0m::format::Codec::Opus,
            clock_rate: Frequency::FORTY_EIGHT_KHZ,
            channels: Some(2),
            format: FormatParams { min_p_time: Some(10), use_inband_fec: Some(true), ..FormatParams::default() },
        };
        let params = PayloadParams::new(111.into(), None, spec);
        Self { params, codec: Codec::Opus, clock_rate: 48_000 }
    }

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

impl Inbound {
    /// A packet that was made here: 20 ms of Opus, the first after silence or not.
    pub fn made(format: Arc<Format>, payload: Arc<[u8]>, begins: bool, due: Instant) -> Self {
        let media = Packet { marker: begins, begins: false, payload, carried: Carried::default(), captured: due };
        Self {
            line: 0,
            layer: 0,
            sequence: 0,
            timestamp: 0,
            format,
            media: Arc::new(media),
            arrival: due,
            capture: None,
            level: None,
            picture: picture::Numbers::default(),
        }
    }
}
