//! Telephones whose sound is here.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_telephone_rings_in_the_lobby_held_waits_held_and_is_free_on_the_air() {
    let house = House::new().await;
    let (id, mut line) = house.phone("CA1").await;
    let who = identity_of(&id);
    assert_eq!((house.state(&id), house.link(&id)), (CallState::Ringing, CallLink::Connected));
    assert_eq!(house.place(&who).await, Some((lobby(), true)));
    house.host(Verb::Approve, &id).await;
    assert_eq!(house.place(&who).await, Some((live(), true)));
    house.host(Verb::Air, &id).await;
    assert_eq!(house.place(&who).await, Some((live(), false)));
    house.host(Verb::Hold, &id).await;
    assert_eq!(house.place(&who).await, Some((live(), true)));
    assert_eq!(orders(&mut line), [], "nothing that waits to be played is out of place");
    assert_eq!(house.whats(), ["made", "rang", "connected", "approved", "aired", "held"]);
}

#[tokio::test(start_paused = true)]
async fn a_telephone_is_held_before_its_first_sound() {
    let house = House::new().await;
    let (id, _line) = house.phone("CA1").await;
    let held = house.media.with_line(&identity_of(&id), |line| line.speaks.as_ref().map(|voice| voice.held));
    assert_eq!(held, Some(Some(true)), "the mixer got it so");
}

#[tokio::test(start_paused = true)]
async fn a_drop_silences_at_once_hangs_up_and_closes_the_socket_after_that() {
    let house = House::new().await;
    let (id, mut line) = house.waiting("CA1").await;
    house.host(Verb::Air, &id).await;
    let dropped = house.host(Verb::Drop, &id).await;
    assert_eq!((dropped.state, dropped.active_room), (CallState::Dropped, None));
    assert_eq!(house.place(&identity_of(&id)).await, Some((live(), true)), "not heard any more, and still here");
    assert_eq!(orders(&mut line), [LineOrder::Clear]);
    until("hangs up", || house.company.was_asked(&Asked::HangUp("CA1".into()))).await;
    until("the socket is closed", || line.orders.try_recv() == Ok(LineOrder::Close)).await;
    until("it is gone", || house.room_of(&identity_of(&id)).is_none()).await;
    house.shows.completed(call("CA1"), "completed".into()).await;
    assert_eq!(house.state(&id), CallState::Dropped, "over is over");
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_is_off() {
    let house = House::new().await;
    let (id, mut line) = house.waiting("CA1").await;
    house.shows.completed(call("CA1"), "completed".into()).await;
    assert_eq!((house.state(&id), house.call(&id).end_reason.as_deref()), (CallState::Off, Some("hung up")));
    assert_eq!(orders(&mut line), [LineOrder::Clear, LineOrder::Close]);
    assert_eq!(house.room_of(&identity_of(&id)), None);
    assert!(!house.company.was_asked(&Asked::HangUp("CA1".into())));
}

#[tokio::test(start_paused = true)]
async fn a_sockets_end_that_is_no_redirect_is_a_caller_who_hung_up() {
    let house = House::new().await;
    let (id, line) = house.phone("CA1").await;
    drop(line);
    house.shows.detached(call("CA1"), Detached::Stopped).await;
    assert_eq!(house.link(&id), CallLink::Lost);
    until("it is given up soon", || house.state(&id) == CallState::Off).await;
    assert_eq!(house.call(&id).end_reason.as_deref(), Some("hung up"));
}

#[tokio::test(start_paused = true)]
async fn a_stream_needs_the_token_of_its_call() {
    let house = House::new().await;
    let Welcome::Stream { token, .. } = house.dials("CA1").await else { panic!("a stream") };
    let refused = |result: Result<PhoneLine, Refusal>| result.expect_err("refused").code;
    assert_eq!(refused(house.shows.attach(call("CA2"), token.clone()).await), Code::Unauthorized);
    assert_eq!(refused(house.shows.attach(call("CA1"), token).await), Code::Unauthorized, "it is spoilt");
    let (_, _line) = house.phone("CA1").await;
}

#[tokio::test(start_paused = true)]
async fn digits_are_told() {
    let house = House::new().await;
    let (id, _line) = house.phone("CA1").await;
    for digit in ['4', '2', '#'] {
        house.shows.keyed(call("CA1"), digit).await;
    }
    assert_eq!(house.call(&id).digits, "42#");
}

#[tokio::test(start_paused = true)]
async fn an_old_socket_that_ends_late_does_not_take_the_new_one_along() {
    let house = House::new().await;
    let (id, mut old) = house.waiting("CA1").await;
    // The company asks again: it has noticed what we have not.
    let (same, _new) = house.phone("CA1").await;
    assert_eq!(same, id);
    assert_eq!(orders(&mut old), [LineOrder::Close]);
    assert!(old.tap.reader.next().await.is_none(), "its place is the new one's");
    drop(old);
    lost(&house, "CA1").await;
    assert_eq!(house.link(&id), CallLink::Connected);
    assert_eq!(house.place(&identity_of(&id)).await, Some((live(), true)));
    lost(&house, "CA1").await;
    assert_eq!(house.link(&id), CallLink::Lost, "now the new one has ended as well");
}

#[tokio::test(start_paused = true)]
async fn a_door_that_goes_without_a_word_is_found_out() {
    let house = House::new().await;
    let (id, line) = house.phone("CA1").await;
    drop(line);
    until("it is found", || house.link(&id) == CallLink::Lost).await;
}

#[tokio::test(start_paused = true)]
async fn lines_are_reported_once_a_second_to_who_listens() {
    let house = House::new().await;
    let (id, line) = house.phone("CA1").await;
    line.figures.backlog_ms.store(120, Ordering::Relaxed);
    let (snapshot, mut events) = house.shows.subscribe(SHOW).await.expect("a show");
    assert!(matches!(snapshot, ShowEvent::Snapshot { seq: 3, .. }), "{snapshot:?}");
    let begin = Instant::now();
    for _ in 0..3 {
        let event = events.recv().await.expect("an event");
        let ShowEvent::Lines { lines } = &*event else { panic!("{event:?}") };
        assert_eq!((lines.len(), lines[0].call_id.as_str(), lines[0].backlog_ms), (1, id.as_str(), 120));
    }
    assert!((2..=3).contains(&begin.elapsed().as_secs()));
    assert_eq!((house.shows.figures().lines, house.shows.figures().worst_backlog_ms), (1, 120));
}

#[tokio::test(start_paused = true)]
async fn callers_voices_are_treated_as_the_show_says_also_after_a_change() {
    let voice = crosspoint_model::VoiceSettings { high_pass: true, ..Default::default() };
    let settings = ShowSettings { caller_voice: voice.clone(), ..ShowSettings::default() };
    let house = House::with(settings.clone()).await;
    let (id, _line) = house.phone("CA1").await;
    let got = house.media.with_line(&identity_of(&id), |line| line.speaks.as_ref().map(|it| it.settings.clone()));
    assert_eq!(got, Some(Some(voice)));
    let louder = crosspoint_model::VoiceSettings { gain: 6.0, ..Default::default() };
    let settings = ShowSettings { caller_voice: louder.clone(), ..settings };
    house.shows.change(SHOW, settings, &Actor::operator()).await.expect("changes");
    let room = RoomId::parse(&lobby()).expect("a room");
    let description = house.rooms.describe(&room).await.expect("there");
    assert_eq!(description.users[0].voice, louder);
}
