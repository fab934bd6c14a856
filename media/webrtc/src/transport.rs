//! One connection as a state machine: datagrams and time in, datagrams and [`TransportEvent`]s out.
//!
//! Each `handle_…` ends with everything that came of it given to the [`Sink`]. [`Transport::forward`] only queues:
//! [`Transport::flush`] stamps, encrypts and gives out what a batch of packets queued, which is much cheaper than one by one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_model::signal::{LOSSY, RELIABLE};
use crosspoint_model::{MediaKind, Refusal};
use crosspoint_rtp::keyframe::{Codec, starts_key_frame};
use crosspoint_rtp::vp8;
use str0m::bwe::{Bitrate, BweKind};
use str0m::change::SdpOffer;
use str0m::channel::ChannelId;
use str0m::media::{KeyframeRequestKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpPacket, RtpWrite, Vp8Descriptor};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};

use crate::clock::PublisherClock;
use crate::event::{Datagram, Sink, Transmit, TransportEvent};
use crate::line::Line;
use crate::packet::{Format, Inbound, MAX_PAYLOAD};
use crate::sdp::{self, invalid, prepare_offer};
use crate::stats::Gatherer;
use crate::{MediaLine, credentials, crypto, extensions};

/// Packets kept for resending, per slot: 1.5 s of 1.5 Mbit/s.
pub(crate) const RTX_PACKETS: usize = 256;
/// Packets of one connection that leave in one turn of the worker.
const MAX_PACED: usize = 512;
/// How far ahead str0m's pacer puts the packet after this one.
const PACER_STEP: Duration = Duration::from_micros(1);
const RTX_AGE: Duration = Duration::from_millis(1500);
/// Resends may be this part of what is sent; str0m's 15 % starves lossy mobile links.
const RTX_SHARE: f32 = 0.3;

/// A stream that the client sends.
#[derive(Debug)]
struct Incoming {
    ssrc: u32,
    line: u16,
    layer: u8,
    format: Option<(Pt, Arc<Format>)>,
}

/// A connection. Lives on one worker, for life.
#[derive(Debug)]
pub struct Transport {
    rtc: Rtc,
    worker: u16,
    /// The offer that was accepted last; an ICE restart over HTTP needs it again.
    offer: String,
    lines: Vec<Line>,
    incoming: Vec<Incoming>,
    reliable: Option<ChannelId>,
    lossy: Option<ChannelId>,
    clock: PublisherClock,
    stats: Gatherer,
    counters: Counters,
}

/// What became of a data message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataSent {
    /// It is on its way.
    Yes,
    /// There is no room for it now.
    Full,
    /// It cannot be sent, now or later.
    Never,
}

/// Packets that were not taken or not passed on, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Larger than [`MAX_PAYLOAD`].
    pub oversized: u64,
    /// On no line that was negotiated.
    pub unknown: u64,
    /// In a codec that the viewer does not take.
    pub unmatched: u64,
}

impl Transport {
    pub(crate) fn new(rtc: Rtc, worker: u16, offer: String) -> Self {
        let mut transport = Self {
            rtc,
            worker,
            offer,
            lines: Vec::new(),
            incoming: Vec::new(),
            reliable: None,
            lossy: None,
            clock: PublisherClock::default(),
            stats: Gatherer::default(),
            counters: Counters::default(),
        };
        transport.read_lines();
        transport
    }

    /// The m-lines, in order. Their positions are the `line` of packets, requests and `forward`.
    pub fn lines(&self) -> impl Iterator<Item = MediaLine> + '_ {
        self.lines.iter().map(|line| line.view.clone())
    }

    /// The user fragment that STUN requests to this connection carry.
    pub fn local_ufrag(&mut self) -> String {
        self.rtc.direct_api().local_ice_credentials().ufrag
    }

    /// What was not taken or passed on.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// Still of use? `false` once it closed and said its good-bye.
    pub fn is_alive(&self) -> bool {
        self.rtc.is_alive()
    }

    /// Does this STUN request carry our password's signature?
    pub fn accepts(&self, datagram: &Datagram<'_>) -> bool {
        receive(datagram).is_some_and(|receive| self.rtc.accepts(&Input::Receive(datagram.arrival, receive)))
    }

    /// A datagram of this client.
    pub fn handle_datagram(&mut self, datagram: &Datagram<'_>, sink: &mut impl Sink) -> Option<Instant> {
        if let Some(receive) = receive(datagram)
            && let Err(error) = self.rtc.handle_input(Input::Receive(datagram.arrival, receive))
        {
            tracing::debug!(%error, "a datagram was not taken");
        }
        let next = self.drain(sink);
        self.drain_paced(next, datagram.arrival, sink)
    }

    /// Time has passed; also sends what [`Self::forward`] queued. Returns when it wants to be called next.
    pub fn flush(&mut self, now: Instant, sink: &mut impl Sink) -> Option<Instant> {
        if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
            tracing::debug!(%error, "a timeout was not taken");
        }
        let next = self.drain(sink);
        self.drain_paced(next, now, sink)
    }

    /// A connection with an estimator gives out one packet per call and wants the next call a microsecond later: a frame
    /// would leave over as many turns of the worker as it has packets. Its clock runs ahead by those microseconds.
    fn drain_paced(&mut self, mut next: Option<Instant>, now: Instant, sink: &mut impl Sink) -> Option<Instant> {
        let mut clock = now;
        for _ in 0..MAX_PACED {
            let Some(at) = next.filter(|at| *at <= clock + PACER_STEP) else { break };
            clock = clock.max(at);
            if self.rtc.handle_input(Input::Timeout(clock)).is_err() {
                break;
            }
            next = self.drain(sink);
        }
        next
    }

    /// A new offer of this client. Returns the answer, and whether ICE restarts with new credentials.
    pub fn negotiate(&mut self, offer: &str) -> Result<(String, bool), Refusal> {
        let prepared = prepare_offer(offer)?;
        let restarts = sdp::ice_credentials(&prepared) != sdp::ice_credentials(&self.offer);
        let parsed = SdpOffer::from_sdp_string(&prepared).map_err(|error| invalid(&error.to_string()))?;
        let answer = self.rtc.sdp_api().accept_offer(parsed).map_err(|error| invalid(&error.to_string()))?;
        let mut answer = answer.to_sdp_string();
        if restarts {
            // str0m has just drawn credentials from a generator that is not meant for secrets.
            let fresh = credentials::generate(self.worker);
            answer = sdp::replace_credentials(&answer, &fresh);
            self.rtc.direct_api().set_local_ice_credentials(fresh);
        }
        self.offer = prepared;
        self.incoming.clear();
        self.read_lines();
        Ok((answer, restarts))
    }

    /// A candidate that the client found later (trickle). ICE-lite needs none, it learns addresses from checks: so none is
    /// kept, however many come.
    pub fn add_candidate(&mut self, candidate: &str) -> Result<(), Refusal> {
        let read = Candidate::from_sdp_string(candidate).map_err(|error| {
            Refusal::new(crosspoint_model::Code::InvalidCandidate, format!("the candidate cannot be read: {error}"))
        });
        read.map(drop)
    }

    /// Queues a packet of some publisher for the slot on `line`.
    pub fn forward(&mut self, line: u16, packet: &Inbound, sequence: u64, timestamp: u32, vp8: Option<vp8::Numbers>) {
        let Some(line) = self.lines.get_mut(usize::from(line)) else { return };
        let Some(ssrc) = line.ssrc else { return };
        let Some(pt) = line.payload_type(&packet.format, self.rtc.codec_config()) else {
            self.counters.unmatched += 1;
            return;
        };
        let wallclock = packet.capture.unwrap_or(packet.arrival);
        let mut write = RtpWrite::new(pt, sequence.into(), timestamp, wallclock, packet.payload.clone())
            .marker(packet.marker)
            .ext_vals(packet.extensions.clone())
            .nackable(line.view.kind == MediaKind::Video);
        if let (Some(numbers), Some(descriptor)) = (vp8, packet.vp8_descriptor) {
            let mut patch = descriptor.patch();
            if let Some(picture_id) = numbers.picture_id {
                patch = patch.picture_id(picture_id);
            }
            if let Some(tl0) = numbers.tl0_pic_idx {
                patch = patch.tl0_pic_idx(tl0);
            }
            if let Ok(patch) = patch.build() {
                write = write.vp8_patch(patch);
            }
        }
        let mut direct = self.rtc.direct_api();
        if let Some(stream) = direct.stream_tx(&ssrc) {
            stream.write_rtp(write);
        }
    }

    /// Asks the client for a key frame (PLI) of a track's layer.
    pub fn request_key_frame(&mut self, line: u16, layer: u8) {
        let Some(line) = self.lines.get(usize::from(line)) else { return };
        let rid = line.rids.get(usize::from(layer)).copied();
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(line.mid, rid) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Tells the client to send at most so much (REMB, draft-alvestrand-rmcat-remb).
    pub fn cap_publishing(&mut self, bits_per_second: u64) {
        for index in 0..self.incoming.len() {
            let ssrc = self.incoming[index].ssrc.into();
            if let Some(stream) = self.rtc.direct_api().stream_rx(&ssrc) {
                stream.request_remb(Bitrate::from(bits_per_second));
            }
        }
    }

    /// Tells the estimator what would be sent if there were room, and what to keep probing for.
    pub fn desire(&mut self, minimum: u64, desired: u64) {
        self.rtc.bwe().set_bitrate(Bitrate::from(minimum), Bitrate::from(desired));
    }

    /// Sends a data message.
    pub fn send_data(&mut self, reliable: bool, message: &[u8]) -> DataSent {
        let id = if reliable { self.reliable } else { self.lossy };
        let Some(mut channel) = id.and_then(|id| self.rtc.channel(id)) else { return DataSent::Never };
        match channel.write(true, message) {
            Ok(true) => DataSent::Yes,
            Ok(false) => DataSent::Full,
            // Larger than what the client takes (`a=max-message-size`): no use in trying again.
            Err(_) => DataSent::Never,
        }
    }

    /// Is this data channel open?
    pub fn has_channel(&self, reliable: bool) -> bool {
        if reliable { self.reliable.is_some() } else { self.lossy.is_some() }
    }

    /// Begins the good-bye (DTLS `close_notify`); [`Self::flush`] sends it.
    pub fn close(&mut self) {
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "closing");
        }
    }

    fn read_lines(&mut self) {
        let mids: Vec<Mid> = self.offer_mids();
        for mid in mids {
            let Some(media) = self.rtc.media(mid) else { continue };
            match self.lines.iter_mut().find(|line| line.mid == mid) {
                Some(line) => line.renew(media),
                None => self.lines.push(Line::new(media)),
            }
        }
        for line in &mut self.lines {
            if !line.view.sends || line.ssrc.is_some() {
                continue;
            }
            let mut direct = self.rtc.direct_api();
            if let Some(stream) = direct.stream_tx_by_mid(line.mid, None) {
                if line.view.kind == MediaKind::Video {
                    // The publisher has paced its packets; holding them back again only adds delay. The estimate decides
                    // which layers are sent, not when.
                    stream.set_unpaced(true);
                    stream.set_rtx_cache(RTX_PACKETS, RTX_AGE, Some(RTX_SHARE));
                }
                line.ssrc = Some(stream.ssrc());
            }
        }
    }

    fn offer_mids(&self) -> Vec<Mid> {
        self.offer.lines().filter_map(|line| line.strip_prefix("a=mid:")).map(|mid| Mid::from(mid.trim())).collect()
    }

    fn drain(&mut self, sink: &mut impl Sink) -> Option<Instant> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    if let Some(stats) = self.stats.take() {
                        sink.event(TransportEvent::Stats(Box::new(stats)));
                    }
                    return Some(at);
                }
                Ok(Output::Transmit(transmit)) => sink.transmit(Transmit {
                    tcp: transmit.proto != Protocol::Udp,
                    source: transmit.source,
                    destination: transmit.destination,
                    contents: transmit.contents.into(),
                }),
                Ok(Output::Event(event)) => self.handle_event(event, sink),
                Err(error) => {
                    tracing::debug!(%error, "the connection failed");
                    self.rtc.disconnect();
                    sink.event(TransportEvent::Closed);
                    return None;
                }
            }
        }
    }

    fn handle_event(&mut self, event: Event, sink: &mut impl Sink) {
        match event {
            Event::RtpPacket(packet) => {
                if let Some(packet) = self.inbound(packet) {
                    sink.event(TransportEvent::Packet(Box::new(packet)));
                }
            }
            Event::Connected => {
                let profile = crypto::take_negotiated();
                let aes_cm = matches!(profile, Some(str0m_proto::crypto::dtls::SrtpProfile::AES128_CM_SHA1_80));
                sink.event(TransportEvent::Connected { aes_cm });
            }
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                sink.event(TransportEvent::Disconnected);
            }
            Event::IceConnectionStateChange(IceConnectionState::Connected | IceConnectionState::Completed) => {
                sink.event(TransportEvent::Reconnected);
            }
            Event::KeyframeRequest(request) => {
                if let Some(line) = self.line_of(request.mid) {
                    sink.event(TransportEvent::KeyFrameRequest { line });
                }
            }
            Event::EgressBitrateEstimate(BweKind::Twcc { estimate, .. }) => {
                sink.event(TransportEvent::Estimate(estimate.as_u64()));
            }
            Event::ChannelOpen(id, label) => self.handle_channel(id, &label, sink),
            Event::ChannelData(data) => {
                let reliable = self.reliable == Some(data.id);
                if reliable || self.lossy == Some(data.id) {
                    sink.event(TransportEvent::Data { reliable, message: data.data });
                }
            }
            Event::ChannelBufferedAmountLow(_) => sink.event(TransportEvent::DataDrained),
            Event::ChannelClose(id) => {
                self.reliable = self.reliable.filter(|open| *open != id);
                self.lossy = self.lossy.filter(|open| *open != id);
            }
            Event::PeerStats(stats) => self.stats.peer(&stats),
            Event::MediaIngressStats(stats) => self.stats.ingress(&stats, self.clock_rate(stats.mid)),
            Event::MediaEgressStats(stats) => self.stats.egress(&stats, self.clock_rate(stats.mid)),
            Event::Closed => sink.event(TransportEvent::Closed),
            _ => {}
        }
    }

    fn handle_channel(&mut self, id: ChannelId, label: &str, sink: &mut impl Sink) {
        let reliable = label == RELIABLE;
        if !reliable && label != LOSSY {
            return;
        }
        if let Some(mut channel) = self.rtc.channel(id) {
            channel.set_buffered_amount_low_threshold(256 << 10);
        }
        *(if reliable { &mut self.reliable } else { &mut self.lossy }) = Some(id);
        sink.event(TransportEvent::ChannelOpen { reliable });
    }

    fn inbound(&mut self, packet: RtpPacket) -> Option<Inbound> {
        if packet.payload.len() > MAX_PAYLOAD {
            self.counters.oversized += 1;
            return None;
        }
        let Some((line, layer, format)) = self.source(*packet.header.ssrc, packet.header.payload_type) else {
            self.counters.unknown += 1;
            return None;
        };
        let capture = self.clock.capture(&packet, format.clock_rate);
        let is_vp8 = format.codec == Codec::Vp8;
        let vp8_descriptor = if is_vp8 { Vp8Descriptor::parse(&packet.payload).ok() } else { None };
        let vp8 = vp8_descriptor.and_then(|_| vp8::Numbers::parse(&packet.payload));
        Some(Inbound {
            line,
            layer,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            starts_key_frame: starts_key_frame(format.codec, &packet.payload),
            format,
            arrival: packet.timestamp,
            capture,
            level: packet.header.ext_vals.audio_level,
            vp8,
            vp8_descriptor,
            extensions: extensions::carried(&packet.header.ext_vals),
            payload: packet.payload,
        })
    }

    /// Line, layer and format of a stream, looked up once per stream and payload type.
    fn source(&mut self, ssrc: u32, pt: Pt) -> Option<(u16, u8, Arc<Format>)> {
        let index = match self.incoming.iter().position(|incoming| incoming.ssrc == ssrc) {
            Some(index) => index,
            None => {
                let (line, layer) = self.identify(ssrc)?;
                // A publisher may change its SSRC as often as it likes; the list stays as long as its lines and layers.
                let fresh = Incoming { ssrc, line, layer, format: None };
                match self.incoming.iter().position(|known| (known.line, known.layer) == (line, layer)) {
                    Some(index) => {
                        self.incoming[index] = fresh;
                        index
                    }
                    None => {
                        self.incoming.push(fresh);
                        self.incoming.len() - 1
                    }
                }
            }
        };
        let known = self.incoming[index].format.as_ref().filter(|(known, _)| *known == pt);
        let format = match known {
            Some((_, format)) => format.clone(),
            None => {
                let format = self.format(pt)?;
                self.incoming[index].format = Some((pt, format.clone()));
                format
            }
        };
        Some((self.incoming[index].line, self.incoming[index].layer, format))
    }

    fn identify(&mut self, ssrc: u32) -> Option<(u16, u8)> {
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_rx(&ssrc.into())?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let line = self.line_of(mid)?;
        let rids = &self.lines[usize::from(line)].rids;
        let layer = rid.and_then(|rid| rids.iter().position(|known| *known == rid)).unwrap_or(0);
        Some((line, u8::try_from(layer).ok()?))
    }

    fn format(&self, pt: Pt) -> Option<Arc<Format>> {
        let params = *self.rtc.codec_config().find(|params| params.pt() == pt)?;
        let codec = match params.spec().codec {
            str0m::format::Codec::Opus => Codec::Opus,
            str0m::format::Codec::Vp8 => Codec::Vp8,
            str0m::format::Codec::Vp9 => Codec::Vp9,
            str0m::format::Codec::H264 => Codec::H264,
            str0m::format::Codec::Av1 => Codec::Av1,
            _ => Codec::Other,
        };
        Some(Arc::new(Format { params, codec, clock_rate: params.spec().clock_rate.get() }))
    }

    fn line_of(&self, mid: Mid) -> Option<u16> {
        self.lines.iter().position(|line| line.mid == mid).and_then(|index| u16::try_from(index).ok())
    }

    fn clock_rate(&self, mid: Mid) -> f64 {
        let line = self.lines.iter().find(|line| line.mid == mid);
        if line.is_some_and(|line| line.view.kind == MediaKind::Video) { 90_000.0 } else { 48_000.0 }
    }
}

fn receive<'a>(datagram: &Datagram<'a>) -> Option<Receive<'a>> {
    let protocol = if datagram.tcp { Protocol::Tcp } else { Protocol::Udp };
    Receive::new(protocol, datagram.source, datagram.destination, datagram.contents).ok()
}
