//! Voices over bad networks and from bad senders.

mod support;

use std::time::Duration;

use crosspoint_codec::opus::EncoderSettings;
use crosspoint_dsp::spectrum::tone_level;
use crosspoint_mixer::Packet;
use crosspoint_model::{TrackKey, VoiceSettings};
use support::{Stage, stage, tone};

const VOICE: TrackKey = TrackKey(1);

/// The same numbers in every run: 0 to 1.
fn random(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    }
}

/// A short burst of 1 kHz each second, in silence: where it comes out tells the delay.
fn bursts() -> support::Sound {
    Box::new(|at| {
        let phase = at % 48_000;
        let tone = (at as f64 * 1000.0 * std::f64::consts::TAU / 48_000.0).sin() as f32;
        if phase < 4800 { tone * 0.5 } else { tone * 0.02 }
    })
}

/// Where each burst begins in what was heard, relative to when it was said. Milliseconds.
fn delays(heard: &[f32]) -> Vec<f64> {
    let loud = |piece: &[f32]| piece.iter().map(|sample| sample * sample).sum::<f32>() / piece.len() as f32 > 0.01;
    let mut found = Vec::new();
    let mut at = 0;
    while at + 48 < heard.len() {
        if loud(&heard[at..at + 48]) {
            found.push((at % 48_000) as f64 / 48.0);
            at += 24_000;
        } else {
            at += 24;
        }
    }
    found
}

#[test]
fn without_jitter_a_voice_is_heard_soon() {
    let mut stage = stage();
    stage.voice(1, bursts(), VoiceSettings::default());
    stage.listener(9);
    stage.run_ms(5000);
    let delays = delays(stage.heard(9));
    println!("{delays:.1?} ms from the mouth, of which 20 ms are in the packet and 5 on the way");
    assert!(delays.len() >= 4 && delays.iter().all(|delay| *delay < 25.0 + 40.0), "{delays:?}");
}

#[test]
fn a_clock_that_runs_away_and_jitter_do_not_let_the_delay_grow() {
    for (drift, minutes) in [(100.0, 30), (-100.0, 10)] {
        let mut stage = stage();
        stage.voice(1, tone(1000.0, 0.5), VoiceSettings::default());
        let mut random = random(7);
        let talker = stage.talker_mut(1);
        talker.drift = drift;
        talker.delay = Box::new(move |_| Duration::from_secs_f64(0.005 + random() * 0.060));
        stage.listener(9);
        stage.run_ms(10_000);
        let early = stage.mixer.delay(VOICE).expect("it plays");
        stage.run_ms(minutes * 60_000);
        let late = stage.mixer.delay(VOICE).expect("it plays");
        let figures = stage.mixer.figures(VOICE).expect("a voice");
        println!("drift {drift} ppm: delay {early:?} after 10 s, {late:?} after {minutes} min, {figures:?}");
        assert!(late < Duration::from_millis(110) && late < early + Duration::from_millis(40), "{early:?} {late:?}");
        let share = figures.concealed as f64 / figures.decoded as f64;
        assert!(share < 0.02, "{share} of the frames were made up");
    }
}

#[test]
fn drift_is_corrected_without_a_click() {
    let mut stage = stage();
    stage.voice(1, tone(1000.0, 0.5), VoiceSettings::default());
    stage.talker_mut(1).drift = 3000.0;
    stage.listener(9);
    stage.run_ms(30_000);
    let figures = stage.mixer.figures(VOICE).expect("a voice");
    assert!(figures.stretched > 3, "{figures:?}");
    let clicks = crosspoint_dsp::spectrum::click_score(&stage.heard(9)[5 * 48_000..], 1000.0);
    println!("{} corrections in 30 s, loudest {clicks:.1} dB", figures.stretched);
    assert!(clicks < -25.0, "{clicks}");
}

fn loss(name: &str, fec: bool, mut loses: impl FnMut(u64) -> bool + 'static) -> f64 {
    let mut stage = stage();
    let encoder = EncoderSettings { stereo: false, bitrate: 32_000, complexity: 5, fec };
    stage.voice_with(1, tone(400.0, 0.5), VoiceSettings::default(), encoder);
    stage.talker_mut(1).loses = Box::new(move |sequence| sequence > 1050 && loses(sequence));
    stage.listener(9);
    stage.run_ms(20_000);
    let heard = stage.last(9, 17_000);
    let frames: Vec<f64> = heard.chunks_exact(960).map(|frame| tone_level(frame, 400.0)).collect();
    let usual = {
        let mut sorted = frames.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    };
    let kept = frames.iter().filter(|level| (**level - usual).abs() < 3.0).count() as f64 / frames.len() as f64;
    let figures = stage.mixer.figures(VOICE).expect("a voice");
    let (recovered, concealed) = (figures.recovered, figures.concealed);
    println!("{name}: {:.1} % of the frames within 3 dB; {recovered} recovered, {concealed} concealed", kept * 100.0);
    kept
}

#[test]
fn energy_goes_on_under_loss() {
    for fec in [false, true] {
        let mut dice = random(11);
        let kept = loss(&format!("random loss of 10 %, FEC {fec}"), fec, move |_| dice() < 0.1);
        assert!(kept > 0.9, "{kept}");
        let mut dice = random(13);
        let mut bad = false;
        let burst = move |_| {
            // Gilbert: bursts of 3 packets on average, 10 % in all.
            bad = if bad { dice() > 1.0 / 3.0 } else { dice() < 1.0 / 27.0 };
            bad
        };
        let kept = loss(&format!("loss of 10 % in bursts, FEC {fec}"), fec, burst);
        assert!(kept > 0.85, "{kept}");
    }
}

/// Feeds one voice by hand, while another one talks as usual.
fn hostile(mut packet: impl FnMut(u64) -> (u64, u32, Option<i8>, Vec<u8>)) -> Stage {
    let mut stage = stage();
    stage.voice(1, tone(1000.0, 0.0), VoiceSettings::default());
    stage.talker_mut(1).sends = false;
    stage.voice(2, tone(440.0, 0.25), VoiceSettings::default());
    stage.listener(9);
    for step in 0..500 {
        let (sequence, timestamp, level, payload) = packet(step);
        let (payload, arrival) = (payload.into(), stage.now);
        stage.mixer.handle_packet(VOICE, &Packet { sequence, timestamp, level, payload: &payload, arrival });
        stage.run_ms(10);
    }
    let other = tone_level(stage.last(9, 1000), 440.0) + 15.05;
    // Loud noise of one takes the limiter some decibels down for all, as shouting does.
    assert!(other.abs() < 4.0, "the other is heard {other} dB too loud");
    stage
}

#[test]
fn packets_that_are_no_opus_harm_nobody() {
    let mut dice = random(3);
    for length in [0, 1, 1275] {
        let mut noise = || (0..length).map(|_| (dice() * 256.0) as u8).collect::<Vec<u8>>();
        let packets: Vec<Vec<u8>> = (0..500).map(|_| noise()).collect();
        let stage = hostile(move |n| (n, n as u32 * 960, Some(-20), packets[n as usize].clone()));
        println!("{length} bytes: {:?}", stage.mixer.figures(VOICE));
    }
}

#[test]
fn senders_that_lie_about_time_or_loudness_harm_nobody() {
    use crosspoint_codec::opus::Encoder;
    let settings = EncoderSettings { stereo: false, bitrate: 32_000, complexity: 0, fec: false };
    let mut encoder = Encoder::new(settings).expect("an encoder");
    let mut frame = |samples: usize| {
        let mut packet = Vec::new();
        encoder.encode(&vec![0.0; samples], &mut packet).expect("a packet");
        packet
    };
    let (quiet, short) = (frame(960), frame(120));
    let same = quiet.clone();
    hostile(move |n| (n, 77, Some(-20), same.clone()));
    let jumping = quiet.clone();
    let stage = hostile(move |n| (n, (n as u32 / 50) * 3600 * 48_000 + n as u32 * 960, Some(-20), jumping.clone()));
    assert!(stage.mixer.delay(VOICE).is_none_or(|delay| delay < Duration::from_secs(1)));
    let loud = quiet.clone();
    hostile(move |n| (n, n as u32 * 960, Some(0), loud.clone()));
    hostile(move |n| (n, n as u32 * 960, None, short.clone()));
    let backwards = quiet.clone();
    hostile(move |n| (1_000_000 - n * 977, (n * 31) as u32, Some(-20), backwards.clone()));
    hostile(move |n| (n * 5000, n as u32, Some(-20), quiet.clone()));
}
