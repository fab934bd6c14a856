//! A sending half with a picture on line 0 and sound on line 2, false keys, and a clock that the test turns.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crosspoint_egress::{Carried, Egress, ExtensionIds, LineConfig, Outlet, Packet, PayloadTypes, Seal, Wishes};
use crosspoint_rtp::picture;

use crate::wire::{self, Block, Rtp, Sent};

pub const PICTURE: u16 = 0;
pub const SOUND: u16 = 2;
pub const PICTURE_SSRC: u32 = 0x1000;
pub const RTX_SSRC: u32 = 0x1001;
pub const SOUND_SSRC: u32 = 0x2000;

pub const VP8: PayloadTypes = PayloadTypes { media: 96, rtx: Some(97), red: None };
pub const OPUS: PayloadTypes = PayloadTypes { media: 111, rtx: None, red: None };
pub const REDUNDANT: PayloadTypes = PayloadTypes { media: 111, rtx: None, red: Some(63) };

/// With a number for each extension.
pub const IDS: ExtensionIds = ExtensionIds {
    mid: 4,
    transport_sequence: 3,
    send_time: 2,
    level: 1,
    orientation: 5,
    content_type: 6,
    capture_time: 7,
    playout_delay: 8,
    descriptor: 9,
};

/// Leaves packets as they are, and sees that no number is used twice.
#[derive(Debug, Default)]
struct FalseKeys {
    media: BTreeSet<(u32, u64)>,
    reports: BTreeSet<u32>,
}

impl Seal for FalseKeys {
    fn rtp(&mut self, out: &mut Vec<u8>, start: usize, payload: &[u8], ssrc: u32, index: u64) {
        assert!(self.media.insert((ssrc, index)), "{ssrc:x} sealed two packets under {index}");
        let header = wire::rtp(&out[start..]);
        assert_eq!((header.ssrc, header.sequence), (ssrc, index as u16), "sealed under the numbers of its header");
        out.extend_from_slice(payload);
    }

    fn rtcp(&mut self, out: &mut Vec<u8>, compound: &[u8], index: u32) {
        assert!(index < 1 << 31 && self.reports.insert(index), "two reports under {index}");
        out.extend_from_slice(compound);
    }

    fn open_rtcp(&mut self, packet: &[u8], plain: &mut Vec<u8>) -> bool {
        plain.extend_from_slice(packet);
        packet != b"forged"
    }
}

/// What left.
#[derive(Debug, Default)]
struct Collected {
    bytes: Vec<u8>,
    packets: Vec<Vec<u8>>,
}

impl Outlet for Collected {
    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn finish(&mut self, start: usize) {
        self.packets.push(self.bytes[start..].to_vec());
    }
}

/// A sending half under test.
#[derive(Debug)]
pub struct Leg {
    pub egress: Egress,
    pub now: Instant,
    outlet: Collected,
}

impl Leg {
    /// One whose handshake is not over.
    pub fn waiting(ids: ExtensionIds) -> Self {
        let now = Instant::now();
        let mut egress = Egress::new(now);
        egress.set_line(PICTURE, picture(ids));
        let (mid, ssrc, rtx_ssrc) = ("sound".to_owned(), SOUND_SSRC, SOUND_SSRC + 1);
        egress.set_line(SOUND, LineConfig { is_video: false, mid, ssrc, rtx_ssrc, ids });
        Self { egress, now, outlet: Collected::default() }
    }

    /// One that may send.
    pub fn with(ids: ExtensionIds) -> Self {
        let mut leg = Self::waiting(ids);
        leg.connect();
        leg
    }

    pub fn new() -> Self {
        Self::with(IDS)
    }

    pub fn connect(&mut self) {
        self.egress.connected(Box::new(FalseKeys::default()));
    }

    /// Queues a packet and sends it.
    pub fn send(&mut self, line: u16, packet: &Arc<Packet>, types: PayloadTypes, sequence: u64) -> Vec<Rtp> {
        self.send_numbered(line, packet, types, sequence, picture::Numbers::default())
    }

    pub fn send_numbered(
        &mut self,
        line: u16,
        packet: &Arc<Packet>,
        types: PayloadTypes,
        sequence: u64,
        picture: picture::Numbers,
    ) -> Vec<Rtp> {
        self.egress.forward(line, packet, types, (sequence, timestamp(sequence)), picture);
        self.flush()
    }

    /// A picture of one packet of so many bytes.
    pub fn picture(&mut self, sequence: u64, bytes: usize) -> Vec<Rtp> {
        let packet = self.packet(bytes);
        self.send(PICTURE, &packet, VP8, sequence)
    }

    pub fn packet(&self, bytes: usize) -> Arc<Packet> {
        self.packet_of(&vec![7; bytes])
    }

    pub fn packet_of(&self, payload: &[u8]) -> Arc<Packet> {
        Arc::new(self.plain(payload))
    }

    /// To be changed before it is shared.
    pub fn plain(&self, payload: &[u8]) -> Packet {
        let captured = self.now;
        Packet { marker: true, begins: false, payload: payload.into(), carried: Carried::default(), captured }
    }

    /// The media that leaves now.
    pub fn flush(&mut self) -> Vec<Rtp> {
        self.egress.flush(self.now, &mut self.outlet);
        assert!(!self.egress.is_dirty(), "everything has left");
        self.taken().0
    }

    /// What leaves by itself while time passes: media and reports.
    pub fn pass(&mut self, time: Duration) -> (Vec<Rtp>, Vec<Sent>) {
        let until = self.now + time;
        let mut calls = 0;
        while let Some(due) = self.egress.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.egress.flush(self.now, &mut self.outlet);
            calls += 1;
            assert!(calls < 100_000, "it wants to be called again and again");
        }
        self.now = until;
        self.taken()
    }

    /// What the client says. None: it is not the client's.
    pub fn hear(&mut self, packet: &[u8]) -> Option<Wishes> {
        self.egress.handle_rtcp(packet, self.now)
    }

    /// What the client asks for again leaves.
    pub fn ask_again(&mut self, sequences: impl IntoIterator<Item = u16>) -> Vec<Rtp> {
        self.hear(&wire::nack(PICTURE_SSRC, sequences)).expect("the client's");
        self.flush()
    }

    /// The client says how much it lost of a stream, in 256ths.
    pub fn lose(&mut self, ssrc: u32, lost: u8) {
        self.hear(&wire::receiver_report(Block { ssrc, lost, ..Block::default() })).expect("the client's");
    }

    /// The client's report makes the round trip known.
    pub fn learn_round_trip(&mut self, time: Duration) {
        let (_, reports) = self.pass(Duration::from_millis(20));
        let last_report = (reports.first().expect("a first report").ntp >> 16) as u32;
        self.now += time;
        self.hear(&wire::receiver_report(Block { ssrc: PICTURE_SSRC, last_report, ..Block::default() }));
        let known = self.egress.take_flow().round_trip.expect("now known");
        assert!(known.abs_diff(time) < Duration::from_millis(1), "{known:?}");
    }

    fn taken(&mut self) -> (Vec<Rtp>, Vec<Sent>) {
        let (mut media, mut reports) = (Vec::new(), Vec::new());
        self.outlet.bytes.clear();
        for packet in self.outlet.packets.drain(..) {
            if (192..=223).contains(&packet[1]) {
                let (some, names) = wire::rtcp(&packet);
                assert_eq!(names, vec![crosspoint_egress::CNAME; some.len()], "one for each source");
                reports.extend(some);
            } else {
                media.push(wire::rtp(&packet));
            }
        }
        (media, reports)
    }
}

/// What line 0 is.
pub fn picture(ids: ExtensionIds) -> LineConfig {
    LineConfig { is_video: true, mid: "0".to_owned(), ssrc: PICTURE_SSRC, rtx_ssrc: RTX_SSRC, ids }
}

/// Each packet is 20 ms of sound, or so many ticks of picture, after the one before.
pub fn timestamp(sequence: u64) -> u32 {
    (sequence * 960) as u32
}
