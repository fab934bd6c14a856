//! RTP header extensions (RFC 8285): which we negotiate, and which values travel from a publisher to its viewers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crosspoint_egress::{Carried, ExtensionIds};
use crosspoint_rtp::rtcp::ntp_timestamp;
use str0m::media::{Frequency, MediaTime};
use str0m::rtp::{Extension, ExtensionMap, ExtensionSerializer, ExtensionValues};

/// The largest AV1 dependency descriptor that is carried. The template structure of a key frame of 9 layers fits.
const MAX_DESCRIPTOR: usize = 255;

/// <https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension>
const DEPENDENCY_DESCRIPTOR: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// What we negotiate. The numbers are ours; each connection remaps them to the client's.
pub fn map() -> ExtensionMap {
    let mut map = ExtensionMap::standard();
    map.set(5, Extension::PlayoutDelay);
    map.set(6, Extension::VideoContentType);
    map.set(7, Extension::AbsoluteCaptureTime);
    map.set(12, Extension::with_serializer(DEPENDENCY_DESCRIPTOR, DependencyDescriptor));
    map
}

/// What of a publisher's header travels to viewers. Everything else (mid, rid, transport sequence number, send time)
/// belongs to one connection and is written anew on each.
pub(crate) fn carried(from: &ExtensionValues) -> Carried {
    let level = from.audio_level.map(|level| {
        let voice = if from.voice_activity == Some(true) { 0x80 } else { 0 };
        voice | level.unsigned_abs() & 0x7f
    });
    Carried {
        level,
        orientation: from.video_orientation.map(|orientation| orientation as u8),
        content_type: from.video_content_type,
        capture_time: from.abs_capture_time.and_then(|time| ntp(time.capture_time)),
        playout_delay: from.play_delay_min.zip(from.play_delay_max).map(playout_delay),
        descriptor: from.user_values.get::<DescriptorBytes>().map(|bytes| bytes.0.clone()),
    }
}

/// Sets the number of one extension.
pub(crate) fn set_id(ids: &mut ExtensionIds, uri: &str, id: u8) {
    let field = match uri {
        "urn:ietf:params:rtp-hdrext:sdes:mid" => &mut ids.mid,
        "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01" => &mut ids.transport_sequence,
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time" => &mut ids.send_time,
        "urn:ietf:params:rtp-hdrext:ssrc-audio-level" => &mut ids.level,
        "urn:3gpp:video-orientation" => &mut ids.orientation,
        "http://www.webrtc.org/experiments/rtp-hdrext/video-content-type" => &mut ids.content_type,
        "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time" => &mut ids.capture_time,
        "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay" => &mut ids.playout_delay,
        DEPENDENCY_DESCRIPTOR => &mut ids.descriptor,
        _ => return,
    };
    *field = id;
}

fn ntp(time: SystemTime) -> Option<u64> {
    const FROM_1900_TO_1970: Duration = Duration::from_secs(2_208_988_800);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some(ntp_timestamp(FROM_1900_TO_1970 + since))
}

/// Two values of 12 bits, in 10 ms.
fn playout_delay((least, most): (MediaTime, MediaTime)) -> [u8; 3] {
    let hundredths = |time: MediaTime| (time.rebase(Frequency::HUNDREDTHS).numer() & 0xfff) as u32;
    let [_, bytes @ ..] = (hundredths(least) << 12 | hundredths(most)).to_be_bytes();
    bytes
}

/// Carries the descriptor's bytes as they are. Chains and templates stay valid, because whole streams are forwarded; the
/// frame number in them is written anew for each receiver, see [`crosspoint_rtp::picture`].
#[derive(Debug)]
struct DependencyDescriptor;

/// The bytes, as they travel in `ExtensionValues::user_values`.
struct DescriptorBytes(Arc<[u8]>);

impl ExtensionSerializer for DependencyDescriptor {
    fn write_to(&self, buffer: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(DescriptorBytes(bytes)) = values.user_values.get::<DescriptorBytes>() else { return 0 };
        let Some(target) = buffer.get_mut(..bytes.len()) else { return 0 };
        target.copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, bytes: &[u8], values: &mut ExtensionValues) -> bool {
        if bytes.is_empty() || bytes.len() > MAX_DESCRIPTOR {
            return false;
        }
        values.user_values.set(DescriptorBytes(bytes.into()));
        true
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values.user_values.get::<DescriptorBytes>().is_some_and(|bytes| bytes.0.len() > 16)
    }
}
