//! Targets that need a media engine.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crosspoint_engine::Fact;
use crosspoint_engine::{LegProfile, NewLeg, Order};
use crosspoint_model::{Identity, LegKey, Preference, RoomKey};
use crosspoint_sim::{Join, World};
use crosspoint_webrtc::{Factory, Host, HostCandidate};

const ROOM: RoomKey = RoomKey(1);

thread_local! {
    /// A room with a publisher and a viewer. Made again when a datagram has ended one of them, as some may.
    static STAGE: RefCell<Option<World>> = const { RefCell::new(None) };
    static FACTORY: Factory = Factory::new();
}

/// A datagram. Its first byte says from whom: a stranger, the publisher, the viewer.
pub fn datagram(bytes: &[u8]) {
    let Some((who, contents)) = bytes.split_first() else { return };
    STAGE.with_borrow_mut(|stage| {
        let world = stage.get_or_insert_with(connected);
        let source = match who % 3 {
            0 => SocketAddr::from(([203, 0, 113, 1], 5000)),
            client => world.clients[usize::from(client) - 1].address,
        };
        world.inject(source, contents);
        world.now += Duration::from_millis(1);
        assert_eq!(world.engine.counters().broken, 0, "a leg panicked");
        world.engine.check_invariants().expect("the engine is in order");
        world.facts.clear();
        if world.clients.iter().any(|client| client.ended.is_some())
            || world.now - world.start > Duration::from_secs(20)
        {
            *stage = None;
        }
    });
}

fn connected() -> World {
    let mut world = World::new(1, &[ROOM.0]);
    let publisher = world.join(&Join { data: true, ..Join::publisher(ROOM) });
    let viewer = world.join(&Join { data: true, ..Join::viewer(ROOM) });
    world.watch(viewer, publisher, Preference::default());
    world.connect();
    world.run_seconds(0.5);
    world
}

fn host() -> Host {
    let address = SocketAddr::from(([192, 0, 2, 1], 7000));
    Host { worker: 0, candidates: vec![HostCandidate { address, tcp: false }, HostCandidate { address, tcp: true }] }
}

/// An offer. It is answered or refused.
pub fn offer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    FACTORY.with(|factory| match factory.accept(&host(), &text, Instant::now()) {
        Ok(accepted) => assert!(accepted.answer.starts_with("v=0")),
        Err(refusal) => assert!(!refusal.detail.is_empty()),
    });
}

/// An offer to a leg that is there: what comes before a line of `---`, if there is one, is the leg's first offer.
pub fn renegotiation(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (first, second) = text.split_once("---\n").unwrap_or((FIRST, &text));
    let now = Instant::now();
    let Ok(accepted) = FACTORY.with(|factory| factory.accept(&host(), first, now)) else { return };
    let mut world = World::new(1, &[ROOM.0]);
    let (leg, identity) = (LegKey(1), Identity::parse("ann").expect("a name"));
    let (transport, profile) = (accepted.transport, LegProfile { subscribes: true, ..LegProfile::default() });
    let new = NewLeg { leg, room: ROOM, identity, transport, publish: Vec::new(), profile };
    world.order(Order::AddLeg(Box::new(new)));
    world.order(Order::Negotiate { leg, request: 7, offer: second.to_owned(), publish: Vec::new() });
    let answered = |(_, fact): &(Instant, Fact)| matches!(fact, Fact::Answer { request: 7, .. });
    assert!(world.facts.iter().any(answered), "every offer is answered");
    world.engine.check_invariants().expect("the engine is in order");
}

const FIRST: &str = include_str!("../corpus/offer/chromium-talk.sdp");
