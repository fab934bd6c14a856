//! One connection as a state machine: datagrams and time in, datagrams and [`TransportEvent`]s out.
//!
//! Each `handle_…` ends with everything that came of it given to the [`Sink`]. [`Transport::forward`] only queues:
//! [`Transport::flush`] writes, encrypts and gives out what a batch of packets queued, which is much cheaper than one by one.
//!
//! str0m has what comes in (`incoming.rs` names it), ICE, DTLS and data channels. What goes out is [`Egress`], which reads
//! the client's feedback itself: most RTCP never reaches str0m.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_egress::{Egress, LineConfig, Outlet, Wishes};
use crosspoint_model::signal::{LOSSY, RELIABLE};
use crosspoint_model::{MediaKind, Refusal};
use crosspoint_rtp::picture;
use str0m::bwe::Bitrate;
use str0m::change::SdpOffer;
use str0m::channel::ChannelId;
use str0m::media::{KeyframeRequestKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, IceConnectionState, Input, Output, Rtc};
use str0m_proto::crypto::dtls::SrtpProfile;

use crate::event::{Datagram, Path, Sink, TransportEvent};
use crate::first_byte::{is_rtcp, is_stun};
use crate::incoming::Incoming;
use crate::line::Line;
use crate::packet::Inbound;
use crate::sdp::{self, Offered, invalid, prepare_offer};
use crate::stats::{Gatherer, TransportStats};
use crate::way::Way;
use crate::{MediaLine, credentials, crypto, srtp};

/// str0m is asked for the way at most this often.
const PATH_PAUSE: Duration = Duration::from_millis(100);

/// A connection. Lives on one worker, for life.
#[derive(Debug)]
pub struct Transport {
    rtc: Rtc,
    worker: u16,
    /// The offer that was accepted last; an ICE restart over HTTP needs it again.
    offer: String,
    lines: Vec<Line>,
    incoming: Incoming,
    egress: Egress,
    way: Way,
    /// When str0m was last asked which way ICE has chosen.
    path_asked: Option<Instant>,
    /// The source of what makes str0m tell.
    source: u32,
    /// When str0m wants to be called.
    due: Option<Instant>,
    /// str0m was given something to do.
    touched: bool,
    /// The datagram that is being handled was media of this client.
    took_media: bool,
    connected: bool,
    reliable: Option<ChannelId>,
    lossy: Option<ChannelId>,
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
    /// Larger than [`MAX_PAYLOAD`](crate::packet::MAX_PAYLOAD).
    pub oversized: u64,
    /// On no line that was negotiated.
    pub unknown: u64,
    /// In a codec that the viewer does not take.
    pub unmatched: u64,
}

impl Transport {
    pub(crate) fn new(rtc: Rtc, worker: u16, now: Instant) -> Self {
        Self {
            rtc,
            worker,
            offer: String::new(),
            lines: Vec::new(),
            incoming: Incoming::default(),
            egress: Egress::new(now),
            way: Way::default(),
            path_asked: None,
            source: credentials::source(),
            due: None,
            touched: true,
            took_media: false,
            connected: false,
            reliable: None,
            lossy: None,
            stats: Gatherer::default(),
            counters: Counters::default(),
        }
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
        Counters { oversized: self.incoming.oversized, unknown: self.incoming.unknown, ..self.counters }
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
        let path = datagram.path();
        if is_rtcp(datagram.contents) && !self.handle_rtcp(datagram, sink) {
            self.check_path(datagram, sink);
            return self.poll_timeout();
        }
        if is_stun(datagram.contents) && !self.way.is_checked(path) && self.accepts(datagram) {
            self.way.check(path);
        }
        if let Some(receive) = receive(datagram)
            && let Err(error) = self.rtc.handle_input(Input::Receive(datagram.arrival, receive))
        {
            tracing::debug!(%error, "a datagram was not taken");
        }
        self.due = self.drain(sink);
        if std::mem::take(&mut self.took_media) {
            self.way.hear(path, datagram.arrival);
        }
        self.check_path(datagram, sink);
        self.poll_timeout()
    }

    /// A datagram on another way than ours may mean that ICE has chosen another.
    fn check_path(&mut self, datagram: &Datagram<'_>, sink: &mut impl Sink) {
        let is_known = |path: &Path| path.destination == datagram.source && path.tcp == datagram.tcp;
        let asked = self.path_asked.is_some_and(|at| datagram.arrival.saturating_duration_since(at) < PATH_PAUSE);
        if self.connected && !asked && !self.way.now().as_ref().is_some_and(is_known) {
            self.path_asked = Some(datagram.arrival);
            self.find_path(sink);
        }
    }

    /// Time has passed; also sends what [`Self::forward`] queued. Returns when it wants to be called next.
    pub fn flush(&mut self, now: Instant, sink: &mut impl Sink) -> Option<Instant> {
        if self.touched || self.due.is_some_and(|due| due <= now) {
            self.touched = false;
            if let Err(error) = self.rtc.handle_input(Input::Timeout(now)) {
                tracing::debug!(%error, "a timeout was not taken");
            }
            self.due = self.drain(sink);
        }
        self.send(now, sink);
        self.poll_timeout()
    }

    fn poll_timeout(&self) -> Option<Instant> {
        [self.due, self.egress.poll_timeout()].into_iter().flatten().min()
    }

    fn send(&mut self, now: Instant, sink: &mut impl Sink) {
        if let Some(path) = self.way.now() {
            self.egress.flush(now, &mut Route { sink, path });
        }
        if let Some(estimate) = self.egress.take_announced() {
            sink.event(TransportEvent::Estimate(estimate));
        }
    }

    /// The client's feedback. True: there is something in it for str0m, too.
    fn handle_rtcp(&mut self, datagram: &Datagram<'_>, sink: &mut impl Sink) -> bool {
        let Some(wishes) = self.egress.handle_rtcp(datagram.contents, datagram.arrival) else { return true };
        self.way.hear(datagram.path(), datagram.arrival);
        let Wishes { key_frames, estimate, others } = wishes;
        for line in key_frames {
            sink.event(TransportEvent::KeyFrameRequest { line });
        }
        if let Some(estimate) = estimate {
            sink.event(TransportEvent::Estimate(estimate));
        }
        self.send(datagram.arrival, sink);
        others
    }

    /// str0m does not tell which way ICE has chosen, but its own RTCP takes it: so it is made to send some, a message that no
    /// client knows and each therefore ignores (RFC 4585 §6.4).
    fn find_path(&mut self, sink: &mut impl Sink) {
        let (source, nothing): (_, [u8; 0]) = (self.source.into(), []);
        self.rtc.direct_api().send_app_specific_feedback(source, source, nothing);
        self.due = self.drain(sink);
    }

    /// A source that is not in use: two packets sealed under one source and number would give away the key.
    fn fresh_source(&self, other: Option<u32>) -> u32 {
        loop {
            let source = credentials::source();
            let taken = |config: &LineConfig| [config.ssrc, config.rtx_ssrc].contains(&source);
            if other != Some(source) && !self.egress.lines().any(taken) {
                return source;
            }
        }
    }

    /// A new offer of this client. Returns the answer, and whether ICE restarts with new credentials.
    pub fn negotiate(&mut self, offer: &str) -> Result<(String, bool), Refusal> {
        let prepared = prepare_offer(offer)?;
        let restarts = sdp::ice_credentials(&prepared) != sdp::ice_credentials(&self.offer);
        let parsed = SdpOffer::from_sdp_string(&prepared).map_err(|error| invalid(&error.to_string()))?;
        let answer = self.rtc.sdp_api().accept_offer(parsed).map_err(|error| invalid(&error.to_string()))?;
        if restarts {
            self.way.restart();
        }
        let mut answer = self.adopt(prepared, &answer.to_sdp_string());
        if restarts {
            // str0m has just drawn credentials from a generator that is not meant for secrets.
            let fresh = credentials::generate(self.worker);
            answer = sdp::replace_credentials(&answer, &fresh);
            self.rtc.direct_api().set_local_ice_credentials(fresh);
        }
        self.touched = true;
        Ok((answer, restarts))
    }

    /// Takes over what was negotiated. Returns the answer as the client gets it: with our sources.
    pub(crate) fn adopt(&mut self, offer: String, answer: &str) -> String {
        self.incoming.forget();
        let offered = Offered::read(&offer);
        for section in sdp::sections(answer) {
            let Some(media) = self.rtc.media(Mid::from(section.mid)) else { continue };
            let fresh = Line::new(media, offered.on(section.mid).to_vec());
            let index = self.lines.iter().position(|line| line.mid == fresh.mid).unwrap_or(self.lines.len());
            if fresh.view.sends {
                self.prepare_sending(index, &fresh.view, section.ids);
            }
            match self.lines.get_mut(index) {
                Some(line) => *line = fresh,
                None => self.lines.push(fresh),
            }
        }
        let answer = sdp::keep_order(answer, &offered);
        self.offer = offer;
        let egress = &self.egress;
        let answer = sdp::replace_sources(&answer, |mid| {
            let config = egress.lines().find(|config| config.mid == mid)?;
            Some((config.ssrc, config.rtx_ssrc))
        });
        sdp::rank_candidates(&answer, self.way.restarts())
    }

    /// A slot is ours to fill: str0m's own stream on it goes, with its timers.
    fn prepare_sending(&mut self, index: usize, view: &MediaLine, ids: crosspoint_egress::ExtensionIds) {
        let mut direct = self.rtc.direct_api();
        if let Some(ssrc) = direct.stream_tx_by_mid(Mid::from(view.mid.as_str()), None).map(|stream| stream.ssrc()) {
            direct.remove_stream_tx(ssrc);
        }
        let Ok(line) = u16::try_from(index) else { return };
        let (ssrc, rtx_ssrc) = match self.egress.line(line) {
            Some(config) => (config.ssrc, config.rtx_ssrc),
            None => {
                let ssrc = self.fresh_source(None);
                (ssrc, self.fresh_source(Some(ssrc)))
            }
        };
        let is_video = view.kind == MediaKind::Video;
        self.egress.set_line(line, LineConfig { is_video, mid: view.mid.clone(), ssrc, rtx_ssrc, ids });
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
    pub fn forward(&mut self, line: u16, packet: &Inbound, sequence: u64, timestamp: u32, picture: picture::Numbers) {
        let slot = self.lines.get_mut(usize::from(line)).filter(|line| line.view.sends && self.way.now().is_some());
        let Some(slot) = slot else { return };
        match slot.payload_types(&packet.format, self.rtc.codec_config()) {
            Some(types) => self.egress.forward(line, &packet.media, types, (sequence, timestamp), picture),
            None => self.counters.unmatched += 1,
        }
    }

    /// Nothing that was sent so far is sent again: the client is not to hear or see it any more.
    pub fn forget_sent(&mut self) {
        self.egress.forget_sent();
    }

    /// Asks the client for a key frame (PLI) of a track's layer.
    pub fn request_key_frame(&mut self, line: u16, layer: u8) {
        self.touched = true;
        let Some(line) = self.lines.get(usize::from(line)) else { return };
        let rid = line.rids.get(usize::from(layer)).copied();
        if let Some(stream) = self.rtc.direct_api().stream_rx_by_mid(line.mid, rid) {
            stream.request_keyframe(KeyframeRequestKind::Pli);
        }
    }

    /// Tells the client to send at most so much (REMB, draft-alvestrand-rmcat-remb).
    pub fn cap_publishing(&mut self, bits_per_second: u64) {
        self.touched = true;
        for ssrc in self.incoming.sources() {
            if let Some(stream) = self.rtc.direct_api().stream_rx(&ssrc.into()) {
                stream.request_remb(Bitrate::from(bits_per_second));
            }
        }
    }

    /// What the way to the client carries, bits per second, as far as it is known.
    pub fn estimate(&self) -> Option<u64> {
        self.egress.estimate()
    }

    /// Tells the estimator what would be sent if there were room, and what to keep probing for.
    pub fn desire(&mut self, minimum: u64, desired: u64) {
        self.egress.want(minimum, desired);
    }

    /// Sends a data message.
    pub fn send_data(&mut self, reliable: bool, message: &[u8]) -> DataSent {
        self.touched = true;
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
        self.touched = true;
        if let Err(error) = self.rtc.close() {
            tracing::debug!(%error, "closing");
        }
    }

    fn drain(&mut self, sink: &mut impl Sink) -> Option<Instant> {
        if !self.connected {
            // Whatever another connection on this thread left behind is not ours.
            crypto::take_negotiated();
        }
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    if let Some(stats) = self.take_stats() {
                        sink.event(TransportEvent::Stats(Box::new(stats)));
                    }
                    return Some(at);
                }
                Ok(Output::Transmit(transmit)) => {
                    let tcp = transmit.proto != Protocol::Udp;
                    let path = Path { tcp, source: transmit.source, destination: transmit.destination };
                    // str0m seals RTCP only, and sends it on the way that ICE has chosen.
                    if is_rtcp(&transmit.contents) {
                        self.way.nominate(path);
                    }
                    // A check is answered where it came from; everything else goes where media go.
                    let path = self.way.followed().filter(|_| !is_stun(&transmit.contents)).unwrap_or(path);
                    let start = sink.bytes().len();
                    sink.bytes().extend_from_slice(&transmit.contents);
                    sink.finish(path, start);
                }
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

    fn take_stats(&mut self) -> Option<TransportStats> {
        let egress = &mut self.egress;
        self.stats.take(|| egress.take_flow())
    }

    fn handle_event(&mut self, event: Event, sink: &mut impl Sink) {
        match event {
            Event::RtpPacket(packet) => {
                self.took_media = true;
                let [recovered, packet] = self.incoming.take(packet, &mut self.rtc, &self.lines);
                for packet in [recovered, packet].into_iter().flatten() {
                    sink.event(TransportEvent::Packet(Arc::new(packet)));
                }
            }
            Event::Connected => self.handle_connected(sink),
            Event::IceConnectionStateChange(IceConnectionState::Disconnected) => {
                sink.event(TransportEvent::Disconnected);
            }
            Event::IceConnectionStateChange(IceConnectionState::Connected | IceConnectionState::Completed) => {
                sink.event(TransportEvent::Reconnected);
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
            Event::Closed => sink.event(TransportEvent::Closed),
            _ => {}
        }
    }

    fn handle_connected(&mut self, sink: &mut impl Sink) {
        let agreed = crypto::take_negotiated();
        let sealer = agreed.as_ref().and_then(|agreed| srtp::sealer(&crypto::provider(), agreed));
        if let Some(sealer) = sealer {
            self.egress.connected(sealer);
        }
        let aes_cm = agreed.is_some_and(|agreed| matches!(agreed.profile, SrtpProfile::AES128_CM_SHA1_80));
        self.connected = true;
        self.find_path(sink);
        sink.event(TransportEvent::Connected { aes_cm });
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

    fn clock_rate(&self, mid: Mid) -> f64 {
        let line = self.lines.iter().find(|line| line.mid == mid);
        if line.is_some_and(|line| line.view.kind == MediaKind::Video) { 90_000.0 } else { 48_000.0 }
    }
}

/// What [`Egress`] writes goes this way.
struct Route<'a, S> {
    sink: &'a mut S,
    path: Path,
}

impl<S: Sink> Outlet for Route<'_, S> {
    fn bytes(&mut self) -> &mut Vec<u8> {
        self.sink.bytes()
    }

    fn finish(&mut self, start: usize) {
        self.sink.finish(self.path, start);
    }
}

fn receive<'a>(datagram: &Datagram<'a>) -> Option<Receive<'a>> {
    let protocol = if datagram.tcp { Protocol::Tcp } else { Protocol::Udp };
    Receive::new(protocol, datagram.source, datagram.destination, datagram.contents).ok()
}
