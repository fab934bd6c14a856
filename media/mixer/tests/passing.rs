//! A lone talker's packets go on as they are.

mod support;

use crosspoint_dsp::spectrum::{click_score, tone_level};
use crosspoint_model::{MixSettings, TrackKey, VoiceSettings};
use support::{Stage, identity, tone};

const VOICE: TrackKey = TrackKey(1);

/// One who talks from the second second on, one who only listens, one who could talk.
fn lone_talker() -> Stage {
    let mut stage = Stage::new(MixSettings { bitrate: 96_000, ..MixSettings::default() });
    stage.talker(1, tone(1000.0, 0.5));
    stage.talker(2, tone(440.0, 0.5));
    stage.talker_mut(2).level = Some(-127);
    stage.listener(9);
    stage.run_ms(2000);
    stage
}

fn decoded(stage: &Stage, track: u64) -> u64 {
    stage.mixer.figures(TrackKey(track)).expect("a voice").decoded
}

#[test]
fn nothing_is_decoded_and_the_talker_hears_nothing_of_itself() {
    let stage = lone_talker();
    assert_eq!(decoded(&stage, 1), 0);
    assert!((tone_level(stage.last(9, 1000), 1000.0) + 9.03).abs() < 0.5);
    assert_eq!(stage.listeners[&1].packets, 0);
    // Nothing but what each tick is: no decoder, no encoder.
    assert!(stage.jobs < 120, "{}", stage.jobs);
}

#[test]
fn it_is_over_without_a_click_when_somebody_else_speaks() {
    let mut stage = lone_talker();
    stage.talker_mut(2).level = Some(-20);
    stage.talker_mut(2).sound = tone(3000.0, 0.25);
    stage.run_ms(1000);
    assert!(decoded(&stage, 1) > 40);
    assert!((tone_level(stage.last(9, 500), 3000.0) + 15.05).abs() < 1.0, "both are heard");
    assert!((tone_level(stage.last(9, 500), 1000.0) + 9.03).abs() < 1.0);
    assert!(tone_level(stage.last(1, 500), 1000.0) < -70.0, "mix-minus");
    // Who came to speak heard the packets as they were and hears a mix now: the same tone all the while.
    let clicks = click_score(stage.last(2, 2000), 1000.0);
    println!("passing ended: {clicks:.1} dB");
    assert!(clicks < -30.0, "{clicks}");
}

#[test]
fn it_begins_again_only_after_silence() {
    let mut stage = lone_talker();
    stage.talker_mut(2).level = Some(-20);
    stage.run_ms(1000);
    stage.talker_mut(2).level = Some(-127);
    stage.run_ms(3000);
    let before = decoded(&stage, 1);
    stage.run_ms(1000);
    assert!(decoded(&stage, 1) >= before + 49, "it talks on and on: still mixed");
    stage.talker_mut(1).level = Some(-127);
    stage.talker_mut(1).sound = Box::new(|_| 0.0);
    stage.run_ms(2000);
    stage.talker_mut(1).level = Some(-20);
    stage.talker_mut(1).sound = tone(1000.0, 0.5);
    let before = decoded(&stage, 1);
    stage.run_ms(1000);
    assert_eq!(decoded(&stage, 1), before, "passed on again");
}

#[test]
fn whatever_is_done_to_a_voice_ends_it() {
    for settings in [
        VoiceSettings { gain: -3.0, ..VoiceSettings::default() },
        VoiceSettings { high_pass: true, ..VoiceSettings::default() },
    ] {
        let mut stage = lone_talker();
        stage.mixer.set_voices(&identity("p1"), &settings);
        stage.run_ms(500);
        assert!(decoded(&stage, 1) > 20, "{settings:?}");
    }
}

#[test]
fn a_lone_talker_who_is_silenced_is_silent_at_once_and_comes_back() {
    let mut stage = lone_talker();
    stage.mixer.set_passes(VOICE, false, stage.now);
    let before = stage.heard(9).len();
    stage.run_ms(500);
    let after = &stage.heard(9)[before + 960..];
    assert!(after.iter().all(|sample| sample.abs() < 0.001));
    stage.mixer.set_passes(VOICE, true, stage.now);
    stage.run_ms(500);
    assert!((tone_level(stage.last(9, 200), 1000.0) + 9.03).abs() < 1.0);
}

#[test]
fn a_change_of_settings_in_mid_word_silences_nobody() {
    let mut stage = lone_talker();
    let settings = MixSettings { bitrate: 64_000, ..stage.mixer.settings().clone() };
    stage.mixer.set(settings, stage.now);
    stage.run_ms(1000);
    assert!((tone_level(stage.last(9, 500), 1000.0) + 9.03).abs() < 1.0);
    stage.talker_mut(1).level = Some(-127);
    stage.talker_mut(1).sound = Box::new(|_| 0.0);
    stage.run_ms(3000);
    assert_eq!(stage.mixer.poll_timeout(), None);
}

#[test]
fn sound_that_comes_ever_later_is_not_passed_on_for_ever() {
    let mut stage = lone_talker();
    // Each stall of the sender adds to the delay, and nothing that it sends is silent.
    for _ in 0..6 {
        stage.talker_mut(1).sends = false;
        stage.run_ms(60);
        stage.talker_mut(1).sends = true;
        stage.run_ms(300);
    }
    stage.talker_mut(1).drift = 20_000.0;
    stage.run_ms(20_000);
    assert!(stage.mixer.delay(VOICE).is_none_or(|delay| delay.as_millis() < 250), "{:?}", stage.mixer.delay(VOICE));
}

#[test]
fn a_lost_packet_is_a_gap_that_the_listener_sees() {
    let mut stage = lone_talker();
    stage.talker_mut(1).loses = Box::new(|sequence| sequence % 10 == 0);
    stage.run_ms(2000);
    assert!((8..=11).contains(&stage.listeners[&9].gaps), "{}", stage.listeners[&9].gaps);
}

#[test]
fn packets_of_another_length_are_mixed() {
    let mut stage = Stage::new(MixSettings::default());
    stage.voice(1, tone(1000.0, 0.5), VoiceSettings::default());
    stage.listener(9);
    stage.run_ms(1000);
    assert_eq!(decoded(&stage, 1), 0);
    // Half-full packets of 10 ms, as some senders make them.
    let mut encoder = crosspoint_codec::opus::Encoder::new(crosspoint_codec::opus::EncoderSettings {
        stereo: false,
        bitrate: 64_000,
        complexity: 5,
        fec: false,
    })
    .expect("an encoder");
    stage.talker_mut(1).sends = false;
    for step in 0..100_u64 {
        let at =
            |n: u64| ((48_000 + step * 480 + n) as f64 * 1000.0 * std::f64::consts::TAU / 48_000.0).sin() as f32 * 0.5;
        let samples: Vec<f32> = (0..480).map(at).collect();
        let mut packet = Vec::new();
        encoder.encode(&samples, &mut packet).expect("a packet");
        let payload = packet.into();
        let packet = crosspoint_mixer::Packet {
            sequence: 1050 + step,
            timestamp: (48_000 + step * 480) as u32,
            level: Some(-20),
            payload: &payload,
            arrival: stage.now,
        };
        stage.mixer.handle_packet(VOICE, &packet);
        stage.run_ms(10);
    }
    assert!(decoded(&stage, 1) > 80);
    assert!((tone_level(stage.last(9, 500), 1000.0) + 9.03).abs() < 1.0);
}
