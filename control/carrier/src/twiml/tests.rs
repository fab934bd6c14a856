use roxmltree::{Document, Node};

use super::*;

/// A quarter of what Twilio reads of an answer (error 11750).
const LONGEST: usize = 16 * 1024;

fn room<'a>() -> Room<'a> {
    Room {
        name: "show-7",
        label: "c1",
        starts: false,
        muted: true,
        reserved: false,
        callback: "https://a.example/api/phone/conference",
        wait_url: None,
    }
}

fn verbs<'a>(document: &'a Document<'_>) -> Vec<&'a str> {
    document.root_element().children().filter(Node::is_element).map(|node| node.tag_name().name()).collect()
}

fn find<'a, 'input>(document: &'a Document<'input>, name: &str) -> Node<'a, 'input> {
    document.descendants().find(|node| node.has_tag_name(name)).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn when_the_stream_ends_the_call_falls_into_the_conference() {
    let parameters = [("token", "t\"<&>'"), ("show", "7")];
    let text = stream(Provider::Twilio, &Stream { url: "wss://a.example/x", parameters: &parameters }, &room());
    let document = Document::parse(&text).expect("XML");
    assert_eq!(verbs(&document), ["Connect", "Dial", "Dial", "Dial", "Dial", "Dial"]);
    let connect = find(&document, "Connect");
    assert_eq!(connect.attributes().count(), 0, "an action would be asked of us when we are gone");
    assert_eq!(find(&document, "Stream").attribute("url"), Some("wss://a.example/x"));
    let parameter = find(&document, "Parameter");
    assert_eq!((parameter.attribute("name"), parameter.attribute("value")), (Some("token"), Some("t\"<&>'")));
}

#[test]
fn in_the_conference_callers_are_muted_and_wait_for_a_host() {
    let text = conference(Provider::Twilio, &room());
    let document = Document::parse(&text).expect("XML");
    let conference = find(&document, "Conference");
    for (name, value) in [
        ("startConferenceOnEnter", Some("false")),
        ("endConferenceOnExit", Some("false")),
        ("muted", Some("true")),
        ("beep", Some("false")),
        ("record", Some("do-not-record")),
        ("jitterBufferSize", Some("small")),
        ("participantLabel", Some("c1")),
        ("maxParticipants", Some("240")),
        ("statusCallback", Some("https://a.example/api/phone/conference")),
        ("statusCallbackEvent", Some("start end join leave mute hold")),
        ("waitUrl", None),
    ] {
        assert_eq!(conference.attribute(name), value, "{name}");
    }
    assert_eq!(conference.text(), Some("show-7"));
    assert_eq!(find(&document, "Dial").attributes().count(), 0);
    let with_music =
        super::conference(Provider::Twilio, &Room { wait_url: Some("https://cdn.example/m.mp3"), ..room() });
    assert!(with_music.contains("waitUrl=\"https://cdn.example/m.mp3\" waitMethod=\"GET\""), "{with_music}");
}

#[test]
fn who_finds_the_conference_full_waits_in_another_and_for_hosts_a_place_is_kept() {
    let names = |text: &str| -> Vec<String> {
        let document = Document::parse(text).expect("XML");
        let all = document.descendants().filter(|node| node.has_tag_name("Conference"));
        all.filter_map(|node| node.text().map(str::to_owned)).collect()
    };
    let text = conference(Provider::Twilio, &room());
    assert_eq!(names(&text), ["show-7", "show-7.2", "show-7.3", "show-7.4", "show-7.5"]);
    let document = Document::parse(&text).expect("XML");
    for further in document.descendants().filter(|node| node.has_tag_name("Conference")).skip(1) {
        assert_eq!(further.attribute("startConferenceOnEnter"), Some("false"), "nobody would talk there");
        assert_eq!(further.attribute("muted"), Some("true"));
        assert_eq!(further.attribute("statusCallbackEvent"), Some("join leave"));
    }
    let host = conference(Provider::Twilio, &Room { starts: true, muted: false, reserved: true, ..room() });
    assert_eq!(names(&host), ["show-7"], "a host alone in another one would be no show");
    assert!(host.contains("maxParticipants=\"250\""), "{host}");
    assert_eq!(first_conference("show-7.5"), ("show-7", false));
    assert_eq!(first_conference("show-7"), ("show-7", true));
}

#[test]
fn who_keys_in_no_pin_goes_into_the_conference_all_the_same() {
    let text = ask_pin(Provider::Twilio, "https://a.example/pin?show=7&x=1", &room());
    let document = Document::parse(&text).expect("XML");
    assert_eq!(verbs(&document), ["Gather", "Dial", "Dial", "Dial", "Dial", "Dial"]);
    let gather = find(&document, "Gather");
    assert_eq!(gather.attribute("action"), Some("https://a.example/pin?show=7&x=1"));
    assert_eq!((gather.attribute("numDigits"), gather.attribute("timeout")), (Some("6"), Some("6")));
}

#[test]
fn a_goodbye_is_said_before_hanging_up_and_the_banned_hear_nothing() {
    let text = goodbye("All lines are busy & <full>\u{0}");
    let document = Document::parse(&text).expect("XML");
    assert_eq!(verbs(&document), ["Say", "Hangup"]);
    assert_eq!(find(&document, "Say").text(), Some("All lines are busy & <full> "));
    assert_eq!(verbs(&Document::parse(&reject()).expect("XML")), ["Reject"]);
    assert_eq!(verbs(&Document::parse(&nothing()).expect("XML")), Vec::<&str>::new());
}

#[test]
fn what_the_operator_leaves_with_the_provider_points_at_nobody() {
    for (host, starts, muted) in [(false, "false", "true"), (true, "true", "false")] {
        let text = fallback_twiml(Provider::Twilio, "late-night", host);
        let document = Document::parse(&text).expect("XML");
        let conference = find(&document, "Conference");
        assert_eq!(conference.text(), Some("show-late-night"));
        assert_eq!(conference.attribute("startConferenceOnEnter"), Some(starts));
        assert_eq!(conference.attribute("muted"), Some(muted));
        assert!(!text.contains("http"), "{text}");
    }
}

#[test]
fn each_dialect_gets_the_attributes_that_it_documents() {
    let of = |provider| stream(provider, &Stream { url: "wss://a.example/x", parameters: &[] }, &room());
    let telnyx = of(Provider::Telnyx);
    assert!(telnyx.contains("bidirectionalMode=\"rtp\"") && !telnyx.contains("participantLabel"), "{telnyx}");
    assert!(of(Provider::SignalWire).contains("codec=\"L16@16000h\""));
    assert!(!of(Provider::Twilio).contains("codec="));
}

#[test]
fn no_document_is_longer_than_a_provider_takes() {
    let long = "\"".repeat(10_000);
    let parameters = [("token", long.as_str()), ("show", &long)];
    let room = Room { name: &long, label: &long, callback: &long, wait_url: Some(&long), ..room() };
    for text in [
        stream(
            Provider::Twilio,
            &Stream { url: &long, parameters: &parameters },
            &Room { wait_url: None, ..room.clone() },
        ),
        conference(Provider::Twilio, &room),
        ask_pin(Provider::Twilio, &long, &room),
        goodbye(&long),
        fallback_twiml(Provider::Twilio, &long, true),
    ] {
        assert!(text.len() <= LONGEST, "{}", text.len());
        Document::parse(&text).expect("XML");
    }
    // It may be sent by REST too, which takes 4,000 characters.
    let fallback = fallback_twiml(Provider::Twilio, &"s".repeat(64), false);
    assert!(fallback.len() <= 4000, "{}", fallback.len());
}

#[test]
fn who_was_called_is_asked_for_a_key_and_a_mailbox_is_hung_up() {
    let text = confirm("https://a.example/api/phone/pin?show=7", "Press a key.");
    let document = Document::parse(&text).expect("XML");
    assert_eq!(verbs(&document), ["Gather", "Hangup"]);
    let gather = find(&document, "Gather");
    assert_eq!(gather.attribute("numDigits"), Some("1"));
    assert_eq!(gather.attribute("action"), Some("https://a.example/api/phone/pin?show=7"));
    assert_eq!(find(&document, "Say").text(), Some("Press a key."));
}
