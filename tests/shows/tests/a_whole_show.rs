//! One show from the first ring to the last drop, with six telephones and a host: who hears whom at each step, how loud, and
//! what becomes of calls whose callers hang up, press keys, lose their connection, or are wanted by two screeners at once.

use std::time::Duration;

use crosspoint_model::show::{CallLink, CallState, ShowEvent};
use crosspoint_shows_tests::studio::{Ringing, Seat};
use crosspoint_shows_tests::tone::{ODD, PHONE_RATE, ROOM_RATE, TONES, level};
use crosspoint_shows_tests::wait::until;
use crosspoint_shows_tests::{Caller, Ear, House, Mouth, Studio};
use serde_json::json;

const CALLERS: usize = 6;
/// The tones of those who are not callers.
const HOST: f64 = TONES[8];
const SCREENER: f64 = TONES[9];
/// Louder than this, relative to how it is said, is heard.
const HEARD: f64 = -3.0;
/// Softer than this is not.
const NOT_HEARD: f64 = -35.0;
/// A caller hears this little of themselves.
const OWN: f64 = -50.0;
/// From a command until nobody hears the old state any more, with what waits at the telephone company.
const SETTLED: Duration = Duration::from_secs(3);
const SECOND: usize = 1;

/// All who take part.
struct Show {
    house: House,
    studio: Studio,
    host: Seat,
    ear: Ear,
    screener: Seat,
    screener_ear: Ear,
    callers: Vec<Ringing>,
    _mouths: (Mouth, Mouth),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_show_goes_from_the_first_ring_to_the_last_drop_and_everybody_hears_whom_they_should() {
    let show = Show::begin().await;
    show.everybody_rings_and_hears_the_show_and_nobody_hears_them().await;
    show.a_screener_talks_to_one_alone().await;
    show.who_was_talked_to_waits_and_hears_the_show_until_on_the_air().await;
    show.two_on_the_air_hear_each_other_and_not_themselves().await;
    show.levels_are_kept_both_ways().await;
    show.who_is_on_hold_is_not_heard_and_goes_back_to_screening().await;
    show.keys_are_shown().await;
    show.who_loses_the_connection_comes_back_by_the_conference().await;
    show.a_connection_that_stalls_ends_no_call().await;
    show.who_hangs_up_is_off().await;
    show.who_is_dropped_is_hung_up().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_screeners_who_want_the_same_call_are_one_winner_and_one_who_is_told() {
    let house = House::open(&[]).await;
    let studio = house.show("race", "+14155550102").await;
    let ringing = studio.ring(&house.phones, 0).await;
    let screeners = [studio.seat("screener", "Ada").await, studio.seat("screener", "Ben").await];
    let mut sat = Vec::new();
    for screener in &screeners {
        sat.push(studio.sit(screener).await);
    }
    let mut won = [0; 2];
    for round in 0..50 {
        let pick_up = |who: usize| screeners[who].api.act(&studio.show, &ringing.call, "pick-up", json!({}));
        let (one, other) = tokio::join!(pick_up(round % 2), pick_up((round + 1) % 2));
        let answers = if round % 2 == 0 { [one, other] } else { [other, one] };
        let winner = usize::from(answers[1].status.is_success());
        let (first, second) = (&answers[winner], &answers[1 - winner]);
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 409), "round {round}: {answers:?}");
        assert_eq!(second.code(), "call-taken", "{}", second.body);
        let call = studio.call(&ringing.call).await;
        assert_eq!((call.state, call.screener.as_ref()), (CallState::Screening, Some(&screeners[winner].identity)));
        won[winner] += 1;
        studio.act(&screeners[winner].api, &ringing.call, "screened").await;
    }
    println!("of 50 races the first screener won {}, the second {}", won[0], won[1]);
}

impl Show {
    async fn begin() -> Self {
        let house = House::open(&[]).await;
        let studio = house.show("evening", "+14155550101").await;
        let host = studio.seat("host", "Hannah").await;
        let screener = studio.seat("screener", "Sam").await;
        let (ear, mut mouth) = studio.sit(&host).await;
        mouth.say_tone(HOST);
        let (screener_ear, mut screener_mouth) = studio.sit(&screener).await;
        screener_mouth.say_tone(SCREENER);
        let mut callers = Vec::new();
        for tone in 0..CALLERS {
            callers.push(studio.ring(&house.phones, tone).await);
        }
        Self { house, studio, host, ear, screener, screener_ear, callers, _mouths: (mouth, screener_mouth) }
    }

    fn caller(&self, index: usize) -> &Caller {
        &self.callers[index].caller
    }

    async fn host_does(&self, index: usize, verb: &str) {
        self.studio.act(&self.host.api, &self.callers[index].call, verb).await;
    }

    async fn screener_does(&self, index: usize, verb: &str) {
        self.studio.act(&self.screener.api, &self.callers[index].call, verb).await;
    }

    async fn everybody_rings_and_hears_the_show_and_nobody_hears_them(&self) {
        for index in 0..CALLERS {
            let call = self.studio.call(&self.callers[index].call).await;
            assert_eq!((call.state, call.link), (CallState::Ringing, CallLink::Connected));
            assert_eq!(call.number.as_deref(), Some(self.caller(index).from.as_str()));
            self.caller(index).until_level(SETTLED, "who rings hears the show", HOST, is_heard).await;
        }
        let lines: Vec<u32> =
            self.studio.operator.calls(&self.studio.show).await.iter().map(|call| call.line).collect();
        assert_eq!(lines, (1..=CALLERS as u32).collect::<Vec<_>>());
        for index in 0..CALLERS {
            self.hears_nobody_of(index, &self.everybody()).await;
        }
        self.host_hears(&[]).await;
    }

    async fn a_screener_talks_to_one_alone(&self) {
        self.screener_does(0, "pick-up").await;
        self.caller(0).until_level(SETTLED, "the caller hears the screener", SCREENER, is_heard).await;
        self.screener_ear.until_level(SETTLED, "the screener hears the caller", TONES[0], is_heard).await;
        let window = self.caller(0).next_window().await;
        assert!(level(&window, PHONE_RATE, HOST) < NOT_HEARD, "who talks in private does not hear the show");
        self.hears_nobody_of(0, &self.everybody()).await;
        self.host_hears(&[]).await;
        for other in 1..CALLERS {
            let window = self.caller(other).next_window().await;
            assert!(level(&window, PHONE_RATE, SCREENER) < NOT_HEARD, "caller {other} hears the screener of another");
        }
        self.screener_does(0, "screened").await;
        self.caller(0).until_level(SETTLED, "back in the lobby, the show is heard", HOST, is_heard).await;
        self.caller(0).until_level(SETTLED, "and not the screener", SCREENER, is_not_heard).await;
    }

    async fn who_was_talked_to_waits_and_hears_the_show_until_on_the_air(&self) {
        let notes = json!({"name": "Carla", "topic": "Bees"});
        let call = self.screener.api.act(&self.studio.show, &self.callers[0].call, "approve", notes).await;
        let call: crosspoint_model::show::CallView = call.ok();
        assert_eq!((call.state, call.notes.name.as_deref()), (CallState::Waiting, Some("Carla")));
        self.caller(0).until_level(SETTLED, "who waits hears the show", HOST, is_heard).await;
        self.host_hears(&[]).await;
        self.host_does(0, "air").await;
        self.ear.until_level(SETTLED, "the host hears who is on the air", TONES[0], is_heard).await;
        for other in 1..CALLERS {
            self.caller(other).until_level(SETTLED, "the lobby hears the show", TONES[0], is_heard).await;
        }
        self.host_hears(&[0]).await;
    }

    async fn two_on_the_air_hear_each_other_and_not_themselves(&self) {
        self.screener_does(1, "approve").await;
        self.host_does(1, "air").await;
        self.ear.until_level(SETTLED, "the host hears the second", TONES[1], is_heard).await;
        self.caller(0).until_level(SETTLED, "the first hears the second", TONES[1], is_heard).await;
        self.caller(1).until_level(SETTLED, "the second hears the first", TONES[0], is_heard).await;
        self.host_hears(&[0, 1]).await;
        for index in 0..2 {
            self.hears_nothing_of_themselves(index).await;
        }
    }

    async fn hears_nothing_of_themselves(&self, index: usize) {
        let caller = self.caller(index);
        caller.say_tone(ODD);
        self.ear.until_level(SETTLED, "the host hears the other tone", ODD, is_heard).await;
        let second = caller.span(caller.position(), PHONE_RATE as usize).await;
        let own = level(&second, PHONE_RATE, ODD);
        println!("caller {index} hears {own:.1} dB of themselves");
        assert!(own < OWN, "caller {index} hears themselves at {own} dB");
        caller.say_tone(caller.hz);
        self.ear.until_level(SETTLED, "the host hears the first tone again", caller.hz, is_heard).await;
    }

    async fn levels_are_kept_both_ways(&self) {
        let second = self.ear.span(self.ear.position(), SECOND * ROOM_RATE as usize).await;
        for (index, hz) in TONES.iter().enumerate().take(2) {
            let in_host_ear = level(&second, ROOM_RATE, *hz);
            let heard = self.caller(index).span(self.caller(index).position(), PHONE_RATE as usize).await;
            let in_telephone = level(&heard, PHONE_RATE, HOST);
            println!("caller {index} to host {in_host_ear:+.2} dB, host to caller {in_telephone:+.2} dB");
            assert!(in_host_ear.abs() < 1.0 && in_telephone.abs() < 1.0, "{in_host_ear} {in_telephone}");
        }
    }

    async fn who_is_on_hold_is_not_heard_and_goes_back_to_screening(&self) {
        self.host_does(0, "hold").await;
        self.ear.until_level(SETTLED, "who is on hold is not heard", TONES[0], is_not_heard).await;
        self.caller(0).until_level(SETTLED, "who is on hold hears the show", TONES[1], is_heard).await;
        self.host_hears(&[1]).await;
        self.host_does(0, "screen").await;
        // The screener talks to nobody, so the caller goes straight to them.
        let call = self.studio.call(&self.callers[0].call).await;
        assert_eq!((call.state, call.screener.as_ref()), (CallState::Screening, Some(&self.screener.identity)));
        self.caller(0).until_level(SETTLED, "back with the screener", SCREENER, is_heard).await;
        self.caller(0).until_level(SETTLED, "the show is not heard there", HOST, is_not_heard).await;
        self.hears_nobody_of(0, &self.everybody()).await;
        self.screener_does(0, "screened").await;
        self.caller(0).until_level(SETTLED, "back in the lobby", HOST, is_heard).await;
    }

    async fn keys_are_shown(&self) {
        self.caller(2).press("7#");
        let view =
            self.studio.until_call("the keys are shown", &self.callers[2].call, |call| call.digits == "7#").await;
        assert_eq!(view.state, CallState::Ringing);
    }

    async fn who_loses_the_connection_comes_back_by_the_conference(&self) {
        let call = &self.callers[1].call;
        self.caller(1).cut();
        self.ear.until_level(SETTLED, "who is cut off is silent", TONES[1], is_not_heard).await;
        self.studio.until_back(call, CallState::OnAir).await;
        self.ear.until_level(SETTLED, "who came back is heard", TONES[1], is_heard).await;
        self.caller(1).until_level(SETTLED, "and hears", HOST, is_heard).await;
        let report = self.caller(1).report();
        assert_eq!(report.streams, 2, "{:#?}", report.log);
        let was_in_conference = report.log.iter().any(|line| line.what == "conference");
        assert!(was_in_conference, "it fell into the conference: {:#?}", report.log);
        let what = self.what_happened(call).await;
        for happened in ["lost", "in-conference", "connected"] {
            assert!(what.iter().any(|what| what == happened), "no {happened} in {what:?}");
        }
    }

    async fn a_connection_that_stalls_ends_no_call(&self) {
        self.caller(1).stall(Duration::from_millis(800));
        self.ear.until_level(SETTLED, "what does not come is not heard", TONES[1], is_not_heard).await;
        self.ear.until_level(SETTLED, "and afterwards it is again", TONES[1], is_heard).await;
        let call = self.studio.call(&self.callers[1].call).await;
        assert_eq!((call.state, call.link), (CallState::OnAir, CallLink::Connected));
        assert_eq!(self.caller(1).report().streams, 2, "the socket stayed");
    }

    async fn who_hangs_up_is_off(&self) {
        self.caller(1).hang_up();
        let call = self.studio.until_call("the call is off", &self.callers[1].call, |call| call.state.is_over()).await;
        assert_eq!((call.state, call.active_room), (CallState::Off, None));
        assert!(call.end_reason.is_some() && call.ended_at.is_some());
        self.ear.until_level(SETTLED, "who hung up is not heard", TONES[1], is_not_heard).await;
    }

    async fn who_is_dropped_is_hung_up(&self) {
        for index in [0, 2, 3, 4, 5] {
            self.host_does(index, "drop").await;
        }
        for index in [0, 2, 3, 4, 5] {
            let report = self.caller(index).until_over().await;
            assert!(report.conference.is_none(), "who is dropped does not fall into the conference: {:#?}", report.log);
            assert!(!report.log.iter().any(|line| line.what == "conference"), "{:#?}", report.log);
            let call = self.studio.call(&self.callers[index].call).await;
            assert_eq!(call.state, CallState::Dropped);
        }
        let over = || async {
            (self.house.phones.company().reports().iter().all(|call| call.end_reason.is_some())).then_some(())
        };
        until("all telephones are free", over).await;
    }

    fn everybody(&self) -> Vec<usize> {
        (0..CALLERS).collect()
    }

    /// In 100 ms from now on a caller hears none of these callers.
    async fn hears_nobody_of(&self, listener: usize, talkers: &[usize]) {
        let window = self.caller(listener).next_window().await;
        for talker in talkers {
            let loud = level(&window, PHONE_RATE, TONES[*talker]);
            assert!(loud < NOT_HEARD, "caller {listener} hears caller {talker} at {loud:.1} dB");
        }
    }

    /// In 100 ms from now on the host hears these callers and no other ones, not the screener, and not themselves.
    async fn host_hears(&self, on_air: &[usize]) {
        let window = self.ear.next_window().await;
        for (talker, hz) in TONES.iter().enumerate().take(CALLERS) {
            let loud = level(&window, ROOM_RATE, *hz);
            let fits = if on_air.contains(&talker) { loud > HEARD } else { loud < NOT_HEARD };
            assert!(fits, "the host hears caller {talker} at {loud:.1} dB, on the air are {on_air:?}");
        }
        for hz in [HOST, SCREENER] {
            let loud = level(&window, ROOM_RATE, hz);
            assert!(loud < NOT_HEARD, "the host hears {hz} Hz at {loud:.1} dB");
        }
    }

    async fn what_happened(&self, call: &str) -> Vec<String> {
        let history = self.studio.operator.history(&self.studio.show, call).await;
        let what = history.into_iter().filter_map(|event| match event {
            ShowEvent::Call { what, .. } => Some(what),
            _ => None,
        });
        what.collect()
    }
}

fn is_heard(level: f64) -> bool {
    level > HEARD
}

fn is_not_heard(level: f64) -> bool {
    level < NOT_HEARD
}
