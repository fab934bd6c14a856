//! More calls at once than there are lines, and than a conference takes: none is lost.

use std::collections::BTreeMap;
use std::time::Duration;

use crosspoint_phone_sim::CallState;
use crosspoint_shows_tests::House;
use crosspoint_shows_tests::chance::setting;
use crosspoint_shows_tests::handmade::Provider;
use crosspoint_shows_tests::phones::Caller;
use crosspoint_shows_tests::wait::{at_most, within};
use reqwest::Method;
use serde_json::json;

const NUMBER: &str = "+14155550101";
const SHOW: &str = "crowd";
/// Lines of the server.
const LIMIT: usize = 20;
/// Whoever calls may key in a PIN for six seconds; a thousand are told about one after the other.
const PATIENCE: Duration = Duration::from_secs(60);
/// So many are let into a show's first conference.
const UNRESERVED: usize = 240;
const SOUND: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_at_once_beyond_the_limit_wait_and_get_a_line_each_as_one_is_free() {
    let house = House::open(&["--phone.calls", &LIMIT.to_string()]).await;
    house.operator.make_show(SHOW, &[NUMBER], json!({"lines": 1000})).await;
    house.phones.lead(NUMBER, SHOW);
    let provider = Provider::of(&house.server.url());
    let mut lines = Vec::new();
    for _ in 0..LIMIT {
        lines.push(provider.call("+12025550111", NUMBER).await);
    }
    for (_, line) in &mut lines {
        assert!(line.hears_sound(SOUND).await, "a line within the limit has sound");
    }

    let count = setting("SHOW_CROWD", 1000);
    let number = |caller| format!("+1202556{caller:04}");
    let callers: Vec<Caller> =
        (0..count).map(|caller| house.phones.place_kept(&number(caller), NUMBER, None, false)).collect();
    let conferences = within(PATIENCE, "all wait in a conference", || async { conferences(&callers) }).await;
    println!("{count} calls at once with {LIMIT} lines taken: {conferences:?}");
    assert_eq!(conferences.values().sum::<usize>(), count);
    assert_eq!(conferences.get("show-crowd"), Some(&count.min(UNRESERVED)));
    assert!(conferences.keys().all(|name| name.starts_with("show-crowd")), "{conferences:?}");
    for (_, line) in &mut lines {
        line.media(&[0xFF; 160]).await;
        assert!(line.hears_sound(SOUND).await, "the lines that were there go on");
    }

    drop(lines);
    within(PATIENCE, "each line that is free is given to one of them", || async {
        (callers.iter().filter(|caller| has_a_line(caller)).count() == LIMIT.min(count)).then_some(())
    })
    .await;
    assert!(callers.iter().all(|caller| !caller.is_over()), "nobody is lost on the way");

    house.operator.ask(Method::DELETE, &format!("/api/shows/{SHOW}"), None).await.expect("the show ends");
    at_most(PATIENCE, || async { callers.iter().all(Caller::is_over).then_some(()) }).await;
    let left: Vec<_> = callers.iter().filter(|caller| !caller.is_over()).map(Caller::report).collect();
    assert!(left.is_empty(), "not hung up: {left:#?}");
}

/// How many are in each conference, once all are in one.
fn conferences(callers: &[Caller]) -> Option<BTreeMap<String, usize>> {
    let mut all = BTreeMap::new();
    for caller in callers {
        assert!(!caller.is_over(), "{:?}", caller.report());
        *all.entry(caller.report().conference?.name).or_default() += 1;
    }
    Some(all)
}

fn has_a_line(caller: &Caller) -> bool {
    let report = caller.report();
    report.state == CallState::InProgress && report.verb == "Stream"
}
