//! Whatever is done in whatever order: what must always hold, holds.

use std::collections::BTreeSet;

use crosspoint_model::show::{
    CallLink, CallNotes, CallState, ConnectionType, ShowEvent, ShowMedia, ShowRole, ShowSettings, StaffView,
};
use proptest::prelude::*;

use super::{Command, Deed, Newcomer, Outcome, Show, Verb, Words, make};
use crate::actor::{Actor, Role};
use crate::names::place_of;

const CALLS: u8 = 8;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_show_stays_in_order_whatever_is_done(steps in prop::collection::vec(step(), 1..200)) {
        let settings = ShowSettings { lines: 5, take_drops_previous: true, ..ShowSettings::default() };
        let (mut show, _) = make("s", settings, "123456".into(), &Actor::operator(), 0).expect("a show");
        let mut approved = BTreeSet::new();
        for (now, (actor, command)) in steps.into_iter().enumerate() {
            let before = show.clone();
            sit(&mut show, &actor);
            match show.handle(command.clone(), &actor, now as u64) {
                Ok(outcome) => follow(&before, &show, &outcome, &command, &mut approved)?,
                Err(_) => {
                    show.staff.clone_from(&before.staff);
                    prop_assert_eq!(&show, &before, "what is refused changes nothing: {:?}", command);
                }
            }
            check(&show)?;
        }
    }
}

/// What a step did.
fn follow(
    before: &Show,
    after: &Show,
    outcome: &Outcome,
    command: &Command,
    approved: &mut BTreeSet<String>,
) -> Result<(), TestCaseError> {
    let mut seq = before.seq;
    for event in &outcome.events {
        let (next, call) = match event {
            ShowEvent::Call { seq, call, .. } => (*seq, Some(call)),
            ShowEvent::Show { seq, .. } => (*seq, None),
            other => return Err(TestCaseError::fail(format!("{other:?} is not kept"))),
        };
        prop_assert_eq!(next, seq + 1, "events count up without gaps");
        seq = next;
        if let Some(call) = call {
            if call.state == CallState::Waiting {
                approved.insert(call.call_id.clone());
            }
            let is_approved = approved.contains(&call.call_id);
            prop_assert!(call.state != CallState::OnAir || is_approved, "nobody is on the air who was not approved");
            prop_assert_eq!(&call.active_room, &place_of(call).map(|place| place.room), "one place");
        }
    }
    prop_assert_eq!(after.seq, seq);
    for (id, call) in &before.calls {
        let Some(now) = after.calls.get(id) else {
            prop_assert!(call.state.is_over(), "only what is over is forgotten");
            continue;
        };
        prop_assert!(!call.state.is_over() || now.state == call.state, "over is over");
        let was_told =
            outcome.events.iter().any(|event| matches!(event, ShowEvent::Call { call, .. } if call.call_id == *id));
        prop_assert!(now == call || was_told, "what changed is told");
        let moved = call.active_room != now.active_room;
        let is_done = outcome
            .deeds
            .iter()
            .any(|deed| matches!(deed, Deed::Settle(who) | Deed::PutOut(who) | Deed::Release(who) if who == id));
        prop_assert!(!moved || is_done, "who belongs elsewhere is brought there");
        let stolen =
            call.state == CallState::Screening && now.state == CallState::Screening && call.screener != now.screener;
        prop_assert!(!stolen, "a caller who is being talked to is not taken away: {:?}", command);
    }
    Ok(())
}

/// What holds at any time.
fn check(show: &Show) -> Result<(), TestCaseError> {
    let lines: Vec<u32> = show.open_calls().map(|call| call.line).collect();
    let unique: BTreeSet<u32> = lines.iter().copied().collect();
    prop_assert_eq!(unique.len(), lines.len(), "no two calls have one line");
    prop_assert!(lines.iter().all(|line| (1..=5).contains(line)), "lines are within bounds");
    prop_assert!(show.open_calls().filter(|call| call.state == CallState::Next).count() <= 1, "one is next");
    let mut screeners = BTreeSet::new();
    for call in show.open_calls().filter(|call| call.state == CallState::Screening) {
        prop_assert!(screeners.insert(call.screener.clone()), "nobody talks to two callers");
        prop_assert!(call.screener.is_some(), "somebody talks to who is being screened");
    }
    for call in show.calls.values().filter(|call| call.state.is_over()) {
        prop_assert!(call.ended_at.is_some() && call.active_room.is_none() && !call.locked);
    }
    Ok(())
}

/// Who acts is there.
fn sit(show: &mut Show, actor: &Actor) {
    let role = match actor.role {
        Role::Host => ShowRole::Host,
        Role::Screener => ShowRole::Screener,
        Role::Operator | Role::Guest(_) | Role::Server => return,
    };
    let view = StaffView { identity: actor.identity.clone(), name: actor.name.clone(), role, room: "desk-s".into() };
    show.staff.insert(actor.identity.clone(), view);
}

fn step() -> impl Strategy<Value = (Actor, Command)> {
    prop_oneof![
        8 => (staff(), verb(), call()).prop_map(|(who, verb, call)| (who, Command::Act { call, verb, words: Words::default() })),
        3 => (call(), any::<bool>()).prop_map(|(call, guest)| (Actor::server(), ring(call, guest))),
        2 => (call(), link()).prop_map(|(call, link)| (Actor::server(), Command::Link { call, link })),
        1 => call().prop_map(|call| (Actor::server(), Command::Over { call, reason: "hung up".into() })),
        2 => staff().prop_map(|who| (who, Command::TakeNext)),
        1 => staff().prop_map(|who| (Actor::server(), Command::Leave(who.identity))),
        1 => any::<bool>().prop_map(|open| (Actor::operator(), if open { Command::Open } else { Command::Close })),
        1 => any::<bool>().prop_map(|here| {
            let media = if here { ShowMedia::Crosspoint } else { ShowMedia::Conference };
            (Actor::operator(), Command::Switch(media))
        }),
    ]
}

fn staff() -> impl Strategy<Value = Actor> {
    let actor = |identity: &str, role| Actor { identity: identity.into(), name: identity.into(), role };
    prop_oneof![
        Just(actor("host-1", Role::Host)),
        Just(actor("ann", Role::Screener)),
        Just(actor("bob", Role::Screener)),
        call().prop_map(|call| Actor { identity: format!("call-{call}"), name: call.clone(), role: Role::Guest(call) }),
    ]
}

fn verb() -> impl Strategy<Value = Verb> {
    prop::sample::select(Verb::ALL)
}

fn call() -> impl Strategy<Value = String> {
    (0..CALLS).prop_map(|number| format!("c{number}"))
}

fn link() -> impl Strategy<Value = CallLink> {
    prop::sample::select(&[CallLink::Connected, CallLink::Lost, CallLink::Conference][..])
}

fn ring(call_id: String, guest: bool) -> Command {
    let connection_type = if guest { ConnectionType::Webrtc } else { ConnectionType::MediaStream };
    Command::Ring(Box::new(Newcomer {
        call_sid: (!guest).then(|| format!("CA-{call_id}")),
        provider: (!guest).then(|| "twilio".into()),
        call_id,
        connection_type,
        number: None,
        caller: None,
        notes: CallNotes::default(),
    }))
}
