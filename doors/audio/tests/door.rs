//! The door over a fake media plane, with WebSocket clients of a library that is not ours alone.

mod support;

use std::time::Duration;

use crosspoint_model::{Bus, Limits, RoomId};
use serde_json::json;
use support::{bytes, eventually, server, server_with};

#[tokio::test]
async fn without_a_valid_token_the_socket_opens_and_is_closed_with_1008() {
    let server = server().await;
    for query in ["token=nonsense&room=r", "room=r", "rate=1", "token=bad&source=dance"] {
        let mut client = server.connect(query).await;
        assert_eq!(client.closed().await, (1008, "Unauthorized".to_owned()), "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_is_told_with_its_code_and_closed() {
    let server = server().await;
    for (query, code) in [
        ("token=bot@r", "invalid-request"),
        ("token=bot@r&room=r&rate=44100", "invalid-request"),
        ("token=bot@r&room=r&bus=radio", "invalid-request"),
        ("token=bot@r&room=r&bus=hold", "forbidden"),
        ("token=bot@r&room=r&source=dance", "invalid-request"),
        ("token=bot@r&room=other", "forbidden"),
        ("token=bot@r&room=r&bus=nothing&hears=nothing", "invalid-request"),
    ] {
        let mut client = server.connect(query).await;
        assert_eq!(client.hear("error").await["code"], code, "{query}");
        assert_eq!(client.closed().await.0, 1008, "{query}");
    }
    assert!(server.rooms.list().is_empty());
}

#[tokio::test]
async fn sound_goes_both_ways_at_the_room_s_rate() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r&name=tea").await;
    server.lets_hear("bot", 96_000, &[0.5; 960]).await;
    let ready = bot.hear("ready").await;
    assert_eq!(
        (&ready["roomId"], &ready["userId"], &ready["rate"], &ready["frame"], &ready["position"]),
        (&json!("r"), &json!("bot"), &json!(48_000), &json!(960), &json!(96_000))
    );
    assert_eq!(bot.sound().await, bytes(&[16_384; 960]));
    bot.send(bytes(&[8192; 480])).await;
    server.plays("bot", &[0.25; 480]).await;
    let described = server.rooms.describe(&RoomId::parse("r").expect("a room")).await.expect("known");
    assert_eq!(
        (described.published[0].track.name.as_str(), described.published[0].track.source.as_str()),
        ("tea", "other")
    );
}

#[tokio::test]
async fn at_16000_samples_a_second_20_ms_are_320_samples() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r&rate=16000").await;
    server.lets_hear("bot", 0, &[0.0; 960]).await;
    assert_eq!(bot.hear("ready").await["frame"], 320);
    assert_eq!(bot.sound().await.len(), 640);
    bot.send(bytes(&[0; 320])).await;
    server.plays("bot", &[0.0; 960]).await;
}

#[tokio::test]
async fn a_mark_comes_back_when_what_was_before_it_was_played_or_cleared() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    bot.send(bytes(&[1; 960])).await;
    bot.say(json!({ "type": "mark", "name": "first" })).await;
    bot.send(bytes(&[2; 960])).await;
    bot.say(json!({ "type": "mark", "name": "second" })).await;
    eventually("both are there", || server.waits("bot") == 1920).await;
    server.media.with_line("bot", |line| line.play(960));
    assert_eq!(bot.hear("mark").await["name"], "first");
    bot.say(json!({ "type": "clear" })).await;
    bot.hear("cleared").await;
    server.media.with_line("bot", |line| assert!(line.play(960).is_empty(), "it is not heard"));
    assert_eq!(bot.hear("mark").await["name"], "second");
}

#[tokio::test]
async fn muting_is_seen_by_the_room() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    bot.say(json!({ "type": "mute", "muted": true })).await;
    eventually("it is muted", || {
        server.media.was_told(|order| matches!(order, crosspoint_worker::engine::Order::SetFlags { muted: true, .. }))
    })
    .await;
}

#[tokio::test]
async fn nonsense_is_told_and_too_much_of_it_ends_the_connection() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    bot.send(vec![1, 2, 3]).await;
    assert_eq!(bot.hear("error").await["code"], "malformed-message");
    for text in ["{", r#"{"type":"dance"}"#, r#"{"type":"mark"}"#] {
        bot.say_text(text).await;
        assert_eq!(bot.hear("error").await["code"], "malformed-message", "{text}");
    }
    for _ in 0..16 {
        bot.say_text("again").await;
    }
    assert_eq!(bot.closed().await, (1008, "too many malformed messages".to_owned()));
}

#[tokio::test]
async fn who_sends_more_than_ten_seconds_ahead_loses_the_surplus_and_is_told() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    for _ in 0..11 {
        bot.send(bytes(&[1; 48_000])).await;
    }
    let error = bot.hear("error").await;
    assert_eq!(error["code"], "rate-limited");
    assert!(error["message"].as_str().expect("text").contains("1000 ms were dropped"), "{error}");
    assert_eq!(server.waits("bot"), 480_000);
}

#[tokio::test]
async fn a_frame_beyond_the_limit_ends_the_connection() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    bot.send(vec![0; 192_002]).await;
    assert_eq!(bot.closed().await.0, 1009);
}

#[tokio::test]
async fn frames_that_a_client_was_too_slow_for_are_counted_to_it() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    server.media.with_line("bot", |line| {
        for number in 0..60 {
            line.give(number * 960, &[0.0; 960]);
        }
    });
    assert_eq!(bot.hear("lost").await["frames"], 10);
}

#[tokio::test]
async fn who_is_put_out_hears_why_and_so_does_who_is_in_a_room_that_closes() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    let mut other = server.connect("token=other@r&room=r&bus=nothing").await;
    other.hear("ready").await;
    let room = RoomId::parse("r").expect("a room");
    server.rooms.kick(&room, &crosspoint_model::Identity::parse("bot").expect("a name"), "rude").expect("kicked");
    assert_eq!(bot.closed().await, (4001, "rude".to_owned()));
    let mut again = server.connect("token=bot@r&room=r").await;
    assert_eq!(again.hear("error").await["code"], "kicked");
    assert_eq!(again.closed().await.0, 4001);
    server.rooms.close(&room, "over").expect("closed");
    assert_eq!(other.closed().await, (4002, "over".to_owned()));
}

#[tokio::test]
async fn who_goes_is_gone_from_the_room() {
    let server = server().await;
    let mut bot = server.connect("token=bot@r&room=r").await;
    bot.hear("ready").await;
    assert_eq!(server.rooms.list()[0].participants, 1);
    drop(bot);
    eventually("it is gone", || server.rooms.list()[0].participants == 0).await;
}

#[tokio::test]
async fn a_token_that_may_not_publish_only_hears() {
    let server = server().await;
    let mut ear = server.connect("token=ear@r-&room=r").await;
    ear.hear("ready").await;
    let (hears, speaks) = server.media.with_line("ear", |line| (line.hears, line.speaks.is_some())).expect("a line");
    assert_eq!((hears, speaks), (Some(Bus::Programme), false));
    ear.send(bytes(&[1])).await;
    assert_eq!(ear.hear("error").await["code"], "malformed-message");
    ear.say(json!({ "type": "mute", "muted": true })).await;
    assert_eq!(ear.hear("error").await["code"], "invalid-request");
}

#[tokio::test]
async fn a_client_that_gives_no_sign_is_cut_off() {
    let server = server_with(Limits { silence: Duration::from_millis(200), ..Limits::default() }).await;
    // Not read from: its library answers no pings then.
    let _deaf = server.connect("token=bot@r&room=r").await;
    eventually("it came", || server.rooms.list().first().is_some_and(|room| room.participants == 1)).await;
    eventually("it is gone", || server.rooms.list()[0].participants == 0).await;
}
