//! Everything at once, on several threads: nothing locks up, and when all have gone nothing is left.

use std::sync::atomic::{AtomicU64, Ordering};

use crosspoint_model::Limits;
use crosspoint_worker::engine::{Fact, LegEnd};
use serde_json::json;

use super::*;
use crate::{Follow, PublishRequest, ViewRequest};

const TASKS: u64 = 6;
const STEPS: u64 = 150;

/// Small and repeatable (Marsaglia's xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn random_comings_and_goings_leave_nothing_behind() {
    let limits = Limits {
        resume: Duration::from_millis(5),
        empty_room: Duration::from_millis(5),
        participants_per_room: 8,
        ..Limits::default()
    };
    let house = Arc::new(house_with(2, Options { limits, ..Options::default() }));
    let done = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (1..=TASKS)
        .map(|seed| {
            let (house, done) = (Arc::clone(&house), Arc::clone(&done));
            tokio::spawn(async move {
                let mut dice = Dice(seed * 7919);
                let mut held = Vec::new();
                for _ in 0..STEPS {
                    step(&house, &mut dice, &mut held).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        let finished = timeout(Duration::from_secs(60), task).await;
        finished
            .unwrap_or_else(|_| panic!("locked up after {} steps", done.load(Ordering::Relaxed)))
            .expect("no panic");
    }
    assert!(house.rooms.totals().joins > TASKS * STEPS / 5, "most joins were refused: this shows nothing");
    let is_empty = || {
        let totals = house.rooms.totals();
        let idle = totals.workers.iter().all(|worker| worker.legs == 0 && worker.rooms == 0);
        totals.rooms == 0 && totals.participants == 0 && totals.waiting_sessions == 0 && idle
    };
    let emptied = timeout(Duration::from_secs(20), async {
        while !is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    assert!(emptied.await.is_ok(), "left behind: {:?}", house.rooms.totals());
}

#[expect(dead_code, reason = "held for its drop")]
enum Held {
    Client(Client),
    Leg(crate::LegHandle),
}

async fn step(house: &House, dice: &mut Dice, held: &mut Vec<Held>) {
    let name = format!("p{}", dice.roll(5));
    let (here, there) = (format!("r{}", dice.roll(4)), format!("r{}", dice.roll(4)));
    let who = id(&name);
    match dice.roll(14) {
        0..=3 => {
            // Without a kick list in the way: each kick would keep the name out for an hour.
            let bearer = Bearer { expires: 0, ..admin("", &name) };
            if let Ok(client) = house.enter(bearer, media_join(&here, &format!("{name}{}", dice.roll(9)))).await {
                held.push(Held::Client(client));
            }
        }
        4 => {
            let offer = crate::fake::offer("obs", &[("0", "audio", "sendonly")]);
            let request =
                PublishRequest { bearer: Bearer { expires: 0, ..bearer(&here, &name) }, room: room(&here), offer };
            held.extend(house.rooms.publish(request).ok().map(Held::Leg));
        }
        5 => {
            let offer = crate::fake::offer("player", &[("0", "audio", "recvonly")]);
            let follow = Follow::Dominant;
            let request = ViewRequest { bearer: bearer(&here, &name), room: room(&here), offer, follow };
            held.extend(house.rooms.view(request).ok().map(Held::Leg));
        }
        6 => drop(house.rooms.kick(&room(&here), &who, "")),
        7 => drop(house.rooms.move_to(&room(&here), &who, &room(&there), Some(dice.roll(2) == 0))),
        8 => drop(house.rooms.close(&room(&here), "")),
        9 => {
            if let Some(leg) = house.media.leg_of(&name) {
                house.media.say(Fact::Ended { leg, end: LegEnd::TimedOut });
            }
        }
        10 => drop(house.rooms.hold(&room(&here), &who, None, dice.roll(2) == 0)),
        11 if !held.is_empty() => drop(held.swap_remove(usize::try_from(dice.roll(held.len() as u64)).unwrap_or(0))),
        _ => {
            for client in
                held.iter().filter_map(|held| if let Held::Client(client) = held { Some(client) } else { None })
            {
                client.say(json!({ "type": "move", "userId": name, "to": there }));
                client.say(json!({ "type": "mute", "muted": dice.roll(2) == 0 }));
                client.messages();
            }
        }
    }
}
