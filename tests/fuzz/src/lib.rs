//! Everything that reads bytes from outside, as functions that a fuzzer calls: none may panic, whatever it is given.
//!
//! `cargo test -p crosspoint-fuzz` gives each target its corpus (`corpus/<target>/*`: what real clients send, and every
//! input that ever broke something) and a fixed number of mutations of it, with a fixed seed. A fuzzer with feedback can
//! call the same functions: `fuzz_target!(|bytes: &[u8]| crosspoint_fuzz::offer(bytes))`.

#![forbid(unsafe_code)]

pub mod corpus;
mod media;
pub mod mutate;

pub use media::{datagram, offer, renegotiation};

use crosspoint_model::signal::{ClientFrame, DataHeader};
use crosspoint_whip::fragment;
use crosspoint_worker::frames;

/// A target: its name, which is its folder in the corpus, the function, and how many mutations `cargo test` tries.
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// The function.
    pub run: fn(&[u8]),
    /// Mutations.
    pub mutations: u32,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "datagram", run: datagram, mutations: 20_000 },
    Target { name: "offer", run: offer, mutations: 6_000 },
    Target { name: "renegotiation", run: renegotiation, mutations: 3_000 },
    Target { name: "signalling", run: signalling, mutations: 20_000 },
    Target { name: "fragment", run: fragment, mutations: 20_000 },
    Target { name: "data_header", run: data_header, mutations: 20_000 },
    Target { name: "tcp_frames", run: tcp_frames, mutations: 20_000 },
    Target { name: "stun", run: stun, mutations: 20_000 },
];

/// A message of a signalling client. What is understood can be written and read again.
pub fn signalling(bytes: &[u8]) {
    let Ok(frame) = serde_json::from_slice::<ClientFrame>(bytes) else { return };
    let text = serde_json::to_string(&frame).expect("what was read can be written");
    serde_json::from_str::<ClientFrame>(&text).expect("what was written can be read");
}

/// The body of a WHIP client's PATCH.
pub fn fragment(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = fragment::ufrag(text);
    if let Ok(parameters) = fragment::read(text) {
        let written = fragment::write(text, &parameters);
        assert_eq!(fragment::read(&written).map(|again| again.ufrag), Ok(parameters.ufrag));
    }
}

/// A data-channel message.
pub fn data_header(bytes: &[u8]) {
    let Some((header, payload)) = crosspoint_engine::faults::parse_data(bytes) else { return };
    let DataHeader { to, from, topic } = &header;
    let length: usize = to.iter().flatten().chain(from).chain(topic).map(String::len).sum();
    assert!(length + payload.len() <= 6 * bytes.len(), "nothing comes from nothing");
}

/// The frames of an ICE-TCP connection (RFC 4571).
pub fn tcp_frames(bytes: &[u8]) {
    let mut rest = bytes;
    while let Some(Ok((frame, used))) = frames::next_frame(rest) {
        assert_eq!(used, frame.len() + 2);
        rest = &rest[used..];
    }
}

/// The first datagram of a connection, by which it finds its worker.
pub fn stun(bytes: &[u8]) {
    use crosspoint_webrtc::credentials;
    if let Some(ufrag) = credentials::stun_ufrag(bytes) {
        assert!(ufrag.len() < bytes.len());
        let _ = credentials::worker_of(ufrag);
    }
}
