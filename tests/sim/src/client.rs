//! A participant: a str0m peer with its publishers, and with what it hears and sees.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_engine::{LegEnd, SlotState, TrackSpec};
use crosspoint_model::signal::{LOSSY, RELIABLE};
use crosspoint_model::{Hears, Identity, LegKey, MediaKind, RoomKey, Source, TrackKey};
use crosspoint_rtp::red;
use str0m::change::{SdpAnswer, SdpApi, SdpPendingOffer};
use str0m::channel::{ChannelConfig, ChannelId, Reliability};
use str0m::media::{Direction, KeyframeRequestKind, MediaKind as Kind, Mid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, Input, Output, Rtc, RtcConfig};

use crate::ear::{Arrived, Ears};
use crate::listener::Listener;
use crate::network::Path;
use crate::payload::Stamp;
use crate::publisher::{Camera, Voice};
use crate::tone::Tone;
use crate::viewer::Viewer;

/// How often a viewer looks whether it is stuck.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// By how much a steady stream's timestamps may differ from time, from one packet to the next.
const MOST_DRIFT: Duration = Duration::from_millis(60);

/// How a client comes in.
#[derive(Clone, Debug)]
pub struct Join {
    /// Its room.
    pub room: RoomKey,
    /// Does it bring a microphone?
    pub voice: bool,
    /// Which tone that hears. Who has one decodes what it receives; others look at what packets say that they are.
    pub tone: Option<usize>,
    /// Does it know redundant audio?
    pub red: bool,
    /// What comes to it unasked.
    pub hears: Hears,
    /// The layers of its camera; none: it has no camera.
    pub camera: Vec<(Option<&'static str>, u64)>,
    /// Frames a second.
    pub frames: u32,
    /// Its slots.
    pub audio_slots: usize,
    /// Its slots.
    pub video_slots: usize,
    /// Does it open data channels?
    pub data: bool,
    /// The way to the server.
    pub up: Path,
    /// The way from the server.
    pub down: Path,
}

impl Join {
    /// A client that only receives, 50 ms there and back.
    pub fn viewer(room: RoomKey) -> Self {
        let clean = Path::clean(25);
        let (audio_slots, video_slots) = (2, 1);
        let (voice, camera, frames) = (false, Vec::new(), 25);
        let (tone, red, hears, data) = (None, true, Hears::Tracks, false);
        Self { room, voice, tone, red, hears, camera, frames, audio_slots, video_slots, data, up: clean, down: clean }
    }

    /// A client with a microphone and a camera of one layer that only sends.
    pub fn publisher(room: RoomKey) -> Self {
        let camera = vec![(None, 600_000)];
        Self { voice: true, camera, audio_slots: 0, video_slots: 0, ..Self::viewer(room) }
    }

    /// A client in a room that mixes, with a microphone that hears this tone and one slot, 8 ms there and back.
    pub fn tone(room: RoomKey, tone: usize) -> Self {
        let (audio_slots, video_slots) = (1, 0);
        let talker = Self { tone: Some(tone), voice: true, hears: Hears::Mix, ..Self::viewer(room) };
        Self { audio_slots, video_slots, ..talker }.over(Path::clean(4))
    }

    /// The same way up and down.
    pub fn over(self, path: Path) -> Self {
        Self { up: path, down: path, ..self }
    }
}

/// A participant.
#[derive(Debug)]
pub struct Client {
    /// Its connection.
    pub rtc: Rtc,
    /// Its leg.
    pub leg: LegKey,
    /// Its name.
    pub identity: Identity,
    /// Where it came in.
    pub room: RoomKey,
    /// The worker that has its connection.
    pub home: usize,
    /// Its address.
    pub address: SocketAddr,
    /// Its microphone.
    pub voice: Option<Voice>,
    /// Its camera.
    pub camera: Option<Camera>,
    /// What its slots hold, by mid, as the server told.
    pub slots: BTreeMap<String, SlotState>,
    /// What it heard.
    pub listener: Listener,
    /// What it decoded, if it has a tone of its own.
    pub ears: Option<Ears>,
    /// What it saw, by mid.
    pub viewers: BTreeMap<Mid, Viewer>,
    /// Data messages that came.
    pub messages: Vec<Vec<u8>>,
    /// Media packets that came.
    pub arrivals: Vec<Stamp>,
    /// Is nothing lost on its way? Then every stream must be continuous.
    pub strict: bool,
    /// Does nobody pause? Then timestamps run as time does, whatever a stream shows.
    pub steady: bool,
    /// What a correct server would never do.
    pub faults: Vec<String>,
    /// ICE and DTLS are up.
    pub connected: bool,
    /// Does it hear and answer? A client that does not is as good as gone.
    pub alive: bool,
    /// How the server ended it.
    pub ended: Option<LegEnd>,
    reliable: Option<ChannelId>,
    streams: BTreeMap<u32, Stream>,
    start: Instant,
    deadline: Instant,
    look_at: Instant,
}

#[derive(Debug)]
struct Stream {
    mid: Mid,
    sequence: u64,
    timestamp: u32,
    /// When that came.
    at: Instant,
}

/// An offer whose answer is awaited.
#[derive(Debug)]
pub struct Offer {
    /// The SDP.
    pub sdp: String,
    /// What the answer completes.
    pub pending: SdpPendingOffer,
}

impl Client {
    /// A client that has made its first offer.
    pub fn new(leg: LegKey, join: &Join, address: SocketAddr, start: Instant, now: Instant) -> (Self, Offer) {
        let crypto = crosspoint_webrtc::crypto::provider();
        let mut rtc = RtcConfig::new()
            .set_rtp_mode(true)
            .set_crypto_provider(crypto)
            .set_stats_interval(None)
            .clear_codecs()
            .enable_opus(true, join.red)
            .enable_vp8(true)
            .set_send_buffer_video(256)
            .build(now);
        rtc.add_local_candidate(Candidate::host(address, Protocol::Udp).expect("an address"));
        let mut changes = rtc.sdp_api();
        let (mut voice, mut camera) = (None, None);
        let key = leg.0 * 1_000;
        if join.voice {
            let mid = changes.add_media(Kind::Audio, Direction::SendOnly, None, None, None);
            voice = Some(Voice::new(mid, key + 1, join.tone.map(Tone::new), now));
        }
        if !join.camera.is_empty() {
            let mid = changes.add_media(Kind::Video, Direction::SendOnly, None, None, simulcast(&join.camera));
            camera = Some(Camera::new(mid, key + 2, &join.camera, join.frames, now));
        }
        for _ in 0..join.audio_slots {
            changes.add_media(Kind::Audio, Direction::RecvOnly, None, None, None);
        }
        for _ in 0..join.video_slots {
            changes.add_media(Kind::Video, Direction::RecvOnly, None, None, None);
        }
        let mut reliable = None;
        if join.data {
            reliable = Some(changes.add_channel(RELIABLE.to_owned()));
            let reliability = Reliability::MaxRetransmits { retransmits: 0 };
            let lossy = ChannelConfig { label: LOSSY.to_owned(), ordered: false, reliability, ..Default::default() };
            changes.add_channel_with_config(lossy);
        }
        let (offer, pending) = changes.apply().expect("something to offer");
        let offer = Offer { sdp: offer.to_sdp_string(), pending };
        let client = Self {
            rtc,
            leg,
            identity: Identity::parse(&format!("client-{}", leg.0)).expect("a name"),
            room: join.room,
            home: 0,
            address,
            voice,
            camera,
            slots: BTreeMap::new(),
            listener: Listener::default(),
            ears: join.tone.map(|_| Ears::default()),
            viewers: BTreeMap::new(),
            messages: Vec::new(),
            arrivals: Vec::new(),
            strict: false,
            steady: false,
            faults: Vec::new(),
            connected: false,
            alive: true,
            ended: None,
            reliable,
            streams: BTreeMap::new(),
            start,
            deadline: now,
            look_at: now,
        };
        (client, offer)
    }

    /// A new offer.
    pub fn offer(&mut self, change: impl FnOnce(&mut SdpApi<'_>)) -> Option<Offer> {
        let mut changes = self.rtc.sdp_api();
        change(&mut changes);
        let (offer, pending) = changes.apply()?;
        Some(Offer { sdp: offer.to_sdp_string(), pending })
    }

    /// The server's answer.
    pub fn accept(&mut self, pending: SdpPendingOffer, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).expect("the server's answer can be read");
        self.rtc.sdp_api().accept_answer(pending, answer).expect("the server's answer can be used");
    }

    /// What it publishes now.
    pub fn published(&self) -> Vec<TrackSpec> {
        let spec = |track, mid: Mid, kind, source| TrackSpec {
            track: TrackKey(track),
            mid: mid.to_string(),
            kind,
            source,
            muted: false,
            held: false,
            width: 1280,
            height: 720,
        };
        let voice = self.voice.iter().filter(|voice| voice.on);
        let camera = self.camera.iter().filter(|camera| camera.on);
        let voice = voice.map(|voice| spec(voice.track, voice.mid, MediaKind::Audio, Source::Microphone));
        voice.chain(camera.map(|camera| spec(camera.track, camera.mid, MediaKind::Video, Source::Camera))).collect()
    }

    /// When it wants to be called.
    pub fn deadline(&self) -> Option<Instant> {
        let voice = self.voice.as_ref().and_then(Voice::due);
        let camera = self.camera.as_ref().and_then(Camera::due);
        let media = voice.into_iter().chain(camera).filter(|_| self.connected);
        self.alive.then(|| media.chain([self.deadline, self.look_at]).min()).flatten()
    }

    /// Does what is due; gives what it sends.
    pub fn handle_timeout(&mut self, now: Instant) -> Vec<Vec<u8>> {
        if self.connected {
            if let Some(voice) = &mut self.voice {
                voice.write(&mut self.rtc, self.start, now);
            }
            if let Some(camera) = &mut self.camera {
                camera.write(&mut self.rtc, self.start, now);
            }
        }
        if self.look_at <= now {
            self.look_at = now + LOOK_EVERY;
            let stuck = self.viewers.iter_mut().filter_map(|(mid, viewer)| viewer.wants_key_frame(now).then_some(*mid));
            for mid in stuck.collect::<Vec<_>>() {
                if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(mid, None) {
                    stream.request_keyframe(KeyframeRequestKind::Pli);
                }
            }
        }
        self.rtc.handle_input(Input::Timeout(now)).expect("time passes");
        self.drain(now)
    }

    /// A datagram of the server; gives what it sends.
    pub fn handle_datagram(&mut self, source: SocketAddr, datagram: &[u8], now: Instant) -> Vec<Vec<u8>> {
        if !self.alive {
            return Vec::new();
        }
        if let Ok(receive) = Receive::new(Protocol::Udp, source, self.address, datagram) {
            self.rtc.handle_input(Input::Receive(now, receive)).expect("the server's datagram can be used");
        }
        self.drain(now)
    }

    /// Sends a data message; false: the channel is not open or full.
    pub fn send_data(&mut self, message: &[u8]) -> bool {
        let channel = self.reliable.and_then(|id| self.rtc.channel(id));
        channel.is_some_and(|mut channel| channel.write(true, message).unwrap_or(false))
    }

    /// The viewer of its only video slot.
    pub fn viewer(&self) -> &Viewer {
        self.viewers.values().next().expect("a picture came")
    }

    fn drain(&mut self, now: Instant) -> Vec<Vec<u8>> {
        let mut datagrams = Vec::new();
        loop {
            match self.rtc.poll_output().expect("a client's connection works") {
                Output::Transmit(transmit) => datagrams.push(transmit.contents.to_vec()),
                Output::Event(event) => self.handle_event(event, now),
                Output::Timeout(deadline) => {
                    self.deadline = deadline;
                    return datagrams;
                }
            }
        }
    }

    fn handle_event(&mut self, event: Event, now: Instant) {
        match event {
            Event::Connected => {
                self.connected = true;
                self.resend_like_a_browser();
                self.voice.iter_mut().filter(|voice| voice.on).for_each(|voice| voice.resume(now));
                self.camera.iter_mut().filter(|camera| camera.on).for_each(|camera| camera.resume(now));
            }
            Event::RtpPacket(packet) => self.take(&packet, now),
            Event::KeyframeRequest(request) => {
                if let Some(camera) = self.camera.as_mut().filter(|camera| camera.mid == request.mid) {
                    camera.want_key_frame(request.rid, now);
                }
            }
            Event::ChannelData(data) => self.messages.push(data.data),
            _ => {}
        }
    }

    /// Browsers keep some seconds and set no bound on the share of resends.
    fn resend_like_a_browser(&mut self) {
        let Some(camera) = &self.camera else { return };
        let mut direct = self.rtc.direct_api();
        for layer in &camera.layers {
            if let Some(stream) = direct.stream_tx_by_mid(camera.mid, layer.rid) {
                stream.set_rtx_cache(600, Duration::from_secs(3), None);
            }
        }
    }

    fn take(&mut self, packet: &RtpPacket, now: Instant) {
        let ssrc = *packet.header.ssrc;
        let (sequence, timestamp) = (*packet.seq_no, packet.header.timestamp);
        let Some(mid) = self.rtc.direct_api().stream_rx(&packet.header.ssrc).map(|stream| stream.mid()) else { return };
        let is_audio = self.rtc.media(mid).is_some_and(|media| media.kind().is_audio());
        let stream = self.streams.entry(ssrc).or_insert(Stream { mid, sequence: sequence - 1, timestamp, at: now });
        if self.strict && sequence != stream.sequence + 1 {
            self.faults.push(format!("on line {}: packet {sequence} after {}", stream.mid, stream.sequence));
        }
        if sequence > stream.sequence {
            if (timestamp.wrapping_sub(stream.timestamp) as i32) < 0 {
                self.faults.push(format!("on line {}: time goes back at {sequence}", stream.mid));
            }
            let ticks =
                f64::from(timestamp.wrapping_sub(stream.timestamp)) / if is_audio { 48_000.0 } else { 90_000.0 };
            let drift = Duration::from_secs_f64(ticks).abs_diff(now - stream.at);
            if self.steady && drift > MOST_DRIFT {
                self.faults.push(format!("on line {}: time jumps by {drift:?} at {sequence}", stream.mid));
            }
            (stream.sequence, stream.timestamp, stream.at) = (sequence, timestamp, now);
        }
        if is_audio && self.ears.is_some() {
            return self.decode(mid, packet, now);
        }
        let Some(stamp) = Stamp::read(&packet.payload) else {
            self.faults.push(format!("on line {mid}: packet {sequence} is nobody's"));
            return;
        };
        if is_audio {
            self.listener.hear(&stamp, now - self.start);
            let pt = packet.header.payload_type;
            if self.rtc.codec_config().find(|params| params.red() == Some(pt)).is_some() {
                let Some(blocks) = red::parse(&packet.payload) else {
                    self.faults.push(format!("on line {mid}: packet {sequence} is no redundant audio"));
                    return;
                };
                let previous = blocks.previous.and_then(|(_, block)| Stamp::read(block));
                previous.iter().for_each(|stamp| self.listener.hear(stamp, now - self.start));
            }
        } else {
            let viewer = self.viewers.entry(mid).or_default();
            viewer.take(sequence, packet.header.marker, stamp, &packet.payload, now);
        }
        self.arrivals.push(stamp);
    }

    fn decode(&mut self, mid: Mid, packet: &RtpPacket, now: Instant) {
        let (pt, payload) = (packet.header.payload_type, &packet.payload[..]);
        let redundant = self.rtc.codec_config().find(|params| params.red() == Some(pt)).is_some();
        let (sequence, timestamp) = (*packet.seq_no, packet.header.timestamp);
        let arrived = Arrived { sequence, timestamp, at: now, payload, redundant };
        if !self.ears.as_mut().is_some_and(|ears| ears.take(mid, &arrived)) {
            self.faults.push(format!("on line {mid}: packet {sequence} is no redundant audio"));
        }
    }
}

fn simulcast(layers: &[(Option<&str>, u64)]) -> Option<Simulcast> {
    let mut simulcast = Simulcast::new();
    for rid in layers.iter().filter_map(|(rid, _)| *rid) {
        simulcast.add_send_layer(SimulcastLayer::new(rid));
    }
    (!simulcast.send.is_empty()).then_some(simulcast)
}
