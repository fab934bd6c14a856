//! Data channels with readers of different speed.

use std::time::Duration;

use crosspoint_engine::Fact;
use crosspoint_model::RoomKey;
use crosspoint_sim::{Join, Path, Seed, World};

const ROOM: RoomKey = RoomKey(1);

/// A message as clients frame them: the length of a header, the header, the payload.
fn message(number: u32, bytes: usize) -> Vec<u8> {
    let mut message = vec![0, 2, b'{', b'}'];
    message.extend_from_slice(&number.to_be_bytes());
    message.resize(bytes, 1);
    message
}

/// The numbers of the messages that came.
fn numbers(messages: &[Vec<u8>]) -> Vec<u32> {
    let number = |message: &Vec<u8>| {
        let header = usize::from(u16::from_be_bytes([message[0], message[1]]));
        u32::from_be_bytes(message[2 + header..6 + header].try_into().expect("four bytes"))
    };
    messages.iter().map(number).collect()
}

#[test]
fn a_slow_reader_loses_messages_and_is_told_and_the_others_get_all_in_order() {
    let seed = Seed::of_this_run();
    let mut world = World::new(seed.0, &[ROOM.0]);
    let reader = Join { data: true, ..Join::viewer(ROOM) };
    let sender = world.join(&reader);
    let quick = world.join(&reader);
    let slow = world.join(&Join { down: Path::clean(10).narrow(100_000), ..reader });
    world.connect();
    world.run_seconds(1.0);
    let (mut sent, lost) = (0_u32, |world: &World, leg| {
        world.facts.iter().any(|(_, fact)| matches!(fact, Fact::DataLost { leg: of, .. } if *of == leg))
    });
    let (slow_leg, quick_leg) = (world.clients[slow].leg, world.clients[quick].leg);
    while !lost(&world, slow_leg) {
        assert!(world.now - world.start < Duration::from_secs(40), "the slow reader is told");
        // 600 kB a second, below what one leg may send.
        if world.clients[sender].send_data(&message(sent, 30_000)) {
            sent += 1;
        }
        world.run(Duration::from_millis(50));
    }
    let told = world.now - world.start;
    world.run_seconds(2.0);
    world.check();
    let heard = numbers(&world.clients[quick].messages);
    assert!(heard.iter().copied().eq(0..sent), "{} of {sent} came, in order", heard.len());
    assert!(!lost(&world, quick_leg));
    let heard = numbers(&world.clients[slow].messages);
    assert!(heard.windows(2).all(|pair| pair[0] < pair[1]), "what comes comes in order: {heard:?}");
    println!("told after {told:?}; the slow reader has {} of {sent}", heard.len());
}
