//! Bad clients, strangers, and code that fails.

use std::net::SocketAddr;
use std::time::Duration;

use crosspoint_engine::{LegEnd, Order};
use crosspoint_model::{Preference, RoomKey};
use crosspoint_sim::network::Way;
use crosspoint_sim::{Join, Loss, Path, Seed, World};
use fastrand::Rng;
use str0m::media::Pt;
use str0m::rtp::RtpWrite;

const ROOM: RoomKey = RoomKey(1);

/// A publisher (the first client) and viewers of it, connected and shown something.
fn audience(seed: &Seed, viewers: usize) -> World {
    let mut world = World::new(seed.0, &[ROOM.0]);
    let publisher = world.join(&Join { camera: vec![(None, 300_000)], ..Join::publisher(ROOM) });
    for _ in 0..viewers {
        let viewer = world.join(&Join::viewer(ROOM));
        world.clients[viewer].strict = true;
        world.watch(viewer, publisher, Preference::default());
    }
    world.connect();
    // Bandwidth estimates begin by wavering; after this they are settled.
    world.run_seconds(9.0);
    world
}

/// Lets a second pass, in which this viewer must see and hear without a gap.
fn sees_on(world: &mut World, viewer: usize) {
    let begin = world.now;
    world.run_seconds(1.0);
    world.check();
    let client = &world.clients[viewer];
    let shown = client.viewer().shown_since(begin).count();
    let freeze = client.viewer().longest_freeze(begin, world.now);
    assert!(shown >= 24 && freeze < Duration::from_millis(100), "{shown} frames, frozen for {freeze:?}");
    let voice = world.clients[0].voice.as_ref().expect("a voice");
    assert_eq!(client.listener.concealed(voice.track, voice.sent - 45, voice.sent - 5, Duration::from_secs(1)), 0.0);
}

#[test]
fn a_viewer_whose_code_panics_ends_alone() {
    let seed = Seed::of_this_run();
    for written_to in [false, true] {
        let mut world = audience(&seed, 3);
        let leg = world.clients[2].leg;
        world.order(Order::Fault { leg, written_to });
        assert_eq!(world.clients[2].ended, Some(LegEnd::Broke));
        assert_eq!(world.engine.leg_count(), 3);
        sees_on(&mut world, 1);
        assert_eq!(world.engine.counters().broken, 1);
        assert_eq!(world.clients.iter().filter_map(|client| client.ended).count(), 1, "the others stay");
    }
}

#[test]
fn a_publisher_whose_code_panics_takes_only_its_tracks_along() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 1);
    let second = world.join(&Join::publisher(ROOM));
    world.watch(1, second, Preference::default());
    world.connect();
    let leg = world.clients[0].leg;
    world.order(Order::Fault { leg, written_to: true });
    let begin = world.now + Duration::from_secs(1);
    world.run_seconds(3.0);
    world.check();
    assert_eq!(world.clients[0].ended, Some(LegEnd::Broke));
    let track = world.clients[second].camera.as_ref().expect("a camera").track;
    let shown = world.clients[1].viewer().shown_since(begin).filter(|shown| shown.track == track).count();
    assert!(shown >= 45, "the second publisher takes the slot: {shown} frames");
}

#[test]
fn a_payload_that_is_too_large_is_dropped_and_harms_nobody() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 2);
    let before = world.clients[1].arrivals.len();
    let (mid, now) = (world.clients[0].voice.as_ref().expect("a voice").mid, world.now);
    let publisher = &mut world.clients[0];
    let pt: Pt = publisher.rtc.media(mid).expect("a line").remote_pts()[0];
    // The sender's own buffer ends a little below 2 kB.
    let packet = RtpWrite::new(pt, 20_000.into(), 99, now, vec![7; 1_900]);
    publisher.rtc.direct_api().stream_tx_by_mid(mid, None).expect("a stream").write_rtp(packet);
    let datagrams = publisher.handle_timeout(now);
    assert!(datagrams.iter().any(|datagram| datagram.len() > 1_900));
    let source = publisher.address;
    for datagram in datagrams {
        world.inject(source, &datagram);
    }
    // Nobody signed this one.
    let mut forged = vec![0x80, 111, 0, 1];
    forged.resize(2_100, 9);
    world.inject(source, &forged);
    world.clients[0].voice.as_mut().expect("a voice").on = false;
    world.run_seconds(1.0);
    assert!(world.clients[1].arrivals.len() > before, "the picture goes on");
    assert_eq!(world.engine.counters().oversized, 1);
    world.check();
}

#[test]
fn garbage_from_strangers_and_from_known_addresses_is_ignored() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 2);
    let mut rng = Rng::with_seed(seed.0);
    let known = world.clients[1].address;
    for round in 0..3_000_u16 {
        let stranger = SocketAddr::from(([203, 0, 113, (round >> 8) as u8], 1024 + round));
        let source = if rng.bool() { stranger } else { known };
        world.inject(source, &garbage(&mut rng));
        if round % 50 == 0 {
            world.run(Duration::from_millis(5));
        }
    }
    assert!(world.engine.counters().strangers > 1_000);
    sees_on(&mut world, 1);
    sees_on(&mut world, 2);
    assert_eq!(world.engine.leg_count(), 3);
}

/// Something that looks like STUN, DTLS, RTP, RTCP, or nothing.
fn garbage(rng: &mut Rng) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..rng.usize(0..1_500)).map(|_| rng.u8(..)).collect();
    let head: &[u8] = match rng.u8(0..6) {
        0 => &[0, 1, 0, 8, 0x21, 0x12, 0xA4, 0x42],
        1 => &[1, 1, 0, 200, 0x21, 0x12, 0xA4, 0x42],
        2 => &[22, 0xFE, 0xFD, 0, 0, 0, 0],
        3 => &[0x80, 111],
        4 => &[0x81, 206, 0, 2],
        _ => &[],
    };
    for (byte, head) in bytes.iter_mut().zip(head) {
        *byte = *head;
    }
    bytes
}

#[test]
fn datagrams_that_are_replayed_are_not_forwarded_again() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 1);
    world.tape = Some(Vec::new());
    world.run_seconds(1.0);
    let tape = world.tape.take().expect("a tape");
    assert!(tape.len() > 70, "a second of media: {}", tape.len());
    let before = world.clients[1].arrivals.len();
    let sent = |world: &World| world.clients[0].voice.as_ref().expect("a voice").sent;
    let voice = sent(&world);
    for (source, datagram) in &tape {
        world.inject(*source, datagram);
        // Somebody who listened in sends it from elsewhere.
        world.inject(SocketAddr::from(([203, 0, 113, 9], 9)), datagram);
    }
    sees_on(&mut world, 1);
    let heard = world.clients[1].arrivals[before..].iter().filter(|stamp| stamp.track == 1_001).count() as u64;
    assert!(heard <= sent(&world) - voice + 2, "no more than was said: {heard}");
}

#[test]
fn who_never_answers_is_given_up_after_half_a_minute() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 1);
    let silent = world.join(&Join::publisher(ROOM));
    world.clients[silent].alive = false;
    world.run_seconds(29.0);
    assert_eq!(world.clients[silent].ended, None);
    world.run_seconds(1.5);
    assert_eq!(world.clients[silent].ended, Some(LegEnd::NeverConnected));
    sees_on(&mut world, 1);
}

#[test]
fn who_vanishes_is_given_up_and_the_others_see_on() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 2);
    world.clients[2].alive = false;
    let gone = world.run_until("the lost one ends", Duration::from_secs(90), |world| world.clients[2].ended.is_some());
    assert_eq!(world.clients[2].ended, Some(LegEnd::TimedOut), "after {gone:?}");
    sees_on(&mut world, 1);
}

#[test]
fn an_ice_restart_keeps_the_media() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 2);
    world.negotiate(1, |changes| drop(changes.ice_restart(true))).expect("the viewer restarts");
    sees_on(&mut world, 1);
    world.negotiate(0, |changes| drop(changes.ice_restart(true))).expect("the publisher restarts");
    sees_on(&mut world, 1);
    sees_on(&mut world, 2);
    assert!(world.clients.iter().all(|client| client.ended.is_none()));
}

#[test]
fn a_way_that_was_cut_for_some_seconds_carries_media_again() {
    let seed = Seed::of_this_run();
    let mut world = audience(&seed, 2);
    world.clients[1].strict = false;
    for way in [Way::Up(1), Way::Down(1)] {
        world.network.set(way, Path::clean(25).losing(Loss::All));
    }
    world.run_seconds(8.0);
    for way in [Way::Up(1), Way::Down(1)] {
        world.network.set(way, Path::clean(25));
    }
    let mended = world.now;
    let took = world.run_until("the picture is back", Duration::from_secs(15), |world| {
        world.clients[1].viewer().shown_since(mended).count() > 5
    });
    println!("a picture again {took:?} after a way was mended");
    world.run_seconds(1.0);
    sees_on(&mut world, 2);
}
