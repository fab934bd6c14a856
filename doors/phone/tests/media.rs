//! The media socket, with a client of a library that is not ours.

// Each file of tests uses a part of it.
#[allow(dead_code)]
mod support;

use std::sync::atomic::Ordering;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosspoint_model::{Identity, RoomId};
use crosspoint_phone::Cause;
use crosspoint_rooms::{Detached, LineOrder};
use serde_json::{Value, json};
use support::{Client, MEDIA, PATIENCE, Server, Told, eventually, server, server_with, start};

/// Lets a caller hear so many frames, one after the other, and gives what came until the last of them.
async fn let_hear(server: &Server, client: &mut Client, numbers: std::ops::Range<u64>) -> Vec<Value> {
    let mut heard = Vec::new();
    for number in numbers {
        server.media.with_line("call-CA1", |line| line.give(960 * number, &[0.25; 960])).expect("it is there");
        loop {
            let message = client.hear().await;
            let is_sound = message["event"] == "media" && payload(&message) != [0xFF; 160];
            heard.push(message);
            if is_sound {
                break;
            }
        }
    }
    heard
}

fn payload(message: &Value) -> Vec<u8> {
    STANDARD.decode(message["media"]["payload"].as_str().expect("text")).expect("base64")
}

#[tokio::test]
async fn the_handshake_must_be_signed() {
    let server = server().await;
    assert_eq!(server.connect_with(MEDIA, None).await.err(), Some(403));
    assert_eq!(server.connect_with(MEDIA, Some("RSOYDt4T1cUTdK1PDd93/VVr8B8=")).await.err(), Some(403));
    assert_eq!(server.figures.refused(Cause::Signature), 2);
}

#[tokio::test]
async fn the_caller_s_voice_goes_into_the_room() {
    let server = server().await;
    let mut client = server.caller("CA1").await;
    assert_eq!(server.rooms.list()[0].participants, 1);
    // µ-law 0x8F is 16764.
    for chunk in 1..=10 {
        client.media(chunk, &[0x8F; 160]).await;
    }
    // Before the first frame goes a wait of a few milliseconds.
    eventually("it is said", || server.waits("call-CA1") >= 9600).await;
    let heard = server.media.with_line("call-CA1", |line| line.play(96_000)).expect("it is there");
    assert!(heard.len() <= 9600 + 48 * 40, "{} samples", heard.len());
    let level = heard[heard.len() - 2000];
    assert!((level - 16_764.0 / 32_768.0).abs() < 0.01, "{level}");
    assert_eq!(server.figures.frames_in.load(Ordering::Relaxed), 10);
}

#[tokio::test]
async fn the_caller_hears_the_room_in_payloads_of_20_ms_with_a_mark_each_half_second() {
    let server = server().await;
    let mut client = server.caller("CA1").await;
    let heard = let_hear(&server, &mut client, 0..50).await;
    let media: Vec<Vec<u8>> = heard.iter().filter(|message| message["event"] == "media").map(payload).collect();
    // In front of the sound goes a cushion of three frames, which waits at the provider.
    assert_eq!(media.len(), 53);
    assert!(media[..3].iter().all(|payload| payload == &[0xFF; 160]), "silence");
    assert!(media.iter().all(|payload| payload.len() == 160));
    assert!(heard.iter().all(|message| message["streamSid"] == "MZ1"));
    // 0.25 is 8192; the nearest code of µ-law.
    assert_eq!(media[52][159], 0x9F);
    let marks: Vec<&Value> = heard.iter().filter(|message| message["event"] == "mark").collect();
    let mark = |name: &str| json!({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}});
    assert_eq!(marks, [&mark("21120"), &mark("45120")], "behind 22 frames and 47, named after the next sample");
}

#[tokio::test]
async fn keys_are_told_to_the_desk() {
    let server = server().await;
    let mut client = server.caller("CA1").await;
    client.say(json!({"event": "dtmf", "streamSid": "MZ1", "dtmf": {"track": "inbound_track", "digit": "#"}})).await;
    eventually("it is told", || server.desk.told().contains(&Told::Keyed("CA1".into(), '#'))).await;
}

#[tokio::test]
async fn what_the_caller_must_not_hear_any_more_is_cleared() {
    let server = server().await;
    let mut client = server.caller("CA1").await;
    let_hear(&server, &mut client, 0..3).await;
    server.desk.order("CA1", LineOrder::Clear);
    assert_eq!(client.hear().await, json!({"event": "clear", "streamSid": "MZ1"}));
    let_hear(&server, &mut client, 3..5).await;
    assert_eq!(server.figures.clears.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_late_echo_is_reported_as_backlog() {
    let server = server().await;
    let mut client = server.caller("CA1").await;
    let echo = |name: u32| json!({"event": "mark", "streamSid": "MZ1", "mark": {"name": name.to_string()}});
    let_hear(&server, &mut client, 0..22).await;
    client.say(echo(21_120)).await;
    client.say(json!({"event": "dtmf", "dtmf": {"digit": "1"}})).await;
    eventually("the echo is read", || server.desk.told().contains(&Told::Keyed("CA1".into(), '1'))).await;
    // The next mark is echoed only after 10 more frames were sent: 200 ms more than the least.
    let_hear(&server, &mut client, 22..57).await;
    client.say(echo(45_120)).await;
    client.say(json!({"event": "dtmf", "dtmf": {"digit": "2"}})).await;
    eventually("the echo is read", || server.desk.told().contains(&Told::Keyed("CA1".into(), '2'))).await;
    let_hear(&server, &mut client, 57..58).await;
    let backlog = server.desk.line.backlog_ms.load(Ordering::Relaxed);
    assert_eq!(backlog, 200);
}

#[tokio::test]
async fn the_desk_is_told_of_the_end_once_and_how_it_came() {
    let server = server().await;
    let mut stopped = server.caller("CA1").await;
    stopped.say(json!({"event": "stop", "streamSid": "MZ1", "stop": {"accountSid": "AC1", "callSid": "CA1"}})).await;
    assert_eq!(stopped.closed().await.0, 1000);
    let mut ordered = server.caller("CA2").await;
    server.desk.order("CA2", LineOrder::Close);
    assert_eq!(ordered.closed().await.0, 1000);
    drop(server.caller("CA3").await);
    eventually("all have ended", || server.desk.ends().len() == 3).await;
    assert_eq!(server.desk.ends(), [Detached::Stopped, Detached::Stopped, Detached::Lost]);
    eventually("they are gone from the room", || server.rooms.list()[0].participants == 0).await;
    assert_eq!(server.figures.lines.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn who_is_put_out_falls_into_the_conference_and_so_does_who_is_in_a_room_that_closes() {
    let server = server().await;
    let (mut kicked, mut other) = (server.caller("CA1").await, server.caller("CA2").await);
    let room = RoomId::parse("live").expect("a room");
    server.rooms.kick(&room, &Identity::parse("call-CA1").expect("a name"), "rude").expect("kicked");
    assert_eq!(kicked.closed().await, (4001, "rude".to_owned()));
    server.rooms.close(&room, "over").expect("closed");
    assert_eq!(other.closed().await, (4002, "over".to_owned()));
    eventually("both have ended", || server.desk.ends() == [Detached::Lost, Detached::Lost]).await;
}

#[tokio::test]
async fn a_token_is_for_its_call_and_for_once() {
    let server = server().await;
    let _first = server.caller("CA1").await;
    for (call, token) in [("CA1", "token-of-CA1"), ("CA2", "token-of-CA1"), ("CA2", "")] {
        let mut client = server.connect(MEDIA).await;
        client.say(start(call, token)).await;
        assert_eq!(client.closed().await, (1008, "Unauthorized".to_owned()), "{call} {token}");
    }
    assert!(server.desk.ends().is_empty(), "who never was attached is not detached");
    assert_eq!(server.figures.refused(Cause::Token), 3);
}

#[tokio::test]
async fn what_is_no_part_of_the_protocol_ends_the_socket() {
    let server = server().await;
    let mut wide = start("CA1", "token-of-CA1");
    wide["start"]["mediaFormat"] = json!({"encoding": "audio/x-l16", "sampleRate": 16_000, "channels": 1});
    let mut client = server.connect(MEDIA).await;
    client.say(wide).await;
    assert_eq!(client.closed().await, (1008, "audio/x-l16 at 16000 with 1 channels is not supported".to_owned()));

    let mut twice = server.caller("CA1").await;
    twice.say(start("CA1", "token-of-CA1")).await;
    assert_eq!(twice.closed().await, (1008, "start came twice".to_owned()));

    let mut binary = server.caller("CA2").await;
    binary.send(vec![1, 2, 3]).await;
    assert_eq!(binary.closed().await.0, 1003);

    for size in [64 * 1024 + 1, 1024 * 1024] {
        let mut large = server.connect(MEDIA).await;
        large.say_text("x".repeat(size)).await;
        assert_eq!(large.closed().await.0, 1009, "{size}");
    }
    let ended = || server.desk.ends() == [Detached::Lost, Detached::Lost];
    eventually("those that were attached are detached", ended).await;
}

#[tokio::test]
async fn nonsense_is_endured_twenty_times() {
    let server = server().await;
    let nonsense = [
        json!({"event": "dance"}),
        json!({"event": "media", "media": {"track": "inbound", "chunk": "1", "timestamp": "1", "payload": "odd"}}),
        json!({"event": "media"}),
        json!([]),
    ];
    for before_start in [true, false] {
        let mut client = if before_start { server.connect(MEDIA).await } else { server.caller("CA1").await };
        for message in nonsense.iter().cycle().take(19) {
            client.say(message.clone()).await;
        }
        client.say(json!({"event": "connected"})).await;
        client.say_text("{").await;
        let reason = "too many messages that are no part of this protocol".to_owned();
        assert_eq!(client.closed().await, (1008, reason), "before start: {before_start}");
    }
    assert_eq!(server.figures.nonsense.load(Ordering::Relaxed), 40);
}

#[tokio::test]
async fn sound_before_start_is_dropped_and_counted() {
    let server = server().await;
    let mut client = server.connect(MEDIA).await;
    for chunk in 1..=30 {
        client.media(chunk, &[0xFF; 160]).await;
    }
    client.start("CA1").await;
    eventually("it is attached all the same", || server.figures.lines.load(Ordering::Relaxed) == 1).await;
    assert_eq!(server.figures.nonsense.load(Ordering::Relaxed), 30);
    assert_eq!(server.waits("call-CA1"), 0);
}

#[tokio::test]
async fn a_line_beyond_the_limit_is_closed_so_that_it_falls_into_the_conference() {
    let server = server_with(1).await;
    let first = server.caller("CA1").await;
    let mut second = server.connect(MEDIA).await;
    second.start("CA2").await;
    assert_eq!(second.closed().await.0, 1013);
    assert_eq!(server.figures.refused(Cause::Full), 1);
    drop(first);
    eventually("the line is free", || server.desk.ends().len() == 1).await;
    server.caller("CA3").await;
}

#[tokio::test]
async fn a_socket_that_does_not_say_start_is_closed_after_ten_seconds() {
    let server = server().await;
    let mut client = server.connect(MEDIA).await;
    // From here on time goes as fast as nothing happens.
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(client.closed_at_last().await, 1008);
    assert!((10..13).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(server.figures.refused(Cause::NoStart), 1);
}

#[tokio::test]
async fn a_line_on_which_nothing_is_heard_for_a_minute_is_lost() {
    let server = server().await;
    let mut client = server.caller("CA1").await;
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    assert_eq!(client.closed_at_last().await, 4003);
    assert!((59..64).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    tokio::time::resume();
    eventually("it is told", || server.desk.ends() == [Detached::Lost]).await;
}

#[tokio::test]
async fn telnyx_needs_no_signature_and_its_pieces_are_put_in_order() {
    let server = server().await;
    let mut client = server.connect_with("/api/phone/telnyx/media-stream", None).await.expect("accepted");
    client.say(json!({"event": "connected", "version": "1.0.0"})).await;
    client
        .say(json!({
            "event": "start", "sequence_number": "1", "stream_id": "32DE",
            "start": {
                "call_control_id": "CA1", "custom_parameters": {"token": "token-of-CA1"},
                "media_format": {"encoding": "PCMA", "sample_rate": 8000, "channels": 1},
            },
        }))
        .await;
    let media = |chunk: u64, byte: u8| {
        let payload = STANDARD.encode([byte; 160]);
        let media = json!({
            "track": "inbound", "chunk": chunk.to_string(), "timestamp": (20 * chunk).to_string(), "payload": payload,
        });
        json!({"event": "media", "stream_id": "32DE", "media": media})
    };
    // A-law: silence, a quarter, half.
    for message in [media(1, 0xD5), media(3, 0xBA), media(2, 0x8A)] {
        client.say(message).await;
    }
    eventually("it is said", || server.waits("call-CA1") >= 3 * 960).await;
    let heard = server.media.with_line("call-CA1", |line| line.play(96_000)).expect("it is there");
    let (second, third) = (heard[heard.len() - 1100].abs(), heard[heard.len() - 300].abs());
    assert!(second < third && second > 0.01, "{second} and then {third}");
    server.media.with_line("call-CA1", |line| line.give(0, &[0.0; 960])).expect("it is there");
    let message = tokio::time::timeout(PATIENCE, client.hear()).await.expect("in time");
    let payload = STANDARD.decode(message["media"]["payload"].as_str().expect("text")).expect("base64");
    assert_eq!((message["event"].as_str(), payload), (Some("media"), vec![0xD5; 160]));
}
