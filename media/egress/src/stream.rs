//! One outgoing stream: what is sent on one m-line.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_rtp::rtcp::{ReportBlock, SenderReport};
use crosspoint_rtp::window::Window;
use crosspoint_rtp::{picture, red, vp8};

use crate::header::{ExtensionIds, Fixed};
use crate::packet::Packet;
use crate::resend::Resends;

/// A stream that has been silent this long is not reported on.
const SILENT: Duration = Duration::from_secs(10);
/// Sound is sent twice until so long after the last loss that the client reported.
const REDUNDANT_FOR: Duration = Duration::from_secs(20);
/// Two blocks that are larger together would not fit into a datagram.
const MOST_REDUNDANT: usize = 1200;
/// Less loss than this, in 256ths, is no reason to send sound twice.
const NOTABLE_LOSS: u8 = 2;

/// An m-line on which we send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineConfig {
    /// Picture or sound?
    pub is_video: bool,
    /// The m-line's id.
    pub mid: String,
    /// Our synchronisation source on it.
    pub ssrc: u32,
    /// Under which packets are resent (RFC 4588).
    pub rtx_ssrc: u32,
    /// The client's header extensions.
    pub ids: ExtensionIds,
}

/// The payload types under which a client takes a format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PayloadTypes {
    /// The packet itself.
    pub media: u8,
    /// The packet again (RFC 4588).
    pub rtx: Option<u8>,
    /// The packet together with the one before it (RFC 2198).
    pub red: Option<u8>,
}

/// A packet that waits for the next flush.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) line: u16,
    pub(crate) packet: Arc<Packet>,
    pub(crate) types: PayloadTypes,
    pub(crate) sequence: u64,
    pub(crate) timestamp: u32,
    pub(crate) picture: picture::Numbers,
}

/// What is sent on one m-line.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) config: LineConfig,
    /// The numbers that were given out.
    pub(crate) window: Window<16>,
    pub(crate) resends: Resends,
    rtx_sequence: u64,
    /// The client has named the SSRC in a report: it needs the m-line's id no more.
    known: bool,
    /// Timestamp and capture of the newest packet.
    newest: Option<(u32, Instant)>,
    last_sent: Option<Instant>,
    /// The sound before, for the next packet.
    previous: Option<(u64, u32, Arc<Packet>)>,
    redundant_until: Option<Instant>,
    pub(crate) packets: u64,
    pub(crate) bytes: u64,
    /// Packets of which [`Self::take_loss`] has told.
    told: u64,
    /// Of the last report: 0 to 1, and in ticks.
    loss: f32,
    jitter: u32,
}

impl Stream {
    pub(crate) fn new(config: LineConfig) -> Self {
        Self {
            config,
            window: Window::default(),
            resends: Resends::default(),
            rtx_sequence: 1,
            known: false,
            newest: None,
            last_sent: None,
            previous: None,
            redundant_until: None,
            packets: 0,
            bytes: 0,
            told: 0,
            loss: 0.0,
            jitter: 0,
        }
    }

    /// The m-line's id, as long as the client has to be told.
    pub(crate) fn mid(&self) -> Option<&str> {
        (!self.known).then_some(self.config.mid.as_str())
    }

    pub(crate) fn clock_rate(&self) -> u32 {
        if self.config.is_video { 90_000 } else { 48_000 }
    }

    /// Milliseconds, as the client reported it.
    pub(crate) fn jitter(&self) -> f64 {
        f64::from(self.jitter) * 1000.0 / f64::from(self.clock_rate())
    }

    /// Does somebody listen to reports on it?
    pub(crate) fn is_active(&self, now: Instant) -> bool {
        self.last_sent.is_some_and(|last| now.saturating_duration_since(last) < SILENT)
    }

    /// Nothing of what was sent so far is sent again.
    pub(crate) fn forget_sent(&mut self) {
        self.resends = Resends::default();
        self.previous = None;
    }

    /// The fixed part of a packet's header, and whether it is wrapped as redundant audio.
    pub(crate) fn fixed(&self, queued: &Queued) -> (Fixed, bool) {
        let red = queued.types.red.filter(|_| !self.config.is_video);
        let fixed = Fixed {
            marker: queued.packet.marker,
            payload_type: red.unwrap_or(queued.types.media),
            sequence: queued.sequence as u16,
            timestamp: queued.timestamp,
            ssrc: self.config.ssrc,
        };
        (fixed, red.is_some())
    }

    /// The payload with the numbers of this stream, written into `scratch` where it differs from what came.
    pub(crate) fn payload<'a>(
        &mut self,
        queued: &'a Queued,
        redundant: bool,
        scratch: &'a mut Vec<u8>,
        now: Instant,
    ) -> &'a [u8] {
        let plain = &queued.packet.payload;
        if redundant {
            let until = *self.redundant_until.get_or_insert(now + REDUNDANT_FOR);
            let previous =
                self.previous.as_ref().filter(|(sequence, ..)| now < until && sequence + 1 == queued.sequence);
            let previous = previous
                .map(|(_, timestamp, packet)| (queued.timestamp.wrapping_sub(*timestamp), packet.payload.as_ref()))
                .filter(|(_, block)| block.len() + plain.len() <= MOST_REDUNDANT);
            scratch.clear();
            red::write(scratch, queued.types.media, previous, plain);
            self.previous = Some((queued.sequence, queued.timestamp, queued.packet.clone()));
            return scratch;
        }
        patched(plain, queued.picture.vp8, scratch)
    }

    /// A packet has left. Returns whether it was the first after silence.
    pub(crate) fn sent(&mut self, queued: &Queued, now: Instant) -> bool {
        let first = !self.is_active(now);
        self.packets += 1;
        self.bytes += queued.packet.payload.len() as u64;
        self.last_sent = Some(now);
        if queued.sequence == self.window.highest() {
            self.newest = Some((queued.timestamp, queued.packet.captured));
            if queued.packet.begins {
                self.resends.forget_before(queued.timestamp);
            }
        }
        if let Some(rtx) = queued.types.rtx {
            self.resends.keep(&queued.packet, (queued.sequence, queued.timestamp), queued.picture, rtx, now);
        }
        first
    }

    /// The next number of the resends.
    pub(crate) fn next_rtx(&mut self) -> u64 {
        let sequence = self.rtx_sequence;
        self.rtx_sequence += 1;
        sequence
    }

    /// What the client says of this stream.
    pub(crate) fn reported(&mut self, block: &ReportBlock, now: Instant) {
        self.known = true;
        self.loss = f32::from(block.fraction_lost) / 256.0;
        self.jitter = block.jitter;
        if block.fraction_lost >= NOTABLE_LOSS {
            self.redundant_until = Some(now + REDUNDANT_FOR);
        }
    }

    /// Packets since the last call, and how many of them were lost, as far as the client has told.
    pub(crate) fn take_loss(&mut self) -> (f64, f64) {
        let fresh = (self.packets - self.told) as f64;
        self.told = self.packets;
        (fresh, fresh * f64::from(self.loss))
    }

    /// What we say of it.
    pub(crate) fn report(&self, ntp: u64, now: Instant) -> Option<SenderReport> {
        let (timestamp, captured) = self.newest.filter(|_| self.is_active(now))?;
        let since = now.saturating_duration_since(captured).as_micros() as u64;
        let ticks = since * u64::from(self.clock_rate()) / 1_000_000;
        Some(SenderReport {
            ssrc: self.config.ssrc,
            ntp,
            timestamp: timestamp.wrapping_add(ticks as u32),
            packets: self.packets as u32,
            bytes: self.bytes as u32,
        })
    }
}

/// A payload with other VP8 numbers, or as it is.
pub(crate) fn patched<'a>(plain: &'a [u8], vp8: Option<vp8::Numbers>, scratch: &'a mut Vec<u8>) -> &'a [u8] {
    let Some(numbers) = vp8 else { return plain };
    scratch.clear();
    scratch.extend_from_slice(plain);
    numbers.write(scratch);
    scratch
}
