//! The archive over a store in memory, and over a file that is opened again.

use crosspoint_model::Code;
use crosspoint_model::show::{
    CallLink, CallNotes, CallState, CallView, CallerView, ConnectionType, ShowEvent, ShowMedia, ShowSettings, ShowView,
};
use crosspoint_store::Store;

use super::{Archive, Change, PAST_CALLS};

const NUMBER: &str = "+14155550100";

#[tokio::test]
async fn what_was_saved_is_loaded_from_the_file_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store.db");
    let store = Store::open(&path).expect("a store");
    let archive = Archive::open(store.clone()).await.expect("an archive");
    let (show, call) = (show("morning", 1), call("a", CallState::Ringing));
    archive.save(made(&show)).await.expect("saved");
    archive.save(rang(2, &call)).await.expect("saved");
    store.close().await;

    let again = Archive::open(Store::open(&path).expect("a store")).await.expect("an archive");
    let loaded = again.load().await.expect("loaded");
    assert_eq!(loaded.len(), 1);
    assert_eq!((&loaded[0].show, &loaded[0].calls, loaded[0].seq), (&show, &vec![call], 2));
}

#[tokio::test]
async fn a_show_that_was_opened_again_says_when() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    assert_eq!(archive.load().await.expect("loaded")[0].opened_at, None);
    let show = Box::new(show("morning", 1));
    let event = ShowEvent::Show { seq: 2, at: 70, what: "opened".into(), by: None, show };
    archive.save(Change { events: vec![event], ..Change::default() }).await.expect("saved");
    assert_eq!(archive.load().await.expect("loaded")[0].opened_at, Some(70));
}

#[tokio::test]
async fn a_show_comes_with_what_is_not_over_and_the_last_calls_that_are() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    for number in 0..u64::from(PAST_CALLS) + 10 {
        let call = CallView { ended_at: Some(100 + number), ..call(&format!("over-{number:02}"), CallState::Off) };
        archive.save(Change { calls: vec![call], ..Change::default() }).await.expect("saved");
    }
    archive.save(Change { calls: vec![call("live", CallState::OnAir)], ..Change::default() }).await.expect("saved");
    let calls = &archive.load().await.expect("loaded")[0].calls;
    assert_eq!(calls.len(), PAST_CALLS as usize + 1);
    assert!(calls.iter().any(|call| call.call_id == "live") && calls.iter().all(|call| call.call_id != "over-09"));
    assert!(calls.iter().any(|call| call.call_id == "over-10"));
}

#[tokio::test]
async fn a_change_is_there_as_a_whole_or_not_at_all() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    let orphan = CallView { show_id: "evening".into(), ..call("b", CallState::Ringing) };
    let calls = vec![call("a", CallState::Ringing), orphan];
    let refused = archive.save(Change { calls, ..Change::default() }).await;
    assert_eq!(refused.map_err(|refusal| refusal.code), Err(Code::StoreUnavailable));
    assert_eq!(archive.load().await.expect("loaded")[0].calls, []);
    assert_eq!(archive.caller(NUMBER).await, Ok(None));
}

#[tokio::test]
async fn a_callers_history_counts_calls_and_times_on_air_once_each() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    let first = call("a", CallState::Ringing);
    let aired = CallView { aired_at: Some(30), state: CallState::OnAir, ..first.clone() };
    let held = CallView { state: CallState::Hold, ..aired.clone() };
    for (seq, call) in [&first, &aired, &held, &aired].into_iter().enumerate() {
        archive.save(rang(seq as u64 + 2, call)).await.expect("saved");
    }
    let second = CallView { created_at: 90, ..call("b", CallState::Ringing) };
    archive.save(rang(6, &second)).await.expect("saved");
    let known = archive.caller(NUMBER).await.expect("read").expect("known");
    assert_eq!((known.calls, known.times_on_air, known.last_call_at), (2, 1, Some(90)));
}

#[tokio::test]
async fn the_name_that_was_noted_last_stays_until_another_is_noted_or_set() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    let named = |name: &str| CallView {
        notes: CallNotes { name: Some(name.into()), ..CallNotes::default() },
        ..call("a", CallState::Screening)
    };
    let name = async || archive.caller(NUMBER).await.expect("read").expect("known").name;
    archive.save(rang(2, &call("a", CallState::Ringing))).await.expect("saved");
    archive.save(rang(3, &named("Ann"))).await.expect("saved");
    assert_eq!(name().await, "Ann");

    let set = CallerView { name: "Ann B.".into(), warning: "shouts".into(), banned: true, ..caller() };
    archive.save_caller(set).await.expect("saved");
    archive.save(rang(4, &named("Ann"))).await.expect("saved");
    let known = archive.caller(NUMBER).await.expect("read").expect("known");
    assert_eq!((known.name.as_str(), known.warning.as_str(), known.banned, known.calls), ("Ann B.", "shouts", true, 1));
    archive.save(rang(5, &named("Bea"))).await.expect("saved");
    assert_eq!(name().await, "Bea");
}

#[tokio::test]
async fn history_is_told_from_a_number_on_and_of_one_call_if_wanted() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    archive.save(rang(2, &call("a", CallState::Ringing))).await.expect("saved");
    archive.save(rang(3, &call("b", CallState::Ringing))).await.expect("saved");
    archive.save(rang(4, &call("a", CallState::Screening))).await.expect("saved");
    let seqs = async |call, after| -> Vec<u64> {
        archive.history("morning", call, after).await.expect("read").iter().map(seq).collect()
    };
    assert_eq!(seqs(None, 0).await, [1, 2, 3, 4]);
    assert_eq!(seqs(None, 2).await, [3, 4]);
    assert_eq!(seqs(Some("a"), 0).await, [2, 4]);
    assert_eq!(
        archive.history("morning", Some("a"), 2).await.expect("read"),
        rang(4, &call("a", CallState::Screening)).events
    );
}

#[tokio::test]
async fn a_show_that_ended_gives_its_name_to_the_next_one_and_keeps_its_history() {
    let archive = archive().await;
    archive.save(made(&show("morning", 1))).await.expect("saved");
    archive.save(rang(2, &call("a", CallState::Ringing))).await.expect("saved");
    let another = archive.save(made(&show("morning", 7))).await;
    assert_eq!(another.map_err(|refusal| refusal.code), Err(Code::ShowExists));

    let ended = ShowView { ended_at: Some(5), ..show("morning", 1) };
    archive.save(Change { show: Some(ended), ..Change::default() }).await.expect("saved");
    assert_eq!(archive.load().await.expect("loaded"), []);
    archive.save(made(&show("morning", 7))).await.expect("saved");
    let loaded = archive.load().await.expect("loaded");
    assert_eq!((loaded[0].show.created_at, loaded[0].calls.len(), loaded[0].seq), (7, 0, 1));
    assert_eq!(archive.history("morning@1", Some("a"), 0).await.expect("read").len(), 1);
}

async fn archive() -> Archive {
    Archive::open(Store::in_memory().expect("a store")).await.expect("an archive")
}

pub(crate) fn show(name: &str, created_at: u64) -> ShowView {
    ShowView {
        show_id: name.into(),
        settings: ShowSettings::default(),
        open: true,
        media: ShowMedia::Crosspoint,
        pin: "1234".into(),
        live_room: format!("live-{name}"),
        lobby_room: format!("lobby-{name}"),
        desk_room: format!("desk-{name}"),
        created_at,
        ended_at: None,
    }
}

pub(crate) fn call(id: &str, state: CallState) -> CallView {
    CallView {
        call_id: id.into(),
        show_id: "morning".into(),
        line: 1,
        identity: format!("call-{id}"),
        connection_type: ConnectionType::MediaStream,
        call_sid: Some(format!("CA{id}")),
        provider: Some("twilio".into()),
        number: Some(NUMBER.into()),
        caller: None,
        state,
        link: CallLink::Pending,
        active_room: Some("lobby-morning".into()),
        notes: CallNotes::default(),
        locked: false,
        screener: None,
        returned: false,
        digits: String::new(),
        created_at: 10,
        state_since: 10,
        approved_at: None,
        aired_at: None,
        ended_at: None,
        end_reason: None,
    }
}

fn caller() -> CallerView {
    CallerView {
        number: NUMBER.into(),
        name: String::new(),
        warning: String::new(),
        banned: false,
        calls: 99,
        times_on_air: 99,
        last_call_at: None,
    }
}

pub(crate) fn made(show: &ShowView) -> Change {
    let event = ShowEvent::Show { seq: 1, at: 1, what: "made".into(), by: None, show: Box::new(show.clone()) };
    Change { show: Some(show.clone()), events: vec![event], ..Change::default() }
}

pub(crate) fn rang(seq: u64, call: &CallView) -> Change {
    let event = ShowEvent::Call { seq, at: seq, what: "rang".into(), by: None, call: Box::new(call.clone()) };
    Change { calls: vec![call.clone()], events: vec![event], ..Change::default() }
}

fn seq(event: &ShowEvent) -> u64 {
    match event {
        ShowEvent::Call { seq, .. } | ShowEvent::Show { seq, .. } | ShowEvent::Snapshot { seq, .. } => *seq,
        ShowEvent::Staff { .. } | ShowEvent::Lines { .. } => 0,
    }
}
