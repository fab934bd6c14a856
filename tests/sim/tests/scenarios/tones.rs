//! Everybody says a tone of their own, and each frame of 20 ms that anybody decodes is held against who may be heard in it,
//! over moves between rooms that mix and rooms that do not, on two workers, and over flags.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_engine::Order;
use crosspoint_model::{Hears, MixSettings, RoomKey, TrackKey};
use crosspoint_sim::ear::Frame;
use crosspoint_sim::tone::TONES;
use crosspoint_sim::{Join, Path, Seed, World};
use fastrand::Rng;
use str0m::media::Mid;

/// The rooms of two workers.
const ROOMS: [&[u64]; 2] = [&[1, 2, 5], &[3, 6]];
/// Those of them that mix.
const MIXED: [u64; 3] = [1, 2, 3];
const OPERATIONS: usize = 1_000;
const DELAY_MS: u64 = 4;
const HOP: Duration = Duration::from_millis(1);
/// The world is looked at in such steps, and rounds up to them where it pleases.
const STEP: Duration = Duration::from_millis(1);
const FRAME: Duration = Duration::from_millis(20);

/// A tone is heard from here on. Decibels relative to how it was sent.
const HEARD: f32 = -6.0;
/// A tone begins with a fade of 5 ms, 11.5 ms into the first frame of a mix: so much of it is a beginning.
const BEGINS: f32 = -20.0;
/// A tone that must not be heard is no louder than this in any frame: others that begin or end within a frame are heard a
/// little on all frequencies.
const LEAK: f32 = -25.0;
/// And no louder than this in two frames in a row.
const LASTING_LEAK: f32 = -30.0;
/// 20 ms may be missing: then two packets are 40 ms apart.
const LONGEST_GAP: Duration = Duration::from_millis(42);
/// 95 % of what a command lets through is heard within this time.
const COMMAND_TO_HEARD: f64 = 60.0;
/// And all of it within this.
const SLOWEST: Duration = Duration::from_millis(100);

#[test]
fn a_thousand_moves_and_mutes_are_heard_at_once_leave_no_gap_and_let_nobody_hear_what_they_must_not() {
    let seed = Seed::of_this_run();
    let mut run = Run::new(&seed);
    for _ in 0..OPERATIONS {
        run.operate();
        let pause = run.rng.u64(5..200);
        run.pass(Duration::from_millis(pause));
    }
    run.pass(Duration::from_secs(1));
    run.judge(&seed);
}

/// A listener and a talker.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// May the one hear the other?
    may: bool,
    /// Since then.
    since: Instant,
    /// Before that, could the one not hear the other for so long that nothing was on its way any more?
    rested: bool,
    /// When it last did, since it may.
    heard: Option<Instant>,
}

/// How far a slot's frames were looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: usize,
    last: Option<Frame>,
}

#[derive(Debug, Default)]
struct Figures {
    /// From commands to what they let through. ms.
    waits: Vec<f64>,
    longest_gap: Duration,
    /// The longest time after a command that something was heard that it forbade.
    latest: Duration,
    /// The loudest that was heard after that.
    loudest: f32,
    /// The same over two frames.
    lasting: f32,
    frames: usize,
    moves: usize,
    crossed: usize,
}

struct Run {
    world: World,
    rng: Rng,
    /// The room of each client.
    rooms: Vec<u64>,
    /// Muted, held.
    flags: Vec<(bool, bool)>,
    pairs: BTreeMap<(usize, usize), Pair>,
    /// When a talker was last silenced in a room, or left it.
    silenced: BTreeMap<(u64, usize), Instant>,
    /// Where each talker can be heard.
    audible: Vec<Option<u64>>,
    seen: BTreeMap<(usize, Mid), Seen>,
    /// The last command.
    last: String,
    figures: Figures,
}

impl Run {
    fn new(seed: &Seed) -> Self {
        let mut world = World::with_workers(seed.0, &ROOMS);
        world.hop = HOP;
        // Enough that what is measured is who is heard, and not the noise of the codec beside five tones.
        let settings = MixSettings { bitrate: 96_000, ..MixSettings::default() };
        MIXED.iter().for_each(|room| world.mix(*room, settings.clone()));
        let mut rng = Rng::with_seed(seed.0);
        let rooms: Vec<u64> = (0..TONES.len()).map(|client| MIXED[client % MIXED.len()]).collect();
        for (tone, room) in rooms.iter().enumerate() {
            let join = Join { audio_slots: TONES.len(), ..Join::tone(RoomKey(*room), tone) };
            let client = world.join(&join.over(Path::clean(DELAY_MS)));
            (world.clients[client].strict, world.clients[client].steady) = (true, true);
            // They do not speak all at the same moment.
            world.run(Duration::from_micros(rng.u64(0..20_000)));
        }
        world.connect();
        let now = world.now;
        let ids = 0..rooms.len();
        let pairs = ids.clone().flat_map(|listener| ids.clone().map(move |talker| (listener, talker)));
        let fresh = Pair { may: false, since: now, rested: false, heard: None };
        let pairs = pairs.map(|pair| (pair, fresh)).collect();
        let flags = vec![(false, false); rooms.len()];
        let (silenced, audible, seen) = (BTreeMap::new(), vec![None; rooms.len()], BTreeMap::new());
        let (last, figures) = (String::new(), Figures::default());
        let mut run = Self { world, rng, rooms, flags, pairs, silenced, audible, seen, last, figures };
        run.note();
        run.world.run(Duration::from_secs(1));
        run.skip();
        run.pass(Duration::from_secs(1));
        let (loudest, lasting) = (f32::NEG_INFINITY, f32::NEG_INFINITY);
        run.figures = Figures { loudest, lasting, ..Figures::default() };
        run
    }

    fn operate(&mut self) {
        let client = self.rng.usize(0..self.rooms.len());
        match self.rng.u32(0..10) {
            0..6 => self.move_somewhere(client),
            _ => self.turn_a_flag(client),
        }
        self.note();
    }

    /// Half of the moves go to the other worker. Rooms in which somebody is are the more likely.
    fn move_somewhere(&mut self, client: usize) {
        let here = self.rooms[client];
        let across = self.rng.bool();
        let fits = |room: &u64| {
            *room != here && (worker(*room) != worker(here)) == across && (is_mixed(*room) || is_mixed(here))
        };
        let rooms: Vec<u64> = ROOMS.concat().into_iter().filter(fits).collect();
        let crowd = self.rooms.iter().filter(|room| rooms.contains(room)).copied();
        let choice: Vec<u64> = rooms.iter().copied().chain(crowd).collect();
        let Some(room) = self.rng.choice(&choice).copied() else { return };
        self.rooms[client] = room;
        self.world.move_to(client, RoomKey(room));
        if is_mixed(room) != is_mixed(here) {
            self.world.listen(client, if is_mixed(room) { Hears::Mix } else { Hears::Tracks });
        }
        self.figures.moves += 1;
        self.figures.crossed += usize::from(worker(room) != worker(here));
        self.last = format!("{client} {here}->{room}");
    }

    /// Muted, held, un-muted, un-held: who is silenced is so for one or two commands.
    fn turn_a_flag(&mut self, client: usize) {
        let (muted, held) = &mut self.flags[client];
        match (*muted, *held) {
            (false, false) if self.rng.bool() => *muted = true,
            (false, false) => *held = true,
            (true, true) => *muted = false,
            (true, false) | (false, true) if self.rng.u32(0..4) == 0 => (*muted, *held) = (true, true),
            _ => (*muted, *held) = (false, false),
        }
        let (muted, held) = self.flags[client];
        let track = TrackKey(self.world.clients[client].voice.as_ref().expect("a voice").track);
        self.world.order(Order::SetFlags { track, muted, held });
        self.last = format!("{client}: muted {muted}, held {held}");
    }

    /// Who may hear whom after a command.
    fn note(&mut self) {
        let now = self.world.now;
        for talker in 0..self.rooms.len() {
            let room = Some(self.rooms[talker]).filter(|_| self.flags[talker] == (false, false));
            let before = std::mem::replace(&mut self.audible[talker], room);
            if let Some(before) = before.filter(|before| Some(*before) != room) {
                self.silenced.insert((before, talker), now);
            }
        }
        for ((listener, talker), pair) in &mut self.pairs {
            let may = listener != talker && self.audible[*talker] == Some(self.rooms[*listener]);
            if may != pair.may {
                let rested = may && now - pair.since > allowed();
                *pair = Pair { may, since: now, rested, heard: None };
            }
        }
    }

    /// Lets time pass, and looks at all that was heard meanwhile.
    fn pass(&mut self, span: Duration) {
        self.world.run(span);
        for listener in 0..self.rooms.len() {
            for (before, frame) in self.fresh(listener) {
                self.figures.frames += 1;
                for talker in 0..self.rooms.len() {
                    self.hold_against(listener, talker, before.map(|frame| frame.levels[talker]), &frame);
                }
            }
        }
        self.look_for_silence();
        self.world.check();
    }

    /// Frames that were not looked at yet, each with the one before it in its slot.
    fn fresh(&mut self, listener: usize) -> Vec<(Option<Frame>, Frame)> {
        let slots = &self.world.clients[listener].ears.as_ref().expect("ears").slots;
        let mut fresh = Vec::new();
        for (mid, ear) in slots {
            assert_eq!(ear.invalid, 0, "all of it is Opus");
            let seen = self.seen.entry((listener, *mid)).or_default();
            for frame in &ear.frames[seen.count..] {
                assert!(frame.real, "nothing is lost here");
                let before = seen.last.replace(*frame).filter(|before| frame.at - before.at < FRAME * 2);
                fresh.push((before, *frame));
            }
            seen.count = ear.frames.len();
        }
        fresh.sort_by_key(|(_, frame)| frame.at);
        fresh
    }

    fn skip(&mut self) {
        for listener in 0..self.rooms.len() {
            self.fresh(listener);
        }
    }

    fn hold_against(&mut self, listener: usize, talker: usize, before: Option<f32>, frame: &Frame) {
        let (level, figures) = (frame.levels[talker], &mut self.figures);
        let room = self.rooms[listener];
        let pair = self.pairs.get_mut(&(listener, talker)).expect("a pair");
        if !pair.may {
            // Who comes into a room may just hear the end of somebody there.
            let silenced = self.silenced.get(&(room, talker)).filter(|_| talker != listener).copied();
            let late = frame.at - silenced.map_or(pair.since, |silenced| silenced.max(pair.since));
            let lasting = before.map_or(f32::NEG_INFINITY, |before| level.min(before));
            if late <= allowed() {
                if level > LEAK {
                    figures.latest = figures.latest.max(late);
                }
                return;
            }
            figures.loudest = figures.loudest.max(level);
            let in_time = late <= allowed() + FRAME;
            if !in_time {
                figures.lasting = figures.lasting.max(lasting);
            }
            let quiet = level <= LEAK && (in_time || lasting <= LASTING_LEAK);
            assert!(quiet, "{listener} hears {talker} in room {room} at {level:.0} dB, {late:?} late ({})", self.last);
            return;
        }
        if level < if pair.heard.is_none() { BEGINS } else { HEARD } {
            return;
        }
        match pair.heard.replace(frame.at) {
            Some(before) => {
                let gap = frame.at - before;
                figures.longest_gap = figures.longest_gap.max(gap);
                assert!(gap <= LONGEST_GAP, "{listener} heard nothing of {talker} for {gap:?} ({})", self.last);
            }
            None if pair.rested => figures.waits.push((frame.at - pair.since).as_secs_f64() * 1e3),
            None => {}
        }
    }

    fn look_for_silence(&self) {
        let now = self.world.now;
        for ((listener, talker), pair) in self.pairs.iter().filter(|(_, pair)| pair.may) {
            let gap = now - pair.heard.unwrap_or(pair.since);
            let most = if pair.heard.is_some() { LONGEST_GAP } else { SLOWEST };
            assert!(gap <= most, "{listener} has heard nothing of {talker} for {gap:?} ({})", self.last);
        }
    }

    fn judge(&mut self, seed: &Seed) {
        let Figures { waits, longest_gap, latest, loudest, frames, moves, crossed, lasting } = &mut self.figures;
        waits.sort_by(f64::total_cmp);
        let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
        println!("{frames} frames, {moves} moves, {crossed} of them across workers, seed {}", seed.0);
        println!(
            "command to heard, {} times: p50 {:.1} ms, p95 {:.1}, all {:.1}",
            waits.len(),
            at(0.5),
            at(0.95),
            at(1.0)
        );
        println!("no two packets with a tone are further apart than {longest_gap:?}");
        println!(
            "forbidden tones: for {latest:?}, then none above {loudest:.0} dB, or {lasting:.0} dB in two frames in a row"
        );
        assert!(*frames > 15_000 && *moves > 400 && (*crossed * 10).abs_diff(*moves * 5) < *moves, "the run was one");
        assert!(waits.len() > 300 && at(0.95) <= COMMAND_TO_HEARD);
    }
}

/// How long after a command packets may still come with what it forbids: until the room's next tick, which fades it out, and
/// from there to the client; the command and the packet may each have to go to another worker. The fade (5 ms) and the delay of
/// limiter and encoder (11.5 ms) end within that packet.
fn allowed() -> Duration {
    Duration::from_millis(20 + DELAY_MS) + HOP * 2 + STEP
}

fn worker(room: u64) -> usize {
    usize::from(ROOMS[1].contains(&room))
}

fn is_mixed(room: u64) -> bool {
    MIXED.contains(&room)
}
