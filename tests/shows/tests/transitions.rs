//! Random commands on eight callers while everybody says a tone of their own: after each one, whoever must be heard is heard, and
//! nobody hears what they must not. `SHOW_TOGGLES=1000` for the long run, which prints how fast and how smooth it was.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crosspoint_model::show::CallState;
use crosspoint_phone_sim::StreamReport;
use crosspoint_shows_tests::chance::setting;
use crosspoint_shows_tests::ear::FRAME;
use crosspoint_shows_tests::figures::{Numbers, Table};
use crosspoint_shows_tests::studio::{Ringing, Seat};
use crosspoint_shows_tests::tone::{PHONE_RATE, ROOM_RATE, TONES, level_of_20_ms, levels};
use crosspoint_shows_tests::wait::at_most;
use crosspoint_shows_tests::{Caller, Ear, Events, House, Mouth, Seed, Studio};
use fastrand::Rng;

const CALLERS: usize = 8;
/// The tone of the host, and those of the screeners.
const HOST: usize = 8;
const SCREENERS: [usize; 2] = [9, 10];
/// Louder than this is heard, softer than that is not; dB relative to how it is said.
const HEARD: f64 = -3.0;
const NOT_HEARD: f64 = -25.0;
/// In 20 ms: more than half of it is there.
const THERE: f64 = -6.0;
/// A command is carried out in this time at the latest, with what waits at the telephone company.
const SETTLED: Duration = Duration::from_secs(3);
/// Steps in which beginnings and ends are looked for.
const HOP: usize = ROOM_RATE as usize / 400;
/// A run of so many commands has the machine to itself.
const LONG: usize = 1000;
/// No gap in the sound of a browser is longer. ms.
const LONGEST_GAP: f64 = 20.0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_each_of_many_random_commands_everybody_hears_whom_they_should_and_nobody_else() {
    let seed = Seed::of_this_run();
    let mut run = Run::begin(seed).await;
    for _ in 0..setting("SHOW_TOGGLES", 60) {
        run.step().await;
    }
    run.finish();
}

/// Who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listener {
    Caller(usize),
    Host,
    Screener(usize),
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Air,
    Hold,
    Approve,
    /// A host sends the caller back.
    Screen,
    /// This screener takes the call.
    PickUp(usize),
    /// The screener is done.
    Screened,
}

/// When a command was sent and answered, and how far everybody's recordings were then.
struct Sent {
    at: Instant,
    answered: Instant,
    host: usize,
    callers: Vec<usize>,
}

/// Somebody hears too much or too little.
struct Wrong {
    /// Too little.
    is_missing: bool,
    what: String,
}

#[derive(Default)]
struct Figures {
    answers: Numbers,
    heard: Numbers,
    heard_from_answer: Numbers,
    silent: Numbers,
    heard_by_phones: Numbers,
    settled: Numbers,
    longest_gap: f64,
    leaks: Numbers,
    owns: Numbers,
    /// What was missing in 100 ms once all had been as it must be.
    missing: Vec<String>,
}

struct Run {
    house: House,
    studio: Studio,
    dice: Rng,
    host: Seat,
    screeners: Vec<Seat>,
    ears: Vec<Ear>,
    _mouths: Vec<Mouth>,
    callers: Vec<Ringing>,
    states: Vec<CallState>,
    /// Which screener a call has, or had last.
    screener_of: Vec<Option<usize>>,
    clears: usize,
    events: Events,
    figures: Figures,
    /// The last commands.
    story: Vec<String>,
}

impl Run {
    async fn begin(seed: Seed) -> Self {
        let house = House::open(&[]).await;
        let studio = house.show("toggles", "+14155550101").await;
        let host = studio.seat("host", "Hannah").await;
        let screeners = vec![studio.seat("screener", "Ada").await, studio.seat("screener", "Ben").await];
        let (mut ears, mut mouths) = (Vec::new(), Vec::new());
        for (seat, tone) in std::iter::once(&host).chain(&screeners).zip([HOST, SCREENERS[0], SCREENERS[1]]) {
            let (ear, mut mouth) = studio.sit(seat).await;
            mouth.say_tone(TONES[tone]);
            ears.push(ear);
            mouths.push(mouth);
        }
        let mut callers = Vec::new();
        for tone in 0..CALLERS {
            callers.push(studio.ring(&house.phones, tone).await);
        }
        let events = Events::of(&house.server.url(), &studio.show).await;
        let mut run = Self {
            house,
            studio,
            dice: seed.dice(1),
            host,
            screeners,
            ears,
            _mouths: mouths,
            callers,
            states: vec![CallState::Ringing; CALLERS],
            screener_of: vec![None; CALLERS],
            clears: 0,
            events,
            figures: Figures::default(),
            story: Vec::new(),
        };
        let sent = run.now();
        run.settle(&sent).await;
        run
    }

    /// One command, and what is heard after it.
    async fn step(&mut self) {
        let (caller, doing) = self.choose();
        let before = self.states.clone();
        self.story.push(format!("{doing:?} of caller {caller}, who is {:?}", self.states[caller]));
        let mut sent = self.now();
        let (by, verb) = match doing {
            Doing::PickUp(screener) => (&self.screeners[screener], "pick-up"),
            Doing::Screened => (&self.screeners[self.screener_of[caller].expect("a screener has it")], "screened"),
            Doing::Approve => (&self.screeners[self.screener_of[caller].unwrap_or(0)], "approve"),
            Doing::Air => (&self.host, "air"),
            Doing::Hold => (&self.host, "hold"),
            Doing::Screen => (&self.host, "screen"),
        };
        let view = self.studio.act(&by.api, &self.callers[caller].call, verb).await;
        sent.answered = Instant::now();
        self.figures.answers.add(ms(sent.answered - sent.at));
        self.follow(caller, doing);
        assert_eq!(view.state, self.states[caller], "{}", self.told());
        self.settle(&sent).await;
        self.measure(caller, doing, &before, &sent);
    }

    /// A command that goes with the state that a call is in.
    fn choose(&mut self) -> (usize, Doing) {
        let caller = self.dice.usize(0..CALLERS);
        let free: Vec<usize> = (0..2).filter(|screener| self.talks_with(*screener) != Some(caller)).collect();
        let picked = Doing::PickUp(free[self.dice.usize(0..free.len())]);
        let choices = match self.states[caller] {
            CallState::Ringing | CallState::Screened => vec![picked, Doing::Approve, Doing::Approve],
            CallState::Screening => vec![Doing::Screened, Doing::Approve, Doing::Approve],
            CallState::Waiting => vec![Doing::Air, Doing::Air, Doing::Air, Doing::Screen, picked],
            CallState::OnAir => vec![Doing::Hold, Doing::Hold, Doing::Hold, Doing::Screen, picked],
            CallState::Hold => vec![Doing::Air, Doing::Air, Doing::Air, Doing::Screen],
            state => panic!("caller {caller} is {state:?}"),
        };
        (caller, choices[self.dice.usize(0..choices.len())])
    }

    /// What a command does, as this test understands it.
    fn follow(&mut self, caller: usize, doing: Doing) {
        let before = self.states[caller];
        let state = match doing {
            Doing::Air => CallState::OnAir,
            Doing::Hold => CallState::Hold,
            Doing::Approve => CallState::Waiting,
            Doing::Screened => CallState::Screened,
            Doing::PickUp(screener) => {
                if let Some(other) = self.talks_with(screener) {
                    self.states[other] = CallState::Screened;
                    self.clears += 1;
                }
                self.screener_of[caller] = Some(screener);
                CallState::Screening
            }
            Doing::Screen => match self.screener_of[caller] {
                Some(screener) if self.talks_with(screener).is_none() => CallState::Screening,
                _ => CallState::Screened,
            },
        };
        self.states[caller] = state;
        let was_elsewhere = before.is_live() || before == CallState::Screening;
        self.clears += usize::from(was_elsewhere && state == CallState::Screened);
    }

    /// The caller whom a screener talks to now.
    fn talks_with(&self, screener: usize) -> Option<usize> {
        let talks = |caller: &usize| {
            self.states[*caller] == CallState::Screening && self.screener_of[*caller] == Some(screener)
        };
        (0..CALLERS).find(talks)
    }

    fn is_on_air(&self, tone: usize) -> bool {
        tone == HOST || (tone < CALLERS && self.states[tone] == CallState::OnAir)
    }

    /// Must this one hear that tone?
    fn must_hear(&self, listener: Listener, tone: usize) -> bool {
        match listener {
            Listener::Host => tone != HOST && self.is_on_air(tone),
            Listener::Caller(caller) if self.states[caller] == CallState::Screening => {
                self.screener_of[caller].is_some_and(|screener| tone == SCREENERS[screener])
            }
            Listener::Caller(caller) => tone != caller && self.is_on_air(tone),
            Listener::Screener(screener) => match self.talks_with(screener) {
                Some(caller) => tone == caller,
                // At the desk all who talk to nobody hear the show, and each other.
                None => {
                    let other = SCREENERS.iter().position(|of| *of == tone).filter(|other| *other != screener);
                    self.is_on_air(tone) || other.is_some_and(|other| self.talks_with(other).is_none())
                }
            },
        }
    }

    /// Waits until all is as it must be for 100 ms, and then holds the next 100 ms against it.
    async fn settle(&mut self, sent: &Sent) {
        self.until_right().await;
        self.figures.settled.add(ms(sent.at.elapsed()));
        let from: Vec<usize> = listeners().map(|listener| self.position(listener)).collect();
        let mut windows = Vec::new();
        for listener in listeners() {
            windows.push(self.window_from(listener, from[index(listener)]).await);
        }
        if let Some(wrong) = self.wrong(|listener| Some(windows[index(listener)].clone())) {
            // What is missing for a moment on a machine that is busy with other things is counted; what is too much is a fault.
            assert!(wrong.is_missing, "once settled, {}: {}\n{:?}", wrong.what, self.told(), self.states);
            self.figures.missing.push(wrong.what);
            self.until_right().await;
        }
        for listener in listeners() {
            for (tone, loud) in levels(&windows[index(listener)], rate(listener)).into_iter().enumerate() {
                if self.must_hear(listener, tone) {
                    continue;
                }
                let is_own = listener == Listener::Caller(tone);
                if is_own { self.figures.owns.add(loud) } else { self.figures.leaks.add(loud) }
            }
        }
    }

    async fn until_right(&self) {
        let start: Vec<usize> = listeners().map(|listener| self.position(listener)).collect();
        let last_window = |listener| {
            let from = self.position(listener).checked_sub(window(listener))?;
            (from >= start[index(listener)]).then(|| self.samples(listener, from, window(listener)))
        };
        let mut last = None;
        let found = at_most(SETTLED, || {
            last = self.wrong(last_window);
            let is_right = last.is_none();
            async move { is_right.then_some(()) }
        });
        if found.await.is_none() {
            let what = last.map_or_else(String::new, |wrong| wrong.what);
            panic!("{what}: {}\n{:?}", self.told(), self.states);
        }
    }

    /// Who hears what they must not in these windows, or does not hear what they must.
    fn wrong(&self, window: impl Fn(Listener) -> Option<Vec<f32>>) -> Option<Wrong> {
        let mut missing: Vec<String> = Vec::new();
        for listener in listeners() {
            let Some(samples) = window(listener) else {
                return Some(Wrong { is_missing: true, what: format!("{listener:?} hears nothing yet") });
            };
            for (tone, loud) in levels(&samples, rate(listener)).into_iter().enumerate() {
                let what = || format!("{listener:?} hears tone {tone} at {loud:.1} dB");
                match self.must_hear(listener, tone) {
                    true if loud < HEARD => missing.push(what()),
                    false if loud > NOT_HEARD => return Some(Wrong { is_missing: false, what: what() }),
                    _ => {}
                }
            }
        }
        (!missing.is_empty()).then(|| Wrong { is_missing: true, what: missing.join(", ") })
    }

    async fn window_from(&self, listener: Listener, from: usize) -> Vec<f32> {
        match listener {
            Listener::Caller(caller) => self.caller(caller).span(from, window(listener)).await,
            Listener::Host => self.ears[0].span(from, window(listener)).await,
            Listener::Screener(screener) => self.ears[1 + screener].span(from, window(listener)).await,
        }
    }

    /// How fast the command was heard, and whether those whom it did not concern were heard all the time.
    fn measure(&mut self, caller: usize, doing: Doing, before: &[CallState], sent: &Sent) {
        let host = self.ears[0].heard();
        let samples = &host.samples[sent.host.saturating_sub(FRAME)..];
        let first_frame = sent.host.saturating_sub(FRAME) / FRAME;
        let came = |place: usize| host.came[first_frame + place / FRAME];
        let is_there = |from: usize, tone: usize| {
            samples.get(from..from + FRAME).map(|window| level_of_20_ms(window, ROOM_RATE, TONES[tone]) > THERE)
        };
        let places: Vec<usize> = (0..samples.len().saturating_sub(FRAME)).step_by(HOP).collect();
        let (was, is) = (before[caller] == CallState::OnAir, self.states[caller] == CallState::OnAir);
        if is && !was && doing == Doing::Air {
            let place = places.iter().find(|from| is_there(**from, caller) == Some(true)).expect("it is heard");
            let heard = came(place + FRAME / 2);
            self.figures.heard.add(ms(heard - sent.at));
            self.figures.heard_from_answer.add(ms(heard.saturating_duration_since(sent.answered)));
        }
        if was && !is {
            let place = places.iter().rev().find(|from| is_there(**from, caller) == Some(true));
            let silent = came(place.map_or(0, |place| place + FRAME / 2));
            self.figures.silent.add(ms(silent.saturating_duration_since(sent.at)));
        }
        for steady in (0..CALLERS).filter(|one| *one != caller && before[*one] == CallState::OnAir) {
            if self.states[steady] != CallState::OnAir {
                continue;
            }
            let mut run = 0;
            for from in &places {
                run = if is_there(*from, steady) == Some(true) { 0 } else { run + 1 };
                let gap = (run * HOP * 1000) as f64 / f64::from(ROOM_RATE);
                self.figures.longest_gap = self.figures.longest_gap.max(gap);
            }
        }
        drop(host);
        if is && !was {
            self.measure_phones(caller, before, sent);
        }
    }

    /// When telephones that hear the show heard who came on the air: in their own time, which counts 8,000 samples a second.
    fn measure_phones(&mut self, caller: usize, before: &[CallState], sent: &Sent) {
        const HOP: usize = PHONE_RATE as usize / 400;
        const FRAME: usize = PHONE_RATE as usize / 50;
        for listener in
            (0..CALLERS).filter(|one| *one != caller && before[*one].is_live() && self.states[*one].is_live())
        {
            let heard = self.caller(listener).heard();
            let samples: Vec<f32> =
                heard[sent.callers[listener]..].iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
            let windows = (0..samples.len().saturating_sub(FRAME)).step_by(HOP);
            let is_there =
                |from: &usize| level_of_20_ms(&samples[*from..*from + FRAME], PHONE_RATE, TONES[caller]) > THERE;
            if let Some(place) = windows.into_iter().find(is_there) {
                self.figures.heard_by_phones.add((place + FRAME / 2) as f64 * 1000.0 / f64::from(PHONE_RATE));
            }
        }
    }

    fn finish(self) {
        self.tell();
        let figures = &self.figures;
        let streams = self.streams();
        let clears: u64 = streams.iter().map(|stream| stream.clears).sum();
        assert_eq!(clears, self.clears as u64, "cleared when the caller must not hear what is queued, and only then");
        assert!(streams.iter().all(|stream| stream.errors.is_empty()), "{streams:?}");
        assert!(self.house.phones.company().reports().iter().all(|call| call.streams == 1), "no socket was lost");
        let (missing, commands) = (&figures.missing, figures.answers.count());
        assert!(missing.len() * 5 <= commands, "too often something is missing: {missing:#?}");
        // The short run shares its processors with other tests.
        if commands >= LONG && self.lost() == 0 && self.concealed() == 0 {
            assert!(figures.longest_gap <= LONGEST_GAP, "a gap of {} ms", figures.longest_gap);
        }
    }

    fn tell(&self) {
        let (figures, streams) = (&self.figures, self.streams());
        let mut table = Table::default();
        table.row("command to answer", figures.answers.line("ms"));
        table.row("command to heard by the host", figures.heard.line("ms"));
        table.row("answer to heard by the host", figures.heard_from_answer.line("ms"));
        table.row("command to not heard by the host any more", figures.silent.line("ms"));
        table.row("command to heard by telephones in the live room", figures.heard_by_phones.line("ms"));
        table.row("command to all as it must be, for 100 ms, for everybody", figures.settled.line("ms"));
        table.row("longest gap in a steady tone at the host", format!("{:.1} ms", figures.longest_gap));
        table.row("loudest of what must not be heard, once settled", format!("{:.1} dB", figures.leaks.most()));
        table.row("loudest of a caller's own voice, once settled", format!("{:.1} dB", figures.owns.most()));
        let clears: u64 = streams.iter().map(|stream| stream.clears).sum();
        table.row("clear, of telephones that left the room where it was said", format!("{clears} of {}", self.clears));
        let gaps: u64 = streams.iter().map(|stream| stream.underruns).sum();
        let gaps_ms: u64 = streams.iter().map(|stream| stream.underrun_ms).sum();
        table.row("gaps in what telephones heard", format!("{gaps}, {gaps_ms} ms together"));
        let lines = self.events.lines();
        table.row("frames of callers that were made up or left out", self.concealed().to_string());
        let backlogs: Numbers = lines.iter().map(|line| f64::from(line.backlog_ms)).collect();
        table.row("backlog of a line at the telephone company", backlogs.line("ms"));
        let missing = &figures.missing;
        table.row("commands after which something was missing for a moment, once settled", missing.len().to_string());
        table.row("frames that ears were too slow for", self.lost().to_string());
        table.print(&format!("{} random commands on {CALLERS} callers", figures.answers.count()));
        missing.iter().for_each(|what| println!("missing: {what}"));
    }

    fn streams(&self) -> Vec<StreamReport> {
        self.callers.iter().map(|ringing| ringing.caller.stream()).collect()
    }

    /// Frames of callers that came too late: then the machine made the gap, not a command.
    fn concealed(&self) -> u64 {
        let lines = self.events.lines();
        let of_each: BTreeMap<_, _> = lines.iter().map(|line| (&line.call_id, line.concealed)).collect();
        of_each.values().sum()
    }

    fn lost(&self) -> u64 {
        self.ears.iter().map(|ear| ear.heard().lost).sum()
    }

    fn caller(&self, caller: usize) -> &Caller {
        &self.callers[caller].caller
    }

    fn position(&self, listener: Listener) -> usize {
        match listener {
            Listener::Caller(caller) => self.caller(caller).position(),
            Listener::Host => self.ears[0].position(),
            Listener::Screener(screener) => self.ears[1 + screener].position(),
        }
    }

    fn samples(&self, listener: Listener, from: usize, count: usize) -> Vec<f32> {
        match listener {
            Listener::Caller(caller) => {
                let heard = self.caller(caller).heard();
                heard[from..from + count].iter().map(|sample| f32::from(*sample) / 32_768.0).collect()
            }
            Listener::Host => self.ears[0].heard().samples[from..from + count].to_vec(),
            Listener::Screener(screener) => self.ears[1 + screener].heard().samples[from..from + count].to_vec(),
        }
    }

    fn now(&self) -> Sent {
        let callers = (0..CALLERS).map(|caller| self.caller(caller).position()).collect();
        let (host, at) = (self.ears[0].position(), Instant::now());
        Sent { at, answered: at, host, callers }
    }

    /// The last commands, for when something is wrong.
    fn told(&self) -> String {
        let last = self.story.len().saturating_sub(5);
        format!("after {} commands, the last of them: {}", self.story.len(), self.story[last..].join("; "))
    }
}

fn listeners() -> impl Iterator<Item = Listener> {
    let screeners = (0..SCREENERS.len()).map(Listener::Screener);
    (0..CALLERS).map(Listener::Caller).chain([Listener::Host]).chain(screeners)
}

fn index(listener: Listener) -> usize {
    match listener {
        Listener::Caller(caller) => caller,
        Listener::Host => CALLERS,
        Listener::Screener(screener) => CALLERS + 1 + screener,
    }
}

fn rate(listener: Listener) -> u32 {
    match listener {
        Listener::Caller(_) => PHONE_RATE,
        Listener::Host | Listener::Screener(_) => ROOM_RATE,
    }
}

/// 100 ms.
fn window(listener: Listener) -> usize {
    rate(listener) as usize / 10
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
