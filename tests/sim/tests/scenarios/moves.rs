//! Moves between rooms of several workers, with media running.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_engine::{LegEnd, Order};
use crosspoint_model::{LegKey, Preference, RoomKey};
use crosspoint_sim::{Join, Path, Seed, World};
use fastrand::Rng;

/// The rooms of three workers.
const ROOMS: [&[u64]; 3] = [&[1, 4], &[2, 5], &[3]];
const MOVES: usize = 200;
const DELAY: Duration = Duration::from_millis(25);
const HOP: Duration = Duration::from_millis(3);
/// The world is looked at in such steps.
const STEP: Duration = Duration::from_millis(1);
/// A packet comes every 20 ms; it takes two hops and the way to the listener.
const LONGEST_GAP: Duration = Duration::from_millis(60);
/// A picture begins with a key frame, which has to be asked for: there and back, and that every half a second at most.
const LONGEST_BLANK: Duration = Duration::from_millis(700);

#[test]
fn two_hundred_moves_between_workers_repeat_nothing_leak_nothing_and_leave_no_gap() {
    let seed = Seed::of_this_run();
    let mut run = Run::new(&seed);
    for _ in 0..MOVES {
        run.move_somebody();
        let pause = run.rng.u64(1..250);
        run.pass(Duration::from_millis(pause));
    }
    run.pass(Duration::from_secs(1));
    for client in 0..run.world.clients.len() {
        let viewers = run.world.clients[client].viewers.values();
        assert!(viewers.map(|viewer| viewer.shown.len()).sum::<usize>() > 200, "client {client} saw pictures");
    }
    assert!(run.heard > 5_000, "media flowed: {} packets", run.heard);
    println!("{} packets, {} across workers, longest gap {:?}, seed {}", run.heard, run.crossed, run.longest, seed.0);
}

#[test]
fn nothing_of_a_leg_that_ends_is_left_where_it_was_a_guest() {
    let seed = Seed::of_this_run();
    for end in ["removed", "broken", "vanished", "closed"] {
        let mut world = World::with_workers(seed.0, &ROOMS);
        let (ann, ben) = (join(&mut world, 1), join(&mut world, 2));
        world.connect();
        world.move_to(ann, RoomKey(2));
        world.run_seconds(1.0);
        assert_eq!((world.engine.leg_count(), world.others[0].guest_count()), (1, 1));
        let leg = world.clients[ann].leg;
        match end {
            "removed" => world.leave(ann),
            "broken" => world.order(Order::Fault { leg, written_to: true }),
            "vanished" => world.clients[ann].alive = false,
            _ => world.order(Order::CloseRoom { room: RoomKey(2) }),
        }
        let gone = |world: &World| world.engine.leg_count() == 0 && world.others[0].guest_count() == 0;
        world.run_until(end, Duration::from_secs(60), gone);
        world.run_seconds(0.1);
        let how = match end {
            "removed" => None,
            "broken" => Some(LegEnd::Broke),
            "vanished" => Some(LegEnd::TimedOut),
            _ => Some(LegEnd::RoomClosed),
        };
        assert_eq!(world.clients[ann].ended, how, "{end}");
        let others = if end == "closed" { Some(LegEnd::RoomClosed) } else { None };
        assert_eq!(world.clients[ben].ended, others, "{end}: the others");
        world.check();
    }
}

#[test]
fn who_comes_into_a_room_that_was_just_closed_ends() {
    let seed = Seed::of_this_run();
    let mut world = World::with_workers(seed.0, &ROOMS);
    let ann = join(&mut world, 1);
    world.connect();
    world.move_to(ann, RoomKey(2));
    world.order(Order::CloseRoom { room: RoomKey(2) });
    world.run_seconds(1.0);
    assert_eq!(world.clients[ann].ended, Some(LegEnd::RoomClosed));
    assert_eq!(world.engines().map(|engine| engine.leg_count() + engine.guest_count()).sum::<usize>(), 0);
}

#[test]
fn data_reaches_everybody_in_the_room_on_whichever_worker_they_are() {
    let seed = Seed::of_this_run();
    let mut world = World::with_workers(seed.0, &ROOMS);
    let clients = [1, 1, 2, 3].map(|room| {
        let way = Path { delay: DELAY, ..Path::clean(0) };
        world.join(&Join { data: true, ..Join::publisher(RoomKey(room)).over(way) })
    });
    world.connect();
    world.run_seconds(1.0);
    clients.iter().for_each(|client| world.move_to(*client, RoomKey(2)));
    world.run_seconds(0.1);
    for sender in clients {
        assert!(world.clients[sender].send_data(b"\0\x02{}hello"), "the channel is open");
        let names = [b"\0\x13{\"to\":[\"client-3\"]}".as_slice(), b"psst"].concat();
        assert!(world.clients[sender].send_data(&names));
    }
    world.run_seconds(1.0);
    for client in clients {
        let count = |ending: &[u8]| world.clients[client].messages.iter().filter(|m| m.ends_with(ending)).count();
        let named = if world.clients[client].leg == LegKey(3) { 3 } else { 0 };
        assert_eq!((count(b"hello"), count(b"psst")), (3, named), "client {client}");
    }
}

fn join(world: &mut World, room: u64) -> usize {
    let client = world.join(&Join {
        camera: vec![(None, 60_000)],
        audio_slots: 8,
        video_slots: 8,
        ..Join::publisher(RoomKey(room)).over(Path { delay: DELAY, ..Path::clean(0) })
    });
    world.clients[client].strict = true;
    client
}

struct Run {
    world: World,
    rng: Rng,
    /// The room of each client.
    rooms: Vec<u64>,
    /// For each pair of a listener and a publisher: since when they are together or apart.
    since: BTreeMap<(usize, usize), Instant>,
    /// When each client was moved.
    moved: Vec<Instant>,
    /// When a listener last heard, or saw, a publisher; by listener and track.
    last: BTreeMap<(usize, u64), Instant>,
    /// Arrivals of each client that were looked at.
    seen: Vec<usize>,
    heard: usize,
    crossed: usize,
    longest: Duration,
}

impl Run {
    fn new(seed: &Seed) -> Self {
        let mut world = World::with_workers(seed.0, &ROOMS);
        world.hop = HOP;
        // Two who stay, and on each worker somebody who is moved.
        let rooms = vec![1, 2, 1, 2, 3, 1];
        for room in &rooms {
            let client = join(&mut world, *room);
            world.clients[client].steady = true;
        }
        world.connect();
        let now = world.now;
        let pairs = (0..rooms.len()).flat_map(|listener| (0..rooms.len()).map(move |of| ((listener, of), now)));
        let since = pairs.collect();
        let (seen, moved) = (vec![0; rooms.len()], vec![now; rooms.len()]);
        let rng = Rng::with_seed(seed.0);
        let (last, longest) = (BTreeMap::new(), Duration::ZERO);
        let mut run = Self { world, rng, rooms, since, moved, last, seen, heard: 0, crossed: 0, longest };
        for client in 0..run.rooms.len() {
            run.watch_others(client);
        }
        run.pass(Duration::from_secs(1));
        run
    }

    fn move_somebody(&mut self) {
        let client = self.rng.usize(2..self.rooms.len());
        let room = self.rng.u64(1..=5);
        if room == self.rooms[client] {
            return;
        }
        let before = self.together(client);
        let now = self.world.now;
        (self.rooms[client], self.moved[client]) = (room, now);
        for other in before.into_iter().chain(self.together(client)) {
            self.since.insert((client, other), now);
            self.since.insert((other, client), now);
        }
        self.world.move_to(client, RoomKey(room));
        self.crossed += usize::from(self.world.is_away(client, RoomKey(room)));
        self.watch_others(client);
    }

    fn together(&self, client: usize) -> Vec<usize> {
        (0..self.rooms.len()).filter(|other| *other != client && self.rooms[*other] == self.rooms[client]).collect()
    }

    /// Everybody in the room sees the newcomer, and the newcomer them. The wishes overtake the newcomer.
    fn watch_others(&mut self, client: usize) {
        for other in self.together(client) {
            self.world.watch(client, other, Preference::default());
            self.world.watch(other, client, Preference::default());
        }
    }

    /// Lets time pass, and looks at every moment of it.
    fn pass(&mut self, span: Duration) {
        let end = self.world.now + span;
        while self.world.now < end {
            self.world.run(STEP);
            for listener in 0..self.rooms.len() {
                self.listen(listener);
            }
            self.look_for_gaps();
        }
        self.world.check();
    }

    fn listen(&mut self, listener: usize) {
        let now = self.world.now;
        let fresh = self.world.clients[listener].arrivals[self.seen[listener]..].to_vec();
        self.seen[listener] += fresh.len();
        self.heard += fresh.len();
        for stamp in fresh {
            let publisher = usize::try_from(stamp.track / 1_000).expect("small") - 1;
            self.last.insert((listener, stamp.track), now);
            if self.rooms[listener] == self.rooms[publisher] {
                continue;
            }
            // What was on its way to the other room may still come, but nothing to who was moved, from the order on.
            let parted = self.since[&(listener, publisher)];
            let moved = self.moved[listener];
            let in_time = now <= parted + HOP * 2 + DELAY + STEP * 2;
            let obeyed = moved < parted || now <= moved + DELAY + STEP * 2;
            assert!(in_time && obeyed, "client {listener} got {stamp:?} {:?} after they were parted", now - parted);
        }
    }

    fn look_for_gaps(&mut self) {
        for listener in 0..self.rooms.len() {
            for publisher in self.together(listener) {
                let since = self.since[&(listener, publisher)];
                let leg = self.world.clients[publisher].leg.0;
                for (track, most) in [(leg * 1_000 + 1, LONGEST_GAP), (leg * 1_000 + 2, LONGEST_BLANK)] {
                    let last = self.last.get(&(listener, track)).map_or(since, |last| since.max(*last));
                    let gap = self.world.now - last;
                    assert!(gap <= most, "client {listener} has had nothing of track {track} for {gap:?}");
                    if most == LONGEST_GAP {
                        self.longest = self.longest.max(gap);
                    }
                }
            }
        }
    }
}
