//! What several clients see of each other through real sockets.

mod support;

use std::time::Duration;

use crosspoint_model::Limits;
use crosspoint_rooms::fake;
use serde_json::json;
use support::{eventually, server, server_with};

#[tokio::test]
async fn two_clients_meet_negotiate_and_part() {
    let server = server().await;
    let lines = [("0", "audio", "sendonly"), ("1", "video", "recvonly")];
    let join = |who: &str| {
        json!({
            "type": "join", "roomId": "r", "protocol": 1,
            "offer": { "type": "offer", "sdp": fake::offer(who, &lines) },
            "publish": [{ "mid": "0", "source": "microphone" }],
        })
    };
    let mut ann = server.connect("ann@r").await;
    ann.say(join("ann")).await;
    assert_eq!(ann.hear("joined").await["answer"]["sdp"], fake::ANSWER);
    let mut bob = server.connect("bob@r").await;
    bob.say(join("bob")).await;
    assert_eq!(bob.hear("joined").await["participants"], json!(["ann"]));
    assert_eq!(ann.hear("user-joined").await["userId"], "bob");
    let track = ann.hear("published").await["track"]["trackId"].clone();
    let offer = json!({ "type": "offer", "sdp": fake::offer("ann", &lines) });
    ann.say(json!({ "type": "offer", "request": 8, "data": offer })).await;
    assert_eq!(ann.hear("answer").await["request"], 8);
    bob.say(json!({ "type": "mute", "muted": true })).await;
    assert_eq!(ann.hear("muted").await["trackId"], track);
    bob.say(json!({ "type": "leave" })).await;
    assert_eq!(bob.closed().await.0, 1000);
    assert_eq!(ann.hear("user-left").await["reason"], "left");
}

#[tokio::test]
async fn the_same_identity_twice_replaces_the_first() {
    let server = server().await;
    let mut bob = server.join("r", "bob@r").await;
    let mut first = server.join("r", "ann@r").await;
    bob.hear("user-joined").await;
    let _second = server.join("r", "ann@r").await;
    assert_eq!(first.hear("kicked").await["reason"], "replaced");
    assert_eq!(first.closed().await.0, 4000);
    assert!(!bob.until_pong().await.contains(&"user-left".to_owned()));
}

#[tokio::test]
async fn a_cut_socket_resumes_and_hears_what_it_missed() {
    let server = server().await;
    let mut ann = server.join("r", "ann@r").await;
    let mut bob = server.join("r", "bob@r").await;
    let last_seq = ann.hear("user-joined").await["seq"].clone();
    let resume = ann.joined["resume"].clone();
    drop(ann);
    eventually("the server notices", || server.rooms.totals().waiting_sessions == 1).await;
    bob.say(json!({ "type": "data", "payload": "while you were away" })).await;
    bob.until_pong().await;
    let mut ann = server.connect("ann@r").await;
    ann.say(json!({ "type": "join", "roomId": "r", "resume": resume, "lastSeq": last_seq })).await;
    assert_eq!(ann.hear("joined").await["resumed"], true);
    assert_eq!(ann.hear("data").await["payload"], "while you were away");
    assert!(!bob.until_pong().await.contains(&"user-left".to_owned()));

    let mut late = server.connect("ann@r").await;
    late.say(json!({ "type": "join", "roomId": "r", "resume": resume })).await;
    assert_eq!(late.error().await, "resume-failed", "each resume token is good once");
    late.say(json!({ "type": "join", "roomId": "r" })).await;
    assert_eq!(late.hear("joined").await["resumed"], false, "on the same connection");
}

#[tokio::test]
async fn a_socket_that_is_not_resumed_in_time_is_a_leave() {
    let server = server_with(Limits { resume: Duration::from_millis(100), ..Limits::default() }).await;
    let ann = server.join("r", "ann@r").await;
    let mut bob = server.join("r", "bob@r").await;
    drop(ann);
    assert_eq!(bob.hear("user-left").await["reason"], "disconnected");
}

#[tokio::test]
async fn a_full_room_refuses_and_the_client_may_try_again() {
    let server = server_with(Limits { participants_per_room: 1, ..Limits::default() }).await;
    let mut ann = server.join("r", "ann@r").await;
    let mut bob = server.connect("bob@r").await;
    bob.say(json!({ "type": "join", "roomId": "r" })).await;
    assert_eq!(bob.error().await, "room-full");
    ann.say(json!({ "type": "leave" })).await;
    assert_eq!(ann.closed().await.0, 1000);
    bob.say(json!({ "type": "join", "roomId": "r" })).await;
    bob.hear("joined").await;
}

#[tokio::test]
async fn in_a_mesh_room_messages_carry_the_true_sender_and_offers_do_not_cross() {
    let server = server().await;
    let mut ann = server.join("r", "ann@r").await;
    let mut bob = server.join("r", "bob@r").await;
    let offer = |to: &str, sdp: &str| {
        json!({ "type": "offer", "roomId": "r", "userId": "mallory", "targetUserId": to,
                "data": { "type": "offer", "sdp": sdp } })
    };
    ann.say(offer("bob", "from ann")).await;
    let heard = bob.hear("offer").await;
    assert_eq!((&heard["userId"], &heard["data"]["sdp"]), (&json!("ann"), &json!("from ann")));
    bob.say(offer("ann", "crossing")).await;
    bob.say(json!({ "type": "answer", "targetUserId": "ann", "data": { "type": "answer", "sdp": "a" } })).await;
    bob.until_pong().await;
    assert_eq!(ann.until_pong().await, ["user-joined", "answer"]);
    ann.say(offer("nobody", "x")).await;
    assert_eq!(ann.error().await, "target-not-found");
}

#[tokio::test]
async fn an_admin_mutes_kicks_and_closes() {
    let server = server().await;
    let mut host = server.join("r", "host@r!").await;
    let mut bob = server.join("r", "bob@r").await;
    bob.say(json!({ "type": "kick", "userId": "host" })).await;
    assert_eq!(bob.error().await, "forbidden");
    let mut ann = server.join("r", "ann@r").await;
    host.say(json!({ "type": "kick", "userId": "bob", "reason": "rude" })).await;
    assert_eq!(bob.hear("kicked").await["reason"], "rude");
    assert_eq!(bob.closed().await, (4001, "rude".to_owned()));
    let mut bob = server.connect("bob@r").await;
    bob.say(json!({ "type": "join", "roomId": "r" })).await;
    assert_eq!(bob.error().await, "kicked");
    assert_eq!(bob.closed().await.0, 4001);
    host.say(json!({ "type": "close-room", "reason": "over" })).await;
    assert_eq!(ann.hear("room-closed").await["reason"], "over");
    assert_eq!(ann.closed().await, (4002, "over".to_owned()));
}

#[tokio::test]
async fn an_admin_mutes_somebody_else() {
    let server = server().await;
    let mut host = server.connect("host@r!").await;
    host.say(json!({ "type": "join", "roomId": "r", "kind": "forward" })).await;
    host.hear("joined").await;
    let mut ann = server.connect("ann@r").await;
    let offer = json!({ "type": "offer", "sdp": fake::offer("ann", &[("0", "audio", "sendonly")]) });
    let publish = json!([{ "mid": "0", "source": "microphone" }]);
    ann.say(json!({ "type": "join", "roomId": "r", "offer": offer, "publish": publish })).await;
    ann.hear("joined").await;
    host.say(json!({ "type": "mute", "userId": "ann", "source": "microphone", "muted": true })).await;
    let muted = ann.hear("muted").await;
    assert_eq!((&muted["userId"], &muted["muted"]), (&json!("ann"), &json!(true)));
    host.say(json!({ "type": "hold", "userId": "ann", "held": true })).await;
    assert_eq!(ann.hear("held").await["held"], true);
}

#[tokio::test]
async fn a_draining_server_tells_everybody_and_closes_with_1012() {
    let server = server().await;
    let mut ann = server.join("r", "ann@r").await;
    let rooms = server.rooms.clone();
    let drain = tokio::spawn(async move { rooms.drain(Duration::from_millis(500)).await });
    assert_eq!(ann.hear("draining").await["deadlineMs"], 500);
    let mut bob = server.connect("bob@r").await;
    bob.say(json!({ "type": "join", "roomId": "r" })).await;
    assert_eq!(bob.error().await, "draining");
    assert_eq!(bob.closed().await.0, 1012);
    assert_eq!(ann.closed().await.0, 1012);
    drain.await.expect("drains");
}

#[tokio::test]
async fn a_crowd_comes_in_and_everybody_hears_of_everybody() {
    let server = server_with(Limits { participants_per_room: 200, ..Limits::default() }).await;
    let mut clients = Vec::new();
    for number in 0..80 {
        clients.push(server.join("r", &format!("n{number}@r")).await);
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let there = client.joined["participants"].as_array().expect("a list").len();
        assert_eq!(there, number);
        for _ in number + 1..80 {
            client.hear("user-joined").await;
        }
    }
}

#[tokio::test]
async fn an_address_that_guessed_too_often_is_not_told_the_right_pin() {
    let server = server_with(Limits { failures_per_minute: 3, ..Limits::default() }).await;
    let room = json!({ "roomId": "r", "kind": "mesh", "pin": "1234" });
    server.rooms.create(serde_json::from_value(room).expect("a room")).expect("made");
    let join = |pin: &str| json!({ "type": "join", "roomId": "r", "pin": pin });
    let mut ann = server.connect("ann@r").await;
    for _ in 0..3 {
        ann.say(join("1")).await;
        assert_eq!(ann.error().await, "wrong-pin");
    }
    ann.say(join("1234")).await;
    assert_eq!(ann.error().await, "rate-limited");
    assert_eq!(ann.closed().await.0, 1008);
}
