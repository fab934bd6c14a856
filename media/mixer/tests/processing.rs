//! What is done to voices before they are mixed.

mod support;

use crosspoint_dsp::signals::noise;
use crosspoint_dsp::spectrum::tone_level;
use crosspoint_model::VoiceSettings;
use support::{identity, stage, tone};

fn settings() -> VoiceSettings {
    VoiceSettings::default()
}

#[test]
fn the_others_go_down_while_a_ducking_voice_speaks() {
    let mut stage = stage();
    stage.voice(1, tone(440.0, 0.25), settings());
    stage.voice(2, tone(1000.0, 0.25), VoiceSettings { ducks: true, ..settings() });
    stage.talker_mut(2).level = Some(-127);
    stage.listener(9);
    stage.run_ms(1000);
    let before = tone_level(stage.last(9, 300), 440.0);
    stage.talker_mut(2).level = Some(-20);
    stage.run_ms(1000);
    let ducked = tone_level(stage.last(9, 300), 440.0);
    let host = tone_level(stage.last(9, 300), 1000.0);
    stage.talker_mut(2).level = Some(-127);
    stage.run_ms(3000);
    let after = tone_level(stage.last(9, 300), 440.0);
    println!("{before:.1} dB, ducked {ducked:.1} dB, after {after:.1} dB; host {host:.1} dB");
    assert!((before - ducked - 12.0).abs() < 1.0 && (after - before).abs() < 0.5);
    assert!((host + 15.05).abs() < 1.0, "the host stays as it is");
}

#[test]
fn rumble_goes_with_the_high_pass_and_the_voice_stays() {
    let mut stage = stage();
    let (mut rumble, mut voice) = (tone(40.0, 0.25), tone(440.0, 0.25));
    stage.voice(1, Box::new(move |at| rumble(at) + voice(at)), VoiceSettings { high_pass: true, ..settings() });
    stage.listener(9);
    stage.run_ms(2000);
    let heard = stage.last(9, 1000);
    assert!(tone_level(heard, 40.0) < -24.0, "{}", tone_level(heard, 40.0));
    assert!((tone_level(heard, 440.0) + 15.05).abs() < 1.0);
}

#[test]
fn a_gate_closes_on_what_is_below_it_and_can_be_set_live() {
    let mut stage = stage();
    stage.voice(1, tone(440.0, 0.01), settings());
    stage.listener(9);
    stage.run_ms(1000);
    assert!(tone_level(stage.last(9, 300), 440.0) > -45.0);
    stage.mixer.set_voices(&identity("p1"), &VoiceSettings { noise_gate: Some(-35.0), ..settings() });
    stage.run_ms(2000);
    assert!(tone_level(stage.last(9, 300), 440.0) < -70.0);
    stage.mixer.set_voices(&identity("p1"), &VoiceSettings { noise_gate: Some(-60.0), ..settings() });
    stage.run_ms(1000);
    assert!(tone_level(stage.last(9, 300), 440.0) > -45.0);
}

#[test]
fn steady_noise_goes_with_noise_suppression() {
    let power = |samples: &[f32]| samples.iter().map(|s| f64::from(s * s)).sum::<f64>() / samples.len() as f64;
    let heard = |suppress: bool| {
        let mut stage = stage();
        let hiss = noise(5, 0.05, 48_000);
        let sound = Box::new(move |at: u64| hiss[at as usize % hiss.len()]);
        stage.voice(1, sound, VoiceSettings { noise_suppression: suppress, ..settings() });
        stage.listener(9);
        stage.run_ms(5000);
        10.0 * power(stage.last(9, 2000)).log10()
    };
    let (with, without) = (heard(true), heard(false));
    println!("noise {without:.1} dBFS, suppressed {with:.1} dBFS");
    assert!(without - with > 8.0);
}
