//! The store fails.

use super::*;

fn break_store(house: &House, fails: bool) {
    house.paper.fails.store(fails, Ordering::Relaxed);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_kept_is_refused_and_nothing_has_changed() {
    let house = House::new().await;
    let (id, _line) = house.phone("CA1").await;
    break_store(&house, true);
    let refused = house.act(&actor("host-1", Role::Host), Verb::Approve, &id).await;
    assert_eq!(refused.expect_err("refused").code, Code::StoreUnavailable);
    assert_eq!(house.state(&id), CallState::Ringing);
    assert_eq!(house.place(&identity_of(&id)).await, Some((lobby(), true)));
    break_store(&house, false);
    house.host(Verb::Approve, &id).await;
    assert_eq!(house.whats(), ["made", "rang", "connected", "approved"]);
}

#[tokio::test(start_paused = true)]
async fn off_the_air_and_out_do_not_wait_for_a_disk_and_are_kept_when_it_is_back() {
    let house = House::new().await;
    let (id, _line) = house.waiting("CA1").await;
    house.host(Verb::Air, &id).await;
    break_store(&house, true);
    let host = actor("host-1", Role::Host);
    let refused = house.act(&host, Verb::Hold, &id).await;
    assert_eq!(refused.expect_err("says so").code, Code::StoreUnavailable);
    assert_eq!(house.place(&identity_of(&id)).await, Some((live(), true)), "and it was done");
    assert_eq!(house.act(&host, Verb::Drop, &id).await.expect_err("says so").code, Code::StoreUnavailable);
    assert_eq!(house.state(&id), CallState::Dropped);
    until("hangs up", || house.company.was_asked(&Asked::HangUp("CA1".into()))).await;
    assert_eq!(house.shows.figures().unsaved, 2);
    break_store(&house, false);
    until("it is kept", || house.shows.figures().unsaved == 0).await;
    assert_eq!(house.whats(), ["made", "rang", "connected", "approved", "aired", "held", "dropped"]);
    assert_eq!(lock(&house.paper.book).calls[&id].state, CallState::Dropped);
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_cannot_be_kept_waits_in_the_conference_until_they_can() {
    let house = House::new().await;
    break_store(&house, true);
    let answer = house.dials("CA1").await;
    assert!(matches!(answer, Welcome::Conference { asks_pin: true, .. }));
    break_store(&house, false);
    until("is asked back", || house.company.was_asked(&Asked::Redirect("CA1".into()))).await;
    let (_, _line) = house.phone("CA1").await;
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_known_comes_back_to_its_place_while_the_store_fails() {
    let house = House::new().await;
    let (id, line) = house.waiting("CA1").await;
    drop(line);
    lost(&house, "CA1").await;
    break_store(&house, true);
    let (same, _line) = house.phone("CA1").await;
    assert_eq!((&same, house.link(&id)), (&id, CallLink::Connected));
    assert_eq!(house.place(&identity_of(&id)).await, Some((live(), true)));
    break_store(&house, false);
    let kept = ["made", "rang", "connected", "approved", "lost", "connected"];
    until("it is kept", || house.whats() == kept).await;
}

#[tokio::test(start_paused = true)]
async fn off_the_air_does_not_wait_for_a_slow_disk_and_is_acknowledged_once_it_is_kept() {
    let house = House::new().await;
    let (id, _line) = house.waiting("CA1").await;
    house.host(Verb::Air, &id).await;
    house.paper.slow.store(3000, Ordering::Relaxed);
    let host = actor("host-1", Role::Host);
    let began = Instant::now();
    let holding = house.act(&host, Verb::Hold, &id);
    let watching = async {
        sleep(Duration::from_millis(10)).await;
        house.place(&identity_of(&id)).await
    };
    let (held, place) = tokio::join!(holding, watching);
    assert_eq!(place, Some((live(), true)), "10 ms after it was asked for");
    assert_eq!(held.expect("is kept").state, CallState::Hold);
    assert!(began.elapsed() >= Duration::from_secs(3), "{:?}", began.elapsed());
}
