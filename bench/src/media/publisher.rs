//! When a publisher sends what: 50 audio packets and 100 video packets a second, four to a frame.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_model::MediaKind;
use str0m::Rtc;
use str0m::format::Codec;
use str0m::media::{Mid, Pt};
use str0m::rtp::{ExtensionValues, RtpWrite};

use super::payload::{self, InFrame, Stamp};
use super::voice::Voice;

const PACKETS_PER_FRAME: u64 = 4;
/// Audio packets of a publisher in a second.
pub const AUDIO_PER_SECOND: f64 = 50.0;
/// Video packets of a publisher in a second.
pub const VIDEO_PER_SECOND: f64 = 100.0;
const VIDEO_GAP: Duration = Duration::from_millis(10);
const AUDIO_GAP: Duration = Duration::from_millis(20);
/// A key frame at least so often.
const FRAMES_PER_KEY: u64 = 50;
/// Who is further behind than this (the machine stood still) goes on from now.
const PATIENCE: Duration = Duration::from_millis(500);

/// How a publisher's video packets are spread over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// So many video packets leave at once: 4 is a whole frame of 25 a second, 1 is one packet every 10 ms.
    pub burst: u32,
}

/// The source of one participant's sound and picture.
#[derive(Debug)]
pub struct Publisher {
    source: u32,
    audio: Option<Stream>,
    video: Option<Stream>,
    shape: Shape,
    key_wanted: bool,
    key_frame: bool,
    frames_since_key: u64,
    /// What its sound is, and the packet it began with; none: packets with stamps.
    voice: Option<(Arc<Voice>, u64)>,
}

/// A packet that was written.
#[derive(Clone, Copy, Debug)]
pub struct Written {
    /// Its stamp, in the payload or not.
    pub stamp: Stamp,
    /// A mark begins with it.
    pub mark: bool,
}

#[derive(Debug)]
struct Stream {
    mid: Mid,
    payload_type: Option<Pt>,
    sent: u64,
    due: Instant,
}

impl Publisher {
    /// A publisher that sends on these m-lines from `start` on. `source` names it in the stamps.
    pub fn new(source: u32, audio: Option<Mid>, video: Option<Mid>, shape: Shape, start: Instant) -> Self {
        let stream = |mid| Stream { mid, payload_type: None, sent: 0, due: start };
        let (audio, video) = (audio.map(stream), video.map(stream));
        Self { source, audio, video, shape, key_wanted: true, key_frame: false, frames_since_key: 0, voice: None }
    }

    /// Its sound is this voice.
    pub fn speaking(mut self, voice: Arc<Voice>) -> Self {
        self.voice = Some((voice, 0));
        self
    }

    /// The next frame shall be a key frame.
    pub fn want_key_frame(&mut self) {
        self.key_wanted = true;
    }

    /// The next packet is due then.
    pub fn due(&self) -> Option<Instant> {
        self.audio.iter().chain(&self.video).map(|stream| stream.due).min()
    }

    /// Writes one packet that is due into the connection; the caller lets it out before the next one.
    pub fn write(&mut self, rtc: &mut Rtc, now: Instant) -> Option<Written> {
        if let Some(stream) = self.audio.as_mut().filter(|stream| stream.due <= now) {
            return match &mut self.voice {
                Some(voice) => write_voice(stream, self.source, voice, rtc, now),
                None => write_audio(stream, self.source, rtc, now).map(Written::plain),
            };
        }
        let stream = self.video.as_ref().filter(|stream| stream.due <= now)?;
        let first = stream.sent.is_multiple_of(PACKETS_PER_FRAME);
        if first {
            self.key_frame = self.key_wanted || self.frames_since_key >= FRAMES_PER_KEY;
            self.key_wanted = false;
            self.frames_since_key = if self.key_frame { 0 } else { self.frames_since_key + 1 };
        }
        let (key, shape, source) = (self.key_frame, self.shape, self.source);
        write_video(self.video.as_mut()?, source, key, shape, rtc, now).map(Written::plain)
    }
}

impl Written {
    fn plain(stamp: Stamp) -> Self {
        Self { stamp, mark: false }
    }
}

fn write_audio(stream: &mut Stream, source: u32, rtc: &mut Rtc, now: Instant) -> Option<Stamp> {
    let number = stream.sent;
    stream.sent += 1;
    stream.due = following(stream.due, AUDIO_GAP, now);
    let stamp = Stamp { kind: MediaKind::Audio, source, counter: number, sent_ns: payload::wall_ns() };
    send_audio(stream, stamp, payload::audio(stamp), -30, rtc, now)
}

fn write_voice(
    stream: &mut Stream,
    source: u32,
    voice: &mut (Arc<Voice>, u64),
    rtc: &mut Rtc,
    now: Instant,
) -> Option<Written> {
    let number = stream.sent;
    stream.sent += 1;
    stream.due = following(stream.due, AUDIO_GAP, now);
    let stamp = Stamp { kind: MediaKind::Audio, source, counter: number, sent_ns: payload::wall_ns() };
    let (voice, first) = voice;
    if number == 0 {
        *first = Voice::frame_at(stamp.sent_ns);
    }
    let frame = *first + number;
    let stamp = send_audio(stream, stamp, voice.packet(frame), voice.level, rtc, now)?;
    Some(Written { stamp, mark: voice.marks(frame) })
}

fn send_audio(
    stream: &mut Stream,
    stamp: Stamp,
    payload: Vec<u8>,
    level: i8,
    rtc: &mut Rtc,
    now: Instant,
) -> Option<Stamp> {
    let payload_type = stream.payload_type(rtc, Codec::Opus)?;
    let extensions =
        ExtensionValues { audio_level: Some(level), voice_activity: Some(level > -127), ..Default::default() };
    let (number, timestamp) = (stamp.counter, (stamp.counter * 960) as u32);
    let packet = RtpWrite::new(payload_type, (1000 + number).into(), timestamp, now, payload)
        .marker(number == 0)
        .ext_vals(extensions);
    rtc.direct_api().stream_tx_by_mid(stream.mid, None)?.write_rtp(packet);
    Some(stamp)
}

fn write_video(
    stream: &mut Stream,
    source: u32,
    key: bool,
    shape: Shape,
    rtc: &mut Rtc,
    now: Instant,
) -> Option<Stamp> {
    let number = stream.sent;
    stream.sent += 1;
    let burst = u64::from(shape.burst.max(1));
    if stream.sent.is_multiple_of(burst) {
        stream.due = following(stream.due, VIDEO_GAP * shape.burst.max(1), now);
    }
    let payload_type = stream.payload_type(rtc, Codec::Vp8)?;
    let (picture, place) = (number / PACKETS_PER_FRAME, number % PACKETS_PER_FRAME);
    let stamp = Stamp { kind: MediaKind::Video, source, counter: number, sent_ns: payload::wall_ns() };
    let payload = payload::video(stamp, InFrame { key, first: place == 0, picture });
    let packet = RtpWrite::new(payload_type, (1000 + number).into(), (picture * 3600) as u32, now, payload)
        .marker(place + 1 == PACKETS_PER_FRAME)
        .nackable(true);
    rtc.direct_api().stream_tx_by_mid(stream.mid, None)?.write_rtp(packet);
    Some(stamp)
}

fn following(due: Instant, gap: Duration, now: Instant) -> Instant {
    let next = due + gap;
    if next + PATIENCE < now { now } else { next }
}

impl Stream {
    fn payload_type(&mut self, rtc: &Rtc, codec: Codec) -> Option<Pt> {
        if self.payload_type.is_none() {
            let offered = rtc.media(self.mid)?.remote_pts();
            let found =
                rtc.codec_config().find(|params| params.spec().codec == codec && offered.contains(&params.pt()));
            self.payload_type = found.map(str0m::format::PayloadParams::pt);
        }
        self.payload_type
    }
}
