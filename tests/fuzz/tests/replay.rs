//! The corpus of each target, and a fixed number of mutations of it with a fixed seed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crosspoint_fuzz::{TARGETS, Target, corpus, mutate};
use fastrand::Rng;

#[test]
fn no_datagram_breaks_a_leg() {
    replay("datagram");
}

#[test]
fn every_offer_is_answered_or_refused() {
    replay("offer");
}

#[test]
fn every_offer_of_a_leg_is_answered_or_refused() {
    replay("renegotiation");
}

#[test]
fn every_signalling_message_is_understood_or_refused() {
    replay("signalling");
}

#[test]
fn every_trickle_body_is_understood_or_refused() {
    replay("fragment");
}

#[test]
fn every_data_message_is_understood_or_dropped() {
    replay("data_header");
}

#[test]
fn every_tcp_stream_is_framed_or_ended() {
    replay("tcp_frames");
}

#[test]
fn every_first_datagram_finds_a_worker_or_none() {
    replay("stun");
}

fn replay(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let inputs = corpus::of(name);
    assert!(inputs.len() > 2, "a corpus");
    for (file, bytes) in &inputs {
        attempt(target, bytes, file);
    }
    let mut rng = Rng::with_seed(0x5EED);
    for number in 0..target.mutations {
        attempt(target, &mutate::mutate(&inputs, &mut rng), &format!("mutation {number}"));
    }
}

fn attempt(target: &Target, bytes: &[u8], what: &str) {
    if catch_unwind(AssertUnwindSafe(|| (target.run)(bytes))).is_err() {
        panic!("{} panics on {what}; as an input for the corpus:\n{}", target.name, bytes.escape_ascii());
    }
}
