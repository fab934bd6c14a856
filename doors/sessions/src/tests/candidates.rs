//! Candidates, and whose they are.

use serde_json::{Value, json};

use super::house::{House, answer, candidate, offer, path, token};

#[tokio::test]
async fn each_side_gets_the_others_candidates_from_a_number_on() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    let (viewer, agent) = (token("vm7", "controller"), token("vm7", "agent"));
    let post = async |token: &str, body: Value| house.with(token, "POST", &path("vm7", "candidate"), Some(body)).await;
    let list = async |token: &str, since: &Value| {
        house.with(token, "GET", &format!("{}?since={since}", path("vm7", "candidate")), None).await.json()
    };
    assert_eq!(post(&viewer, candidate(1)).await.json(), json!({"from": "viewer", "revision": 1}));
    post(&agent, candidate(11)).await;
    post(&viewer, json!({"candidate": candidate(2)})).await;

    let first = list(&agent, &json!(0)).await;
    assert_eq!(ports(&first), [1, 2]);
    assert_eq!((&first["candidates"][0]["sdpMid"], &first["candidates"][0]["from"]), (&json!("0"), &json!("viewer")));
    assert_eq!(first["ended"], json!(false));
    assert_eq!(ports(&list(&agent, &first["next"]).await), [0; 0]);
    post(&viewer, candidate(3)).await;
    post(&viewer, json!({"candidate": null})).await;
    let rest = list(&agent, &first["next"]).await;
    assert_eq!((ports(&rest), &rest["ended"]), (vec![3], &json!(true)));
    assert_eq!(ports(&list(&viewer, &json!(0)).await), [11]);
    assert_eq!(ports(&list(&agent, &json!(999)).await), [1, 2, 3], "a number of an earlier session");
}

#[tokio::test]
async fn a_candidate_that_the_end_overtook_is_kept_and_the_end_stands() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    for body in [json!({"candidate": null, "from": "viewer"}), json!({"candidate": candidate(1), "from": "viewer"})] {
        assert_eq!(house.post(&path("vm7", "candidate"), body).await.status(), 200);
    }
    let seen = house.get(&format!("{}?role=agent", path("vm7", "candidate"))).await.json();
    assert_eq!((ports(&seen), &seen["ended"]), (vec![1], &json!(true)));
}

#[tokio::test]
async fn the_same_candidate_again_is_no_other_one() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    for _ in 0..3 {
        for body in [json!({"candidate": candidate(1), "from": "viewer"}), json!({"candidate": "", "from": "viewer"})] {
            assert_eq!(house.post(&path("vm7", "candidate"), body).await.status(), 200);
        }
    }
    let seen = house.get(&format!("{}?role=agent", path("vm7", "candidate"))).await.json();
    assert_eq!(ports(&seen), [1]);
}

#[tokio::test]
async fn a_side_has_so_many_candidates() {
    let house = House::open().await;
    house.begin("vm7", false).await;
    let post =
        async |from: &str, body: Value| house.post(&format!("{}?role={from}", path("vm7", "candidate")), body).await;
    for port in 1..=5 {
        assert_eq!(post("viewer", candidate(port)).await.status(), 200);
    }
    assert_eq!(post("viewer", candidate(6)).await.problem(), (400, "invalid-candidate".into()));
    assert_eq!(post("viewer", json!({"candidate": null})).await.status(), 200, "that there are no more can be said");
    assert_eq!(post("agent", candidate(6)).await.status(), 200);
}

#[tokio::test]
async fn without_a_token_the_side_is_what_is_said_or_whose_user_fragment_it_is() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    let plain = path("vm7", "candidate");
    let of = |ufrag: &str| json!({"candidate": {"candidate": line(ufrag), "usernameFragment": ufrag}});
    let inside = |ufrag: &str| json!({"candidate": format!("{} ufrag {ufrag}", line("x")), "sdpMid": "0"});
    for (path, body, from) in [
        (format!("{plain}?role=viewer"), candidate(1), "viewer"),
        (format!("{plain}?role=agent"), json!({"candidate": candidate(2), "from": "viewer"}), "agent"),
        (plain.clone(), json!({"candidate": candidate(3), "role": "controller"}), "viewer"),
        (plain.clone(), of("offer-a"), "viewer"),
        (plain.clone(), of("answer-a"), "agent"),
        (plain.clone(), inside("answer-a"), "agent"),
    ] {
        assert_eq!(house.post(&path, body.clone()).await.json()["from"], from, "{path} {body}");
    }
    for body in [candidate(9), of("nobodys"), json!({"candidate": null})] {
        let refused = house.post(&plain, body).await;
        assert_eq!(refused.problem(), (400, "invalid-request".into()));
        assert!(refused.text.contains("?role=agent"), "{}", refused.text);
    }
    let both = house.get(&plain).await.json();
    let sides: Vec<_> = both["candidates"].as_array().expect("a list").iter().map(|one| &one["from"]).collect();
    assert_eq!(sides, ["viewer", "agent", "viewer", "viewer", "agent", "agent"]);
    assert_eq!(house.get(&format!("{plain}?role=agent")).await.json()["candidates"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn a_candidate_of_an_offer_that_is_gone_is_stale() {
    let house = House::open().await;
    house.begin("vm7", true).await;
    let post = async |role: &str, ufrag: &str| {
        let body = json!({"candidate": line("x"), "usernameFragment": ufrag});
        house.post(&format!("{}?role={role}", path("vm7", "candidate")), body).await.problem()
    };
    assert_eq!(house.post(&path("vm7", "offer"), offer("b")).await.status(), 201);
    assert_eq!(post("viewer", "offer-a").await, (409, "stale-revision".into()));
    assert_eq!(post("viewer", "offer-b").await.0, 200);
    assert_eq!(post("agent", "answer-b").await.0, 200, "an agent may trickle before it answers");
    assert_eq!(house.post(&path("vm7", "answer"), answer("b")).await.status(), 201);
    assert_eq!(post("agent", "answer-a").await, (409, "stale-revision".into()));
}

fn line(foundation: &str) -> String {
    format!("candidate:{foundation} 1 udp 2122260223 192.0.2.1 5000 typ host")
}

fn ports(seen: &Value) -> Vec<u16> {
    let port = |one: &Value| one["candidate"].as_str()?.split(' ').nth(5)?.parse().ok();
    seen["candidates"].as_array().expect("a list").iter().filter_map(port).collect()
}
