//! Media streams: what goes out, what is played, what comes back, and what interrupts them.

#![allow(clippy::unwrap_used)]

mod side;

use std::time::Duration;

use axum::extract::ws::Message;
use crosspoint_phone_sim::{CallRequest, CallState, Faults, Play};
use serde_json::{Value, json};
use side::{World, level, tone, wait_for};
use tokio::time::Instant;

const STREAM: &str = r#"<Connect><Stream url="{media}" statusCallback="{base}/stream"><Parameter name="token" value="t1"/></Stream></Connect>"#;

#[tokio::test]
async fn a_call_asks_the_voice_webhook_and_connects_the_stream_that_it_is_told_of() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    let voice = &world.asked("/voice")[0];
    assert!(voice.signed && socket.signed);
    for (name, value) in [
        ("CallSid", sid.as_str()),
        ("AccountSid", side::ACCOUNT),
        ("From", "+15005550006"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("ApiVersion", "2010-04-01"),
    ] {
        assert_eq!(voice.get(name), value, "{name}");
    }
    assert_eq!(socket.next().await.unwrap(), json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}));
    let start = socket.next().await.unwrap();
    assert_eq!((&start["event"], &start["sequenceNumber"]), (&json!("start"), &json!("1")));
    assert_eq!(
        (&start["start"]["callSid"], &start["start"]["customParameters"]),
        (&json!(sid), &json!({"token": "t1"}))
    );
    let began = Instant::now();
    for number in 1_u64..=50 {
        let media = socket.next().await.unwrap();
        let expected = json!({"track": "inbound", "chunk": number.to_string(), "timestamp": ((number - 1) * 20).to_string(),
            "payload": media["media"]["payload"]});
        assert_eq!((&media["media"], &media["sequenceNumber"]), (&expected, &json!((number + 1).to_string())));
    }
    let took = began.elapsed();
    assert!((Duration::from_millis(900)..Duration::from_millis(2_000)).contains(&took), "a second took {took:?}");
    let said = socket.listen(200).await;
    assert!((level(&said, 1_000.0) + 12.0).abs() < 0.5, "{}", level(&said, 1_000.0));
    world.company.hang_up(&sid).unwrap();
    let stop = socket.next_of("stop").await;
    assert_eq!(stop["stop"], json!({"accountSid": side::ACCOUNT, "callSid": sid}));
    assert!(socket.next().await.is_none(), "stop is the last message");
    world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    let status = wait_for("the status callback", || world.asked("/status").pop()).await;
    assert!(status.signed);
    assert_eq!(status.get("CallStatus"), "completed");
    assert!(status.get("CallDuration").parse::<u32>().unwrap() >= 2, "it lasted longer than a second");
    wait_for("both events of the stream", || {
        let events: Vec<_> = world.asked("/stream").iter().map(|asked| asked.get("StreamEvent").to_owned()).collect();
        (events == ["stream-started", "stream-stopped"]).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_the_server_sends_is_heard_in_order_and_marks_come_back_when_it_was_played() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    let stream = socket.begin().await;
    socket.mark(&stream, "nothing queued").await;
    assert_eq!(socket.next_of("mark").await["mark"]["name"], "nothing queued");
    let began = Instant::now();
    let sound = [tone(500.0, 400), tone(700.0, 400)].concat();
    // Pieces of odd sizes, as servers send them.
    for piece in sound.chunks(733) {
        socket.play(&stream, piece).await;
    }
    socket.mark(&stream, "played").await;
    assert_eq!(socket.next_of("mark").await["mark"]["name"], "played");
    let took = began.elapsed();
    assert!((Duration::from_millis(790)..Duration::from_millis(1_600)).contains(&took), "800 ms took {took:?}");
    let heard: Vec<f32> =
        world.company.heard(&sid).unwrap().unwrap().iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    let first = heard.iter().position(|sample| sample.abs() > 0.05).unwrap();
    let heard = &heard[first - 2..];
    for (from, hz, other) in [(800, 500.0, 700.0), (4_000, 700.0, 500.0)] {
        let piece = &heard[from..from + 1_600];
        assert!((level(piece, hz) + 12.04).abs() < 0.3 && level(piece, other) < -60.0, "{hz}: {}", level(piece, hz));
    }
    let stream = world.company.report(&sid).unwrap().stream.unwrap();
    assert_eq!((stream.marks, stream.marks_returned, stream.underruns, stream.media_bytes), (2, 2, 0, 6_400));
    assert!(stream.errors.is_empty(), "{:?}", stream.errors);
}

#[tokio::test]
async fn clear_silences_the_caller_at_once_and_returns_the_marks() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    let stream = socket.begin().await;
    socket.play(&stream, &tone(500.0, 30_000)).await;
    socket.mark(&stream, "late").await;
    let report =
        world.until(&sid, "it is queued", |r| r.stream.as_ref().is_some_and(|s| s.playout_queue_ms > 25_000)).await;
    assert!(report.stream.unwrap().playout_queue_ms <= 30_000);
    assert!(level(&world.hears(&sid, 100).await, 500.0) > -13.0);
    socket.clear(&stream).await;
    assert_eq!(socket.next_of("mark").await["mark"]["name"], "late");
    let stream = world.company.report(&sid).unwrap().stream.unwrap();
    assert_eq!((stream.playout_queue_ms, stream.clears), (0, 1));
    assert!(level(&world.hears(&sid, 200).await, 500.0) < -80.0);
}

#[tokio::test]
async fn keys_are_told_one_by_one() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    socket.begin().await;
    let (status, _) = world.control("POST", &format!("/calls/{sid}/digits"), &json!({"digits": "1#"})).await;
    assert_eq!(status, 204);
    for digit in ["1", "#"] {
        assert_eq!(socket.next_of("dtmf").await["dtmf"], json!({"track": "inbound_track", "digit": digit}));
    }
    let (status, _) = world.control("POST", &format!("/calls/{sid}/digits"), &json!({"digits": "x"})).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn what_a_server_should_not_say_is_counted_by_the_providers_codes() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    let stream = socket.begin().await;
    socket.send(&json!({"event": "hold", "streamSid": stream})).await;
    socket.send(&json!({"event": "mark", "streamSid": stream})).await;
    socket.play("MZ of somebody else", &[0xFF]).await;
    socket.socket.send(Message::Binary(vec![1, 2, 3].into())).await.unwrap();
    socket.send(&json!({"event": "media", "streamSid": stream, "media": {"payload": "%"}})).await;
    socket.play(&stream, &vec![0xFF; 8_000 * 600]).await;
    socket.play(&stream, &[0xFF; 8_000]).await;
    let report = world
        .until(&sid, "all are counted", |r| r.stream.as_ref().is_some_and(|s| s.errors.contains_key(&31_931)))
        .await;
    let errors: Vec<_> = report.stream.unwrap().errors.into_iter().collect();
    assert_eq!(errors, [(31_924, 3), (31_931, 1), (31_950, 2)]);
    assert_eq!(report.state, CallState::InProgress, "the stream goes on");
}

#[tokio::test]
async fn when_the_server_closes_the_next_verb_is_executed() {
    let mut world = World::usual().await;
    world.answers("/voice", &format!("{STREAM}<Say>You are the next one.</Say><Hangup/>"));
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    socket.begin().await;
    drop(socket);
    let report = world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    assert!(report.log.iter().any(|line| line.what == "say" && line.text == "You are the next one."));
    assert_eq!(report.end_reason.as_deref(), Some("the document hung up"));
}

#[tokio::test]
async fn a_stream_that_cannot_be_connected_falls_to_the_next_verb() {
    for (url, code) in [("{base}/media", "31922"), ("ws://127.0.0.1:9/media", "31920")] {
        let world = World::usual().await;
        world.answers("/voice", &format!(r#"<Connect><Stream url="{url}"/></Connect><Pause length="60"/>"#));
        let sid = world.call(1_000.0);
        let report = world.until(&sid, "it goes on", |report| report.verb == "Pause").await;
        assert!(report.error.as_ref().is_some_and(|error| error.starts_with(code)), "{:?}", report.error);
    }
}

#[tokio::test]
async fn a_rest_redirect_stops_the_stream_and_executes_the_new_document() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    world.answers("/again", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    let first = socket.begin().await;
    let (status, body) = world.rest("POST", &format!("/Calls/{sid}.json"), &[("Url", &world.url("/again"))]).await;
    assert_eq!((status, &body["status"], &body["sid"]), (200, &json!("in-progress"), &json!(sid)));
    socket.next_of("stop").await;
    assert!(socket.next().await.is_none());
    let mut socket = world.socket().await;
    assert_ne!(socket.begin().await, first);
    assert_eq!(
        (world.asked("/again")[0].get("CallSid"), world.asked("/again")[0].get("CallStatus")),
        (&*sid, "in-progress")
    );
    let twiml = "<Response><Pause length=\"60\"/></Response>";
    assert_eq!(world.rest("POST", &format!("/Calls/{sid}.json"), &[("Twiml", twiml)]).await.0, 200);
    socket.next_of("stop").await;
    let report = world.until(&sid, "it pauses", |report| report.verb == "Pause").await;
    assert_eq!(report.streams, 2);
    let (status, _) = world.rest("POST", &format!("/Calls/{sid}.json"), &[("Status", "completed")]).await;
    assert_eq!(status, 200);
    world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    let (status, body) = world.rest("POST", &format!("/Calls/{sid}.json"), &[("Status", "completed")]).await;
    assert_eq!((status, &body["code"], &body["status"]), (404, &json!(20_404), &json!(404)));
    let (status, body) = world.rest("POST", &format!("/Calls/{sid}.json"), &[("Twiml", twiml)]).await;
    assert_eq!((status, &body["code"]), (400, &json!(21_220)));
    let (status, body) = world.rest("GET", &format!("/Calls/{sid}.json"), &[]).await;
    assert_eq!((status, &body["status"], body["duration"].is_string()), (200, &json!("completed"), true));
}

#[tokio::test]
async fn a_stall_holds_what_the_caller_says_and_sends_it_in_one_burst() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    socket.begin().await;
    socket.listen(100).await;
    world.company.fault(&sid, Faults { stall_ms: Some(500), ..Faults::default() }).unwrap();
    let mut longest = Duration::ZERO;
    let mut at_once = 0;
    let mut last = Instant::now();
    for _ in 0..60 {
        socket.next_of("media").await;
        longest = longest.max(last.elapsed());
        at_once += u32::from(longest > Duration::from_millis(300) && last.elapsed() < Duration::from_millis(3));
        last = Instant::now();
    }
    assert!((Duration::from_millis(400)..Duration::from_millis(1_500)).contains(&longest), "{longest:?}");
    assert!(at_once >= 20, "{at_once} came at once");
}

#[tokio::test]
async fn a_socket_that_is_cut_ends_without_a_word_and_the_call_goes_on() {
    let mut world = World::usual().await;
    world.answers("/voice", &format!("{STREAM}<Pause length=\"60\"/>"));
    let sid = world.call(1_000.0);
    let mut socket = world.socket().await;
    socket.begin().await;
    let (status, _) = world.control("POST", &format!("/calls/{sid}/faults"), &json!({"cutSocket": true})).await;
    assert_eq!(status, 204);
    let mut last = Value::Null;
    while let Some(message) = socket.next().await {
        last = message;
    }
    assert_ne!(last["event"], "stop");
    world.until(&sid, "it goes on", |report| report.verb == "Pause").await;
}

#[tokio::test]
async fn jitter_makes_frames_late_and_loses_none() {
    let mut world = World::usual().await;
    world.answers("/voice", STREAM);
    let play = Some(Play::Tone { hz: 1_000.0, level: -12.0 });
    world.company.place(CallRequest { play, jitter_ms: 80, ..CallRequest::default() }).unwrap();
    let mut socket = world.socket().await;
    socket.begin().await;
    let mut gaps = Vec::new();
    let mut last = Instant::now();
    for number in 1_u64..=80 {
        let media = socket.next_of("media").await;
        assert_eq!(media["media"]["chunk"], number.to_string());
        gaps.push(last.elapsed());
        last = Instant::now();
    }
    assert!(gaps.iter().skip(1).any(|gap| *gap > Duration::from_millis(35)), "{gaps:?}");
}
