//! The same clients over the loopback interface, with two real workers: what one worker's engine gives for the other's gets
//! there, in order, and wakes it. Time is real here; nothing is expected at a moment, only before a deadline.

use std::net::UdpSocket;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crosspoint_engine::{Fact, LegProfile, NewLeg, Order, RoomSettings};
use crosspoint_model::{LegKey, RoomKey};
use crosspoint_sim::{Client, Join};
use crosspoint_worker::{Media, MediaConfig};

const MOVES: usize = 30;
/// For what takes milliseconds.
const DEADLINE: Duration = Duration::from_secs(20);
/// The rooms: one on each worker, with somebody in it who stays.
const ROOMS: [RoomKey; 2] = [RoomKey(1), RoomKey(2)];
const MOVER: usize = 2;

#[test]
fn a_voice_is_moved_between_two_real_workers_and_its_stream_goes_on() {
    let mut house = House::new();
    house.join(0);
    house.join(1);
    house.join(0);
    house.run_until("everybody is connected", |house| house.callers.iter().all(|caller| caller.client.connected));
    house.run_until("they hear each other", |house| house.hear_each_other(0, Duration::ZERO));
    let mut waits = Vec::new();
    for turn in 0..MOVES {
        let there = (turn + 1) % 2;
        let ordered = house.time();
        house.media.order(0, Order::MoveLeg { leg: house.callers[MOVER].client.leg, to: ROOMS[there], worker: there });
        house.run_until("the move", |house| house.hear_each_other(there, ordered));
        let arrived = house.time();
        waits.push(arrived - ordered);
        // Some packets more, so that what leaked would come.
        house.run_until("more", |house| house.hear_each_other(there, arrived + Duration::from_millis(20)));
        house.check_that_nothing_is_heard_of(1 - there, arrived);
    }
    for caller in &house.callers {
        assert!(caller.client.faults.is_empty(), "{}: {:?}", caller.client.identity, caller.client.faults);
        assert_eq!(caller.client.ended, None);
    }
    waits.sort();
    println!("from the order to both hearing: median {:?}, longest {:?}", waits[MOVES / 2], waits[MOVES - 1]);
    let legs = house.report(0);
    assert_eq!(legs, (2, 2), "the mover is at home, on the first worker, with its track");
    house.media.order(0, Order::MoveLeg { leg: house.callers[MOVER].client.leg, to: ROOMS[1], worker: 1 });
    let arrived = house.time();
    house.run_until("the last move", |house| house.hear_each_other(1, arrived));
    assert_eq!((house.report(0), house.report(1)), ((2, 1), (1, 2)), "its track is told by the room's worker");
    house.media.order(1, Order::CloseRoom { room: ROOMS[1] });
    house.run_until("its leg ends with the room", |house| {
        let ended = |fact: &Fact| matches!(fact, Fact::Ended { leg, .. } if *leg == house.callers[MOVER].client.leg);
        house.facts.lock().expect("not poisoned").iter().any(|(worker, fact)| *worker == 0 && ended(fact))
    });
    house.media.stop();
}

struct Caller {
    client: Client,
    socket: UdpSocket,
}

struct House {
    media: Media,
    facts: Arc<Mutex<Vec<(usize, Fact)>>>,
    callers: Vec<Caller>,
    start: Instant,
    reports: u64,
}

impl House {
    fn new() -> Self {
        let config = MediaConfig {
            workers: 2,
            udp: vec!["127.0.0.1:0".parse().expect("an address")],
            advertised_udp: Vec::new(),
            tcp: Vec::new(),
            advertised_tcp: Vec::new(),
            ..MediaConfig::default()
        };
        let facts = Arc::new(Mutex::new(Vec::new()));
        let sink = facts.clone();
        let take = move |worker, batch: Vec<Fact>| {
            sink.lock().expect("not poisoned").extend(batch.into_iter().map(|fact| (worker, fact)));
        };
        let media = Media::start(&config, Box::new(take)).expect("media starts");
        for (worker, room) in ROOMS.into_iter().enumerate() {
            let settings = RoomSettings {
                publish_bitrate: None,
                data_bytes: 1_000,
                data_bytes_per_second: 10_000,
                video_slots: 4,
                audio_slots: 4,
                mix: None,
            };
            media.order(worker, Order::OpenRoom { room, settings });
        }
        Self { media, facts, callers: Vec::new(), start: Instant::now(), reports: 0 }
    }

    /// Somebody with a voice comes into the room of a worker.
    fn join(&mut self, worker: usize) {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout");
        let address = socket.local_addr().expect("an address");
        let (leg, room, now) = (LegKey(self.callers.len() as u64 + 1), ROOMS[worker], Instant::now());
        let join = Join { camera: Vec::new(), audio_slots: 2, ..Join::publisher(room) };
        let (mut client, offer) = Client::new(leg, &join, address, self.start, now);
        let accepted = self.media.accept(worker, &offer.sdp).expect("accepted");
        client.accept(offer.pending, &accepted.answer);
        (client.home, client.strict) = (worker, true);
        let (identity, publish) = (client.identity.clone(), client.published());
        let profile = LegProfile { subscribes: true, hears: crosspoint_model::Hears::Tracks, ..LegProfile::default() };
        let new = NewLeg { leg, room, identity, transport: accepted.transport, publish, profile };
        self.media.order(worker, Order::AddLeg(Box::new(new)));
        self.callers.push(Caller { client, socket });
    }

    fn time(&self) -> Duration {
        self.start.elapsed()
    }

    fn run_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !holds(self) {
            assert!(Instant::now() < deadline, "not in time: {what}");
            for caller in &mut self.callers {
                let host = self.media.host(caller.client.home).expect("a worker");
                caller.work(host.candidates[0].address);
            }
        }
    }

    /// Do the mover and who stays on this worker hear what the other said since then?
    fn hear_each_other(&self, worker: usize, since: Duration) -> bool {
        let hears = |listener: usize, of: usize| {
            let track = self.callers[of].client.leg.0 * 1_000 + 1;
            let arrivals = &self.callers[listener].client.arrivals;
            arrivals.iter().rev().take(100).any(|stamp| stamp.track == track && stamp.sent > since)
        };
        hears(worker, MOVER) && hears(MOVER, worker)
    }

    /// The mover and who stays on that worker have heard nothing of each other that was said after then.
    fn check_that_nothing_is_heard_of(&self, worker: usize, since: Duration) {
        for (listener, of) in [(worker, MOVER), (MOVER, worker)] {
            let track = self.callers[of].client.leg.0 * 1_000 + 1;
            let arrivals = &self.callers[listener].client.arrivals;
            let leaked = arrivals.iter().find(|stamp| stamp.track == track && stamp.sent > since);
            assert!(leaked.is_none(), "caller {listener} heard {leaked:?} after {since:?}");
        }
    }

    /// How many legs and tracks a worker tells.
    fn report(&mut self, worker: usize) -> (usize, usize) {
        self.reports += 1;
        let request = self.reports;
        self.media.order(worker, Order::Report { request });
        let find = |house: &Self| {
            let facts = house.facts.lock().expect("not poisoned");
            facts.iter().find_map(|(_, fact)| match fact {
                Fact::Report { request: of, legs, tracks } if *of == request => Some((legs.len(), tracks.len())),
                _ => None,
            })
        };
        self.run_until("a report", |house| find(house).is_some());
        find(self).expect("it is there")
    }
}

impl Caller {
    /// Sends what is due and takes what has come; waits for a millisecond at most.
    fn work(&mut self, server: std::net::SocketAddr) {
        let mut out = Vec::new();
        let now = Instant::now();
        if self.client.deadline().is_some_and(|at| at <= now) {
            out.extend(self.client.handle_timeout(now));
        }
        let mut buffer = [0; 2_000];
        // Whatever the system says: the deadline of who waits will tell.
        if let Ok((length, source)) = self.socket.recv_from(&mut buffer) {
            out.extend(self.client.handle_datagram(source, &buffer[..length], Instant::now()));
        }
        for datagram in out {
            self.socket.send_to(&datagram, server).expect("sent");
        }
    }
}
