//! The telephone company's conference: calls fall into it and come back.

use crosspoint_model::show::ShowMedia;
use crosspoint_rooms::{Conference, ConferenceEvent};

use super::*;

fn event(sid: &str, event: &str, sequence: u64) -> ConferenceEvent {
    ConferenceEvent {
        call: call(sid),
        conference_sid: "CF1".into(),
        name: format!("show-{SHOW}"),
        event: event.into(),
        sequence,
    }
}

async fn joins(house: &House, sid: &str, sequence: u64) {
    house.shows.conference(event(sid, "participant-join", sequence)).await;
}

async fn switch(house: &House, media: ShowMedia) {
    house.shows.switch_media(SHOW, media, &Actor::operator()).await.expect("switches");
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_socket_breaks_falls_into_the_conference_and_comes_back_to_its_place() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    house.host(Verb::Air, &id).await;
    drop(line);
    lost(&house, "CA1").await;
    assert_eq!((house.state(&id), house.link(&id)), (CallState::OnAir, CallLink::Lost));
    assert_eq!(house.room_of(&identity_of(&id)), None);
    joins(&house, "CA1", 1).await;
    assert_eq!(house.link(&id), CallLink::Conference);
    until("is asked back", || house.company.was_asked(&Asked::Redirect("CA1".into()))).await;
    house.shows.conference(event("CA1", "participant-leave", 2)).await;
    assert_eq!(house.link(&id), CallLink::Lost);
    let (same, _line) = house.phone("CA1").await;
    assert_eq!((same, house.link(&id)), (id.clone(), CallLink::Connected));
    assert_eq!(house.place(&identity_of(&id)).await, Some((live(), false)), "on the air, as before");
    joins(&house, "CA1", 1).await;
    assert_eq!(house.link(&id), CallLink::Connected, "what comes late undoes nothing");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_come_back_is_given_up() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    sleep(Duration::from_secs(80)).await;
    assert_eq!(house.state(&id), CallState::Waiting);
    sleep(Duration::from_secs(20)).await;
    assert_eq!((house.state(&id), house.call(&id).end_reason.as_deref()), (CallState::Off, Some("connection lost")));
    until("is hung up, wherever it is", || house.company.was_asked(&Asked::HangUp("CA1".into()))).await;
}

#[tokio::test(start_paused = true)]
async fn a_call_of_which_nothing_is_heard_is_asked_back_all_the_same() {
    let house = House::new().await;
    let (_, line) = house.waiting("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    let asked = || house.company.was_asked(&Asked::Redirect("CA1".into()));
    sleep(Duration::from_secs(9)).await;
    assert!(!asked(), "it comes by itself, or the conference tells of it");
    sleep(Duration::from_secs(4)).await;
    assert!(asked());
}

#[tokio::test(start_paused = true)]
async fn who_is_in_the_conference_without_a_word_is_found() {
    let house = House::new().await;
    *lock(&house.company.in_conference) = vec!["CA-stranger".into()];
    let asked = || house.company.was_asked(&Asked::Redirect("CA-stranger".into()));
    until("is asked to come", asked).await;
    let (id, _line) = house.phone("CA-stranger").await;
    sleep(Duration::from_secs(130)).await;
    assert_eq!(house.link(&id), CallLink::Connected, "a list that is late puts nobody out");
    assert_eq!(house.company.times(&Asked::Redirect("CA-stranger".into())), 1);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_breaks_again_and_again_is_asked_back_less_and_less_often() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    let begin = Instant::now();
    let mut sequence = 0;
    for round in 1..=5 {
        sequence += 1;
        joins(&house, "CA1", sequence).await;
        until("is asked back", || house.company.times(&Asked::Redirect("CA1".into())) >= round).await;
        let Welcome::Stream { .. } = house.dials("CA1").await else { panic!("a stream") };
        sequence += 1;
        house.shows.conference(event("CA1", "participant-leave", sequence)).await;
    }
    assert!(begin.elapsed() > Duration::from_secs(10), "{:?}", begin.elapsed());
    assert_eq!(house.state(&id), CallState::Waiting);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_in_the_conference_has_no_socket_here_whatever_that_one_believes() {
    let house = House::new().await;
    let (id, mut line) = house.waiting("CA1").await;
    joins(&house, "CA1", 1).await;
    until("is known to be there", || house.link(&id) == CallLink::Conference).await;
    assert_eq!(orders(&mut line), [LineOrder::Close]);
    assert_eq!(house.room_of(&identity_of(&id)), None);
    lost(&house, "CA1").await;
    assert_eq!(house.link(&id), CallLink::Conference, "its end is no news");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_sounds_is_not_put_out_by_what_is_told_too_late() {
    let house = House::new().await;
    let (id, mut line) = house.waiting("CA1").await;
    joins(&house, "CA1", 1).await;
    line.figures.frames.fetch_add(1, Ordering::Relaxed);
    sleep(Duration::from_secs(5)).await;
    assert_eq!((house.link(&id), orders(&mut line)), (CallLink::Connected, Vec::new()));
}

#[tokio::test(start_paused = true)]
async fn a_show_is_switched_to_the_conference_while_it_is_live_and_back() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    switch(&house, ShowMedia::Conference).await;
    until("is asked anew", || house.company.was_asked(&Asked::Redirect("CA1".into()))).await;
    let Welcome::Conference { conference, asks_pin } = house.dials("CA1").await else { panic!("the conference") };
    let expected =
        Conference { name: format!("show-{SHOW}"), label: id.clone(), starts: false, muted: true, reserved: false };
    assert_eq!((conference, asks_pin), (expected, false), "who is in the show is no host");
    drop(line);
    house.shows.detached(call("CA1"), Detached::Stopped).await;
    joins(&house, "CA1", 1).await;
    let muted = |muted| Asked::Participant {
        conference: "CF1".into(),
        sid: "CA1".into(),
        muted: Some(muted),
        hold: Some(false),
    };
    house.host(Verb::Air, &id).await;
    until("is heard", || house.company.was_asked(&muted(false))).await;
    let before = house.company.times(&muted(true));
    house.host(Verb::Hold, &id).await;
    until("is not heard", || house.company.times(&muted(true)) > before).await;

    switch(&house, ShowMedia::Crosspoint).await;
    until("is asked back", || house.company.times(&Asked::Redirect("CA1".into())) == 2).await;
    let (same, _line) = house.phone("CA1").await;
    assert_eq!((&same, house.state(&id), house.link(&id)), (&id, CallState::Hold, CallLink::Connected));
}

#[tokio::test(start_paused = true)]
async fn who_found_the_conference_full_is_brought_into_it_to_be_on_the_air() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    switch(&house, ShowMedia::Conference).await;
    let redirects = || house.company.times(&Asked::Redirect("CA1".into()));
    until("is asked anew", || redirects() == 1).await;
    drop(line);
    house.shows.detached(call("CA1"), Detached::Stopped).await;
    let apart = |sequence| ConferenceEvent {
        name: format!("show-{SHOW}.2"),
        conference_sid: "CF2".into(),
        ..event("CA1", "participant-join", sequence)
    };
    house.shows.conference(apart(1)).await;
    assert_eq!(house.link(&id), CallLink::Conference);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(redirects(), 1, "who waits may wait there");
    house.host(Verb::Air, &id).await;
    until("is asked in", || redirects() == 2).await;
    let Welcome::Conference { conference, .. } = house.dials("CA1").await else { panic!("the conference") };
    assert!(conference.reserved, "a place is kept for who is on the air");
    // It takes a while, and the next attempt is under way already.
    sleep(Duration::from_millis(1800)).await;
    joins(&house, "CA1", 1).await;
    let asked = redirects();
    let heard =
        Asked::Participant { conference: "CF1".into(), sid: "CA1".into(), muted: Some(false), hold: Some(false) };
    until("is heard", || house.company.was_asked(&heard)).await;
    sleep(Duration::from_secs(200)).await;
    assert_eq!(redirects(), asked, "who is heard is left there");
}

#[tokio::test(start_paused = true)]
async fn where_the_company_lists_a_call_counts_more_than_what_was_told_before() {
    let house = House::new().await;
    switch(&house, ShowMedia::Conference).await;
    let Welcome::Conference { conference, .. } = house.dials("CA1").await else { panic!("the conference") };
    let apart = ConferenceEvent {
        name: format!("show-{SHOW}.2"),
        conference_sid: "CF2".into(),
        ..event("CA1", "participant-join", 1)
    };
    house.shows.conference(apart).await;
    // It has come into the first one since, and nobody told.
    *lock(&house.company.in_conference) = vec!["CA1".into()];
    sleep(Duration::from_secs(61)).await;
    house.host(Verb::Approve, &conference.label).await;
    house.host(Verb::Air, &conference.label).await;
    let before = house.company.times(&Asked::Redirect("CA1".into()));
    sleep(Duration::from_secs(100)).await;
    assert_eq!(house.company.times(&Asked::Redirect("CA1".into())), before, "it is where the hosts are");
}

#[tokio::test(start_paused = true)]
async fn whose_coming_nobody_told_is_hung_up_with_the_show() {
    let house = House::new().await;
    sleep(Duration::from_secs(1)).await;
    *lock(&house.company.in_conference) = vec!["CA-untold".into()];
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    until("is hung up", || house.company.was_asked(&Asked::HangUp("CA-untold".into()))).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_show_that_is_over_is_asked_anew_and_told_so() {
    let house = House::new().await;
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    joins(&house, "CA1", 1).await;
    until("is asked anew", || house.company.was_asked(&Asked::Redirect("CA1".into()))).await;
    assert!(matches!(house.dials("CA1").await, Welcome::Goodbye { .. }));
}

#[tokio::test(start_paused = true)]
async fn who_is_in_the_conference_as_they_are_to_be_is_left_alone() {
    let house = House::new().await;
    switch(&house, ShowMedia::Conference).await;
    for sid in ["CA1", "CA2-unmuted"] {
        house.dials(sid).await;
        joins(&house, sid, 1).await;
    }
    let asked = |sid: &str| {
        let all = lock(&house.company.asked);
        all.iter().filter(|asked| matches!(asked, Asked::Participant { sid: one, .. } if one == sid)).count()
    };
    sleep(Duration::from_secs(30)).await;
    *lock(&house.company.in_conference) = vec!["CA1".into(), "CA2-unmuted".into()];
    let before = (asked("CA1"), asked("CA2-unmuted"));
    sleep(Duration::from_secs(125)).await;
    assert_eq!(asked("CA1"), before.0);
    assert!(asked("CA2-unmuted") > before.1, "one that is heard and must not be is muted");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_follow_a_switch_is_asked_again() {
    let house = House::new().await;
    let (id, _line) = house.waiting("CA1").await;
    switch(&house, ShowMedia::Conference).await;
    let asked = || house.company.times(&Asked::Redirect("CA1".into()));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(asked(), 1);
    until("is asked again", || asked() > 2).await;
    assert_eq!(house.link(&id), CallLink::Connected);
}

#[tokio::test(start_paused = true)]
async fn a_drop_in_the_conference_hangs_up_and_who_turns_up_in_it_after_a_drop_is_hung_up_again() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    joins(&house, "CA1", 1).await;
    house.host(Verb::Drop, &id).await;
    let muted = Asked::Participant { conference: "CF1".into(), sid: "CA1".into(), muted: Some(true), hold: None };
    until("is not heard", || house.company.was_asked(&muted)).await;
    until("hangs up", || house.company.times(&Asked::HangUp("CA1".into())) == 1).await;
    joins(&house, "CA1", 2).await;
    until("hangs up again", || house.company.times(&Asked::HangUp("CA1".into())) == 2).await;
}

#[tokio::test(start_paused = true)]
async fn who_hosts_by_telephone_is_still_a_host_after_a_restart() {
    let house = House::new().await;
    *lock(&house.company.in_conference) = vec!["CA-host".into()];
    let house = house.killed().await;
    until("is known again", || lock(&house.shows.inner.tickets).host_of(&call("CA-host")).is_some()).await;
    assert!(!house.company.was_asked(&Asked::Redirect("CA-host".into())), "and is left where they are");
}

#[tokio::test(start_paused = true)]
async fn who_is_in_the_conference_is_not_picked_up() {
    let house = House::new().await;
    let (id, line) = house.phone("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    joins(&house, "CA1", 1).await;
    let refused = house.act(&actor("screener-1", Role::Screener), Verb::PickUp, &id).await;
    assert_eq!(refused.expect_err("nobody could talk to them").code, Code::CallState);
}

#[tokio::test(start_paused = true)]
async fn a_host_who_finds_all_lines_busy_comes_in_by_the_pin() {
    let house = House::with(ShowSettings { lines: 1, ..ShowSettings::default() }).await;
    let (_, _line) = house.phone("CA1").await;
    let Welcome::Conference { asks_pin: true, .. } = house.dials("CA2").await else { panic!("asks for the PIN") };
    let wrong = house.shows.pin(call("CA2"), "0".into()).await.expect("an answer");
    assert!(matches!(wrong, Welcome::Conference { conference, asks_pin: true } if !conference.starts));
    let pin = house.shows.show(SHOW).expect("a show").pin;
    let right = house.shows.pin(call("CA2"), pin).await.expect("an answer");
    assert!(matches!(right, Welcome::Conference { conference, asks_pin: false } if conference.starts));
    assert!(!house.shows.entry(SHOW).expect("a show").is_waiting(&call("CA2")));
}

#[tokio::test(start_paused = true)]
async fn who_is_asked_for_a_pin_is_not_led_elsewhere_meanwhile() {
    let house = House::new().await;
    let down = IncomingCall { media_is_up: false, ..incoming("CA1") };
    house.shows.incoming(down).await.expect("an answer");
    sleep(Duration::from_secs(40)).await;
    assert!(!house.company.was_asked(&Asked::Redirect("CA1".into())));
}

#[tokio::test(start_paused = true)]
async fn who_is_dropped_is_hung_up_until_it_is_done() {
    let house = House::new().await;
    let (id, _line) = house.waiting("CA1").await;
    house.company.unreachable.store(9, Ordering::Relaxed);
    house.host(Verb::Drop, &id).await;
    sleep(Duration::from_secs(20 * 60)).await;
    assert_eq!(house.company.times(&Asked::HangUp("CA1".into())), 10);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_media_answers_with_the_conference_and_the_call_is_on_the_desk() {
    let house = House::new().await;
    let down = IncomingCall { media_is_up: false, ..incoming("CA1") };
    let Ok(Welcome::Conference { conference, asks_pin }) = house.shows.incoming(down).await else {
        panic!("the conference")
    };
    assert!(asks_pin && !conference.starts && conference.muted);
    assert_eq!(house.state(&conference.label), CallState::Ringing);
}

#[tokio::test(start_paused = true)]
async fn a_host_gets_into_the_conference_by_the_pin_and_guesses_are_bounded() {
    let house = House::new().await;
    switch(&house, ShowMedia::Conference).await;
    let pin = house.shows.show(SHOW).expect("a show").pin;
    assert!(pin.len() == 6 && pin.bytes().all(|byte| byte.is_ascii_digit()));
    let Welcome::Conference { asks_pin: true, conference } = house.dials("CA1").await else { panic!("asks") };
    let wrong = if pin == "000000" { "000001" } else { "000000" };
    for more in [true, true, true, true, false] {
        let Ok(Welcome::Conference { asks_pin, conference }) = house.shows.pin(call("CA1"), wrong.into()).await else {
            panic!("the conference")
        };
        assert_eq!((asks_pin, conference.starts), (more, false));
    }
    let answer = house.shows.pin(call("CA1"), pin.clone()).await.expect("an answer");
    assert!(matches!(answer, Welcome::Conference { asks_pin: false, conference } if !conference.starts), "too late");
    assert_eq!(house.state(&conference.label), CallState::Ringing, "an ordinary caller");

    let Welcome::Conference { conference, .. } = house.dials("CA2").await else { panic!("asks") };
    let answer = house.shows.pin(call("CA2"), pin).await.expect("an answer");
    assert!(
        matches!(answer, Welcome::Conference { asks_pin: false, conference } if conference.starts && !conference.muted)
    );
    assert_eq!(house.state(&conference.label), CallState::Off, "a host is no caller");
    joins(&house, "CA2", 1).await;
    assert_eq!(house.shows.calls(SHOW).expect("a show").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_host_is_called_and_brought_into_the_conference() {
    let house = House::new().await;
    let host = actor("host-1", Role::Host);
    let refused = house.shows.call_me(SHOW, "+491701", &actor("s", Role::Screener)).await;
    assert_eq!(refused.expect_err("refused").code, Code::Forbidden);
    house.shows.call_me(SHOW, "+4917012345", &host).await.expect("dials");
    assert!(house.company.was_asked(&Asked::Dial("+4917012345".into())));
    let answered = IncomingCall { to: "+4917012345".into(), is_ours: true, ..incoming("CA-dialled") };
    let answer = house.shows.incoming(answered.clone()).await.expect("an answer");
    assert!(matches!(answer, Welcome::Confirm { show, .. } if show == SHOW), "it may be a mailbox");
    let nobody = house.shows.pin(call("CA-dialled"), String::new()).await.expect("an answer");
    assert!(matches!(nobody, Welcome::Goodbye { .. }), "no key was pressed");
    let answer = house.shows.pin(call("CA-dialled"), "1".into()).await.expect("an answer");
    assert!(
        matches!(answer, Welcome::Conference { conference, asks_pin: false } if conference.starts && !conference.muted)
    );
    let again = house.shows.incoming(answered).await.expect("an answer");
    assert!(matches!(again, Welcome::Conference { conference, .. } if conference.starts), "once is enough");
    assert_eq!(house.shows.calls(SHOW).expect("a show"), []);
    house.shows.end(SHOW, &Actor::operator()).await.expect("ends");
    until("the host is hung up", || house.company.was_asked(&Asked::HangUp("CA-dialled".into()))).await;
}

#[tokio::test(start_paused = true)]
async fn who_left_an_earlier_conference_is_still_in_the_later_one_and_is_brought_back() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    joins(&house, "CA1", 1).await;
    // It was brought back and fell out again, and the news comes in another order.
    house
        .shows
        .conference(ConferenceEvent { conference_sid: "CF2".into(), ..event("CA1", "participant-join", 1) })
        .await;
    house.shows.conference(event("CA1", "participant-leave", 2)).await;
    assert_eq!(house.link(&id), CallLink::Conference);
}
