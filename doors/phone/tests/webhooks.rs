//! What telephone companies ask by HTTP, and what they are answered.

// Each file of tests uses a part of it.
#[allow(dead_code)]
mod support;

use crosspoint_phone::Cause;
use crosspoint_rooms::{Conference, Welcome};
use roxmltree::Document;
use serde_json::{Value, json};
use support::{Mood, Server, Told, server, server_with};

const CALL: &str = "CallSid=CA1&From=%2B14155550100&To=%2B14155550199&CallStatus=ringing";

fn conference() -> Conference {
    Conference { name: "show-7".into(), label: "c1".into(), starts: false, muted: true, reserved: false }
}

fn stream() -> Mood {
    let (token, show, call_id) = ("token-of-CA1".into(), "7".into(), "c1".into());
    Mood::Welcomes(Welcome::Stream { token, show, call_id, conference: conference() })
}

/// The verbs of the document that a webhook is answered with; several of a kind in a row are one.
async fn verbs(server: &Server, path: &str, form: &str) -> (Vec<String>, String) {
    let answer = server.post(path, form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.head.contains("content-type: text/xml"), "{}", answer.head);
    let document = Document::parse(&answer.body).expect("XML");
    let verbs = document.root_element().children().filter(|node| node.is_element());
    let mut verbs: Vec<String> = verbs.map(|verb| verb.tag_name().name().to_owned()).collect();
    verbs.dedup();
    (verbs, answer.body.clone())
}

#[tokio::test]
async fn a_call_is_connected_to_us_and_falls_into_the_conference_after_that() {
    let server = server().await;
    server.desk.is(stream());
    let (verbs, text) = verbs(&server, "/api/phone/voice?show=7", CALL).await;
    assert_eq!(verbs, ["Connect", "Dial"]);
    let expected = format!("<Stream url=\"ws://{}/api/twilio/media-stream\">", server.address);
    assert!(text.contains(&expected), "{text}");
    assert!(text.contains(r#"<Parameter name="token" value="token-of-CA1"/>"#), "{text}");
    assert!(text.contains(r#"<Parameter name="show" value="7"/><Parameter name="call" value="c1"/>"#), "{text}");
    let Some(Told::Incoming(call)) = server.desk.told().into_iter().next() else { panic!("the desk was not asked") };
    assert_eq!((call.call.provider.as_str(), call.call.sid.as_str()), ("twilio", "CA1"));
    assert_eq!((call.from.as_deref(), call.to.as_str()), (Some("+14155550100"), "+14155550199"));
    assert_eq!((call.show.as_deref(), call.media_is_up), (Some("7"), true));
}

#[tokio::test]
async fn what_is_not_signed_is_refused_with_403_and_the_desk_does_not_hear_of_it() {
    let server = server().await;
    server.desk.is(stream());
    for path in ["voice", "pin", "status", "conference"] {
        let path = format!("/api/phone/{path}");
        for headers in [&[][..], &[("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]] {
            let answer = server.request("POST", &path, headers, CALL).await;
            assert_eq!(answer.status, 403, "{path}");
            let problem: Value = serde_json::from_str(&answer.body).expect("json");
            assert_eq!(problem["code"], "forbidden");
        }
    }
    assert!(server.desk.told().is_empty());
    assert_eq!(server.figures.refused(Cause::Signature), 8);
    let telnyx = server.post("/api/phone/telnyx/voice", CALL).await;
    assert_eq!(telnyx.status, 403, "Twilio's signature is not Telnyx's");
}

#[tokio::test]
async fn where_no_more_lines_can_be_carried_the_desk_knows() {
    let server = server_with(0).await;
    server.desk.is(Mood::Welcomes(Welcome::Conference { conference: conference(), asks_pin: false }));
    let (verbs, _) = verbs(&server, "/api/phone/voice", CALL).await;
    assert_eq!(verbs, ["Dial"]);
    assert!(matches!(&server.desk.told()[0], Told::Incoming(call) if !call.media_is_up));
}

#[tokio::test]
async fn a_fault_of_the_desk_loses_nobody() {
    let server = server().await;
    for mood in [Mood::Refuses, Mood::Panics] {
        server.desk.is(mood);
        let (found, text) = verbs(&server, "/api/phone/voice?show=late-night", CALL).await;
        assert_eq!(found, ["Dial"]);
        assert!(text.contains(">show-late-night</Conference>"), "{text}");
        assert!(text.contains(r#"startConferenceOnEnter="false""#) && text.contains(r#"muted="true""#), "{text}");
        let (found, _) = verbs(&server, "/api/phone/voice", CALL).await;
        assert_eq!(found, ["Say", "Hangup"], "no show is named");
    }
    assert_eq!(server.figures.refused(Cause::Desk), 4);
}

#[tokio::test]
async fn a_host_keys_in_a_pin_on_the_way_into_the_conference() {
    let server = server().await;
    server.desk.is(Mood::Welcomes(Welcome::Conference { conference: conference(), asks_pin: true }));
    let (found, text) = verbs(&server, "/api/phone/voice", CALL).await;
    assert_eq!(found, ["Gather", "Dial"]);
    let action = format!("action=\"http://{}/api/phone/pin?show=7\"", server.address);
    assert!(text.contains(&action), "{text}");
    let host = Conference { starts: true, muted: false, reserved: true, ..conference() };
    server.desk.is(Mood::Welcomes(Welcome::Conference { conference: host, asks_pin: false }));
    let (found, text) = verbs(&server, "/api/phone/pin?show=7", "CallSid=CA1&Digits=123456").await;
    assert_eq!(found, ["Dial"]);
    assert!(text.contains(r#"startConferenceOnEnter="true""#), "{text}");
    assert_eq!(server.desk.told().last(), Some(&Told::Pin("CA1".into(), "123456".into())));
}

#[tokio::test]
async fn who_is_not_welcome_is_told_or_not_even_answered() {
    let server = server().await;
    server.desk.is(Mood::Welcomes(Welcome::Goodbye { message: "All lines are busy.".into() }));
    let (found, text) = verbs(&server, "/api/phone/voice", CALL).await;
    assert_eq!(found, ["Say", "Hangup"]);
    assert!(text.contains("<Say>All lines are busy.</Say>"), "{text}");
    server.desk.is(Mood::Welcomes(Welcome::Reject));
    assert_eq!(verbs(&server, "/api/phone/voice", CALL).await.0, ["Reject"]);
    assert!(verbs(&server, "/api/phone/voice", "From=x").await.0.is_empty(), "a call without a name");
}

#[tokio::test]
async fn the_end_of_a_call_and_what_happens_in_a_conference_are_told() {
    let server = server().await;
    for (status, form) in [
        ("ringing", "CallSid=CA1&CallStatus=ringing"),
        ("completed", "CallSid=CA1&CallStatus=completed"),
        ("no-answer", "CallSid=CA2&CallStatus=no-answer"),
    ] {
        assert_eq!(server.post("/api/phone/status", form).await.status, 204, "{status}");
    }
    let told = server.desk.told();
    assert_eq!(
        told,
        [Told::Completed("CA1".into(), "completed".into()), Told::Completed("CA2".into(), "no-answer".into())]
    );
    let join =
        "CallSid=CA1&ConferenceSid=CF1&FriendlyName=show-7&StatusCallbackEvent=participant-join&SequenceNumber=3";
    assert_eq!(server.post("/api/phone/conference", join).await.status, 204);
    let Some(Told::Conference(event)) = server.desk.told().into_iter().next_back() else { panic!("not told") };
    assert_eq!((event.call.sid.as_str(), event.conference_sid.as_str(), event.name.as_str()), ("CA1", "CF1", "show-7"));
    assert_eq!((event.event.as_str(), event.sequence), ("participant-join", 3));
}

#[tokio::test]
async fn each_provider_has_its_own_addresses() {
    let server = server().await;
    server.desk.is(stream());
    let (found, text) = verbs(&server, "/api/phone/signalwire/voice?show=7", CALL).await;
    assert_eq!(found, ["Connect", "Dial"]);
    let expected = format!("url=\"ws://{}/api/phone/signalwire/media-stream\" codec=\"L16@16000h\"", server.address);
    assert!(text.contains(&expected), "{text}");
    assert!(matches!(&server.desk.told()[0], Told::Incoming(call) if call.call.provider == "signalwire"));
}

#[tokio::test]
async fn who_fails_too_often_is_told_so_and_the_provider_gets_through_all_the_same() {
    let server = server().await;
    server.desk.is(stream());
    let mut last = 403;
    for _ in 0..120 {
        last = server.request("POST", "/api/phone/voice", &[], CALL).await.status;
    }
    assert_eq!(last, 429);
    assert_eq!(server.post("/api/phone/voice", CALL).await.status, 200, "from the same address");
}

#[tokio::test]
async fn health_says_what_its_monitors_know() {
    let server = server().await;
    let health = |answer: support::Answer| serde_json::from_str::<Value>(&answer.body).expect("json");
    let path = "/api/twilio/media-stream/health";
    let expected = json!({
        "status": "ok", "mediaBridge": "initialized", "roomManager": "initialized", "janusConnected": true,
    });
    assert_eq!(health(server.request("GET", path, &[], "").await), expected);
    server.rooms.drain(std::time::Duration::ZERO).await;
    assert_eq!(health(server.request("GET", path, &[], "").await)["janusConnected"], false);
}
