//! What noise suppression, gain control and the gate do to speech in noise, and what they cost.
//!
//! ```sh
//! espeak-ng -f README.md --stdout | ffmpeg -v error -i - -t 60 -ac 1 -ar 48000 -f f32le - |
//!   cargo run --release -p crosspoint-mixer --example speech
//! ```
//! Speech comes in on standard input as 48 kHz, one channel, 32-bit floats. White noise is added to it; then it goes through a
//! mixer as plain sound. Levels are root mean squares over frames of 20 ms: speech where the clean input has any, noise where it
//! has none.

use std::io::Read;
use std::time::{Duration, Instant};

use crosspoint_dsp::FRAME;
use crosspoint_mixer::{ListenerId, Mixer, VoiceSpec, pcm_line};
use crosspoint_model::{Bus, Identity, MixSettings, TrackKey, VoiceSettings};

/// Clean frames below this are pauses, above [`SPEECH`] speech; what is between counts as neither. dBFS.
const PAUSE: f64 = -60.0;
const SPEECH: f64 = -35.0;

fn main() -> anyhow::Result<()> {
    let clean = read()?;
    anyhow::ensure!(clean.len() > 10 * 48_000, "at least 10 s of speech are needed on standard input");
    println!("{:.0} s of speech", clean.len() as f64 / 48_000.0);
    println!("| speech in | noise in | what is on | speech out | noise out | SNR before | SNR after | µs per frame |");
    println!("|---|---|---|---|---|---|---|---|");
    for (gain, noise_db) in [(1.0, -45.0), (1.0, -35.0), (0.1, -65.0)] {
        let noise = crosspoint_dsp::signals::noise(7, 10_f32.powf(noise_db / 20.0), clean.len());
        let speech: Vec<f32> = clean.iter().map(|sample| sample * gain).collect();
        let dirty: Vec<f32> = speech.iter().zip(&noise).map(|(speech, noise)| speech + noise).collect();
        for (name, settings) in cases() {
            let (heard, cost) = pass(&dirty, settings);
            report(&clean, &dirty, &heard, name, cost);
        }
    }
    Ok(())
}

fn cases() -> [(&'static str, VoiceSettings); 6] {
    let none = VoiceSettings::default();
    let suppress = VoiceSettings { noise_suppression: true, ..none.clone() };
    let level = VoiceSettings { auto_gain_control: true, ..none.clone() };
    let gate = VoiceSettings { noise_gate: Some(-40.0), ..none.clone() };
    let high_pass = VoiceSettings { high_pass: true, ..none.clone() };
    let all = VoiceSettings {
        noise_suppression: true,
        auto_gain_control: true,
        noise_gate: Some(-50.0),
        high_pass: true,
        ..none.clone()
    };
    [
        ("nothing", none),
        ("noise suppression", suppress),
        ("gain control", level),
        ("gate at -40 dBFS", gate),
        ("high-pass", high_pass),
        ("all four, gate at -50", all),
    ]
}

fn read() -> anyhow::Result<Vec<f32>> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes)?;
    let (samples, _) = bytes.as_chunks::<4>();
    Ok(samples.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// Plays sound through a mixer; what is heard of it, and the time that each frame took.
fn pass(sound: &[f32], settings: VoiceSettings) -> (Vec<f32>, Duration) {
    let mut now = Instant::now();
    let mut mixer = Mixer::new(MixSettings::default(), now);
    let identity = |name| Identity::parse(name).expect("a name");
    let (line, _unread, mut writer) = pcm_line();
    let spec =
        VoiceSpec { track: TrackKey(1), identity: identity("speaker"), settings, passes: true, bus: Bus::Programme };
    mixer.add_plain(ListenerId(1), &identity("speaker"), line, None, Some(spec), now);
    let (line, mut reader, _unwritten) = pcm_line();
    mixer.add_plain(ListenerId(2), &identity("listener"), line, Some(Bus::Programme), None, now);
    let (mut heard, mut cost) = (Vec::new(), Duration::ZERO);
    for frame in sound.chunks(FRAME) {
        writer.write(frame);
        now += Duration::from_millis(20);
        let begin = Instant::now();
        mixer.handle_timeout(now);
        while mixer.has_work() {
            mixer.work();
        }
        cost += begin.elapsed();
        while mixer.poll_output().is_some() {}
        while let Some(frame) = reader.try_next() {
            heard.extend_from_slice(&frame.samples);
        }
    }
    (heard, cost / (sound.len() / FRAME) as u32)
}

fn report(clean: &[f32], before: &[f32], after: &[f32], name: &str, cost: Duration) {
    let (speech, noise) = levels(clean, before);
    let (speech_out, noise_out) = levels(clean, after);
    let snr = |speech: f64, noise: f64| speech - noise;
    println!(
        "| {speech:.1} dBFS | {noise:.1} dBFS | {name} | {speech_out:.1} dBFS | {noise_out:.1} dBFS | {:.1} dB | {:.1} dB | {} |",
        snr(speech, noise),
        snr(speech_out, noise_out),
        cost.as_micros()
    );
}

/// The levels of speech and of what is in its pauses, after the first five seconds: what learns has learnt by then.
fn levels(clean: &[f32], sound: &[f32]) -> (f64, f64) {
    let power = |frame: &[f32]| frame.iter().map(|sample| f64::from(sample * sample)).sum::<f64>() / frame.len() as f64;
    let db = |power: f64| 10.0 * (power + 1e-12).log10();
    let frames: Vec<(f64, f64)> = clean
        .chunks_exact(FRAME)
        .zip(sound.chunks_exact(FRAME))
        .map(|(clean, sound)| (db(power(clean)), power(sound)))
        .skip(250)
        .collect();
    let mean = |wanted: &dyn Fn(usize) -> bool| {
        let chosen: Vec<f64> = (0..frames.len()).filter(|at| wanted(*at)).map(|at| frames[at].1).collect();
        db(chosen.iter().sum::<f64>() / chosen.len().max(1) as f64)
    };
    // A pause is one with its neighbours: what is done to voices has delays and tails.
    let pause =
        |at: usize| (at.saturating_sub(6)..=at + 1).all(|near| frames.get(near).is_some_and(|frame| frame.0 < PAUSE));
    (mean(&|at| frames[at].0 > SPEECH), mean(&pause))
}
