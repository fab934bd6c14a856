//! Opus at 48 kHz, in float samples, around libopus.

use opusic_c::{Application, Bitrate, Channels, ErrorCode, InbandFec, SampleRate, Signal};

/// Samples per second and channel.
pub const RATE: u32 = 48_000;
/// The longest packet is 120 ms (RFC 6716 §3.2.5). Samples per channel.
pub const MAX_SAMPLES: usize = 5760;
/// More bytes than an encoder of ours ever makes of 20 ms.
const MAX_BYTES: usize = 1275;

/// What libopus does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("libopus: {0}")]
pub struct Error(&'static str);

/// How an encoder works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncoderSettings {
    /// Two channels, interleaved?
    pub stereo: bool,
    /// Bits per second.
    pub bitrate: u32,
    /// 0 to 10.
    pub complexity: u8,
    /// In-band forward error correction: every packet also carries the one before it, coarsely. Voices only.
    pub fec: bool,
}

/// Makes packets.
pub struct Encoder {
    inner: opusic_c::Encoder,
    settings: EncoderSettings,
}

/// Makes sound of packets.
pub struct Decoder {
    inner: opusic_c::Decoder,
    channels: usize,
}

impl Encoder {
    /// An encoder that has heard nothing yet.
    pub fn new(settings: EncoderSettings) -> Result<Self, Error> {
        // In-band correction exists in the speech modes alone, which `Voip` prefers.
        let application = if settings.fec { Application::Voip } else { Application::Audio };
        let inner =
            opusic_c::Encoder::new(channels(settings.stereo), SampleRate::Hz48000, application).map_err(error)?;
        let mut encoder = Self { inner, settings };
        encoder.apply().map_err(error)?;
        Ok(encoder)
    }

    /// What it was made with.
    pub fn settings(&self) -> EncoderSettings {
        self.settings
    }

    /// Encodes one frame (2.5 to 60 ms) into `packet`, which is emptied first.
    pub fn encode(&mut self, samples: &[f32], packet: &mut Vec<u8>) -> Result<(), Error> {
        packet.clear();
        packet.reserve(MAX_BYTES);
        self.inner.encode_float_to_vec(samples, packet).map(drop).map_err(error)
    }

    /// Encodes one frame so that it can be decoded without the ones before it: for a decoder that another encoder fed so far.
    pub fn encode_alone(&mut self, samples: &[f32], packet: &mut Vec<u8>) -> Result<(), Error> {
        self.inner.set_prediction_disabled(true).map_err(error)?;
        let encoded = self.encode(samples, packet);
        self.inner.set_prediction_disabled(false).map_err(error)?;
        encoded
    }

    /// So much later than it went in does sound come out of the decoder. Samples.
    pub fn lookahead(&mut self) -> usize {
        self.inner.get_look_ahead().map_or(0, |samples| samples as usize)
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        // Fails for a null pointer only.
        let _ = self.inner.reset();
    }

    fn apply(&mut self) -> Result<(), ErrorCode> {
        let EncoderSettings { bitrate, complexity, fec, .. } = self.settings;
        self.inner.set_bitrate(Bitrate::Value(bitrate))?;
        self.inner.set_complexity(complexity)?;
        self.inner.set_signal(if fec { Signal::Voice } else { Signal::Auto })?;
        self.inner.set_inband_fec(if fec { InbandFec::Mode1 } else { InbandFec::Off })?;
        self.inner.set_packet_loss(if fec { 10 } else { 0 })
    }
}

impl Decoder {
    /// A decoder that has heard nothing yet. Mono and stereo packets come out as it has channels.
    pub fn new(stereo: bool) -> Result<Self, Error> {
        let inner = opusic_c::Decoder::new(channels(stereo), SampleRate::Hz48000).map_err(error)?;
        Ok(Self { inner, channels: if stereo { 2 } else { 1 } })
    }

    /// Appends the sound of a packet; how many samples per channel came.
    pub fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Result<usize, Error> {
        if packet.is_empty() {
            return Err(Error("an empty packet"));
        }
        self.run(packet, MAX_SAMPLES, false, out)
    }

    /// Appends what the packet *before* this one held, as this one knows it (in-band forward error correction), or what may
    /// have been there if it does not. `samples` per channel, a multiple of 120.
    pub fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<f32>) -> Result<usize, Error> {
        if next.is_empty() {
            return self.conceal(samples, out);
        }
        self.run(next, samples, true, out)
    }

    /// Appends what may have been in a packet that is lost. `samples` per channel, a multiple of 120.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) -> Result<usize, Error> {
        self.run(&[], samples, false, out)
    }

    /// Forgets what it heard.
    pub fn reset(&mut self) {
        // Fails for a null pointer only.
        let _ = self.inner.reset();
    }

    fn run(&mut self, packet: &[u8], samples: usize, fec: bool, out: &mut Vec<f32>) -> Result<usize, Error> {
        let start = out.len();
        out.resize(start + samples.min(MAX_SAMPLES) * self.channels, 0.0);
        let decoded = self.inner.decode_float_to_slice(packet, &mut out[start..], fec);
        out.truncate(start + decoded.unwrap_or(0) * self.channels);
        decoded.map_err(error)
    }
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encoder").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").field("channels", &self.channels).finish_non_exhaustive()
    }
}

/// Samples per channel in a packet, at 48 kHz (RFC 6716 §3.1). None: it is no Opus packet.
pub fn duration(packet: &[u8]) -> Option<usize> {
    let toc = *packet.first()?;
    let frame = frame_samples(toc >> 3);
    let frames = match toc & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => usize::from(packet.get(1)? & 0x3f),
    };
    let samples = frame * frames;
    (1..=MAX_SAMPLES).contains(&samples).then_some(samples)
}

/// The table of RFC 6716 §3.1: samples of one frame by configuration.
fn frame_samples(configuration: u8) -> usize {
    let short = usize::from(configuration & 3);
    match configuration {
        0..=11 => [480, 960, 1920, 2880][short],
        12..=15 => [480, 960][short & 1],
        _ => 120 << short,
    }
}

fn channels(stereo: bool) -> Channels {
    if stereo { Channels::Stereo } else { Channels::Mono }
}

fn error(code: ErrorCode) -> Error {
    Error(code.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONO: EncoderSettings = EncoderSettings { stereo: false, bitrate: 48_000, complexity: 5, fec: false };

    fn tone(from: usize, samples: usize) -> Vec<f32> {
        let at = |n: usize| ((from + n) as f32 * 1000.0 * std::f32::consts::TAU / 48_000.0).sin() * 0.5;
        (0..samples).map(at).collect()
    }

    fn rms(samples: &[f32]) -> f32 {
        (samples.iter().map(|x| x * x).sum::<f32>() / samples.len() as f32).sqrt()
    }

    #[test]
    fn a_tone_comes_out_as_loud_as_it_went_in() {
        let mut encoder = Encoder::new(MONO).expect("an encoder");
        let mut decoder = Decoder::new(false).expect("a decoder");
        let (mut packet, mut heard) = (Vec::new(), Vec::new());
        for frame in 0..50 {
            encoder.encode(&tone(frame * 960, 960), &mut packet).expect("a packet");
            assert_eq!(duration(&packet), Some(960));
            assert_eq!(decoder.decode(&packet, &mut heard), Ok(960));
        }
        let level = 20.0 * (rms(&heard[24_000..]) / rms(&tone(0, 24_000))).log10();
        assert!(level.abs() < 0.2, "{level} dB");
    }

    #[test]
    fn a_lost_packet_is_recovered_from_the_next_one() {
        let settings = EncoderSettings { fec: true, bitrate: 32_000, ..MONO };
        let mut encoder = Encoder::new(settings).expect("an encoder");
        let mut packets = vec![Vec::new(); 50];
        for (frame, packet) in packets.iter_mut().enumerate() {
            encoder.encode(&tone(frame * 960, 960), packet).expect("a packet");
        }
        let mut decoder = Decoder::new(false).expect("a decoder");
        let mut heard = Vec::new();
        packets[..40].iter().for_each(|packet| assert!(decoder.decode(packet, &mut heard).is_ok()));
        heard.clear();
        assert_eq!(decoder.recover(&packets[41], 960, &mut heard), Ok(960));
        assert!(rms(&heard) > 0.2, "{}", rms(&heard));
    }

    #[test]
    fn what_is_no_opus_is_refused_and_harms_nothing() {
        let mut decoder = Decoder::new(true).expect("a decoder");
        let mut heard = Vec::new();
        assert!(decoder.decode(&[], &mut heard).is_err());
        assert_eq!(duration(&[]), None);
        assert_eq!(duration(&[3]), None, "a count is missing");
        assert_eq!(duration(&[3, 63]), None, "63 frames of 10 ms are too many");
        let garbage: Vec<u8> = (0..1275_u32).map(|n| ((n * 7919) >> 3) as u8).collect();
        for length in [1, 2, 3, 100, 1275] {
            let _ = decoder.decode(&garbage[..length], &mut heard);
            heard.clear();
        }
        assert_eq!(decoder.conceal(960, &mut heard), Ok(960));
        assert_eq!(heard.len(), 1920);
    }
}
