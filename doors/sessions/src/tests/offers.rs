//! Offers and answers, in every order.

use crosspoint_model::Code;
use serde_json::json;

use super::house::{House, OPEN, answer, candidate, from, offer, path, request, sdp};
use crate::Settings;

#[tokio::test]
async fn a_client_offers_the_agent_answers_and_the_client_gets_the_answer() {
    let house = House::open().await;
    let made = house.post(&path("vm7", "offer"), offer("a")).await;
    assert_eq!(
        (made.status().as_u16(), &made.json()["state"], &made.json()["revision"]),
        (201, &json!("offered"), &json!(1))
    );

    let fetched = house.get(&path("vm7", "offer")).await;
    assert_eq!((fetched.status().as_u16(), fetched.header("cache-control")), (200, "no-store"));
    let fetched = fetched.json();
    assert_eq!((&fetched["type"], &fetched["sdp"]), (&json!("offer"), &json!(sdp("offer-a"))));
    assert_eq!((&fetched["offer"], &fetched["revision"]), (&offer("a"), &json!(1)));

    let answered = house.post(&path("vm7", "answer"), json!({"answer": answer("a"), "revision": 1})).await;
    assert_eq!((answered.status().as_u16(), &answered.json()["state"]), (201, &json!("answered")));
    let fetched = house.get(&path("vm7", "answer")).await.json();
    assert_eq!((&fetched["sdp"], &fetched["answer"]), (&json!(sdp("answer-a")), &answer("a")));
    assert!(fetched.get("offer").is_none());
}

#[tokio::test]
async fn what_is_not_there_yet_is_not_ready_and_who_is_not_known_has_no_session() {
    let house = House::open().await;
    for what in ["offer", "answer", "candidate"] {
        assert_eq!(house.get(&path("vm7", what)).await.problem(), (404, "no-session".into()), "{what}");
    }
    for (what, body) in [("answer", answer("a")), ("candidate", candidate(1)), ("state", json!({"state": "failed"}))] {
        let refused = house.post(&format!("{}?role=agent", path("vm7", what)), body).await;
        assert_eq!(refused.problem(), (404, "no-session".into()), "{what}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
    assert_eq!(house.get("/api/webrtc/session/vm7").await.problem(), (404, "no-session".into()));
    assert_eq!(house.delete("/api/webrtc/session/vm7").await.problem(), (404, "no-session".into()));
    house.begin("vm7", false).await;
    assert_eq!(house.get(&path("vm7", "answer")).await.problem(), (404, "not-ready".into()));
    assert_eq!(house.get(&format!("{}?after=1", path("vm7", "offer"))).await.problem(), (404, "not-ready".into()));
}

#[tokio::test]
async fn the_same_offer_again_is_no_other_offer() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    let again = house.post(&path("vm7", "offer"), json!({"offer": offer("a")})).await;
    assert_eq!((again.status().as_u16(), &again.json()["revision"]), (200, &json!(1)));
    assert_eq!(house.get(&path("vm7", "answer")).await.status(), 200, "the answer stays");
}

#[tokio::test]
async fn a_second_offer_waits_for_the_answer_or_replaces_the_first() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    house.post(&path("vm7", "candidate"), json!({"candidate": candidate(1), "from": "viewer"})).await;
    let refused = house.post(&path("vm7", "offer"), offer("b")).await;
    assert_eq!(refused.problem(), (409, "offer-exists".into()));
    assert!(refused.text.contains("?replace=true"), "{}", refused.text);

    let replaced = house.post(&format!("{}?replace=true", path("vm7", "offer")), offer("b")).await;
    assert_eq!((replaced.status().as_u16(), &replaced.json()["revision"]), (201, &json!(2)));
    assert_eq!(replaced.json()["candidates"], json!({"viewer": 0, "agent": 0}));
}

#[tokio::test]
async fn an_offer_after_the_answer_is_a_new_round_without_what_was_said_in_the_old_one() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    for from in ["viewer", "agent"] {
        house.post(&path("vm7", "candidate"), json!({"candidate": candidate(1), "from": from})).await;
    }
    let again = house.post(&path("vm7", "offer"), offer("b")).await;
    assert_eq!(
        (again.status().as_u16(), &again.json()["revision"], &again.json()["state"]),
        (201, &json!(2), &json!("offered"))
    );
    assert_eq!(house.get(&path("vm7", "answer")).await.problem(), (404, "not-ready".into()));
    let candidates = house.get(&path("vm7", "candidate")).await.json();
    assert_eq!((&candidates["candidates"], &candidates["revision"]), (&json!([]), &json!(2)));

    let late = house.post(&path("vm7", "answer"), json!({"answer": answer("a"), "revision": 1})).await;
    assert_eq!(late.problem(), (409, "stale-revision".into()));
    let late =
        house.post(&path("vm7", "candidate"), json!({"candidate": candidate(2), "from": "agent", "revision": 1})).await;
    assert_eq!(late.problem(), (409, "stale-revision".into()));
    assert_eq!(house.post(&path("vm7", "answer"), json!({"answer": answer("b"), "revision": 2})).await.status(), 201);
    let offer = house.get(&format!("{}?after=1", path("vm7", "offer"))).await.json();
    assert_eq!((&offer["revision"], &offer["sdp"]), (&json!(2), &json!(sdp("offer-b"))));
}

#[tokio::test]
async fn an_offer_that_its_side_gave_up_makes_way_for_the_next_one() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    house.post(&path("vm7", "state"), json!({"state": "failed", "cause": "no-answer"})).await;
    assert_eq!(house.post(&path("vm7", "offer"), offer("b")).await.status(), 201);
}

#[tokio::test]
async fn the_first_answer_counts() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    assert_eq!(house.post(&path("vm7", "answer"), answer("a")).await.status(), 200);
    assert_eq!(house.post(&path("vm7", "answer"), answer("b")).await.problem(), (409, "answer-exists".into()));
    assert_eq!(house.get(&path("vm7", "answer")).await.json()["sdp"], sdp("answer-a"));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_and_makes_no_session() {
    let house = House::open().await;
    let large = |bytes: usize| json!({"type": "offer", "sdp": format!("{}{}", sdp("a"), "a=x\r\n".repeat(bytes / 5))});
    for (id, body, status, code) in [
        ("vm7", large(1 << 20), 413, "message-too-large"),
        ("vm7", large(150 * 1024), 413, "message-too-large"),
        ("vm7", json!({"type": "offer", "sdp": "hello"}), 422, "invalid-sdp"),
        ("vm7", answer("a"), 400, "invalid-request"),
        ("vm7", json!("hello"), 400, "invalid-request"),
        ("v%20m", offer("a"), 400, "invalid-request"),
        (&"x".repeat(65), offer("a"), 400, "invalid-request"),
    ] {
        assert_eq!(house.post(&path(id, "offer"), body).await.problem(), (status, code.into()), "{id} {code}");
    }
    let plain = request("POST", &path("vm7", "offer"), None, &[("content-type", "application/sdp")]);
    assert_eq!(house.send(plain).await.problem(), (415, "unsupported-media-type".into()));
    assert_eq!(house.get("/api/webrtc/session/vm7").await.status(), 404);
}

#[tokio::test]
async fn a_server_has_as_many_sessions_as_it_may_and_one_that_ends_makes_way() {
    let house = House::new(Settings { count: 2, ..OPEN }).await;
    house.begin("a", false).await;
    house.begin("b", true).await;
    assert_eq!(house.post(&path("c", "offer"), offer("a")).await.problem(), (503, "server-full".into()));
    assert_eq!(house.post(&path("b", "offer"), offer("b")).await.status(), 201, "a new round takes no place");
    assert_eq!(house.delete("/api/webrtc/session/a").await.status(), 204);
    house.begin("c", false).await;
}

#[tokio::test]
async fn an_address_posts_so_many_offers_and_others_are_not_held_up() {
    let house = House::new(Settings { per_minute: 2, ..OPEN }).await;
    let post = async |address: &str, id: &str| {
        house.send(from(address, request("POST", &path(id, "offer"), Some(offer("a")), &[]))).await
    };
    for id in ["a", "b"] {
        assert_eq!(post("192.0.2.1", id).await.status(), 201);
    }
    let refused = post("192.0.2.1", "c").await;
    assert_eq!((refused.problem(), refused.header("retry-after")), ((429, "rate-limited".into()), "10"));
    assert_eq!(post("192.0.2.1", "a").await.status(), 200, "the same one again is not counted");
    assert_eq!(post("192.0.2.2", "c").await.status(), 201);
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_nothing_is_half_done() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    house.store.close().await;
    let unavailable =
        |seen: super::house::Seen| assert_eq!(seen.problem(), (503, Code::StoreUnavailable.as_str().into()));
    unavailable(house.post(&path("new", "offer"), offer("a")).await);
    unavailable(house.post(&path("vm7", "answer"), answer("a")).await);
    unavailable(house.post(&path("vm7", "candidate"), json!({"candidate": candidate(1), "from": "agent"})).await);
    unavailable(house.delete("/api/webrtc/session/vm7").await);
    assert_eq!(house.get("/api/webrtc/session/new").await.problem(), (404, "no-session".into()));
    let session = house.get("/api/webrtc/session/vm7").await.json();
    assert_eq!((&session["state"], &session["candidates"]["agent"]), (&json!("offered"), &json!(0)));
    let totals = &house.stats().await["totals"];
    assert_eq!(
        (&totals["created"], &totals["answered"], &totals["ended"]["deleted"]),
        (&json!(1), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn of_many_who_offer_at_once_one_is_taken() {
    let house = House::open().await;
    let offers = (0..20).map(|number| house.post_later(&path("vm7", "offer"), offer(&number.to_string())));
    let mut taken = 0;
    for posted in offers.collect::<Vec<_>>() {
        match posted.await.expect("it ended").problem() {
            (201, _) => taken += 1,
            refused => assert_eq!(refused, (409, "offer-exists".into())),
        }
    }
    assert_eq!((taken, &house.stats().await["totals"]["created"]), (1, &json!(1)));
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_half_done() {
    let house = House::open().await;
    let posted = house.post_later(&path("vm7", "offer"), offer("a"));
    // As far as the store, and no further.
    tokio::task::yield_now().await;
    posted.abort();
    house.until(async || house.get(&path("vm7", "offer")).await.status() == 200).await;
}
