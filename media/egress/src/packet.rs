//! What of a media packet is the same for everybody who gets it.

use std::sync::Arc;
use std::time::Instant;

/// A packet of a publisher, without the numbers that each receiver gets of its own.
#[derive(Debug)]
pub struct Packet {
    /// RTP marker: the last packet of a frame, or the first after silence.
    pub marker: bool,
    /// A key frame begins here: who gets it needs nothing that was before.
    pub begins: bool,
    /// The payload, as plain as it came.
    pub payload: Arc<[u8]>,
    /// What of its header extensions travels on.
    pub carried: Carried,
    /// When it was captured, on our clock.
    pub captured: Instant,
}

/// Values of RTP header extensions (RFC 8285), in the bytes in which they travel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// RFC 6464: voice bit and level.
    pub level: Option<u8>,
    /// Coordination of video orientation (3GPP TS 26.114).
    pub orientation: Option<u8>,
    /// Camera or screen.
    pub content_type: Option<u8>,
    /// Absolute capture time: an NTP timestamp. (No offset: it would be to the clock of the publisher's reports, and viewers get
    /// ours.)
    pub capture_time: Option<u64>,
    /// Least and greatest playout delay, 12 bits each, in 10 ms.
    pub playout_delay: Option<[u8; 3]>,
    /// AV1 dependency descriptor.
    pub descriptor: Option<Arc<[u8]>>,
}
