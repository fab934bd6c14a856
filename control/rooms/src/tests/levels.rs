//! How loud things are, for those who want to know.

use crosspoint_model::{Bus, Levels, TrackKey};
use crosspoint_worker::engine::{Fact, LevelSource, Order};
use serde_json::json;

use super::mixing::join_mixed;
use super::*;
use crate::fake::Told;

async fn with_levels(house: &House, identity: &str) -> Client {
    let join = json!({ "roomId": "r", "kind": "mix", "features": ["levels"] });
    house.enter(bearer("r", identity), join).await.expect("joins")
}

fn watches(house: &House) -> Vec<bool> {
    let watch = |(_, told): (usize, Told)| match told {
        Told::Order(Order::WatchLevels { watch, .. }) => Some(watch),
        _ => None,
    };
    house.media.told().into_iter().filter_map(watch).collect()
}

const LOUD: Levels = Levels { peak: -1.0, rms: -12.0, clip: true };

#[tokio::test(start_paused = true)]
async fn levels_are_watched_while_somebody_who_asked_is_there() {
    let house = house();
    let _bob = join_mixed(&house, "r", "bob").await;
    assert!(watches(&house).is_empty());
    let (ann, cleo) = (with_levels(&house, "ann").await, with_levels(&house, "cleo").await);
    ann.say(json!({ "type": "leave" }));
    assert_eq!(watches(&house), [true]);
    house.rooms.move_to(&room("r"), &id("cleo"), &room("other"), None).expect("moved");
    let orders = watches(&house);
    assert_eq!(orders, [false, true], "here no more, there from now on");
    cleo.say(json!({ "type": "leave" }));
    assert_eq!(watches(&house), [false]);
}

#[tokio::test(start_paused = true)]
async fn levels_go_to_those_who_asked_and_to_nobody_else() {
    let house = house();
    let bob = join_mixed(&house, "r", "bob").await;
    let ann = with_levels(&house, "ann").await;
    let room_key = house.media.arrivals()[0].1.room;
    let track = house.media.arrivals()[0].1.publish[0].track;
    bob.messages();
    let levels = vec![
        (LevelSource::Voice(track), LOUD),
        (LevelSource::Voice(TrackKey(1)), LOUD),
        (LevelSource::Bus(Bus::Programme), Levels { clip: false, ..LOUD }),
    ];
    house.media.say(Fact::Levels { room: room_key, levels });
    let told = ann.hear("levels").await;
    let expected = json!([
        { "userId": "bob", "peak": -1.0, "rms": -12.0, "clip": true },
        { "bus": "programme", "peak": -1.0, "rms": -12.0, "clip": false },
    ]);
    assert_eq!((&told["levels"], told.get("seq")), (&expected, None));
    assert_eq!(serde_json::to_value(house.rooms.levels(&room("r")).expect("known")).expect("json"), expected);
    house.media.say(Fact::Levels { room: room_key, levels: Vec::new() });
    assert_eq!(ann.hear("levels").await["levels"], json!([]), "all have fallen silent");
    assert!(bob.heard().is_empty());
}
