//! A client and its peers against the state machine, in virtual time.

mod support;

use std::time::Duration;

use crosspoint_stun::attribute::{
    CHANNEL_NUMBER, DATA, EVEN_PORT, LIFETIME, NONCE, REALM, REQUESTED_ADDRESS_FAMILY, REQUESTED_TRANSPORT,
    UNKNOWN_ATTRIBUTES, USERNAME, XOR_MAPPED_ADDRESS, XOR_PEER_ADDRESS, XOR_RELAYED_ADDRESS,
};
use crosspoint_stun::credential::{ending_password, ending_username};
use crosspoint_stun::{Builder, Class, Method};
use crosspoint_turn::Transport;
use support::{Client, MEDIA, PEER, Relayed, SECRET, World, address, allocate, limits};

#[test]
fn a_client_gets_a_relay_and_reaches_its_peer_by_channel_and_by_indication() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    let answer = ann.allocate(&mut world);
    assert_eq!(answer.class(), Class::Success, "{:?}", answer.error());
    assert_eq!(answer.address(XOR_MAPPED_ADDRESS), Some(ann.flow.client));
    assert_eq!(answer.number(LIFETIME), Some(600));
    let relayed = answer.address(XOR_RELAYED_ADDRESS).expect("a relay");
    assert_eq!(relayed.ip().to_string(), "203.0.113.1");

    ann.send(&mut world, PEER, b"too early");
    assert_eq!(world.sent_to_peer(), None, "nobody was let in");
    ann.permit(&mut world, PEER).expect_success();
    ann.send(&mut world, PEER, b"hello");
    assert_eq!(world.sent_to_peer(), Some((address(PEER), b"hello".to_vec())));
    world.peer_sends(PEER, b"hello back");
    let data = world.indication().expect("a Data indication");
    assert_eq!((data.address(XOR_PEER_ADDRESS), data.bytes(DATA)), (Some(address(PEER)), Some(b"hello back".to_vec())));

    ann.bind(&mut world, 0x4001, PEER).expect_success();
    world.channel(&ann, 0x4001, b"by channel");
    assert_eq!(world.sent_to_peer(), Some((address(PEER), b"by channel".to_vec())));
    world.peer_sends(PEER, b"and back");
    assert_eq!(world.sent_to_client(), Some([&[0x40, 1, 0, 8][..], b"and back"].concat()));
}

#[test]
fn who_shows_no_credential_is_challenged_and_leaves_no_trace() {
    let mut world = World::new(limits());
    let ann = world.client("ann");
    let answer = world.ask(ann.flow, &allocate([1; 12]).finish());
    assert_eq!((answer.class(), answer.error()), (Class::Error, Some(401)));
    assert_eq!(answer.text(REALM).as_deref(), Some("example.org"));
    assert!(answer.text(NONCE).is_some_and(|nonce| nonce.len() < 128));
    assert!(!world.turn.has_allocation(ann.flow));
    assert_eq!(world.turn.poll_timeout(), None, "there is nothing to remember");
}

#[test]
fn a_flood_of_forged_requests_gets_few_answers_and_no_memory() {
    let mut world = World::new(limits());
    let mut answers = 0;
    for port in 1..=10_000 {
        let mut flow = world.client("ann").flow;
        flow.client.set_port(port);
        answers += usize::from(world.try_ask(flow, &allocate([1; 12]).finish()).is_some());
    }
    assert!((1..=400).contains(&answers), "{answers}");
    assert_eq!(world.turn.counters().allocations, [0; 3]);
}

#[test]
fn wrong_passwords_unknown_users_stale_nonces_and_ended_credentials_are_refused() {
    let mut world = World::new(limits());
    let login = |world: &mut World, user: &str, password: &str| {
        let mut client = world.client(user);
        client.password = password.to_owned();
        client.allocate(world).error()
    };
    assert_eq!(login(&mut world, "ann", "wrong"), Some(401));
    assert_eq!(login(&mut world, "nobody", "ann's"), Some(401));
    let ended = ending_username(999, "bob");
    assert_eq!(login(&mut world, &ended, &ending_password(SECRET, &ended)), Some(401));
    let good = ending_username(2000, "bob");
    assert_eq!(login(&mut world, &good, &ending_password("another secret", &good)), Some(401));
    assert_eq!(login(&mut world, &good, &ending_password(SECRET, &good)), None);

    let mut ann = world.client("ann");
    ann.challenge(&mut world);
    world.pass(Duration::from_secs(601));
    let answer = ann.ask(&mut world, allocate([5; 12]));
    assert_eq!(answer.error(), Some(438));
    ann.nonce = answer.text(NONCE).expect("a new nonce");
    ann.ask(&mut world, allocate([6; 12])).expect_success();
}

#[test]
fn a_credential_that_ends_in_the_middle_of_a_call_keeps_what_was_made_with_it() {
    let mut world = World::new(limits());
    let username = ending_username(1100, "bob");
    let mut bob = world.client(&username);
    bob.password = ending_password(SECRET, &username);
    bob.allocate(&mut world).expect_success();
    world.pass(Duration::from_secs(500));
    bob.refresh(&mut world, 600).expect_success();
    bob.permit(&mut world, PEER).expect_success();
    let mut other = world.client(&username);
    other.password.clone_from(&bob.password);
    assert_eq!(other.allocate(&mut world).error(), Some(401), "but nothing new is made with it");
}

#[test]
fn a_request_whose_answer_was_lost_is_answered_again_and_another_one_is_refused() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    let first = ann.allocate(&mut world);
    let again = ann.ask(&mut world, allocate(ann.transaction()));
    assert_eq!(again.address(XOR_RELAYED_ADDRESS), first.address(XOR_RELAYED_ADDRESS));
    assert_eq!(ann.ask(&mut world, allocate([9; 12])).error(), Some(437));
    ann.username = "bea".into();
    ann.password = "bea's".into();
    assert_eq!(ann.refresh(&mut world, 600).error(), Some(441));
}

#[test]
fn a_relay_ends_when_it_is_not_kept_and_when_its_client_ends_it() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    ann.allocate(&mut world).expect_success();
    world.pass(Duration::from_secs(599));
    ann.refresh(&mut world, 700).expect_success();
    world.pass(Duration::from_secs(699));
    assert!(world.turn.has_allocation(ann.flow));
    world.pass(Duration::from_secs(2));
    assert_eq!(world.closed(), 1);
    assert_eq!(ann.refresh(&mut world, 600).error(), Some(437));

    let mut bea = world.client("bea");
    bea.allocate(&mut world).expect_success();
    assert_eq!(bea.refresh(&mut world, 0).number(LIFETIME), Some(0));
    assert_eq!(world.closed(), 1);
    let mut cut = world.client("ann");
    cut.flow.transport = Transport::Tcp;
    cut.allocate(&mut world).expect_success();
    world.turn.handle_gone(cut.flow);
    assert_eq!((world.closed(), world.turn.counters().allocations), (1, [0; 3]));
}

#[test]
fn peers_inside_of_the_operators_network_are_refused_but_for_our_own_media() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    ann.allocate(&mut world).expect_success();
    for peer in ["127.0.0.1:80", "10.0.0.1:80", "192.168.1.1:80", "169.254.169.254:80", "0.0.0.0:80", "224.0.0.1:80"] {
        assert_eq!(ann.permit(&mut world, peer).error(), Some(403), "{peer}");
        assert_eq!(ann.bind(&mut world, 0x4001, peer).error(), Some(403), "{peer}");
        ann.send(&mut world, peer, b"x");
        assert_eq!(world.sent_to_peer(), None, "{peer}");
    }
    ann.permit(&mut world, MEDIA).expect_success();
    ann.send(&mut world, MEDIA, b"to media");
    assert_eq!(world.sent_to_peer(), Some((address("127.0.0.1:7882"), b"to media".to_vec())));
    ann.send(&mut world, "203.0.113.1:22", b"to ssh");
    assert_eq!(world.sent_to_peer(), None, "the permission is for the address, and our own are reached at media only");
    world.peer_sends("127.0.0.1:7882", b"from media");
    assert_eq!(world.indication().and_then(|data| data.address(XOR_PEER_ADDRESS)), Some(address(MEDIA)));
    world.peer_sends("127.0.0.1:9999", b"from another program");
    assert!(world.sent_to_client().is_none());
}

#[test]
fn two_clients_reach_each_other_from_relay_to_relay() {
    let mut world = World::new(limits());
    let (mut ann, mut bea) = (world.client("ann"), world.client("bea"));
    let relay_of = |client: &mut Client, world: &mut World| {
        client.allocate(world).address(XOR_RELAYED_ADDRESS).expect("a relay").to_string()
    };
    let (of_ann, of_bea) = (relay_of(&mut ann, &mut world), relay_of(&mut bea, &mut world));
    ann.permit(&mut world, &of_bea).expect_success();
    bea.permit(&mut world, &of_ann).expect_success();
    ann.send(&mut world, &of_bea, b"hello");
    let port = address(&of_bea).port();
    assert_eq!(world.sent_to_peer(), Some((address(&format!("127.0.0.1:{port}")), b"hello".to_vec())));
    let from = format!("127.0.0.1:{}", address(&of_ann).port());
    world.arrive(Relayed(1), &from, b"hello");
    assert_eq!(world.indication().and_then(|data| data.address(XOR_PEER_ADDRESS)), Some(address(&of_ann)));
}

#[test]
fn ten_thousand_allocations_are_attempted_and_as_many_made_as_the_quota_has() {
    let mut world = World::new(limits());
    let mut made = 0;
    let mut refused = [0; 2];
    for number in 0..10_000_u32 {
        let username = ending_username(9999, &format!("user-{}", number % 200));
        let mut client = world.client(&username);
        client.password = ending_password(SECRET, &username);
        client.flow.client = format!("198.51.{}.{}:1000", number / 200, number % 200).parse().expect("an address");
        match client.allocate(&mut world).error() {
            None => made += 1,
            Some(486) => refused[0] += 1,
            Some(508) => refused[1] += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(made, 100 * 5, "a hundred users, five each");
    assert_eq!(made + refused[0] + refused[1], 10_000);
    let counters = world.turn.counters();
    assert_eq!((counters.made, counters.allocations), (500, [500, 0, 0]));
    assert_eq!((counters.over_quota, counters.no_room), (refused[0], refused[1]));
    world.pass(Duration::from_secs(601));
    assert_eq!((world.closed(), world.turn.counters().allocations), (500, [0; 3]));
}

#[test]
fn what_is_beyond_the_bandwidth_is_dropped_and_the_rest_goes() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    ann.allocate(&mut world).expect_success();
    ann.bind(&mut world, 0x4000, PEER).expect_success();
    let mut arrived = 0;
    // 16 Mbit/s for five seconds.
    for _ in 0..10_000 {
        world.channel(&ann, 0x4000, &[0; 1000]);
        arrived += usize::from(world.sent_to_peer().is_some());
        world.pass(Duration::from_micros(500));
    }
    assert!((5_400..=5_600).contains(&arrived), "{arrived} of 10,000 at half the rate and half a second ahead");
    assert_eq!(world.turn.counters().over_bandwidth, 10_000 - arrived as u64);
}

#[test]
fn requests_that_are_wrong_are_refused_with_the_error_of_the_rfc() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    ann.challenge(&mut world);
    let allocate_with = |kind, value: &[u8]| allocate([7; 12]).attribute(kind, value);
    let bare = Builder::new(Class::Request, Method::Allocate, [7; 12]);
    for (request, error) in [
        (bare.clone(), 400),
        (bare.attribute(REQUESTED_TRANSPORT, &[6, 0, 0, 0]), 442),
        (allocate_with(REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]), 440),
        (allocate_with(EVEN_PORT, &[0x80]), 508),
        (allocate_with(0x002B, &[0; 4]), 420),
        (Builder::new(Class::Request, Method::Refresh, [7; 12]), 437),
        (Builder::new(Class::Request, Method::CreatePermission, [7; 12]), 437),
    ] {
        let answer = ann.ask(&mut world, request);
        assert_eq!(answer.error(), Some(error));
        assert!(error != 420 || answer.bytes(UNKNOWN_ATTRIBUTES) == Some(vec![0, 0x2B]));
    }
    ann.allocate(&mut world).expect_success();
    let request = |method| Builder::new(Class::Request, method, [8; 12]);
    let peer = |builder: Builder, peer: &str| builder.address(XOR_PEER_ADDRESS, address(peer));
    for (asked, error) in [
        (request(Method::CreatePermission), 400),
        (peer(request(Method::CreatePermission), "[2001:db8::1]:1"), 443),
        (request(Method::ChannelBind), 400),
        (peer(request(Method::ChannelBind).attribute(CHANNEL_NUMBER, &[0x3f, 0xff, 0, 0]), PEER), 400),
        (request(Method::Refresh).attribute(REQUESTED_ADDRESS_FAMILY, &[2, 0, 0, 0]), 443),
        (request(Method::Data), 400),
    ] {
        assert_eq!(ann.ask(&mut world, asked).error(), Some(error));
    }
    ann.bind(&mut world, 0x4000, PEER).expect_success();
    assert_eq!(ann.bind(&mut world, 0x4001, PEER).error(), Some(400), "the peer has a number already");
    assert_eq!(ann.bind(&mut world, 0x4000, "198.51.100.9:1").error(), Some(400), "the number stands for another");
}

#[test]
fn permissions_and_channels_end_by_themselves() {
    let mut world = World::new(limits());
    let mut ann = world.client("ann");
    ann.allocate(&mut world).expect_success();
    ann.refresh(&mut world, 3600).expect_success();
    ann.permit(&mut world, PEER).expect_success();
    world.pass(Duration::from_secs(301));
    world.peer_sends(PEER, b"late");
    assert!(world.sent_to_client().is_none());
    ann.bind(&mut world, 0x4000, PEER).expect_success();
    world.pass(Duration::from_secs(601));
    world.channel(&ann, 0x4000, b"late");
    assert_eq!(world.sent_to_peer(), None);
}

#[test]
fn anybody_is_told_their_address_and_nonsense_is_not_answered() {
    let mut world = World::new(limits());
    let ann = world.client("ann");
    let binding = Builder::new(Class::Request, Method::Binding, [3; 12]);
    let answer = world.ask(ann.flow, &binding.clone().fingerprinted().finish());
    assert_eq!((answer.class(), answer.address(XOR_MAPPED_ADDRESS)), (Class::Success, Some(ann.flow.client)));
    assert!(answer.has_fingerprint(), "who signs so is answered so");
    assert!(!world.ask(ann.flow, &binding.finish()).has_fingerprint());
    let success = Builder::new(Class::Success, Method::Binding, [3; 12]).finish();
    for nonsense in [&[][..], &[0], &[0x40, 0, 0, 9, 1], b"GET / HTTP/1.1", &[0xff; 100], &success] {
        assert!(world.try_ask(ann.flow, nonsense).is_none());
    }
    let wrong = world.ask(ann.flow, &allocate([1; 12]).text(USERNAME, "ann").attribute(0x0008, &[0; 20]).finish());
    assert_eq!(wrong.error(), Some(400), "signed, but by whom?");
}
