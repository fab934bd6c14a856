//! What callers are answered.

use std::collections::BTreeSet;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_banned_number_is_not_even_answered_and_a_known_one_is_known() {
    let house = House::new().await;
    let known = CallerView {
        number: "+14155550100".into(),
        name: "Eve".into(),
        warning: "sings".into(),
        banned: false,
        calls: 3,
        times_on_air: 1,
        last_call_at: None,
    };
    house.shows.save_caller(known.clone()).await.expect("kept");
    let (id, _line) = house.phone("CA1").await;
    assert_eq!((house.call(&id).caller, house.call(&id).notes.name.as_deref()), (Some(known.clone()), Some("Eve")));
    let banned = CallerView { banned: true, calls: 9, ..known.clone() };
    house.shows.save_caller(banned).await.expect("kept");
    assert_eq!(house.dials("CA2").await, Welcome::Reject);
    let shown = house.call(&id).caller;
    assert_eq!(
        shown,
        Some(CallerView { banned: true, ..known }),
        "every desk sees it, with what it knew of earlier calls"
    );
}

#[tokio::test(start_paused = true)]
async fn a_number_leads_to_its_show_else_to_the_newest_that_takes_all() {
    let house = House::over(Arc::default(), Arc::default()).await;
    assert!(matches!(house.dials("CA0").await, Welcome::Goodbye { .. }), "there is no show");
    let own = ShowSettings { numbers: vec!["+14155550199".into()], ..ShowSettings::default() };
    let operator = Actor::operator();
    for (show, settings) in [("own", own), ("all", ShowSettings::default())] {
        house.shows.create(Some(show.into()), settings, &operator).await.expect("a show");
    }
    let shown = |answer: Welcome| match answer {
        Welcome::Stream { show, .. } => show,
        other => panic!("a stream was expected, and not {other:?}"),
    };
    assert_eq!(shown(house.dials("CA1").await), "own");
    let other = IncomingCall { to: "+1".into(), ..incoming("CA2") };
    assert_eq!(shown(house.shows.incoming(other).await.expect("an answer")), "all");
    let named = IncomingCall { show: Some("all".into()), ..incoming("CA3") };
    assert_eq!(shown(house.shows.incoming(named).await.expect("an answer")), "all");
    for show in ["own", "all"] {
        house.shows.close(show, &operator).await.expect("closes");
    }
    assert!(matches!(house.dials("CA4").await, Welcome::Goodbye { message } if message.contains("takes no calls")));
    assert_eq!(shown(house.dials("CA1").await), "own", "who is in it stays in it");
}

#[tokio::test(start_paused = true)]
async fn the_company_may_ask_twice() {
    let house = House::new().await;
    let (first, second) = tokio::join!(house.dials("CA1"), house.dials("CA1"));
    let id = |answer| match answer {
        Welcome::Stream { call_id, .. } => call_id,
        other => panic!("a stream was expected, and not {other:?}"),
    };
    assert_eq!(id(first), id(second));
    assert_eq!(house.shows.calls(SHOW).expect("a show").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_calls_at_once_none_is_lost() {
    let house = House::with(ShowSettings { lines: 40, ..ShowSettings::default() }).await;
    let sids: Vec<String> = (0..1000).map(|number| format!("CA{number}")).collect();
    let answers = futures_util::future::join_all(sids.iter().map(|sid| house.dials(sid))).await;
    let streams = answers.iter().filter(|answer| matches!(answer, Welcome::Stream { .. })).count();
    let conferences: BTreeSet<&str> = answers
        .iter()
        .filter_map(|answer| match answer {
            Welcome::Conference { conference, .. } => Some(conference.label.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!((streams, conferences.len()), (40, 960), "and each has a label of its own");
    // Who hangs up makes room for the one that waits longest.
    let first = house.shows.find(&call("CA0")).expect("is in").1.call_id;
    house.host(Verb::Drop, &first).await;
    until("the next one is let in", || house.company.was_asked(&Asked::Redirect("CA40".into()))).await;
    let (_, _line) = house.phone("CA40").await;
    house.shows.completed(call("CA41"), "completed".into()).await;
    let second = house.shows.find(&call("CA1")).expect("is in").1.call_id;
    house.host(Verb::Drop, &second).await;
    until("the one after that", || house.company.was_asked(&Asked::Redirect("CA42".into()))).await;
    assert!(!house.company.was_asked(&Asked::Redirect("CA41".into())), "who has hung up is not asked");
}

#[tokio::test(start_paused = true)]
async fn a_show_has_one_name() {
    let house = House::new().await;
    let operator = Actor::operator();
    let again = house.shows.create(Some(SHOW.into()), ShowSettings::default(), &operator).await;
    assert_eq!(again.expect_err("taken").code, Code::ShowExists);
    let unnamed = house.shows.create(None, ShowSettings::default(), &operator).await.expect("a show");
    assert_eq!(house.shows.list().len(), 2);
    assert!(house.shows.show(&unnamed.show_id).is_ok());
    let screener = actor("s", Role::Screener);
    let refused = house.shows.create(None, ShowSettings::default(), &screener).await;
    assert_eq!(refused.expect_err("refused").code, Code::Forbidden);
}
