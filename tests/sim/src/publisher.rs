//! What a client sends: a voice of 50 packets a second, and a camera with one layer or several.

use std::time::{Duration, Instant};

use crosspoint_rtp::red;
use str0m::Rtc;
use str0m::format::Codec;
use str0m::media::{Mid, Pt, Rid};
use str0m::rtp::{ExtensionValues, RtpWrite};

use crate::payload::{self, PICTURE_BYTES, Stamp};
use crate::tone::{self, Tone};

const VOICE_EVERY: Duration = Duration::from_millis(20);

/// A microphone.
#[derive(Debug)]
pub struct Voice {
    /// Its m-line.
    pub mid: Mid,
    /// Its track.
    pub track: u64,
    /// Does it send?
    pub on: bool,
    /// How loud. dBov.
    pub level: i8,
    /// What it hears; without, its packets are no Opus but say what they are.
    pub tone: Option<Tone>,
    /// Packets so far.
    pub sent: u64,
    due: Instant,
    pt: Option<Pt>,
    /// The packet before.
    previous: Vec<u8>,
}

impl Voice {
    /// One that begins now.
    pub fn new(mid: Mid, track: u64, tone: Option<Tone>, now: Instant) -> Self {
        let level = if tone.is_some() { tone::LEVEL } else { -30 };
        Self { mid, track, on: true, level, tone, sent: 0, due: now, pt: None, previous: Vec::new() }
    }

    /// When the next packet is due.
    pub fn due(&self) -> Option<Instant> {
        self.on.then_some(self.due)
    }

    /// Begins again after a pause.
    pub fn resume(&mut self, now: Instant) {
        (self.on, self.due) = (true, self.due.max(now));
    }

    /// Writes what is due, as browsers do where redundant audio (RFC 2198) was agreed on: each packet with the one before.
    pub fn write(&mut self, rtc: &mut Rtc, start: Instant, now: Instant) {
        while self.on && self.due <= now {
            self.due += VOICE_EVERY;
            let number = self.sent;
            let Some(pt) = payload_type(&mut self.pt, rtc, self.mid, Codec::Opus) else { continue };
            let sent = now - start;
            let stamp = Stamp { track: self.track, layer: 0, number, place: 0, places: 1, key: true, sent };
            let levels =
                ExtensionValues { audio_level: Some(self.level), voice_activity: Some(true), ..Default::default() };
            let voice = match &self.tone {
                Some(tone) => tone.packet(number).to_vec(),
                None => payload::voice(stamp),
            };
            let redundant = rtc.codec_config().find(|params| params.pt() == pt).and_then(|params| params.red());
            let payload = match redundant {
                Some(_) => {
                    let previous = (!self.previous.is_empty()).then_some((960, self.previous.as_slice()));
                    let mut wrapped = Vec::new();
                    red::write(&mut wrapped, *pt, previous, &voice);
                    wrapped
                }
                None => voice.clone(),
            };
            self.previous = voice;
            let sequence = (500 + number).into();
            let packet = RtpWrite::new(redundant.unwrap_or(pt), sequence, (number * 960) as u32, now, payload);
            if let Some(stream) = rtc.direct_api().stream_tx_by_mid(self.mid, None) {
                stream.write_rtp(packet.ext_vals(levels));
                self.sent += 1;
            }
        }
    }
}

/// A camera.
#[derive(Debug)]
pub struct Camera {
    /// Its m-line.
    pub mid: Mid,
    /// Its track.
    pub track: u64,
    /// Does it send?
    pub on: bool,
    /// Its encodings, best first.
    pub layers: Vec<Layer>,
    /// Frames a second.
    pub rate: u32,
    /// Moments at which it was asked for a key frame.
    pub asked: Vec<Instant>,
    due: Instant,
    frames: u64,
    pt: Option<Pt>,
}

/// An encoding.
#[derive(Debug)]
pub struct Layer {
    /// Its name; none without simulcast.
    pub rid: Option<Rid>,
    /// Bits per second.
    pub bitrate: u64,
    /// Does anybody want it?
    pub wanted: bool,
    /// Packets so far.
    pub sent: u64,
    frame: u64,
    key: bool,
}

impl Camera {
    /// One that begins now. Without names: one layer.
    pub fn new(mid: Mid, track: u64, layers: &[(Option<&str>, u64)], rate: u32, now: Instant) -> Self {
        let layer = |(rid, bitrate): &(Option<&str>, u64)| Layer {
            rid: rid.map(Rid::from),
            bitrate: *bitrate,
            wanted: true,
            sent: 0,
            frame: 0,
            key: true,
        };
        let layers = layers.iter().map(layer).collect();
        Self { mid, track, on: true, layers, rate, asked: Vec::new(), due: now, frames: 0, pt: None }
    }

    /// When the next frame is due.
    pub fn due(&self) -> Option<Instant> {
        self.on.then_some(self.due)
    }

    /// Begins again after a pause, as a new track: with key frames, and with every layer.
    pub fn resume(&mut self, now: Instant) {
        (self.on, self.due) = (true, self.due.max(now));
        self.layers.iter_mut().for_each(|layer| (layer.key, layer.wanted) = (true, true));
    }

    /// The server asks for a key frame.
    pub fn want_key_frame(&mut self, rid: Option<Rid>, now: Instant) {
        self.asked.push(now);
        for layer in self.layers.iter_mut().filter(|layer| layer.rid == rid) {
            layer.key = true;
        }
    }

    /// The server says which layers nobody wants (`*`: the only one).
    pub fn stop_unwanted(&mut self, unwanted: &[String]) {
        for layer in &mut self.layers {
            let name = layer.rid.map_or_else(|| "*".to_owned(), |rid| rid.to_string());
            let wanted = !unwanted.contains(&name);
            layer.key |= wanted && !layer.wanted;
            layer.wanted = wanted;
        }
    }

    /// Writes what is due.
    pub fn write(&mut self, rtc: &mut Rtc, start: Instant, now: Instant) {
        while self.on && self.due <= now {
            self.due += Duration::from_secs(1) / self.rate;
            self.frames += 1;
            let Some(pt) = payload_type(&mut self.pt, rtc, self.mid, Codec::Vp8) else { continue };
            let timestamp = (self.frames * u64::from(90_000 / self.rate)) as u32;
            for (index, layer) in self.layers.iter_mut().enumerate().filter(|(_, layer)| layer.wanted) {
                let frame = Frame { mid: self.mid, track: self.track, layer: index as u8, pt, timestamp };
                frame.write(layer, self.rate, rtc, start, now);
            }
        }
    }
}

struct Frame {
    mid: Mid,
    track: u64,
    layer: u8,
    pt: Pt,
    timestamp: u32,
}

impl Frame {
    fn write(&self, layer: &mut Layer, rate: u32, rtc: &mut Rtc, start: Instant, now: Instant) {
        let mut direct = rtc.direct_api();
        let Some(stream) = direct.stream_tx_by_mid(self.mid, layer.rid) else { return };
        let key = std::mem::take(&mut layer.key);
        let bytes = (layer.bitrate / 8 / u64::from(rate)) as usize * if key { 4 } else { 1 };
        let places = bytes.div_ceil(PICTURE_BYTES).max(1);
        for place in 0..places {
            let stamp = Stamp {
                track: self.track,
                layer: self.layer,
                number: layer.frame,
                place: place as u16,
                places: places as u16,
                key,
                sent: now - start,
            };
            let payload = payload::picture(stamp, layer.frame as u16 & 0x7FFF, layer.frame as u8, bytes / places);
            let sequence = 1_000 + u64::from(self.layer) * 700 + layer.sent;
            let timestamp = self.timestamp.wrapping_add(u32::from(self.layer) * 777_777);
            let packet = RtpWrite::new(self.pt, sequence.into(), timestamp, now, payload);
            stream.write_rtp(packet.marker(place + 1 == places).nackable(true));
            layer.sent += 1;
        }
        layer.frame += 1;
    }
}

fn payload_type(known: &mut Option<Pt>, rtc: &Rtc, mid: Mid, codec: Codec) -> Option<Pt> {
    if known.is_none() {
        let accepted = rtc.media(mid)?.remote_pts();
        let found = rtc.codec_config().find(|params| params.spec().codec == codec && accepted.contains(&params.pt()));
        *known = found.map(str0m::format::PayloadParams::pt);
    }
    *known
}
