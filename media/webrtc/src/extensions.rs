//! RTP header extensions (RFC 8285): which we negotiate, and which values travel from a publisher to its viewers.

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
pub fn carried(from: &ExtensionValues) -> ExtensionValues {
    ExtensionValues {
        audio_level: from.audio_level,
        voice_activity: from.voice_activity,
        video_orientation: from.video_orientation,
        video_content_type: from.video_content_type,
        abs_capture_time: from.abs_capture_time,
        play_delay_min: from.play_delay_min,
        play_delay_max: from.play_delay_max,
        user_values: from.user_values.clone(),
        ..ExtensionValues::default()
    }
}

/// Carries the descriptor's bytes as they are. Chains and templates stay valid, because whole streams are forwarded.
#[derive(Debug)]
struct DependencyDescriptor;

/// The bytes, as they travel in `ExtensionValues::user_values`.
struct DescriptorBytes(Box<[u8]>);

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
