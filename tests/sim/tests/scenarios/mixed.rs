//! Rooms that mix, heard by who is in them: over networks that lose, beside pictures, with services, and when nobody speaks.

use std::time::{Duration, Instant};

use crosspoint_dsp::spectrum::tone_level;
use crosspoint_engine::{Engine, Order};
use crosspoint_model::{Hears, MixSettings, Preference, RoomKey};
use crosspoint_sim::ear::Frame;
use crosspoint_sim::service::Listened;
use crosspoint_sim::tone::{AMPLITUDE, Levels, TONES};
use crosspoint_sim::{Join, Loss, Path, Seed, World};

/// A tone is heard from here on. Decibels relative to how it was sent.
const HEARD: f32 = -6.0;
/// A tone is not there, in a frame.
const GONE: f32 = -40.0;
const CLIENTS: [usize; 3] = [0, 1, 2];
/// Their tones where packets are lost: far from each other, for what stands in for lost packets is not quite a tone.
const APART: [usize; 3] = [0, 3, 6];
/// Samples of a second.
const RATE: usize = 48_000;

#[test]
fn over_a_network_that_loses_a_tenth_everybody_hears_the_others_and_never_themselves() {
    let seed = Seed::of_this_run();
    // Without redundant audio a tenth of the packets is missing on the last way already, and another tenth on the first one,
    // for most of which the room makes something up that is loud enough.
    for (red, least, least_at_all) in [(true, 0.98, 0.99), (false, 0.83, 0.92)] {
        let (world, begin) = lossy(&seed, red);
        for listener in CLIENTS {
            let ear = world.clients[listener].ears.as_ref().expect("ears").only();
            let frames: Vec<&Frame> = ear.since(begin).collect();
            let span = (frames[frames.len() - 1].position - frames[0].position) as f64 / 960.0 + 1.0;
            for talker in CLIENTS.into_iter().filter(|talker| *talker != listener) {
                let heard = frames.iter().filter(|frame| frame.levels[APART[talker]] > HEARD);
                let concealed = heard.clone().filter(|frame| !frame.real).count() as f64 / span;
                let share = heard.count() as f64 / span - concealed;
                println!("red {red}: {listener} hears {talker} in {share:.4} of the time and {concealed:.4} made up");
                assert!(share >= least && share + concealed >= least_at_all);
            }
            let leak = self_leak(&ear.sound[5 * RATE..], TONES[APART[listener]]);
            println!("red {red}: {listener} hears itself at {leak:.1} dB");
            assert!(leak < -50.0);
        }
        world.check();
    }
}

#[test]
fn pictures_of_a_mixed_room_are_forwarded_beside_one_small_stream_of_sound() {
    let seed = Seed::of_this_run();
    let mut world = World::new(seed.0, &[1]);
    world.mix(1, MixSettings::default());
    let clients = CLIENTS.map(|tone| {
        let camera = vec![(None, 300_000)];
        let client = world.join(&Join { camera, audio_slots: 3, video_slots: 2, ..Join::tone(RoomKey(1), tone) });
        world.clients[client].strict = true;
        client
    });
    world.connect();
    for viewer in clients {
        for publisher in clients.into_iter().filter(|publisher| *publisher != viewer) {
            world.watch(viewer, publisher, Preference::default());
        }
    }
    world.run_seconds(1.0);
    let begin = world.now;
    world.run_seconds(4.0);
    for client in clients {
        let Some(ears) = &world.clients[client].ears else { panic!("ears") };
        assert_voices(client, &clients, ears.only().since(begin).map(|frame| &frame.levels));
        let viewers = world.clients[client].viewers.values();
        let shown: Vec<usize> = viewers.map(|viewer| viewer.shown_since(begin).count()).collect();
        assert!(shown.len() == 2 && shown.iter().all(|frames| (95..=101).contains(frames)), "{client}: {shown:?}");
    }
    world.check();
}

#[test]
fn a_service_talks_and_listens_in_a_mixed_room_and_goes_to_one_of_another_worker() {
    let seed = Seed::of_this_run();
    let mut world = World::with_workers(seed.0, &[&[1], &[2]]);
    world.mix(1, MixSettings::default());
    let here = [0, 1].map(|tone| world.join(&Join::tone(RoomKey(1), tone)));
    // One who hears each voice by itself.
    let tracks = Join { hears: Hears::Tracks, audio_slots: 4, ..Join::tone(RoomKey(1), 2) };
    let soloist = world.join(&tracks);
    world.run_seconds(3.0);
    // The other room's mixer is younger: its clock has not come so far.
    world.mix(2, MixSettings::default());
    let there = [3, 4].map(|tone| world.join(&Join::tone(RoomKey(2), tone)));
    world.connect();
    let service = world.serve(1, 5);
    world.run_seconds(1.0);

    let begin = world.now;
    world.run_seconds(2.0);
    let since = |world: &World, begin| {
        let heard = world.services[service].heard.iter().filter(move |heard| heard.at >= begin);
        heard.copied().collect::<Vec<Listened>>()
    };
    let heard = since(&world, begin);
    assert!(heard.len().abs_diff(100) < 2, "a frame every 20 ms: {}", heard.len());
    assert_voices(5, &[0, 1, 2], heard.iter().map(|heard| &heard.levels));
    for client in here {
        let ears = world.clients[client].ears.as_ref().expect("ears");
        assert_voices(client, &[0, 1, 2, 5], ears.only().since(begin).map(|frame| &frame.levels));
    }
    let slots = &world.clients[soloist].ears.as_ref().expect("ears").slots;
    for tone in [0, 1, 5] {
        let alone = |levels: &Levels| (0..TONES.len()).all(|other| (levels[other] > HEARD) == (other == tone));
        let of_it = slots.values().map(|ear| ear.since(begin).filter(|frame| alone(&frame.levels)).count());
        assert!(of_it.max() >= Some(98), "{tone} has a slot of its own");
    }

    world.move_service(service, 2);
    let moved = world.now;
    world.run_seconds(0.2);
    let begin = world.now;
    world.run_seconds(2.0);
    assert_voices(5, &[3, 4], since(&world, begin).iter().map(|heard| &heard.levels));
    for client in there {
        let ears = world.clients[client].ears.as_ref().expect("ears");
        assert_voices(client, &[3, 4, 5], ears.only().since(begin).map(|frame| &frame.levels));
    }
    let gone = Duration::from_millis(40);
    for client in here.into_iter().chain([soloist]) {
        let slots = &world.clients[client].ears.as_ref().expect("ears").slots;
        let mut late = slots.values().flat_map(|ear| ear.since(moved + gone));
        assert!(late.all(|frame| frame.levels[5] < GONE), "{client} hears the service no more");
    }
    let late = since(&world, moved + gone);
    assert!(late.iter().all(|heard| heard.levels[..3].iter().all(|level| *level < GONE)), "nor does it hear them");
    for pair in world.services[service].heard.windows(2) {
        let (before, after) = (pair[0].position, pair[1].position);
        assert!(after >= before + 960, "{after} follows {before}");
    }
    world.check();
}

#[test]
fn talkback_is_heard_by_one_and_by_nobody_else_not_even_as_a_track() {
    let seed = Seed::of_this_run();
    let mut world = World::with_workers(seed.0, &[&[1], &[2]]);
    world.mix(1, MixSettings::default());
    let [host, guest, deaf] = [0, 1, 2].map(|tone| world.join(&Join::tone(RoomKey(1), tone)));
    let tracks = Join { hears: Hears::Tracks, audio_slots: 4, ..Join::tone(RoomKey(1), 3) };
    let soloist = world.join(&tracks);
    world.connect();
    world.listen(deaf, Hears::Nothing);
    world.run_seconds(1.0);
    let leg = world.clients[host].leg;
    for addressed in [guest, deaf] {
        let to = world.clients[addressed].identity.clone();
        world.order(Order::Talk { leg, to: Some(to) });
        world.run_seconds(0.2);
        let begin = world.now;
        world.run_seconds(1.0);
        for client in [guest, deaf, soloist] {
            let slots = &world.clients[client].ears.as_ref().expect("ears").slots;
            let mut frames = slots.values().flat_map(|ear| ear.since(begin));
            if client == addressed {
                assert!(frames.filter(|frame| frame.levels[0] > HEARD).count() >= 48, "{client} hears the host");
            } else {
                assert!(frames.all(|frame| frame.levels[0] < GONE), "{client} hears what is said to {addressed}");
            }
        }
    }
    world.order(Order::Talk { leg, to: None });
    world.run_seconds(0.2);
    let begin = world.now;
    world.run_seconds(2.0);
    let ears = world.clients[guest].ears.as_ref().expect("ears");
    assert_voices(1, &[0, 1, 2, 3], ears.only().since(begin).map(|frame| &frame.levels));
    world.check();
}

#[test]
fn who_hears_nothing_can_subscribe_to_the_mix() {
    let seed = Seed::of_this_run();
    let mut world = World::new(seed.0, &[1]);
    world.mix(1, MixSettings::default());
    let [_, _, listener] = CLIENTS.map(|tone| world.join(&Join::tone(RoomKey(1), tone)));
    world.connect();
    world.listen(listener, Hears::Nothing);
    let (leg, track) = (world.clients[listener].leg, world.mix_of(1));
    world.order(Order::Subscribe { leg, track, preference: Preference::default() });
    world.run_seconds(0.5);
    let begin = world.now;
    world.run_seconds(2.0);
    let ears = world.clients[listener].ears.as_ref().expect("ears");
    assert_voices(listener, &CLIENTS, ears.only().since(begin).map(|frame| &frame.levels));
    world.order(Order::Unsubscribe { leg, track });
    world.run_seconds(0.2);
    let begin = world.now;
    world.run_seconds(1.0);
    let ears = world.clients[listener].ears.as_ref().expect("ears");
    assert!(ears.only().since(begin).all(|frame| frame.levels.iter().all(|level| *level < GONE)));
    world.check();
}

#[test]
fn a_mixed_room_in_which_nobody_speaks_has_no_timer_and_no_work() {
    let seed = Seed::of_this_run();
    let calls = [true, false].map(|mixes| {
        let mut world = World::new(seed.0, &[1]);
        if mixes {
            world.mix(1, MixSettings::default());
        }
        let hears = if mixes { Hears::Mix } else { Hears::Tracks };
        let nobody = world.engines().map(Engine::poll_timeout).collect::<Vec<_>>();
        assert_eq!(nobody, [None], "an empty room waits for nothing");
        let clients = CLIENTS.map(|tone| world.join(&Join { hears, ..Join::tone(RoomKey(1), tone) }));
        world.connect();
        world.run_seconds(2.0);
        assert_eq!(world.jobs > 0, mixes);
        for client in clients {
            world.clients[client].voice.as_mut().expect("a voice").on = false;
        }
        world.run_seconds(5.0);
        let (jobs, timeouts) = (world.jobs, world.timeouts);
        world.run_seconds(60.0);
        assert_eq!(world.jobs, jobs, "there is no work");
        world.check();
        clients.into_iter().for_each(|client| world.leave(client));
        world.run_seconds(1.0);
        assert!(world.engine.poll_timeout().is_none());
        world.timeouts - timeouts
    });
    let [mixed, forward] = calls;
    println!("{mixed} calls in a minute; {forward} where nothing is mixed");
    assert!(mixed.abs_diff(forward) < 20, "only the legs have timers: {mixed} calls, {forward} where nothing is mixed");
}

/// Three who talk for a while, each way of whom loses a tenth of the packets; and since when everything had settled.
fn lossy(seed: &Seed, red: bool) -> (World, Instant) {
    let mut world = World::new(seed.0, &[1]);
    world.mix(1, MixSettings { bitrate: 96_000, ..MixSettings::default() });
    let way = Path::clean(20).losing(Loss::Random(0.1));
    for tone in APART {
        let client = world.join(&Join { red, ..Join::tone(RoomKey(1), tone) }.over(way));
        world.clients[client].ears.as_mut().expect("ears").keep = true;
    }
    world.connect();
    world.run_seconds(5.0);
    let begin = world.now;
    world.run_seconds(40.0);
    (world, begin)
}

/// How loud the own tone is at most in 10 s, relative to how it was sent. Shorter pieces hear what stands in for lost packets
/// of others, which is a little on all frequencies.
fn self_leak(sound: &[f32], hz: f64) -> f64 {
    let sent = 20.0 * f64::from(AMPLITUDE / 2_f32.sqrt()).log10();
    let pieces = sound.chunks_exact(10 * RATE).map(|piece| tone_level(piece, hz) - sent);
    pieces.fold(f64::NEG_INFINITY, f64::max)
}

/// In each frame: all of these tones but the own one, and none besides.
fn assert_voices<'a>(own: usize, tones: &[usize], frames: impl Iterator<Item = &'a Levels>) {
    let mut count = 0;
    for levels in frames {
        count += 1;
        for tone in 0..TONES.len() {
            let right = if tone != own && tones.contains(&tone) { levels[tone] > HEARD } else { levels[tone] < GONE };
            assert!(right, "{own}, frame {count}: tone {tone} of {levels:.0?}");
        }
    }
    assert!(count > 90, "{own}: {count} frames");
}
