//! What concerns the socket itself: tokens, origins, sizes, rates, shapes, silence.

mod support;

use std::time::Duration;

use crosspoint_model::Limits;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use support::{Client, server, server_with};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn without_a_valid_token_the_socket_opens_and_is_closed_with_1008() {
    let server = server().await;
    for url in [server.url("nonsense"), server.url(""), format!("ws://{}/ws/webrtc", server.address)] {
        let mut client = Client::open(url, &[]).await;
        assert_eq!(client.closed().await, (1008, "Unauthorized".to_owned()));
    }
}

#[tokio::test]
async fn a_token_may_come_in_the_authorization_header() {
    let server = server().await;
    let url = format!("ws://{}/ws/webrtc", server.address);
    let mut client = Client::open(url, &[("authorization", "Bearer ann@r")]).await;
    client.say(json!({ "type": "join", "roomId": "r", "request": 5 })).await;
    let joined = client.hear("joined").await;
    assert_eq!((&joined["userId"], &joined["request"]), (&json!("ann"), &json!(5)));
}

#[tokio::test]
async fn failures_are_limited_by_address_and_valid_tokens_are_not() {
    let server = server_with(Limits { failures_per_minute: 3, ..Limits::default() }).await;
    for _ in 0..3 {
        assert_eq!(server.connect("bad").await.closed().await.1, "Unauthorized");
    }
    assert_eq!(server.connect("bad").await.closed().await, (1008, "Too many failed attempts".to_owned()));
    server.join("r", "ann@r").await;
}

#[tokio::test]
async fn a_page_of_another_origin_is_turned_away() {
    let server = server().await;
    let mut evil = Client::open(server.url("ann@r"), &[("origin", "https://evil.example")]).await;
    assert_eq!(
        evil.closed().await,
        (1008, "Origin https://evil.example not allowed (setting http.allowed_origins)".to_owned())
    );
    let mut good = Client::open(server.url("ann@r"), &[("origin", "https://meet.example")]).await;
    good.say(json!({ "type": "join", "roomId": "r" })).await;
    good.hear("joined").await;
}

#[tokio::test]
async fn malformed_messages_are_refused_and_too_many_end_the_connection() {
    let server = server().await;
    let mut ann = server.join("r", "ann@r").await;
    ann.say_text("{").await;
    assert_eq!(ann.error().await, "malformed-message");
    ann.say(json!({ "type": "dance", "request": 3 })).await;
    let error = ann.hear("error").await;
    assert_eq!((&error["code"], &error["request"]), (&json!("malformed-message"), &json!(3)));
    assert!(error["docs"].as_str().expect("a page").ends_with("malformed-message.md"));
    ann.socket.send(Message::binary(vec![1, 2, 3])).await.expect("sent");
    assert_eq!(ann.error().await, "malformed-message");
    assert!(ann.until_pong().await.is_empty(), "the connection goes on");
    for _ in 0..17 {
        ann.say_text("[]").await;
    }
    assert_eq!(ann.closed().await.0, 1008);
}

#[tokio::test]
async fn a_large_message_ends_the_connection_with_1009() {
    let server = server().await;
    for size in [1_000_000, 8_000_000] {
        let ann = server.join("r", "ann@r").await;
        let text = json!({ "type": "data", "payload": "x".repeat(size) }).to_string();
        let (mut sink, mut stream) = ann.socket.split();
        // Read meanwhile, as browsers do: the server may close before it has read all of it.
        let sending = tokio::spawn(async move { sink.send(Message::text(text)).await });
        let code = loop {
            let next = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.expect("a close in time");
            if let Message::Close(frame) = next.expect("open").unwrap_or_else(|error| panic!("{size} bytes: {error}")) {
                break u16::from(frame.expect("with a code").code);
            }
        };
        assert_eq!(code, 1009, "{size} bytes");
        sending.abort();
    }
}

#[tokio::test]
async fn who_sends_too_fast_is_told_so_and_goes_on() {
    let server = server_with(Limits { messages_per_second: 5, ..Limits::default() }).await;
    let mut ann = server.join("r", "ann@r").await;
    for _ in 0..40 {
        ann.say(json!({ "type": "ping", "request": 9 })).await;
    }
    let error = ann.hear("error").await;
    assert_eq!((&error["code"], &error["request"]), (&json!("rate-limited"), &json!(9)));
}

#[tokio::test]
async fn the_first_message_must_be_a_join() {
    let server = server().await;
    let mut ann = server.connect("ann@r").await;
    ann.say(json!({ "type": "ping", "request": 1 })).await;
    let error = ann.hear("error").await;
    assert_eq!((&error["code"], &error["request"]), (&json!("not-joined"), &json!(1)));
    ann.say(json!({ "type": "join", "roomId": "r" })).await;
    ann.hear("joined").await;
    ann.say(json!({ "type": "join", "roomId": "r" })).await;
    assert_eq!(ann.error().await, "already-joined");
    ann.say(json!({ "type": "ping", "timestamp": 1_700_000_000_000_u64 })).await;
    assert_eq!(ann.hear("pong").await["timestamp"], 1_700_000_000_000_u64);
}

#[tokio::test]
async fn who_does_not_join_in_time_is_cut_off() {
    let server = server().await;
    let mut ann = server.connect("ann@r").await;
    assert_eq!(ann.closed().await, (1008, "no join came in time".to_owned()));
}

#[tokio::test]
async fn who_gives_no_sign_is_cut_off_and_who_answers_pings_is_not() {
    let server = server_with(Limits { silence: Duration::from_millis(300), ..Limits::default() }).await;
    // This client reads, and by reading answers pings.
    let mut ann = server.join("r", "ann@r").await;
    let mut bob = server.join("r", "bob@r").await;
    let seen = tokio::time::timeout(Duration::from_secs(1), ann.hear("user-left")).await;
    assert!(seen.is_err(), "bob's session waits to be resumed, ann's socket stands");
    assert_eq!(bob.closed().await.0, 4003, "bob did not read for a second");
    ann.until_pong().await;
}

#[tokio::test]
async fn refusals_that_no_join_can_mend_end_the_connection() {
    let server = server().await;
    for (join, code) in [
        (json!({ "type": "join", "roomId": "r", "userId": "eve" }), "identity-mismatch"),
        (json!({ "type": "join", "roomId": "other" }), "forbidden"),
        (json!({ "type": "join", "roomId": "r", "protocol": 9 }), "protocol-unsupported"),
    ] {
        let mut ann = server.connect("ann@r").await;
        ann.say(join).await;
        assert_eq!(ann.error().await, code);
        assert_eq!(ann.closed().await.0, 1008);
    }
}
