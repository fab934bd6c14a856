//! The sending half of one connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_rtp::rtcp::{self, Message, SenderReport};
use crosspoint_rtp::{picture, twcc};

use crate::estimator::{Estimator, HIGHEST, LOWEST, ProbeId};
use crate::header::{Fixed, Header, Own};
use crate::packet::Packet;
use crate::resend::Sent;
use crate::seal::{Outlet, Seal};
use crate::stream::{LineConfig, PayloadTypes, Queued, Stream, patched};

/// Where an estimate begins: one good picture at once. What a narrower way does not carry is seen within a second.
pub const FIRST_ESTIMATE: u64 = 2_000_000;
/// IPv4 and UDP around a packet.
const OVERHEAD: usize = 28;
/// How often a client is told of our streams.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// A new stream is reported on at once, so that sound and picture are in step from the beginning.
const FIRST_REPORT: Duration = Duration::from_millis(20);
/// Resends may be this part of what is sent; more would add to the congestion that made them necessary.
const RESEND_SHARE: f64 = 0.3;
/// What may be resent at once: this much of a second of what the way carries, and so many bytes at the most. When a way
/// becomes narrow everything before is asked for again, and would keep out what fits.
const RESEND_SECONDS: f64 = 0.15;
const RESEND_BURST: f64 = 60_000.0;
/// Where no packet can be resent (RFC 4588 was not agreed on) nothing can be probed: the next step up is tried this often.
const TRIAL_INTERVAL: Duration = Duration::from_secs(5);
/// Where our RTCP begins to count. The other half of the connection seals RTCP under the same key and counts from 0: they
/// never meet, even if one of its SSRCs should be one of ours.
const FIRST_RTCP_INDEX: u32 = 1 << 30;
/// Sources in one datagram of reports: 48 bytes each.
const MOST_REPORTS: usize = 20;
/// When our clock begins, after 1900 (some day of 2023). Only differences matter, but 0 means "never".
const NTP_BASE: Duration = Duration::from_secs(3_900_000_000);
/// The canonical name of all our streams: they share a clock (RFC 3550 §6.5.1).
pub const CNAME: &str = "crosspoint";

/// What a client's feedback led to.
#[derive(Debug, Default)]
pub struct Wishes {
    /// Lines whose picture it cannot show without a key frame.
    pub key_frames: Vec<u16>,
    /// The estimate has changed: bits per second.
    pub estimate: Option<u64>,
    /// The packet says something that is none of this half's business.
    pub others: bool,
}

/// What was sent so far and how it arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flow {
    /// Bytes of payload.
    pub bytes: u64,
    /// Packets.
    pub packets: u64,
    /// Lost, 0 to 1, of what was sent since the last call.
    pub loss: f64,
    /// Milliseconds: the worst stream's.
    pub jitter: f64,
    /// To the client and back.
    pub round_trip: Option<Duration>,
    /// Bits per second.
    pub estimate: Option<u64>,
}

/// The sending half of one connection.
#[derive(Debug)]
pub struct Egress {
    streams: Vec<Option<Stream>>,
    queue: Vec<Queued>,
    seal: Option<Box<dyn Seal>>,
    transport_sequence: u64,
    /// From the first picture on: a connection without has nothing to choose.
    estimator: Option<Estimator>,
    wanted: (u64, u64),
    /// Of the last message that said so, from a client without transport-wide feedback.
    maximum: Option<u64>,
    announced: Option<u64>,
    /// When what cannot be probed is tried.
    trial_at: Option<Instant>,
    rtcp_index: u32,
    epoch: Instant,
    report_at: Option<Instant>,
    round_trip: Option<Duration>,
    resend_budget: f64,
    resends: Vec<(u16, Sent)>,
    feedback: twcc::Feedback,
    plain: Vec<u8>,
    scratch: Vec<u8>,
}

impl Egress {
    /// Nothing is sent yet.
    pub fn new(now: Instant) -> Self {
        Self {
            streams: Vec::new(),
            queue: Vec::new(),
            seal: None,
            transport_sequence: 1,
            estimator: None,
            wanted: (0, 0),
            maximum: None,
            announced: None,
            trial_at: None,
            rtcp_index: FIRST_RTCP_INDEX,
            epoch: now,
            report_at: None,
            round_trip: None,
            resend_budget: RESEND_BURST,
            resends: Vec::new(),
            feedback: twcc::Feedback::default(),
            plain: Vec::new(),
            scratch: Vec::new(),
        }
    }

    /// The handshake is over: here are the keys.
    pub fn connected(&mut self, seal: Box<dyn Seal>) {
        self.seal = Some(seal);
    }

    /// Sends on this line from now on. A line keeps its numbers when it is set again.
    pub fn set_line(&mut self, line: u16, config: LineConfig) {
        let index = usize::from(line);
        if self.streams.len() <= index {
            self.streams.resize_with(index + 1, || None);
        }
        match &mut self.streams[index] {
            Some(stream) => stream.config = config,
            empty => *empty = Some(Stream::new(config)),
        }
    }

    /// A line on which something can be sent.
    pub fn line(&self, line: u16) -> Option<&LineConfig> {
        self.streams.get(usize::from(line))?.as_ref().map(|stream| &stream.config)
    }

    /// The lines on which something can be sent.
    pub fn lines(&self) -> impl Iterator<Item = &LineConfig> {
        self.streams.iter().flatten().map(|stream| &stream.config)
    }

    /// Queues a packet.
    pub fn forward(
        &mut self,
        line: u16,
        packet: &Arc<Packet>,
        types: PayloadTypes,
        (sequence, timestamp): (u64, u32),
        picture: picture::Numbers,
    ) {
        if self.seal.is_some() {
            self.queue.push(Queued { line, packet: packet.clone(), types, sequence, timestamp, picture });
        }
    }

    /// Nothing that was sent so far is sent again: not when the client misses it, not as redundant audio.
    pub fn forget_sent(&mut self) {
        self.streams.iter_mut().flatten().for_each(Stream::forget_sent);
    }

    /// What would be sent if there were room, and the next step up.
    pub fn want(&mut self, minimum: u64, desired: u64) {
        self.wanted = (minimum, desired);
        if let Some(estimator) = &mut self.estimator {
            estimator.want(minimum, desired);
        }
    }

    /// Sends what is queued and what is due.
    pub fn flush(&mut self, now: Instant, outlet: &mut impl Outlet) {
        let mut queue = std::mem::take(&mut self.queue);
        for queued in queue.drain(..) {
            self.send(&queued, now, outlet);
        }
        self.queue = queue;
        let mut resends = std::mem::take(&mut self.resends);
        for (line, sent) in resends.drain(..) {
            self.send_again(line, &sent, None, now, outlet);
        }
        self.resends = resends;
        if self.report_at.is_some_and(|at| at <= now) {
            self.report(now, outlet);
        }
        self.probe(now, outlet);
    }

    /// When [`Self::flush`] wants to be called.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let probe = self.estimator.as_ref().and_then(Estimator::poll_timeout);
        [self.report_at, probe].into_iter().flatten().min()
    }

    /// Is something queued?
    pub fn is_dirty(&self) -> bool {
        !self.queue.is_empty() || !self.resends.is_empty()
    }

    /// A sealed RTCP packet of the client. None: it is not the client's, or cannot be opened yet.
    pub fn handle_rtcp(&mut self, packet: &[u8], now: Instant) -> Option<Wishes> {
        let seal = self.seal.as_mut()?;
        let mut plain = std::mem::take(&mut self.plain);
        plain.clear();
        let opened = seal.open_rtcp(packet, &mut plain);
        let wishes = opened.then(|| self.read(&plain, now));
        self.plain = plain;
        wishes
    }

    /// What was sent so far, and how it arrived since the last call.
    pub fn take_flow(&mut self) -> Flow {
        let mut flow = Flow { round_trip: self.round_trip, estimate: self.estimate(), ..Flow::default() };
        let (mut sent, mut lost) = (0.0, 0.0);
        for stream in self.streams.iter_mut().flatten() {
            flow.bytes += stream.bytes;
            flow.packets += stream.packets;
            let (fresh, missing) = stream.take_loss();
            (sent, lost) = (sent + fresh, lost + missing);
            if fresh > 0.0 {
                flow.jitter = flow.jitter.max(stream.jitter());
            }
        }
        if sent > 0.0 {
            flow.loss = lost / sent;
        }
        flow
    }

    /// Bits per second that the way carries; none: nobody has said.
    pub fn estimate(&self) -> Option<u64> {
        self.estimator.as_ref().map(Estimator::estimate).or(self.maximum)
    }

    /// An estimate that nobody asked for, once: the first one, and one to be tried where nothing can be probed.
    pub fn take_announced(&mut self) -> Option<u64> {
        self.announced.take()
    }

    fn send(&mut self, queued: &Queued, now: Instant, outlet: &mut impl Outlet) {
        let (number, send_time) = (self.transport_sequence, self.send_time(now));
        let Some(Some(stream)) = self.streams.get_mut(usize::from(queued.line)) else { return };
        let Some(seal) = &mut self.seal else { return };
        if !stream.window.admit(queued.sequence) {
            return;
        }
        let (fixed, redundant) = stream.fixed(queued);
        let payload = stream.payload(queued, redundant, &mut self.scratch, now);
        let own = Own { mid: stream.mid(), transport_sequence: number as u16, send_time, frame: queued.picture.frame };
        let header = Header { fixed, ids: &stream.config.ids, own, carried: &queued.packet.carried };
        let length = emit(outlet, seal.as_mut(), &header, payload, queued.sequence);
        let is_first = stream.sent(queued, now);
        let (is_video, has_feedback) = (stream.config.is_video, stream.config.ids.transport_sequence != 0);
        self.resend_budget = (self.resend_budget + RESEND_SHARE * length as f64).min(RESEND_BURST);
        if is_first {
            let soon = now + FIRST_REPORT;
            self.report_at = Some(self.report_at.map_or(soon, |at| at.min(soon)));
        }
        if has_feedback {
            self.account(length, is_video, None, now);
        }
    }

    /// A packet with a transport-wide number has left.
    fn account(&mut self, length: usize, is_video: bool, probe: Option<ProbeId>, now: Instant) {
        let number = self.transport_sequence;
        self.transport_sequence += 1;
        if is_video && self.estimator.is_none() {
            let mut estimator = Estimator::new(FIRST_ESTIMATE, now);
            estimator.want(self.wanted.0, self.wanted.1);
            if let Some(round_trip) = self.round_trip {
                estimator.round_trip(round_trip);
            }
            self.announced = Some(estimator.estimate());
            self.estimator = Some(estimator);
        }
        if let Some(estimator) = &mut self.estimator {
            estimator.sent(number, length + OVERHEAD, probe, now);
        }
    }

    fn send_again(
        &mut self,
        line: u16,
        sent: &Sent,
        probe: Option<ProbeId>,
        now: Instant,
        outlet: &mut impl Outlet,
    ) -> usize {
        let (number, send_time) = (self.transport_sequence, self.send_time(now));
        let Some(Some(stream)) = self.streams.get_mut(usize::from(line)) else { return 0 };
        let Some(seal) = &mut self.seal else { return 0 };
        let sequence = stream.next_rtx();
        let fixed = Fixed {
            marker: sent.packet.marker,
            payload_type: sent.rtx,
            sequence: sequence as u16,
            timestamp: sent.timestamp,
            ssrc: stream.config.rtx_ssrc,
        };
        let own = Own { mid: stream.mid(), transport_sequence: number as u16, send_time, frame: sent.picture.frame };
        let header = Header { fixed, ids: &stream.config.ids, own, carried: &sent.packet.carried };
        // RFC 4588 §4: the number that it had stands in front of the payload.
        self.plain.clear();
        self.plain.extend((sent.sequence as u16).to_be_bytes());
        self.plain.extend_from_slice(patched(&sent.packet.payload, sent.picture.vp8, &mut self.scratch));
        let length = emit(outlet, seal.as_mut(), &header, &self.plain, sequence);
        if stream.config.ids.transport_sequence != 0 {
            self.account(length, true, probe, now);
        }
        length
    }

    /// Fills probes with packets that were sent a moment ago: to the client they are resends that it does not need.
    fn probe(&mut self, now: Instant, outlet: &mut impl Outlet) {
        while let Some(probe) = self.estimator.as_mut().and_then(|estimator| estimator.poll_probe(now)) {
            let mut missing = probe.bytes;
            while missing > 0 {
                let Some((line, filler)) = self.filler() else { return self.try_instead(now) };
                let length = self.send_again(line, &filler, Some(probe.id), now, outlet) + OVERHEAD;
                missing = missing.saturating_sub(length);
            }
        }
    }

    /// Media itself is the probe: it is let through for as long as it takes to see whether it arrives.
    fn try_instead(&mut self, now: Instant) {
        let at = *self.trial_at.get_or_insert(now + TRIAL_INTERVAL);
        if at <= now {
            self.trial_at = Some(now + TRIAL_INTERVAL);
            self.announced = Some(self.wanted.0);
        }
    }

    fn filler(&self) -> Option<(u16, Sent)> {
        let videos = self.streams.iter().enumerate().filter_map(|(line, stream)| Some((line, stream.as_ref()?)));
        let fillers = videos
            .filter(|(_, stream)| stream.config.ids.transport_sequence != 0)
            .filter_map(|(line, stream)| Some((line as u16, stream.resends.filler(stream.window.highest())?)));
        fillers.max_by_key(|(_, sent)| sent.packet.payload.len())
    }

    fn report(&mut self, now: Instant, outlet: &mut impl Outlet) {
        let ntp = self.ntp(now);
        let reports: Vec<SenderReport> =
            self.streams.iter().flatten().filter_map(|stream| stream.report(ntp, now)).collect();
        self.report_at = (!reports.is_empty()).then(|| now + REPORT_INTERVAL);
        let Some(seal) = &mut self.seal else { return };
        for reports in reports.chunks(MOST_REPORTS) {
            self.plain.clear();
            reports.iter().for_each(|report| report.write(&mut self.plain));
            rtcp::write_description(&mut self.plain, reports.iter().map(|report| report.ssrc), CNAME);
            let start = outlet.bytes().len();
            seal.rtcp(outlet.bytes(), &self.plain, self.rtcp_index);
            self.rtcp_index += 1;
            outlet.finish(start);
        }
    }

    fn read(&mut self, compound: &[u8], now: Instant) -> Wishes {
        let mut wishes = Wishes::default();
        for message in rtcp::messages(compound) {
            match message {
                Message::Report { sends, blocks } => {
                    wishes.others |= sends;
                    self.read_blocks(blocks, now);
                }
                Message::Nack { media, pairs } => self.resend(media, pairs, now),
                Message::PictureLoss { media } => wishes.key_frames.extend(self.line_of(media)),
                Message::FullIntra { entries } => {
                    wishes.key_frames.extend(rtcp::wanted(entries).filter_map(|media| self.line_of(media)));
                }
                Message::TransportFeedback(packet) => {
                    if let Some(estimator) = &mut self.estimator
                        && self.feedback.read(packet)
                        && estimator.feedback(&self.feedback, now)
                    {
                        wishes.estimate = Some(estimator.estimate());
                    }
                }
                Message::MaximumBitrate(rate) => {
                    let rate = rate.clamp(LOWEST, HIGHEST);
                    self.maximum = Some(rate);
                    if self.estimator.is_none() {
                        wishes.estimate = Some(rate);
                    }
                }
                Message::Description => {}
                Message::Other => wishes.others = true,
            }
        }
        wishes
    }

    fn line_of(&self, media: u32) -> Option<u16> {
        let is_it = |stream: &Option<Stream>| stream.as_ref().is_some_and(|stream| stream.config.ssrc == media);
        self.streams.iter().position(is_it).and_then(|line| u16::try_from(line).ok())
    }

    fn read_blocks(&mut self, blocks: &[u8], now: Instant) {
        let middle = (self.ntp(now) >> 16) as u32;
        for block in rtcp::blocks(blocks) {
            let known = self.streams.iter_mut().flatten().find(|stream| stream.config.ssrc == block.ssrc);
            let Some(stream) = known else { continue };
            stream.reported(&block, now);
            // RFC 3550 §6.4.1: now, less when we sent the report, less how long the client held it.
            let ticks = middle.wrapping_sub(block.last_report).wrapping_sub(block.delay);
            if block.last_report != 0 && ticks < 10 << 16 {
                let round_trip = Duration::from_micros((u64::from(ticks) * 1_000_000) >> 16);
                self.round_trip = Some(round_trip);
                if let Some(estimator) = &mut self.estimator {
                    estimator.round_trip(round_trip);
                }
            }
        }
    }

    fn resend(&mut self, media: u32, pairs: &[u8], now: Instant) {
        let round_trip = self.round_trip;
        if let Some(estimate) = self.estimate() {
            self.resend_budget = self.resend_budget.min(estimate as f64 / 8.0 * RESEND_SECONDS);
        }
        let found = self.streams.iter_mut().enumerate().find_map(|(line, stream)| {
            let stream = stream.as_mut().filter(|stream| stream.config.ssrc == media)?;
            Some((u16::try_from(line).ok()?, stream))
        });
        let Some((line, stream)) = found else { return };
        for sequence in rtcp::lost(pairs) {
            if self.resend_budget <= 0.0 {
                return;
            }
            if let Some(sent) = stream.resends.take(sequence, round_trip, now) {
                self.resend_budget -= sent.packet.payload.len() as f64;
                self.resends.push((line, sent));
            }
        }
    }

    /// 6.18 bits of seconds.
    fn send_time(&self, now: Instant) -> u32 {
        let micros = now.saturating_duration_since(self.epoch).as_micros() as u64;
        ((micros << 18) / 1_000_000) as u32 & 0xff_ffff
    }

    fn ntp(&self, now: Instant) -> u64 {
        rtcp::ntp_timestamp(NTP_BASE + now.saturating_duration_since(self.epoch))
    }
}

/// Writes, seals and gives out one packet. Returns its length.
fn emit(outlet: &mut impl Outlet, seal: &mut dyn Seal, header: &Header<'_>, payload: &[u8], index: u64) -> usize {
    let out = outlet.bytes();
    let start = out.len();
    header.write(out);
    seal.rtp(out, start, payload, header.fixed.ssrc, index);
    let length = out.len() - start;
    outlet.finish(start);
    length
}
