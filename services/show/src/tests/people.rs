//! Guests and staff.

use super::*;

fn parse_room(name: &str) -> RoomId {
    RoomId::parse(name).expect("a room")
}

fn desk() -> String {
    format!("desk-{SHOW}")
}

#[tokio::test(start_paused = true)]
async fn a_guest_rings_like_any_caller_and_cannot_put_themselves_on_the_air() {
    let house = House::new().await;
    let (seat, client) = house.sits(ShowRole::Guest, "Gus").await;
    let id = seat.call_id.clone().expect("a call");
    until("is there", || house.link(&id) == CallLink::Connected).await;
    assert_eq!(house.place(&seat.identity).await, Some((lobby(), true)), "held from the first moment");
    assert_eq!(house.call(&id).notes.name.as_deref(), Some("Gus"));
    house.host(Verb::Approve, &id).await;
    house.host(Verb::Air, &id).await;
    assert_eq!(house.place(&seat.identity).await, Some((live(), false)));
    house.host(Verb::Hold, &id).await;
    let unhold = json!({ "type": "hold", "userId": seat.identity, "held": false });
    client.session.handle(serde_json::from_value(unhold).expect("a message"));
    assert_eq!(house.place(&seat.identity).await, Some((live(), true)), "a guest administers nothing");
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_leaves_has_hung_up() {
    let house = House::new().await;
    let (seat, client) = house.sits(ShowRole::Guest, "Gus").await;
    let id = seat.call_id.expect("a call");
    until("is there", || house.link(&id) == CallLink::Connected).await;
    client.leaves().await;
    until("is off", || house.state(&id) == CallState::Off).await;
    assert_eq!(house.call(&id).end_reason.as_deref(), Some("hung up"));
}

#[tokio::test(start_paused = true)]
async fn a_guest_whose_page_was_loaded_again_is_where_they_were() {
    let house = House::new().await;
    let (seat, client) = house.sits(ShowRole::Guest, "Gus").await;
    let id = seat.call_id.clone().expect("a call");
    until("is there", || house.link(&id) == CallLink::Connected).await;
    house.host(Verb::Approve, &id).await;
    house.host(Verb::Air, &id).await;
    drop(client);
    let _again = house.joins(&seat).await;
    assert_eq!(house.place(&seat.identity).await, Some((live(), false)));
    assert_eq!(house.link(&id), CallLink::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_is_cut_off_may_come_back_for_a_while() {
    let house = House::new().await;
    let (seat, client) = house.sits(ShowRole::Guest, "Gus").await;
    let id = seat.call_id.clone().expect("a call");
    house.host(Verb::Approve, &id).await;
    drop(client);
    until("is missed", || house.link(&id) == CallLink::Lost).await;
    let client = house.joins(&seat).await;
    until("is back", || house.link(&id) == CallLink::Connected).await;
    assert_eq!(house.place(&seat.identity).await, Some((live(), true)));
    drop(client);
    let deadline = Instant::now() + Duration::from_secs(200);
    while house.state(&id) != CallState::Off && Instant::now() < deadline {
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(house.call(&id).end_reason.as_deref(), Some("connection lost"));
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_is_dropped_is_out_and_stays_out() {
    let house = House::new().await;
    let (seat, _client) = house.sits(ShowRole::Guest, "Gus").await;
    let id = seat.call_id.clone().expect("a call");
    house.host(Verb::Approve, &id).await;
    house.host(Verb::Drop, &id).await;
    assert_eq!(house.room_of(&seat.identity), None);
    // Its token is for the lobby, from which it was not put out.
    let _again = house.joins(&seat).await;
    until("is put out again", || house.room_of(&seat.identity).is_none()).await;
}

#[tokio::test(start_paused = true)]
async fn the_screener_goes_with_the_caller_and_comes_back_to_the_desk() {
    let house = House::new().await;
    let (seat, _client) = house.sits(ShowRole::Screener, "Ann").await;
    let (id, mut line) = house.phone("CA1").await;
    assert_eq!(house.room_of(&seat.identity), Some(desk()));
    until("is known", || !house.shows.entry(SHOW).expect("a show").current().staff.is_empty()).await;
    house.act(&screener(&seat), Verb::PickUp, &id).await.expect("picks up");
    let talk = format!("screening-{SHOW}-{id}");
    assert_eq!(house.place(&identity_of(&id)).await, Some((talk.clone(), false)));
    assert_eq!(house.room_of(&seat.identity), Some(talk.clone()));
    house.act(&screener(&seat), Verb::Screened, &id).await.expect("puts back");
    assert_eq!(house.place(&identity_of(&id)).await, Some((lobby(), true)));
    until("is at the desk", || house.room_of(&seat.identity) == Some(desk())).await;
    assert_eq!(orders(&mut line), [LineOrder::Clear]);
    let talk = RoomId::parse(&talk).expect("a room");
    until("the room is closed", || !house.rooms.exists(&talk)).await;
}

#[tokio::test(start_paused = true)]
async fn a_host_who_talks_to_a_caller_goes_back_to_the_live_room() {
    let house = House::new().await;
    let (seat, _client) = house.sits(ShowRole::Host, "Hal").await;
    let (id, _line) = house.phone("CA1").await;
    until("is known", || !house.shows.entry(SHOW).expect("a show").current().staff.is_empty()).await;
    let host = actor(&seat.identity, Role::Host);
    house.act(&host, Verb::PickUp, &id).await.expect("picks up");
    assert_eq!(house.room_of(&seat.identity), Some(format!("screening-{SHOW}-{id}")));
    until("is known there", || {
        let show = house.shows.entry(SHOW).expect("a show").current();
        show.staff.values().any(|staff| staff.room.starts_with("screening-"))
    })
    .await;
    house.act(&host, Verb::Approve, &id).await.expect("approves");
    assert_eq!(house.place(&seat.identity).await, Some((live(), false)));
}

#[tokio::test(start_paused = true)]
async fn a_screener_who_was_away_for_long_comes_back_to_the_desk_and_not_into_another_s_talk() {
    let house = House::new().await;
    let (ann, client) = house.sits(ShowRole::Screener, "Ann").await;
    let (id, _line) = house.phone("CA1").await;
    until("is known", || !house.shows.entry(SHOW).expect("a show").current().staff.is_empty()).await;
    house.act(&screener(&ann), Verb::PickUp, &id).await.expect("picks up");
    drop(client);
    until("is given up", || house.state(&id) == CallState::Screened).await;
    house.act(&actor("screener-bob", Role::Screener), Verb::PickUp, &id).await.expect("picks up");
    let _again = house.joins(&ann).await;
    assert_eq!(house.room_of(&ann.identity), Some(desk()));
}

#[tokio::test(start_paused = true)]
async fn who_is_sent_back_to_a_screener_whose_page_is_gone_waits_for_anybody() {
    let house = House::new().await;
    let (ann, client) = house.sits(ShowRole::Screener, "Ann").await;
    let (id, _line) = house.phone("CA1").await;
    until("is known", || !house.shows.entry(SHOW).expect("a show").current().staff.is_empty()).await;
    for gone in [false, true] {
        house.act(&screener(&ann), Verb::PickUp, &id).await.expect("picks up");
        house.act(&screener(&ann), Verb::Approve, &id).await.expect("approves");
        house.host(Verb::Air, &id).await;
        if gone {
            drop(client);
            house.host(Verb::Screen, &id).await;
            assert_eq!((house.state(&id), house.call(&id).returned), (CallState::Screened, true));
            return;
        }
        house.host(Verb::Screen, &id).await;
        assert_eq!(house.state(&id), CallState::Screening, "she is free");
        house.act(&screener(&ann), Verb::Screened, &id).await.expect("puts back");
    }
}

#[tokio::test(start_paused = true)]
async fn of_two_screeners_at_once_one_wins() {
    let house = House::new().await;
    let (id, _line) = house.phone("CA1").await;
    let (ann, bob) = (actor("screener-ann", Role::Screener), actor("screener-bob", Role::Screener));
    let (first, second) = tokio::join!(house.act(&ann, Verb::PickUp, &id), house.act(&bob, Verb::PickUp, &id));
    let lost = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert_eq!(lost.iter().map(|refusal| refusal.code).collect::<Vec<_>>(), [Code::CallTaken]);
    assert_eq!(house.whats().iter().filter(|what| *what == "picked-up").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn staff_is_told_over_signalling_what_there_is_and_what_happens() {
    let house = House::new().await;
    let (_, client) = house.sits(ShowRole::Host, "Hal").await;
    let snapshot = client.hears_of_show("snapshot").await;
    assert_eq!(snapshot["show"]["showId"], SHOW);
    let _phone = house.phone("CA1").await;
    assert_eq!(client.hears_of_show("call").await["what"], "rang");
    let (_, _other) = house.sits(ShowRole::Screener, "Ann").await;
    let staff = client.hears_of_show("staff").await;
    assert!(staff["staff"].as_array().is_some_and(|staff| !staff.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_somebody_moves_is_put_back() {
    let house = House::new().await;
    let (id, _line) = house.phone("CA1").await;
    let who = identity_of(&id);
    let (from, to) = (RoomId::parse(&lobby()).expect("a room"), RoomId::parse(&live()).expect("a room"));
    house.rooms.move_to(&from, &parse(&who), &to, Some(false)).expect("moves");
    assert_eq!(house.room_of(&who), Some(live()));
    until("is back", || house.room_of(&who) == Some(lobby())).await;
    assert_eq!(house.place(&who).await, Some((lobby(), true)));
    let elsewhere = RoomId::parse("elsewhere").expect("a room");
    house.rooms.move_to(&from, &parse(&who), &elsewhere, Some(false)).expect("moves");
    until("is back", || house.room_of(&who) == Some(lobby())).await;
    assert_eq!(house.place(&who).await, Some((lobby(), true)));
}

#[tokio::test(start_paused = true)]
async fn a_room_that_somebody_closes_is_made_anew_and_nobody_is_heard_in_it_who_must_not_be() {
    let house = House::new().await;
    let (seat, _client) = house.sits(ShowRole::Guest, "Gus").await;
    let id = seat.call_id.clone().expect("a call");
    until("is there", || house.link(&id) == CallLink::Connected).await;
    let room = RoomId::parse(&lobby()).expect("a room");
    house.rooms.close(&room, "by mistake").expect("closes");
    until("is missed", || house.link(&id) == CallLink::Lost && house.rooms.exists(&room)).await;
    let _again = house.joins(&seat).await;
    assert_eq!(house.place(&seat.identity).await, Some((lobby(), true)));
}

#[tokio::test(start_paused = true)]
async fn the_lobby_hears_the_show_while_somebody_is_in_it() {
    let house = House::new().await;
    let ear = format!("crosspoint.programme-to-{}", lobby());
    let hears = |house: &House| house.media.with_line(&ear, |line| line.give(0, &[0.5; 960])).is_some();
    sleep(Duration::from_secs(3)).await;
    assert!(!hears(&house), "nothing runs for nobody");
    let (_id, _line) = house.phone("CA1").await;
    until("it is passed on", || {
        let is_there = hears(&house);
        let waiting = house.media.with_line("crosspoint.programme", |line| line.waiting());
        is_there && waiting.is_some_and(|waiting| waiting > 0)
    })
    .await;
    let settings = ShowSettings { lobby: crosspoint_model::show::LobbySource::Silence, ..ShowSettings::default() };
    house.shows.change(SHOW, settings, &Actor::operator()).await.expect("changes");
    until("it has ended", || {
        let entry = house.shows.entry(SHOW).expect("a show");
        entry.stage.try_lock().is_ok_and(|stage| !stage.feeds.lobby_is_fed())
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn links_lead_to_the_pages_and_open_no_room() {
    let house = House::new().await;
    let links = house.shows.links(SHOW).expect("links");
    let (page, token) = links.screener.split_once("#token=").expect("a fragment");
    assert_eq!(page, "https://show.example/shows/morning/screener");
    let bearer = Keys::dev().verify(token, unix_now()).expect("a good token");
    assert!(!bearer.grant.room_join && bearer.identity == "invite");
    let made = house.shows.show(SHOW).expect("a show").created_at;
    assert_eq!(Actor::of(&bearer, SHOW, Some(made)).map(|actor| actor.role), Some(Role::Screener));
    assert_eq!(Actor::of(&bearer, "other", Some(made)), None);
    assert_eq!(Actor::of(&bearer, SHOW, Some(made + 1)), None, "another show of the same name");
}

#[tokio::test(start_paused = true)]
async fn a_seat_opens_nothing_of_a_later_show_of_the_same_name() {
    let house = House::new().await;
    let seat = house.shows.seat(SHOW, ShowRole::Host, "Hannah", None).await.expect("a seat");
    let keys = &house.shows.inner.keys;
    let bearer = keys.verify(&seat.token, unix_now()).expect("a good token");
    assert!(bearer.grant.may_administer(live().as_str()));
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    until("its rooms are closed", || lock(&house.shows.inner.closing).is_empty()).await;
    // A show is known by the millisecond in which it was made.
    std::thread::sleep(Duration::from_millis(2));
    let operator = Actor::operator();
    let again = house.shows.create(Some(SHOW.into()), ShowSettings::default(), &operator);
    again.await.expect("another one of the name");
    let refused = keys.clone().verify(&seat.token, unix_now()).expect_err("refused, by clones too");
    assert_eq!(refused.code, Code::TokenExpired);
    let seat = house.shows.seat(SHOW, ShowRole::Host, "Hannah", None).await.expect("a seat");
    assert!(keys.verify(&seat.token, unix_now()).is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_show_that_ends_leaves_nothing_behind() {
    let house = House::new().await;
    let (seat, client) = house.sits(ShowRole::Guest, "Gus").await;
    let (_, line) = house.phone("CA1").await;
    let (_, mut events) = house.shows.subscribe(SHOW).await.expect("a show");
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    assert_eq!(house.shows.show(SHOW).expect_err("is over").code, Code::ShowNotFound);
    let mut heard = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let ShowEvent::Show { what, .. } | ShowEvent::Call { what, .. } = &*event {
            heard.push(what.clone());
        }
    }
    assert_eq!(heard.last().map(String::as_str), Some("ended"));
    until("hangs up", || house.company.was_asked(&Asked::HangUp("CA1".into()))).await;
    until("the rooms are closed", || house.rooms.list().is_empty()).await;
    drop((seat, client, line));
    again(&house).await;
}

async fn again(house: &House) {
    until("the name is free", || !lock(&house.shows.inner.closing).contains(SHOW)).await;
    house.shows.create(Some(SHOW.into()), ShowSettings::default(), &Actor::operator()).await.expect("the name is free");
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_show_is_free_once_its_rooms_are_closed() {
    let house = House::new().await;
    let (_, line) = house.phone("CA1").await;
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    let too_soon = house.shows.create(Some(SHOW.into()), ShowSettings::default(), &Actor::operator()).await;
    assert_eq!(too_soon.expect_err("its caller is still here").code, Code::ShowExists);
    drop(line);
    again(&house).await;
    assert!(house.rooms.exists(&parse_room(&live())), "the new show keeps its rooms");
}

#[tokio::test(start_paused = true)]
async fn a_token_opens_nothing_of_a_later_show_of_the_same_name() {
    let house = House::new().await;
    let (seat, client) = house.sits(ShowRole::Host, "Hal").await;
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    drop(client);
    // The clock of the process is not that of the test.
    std::thread::sleep(Duration::from_millis(2));
    again(&house).await;
    let _client = house.joins(&seat).await;
    until("is put out", || house.room_of(&seat.identity).is_none()).await;
    assert!(house.shows.entry(SHOW).expect("a show").current().staff.is_empty());
    let bearer = Keys::dev().verify(&seat.token, unix_now()).expect("a good token");
    let made = house.shows.show(SHOW).expect("a show").created_at;
    assert_eq!(Actor::of(&bearer, SHOW, Some(made)), None);
}

#[tokio::test(start_paused = true)]
async fn who_picks_up_from_elsewhere_and_does_not_come_leaves_the_caller_to_others() {
    let house = House::new().await;
    let (id, _line) = house.phone("CA1").await;
    house.act(&actor("nobody-here", Role::Screener), Verb::PickUp, &id).await.expect("picks up");
    sleep(Duration::from_secs(10)).await;
    assert_eq!(house.state(&id), CallState::Screening);
    sleep(Duration::from_secs(10)).await;
    assert_eq!((house.state(&id), house.call(&id).returned), (CallState::Screened, true));
}

#[tokio::test(start_paused = true)]
async fn guests_who_never_come_do_not_take_all_lines() {
    let house = House::new().await;
    let lines = house.shows.show(SHOW).expect("a show").settings.lines as usize;
    let seat = || house.shows.seat(SHOW, ShowRole::Guest, "Gus", None);
    let mut seats = 0;
    let refused = loop {
        match seat().await {
            Ok(_) => seats += 1,
            Err(refusal) => break refusal,
        }
    };
    assert_eq!((refused.code, seats), (Code::LinesBusy, (lines / 4).max(2)));
    house.phone("CA1").await;
    sleep(Duration::from_secs(90)).await;
    seat().await.expect("those who did not come are given up");
}
