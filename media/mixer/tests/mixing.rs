//! Who hears what, measured on what listeners decode.

mod support;

use crosspoint_dsp::spectrum::{click_score, thdn, tone_level};
use crosspoint_mixer::{ListenerId, VoiceSpec};
use crosspoint_model::{Bus, Hears, Listening, MixSettings, TrackKey, VoiceSettings};
use support::{Stage, identity, stage, tone};

/// Half of full scale, as a sine: −9 dBFS.
const HALF: f32 = 0.5;
const HALF_DB: f64 = -9.03;

#[test]
fn everybody_hears_the_others_and_not_themselves() {
    let mut stage = stage();
    for (number, hz) in [(1, 440.0), (2, 1000.0), (3, 2300.0)] {
        stage.talker(number, tone(hz, 0.25));
    }
    stage.listener(9);
    stage.run_ms(3000);
    for (number, own, others) in
        [(1, 440.0, [1000.0, 2300.0]), (2, 1000.0, [440.0, 2300.0]), (3, 2300.0, [440.0, 1000.0])]
    {
        let heard = stage.last(number, 1000);
        let leak = tone_level(heard, own) - tone_level(heard, others[0]);
        println!("self-leak of {number}: {leak:.1} dB");
        assert!(leak < -50.0, "{number} hears itself at {leak} dB");
        for hz in others {
            let level = tone_level(heard, hz) + 15.05;
            assert!(level.abs() < 1.0, "{number} hears {hz} Hz {level} dB too loud");
        }
    }
    let heard = stage.last(9, 1000);
    for hz in [440.0, 1000.0, 2300.0] {
        assert!((tone_level(heard, hz) + 15.05).abs() < 1.0);
    }
}

#[test]
fn a_tone_crosses_as_loud_as_it_was_and_clean() {
    let mut stage = stage();
    stage.voice(1, tone(1000.0, HALF), VoiceSettings::default());
    stage.listener(2);
    stage.run_ms(3000);
    let heard = stage.last(2, 1000);
    let level = tone_level(heard, 1000.0) - HALF_DB;
    let noise = thdn(heard, 1000.0);
    println!("level {level:+.2} dB, THD+N {noise:.1} dB");
    assert!(level.abs() < 1.0 && noise < -30.0);
}

#[test]
fn two_at_full_scale_do_not_wrap_or_clip() {
    let mut stage = stage();
    stage.voice(1, tone(500.0, 1.0), VoiceSettings::default());
    stage.voice(2, tone(700.0, 1.0), VoiceSettings::default());
    stage.listener(9);
    stage.run_ms(3000);
    let heard = stage.last(9, 1500);
    let peak = heard.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    // Wrapping or clipping would show as a comb of other tones.
    let others = [300.0, 900.0, 1100.0, 1700.0].map(|hz| tone_level(heard, hz));
    println!("peak {peak:.3}, products {others:.0?} dB");
    assert!(peak < 1.1, "{peak}");
    assert!(others.iter().all(|level| *level < -26.0), "{others:?}");
}

#[test]
fn nobody_is_decoded_who_is_silent_and_nothing_is_sent_when_all_are() {
    let mut stage = stage();
    stage.talker(1, tone(440.0, HALF));
    stage.talker(2, Box::new(|_| 0.0));
    stage.talker_mut(2).level = Some(-127);
    stage.run_ms(1000);
    assert_eq!(stage.mixer.figures(crosspoint_model::TrackKey(2)).map(|figures| figures.decoded), Some(0));
    stage.talker_mut(1).level = Some(-127);
    stage.talker_mut(1).sound = Box::new(|_| 0.0);
    stage.run_ms(2000);
    assert_eq!(stage.mixer.poll_timeout(), None, "nobody speaks: no ticks");
    let packets = stage.listeners[&2].packets;
    stage.run_ms(1000);
    assert_eq!(stage.listeners[&2].packets, packets);
}

#[test]
fn a_listener_who_begins_to_speak_and_stops_hears_no_click() {
    let mut stage = stage();
    stage.voice(1, tone(1000.0, HALF), VoiceSettings::default());
    stage.talker(2, Box::new(|_| 0.0));
    stage.talker_mut(2).level = Some(-127);
    stage.listener(9);
    stage.run_ms(2000);
    // From the shared encoder to one of its own: a voice of another pitch, which it must not hear.
    stage.talker_mut(2).level = Some(-20);
    stage.talker_mut(2).sound = tone(3000.0, HALF);
    stage.run_ms(2000);
    stage.talker_mut(2).level = Some(-127);
    stage.talker_mut(2).sound = Box::new(|_| 0.0);
    // And back.
    stage.run_ms(3000);
    let heard = stage.last(2, 6500);
    let clicks = click_score(heard, 1000.0);
    let undisturbed = click_score(&stage.last(9, 6500)[..48_000], 1000.0);
    let leak = tone_level(heard, 3000.0) - tone_level(heard, 1000.0);
    println!("clicks {clicks:.1} dB (a listener whom nothing happens to: {undisturbed:.1} dB), leak {leak:.1} dB");
    assert!(clicks < -38.0, "{clicks} dB");
    assert!(leak < -50.0);
}

#[test]
fn who_comes_in_the_middle_hears_what_the_others_hear_from_the_first_packet_on() {
    let mut stage = stage();
    stage.voice(1, tone(1000.0, HALF), VoiceSettings::default());
    stage.listener(8);
    stage.run_ms(1010);
    stage.listener(9);
    stage.run_ms(190);
    let (before, after) = (stage.heard(8), stage.heard(9));
    let first = after.iter().position(|sample| *sample != 0.0).expect("it hears something");
    // The decoder has nothing to overlap the first 2.5 ms with.
    for from in [first + 120, first + 960, first + 1920] {
        let [newcomer, other] = [after, before].map(|heard| tone_level(&heard[from..from + 960], 1000.0));
        assert!((newcomer - other).abs() < 1.0, "{newcomer:.1} dB instead of {other:.1}");
    }
}

#[test]
fn who_goes_and_comes_back_before_the_next_tick_is_heard_on_and_does_not_hear_itself() {
    let mut stage = stage();
    stage.talker(1, tone(440.0, HALF));
    stage.talker(2, tone(1000.0, HALF));
    stage.listener(9);
    stage.run_ms(1009);
    let (now, id, track) = (stage.now, ListenerId(1), TrackKey(1));
    stage.mixer.remove_voice(track, now);
    assert!(stage.mixer.remove_listener(id, now).is_none());
    let (settings, passes, bus) = (VoiceSettings::default(), true, Bus::Programme);
    stage.mixer.add_voice(VoiceSpec { track, identity: identity("p1"), settings, passes, bus });
    stage.mixer.add_listener(id, identity("p1"), Listening { hears: Hears::Mix, pre_fade: None });
    let from = stage.heard(9).len();
    stage.run_ms(100);
    for at in (from..stage.heard(9).len()).step_by(480) {
        let [own, other] = [1, 9].map(|number| tone_level(&stage.heard(number)[at..at + 480], 440.0));
        // It begins to hear the other one here, which is heard a little on all frequencies in 10 ms.
        assert!(own < -35.0, "it hears itself at {own:.1} dB");
        assert!((other - HALF_DB).abs() < 2.0, "the others hear it at {other:.1} dB");
    }
}

#[test]
fn who_is_silenced_is_not_heard_from_the_next_tick_on() {
    let mut stage = stage();
    stage.voice(1, tone(440.0, HALF), VoiceSettings::default());
    stage.voice(2, tone(1000.0, HALF), VoiceSettings::default());
    stage.listener(9);
    stage.run_ms(1000);
    let now = stage.now;
    stage.mixer.set_passes(crosspoint_model::TrackKey(2), false, now);
    let before = stage.heard(9).len();
    stage.run_ms(500);
    // What is in the limiter and the encoder already, and a fade of 5 ms in the tick that follows.
    let after = &stage.heard(9)[before + 960 + 960..];
    assert!(tone_level(after, 1000.0) < -60.0, "{}", tone_level(after, 1000.0));
    assert!((tone_level(after, 440.0) - HALF_DB).abs() < 1.0);
    stage.mixer.set_passes(crosspoint_model::TrackKey(2), true, stage.now);
    stage.run_ms(500);
    assert!((tone_level(stage.last(9, 300), 1000.0) - HALF_DB).abs() < 1.0, "and it comes back");
}

#[test]
fn gains_are_followed_and_a_gain_of_minus_60_is_silence() {
    let mut stage = stage();
    let settings = VoiceSettings { gain: -6.0, ..VoiceSettings::default() };
    stage.voice(1, tone(440.0, HALF), settings.clone());
    stage.listener(9);
    stage.run_ms(1000);
    assert!((tone_level(stage.last(9, 500), 440.0) - HALF_DB + 6.0).abs() < 0.5);
    stage.mixer.set_voices(&identity("p1"), &VoiceSettings { gain: -60.0, ..settings });
    stage.run_ms(1000);
    assert!(tone_level(stage.last(9, 500), 440.0) < -90.0);
}

#[test]
fn talkback_reaches_one_and_pre_fade_listen_hears_who_is_held() {
    let mut stage = stage();
    stage.talker(1, tone(440.0, 0.25));
    stage.talker(2, tone(1000.0, 0.25));
    stage.listener(3);
    stage.listener(4);
    stage.run_ms(500);
    stage.mixer.talk(&identity("p2"), Some(&identity("p3")));
    stage.run_ms(1000);
    assert!(tone_level(stage.last(3, 500), 1000.0) > -16.0, "whom it talks to");
    assert!(tone_level(stage.last(4, 500), 1000.0) < -60.0, "the others");
    assert!(tone_level(stage.last(4, 500), 440.0) > -16.0);
    stage.mixer.talk(&identity("p2"), None);
    stage.mixer.set_passes(crosspoint_model::TrackKey(2), false, stage.now);
    let pre_fade = Listening { hears: Hears::Mix, pre_fade: Some(identity("p2")) };
    stage.mixer.set_listening(crosspoint_mixer::ListenerId(4), pre_fade);
    stage.run_ms(1000);
    assert!(tone_level(stage.last(4, 500), 1000.0) > -16.0, "pre-fade");
    assert!(tone_level(stage.last(3, 500), 1000.0) < -60.0, "held");
}

#[test]
fn who_falls_silent_does_not_hear_the_end_of_its_own_voice() {
    let mut stage = stage();
    stage.talker(1, tone(440.0, HALF));
    stage.listener(9);
    for _ in 0..5 {
        stage.run_ms(1007);
        stage.talker_mut(1).level = Some(-127);
        stage.talker_mut(1).sound = Box::new(|_| 0.0);
        stage.run_ms(1500);
        stage.talker_mut(1).level = Some(-20);
        stage.talker_mut(1).sound = tone(440.0, HALF);
    }
    let peak = stage.heard(1).iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(tone_level(stage.heard(9), 440.0) > -25.0 && peak < 0.001, "{peak}");
}

#[test]
fn who_is_pre_listened_to_is_heard_before_the_fader_and_ends_when_the_voice_does() {
    let mut stage = stage();
    let down = VoiceSettings { gain: -60.0, ..VoiceSettings::default() };
    stage.voice(2, tone(1000.0, HALF), down);
    let pre_fade = Listening { hears: Hears::Mix, pre_fade: Some(identity("p2")) };
    stage.listener_of(4, pre_fade);
    stage.mixer.set_passes(crosspoint_model::TrackKey(2), false, stage.now);
    stage.run_ms(1000);
    assert!((tone_level(stage.last(4, 300), 1000.0) - HALF_DB).abs() < 1.0);
    stage.talker_mut(2).sends = false;
    stage.run_ms(3000);
    assert!(stage.last(4, 1000).iter().all(|sample| sample.abs() < 0.001), "its last frame does not come again");
    assert_eq!(stage.mixer.poll_timeout(), None);
}

#[test]
fn what_was_said_to_one_alone_is_heard_by_nobody_else_to_its_end() {
    let mut stage = stage();
    stage.talker(2, tone(1000.0, HALF));
    stage.listener(3);
    stage.listener(4);
    stage.mixer.talk(&identity("p2"), Some(&identity("p3")));
    stage.run_ms(1013);
    stage.mixer.remove_voice(crosspoint_model::TrackKey(2), stage.now);
    stage.mixer.talk(&identity("p2"), None);
    stage.run_ms(500);
    assert!(tone_level(stage.heard(3), 1000.0) > -15.0);
    assert!(stage.heard(4).iter().all(|sample| sample.abs() < 0.001));
}

#[test]
fn a_room_that_fell_asleep_ducked_wakes_up_as_usual() {
    let mut stage = stage();
    stage.voice(1, tone(440.0, HALF), VoiceSettings::default());
    stage.talker_mut(1).level = Some(-127);
    stage.voice(2, tone(1000.0, HALF), VoiceSettings { ducks: true, ..VoiceSettings::default() });
    stage.listener(9);
    stage.run_ms(1000);
    stage.talker_mut(2).sends = false;
    stage.run_ms(5000);
    stage.talker_mut(1).level = Some(-20);
    stage.run_ms(200);
    assert!((tone_level(stage.last(9, 100), 440.0) - HALF_DB).abs() < 1.0);
}

#[test]
fn a_stereo_room_keeps_two_channels() {
    let mut stage =
        Stage::new(MixSettings { stereo: true, passthrough: false, bitrate: 128_000, ..MixSettings::default() });
    stage.voice(1, tone(440.0, HALF), VoiceSettings::default());
    stage.listener(9);
    stage.run_ms(1000);
    let left: Vec<f32> = stage.last(9, 1000).iter().step_by(2).copied().collect();
    assert!((tone_level(&left, 440.0) - HALF_DB).abs() < 1.0);
}

#[test]
fn levels_are_told_ten_times_a_second_while_somebody_watches() {
    let mut stage = stage();
    stage.voice(1, tone(440.0, HALF), VoiceSettings::default());
    stage.listener(9);
    stage.run_ms(500);
    assert!(stage.levels.is_empty());
    stage.mixer.watch_levels(true);
    stage.run_ms(1000);
    assert!((9..=11).contains(&stage.levels.len()), "{}", stage.levels.len());
    let (_, level) = stage.levels[5][0];
    assert!((f64::from(level.rms) - HALF_DB).abs() < 0.5 && (level.peak + 6.0).abs() < 0.5 && !level.clip, "{level:?}");
}
