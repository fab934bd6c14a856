//! The rules of a show, each as a sentence.

use crosspoint_model::show::{
    CallLink, CallNotes, CallState, ConnectionType, ShowEvent, ShowMedia, ShowRole, ShowSettings, StaffView,
};
use crosspoint_model::{Code, Refusal};

use super::{Command, Deed, Newcomer, Outcome, PAST_CALLS, Show, Verb, Words, make};
use crate::actor::{Actor, Role};

/// A show in which things are done, a second after each other.
struct Studio {
    show: Show,
    now: u64,
}

impl Studio {
    fn new() -> Self {
        Self::with(ShowSettings { lines: 5, ..ShowSettings::default() })
    }

    fn with(settings: ShowSettings) -> Self {
        let (show, _) = make("morning", settings, "123456".into(), &Actor::operator(), 1000).expect("a show");
        Self { show, now: 1000 }
    }

    fn run(&mut self, actor: &Actor, command: Command) -> Result<Outcome, Refusal> {
        self.now += 1000;
        self.show.handle(command, actor, self.now)
    }

    fn act(&mut self, actor: &Actor, verb: Verb, call: &str) -> Result<Outcome, Refusal> {
        self.run(actor, Command::Act { call: call.into(), verb, words: Words::default() })
    }

    fn host(&mut self, verb: Verb, call: &str) -> Outcome {
        self.act(&host(), verb, call).expect("may and can")
    }

    fn refused(&mut self, actor: &Actor, verb: Verb, call: &str) -> Code {
        self.act(actor, verb, call).expect_err("refused").code
    }

    /// A call that is connected.
    fn ring(&mut self, call: &str, kind: ConnectionType) {
        self.run(&Actor::server(), Command::Ring(Box::new(newcomer(call, kind)))).expect("rings");
        self.link(call, CallLink::Connected);
    }

    fn link(&mut self, call: &str, link: CallLink) -> Outcome {
        self.run(&Actor::server(), Command::Link { call: call.into(), link }).expect("is not over")
    }

    fn phone(&mut self, call: &str) {
        self.ring(call, ConnectionType::MediaStream);
    }

    fn waiting(&mut self, call: &str) {
        self.phone(call);
        self.host(Verb::Approve, call);
    }

    fn state(&self, call: &str) -> CallState {
        self.show.calls[call].state
    }

    fn sits(&mut self, who: &Actor, role: ShowRole) {
        let view =
            StaffView { identity: who.identity.clone(), name: who.name.clone(), role, room: "desk-morning".into() };
        self.show.staff.insert(who.identity.clone(), view);
    }
}

fn newcomer(call: &str, kind: ConnectionType) -> Newcomer {
    let is_phone = kind == ConnectionType::MediaStream;
    Newcomer {
        call_id: call.into(),
        connection_type: kind,
        call_sid: is_phone.then(|| format!("CA-{call}")),
        provider: is_phone.then(|| "twilio".into()),
        number: None,
        caller: None,
        notes: CallNotes::default(),
    }
}

fn actor(identity: &str, role: Role) -> Actor {
    Actor { identity: identity.into(), name: identity.to_uppercase(), role }
}

fn host() -> Actor {
    actor("host-1", Role::Host)
}

fn screener(name: &str) -> Actor {
    actor(name, Role::Screener)
}

fn whats(outcome: &Outcome) -> Vec<String> {
    let what = |event: &ShowEvent| match event {
        ShowEvent::Call { what, call, .. } => format!("{what} {}", call.call_id),
        ShowEvent::Show { what, .. } => what.clone(),
        other => panic!("{other:?} is not kept"),
    };
    outcome.events.iter().map(what).collect()
}

#[test]
fn a_call_goes_from_ringing_to_the_air_and_every_step_is_written_down() {
    let mut studio = Studio::new();
    let ann = screener("ann");
    studio.phone("a");
    assert_eq!(studio.state("a"), CallState::Ringing);
    assert_eq!(studio.show.calls["a"].active_room.as_deref(), Some("lobby-morning"));
    assert_eq!(whats(&studio.act(&ann, Verb::PickUp, "a").expect("picks up")), ["picked-up a"]);
    assert_eq!(studio.show.calls["a"].active_room.as_deref(), Some("screening-morning-a"));
    assert_eq!(whats(&studio.act(&ann, Verb::Screened, "a").expect("puts back")), ["screened a"]);
    assert_eq!(whats(&studio.act(&ann, Verb::Approve, "a").expect("approves")), ["approved a"]);
    assert_eq!(whats(&studio.host(Verb::Next, "a")), ["made-next a"]);
    assert_eq!(whats(&studio.host(Verb::Air, "a")), ["aired a"]);
    assert_eq!(whats(&studio.host(Verb::Hold, "a")), ["held a"]);
    let dropped = studio.host(Verb::Drop, "a");
    assert_eq!(whats(&dropped), ["dropped a"]);
    let ShowEvent::Call { by, at, call, seq, .. } = &dropped.events[0] else { panic!("a call's event") };
    assert_eq!((by.as_deref(), *at, *seq), (Some("host-1"), studio.now, studio.show.seq));
    assert_eq!((call.active_room.as_deref(), call.ended_at), (None, Some(studio.now)));
    assert_eq!(call.aired_at, Some(studio.now - 2000));
}

#[test]
fn of_two_screeners_who_pick_up_one_call_one_has_it_and_the_other_is_told_who() {
    let mut studio = Studio::new();
    studio.phone("a");
    let (ann, bob) = (screener("ann"), screener("bob"));
    studio.sits(&ann, ShowRole::Screener);
    studio.act(&ann, Verb::PickUp, "a").expect("is first");
    let refusal = studio.act(&bob, Verb::PickUp, "a").expect_err("is second");
    assert_eq!(refusal.code, Code::CallTaken);
    assert!(refusal.detail.contains("ANN"), "{}", refusal.detail);
    assert!(studio.act(&ann, Verb::PickUp, "a").expect("has it").events.is_empty());
    assert_eq!(studio.show.calls["a"].screener.as_deref(), Some("ann"));
}

#[test]
fn who_picks_up_another_call_puts_the_first_one_back() {
    let mut studio = Studio::new();
    let ann = screener("ann");
    studio.phone("a");
    studio.phone("b");
    studio.act(&ann, Verb::PickUp, "a").expect("picks up");
    let outcome = studio.act(&ann, Verb::PickUp, "b").expect("picks up");
    assert_eq!(whats(&outcome), ["screened a", "picked-up b"]);
    assert_eq!(outcome.call.as_deref(), Some("b"), "it is about the one that was asked for");
    assert_eq!(studio.show.call_of_screener("ann").map(|call| call.call_id.as_str()), Some("b"));
}

#[test]
fn nobody_is_on_the_air_who_was_not_approved() {
    let mut studio = Studio::new();
    studio.phone("a");
    for verb in [Verb::Air, Verb::Next, Verb::Hold, Verb::Screen, Verb::Screened] {
        assert_eq!(studio.refused(&host(), verb, "a"), Code::CallState, "{verb:?}");
    }
    studio.act(&screener("ann"), Verb::PickUp, "a").expect("picks up");
    assert_eq!(studio.refused(&host(), Verb::Air, "a"), Code::CallState);
    assert_eq!(studio.run(&host(), Command::TakeNext).expect_err("nobody waits").code, Code::CallState);
}

#[test]
fn the_next_one_is_the_one_that_is_marked_else_the_one_that_waits_longest() {
    let mut studio = Studio::new();
    for call in ["c", "a", "b"] {
        studio.waiting(call);
    }
    studio.host(Verb::Next, "b");
    let outcome = studio.run(&host(), Command::TakeNext).expect("takes");
    assert_eq!((whats(&outcome), outcome.call.as_deref()), (vec!["aired b".to_owned()], Some("b")));
    let outcome = studio.run(&host(), Command::TakeNext).expect("takes");
    assert_eq!(whats(&outcome), ["held b", "aired c"], "the one that waits longest");
    studio.host(Verb::Next, "b");
    let outcome = studio.run(&host(), Command::TakeNext).expect("takes");
    assert_eq!(whats(&outcome), ["held c", "aired b"], "also one that was on the air before");
}

#[test]
fn only_one_call_is_marked_next() {
    let mut studio = Studio::new();
    studio.waiting("a");
    studio.waiting("b");
    studio.host(Verb::Next, "a");
    assert_eq!(whats(&studio.host(Verb::Next, "b")), ["approved a", "made-next b"]);
    assert_eq!((studio.state("a"), studio.state("b")), (CallState::Waiting, CallState::Next));
}

#[test]
fn whose_sound_is_away_is_passed_over_until_it_is_back() {
    let mut studio = Studio::new();
    studio.waiting("a");
    studio.waiting("b");
    studio.host(Verb::Next, "a");
    studio.link("a", CallLink::Lost);
    assert_eq!(studio.run(&host(), Command::TakeNext).expect("takes").call.as_deref(), Some("b"));
    studio.link("a", CallLink::Connected);
    assert_eq!(studio.run(&host(), Command::TakeNext).expect("takes").call.as_deref(), Some("a"));
}

#[test]
fn taking_the_next_drops_the_one_before_where_that_is_set_but_no_locked_line_and_no_guest() {
    let settings = ShowSettings { take_drops_previous: true, ..ShowSettings::default() };
    let mut studio = Studio::with(settings);
    for call in ["a", "b", "d"] {
        studio.waiting(call);
    }
    studio.ring("guest", ConnectionType::Webrtc);
    studio.host(Verb::Approve, "guest");
    for call in ["a", "b", "guest"] {
        studio.host(Verb::Air, call);
    }
    assert_eq!(whats(&studio.host(Verb::Lock, "b")), ["locked b"]);
    let outcome = studio.run(&host(), Command::TakeNext).expect("takes");
    assert_eq!(whats(&outcome), ["dropped a", "held guest", "aired d"]);
    assert_eq!(studio.state("b"), CallState::OnAir, "locked lines stay");
    assert!(outcome.deeds.contains(&Deed::PutOut("a".into())));
    studio.host(Verb::Unlock, "b");
    studio.waiting("e");
    let outcome = studio.run(&host(), Command::TakeNext).expect("takes");
    assert_eq!(whats(&outcome), ["dropped b", "dropped d", "aired e"]);
}

#[test]
fn a_host_sends_a_caller_back_to_a_screener_who_is_idle_else_to_the_lobby() {
    let mut studio = Studio::new();
    let ann = screener("ann");
    studio.sits(&ann, ShowRole::Screener);
    for call in ["a", "b"] {
        studio.phone(call);
        studio.act(&ann, Verb::PickUp, call).expect("picks up");
        studio.act(&ann, Verb::Approve, call).expect("approves");
        studio.host(Verb::Air, call);
    }
    let outcome = studio.host(Verb::Screen, "a");
    assert_eq!((whats(&outcome), studio.state("a")), (vec!["returned a".to_owned()], CallState::Screening));
    assert!(outcome.deeds.contains(&Deed::SettleStaff("ann".into())));
    let outcome = studio.host(Verb::Screen, "b");
    assert_eq!((studio.state("b"), studio.show.calls["b"].returned), (CallState::Screened, true), "she is busy");
    let ShowEvent::Call { call, .. } = &outcome.events[0] else { panic!("a call's event") };
    assert!(call.returned, "and the event says so");
    assert_eq!(studio.show.calls["a"].screener.as_deref(), Some("ann"));
    studio.act(&screener("bob"), Verb::PickUp, "b").expect("whoever picks it up");
    assert!(!studio.show.calls["b"].returned);
}

#[test]
fn whom_a_screener_leaves_for_good_waits_in_the_lobby_for_another() {
    let mut studio = Studio::new();
    let ann = screener("ann");
    studio.sits(&ann, ShowRole::Screener);
    studio.phone("a");
    studio.act(&ann, Verb::PickUp, "a").expect("picks up");
    assert!(studio.run(&Actor::server(), Command::Leave("ann".into())).expect("is there").events.is_empty());
    studio.show.staff.clear();
    let outcome = studio.run(&Actor::server(), Command::Leave("ann".into())).expect("has gone");
    assert_eq!((whats(&outcome), studio.state("a")), (vec!["returned a".to_owned()], CallState::Screened));
    assert!(outcome.deeds.contains(&Deed::Fold("a".into())));
}

#[test]
fn what_waits_to_be_played_is_cleared_exactly_where_it_must_not_be_heard() {
    let mut studio = Studio::new();
    let clears = |outcome: &Outcome| outcome.deeds.contains(&Deed::Clear("a".into()));
    let ann = screener("ann");
    studio.phone("a");
    assert!(!clears(&studio.act(&ann, Verb::PickUp, "a").expect("picks up")));
    assert!(clears(&studio.act(&ann, Verb::Screened, "a").expect("back")), "the screener's last word is in private");
    assert!(!clears(&studio.host(Verb::Approve, "a")), "from the lobby, which hears the show as well");
    for verb in [Verb::Air, Verb::Hold, Verb::Next, Verb::Air] {
        assert!(!clears(&studio.host(verb, "a")), "{verb:?}");
    }
    assert!(clears(&studio.host(Verb::Screen, "a")));
    studio.host(Verb::Approve, "a");
    let dropped = studio.host(Verb::Drop, "a");
    assert!(clears(&dropped));
    let at = |deed: &Deed| dropped.deeds.iter().position(|other| other == deed);
    assert!(at(&Deed::PutOut("a".into())) < at(&Deed::Clear("a".into())), "what is queued until the move goes as well");
}

#[test]
fn a_screener_does_not_decide_what_is_on_the_air_and_a_guest_only_hangs_up() {
    let mut studio = Studio::new();
    studio.waiting("a");
    studio.waiting("b");
    let ann = screener("ann");
    for verb in [Verb::Air, Verb::Hold, Verb::Next] {
        assert_eq!(studio.refused(&ann, verb, "a"), Code::Forbidden, "{verb:?}");
    }
    for command in [
        Command::TakeNext,
        Command::Open,
        Command::Close,
        Command::Finish,
        Command::Switch(ShowMedia::Conference),
        Command::Change(Box::default()),
        Command::Link { call: "a".into(), link: CallLink::Lost },
        Command::Over { call: "a".into(), reason: String::new() },
    ] {
        assert_eq!(studio.run(&ann, command).expect_err("refused").code, Code::Forbidden);
    }
    let guest = actor("call-a", Role::Guest("a".into()));
    for &verb in Verb::ALL.iter().filter(|verb| **verb != Verb::HangUp) {
        assert_eq!(studio.refused(&guest, verb, "a"), Code::Forbidden, "{verb:?}");
    }
    assert_eq!(studio.refused(&guest, Verb::HangUp, "b"), Code::Forbidden, "not another's call");
    let outcome = studio.act(&guest, Verb::HangUp, "a").expect("its own");
    assert_eq!((whats(&outcome), studio.state("a")), (vec!["ended a".to_owned()], CallState::Off));
    let ShowEvent::Call { by, .. } = &outcome.events[0] else { panic!("a call's event") };
    assert_eq!(*by, None, "the caller is not somebody of the staff");
}

#[test]
fn what_is_so_already_is_no_event_and_over_is_over() {
    let mut studio = Studio::new();
    studio.waiting("a");
    studio.host(Verb::Air, "a");
    for verb in [Verb::Air, Verb::Unlock] {
        assert!(studio.host(verb, "a").events.is_empty(), "{verb:?}");
    }
    studio.host(Verb::Drop, "a");
    assert!(studio.host(Verb::Drop, "a").events.is_empty(), "the answer may have been lost");
    for &verb in Verb::ALL.iter().filter(|verb| !matches!(verb, Verb::Drop | Verb::HangUp | Verb::Notes)) {
        assert_eq!(studio.refused(&host(), verb, "a"), Code::CallState, "{verb:?}");
    }
    let late = studio.run(&Actor::server(), Command::Link { call: "a".into(), link: CallLink::Connected });
    assert_eq!(late.expect_err("over").code, Code::CallState);
    assert_eq!(studio.refused(&host(), Verb::Drop, "nobody"), Code::CallNotFound);
}

#[test]
fn a_telephone_that_staff_hangs_up_is_put_out() {
    let mut studio = Studio::new();
    studio.phone("a");
    let outcome = studio.host(Verb::HangUp, "a");
    assert_eq!((whats(&outcome), studio.state("a")), (vec!["dropped a".to_owned()], CallState::Dropped));
    assert!(outcome.deeds.contains(&Deed::PutOut("a".into())), "its company is asked to hang up");
}

#[test]
fn notes_stay_where_nothing_new_is_said_and_are_taken_after_the_call_as_well() {
    let mut studio = Studio::new();
    studio.phone("a");
    let note = |notes| Command::Act { call: "a".into(), verb: Verb::Notes, words: Words { notes, ..Words::default() } };
    let first = CallNotes { name: Some("Eve".into()), rating: Some(4), ..CallNotes::default() };
    assert_eq!(whats(&studio.run(&host(), note(first.clone())).expect("notes")), ["noted a"]);
    assert!(studio.run(&host(), note(first)).expect("the same").events.is_empty());
    studio.host(Verb::Drop, "a");
    studio.run(&host(), note(CallNotes { topic: Some("bees".into()), ..CallNotes::default() })).expect("still");
    let notes = &studio.show.calls["a"].notes;
    assert_eq!((notes.name.as_deref(), notes.topic.as_deref(), notes.rating), (Some("Eve"), Some("bees"), Some(4)));
    for bad in [
        CallNotes { rating: Some(6), ..CallNotes::default() },
        CallNotes { name: Some("x".repeat(201)), ..CallNotes::default() },
    ] {
        assert_eq!(studio.run(&host(), note(bad)).expect_err("refused").code, Code::InvalidRequest);
    }
    let words = Words { notes: CallNotes { place: Some("Oslo".into()), ..CallNotes::default() }, ..Words::default() };
    studio.phone("b");
    let approve = Command::Act { call: "b".into(), verb: Verb::Approve, words };
    assert_eq!(whats(&studio.run(&host(), approve).expect("approves")), ["approved b", "noted b"]);
}

#[test]
fn lines_are_numbered_from_one_given_again_and_bounded() {
    let mut studio = Studio::new();
    for call in ["a", "b", "c", "d", "e"] {
        studio.phone(call);
    }
    let busy = Command::Ring(Box::new(newcomer("f", ConnectionType::MediaStream)));
    assert_eq!(studio.run(&Actor::server(), busy.clone()).expect_err("busy").code, Code::LinesBusy);
    assert_eq!(studio.show.calls["e"].line, 5);
    studio.host(Verb::Drop, "b");
    studio.run(&Actor::server(), busy.clone()).expect("a line is free");
    assert_eq!(studio.show.calls["f"].line, 2);
    let again = Command::Ring(Box::new(Newcomer { call_id: "g".into(), ..newcomer("f", ConnectionType::MediaStream) }));
    studio.host(Verb::Drop, "a");
    let outcome = studio.run(&Actor::server(), again).expect("known");
    assert_eq!((outcome.call.as_deref(), outcome.events.len()), (Some("f"), 0), "the company asked twice");
}

#[test]
fn a_closed_show_takes_no_calls_and_keeps_those_it_has() {
    let mut studio = Studio::new();
    studio.waiting("a");
    assert_eq!(whats(&studio.run(&host(), Command::Close).expect("closes")), ["closed"]);
    let ring = Command::Ring(Box::new(newcomer("b", ConnectionType::Webrtc)));
    assert_eq!(studio.run(&Actor::server(), ring.clone()).expect_err("closed").code, Code::ShowClosed);
    studio.host(Verb::Air, "a");
    assert_eq!(whats(&studio.run(&host(), Command::Open).expect("opens")), ["opened"]);
    studio.run(&Actor::server(), ring).expect("rings");
}

#[test]
fn the_media_are_switched_by_asking_telephones_anew_and_private_talks_end() {
    let mut studio = Studio::new();
    for call in ["a", "b"] {
        studio.waiting(call);
    }
    studio.ring("guest", ConnectionType::Webrtc);
    studio.phone("c");
    studio.act(&screener("ann"), Verb::PickUp, "c").expect("picks up");
    let outcome = studio.run(&host(), Command::Switch(ShowMedia::Conference)).expect("switches");
    assert_eq!(whats(&outcome), ["returned c", "switched"]);
    for call in ["a", "b", "c"] {
        assert!(outcome.deeds.contains(&Deed::Redirect(call.into())), "{call}");
    }
    assert!(!outcome.deeds.contains(&Deed::Redirect("guest".into())));
    assert_eq!(studio.refused(&screener("ann"), Verb::PickUp, "a"), Code::CallState);
    studio.link("a", CallLink::Conference);
    studio.host(Verb::Air, "a");
    let outcome = studio.run(&host(), Command::Switch(ShowMedia::Crosspoint)).expect("switches back");
    assert!(outcome.deeds.contains(&Deed::Redirect("a".into())), "those that are in the conference");
    assert_eq!(studio.state("a"), CallState::OnAir, "and the state stays");
}

#[test]
fn an_ended_show_has_no_calls() {
    let mut studio = Studio::new();
    studio.waiting("a");
    studio.phone("b");
    let outcome = studio.run(&host(), Command::Finish).expect("ends");
    assert_eq!(whats(&outcome), ["dropped a", "dropped b", "ended"]);
    assert_eq!((studio.show.open_calls().count(), studio.show.view.ended_at), (0, Some(studio.now)));
    assert!(outcome.deeds.contains(&Deed::CloseRooms));
}

#[test]
fn of_a_crowd_that_is_put_out_at_once_everybody_is_hung_up() {
    let mut studio = Studio::new();
    let crowd = PAST_CALLS + 10;
    studio.show.view.settings.lines = crowd as u32;
    for count in 0..crowd {
        studio.phone(&format!("c{count}"));
    }
    let outcome = studio.run(&host(), Command::Finish).expect("ends");
    let is_put_out = |deed: &&Deed| matches!(deed, Deed::PutOut(id) if studio.show.calls.contains_key(id));
    assert_eq!(outcome.deeds.iter().filter(is_put_out).count(), crowd);
}

#[test]
fn digits_are_kept_as_far_as_they_are_digits() {
    let mut studio = Studio::new();
    studio.phone("a");
    for digit in "1234567890*#1234567x".chars() {
        studio.run(&Actor::server(), Command::Keyed { call: "a".into(), digit }).expect("keyed");
    }
    assert_eq!(studio.show.calls["a"].digits, "4567890*#1234567");
}

#[test]
fn the_picture_has_the_calls_that_are_over_as_far_as_they_are_the_last() {
    let mut studio = Studio::new();
    for count in 0..PAST_CALLS + 10 {
        let call = format!("c{count}");
        studio.phone(&call);
        studio.host(Verb::Drop, &call);
    }
    assert_eq!(studio.show.calls.len(), PAST_CALLS);
    assert!(!studio.show.calls.contains_key("c9") && studio.show.calls.contains_key("c10"));
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let default = ShowSettings::default;
    for settings in [
        ShowSettings { title: "x".repeat(201), ..default() },
        ShowSettings { numbers: vec!["0815".into()], ..default() },
        ShowSettings { numbers: vec!["+123456".into(), "+123456".into()], ..default() },
        ShowSettings { lines: 0, ..default() },
        ShowSettings { lines: 1001, ..default() },
        ShowSettings { lobby: crosspoint_model::show::LobbySource::File, ..default() },
    ] {
        let refusal = make("s", settings, String::new(), &Actor::operator(), 0).expect_err("refused");
        assert_eq!(refusal.code, Code::InvalidRequest);
    }
    for name in ["", "A", "a b", &"a".repeat(65)] {
        assert!(make(name, default(), String::new(), &Actor::operator(), 0).is_err(), "{name:?}");
    }
    let mut studio = Studio::new();
    let same = studio.show.view.settings.clone();
    assert!(studio.run(&host(), Command::Change(Box::new(same.clone()))).expect("the same").events.is_empty());
    let quiet = ShowSettings { lobby: crosspoint_model::show::LobbySource::Silence, ..same };
    let outcome = studio.run(&host(), Command::Change(Box::new(quiet))).expect("changes");
    assert_eq!((whats(&outcome), outcome.deeds), (vec!["changed".to_owned()], vec![Deed::Feeds]));
}
