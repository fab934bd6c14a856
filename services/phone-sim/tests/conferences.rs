//! Conferences: who hears whom, and what is told about them.

#![allow(clippy::unwrap_used)]

mod side;

use crosspoint_phone_sim::CallState;
use serde_json::{Value, json};
use side::{World, level, wait_for};

const GUEST: &str = r#"<Dial><Conference startConferenceOnEnter="false" beep="false" participantLabel="guest"
    statusCallback="{base}/conference" statusCallbackEvent="start end join leave mute hold">show</Conference></Dial><Pause length="60"/>"#;
const HOST: &str = r#"<Dial><Conference beep="false" endConferenceOnExit="true">show</Conference></Dial>"#;

/// The tones of those who are heard, of 500 (guest), 700 (host) and 330 (hold).
fn tones(samples: &[f32]) -> Vec<u32> {
    [330, 500, 700].into_iter().filter(|hz| level(samples, f64::from(*hz)) > -30.0).collect()
}

/// A guest and a host in one conference, and the conference's id.
async fn show(world: &World) -> (String, String, String) {
    world.answers("/voice", GUEST);
    let guest = world.call(500.0);
    world.until(&guest, "the guest is in", |report| report.state == CallState::InConference).await;
    world.answers("/voice", HOST);
    let host = world.call(700.0);
    let report = world.until(&host, "the host is in", |report| report.conference.is_some()).await;
    (guest, host, report.conference.unwrap().sid)
}

/// Waits until a call hears exactly these.
async fn hears(world: &World, sid: &str, expected: &[u32]) {
    let mut last = Vec::new();
    for _ in 0..10 {
        last = tones(&world.hears(sid, 200).await);
        if last == expected {
            return;
        }
    }
    panic!("{last:?} is heard, not {expected:?}");
}

#[tokio::test]
async fn those_who_wait_hear_the_hold_tone_until_somebody_comes_who_may_start() {
    let world = World::usual().await;
    world.answers("/voice", GUEST);
    let guest = world.call(500.0);
    world.until(&guest, "the guest is in", |report| report.state == CallState::InConference).await;
    hears(&world, &guest, &[330]).await;
    let (_, body) = world.rest("GET", "/Conferences.json?FriendlyName=show", &[]).await;
    assert_eq!(body["conferences"][0]["status"], "init");
    world.answers("/voice", HOST);
    let host = world.call(700.0);
    hears(&world, &guest, &[700]).await;
    hears(&world, &host, &[500]).await;
    let (status, body) = world.rest("GET", "/Conferences.json?FriendlyName=show&Status=in-progress", &[]).await;
    assert_eq!((status, body["conferences"].as_array().unwrap().len()), (200, 1));
    let (_, body) = world.rest("GET", "/Conferences.json?FriendlyName=another&Status=in-progress", &[]).await;
    assert_eq!(body["conferences"], json!([]));
}

#[tokio::test]
async fn muting_and_holding_over_rest_are_heard() {
    let world = World::usual().await;
    let (guest, host, conference) = show(&world).await;
    let path = format!("/Conferences/{conference}/Participants/{guest}.json");
    let (status, body) = world.rest("POST", &path, &[("Muted", "true")]).await;
    assert_eq!(
        (status, &body["muted"], &body["hold"], &body["label"]),
        (200, &json!(true), &json!(false), &json!("guest"))
    );
    hears(&world, &host, &[]).await;
    hears(&world, &guest, &[700]).await;
    assert!(world.company.report(&guest).unwrap().conference.unwrap().muted);
    world.rest("POST", &path, &[("Muted", "false"), ("Hold", "true"), ("HoldUrl", "https://example.org/music")]).await;
    hears(&world, &guest, &[330]).await;
    hears(&world, &host, &[]).await;
    world.rest("POST", &format!("/Conferences/{conference}/Participants/guest.json"), &[("Hold", "false")]).await;
    hears(&world, &guest, &[700]).await;
    hears(&world, &host, &[500]).await;
    let (status, body) = world.rest("GET", &format!("/Conferences/{conference}/Participants.json"), &[]).await;
    let sids: Vec<_> = body["participants"].as_array().unwrap().iter().map(|one| one["call_sid"].clone()).collect();
    assert_eq!((status, sids), (200, vec![json!(guest), json!(host)]));
    let (status, body) = world.rest("POST", &format!("/Conferences/{conference}/Participants/CAx.json"), &[]).await;
    assert_eq!((status, &body["code"]), (404, &json!(20_404)));
}

#[tokio::test]
async fn what_happens_in_a_conference_is_told_signed_and_numbered() {
    let world = World::usual().await;
    let (guest, host, conference) = show(&world).await;
    let path = format!("/Conferences/{conference}/Participants/{guest}.json");
    world.rest("POST", &path, &[("Hold", "true"), ("Muted", "true")]).await;
    world.rest("POST", &path, &[("Hold", "false"), ("Muted", "false")]).await;
    assert_eq!(world.rest("DELETE", &path, &[]).await.0, 204);
    world.until(&guest, "the guest goes on", |report| report.verb == "Pause").await;
    world.company.hang_up(&host).unwrap();
    let told = wait_for("the end is told", || {
        Some(world.asked("/conference"))
            .filter(|told| told.last().is_some_and(|t| t.get("StatusCallbackEvent") == "conference-end"))
    })
    .await;
    let events: Vec<_> = told.iter().map(|asked| (asked.get("StatusCallbackEvent"), asked.get("CallSid"))).collect();
    let (guest, host) = (guest.as_str(), host.as_str());
    let expected = [
        ("participant-join", guest),
        ("participant-join", host),
        ("conference-start", host),
        ("participant-mute", guest),
        ("participant-hold", guest),
        ("participant-unmute", guest),
        ("participant-unhold", guest),
        ("participant-leave", guest),
        ("participant-leave", host),
        ("conference-end", ""),
    ];
    assert_eq!(events, expected);
    for (number, asked) in told.iter().enumerate() {
        assert!(asked.signed, "{asked:?}");
        assert_eq!(asked.get("SequenceNumber"), (number + 1).to_string());
        assert_eq!((asked.get("ConferenceSid"), asked.get("FriendlyName")), (conference.as_str(), "show"));
    }
    assert_eq!(told[0].get("ParticipantLabel"), "guest");
}

#[tokio::test]
async fn when_who_ends_it_leaves_all_others_go_on_to_their_next_verb() {
    let world = World::usual().await;
    let (guest, host, _) = show(&world).await;
    world.company.hang_up(&host).unwrap();
    let report = world.until(&guest, "the guest goes on", |report| report.verb == "Pause").await;
    assert!(report.conference.is_none());
    let (_, body) = world.rest("GET", "/Conferences.json?FriendlyName=show", &[]).await;
    assert_eq!(body["conferences"], Value::Array(Vec::new()));
}

#[tokio::test]
async fn a_redirect_takes_a_call_out_of_the_conference() {
    let world = World::usual().await;
    let (guest, host, _) = show(&world).await;
    let twiml = "<Response><Pause length=\"60\"/></Response>";
    world.rest("POST", &format!("/Calls/{guest}.json"), &[("Twiml", twiml)]).await;
    let report = world.until(&guest, "the guest is out", |report| report.verb == "Pause").await;
    assert_eq!((report.state, report.conference), (CallState::InProgress, None));
    hears(&world, &host, &[]).await;
    hears(&world, &guest, &[]).await;
}

#[tokio::test]
async fn a_full_conference_lets_nobody_in() {
    let world = World::usual().await;
    world.answers("/voice", r#"<Dial><Conference maxParticipants="1">small</Conference></Dial><Pause length="60"/>"#);
    let first = world.call(500.0);
    world.until(&first, "the first is in", |report| report.state == CallState::InConference).await;
    let second = world.call(700.0);
    let report = world.until(&second, "the second goes on", |report| report.verb == "Pause").await;
    assert!(report.error.unwrap().starts_with("13229"));
}
