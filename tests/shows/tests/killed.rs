//! `kill -9` at random points while commands run: what was acknowledged is in the store, calls come back through the telephone
//! company's conference to their place, and who hung up meanwhile is off, with a reason. `SHOW_KILLS=200` for the long run.

use std::time::Duration;

use crosspoint_model::show::{CallLink, CallState, CallView, ShowEvent};
use crosspoint_phone_sim::CallState as Telephone;
use crosspoint_shows_tests::chance::setting;
use crosspoint_shows_tests::figures::Numbers;
use crosspoint_shows_tests::studio::{Ringing, Seat};
use crosspoint_shows_tests::wait::{PATIENCE, at_most};
use crosspoint_shows_tests::{Api, House, Seed, Studio};
use fastrand::Rng;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

const CALLERS: usize = 6;
/// Commands run for between these before the power goes, in ms.
const RUNS: std::ops::Range<u64> = 20..600;
/// Of so many kills one comes while a caller hangs up.
const HANG_UPS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_outlasts_kills_at_random_points_and_calls_come_back_to_their_place() {
    let seed = Seed::of_this_run();
    let mut run = Run::begin(seed).await;
    let kills = setting("SHOW_KILLS", 6);
    for kill in 0..kills {
        run.kill_amid_commands(kill).await;
    }
    run.tell(kills);
}

/// A command, and what became of it.
#[derive(Clone, Debug)]
struct Done {
    verb: &'static str,
    /// The text that it notes, which no other command has; empty: nothing goes with this verb.
    serial: String,
    /// The call as the server acknowledged it; none: no answer came.
    acknowledged: Option<CallView>,
}

/// All that was done with one call.
#[derive(Debug)]
struct Book {
    ringing: Ringing,
    /// As it was when its commander began.
    before: CallView,
    done: Vec<Done>,
}

struct Run {
    house: House,
    studio: Studio,
    host: Seat,
    screener: Seat,
    dice: Rng,
    books: Vec<Book>,
    next_serial: u64,
    next_number: usize,
    acknowledged: usize,
    in_between: usize,
    orphans: usize,
    drops: usize,
    back: Numbers,
}

impl Run {
    async fn begin(seed: Seed) -> Self {
        let house = House::open(&[]).await;
        let studio = house.show("power", "+14155550101").await;
        let host = studio.seat("host", "Hannah").await;
        let screener = studio.seat("screener", "Sam").await;
        let (books, back) = (Vec::new(), Numbers::default());
        let (next_serial, next_number, acknowledged, in_between, orphans, drops) = (0, 0, 0, 0, 0, 0);
        let dice = seed.dice(1);
        let mut run = Self {
            house,
            studio,
            host,
            screener,
            dice,
            books,
            next_serial,
            next_number,
            acknowledged,
            in_between,
            orphans,
            drops,
            back,
        };
        run.fill_lines().await;
        run
    }

    /// As many call as were lost.
    async fn fill_lines(&mut self) {
        while self.books.len() < CALLERS {
            let ringing = self.ring().await;
            let before = self.studio.call(&ringing.call).await;
            self.books.push(Book { ringing, before, done: Vec::new() });
        }
    }

    async fn ring(&mut self) -> Ringing {
        let tone = self.next_number % CALLERS;
        let caller = self.house.phones.place(&format!("+1202555{:04}", self.next_number), &self.studio.number, tone);
        self.next_number += 1;
        let call = self.studio.arrival(&caller).await;
        Ringing { caller, call }
    }

    /// Somebody is dropped at some point before the power goes. Was it acknowledged?
    fn drop_at(&self, call: &str, at: Instant) -> JoinHandle<bool> {
        let (api, path) = (self.host.api.clone(), format!("/api/shows/{}/calls/{call}/drop", self.studio.show));
        tokio::spawn(async move {
            sleep_until(at).await;
            api.ask(Method::POST, &path, Some(&json!({}))).await.is_ok_and(|answer| answer.status.is_success())
        })
    }

    /// Whose drop was acknowledged is out: in the store, and at the telephone company.
    async fn see_who_is_out(&mut self, dropped: &Ringing, acknowledged: bool) {
        let is_kept = self.studio.call(&dropped.call).await.state == CallState::Dropped;
        assert!(is_kept || !acknowledged, "acknowledged and lost");
        self.acknowledged += usize::from(acknowledged);
        self.drops += usize::from(acknowledged);
        if !is_kept {
            dropped.caller.hang_up();
        }
        dropped.caller.until_over().await;
    }

    async fn kill_amid_commands(&mut self, kill: usize) {
        let dropped = self.ring().await;
        let runs = self.dice.u64(RUNS);
        let deadline = Instant::now() + Duration::from_millis(runs);
        let drop_at = Instant::now() + Duration::from_millis(self.dice.u64(0..runs));
        let dropping = self.drop_at(&dropped.call, drop_at);
        let mut work = Vec::new();
        for book in self.books.drain(..) {
            self.next_serial += 100_000;
            let commander = Commander {
                studio: self.studio.clone(),
                apis: [self.host.api.clone(), self.screener.api.clone()],
                dice: Rng::with_seed(self.dice.u64(..)),
                next_serial: self.next_serial,
            };
            work.push(tokio::spawn(commander.work(book)));
        }
        sleep_until(deadline).await;
        self.house.server.kill();
        for commander in work {
            self.books.push(commander.await.expect("it works until the server is gone"));
        }
        let orphan = (kill % HANG_UPS == 1).then(|| self.dice.usize(0..self.books.len()));
        if let Some(orphan) = orphan {
            self.books[orphan].ringing.caller.hang_up();
            self.books[orphan].ringing.caller.until_over().await;
        }
        self.house.server.launch();
        let since = Instant::now();
        self.house.server.ready().await;
        self.hold_the_store_against_the_books().await;
        let acknowledged = dropping.await.expect("it asks until the server is gone");
        self.see_who_is_out(&dropped, acknowledged).await;
        self.see_who_comes_back(orphan, since).await;
        self.hold_the_store_against_the_company().await;
        self.fill_lines().await;
    }

    async fn hold_the_store_against_the_books(&mut self) {
        for book in &self.books {
            let call = self.studio.call(&book.ringing.call).await;
            let history = self.studio.operator.history(&self.studio.show, &book.ringing.call).await;
            self.acknowledged += book.done.iter().filter(|done| done.acknowledged.is_some()).count();
            let is_kept = |done: &&Done| history.iter().any(|event| is_of(event, done));
            let lost: Vec<&Done> =
                book.done.iter().filter(|done| done.acknowledged.is_some()).filter(|done| !is_kept(done)).collect();
            assert!(lost.is_empty(), "acknowledged and lost: {lost:#?}\n{history:#?}");
            // Only the last can be unanswered.
            let (sure, unsure) = match book.done.split_last() {
                Some((last, before)) if last.acknowledged.is_none() => (before.last(), Some(last)),
                _ => (book.done.last(), None),
            };
            if call.state.is_over() {
                continue;
            }
            let before = sure.and_then(|done| done.acknowledged.as_ref()).unwrap_or(&book.before);
            if is_as(&call, before) {
                continue;
            }
            let Some(done) = unsure else { panic!("the call is {call:#?}, but was acknowledged as {before:#?}") };
            assert!(is_whole(&call, before, done), "{done:?} is half there: {before:#?} and then {call:#?}");
            let told = |event: &ShowEvent| matches!(event, ShowEvent::Call { call: then, .. } if is_as(&call, then));
            assert!(history.iter().any(told), "{done:?} is not in the history: {call:#?}\n{history:#?}");
            self.in_between += 1;
        }
    }

    /// Whoever is on the telephone is in the show, and nobody else is.
    async fn hold_the_store_against_the_company(&self) {
        let calls = self.studio.operator.calls(&self.studio.show).await;
        for report in self.house.phones.company().reports() {
            let view = calls.iter().find(|call| call.call_sid.as_deref() == Some(&report.call_sid));
            let (is_there, is_in_show) =
                (report.state != Telephone::Ended, view.is_some_and(|view| !view.state.is_over()));
            assert_eq!(is_there, is_in_show, "{report:#?}\n{view:#?}");
        }
    }

    async fn see_who_comes_back(&mut self, orphan: Option<usize>, since: Instant) {
        for (index, book) in self.books.iter().enumerate() {
            let call = &book.ringing.call;
            if Some(index) == orphan {
                let view = self.studio.until_call("an orphan is off", call, |call| call.state.is_over()).await;
                let reason = view.end_reason.as_deref().unwrap_or_default();
                assert!(!reason.is_empty() && view.ended_at.is_some(), "{view:#?}");
                self.orphans += 1;
                continue;
            }
            let before = self.studio.call(call).await;
            let found = at_most(PATIENCE, || async {
                let view = self.studio.call(call).await;
                (view.link == CallLink::Connected || view.state.is_over()).then_some(view)
            });
            let view = match found.await {
                Some(view) => view,
                None => panic!("{}", self.story(book).await),
            };
            assert!(!view.state.is_over(), "{}", self.story(book).await);
            self.back.add(since.elapsed().as_secs_f64() * 1000.0);
            assert_eq!((view.state, &view.active_room), (before.state, &before.active_room), "it is where it was");
            let report = book.ringing.caller.report();
            assert!(
                report.log.iter().any(|line| line.what == "conference"),
                "not by the conference: {:#?}",
                report.log
            );
        }
        self.books.retain(|book| !book.ringing.caller.is_over());
        for book in &mut self.books {
            book.done.clear();
            book.before = self.studio.call(&book.ringing.call).await;
        }
    }

    /// What became of a call, as the server and as the telephone company see it.
    async fn story(&self, book: &Book) -> String {
        let view = self.studio.call(&book.ringing.call).await;
        let log = book.ringing.caller.report().log;
        let last: Vec<String> =
            log.iter().rev().take(40).rev().map(|line| format!("{} {} {}", line.at_ms, line.what, line.text)).collect();
        let server = self.house.server.log();
        let is_of_call = |line: &&str| line.contains(&view.call_id) || line.contains(&book.ringing.caller.sid);
        let told: Vec<&str> = server.lines().filter(is_of_call).collect();
        let told = told[told.len().saturating_sub(20)..].join("\n");
        format!(
            "it does not come back to its place: {view:#?}\ntelephone company:\n{}\nserver:\n{told}",
            last.join("\n")
        )
    }

    fn tell(&self, kills: usize) {
        println!(
            "{kills} kills: {} acknowledged commands, {} of them drops, none lost; {} without an answer were kept whole; {} orphans closed",
            self.acknowledged, self.drops, self.in_between, self.orphans
        );
        println!("from the new start to a call's sound: {}", self.back.line("ms"));
        assert!(self.acknowledged > kills, "there were commands to lose");
    }
}

/// Does one thing after the other with one call, until nobody answers.
struct Commander {
    studio: Studio,
    /// The host's and the screener's.
    apis: [Api; 2],
    dice: Rng,
    next_serial: u64,
}

impl Commander {
    async fn work(mut self, mut book: Book) -> Book {
        let call = book.ringing.call.clone();
        let mut state = book.before.state;
        loop {
            let verb = self.choose(state);
            let takes_notes = matches!(verb, "approve" | "notes");
            let serial = if takes_notes { format!("serial-{}", self.next_serial) } else { String::new() };
            self.next_serial += 1;
            let api = &self.apis[usize::from(verb == "approve")];
            let (acknowledged, refused) = self.ask(api, &call, verb, &serial).await;
            if refused {
                continue;
            }
            let is_over = acknowledged.is_none();
            if let Some(view) = &acknowledged {
                state = view.state;
            }
            book.done.push(Done { verb, serial, acknowledged });
            if is_over {
                return book;
            }
        }
    }

    fn choose(&mut self, state: CallState) -> &'static str {
        let choices: &[&str] = match state {
            CallState::Ringing | CallState::Screened => &["approve", "notes"],
            CallState::Waiting => &["air", "next", "screen", "notes"],
            CallState::Next => &["air", "screen"],
            CallState::OnAir => &["hold", "hold", "screen", "notes"],
            CallState::Hold => &["air", "air", "screen", "notes"],
            state => panic!("nobody picks up, and yet a call is {state:?}"),
        };
        choices[self.dice.usize(0..choices.len())]
    }

    /// What can be noted with a command is something new, so that it can be found again. What is refused changes nothing.
    async fn ask(&self, api: &Api, call: &str, verb: &str, serial: &str) -> (Option<CallView>, bool) {
        let path = format!("/api/shows/{}/calls/{call}/{verb}", self.studio.show);
        let body = if serial.is_empty() { json!({}) } else { json!({"topic": serial}) };
        match api.ask(Method::POST, &path, Some(&body)).await {
            Ok(answer) if answer.status.is_success() => (Some(answer.ok()), false),
            // Another call was made the next one meanwhile.
            Ok(answer) if answer.code() == "call-state" => (None, true),
            Ok(answer) => panic!("{verb}: {} {}", answer.status, answer.body),
            Err(_) => (None, false),
        }
    }
}

/// Does this event tell of that command?
fn is_of(event: &ShowEvent, done: &Done) -> bool {
    let (ShowEvent::Call { call, .. }, Some(view)) = (event, &done.acknowledged) else { return false };
    is_as(call, view)
}

/// Is the call as it was acknowledged? Another one may have been made the next one since.
fn is_as(call: &CallView, view: &CallView) -> bool {
    let is_same = call.state == view.state && call.state_since == view.state_since;
    let made_room = view.state == CallState::Next && call.state == CallState::Waiting;
    let rest = call.notes == view.notes && call.approved_at == view.approved_at && call.aired_at == view.aired_at;
    (is_same || made_room) && rest
}

/// Is the call as this command would have made it, in everything?
fn is_whole(call: &CallView, before: &CallView, done: &Done) -> bool {
    let topic = call.notes.topic.as_deref();
    let noted =
        if done.serial.is_empty() { topic == before.notes.topic.as_deref() } else { topic == Some(&done.serial) };
    let is_same = call.state == before.state && call.state_since == before.state_since;
    noted && state_after(done.verb).map_or(is_same, |states| states.contains(&call.state) && !is_same)
}

/// The states that a verb may lead to; none: it leaves the state as it is.
fn state_after(verb: &str) -> Option<&'static [CallState]> {
    match verb {
        "approve" => Some(&[CallState::Waiting]),
        // Another one may have been made the next one since.
        "next" => Some(&[CallState::Next, CallState::Waiting]),
        "air" => Some(&[CallState::OnAir]),
        "hold" => Some(&[CallState::Hold]),
        "screen" => Some(&[CallState::Screened]),
        _ => None,
    }
}
