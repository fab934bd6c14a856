//! The server is killed and started again.

use super::*;

#[tokio::test(start_paused = true)]
async fn everybody_is_back_in_their_place_after_a_restart() {
    let house = House::new().await;
    let (air, _line) = house.waiting("CA1").await;
    house.host(Verb::Air, &air).await;
    let (ringing, _other) = house.phone("CA2").await;
    let (seat, _client) = house.sits(ShowRole::Guest, "Gus").await;
    let guest = seat.call_id.clone().expect("a call");
    until("is there", || house.link(&guest) == CallLink::Connected).await;
    house.host(Verb::Approve, &guest).await;
    let (ann, _ann) = house.sits(ShowRole::Screener, "Ann").await;
    house.act(&screener(&ann), Verb::PickUp, &ringing).await.expect("picks up");

    let house = house.killed().await;
    for call in [&air, &ringing, &guest] {
        assert_eq!(house.link(call), CallLink::Lost);
    }
    assert_eq!(house.state(&air), CallState::OnAir);
    for sid in ["CA1", "CA2"] {
        until("is asked back", || house.company.was_asked(&Asked::Redirect(sid.into()))).await;
    }
    let (same, _line) = house.phone("CA1").await;
    assert_eq!(same, air);
    assert_eq!(house.place(&identity_of(&air)).await, Some((live(), false)));
    let (_, _other) = house.phone("CA2").await;
    let talk = format!("screening-{SHOW}-{ringing}");
    assert_eq!(house.place(&identity_of(&ringing)).await, Some((talk.clone(), false)));
    // With the tokens that they had before.
    let _client = house.joins(&seat).await;
    assert_eq!(house.place(&seat.identity).await, Some((live(), true)));
    let _ann = house.joins(&ann).await;
    assert_eq!(house.room_of(&ann.identity), Some(talk));
    until("is connected", || house.link(&guest) == CallLink::Connected).await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!((house.state(&ringing), house.state(&guest)), (CallState::Screening, CallState::Waiting));
}

#[tokio::test(start_paused = true)]
async fn who_hung_up_meanwhile_is_off_and_who_does_not_come_back_as_well() {
    let house = House::new().await;
    let (gone, _line) = house.waiting("CA1").await;
    let (seat, _client) = house.sits(ShowRole::Guest, "Gus").await;
    let guest = seat.call_id.expect("a call");
    let (talked_to, _other) = house.phone("CA2").await;
    house.act(&actor("screener-x", Role::Screener), Verb::PickUp, &talked_to).await.expect("picks up");
    lock(&house.company.gone).push("CA1".into());

    let house = house.killed().await;
    until("is off", || house.state(&gone) == CallState::Off).await;
    assert_eq!(house.call(&gone).end_reason.as_deref(), Some("was over when the server came back"));
    let (_, _other) = house.phone("CA2").await;
    sleep(Duration::from_secs(65)).await;
    assert_eq!(house.state(&guest), CallState::Off);
    let talked_to = house.call(&talked_to);
    assert_eq!((talked_to.state, talked_to.returned), (CallState::Screened, true), "its screener did not come back");
}

#[tokio::test(start_paused = true)]
async fn the_numbers_of_events_go_on_where_they_were() {
    let house = House::new().await;
    let (id, _line) = house.waiting("CA1").await;
    let house = house.killed().await;
    house.host(Verb::Air, &id).await;
    let seqs: Vec<u64> = lock(&house.paper.book)
        .events
        .iter()
        .map(|event| match event {
            ShowEvent::Call { seq, .. } | ShowEvent::Show { seq, .. } => *seq,
            other => panic!("{other:?} is not kept"),
        })
        .collect();
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    assert_eq!(house.shows.history(SHOW, None, 0).await.expect("a history").len(), seqs.len());
}

#[tokio::test(start_paused = true)]
async fn a_show_in_the_conference_is_left_alone_by_a_restart() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    let (conference, operator) = (crosspoint_model::show::ShowMedia::Conference, Actor::operator());
    house.shows.switch_media(SHOW, conference, &operator).await.expect("switches");
    drop(line);
    lost(&house, "CA1").await;
    let joined = crosspoint_rooms::ConferenceEvent {
        call: call("CA1"),
        conference_sid: "CF1".into(),
        name: format!("show-{SHOW}"),
        event: "participant-join".into(),
        sequence: 1,
    };
    house.shows.conference(joined).await;
    let house = house.killed().await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!((house.state(&id), house.link(&id)), (CallState::Waiting, CallLink::Conference));
    assert!(!house.company.was_asked(&Asked::Redirect("CA1".into())), "it is where it belongs");
}
