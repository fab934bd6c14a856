//! A thousand changes of who is where and wants what, held against a model of what may be heard and seen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crosspoint_engine::{Engine, Order};
use crosspoint_model::{LegKey, Preference, RoomKey, TrackKey};
use crosspoint_sim::{Join, Path, Seed, World};
use fastrand::Rng;
use str0m::media::Direction;

const ROOMS: [u64; 3] = [1, 2, 3];
const OPERATIONS: usize = 1_000;
/// Between checks of what must flow.
const ROUND: usize = 125;
const MOST_CLIENTS: usize = 11;
const VIDEO_SLOTS: usize = 4;
const DELAY: Duration = Duration::from_millis(25);
/// The engine is called in steps of half a millisecond.
const STEP: Duration = Duration::from_millis(1);

#[test]
fn a_thousand_changes_leak_nothing_and_lose_nothing() {
    change_a_thousand_times(&[&ROOMS]);
}

#[test]
fn a_thousand_changes_across_three_workers_leak_nothing_and_lose_nothing() {
    change_a_thousand_times(&[&ROOMS[..1], &ROOMS[1..2], &ROOMS[2..]]);
}

fn change_a_thousand_times(workers: &[&[u64]]) {
    let seed = Seed::of_this_run();
    let mut run = Run::new(&seed, workers);
    for operation in 0..OPERATIONS {
        let what = run.operate();
        run.world.run(Duration::from_millis(run.rng.u64(1..60)));
        run.check(&what);
        if operation % ROUND == ROUND - 1 {
            run.settle();
        }
    }
    assert!(run.checked > 10_000, "media flowed: {} packets", run.checked);
    println!("{} packets checked, {} clients came, seed {}", run.checked, run.world.clients.len(), seed.0);
}

/// The changes of one thing over time.
#[derive(Debug, Default)]
struct History<T>(Vec<(Duration, T)>);

impl<T: Copy + Default> History<T> {
    fn set(&mut self, at: Duration, value: T) {
        self.0.push((at, value));
    }

    fn at(&self, moment: Duration) -> T {
        self.0.iter().rev().find(|(at, _)| *at <= moment).map_or_else(T::default, |(_, value)| *value)
    }

    fn now(&self) -> T {
        self.0.last().map_or_else(T::default, |(_, value)| *value)
    }
}

/// What a leg said of a track.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    None,
    Wanted,
    Paused,
}

#[derive(Debug, Default)]
struct Track {
    owner: usize,
    audio: bool,
    published: History<bool>,
    muted: bool,
    held: bool,
    /// Neither muted nor held.
    passes: History<bool>,
}

struct Run {
    world: World,
    rng: Rng,
    tracks: BTreeMap<u64, Track>,
    /// The room of each client; 0: none.
    rooms: BTreeMap<usize, History<u64>>,
    wishes: BTreeMap<(usize, u64), History<Wish>>,
    /// Arrivals of each client that were checked.
    seen: BTreeMap<usize, usize>,
    checked: usize,
    next_track: u64,
    /// By how much an order, and a packet, may be late on its way through the server. In steps.
    window: (u32, u32),
}

impl Run {
    fn new(seed: &Seed, workers: &[&[u64]]) -> Self {
        let mut run = Self {
            world: World::with_workers(seed.0, workers),
            // In milliseconds: a wish takes a hop to the room's worker; a packet one to there and one to the listener's.
            window: if workers.len() > 1 { (2, 3) } else { (0, 1) },
            rng: Rng::with_seed(seed.0),
            tracks: BTreeMap::new(),
            rooms: BTreeMap::new(),
            wishes: BTreeMap::new(),
            seen: BTreeMap::new(),
            checked: 0,
            next_track: 100_000,
        };
        for _ in 0..4 {
            run.join();
        }
        run
    }

    fn time(&self) -> Duration {
        self.world.now - self.world.start
    }

    fn present(&self) -> Vec<usize> {
        (0..self.world.clients.len()).filter(|client| self.world.clients[*client].alive).collect()
    }

    fn someone(&mut self) -> Option<usize> {
        let present = self.present();
        self.rng.choice(&present).copied()
    }

    fn leg(&self, client: usize) -> LegKey {
        self.world.clients[client].leg
    }

    /// Published tracks of others in the room of a client.
    fn others(&self, client: usize) -> Vec<u64> {
        let room = self.rooms[&client].now();
        let near = |track: &&Track| track.owner != client && self.rooms[&track.owner].now() == room;
        let published = self.tracks.iter().filter(|(_, track)| track.published.now() && near(track));
        published.map(|(key, _)| *key).collect()
    }

    fn operate(&mut self) -> String {
        let Some(client) = self.someone() else {
            self.join();
            return "join".into();
        };
        match self.rng.u8(0..20) {
            0 | 1 => self.join(),
            2 => self.leave(client),
            3 | 4 => self.move_leg(client),
            5..=7 => self.publish(client),
            8..=12 => self.subscribe(client),
            13 => self.unsubscribe(client),
            14 | 15 => self.prefer(client),
            _ => self.set_flags(client),
        }
    }
}

/// The operations; each says what it did.
impl Run {
    fn join(&mut self) -> String {
        if self.present().len() >= MOST_CLIENTS {
            return "nothing".into();
        }
        let room = *self.rng.choice(&ROOMS).expect("there are rooms");
        let client = self.world.join(&Join {
            camera: vec![(None, 60_000)],
            frames: 10,
            audio_slots: 8,
            video_slots: VIDEO_SLOTS,
            ..Join::publisher(RoomKey(room)).over(Path { delay: DELAY, ..Path::clean(0) })
        });
        self.world.clients[client].strict = true;
        let time = self.time();
        self.rooms.entry(client).or_default().set(time, room);
        for spec in self.world.clients[client].published() {
            self.add_track(client, spec.track.0, spec.kind == crosspoint_model::MediaKind::Audio);
        }
        format!("client {client} joins room {room}")
    }

    fn add_track(&mut self, owner: usize, key: u64, audio: bool) {
        let mut track = Track { owner, audio, ..Track::default() };
        let time = self.time();
        track.published.set(time, true);
        track.passes.set(time, true);
        self.tracks.insert(key, track);
    }

    fn leave(&mut self, client: usize) -> String {
        self.world.leave(client);
        let time = self.time();
        self.rooms.entry(client).or_default().set(time, 0);
        for key in self.tracks_of(client) {
            self.unpublished(key);
        }
        self.forget_wishes(client);
        format!("client {client} leaves")
    }

    fn move_leg(&mut self, client: usize) -> String {
        let room = *self.rng.choice(&ROOMS).expect("there are rooms");
        if room == self.rooms[&client].now() {
            return "nothing".into();
        }
        self.world.move_to(client, RoomKey(room));
        let time = self.time();
        self.rooms.entry(client).or_default().set(time, room);
        self.forget_wishes(client);
        for key in self.tracks_of(client) {
            self.forget_wishes_of(key);
        }
        format!("client {client} moves to room {room}")
    }

    fn publish(&mut self, client: usize) -> String {
        if !self.world.clients[client].connected {
            return "nothing".into();
        }
        let now = self.world.now;
        let camera = self.rng.bool();
        let (mid, on, old) = if camera {
            let camera = self.world.clients[client].camera.as_mut().expect("a camera");
            camera.on = !camera.on;
            (camera.mid, camera.on, camera.track)
        } else {
            let voice = self.world.clients[client].voice.as_mut().expect("a voice");
            voice.on = !voice.on;
            (voice.mid, voice.on, voice.track)
        };
        if on {
            self.next_track += 1;
            let key = self.next_track;
            let source = &mut self.world.clients[client];
            if camera {
                let camera = source.camera.as_mut().expect("a camera");
                camera.track = key;
                camera.resume(now);
            } else {
                let voice = source.voice.as_mut().expect("a voice");
                voice.track = key;
                voice.resume(now);
            }
            self.add_track(client, key, !camera);
        } else {
            self.unpublished(old);
        }
        let direction = if on { Direction::SendOnly } else { Direction::Inactive };
        self.world.negotiate(client, |changes| changes.set_direction(mid, direction)).expect("an answer");
        format!("client {client} publishes camera {camera}: {on}")
    }

    fn subscribe(&mut self, client: usize) -> String {
        let wanted = self.videos_wanted(client);
        let mut tracks = self.others(client);
        tracks.retain(|key| self.tracks[key].audio || wanted.contains(key) || wanted.len() < VIDEO_SLOTS);
        let Some(key) = self.rng.choice(&tracks).copied() else { return "nothing".into() };
        let (leg, track) = (self.leg(client), TrackKey(key));
        self.world.order(Order::Subscribe { leg, track, preference: Preference::default() });
        self.wish(client, key, Wish::Wanted);
        format!("client {client} subscribes to {key}")
    }

    fn unsubscribe(&mut self, client: usize) -> String {
        let Some(key) = self.a_wish(client) else { return "nothing".into() };
        self.world.order(Order::Unsubscribe { leg: self.leg(client), track: TrackKey(key) });
        self.wish(client, key, Wish::None);
        format!("client {client} unsubscribes from {key}")
    }

    fn prefer(&mut self, client: usize) -> String {
        let Some(key) = self.a_wish(client) else { return "nothing".into() };
        let paused = self.rng.bool();
        let preference = Preference { paused: Some(paused), ..Preference::default() };
        self.world.order(Order::Prefer { leg: self.leg(client), track: TrackKey(key), preference });
        self.wish(client, key, if paused { Wish::Paused } else { Wish::Wanted });
        format!("client {client} prefers {key} paused {paused}")
    }

    fn set_flags(&mut self, client: usize) -> String {
        let mut tracks = self.tracks_of(client);
        tracks.retain(|key| self.tracks[key].published.now());
        let Some(key) = self.rng.choice(&tracks).copied() else { return "nothing".into() };
        let (which, on) = (self.rng.bool(), self.rng.u8(0..3) == 0);
        let time = self.time();
        let track = self.tracks.get_mut(&key).expect("a track");
        *(if which { &mut track.muted } else { &mut track.held }) = on;
        let (muted, held) = (track.muted, track.held);
        track.passes.set(time, !muted && !held);
        self.world.order(Order::SetFlags { track: TrackKey(key), muted, held });
        format!("track {key} muted {muted} held {held}")
    }
}

/// The model.
impl Run {
    fn tracks_of(&self, client: usize) -> Vec<u64> {
        self.tracks.iter().filter(|(_, track)| track.owner == client).map(|(key, _)| *key).collect()
    }

    fn unpublished(&mut self, key: u64) {
        let time = self.time();
        self.tracks.get_mut(&key).expect("a track").published.set(time, false);
        self.forget_wishes_of(key);
    }

    fn forget_wishes(&mut self, client: usize) {
        let time = self.time();
        self.wishes.iter_mut().filter(|((of, _), _)| *of == client).for_each(|(_, wish)| wish.set(time, Wish::None));
    }

    fn forget_wishes_of(&mut self, key: u64) {
        let time = self.time();
        self.wishes.iter_mut().filter(|((_, of), _)| *of == key).for_each(|(_, wish)| wish.set(time, Wish::None));
    }

    fn wish(&mut self, client: usize, key: u64, wish: Wish) {
        let time = self.time();
        self.wishes.entry((client, key)).or_default().set(time, wish);
    }

    fn a_wish(&mut self, client: usize) -> Option<u64> {
        let wished = self.wishes.iter().filter(|((of, _), wish)| *of == client && wish.now() != Wish::None);
        let keys: Vec<u64> = wished.map(|((_, key), _)| *key).collect();
        self.rng.choice(&keys).copied()
    }

    fn videos_wanted(&self, client: usize) -> BTreeSet<u64> {
        let wished = self.wishes.iter().filter(|((of, _), wish)| *of == client && wish.now() != Wish::None);
        wished.map(|((_, key), _)| *key).filter(|key| !self.tracks[key].audio).collect()
    }

    /// May a client have had what reached the server then?
    fn may(&self, client: usize, key: u64, then: Duration) -> bool {
        let Some(track) = self.tracks.get(&key) else { return false };
        let room = self.rooms[&client].at(then);
        let wish = self.wishes.get(&(client, key)).map_or(Wish::None, |wish| wish.at(then));
        let wanted = if track.audio { wish != Wish::Paused } else { wish == Wish::Wanted };
        let together = room != 0 && self.rooms[&track.owner].at(then) == room;
        track.owner != client && together && wanted && track.published.at(then) && track.passes.at(then)
    }

    /// The same for whatever came in on the line of a track: what was on its way when its publisher stopped and began anew
    /// arrives under the new track's name.
    fn may_by_line(&self, client: usize, key: u64, then: Duration) -> bool {
        let Some(Track { owner, audio, .. }) = self.tracks.get(&key) else { return false };
        let same = self.tracks.iter().filter(|(_, other)| other.owner == *owner && other.audio == *audio);
        let (before, after) = self.window;
        let moments = || (0..=before + after).map(|step| (then + STEP * step).saturating_sub(STEP * before));
        let meanwhile = |key: u64| moments().any(|moment| self.may(client, key, moment));
        same.into_iter().any(|(key, _)| meanwhile(*key))
    }

    /// Nobody got what was not theirs.
    fn check(&mut self, what: &str) {
        self.world.check();
        for client in 0..self.world.clients.len() {
            let seen = self.seen.entry(client).or_default();
            let fresh = self.world.clients[client].arrivals[*seen..].to_vec();
            *seen += fresh.len();
            self.checked += fresh.len();
            for stamp in fresh {
                let then = stamp.sent + DELAY;
                let may = self.may_by_line(client, stamp.track, then);
                assert!(may, "after '{what}' at {:?}: client {client} got {stamp:?}", self.time());
            }
        }
        let alive = self.present().len();
        let legs: usize = self.world.engines().map(Engine::leg_count).sum();
        assert_eq!(legs, alive, "after '{what}': a leg is left over");
    }

    /// Without changes, everybody gets what is theirs.
    fn settle(&mut self) {
        self.world.run_seconds(4.0);
        self.check("nothing");
        let guests: usize = self.world.engines().map(Engine::guest_count).sum();
        let away = |client: &usize| self.world.is_away(*client, RoomKey(self.rooms[client].now()));
        assert_eq!(guests, self.present().iter().filter(|client| away(client)).count());
        let begin = self.time();
        self.world.run_seconds(1.0);
        for client in self.present() {
            let arrivals = &self.world.clients[client].arrivals[self.seen[&client]..];
            let got: BTreeSet<u64> = arrivals.iter().map(|stamp| stamp.track).collect();
            let owed = self.tracks.keys().copied().filter(|key| self.may(client, *key, begin));
            // What the server says it holds back for want of bandwidth is not owed.
            let slots = || self.world.clients[client].slots.values();
            let paused = |key: &u64| slots().any(|slot| slot.paused && slot.track == Some(TrackKey(*key)));
            let owed: BTreeSet<u64> = owed.filter(|key| got.contains(key) || !paused(key)).collect();
            assert_eq!(got, owed, "client {client} at {begin:?}: {:?}", slots().collect::<Vec<_>>());
        }
        self.check("nothing");
    }
}
