//! Plain sound: services that hear and speak.

mod support;

use std::time::Duration;

use crosspoint_dsp::spectrum::tone_level;
use crosspoint_mixer::{ListenerId, Mixer, Output, PcmReader, PcmWriter, VoiceSpec, pcm_line};
use crosspoint_model::{Bus, MixSettings, TrackKey, VoiceSettings};
use support::{Stage, identity, stage, tone};

fn service(stage: &mut Stage, number: u32, hears: Option<Bus>, speaks: Option<Bus>) -> (PcmReader, PcmWriter) {
    let (line, reader, writer) = pcm_line();
    let identity = identity(&format!("p{number}"));
    let voice = speaks.map(|bus| VoiceSpec {
        track: TrackKey(u64::from(number)),
        identity: identity.clone(),
        settings: VoiceSettings::default(),
        passes: true,
        bus,
    });
    let now = stage.now;
    stage.mixer.add_plain(ListenerId(number), &identity, line, hears, voice, now);
    (reader, writer)
}

fn write(writer: &mut PcmWriter, hz: f64, ms: usize) {
    let mut sound = tone(hz, 0.25);
    let from = writer.written();
    let samples: Vec<f32> = (from..from + ms as u64 * 48).map(&mut sound).collect();
    assert_eq!(writer.write(&samples), samples.len());
}

/// Everything that was heard, and whether positions ran on without a gap.
fn read(reader: &mut PcmReader) -> (Vec<f32>, bool) {
    let (mut heard, mut next, mut whole) = (Vec::new(), None, true);
    while let Some(frame) = reader.try_next() {
        whole &= next.is_none_or(|next| next == frame.position);
        next = Some(frame.position + (frame.samples.len() / frame.channels) as u64);
        heard.extend_from_slice(&frame.samples);
    }
    (heard, whole)
}

#[test]
fn a_service_hears_the_others_without_itself_at_exact_positions() {
    let mut stage = stage();
    stage.talker(1, tone(440.0, 0.25));
    let (mut reader, mut writer) = service(&mut stage, 7, Some(Bus::Programme), Some(Bus::Programme));
    stage.run_ms(1000);
    drop(read(&mut reader));
    write(&mut writer, 1000.0, 1500);
    stage.run_ms(900);
    let (heard, whole) = read(&mut reader);
    assert!(whole && heard.len() == 45 * 960, "{whole} {}", heard.len());
    assert!((tone_level(&heard, 440.0) + 15.05).abs() < 0.5);
    assert!(tone_level(&heard[4800..], 1000.0) < -80.0, "{}", tone_level(&heard[4800..], 1000.0));
    assert!((tone_level(stage.last(1, 500), 1000.0) + 15.05).abs() < 1.0, "and is heard by them");
}

#[test]
fn positions_run_on_with_time_where_a_service_goes_to_a_younger_mixer() {
    let mut older = stage();
    let (line, mut reader, _writer) = pcm_line();
    let (id, identity) = (ListenerId(7), identity("p7"));
    older.mixer.add_plain(id, &identity, line, Some(Bus::Programme), None, older.now);
    older.run_ms(1000);
    let line = older.mixer.remove_listener(id, older.now).expect("its line comes back");
    let (before, whole) = read(&mut reader);
    assert!(whole && before.len() == 50 * 960, "{}", before.len());

    let mut younger = stage();
    younger.now = older.now;
    younger.mixer = Mixer::new(MixSettings::default(), older.now + Duration::from_millis(5));
    younger.run_ms(5);
    younger.mixer.add_plain(id, &identity, line, Some(Bus::Programme), None, younger.now);
    younger.run_ms(100);
    let positions: Vec<u64> = std::iter::from_fn(|| reader.try_next()).map(|frame| frame.position).collect();
    // From the last tick here, the fiftieth, it is 25 ms to the first one there.
    assert_eq!(positions[0], 50 * 960 + 25 * 48, "{positions:?}");
    assert!(positions.windows(2).all(|pair| pair[1] == pair[0] + 960), "{positions:?}");
}

#[test]
fn a_service_that_falls_silent_does_not_hear_the_end_of_its_own_voice() {
    let mut stage = stage();
    stage.listener(1);
    let (mut recorder, _) = service(&mut stage, 6, Some(Bus::Programme), None);
    let (mut reader, mut writer) = service(&mut stage, 7, Some(Bus::Programme), Some(Bus::Programme));
    write(&mut writer, 1000.0, 500);
    stage.run_ms(900);
    let peak = |samples: &[f32]| samples.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak(&read(&mut recorder).0) > 0.2);
    assert!(peak(&read(&mut reader).0) < 0.001);
}

#[test]
fn what_is_cleared_is_not_heard_from_the_next_tick_on() {
    let mut stage = stage();
    stage.listener(1);
    let (_reader, mut writer) = service(&mut stage, 7, None, Some(Bus::Programme));
    write(&mut writer, 1000.0, 5000);
    stage.run_ms(1000);
    assert!(tone_level(stage.last(1, 500), 1000.0) > -16.0);
    writer.clear();
    let before = stage.heard(1).len();
    stage.run_ms(500);
    let after = &stage.heard(1)[before + 1920..];
    assert!(after.iter().all(|sample| sample.abs() < 0.001));
    assert_eq!(writer.played(), writer.written());
}

#[test]
fn the_hold_bus_is_heard_by_those_who_wait_and_by_nobody_else() {
    let mut stage = stage();
    stage.talker(1, tone(440.0, 0.25));
    stage.listener(2);
    let waits = crosspoint_model::Listening { hears: crosspoint_model::Hears::Hold, pre_fade: None };
    stage.listener_of(3, waits);
    let (_reader, mut writer) = service(&mut stage, 7, None, Some(Bus::Hold));
    write(&mut writer, 1000.0, 3000);
    stage.run_ms(2000);
    assert!((tone_level(stage.last(3, 1000), 1000.0) + 15.05).abs() < 1.0);
    assert!(tone_level(stage.last(3, 1000), 440.0) < -60.0);
    assert!(tone_level(stage.last(2, 1000), 1000.0) < -60.0);
    assert!((tone_level(stage.last(2, 1000), 440.0) + 15.05).abs() < 1.0);
}

#[test]
fn a_service_that_is_gone_is_told_once() {
    let mut stage = stage();
    let (reader, writer) = service(&mut stage, 7, Some(Bus::Programme), Some(Bus::Programme));
    stage.run_ms(100);
    drop((reader, writer));
    let mut told = 0;
    for _ in 0..10 {
        stage.now += support::STEP * 20;
        let now = stage.now;
        stage.mixer.handle_timeout(now);
        while stage.mixer.has_work() {
            stage.mixer.work();
        }
        while let Some(output) = stage.mixer.poll_output() {
            told += u32::from(output == Output::Abandoned(ListenerId(7)));
        }
    }
    assert_eq!(told, 1);
    assert!(stage.mixer.remove_listener(ListenerId(7), stage.now).is_some());
    assert!(stage.mixer.is_empty() || stage.mixer.figures(TrackKey(7)).is_none());
}
