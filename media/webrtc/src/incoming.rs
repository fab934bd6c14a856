//! What a client sends: str0m's packets, named by line, layer and format, and taken out of redundant audio.

use std::sync::Arc;

use crosspoint_egress::Packet;
use crosspoint_rtp::keyframe::{Codec, starts_key_frame};
use crosspoint_rtp::{picture, red, vp8};
use str0m::Rtc;
use str0m::media::Pt;
use str0m::rtp::RtpPacket;

use crate::clock::PublisherClock;
use crate::extensions;
use crate::line::Line;
use crate::packet::{Format, Inbound, MAX_PAYLOAD};

/// A stream that the client sends.
#[derive(Debug)]
struct Source {
    ssrc: u32,
    line: u16,
    layer: u8,
    /// The payload type that came last, and what it means.
    kind: Option<(Pt, Kind)>,
    /// The highest sequence number so far.
    highest: Option<u64>,
}

/// What a payload type means.
#[derive(Clone, Debug)]
struct Kind {
    format: Arc<Format>,
    /// RFC 2198: each payload carries the one before it again.
    redundant: bool,
}

/// All streams that a client sends.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    sources: Vec<Source>,
    clock: PublisherClock,
    /// Packets larger than [`MAX_PAYLOAD`].
    pub(crate) oversized: u64,
    /// Packets on no line that was negotiated, or not well-formed.
    pub(crate) unknown: u64,
}

impl Incoming {
    /// Lines and payload types may have changed: they are looked up again.
    pub(crate) fn forget(&mut self) {
        self.sources.clear();
    }

    /// The synchronisation sources.
    pub(crate) fn sources(&self) -> impl Iterator<Item = u32> {
        self.sources.iter().map(|source| source.ssrc)
    }

    /// A packet that came in, after the one before it if that was lost and could be recovered.
    pub(crate) fn take(&mut self, packet: RtpPacket, rtc: &mut Rtc, lines: &[Line]) -> [Option<Inbound>; 2] {
        if packet.payload.len() > MAX_PAYLOAD {
            self.oversized += 1;
            return [None, None];
        }
        let Some((index, kind)) = self.identify(&packet, rtc, lines) else {
            self.unknown += 1;
            return [None, None];
        };
        let source = &mut self.sources[index];
        let sequence = *packet.seq_no;
        let lost_before = source.highest.is_some_and(|highest| sequence > highest + 1);
        source.highest = source.highest.max(Some(sequence));
        let place = (source.line, source.layer);
        if !kind.redundant {
            return [None, Some(self.inbound(&packet, place, kind.format, packet.payload.clone(), 0))];
        }
        let media = *kind.format.params.pt();
        let blocks =
            red::parse(&packet.payload).filter(|blocks| blocks.payload_type == media && !blocks.primary.is_empty());
        let Some(blocks) = blocks else {
            self.unknown += 1;
            return [None, None];
        };
        let previous = blocks.previous.filter(|_| lost_before);
        let recovered = previous.map(|(ticks, block)| {
            let earlier = self.inbound(&packet, place, kind.format.clone(), block.into(), ticks);
            Inbound { sequence: sequence - 1, ..earlier }
        });
        [recovered, Some(self.inbound(&packet, place, kind.format, blocks.primary.into(), 0))]
    }

    /// A packet of this stream whose payload is so many ticks older than its header says.
    fn inbound(
        &mut self,
        packet: &RtpPacket,
        (line, layer): (u16, u8),
        format: Arc<Format>,
        payload: Arc<[u8]>,
        ticks: u32,
    ) -> Inbound {
        let capture = self.clock.capture(packet, ticks, format.clock_rate);
        let extensions = &packet.header.ext_vals;
        let begins = starts_key_frame(format.codec, &payload);
        let carried = extensions::carried(extensions);
        let picture = picture::Numbers {
            vp8: if format.codec == Codec::Vp8 { vp8::Numbers::parse(&payload) } else { None },
            frame: carried.descriptor.as_deref().and_then(picture::frame_number),
        };
        Inbound {
            line,
            layer,
            sequence: *packet.seq_no,
            timestamp: packet.header.timestamp.wrapping_sub(ticks),
            picture,
            format,
            arrival: packet.timestamp,
            capture,
            level: extensions.audio_level,
            media: Arc::new(Packet {
                marker: packet.header.marker,
                begins,
                payload,
                carried,
                captured: capture.unwrap_or(packet.timestamp),
            }),
        }
    }

    /// The stream of a packet and what its payload type means, looked up once per stream and payload type.
    fn identify(&mut self, packet: &RtpPacket, rtc: &mut Rtc, lines: &[Line]) -> Option<(usize, Kind)> {
        let (ssrc, pt) = (*packet.header.ssrc, packet.header.payload_type);
        let index = match self.sources.iter().position(|source| source.ssrc == ssrc) {
            Some(index) => index,
            None => self.meet(ssrc, rtc, lines)?,
        };
        let source = &mut self.sources[index];
        if let Some((_, kind)) = source.kind.as_ref().filter(|(known, _)| *known == pt) {
            return Some((index, kind.clone()));
        }
        let kind = kind(pt, rtc)?;
        source.kind = Some((pt, kind.clone()));
        Some((index, kind))
    }

    fn meet(&mut self, ssrc: u32, rtc: &mut Rtc, lines: &[Line]) -> Option<usize> {
        let mut direct = rtc.direct_api();
        let stream = direct.stream_rx(&ssrc.into())?;
        let (mid, rid) = (stream.mid(), stream.rid());
        let line = lines.iter().position(|line| line.mid == mid)?;
        let rids = &lines[line].rids;
        let layer = rid.and_then(|rid| rids.iter().position(|known| *known == rid)).unwrap_or(0);
        let (line, layer) = (u16::try_from(line).ok()?, u8::try_from(layer).ok()?);
        let fresh = Source { ssrc, line, layer, kind: None, highest: None };
        // A publisher may change its SSRC as often as it likes; the list stays as long as its lines and layers.
        match self.sources.iter().position(|known| (known.line, known.layer) == (line, layer)) {
            Some(index) => {
                self.sources[index] = fresh;
                Some(index)
            }
            None => {
                self.sources.push(fresh);
                Some(self.sources.len() - 1)
            }
        }
    }
}

fn kind(pt: Pt, rtc: &Rtc) -> Option<Kind> {
    let params = *rtc.codec_config().find(|params| params.pt() == pt || params.red() == Some(pt))?;
    let codec = match params.spec().codec {
        str0m::format::Codec::Opus => Codec::Opus,
        str0m::format::Codec::Vp8 => Codec::Vp8,
        str0m::format::Codec::Vp9 => Codec::Vp9,
        str0m::format::Codec::H264 => Codec::H264,
        str0m::format::Codec::Av1 => Codec::Av1,
        _ => Codec::Other,
    };
    let format = Arc::new(Format { params, codec, clock_rate: params.spec().clock_rate.get() });
    Some(Kind { format, redundant: params.pt() != pt })
}
