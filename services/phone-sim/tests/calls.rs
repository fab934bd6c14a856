//! Calls from ringing to their end: documents that come, that do not come, and that ask for digits; calls out; a handset in a
//! page; the command line.

#![allow(clippy::unwrap_used)]

mod side;

use std::time::Duration;

use crosspoint_phone_sim::cli::{self, CallOptions};
use crosspoint_phone_sim::{CallRequest, CallState, read_wav, wav_bytes};
use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use side::{World, level, tone, wait_for};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn digits_are_collected_and_handed_to_the_action() {
    let world = World::usual().await;
    let gather = r#"<Gather action="pin?show=1" numDigits="4"><Say>Enter your PIN.</Say></Gather><Say>Nobody pressed anything.</Say>"#;
    world.answers("/voice", gather);
    world.answers("/pin", "<Pause length=\"60\"/>");
    let sid = world.call(500.0);
    world.until(&sid, "it asks", |report| report.verb == "Gather").await;
    assert!(level(&world.hears(&sid, 200).await, 200.0) > -30.0, "something is said");
    world.company.press(&sid, "12").unwrap();
    world.company.press(&sid, "34").unwrap();
    world.until(&sid, "it goes on", |report| report.verb == "Pause").await;
    let asked = &world.asked("/pin")[0];
    assert_eq!((asked.get("Digits"), asked.get("CallSid"), asked.signed), ("1234", sid.as_str(), true));
}

#[tokio::test]
async fn without_digits_the_next_verb_is_executed() {
    let world = World::usual().await;
    world.answers("/voice", r#"<Gather action="/pin" timeout="1"/><Redirect>/other</Redirect>"#);
    world.answers("/other", "<Hangup/>");
    let sid = world.call(500.0);
    let report = world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    assert!(world.asked("/pin").is_empty() && report.connected_seconds >= 0.9, "{}", report.connected_seconds);
    assert_eq!(world.asked("/other").len(), 1);
}

#[tokio::test]
async fn a_webhook_that_fails_in_whatever_way_leads_to_the_fallback() {
    for (status, text, slow) in [(500, "", 0), (404, "", 0), (200, "no XML", 0), (200, "<Response/>", 2_000)] {
        let world = World::new(|settings, _| {
            settings.webhook_timeout = Duration::from_millis(500);
            settings.fallback_twiml = Some("<Response><Pause length=\"60\"/></Response>".to_owned());
        })
        .await;
        world.answers_raw("/voice", status, text);
        world.is_slow(Duration::from_millis(slow));
        let sid = world.call(500.0);
        let report = world.until(&sid, "it goes on", |report| report.verb == "Pause").await;
        let code = if text == "no XML" { "12100" } else { "11200" };
        assert!(report.error.as_ref().is_some_and(|error| error.starts_with(code)), "{status}: {:?}", report.error);
    }
}

#[tokio::test]
async fn an_address_to_fall_back_to_is_asked_before_a_document_at_hand() {
    let world = World::new(|settings, base| {
        settings.fallback_url = Some(format!("{base}/fallback"));
        settings.fallback_twiml = Some("<Response/>".to_owned());
    })
    .await;
    world.answers_raw("/voice", 500, "");
    world.answers("/fallback", "<Pause length=\"60\"/>");
    let sid = world.call(500.0);
    world.until(&sid, "it goes on", |report| report.verb == "Pause").await;
    assert!(world.asked("/fallback")[0].signed);
}

#[tokio::test]
async fn without_a_fallback_the_call_ends_with_the_providers_error() {
    let world = World::usual().await;
    world.answers_raw("/voice", 503, "");
    let sid = world.call(500.0);
    let report = world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    assert_eq!((report.end_reason.as_deref(), report.connected_seconds), (Some("error 11200"), 0.0));
    let status = wait_for("the status callback", || world.asked("/status").pop()).await;
    assert_eq!(status.get("CallStatus"), "failed");
}

#[tokio::test]
async fn a_rejected_call_was_never_answered() {
    let world = World::usual().await;
    world.answers("/voice", r#"<Reject reason="busy"/>"#);
    let sid = world.call(500.0);
    let report = world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    assert_eq!(report.connected_seconds, 0.0);
    assert_eq!(world.rest("GET", &format!("/Calls/{sid}.json"), &[]).await.1["status"], "busy");
}

#[tokio::test]
async fn the_server_can_have_a_number_called_which_answers() {
    let world = World::usual().await;
    world.answers("/me", "<Pause length=\"60\"/>");
    let form = [
        ("To", "+15005550010"),
        ("From", "+15005550011"),
        ("Url", &*world.url("/me")),
        ("StatusCallback", &*world.url("/progress")),
        ("StatusCallbackEvent", "answered"),
        ("StatusCallbackEvent", "completed"),
    ];
    let (status, body) = world.rest("POST", "/Calls.json", &form).await;
    assert_eq!((status, &body["status"], &body["direction"]), (201, &json!("queued"), &json!("outbound-api")));
    let sid = body["sid"].as_str().unwrap().to_owned();
    world.until(&sid, "it is answered", |report| report.verb == "Pause").await;
    let asked = &world.asked("/me")[0];
    assert_eq!((asked.get("CallStatus"), asked.get("Direction"), asked.signed), ("in-progress", "outbound-api", true));
    world.rest("POST", &format!("/Calls/{sid}.json"), &[("Status", "completed")]).await;
    let told = wait_for("both are told", || Some(world.asked("/progress")).filter(|told| told.len() == 2)).await;
    let mut told: Vec<_> = told.iter().map(|asked| asked.get("CallStatus")).collect();
    told.sort_unstable();
    assert_eq!(told, ["completed", "in-progress"]);
    for (form, code) in [(&form[1..3], 21_201), (&form[..1], 21_213), (&form[..2], 21_205)] {
        let (status, body) = world.rest("POST", "/Calls.json", form).await;
        assert_eq!((status, &body["code"]), (400, &json!(code)));
    }
}

#[tokio::test]
async fn the_rest_interface_is_for_the_account_only() {
    let world = World::usual().await;
    let url = format!("{}/2010-04-01/Accounts/{}/Conferences.json", world.rest, side::ACCOUNT);
    for password in [None, Some("another token")] {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(&url).basic_auth(side::ACCOUNT, password).send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let body: serde_json::Value = answer.json().await.unwrap();
        assert_eq!((&body["code"], &body["status"]), (&json!(20_003), &json!(401)));
        assert!(body["more_info"].is_string() && body["message"].is_string());
    }
    let (status, body) = world.rest("POST", "/Calls/CAnobody.json", &[("Status", "completed")]).await;
    assert_eq!((status, &body["code"]), (404, &json!(20_404)));
    assert_eq!(world.rest("GET", "/Recordings.json", &[]).await.1["code"], 20_404);
}

#[tokio::test]
async fn a_page_speaks_and_listens_through_a_socket() {
    let mut world = World::usual().await;
    world.answers("/voice", r#"<Connect><Stream url="{media}"/></Connect>"#);
    let (status, body) = world.control("POST", "/calls", &json!({"from": "+15005550006"})).await;
    assert_eq!((status, &body["standIn"]), (201, &json!("Simulated telephone company")));
    let sid = body["callSid"].as_str().unwrap().to_owned();
    let mut socket = world.socket().await;
    let stream = socket.begin().await;
    let url = format!("{}/calls/{sid}/audio", world.rest.replace("http://", "ws://"));
    let (page, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let (mut microphone, mut speaker) = page.split();
    let speaking = tokio::spawn(async move {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        for frame in 0_u32.. {
            clock.tick().await;
            let turn = std::f64::consts::TAU * 600.0 / 48_000.0;
            let samples = (0..960).map(|n| ((turn * f64::from(frame * 960 + n)).sin() * 8_192.0) as i16);
            let bytes: Vec<u8> = samples.flat_map(i16::to_le_bytes).collect();
            if microphone.send(Message::Binary(bytes.into())).await.is_err() {
                return;
            }
        }
    });
    socket.play(&stream, &tone(500.0, 5_000)).await;
    socket.listen(400).await;
    let said = socket.listen(400).await;
    assert!((level(&said, 600.0) + 12.04).abs() < 0.5, "{}", level(&said, 600.0));
    let mut heard = Vec::new();
    while heard.len() < 48_000 {
        let Some(Ok(Message::Binary(bytes))) = speaker.next().await else { panic!("the page is told nothing") };
        assert_eq!(bytes.len(), 1_920);
        heard.extend(bytes.chunks_exact(2).map(|pair| f32::from(i16::from_le_bytes([pair[0], pair[1]])) / 32_768.0));
    }
    // Every sixth sample is one of 8,000 a second, and 500 Hz stay 500 Hz.
    let sixth: Vec<f32> = heard[24_000..].iter().copied().step_by(6).collect();
    assert!((level(&sixth, 500.0) + 12.04).abs() < 0.5, "{}", level(&sixth, 500.0));
    let (status, _) = world.control("DELETE", &format!("/calls/{sid}"), &json!({})).await;
    assert_eq!(status, 204);
    world.until(&sid, "it ends", |report| report.state == CallState::Ended).await;
    speaking.await.unwrap();
    assert_eq!(world.control("DELETE", &format!("/calls/{sid}"), &json!({})).await.0, 409);
}

#[tokio::test]
async fn callers_play_files_of_the_folder_and_change_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<i16> = (0..8_000).map(|n| ((f64::from(n) * 0.4712).sin() * 8_192.0) as i16).collect();
    std::fs::write(folder.path().join("caller.wav"), wav_bytes(&samples)).unwrap();
    let files = folder.path().to_owned();
    let mut world = World::new(|settings, _| settings.files = Some(files)).await;
    world.answers("/voice", r#"<Connect><Stream url="{media}"/></Connect>"#);
    let (_, body) =
        world.control("POST", "/calls", &json!({"play": "caller.wav", "repeat": true, "record": true})).await;
    let sid = body["callSid"].as_str().unwrap().to_owned();
    let mut socket = world.socket().await;
    socket.begin().await;
    assert!((level(&socket.listen(1_500).await[8_000..], 600.0) + 12.04).abs() < 0.6);
    let say = json!({"tone": {"hz": 900, "level": -6}});
    assert_eq!(world.control("POST", &format!("/calls/{sid}/say"), &say).await.0, 204);
    socket.listen(200).await;
    assert!((level(&socket.listen(200).await, 900.0) + 6.0).abs() < 0.5);
    let (_, list) = world.control("GET", "/calls", &json!({})).await;
    assert_eq!((&list["calls"][0]["callSid"], &list["calls"][0]["state"]), (&json!(sid), &json!("in-progress")));
    assert_eq!(world.control("POST", "/calls", &json!({"play": "../caller.wav"})).await.0, 400);
    assert_eq!(world.control("GET", "/calls/CAnobody", &json!({})).await.0, 404);
}

#[tokio::test]
async fn the_command_line_makes_one_call_and_writes_what_was_heard() {
    let folder = tempfile::tempdir().unwrap();
    let (said, heard) = (folder.path().join("said.wav"), folder.path().join("heard.wav"));
    std::fs::write(&said, wav_bytes(&[1_000; 8_000])).unwrap();
    let world = World::usual().await;
    world.answers("/voice", "<Say>Welcome.</Say><Pause length=\"60\"/>");
    let mut options = CallOptions::new(world.company.settings().clone());
    options.request = CallRequest { to: "+15005550001".to_owned(), ..CallRequest::default() };
    (options.play, options.heard) = (Some(said), Some(heard.clone()));
    let mut lines = Vec::new();
    let outcome = cli::call(options, |line| lines.push(line.to_owned())).await.unwrap();
    assert_eq!(outcome.exit_code(), 0);
    assert!(lines[0].starts_with("Simulated telephone company"), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("say") && line.contains("Welcome.")), "{lines:?}");
    let heard = read_wav(&heard).unwrap();
    assert!(heard.len() >= 7_000 && level(&heard[800..2_400], 200.0) > -30.0, "{}", heard.len());
}
