use proptest::prelude::*;

use super::*;

fn twilio(text: &str) -> Result<Heard, Wrong> {
    Dialect(Provider::Twilio).hear(text)
}

fn started(heard: Result<Heard, Wrong>) -> Started {
    match heard {
        Ok(Heard::Started(started)) => *started,
        other => panic!("{other:?}"),
    }
}

/// As in Twilio's documentation, field by field.
const START: &str = r#"{"event":"start","sequenceNumber":"1","start":{"accountSid":"AC1","streamSid":"MZ1","callSid":"CA1",
    "tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},
    "customParameters":{"token":"t","show":"7"}},"streamSid":"MZ1"}"#;

#[test]
fn the_messages_of_twilio_s_documentation_are_understood() {
    assert_eq!(twilio(r#"{"event":"connected","protocol":"Call","version":"1.0.0"}"#), Ok(Heard::Nothing));
    let started = started(twilio(START));
    assert_eq!((started.stream.as_str(), started.call.as_str()), ("MZ1", "CA1"));
    assert_eq!(started.format, Ok(Format::MU_LAW));
    assert_eq!(started.parameters.get("token").map(String::as_str), Some("t"));
    let media = r#"{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"/38="},
        "streamSid":"MZ1"}"#;
    assert_eq!(twilio(media), Ok(Heard::Audio(Audio { timestamp_ms: 5, chunk: 1, bytes: vec![0xFF, 0x7F] })));
    assert_eq!(twilio(&media.replace("inbound", "outbound")), Ok(Heard::Nothing));
    let digit =
        r##"{"event":"dtmf","streamSid":"MZ1","sequenceNumber":"5","dtmf":{"track":"inbound_track","digit":"#"}}"##;
    assert_eq!(twilio(digit), Ok(Heard::Digit('#')));
    let mark = r#"{"event":"mark","sequenceNumber":"4","streamSid":"MZ1","mark":{"name":"960"}}"#;
    assert_eq!(twilio(mark), Ok(Heard::Played("960".into())));
    let stop = r#"{"event":"stop","sequenceNumber":"5","stop":{"accountSid":"AC1","callSid":"CA1"},"streamSid":"MZ1"}"#;
    assert_eq!(twilio(stop), Ok(Heard::Stopped));
}

#[test]
fn what_we_say_to_twilio_is_as_its_documentation_has_it() {
    let dialect = Dialect(Provider::Twilio);
    let json = |text: String| serde_json::from_str::<Value>(&text).expect("json");
    let media = serde_json::json!({"event": "media", "streamSid": "MZ1", "media": {"payload": "/38="}});
    assert_eq!(json(dialect.media("MZ1", &[0xFF, 0x7F])), media);
    let mark = serde_json::json!({"event": "mark", "streamSid": "MZ1", "mark": {"name": "960"}});
    assert_eq!(json(dialect.mark("MZ1", "960")), mark);
    assert_eq!(json(dialect.clear("MZ1")), serde_json::json!({"event": "clear", "streamSid": "MZ1"}));
}

#[test]
fn another_format_than_the_dialect_s_is_named_in_the_refusal() {
    let wide = START.replace("audio/x-mulaw", "audio/x-l16").replace("8000", "16000");
    let refused = started(twilio(&wide)).format.expect_err("not Twilio's");
    assert_eq!(refused, "audio/x-l16 at 16000 with 1 channels is not supported");
    assert_eq!(started(Dialect(Provider::SignalWire).hear(&wide)).format, Ok(Format::WIDE));
    let spelled = wide.replace("audio/x-l16", "L16@16000h");
    assert_eq!(started(Dialect(Provider::SignalWire).hear(&spelled)).format, Ok(Format::WIDE));
    assert_eq!(started(Dialect(Provider::SignalWire).hear(START)).format, Ok(Format::MU_LAW));
}

#[test]
fn telnyx_is_understood_in_its_own_words() {
    let telnyx = |text: &str| Dialect(Provider::Telnyx).hear(text);
    let start = r#"{"event":"start","sequence_number":"1","stream_id":"32DE","start":{"user_id":"3E6F","call_control_id":"v2:T02",
        "call_session_id":"ff55","from":"+1","to":"+2","custom_parameters":{"token":"t"},
        "media_format":{"encoding":"PCMA","sample_rate":8000,"channels":1}}}"#;
    let heard = started(telnyx(start));
    assert_eq!((heard.stream.as_str(), heard.call.as_str(), heard.format), ("32DE", "v2:T02", Ok(Format::A_LAW)));
    assert_eq!(heard.parameters.get("token").map(String::as_str), Some("t"));
    let listed = start.replace(r#"{"token":"t"}"#, r#"[{"name":"token","value":"t"}]"#);
    assert_eq!(started(telnyx(&listed)).parameters.get("token").map(String::as_str), Some("t"));
    assert!(started(telnyx(&start.replace("PCMA", "L16"))).format.is_err());
    let media = r#"{"event":"media","sequence_number":"4","stream_id":"32DE","media":{"track":"inbound","chunk":"2","timestamp":"20",
        "payload":"/w=="}}"#;
    assert_eq!(telnyx(media), Ok(Heard::Audio(Audio { timestamp_ms: 20, chunk: 2, bytes: vec![0xFF] })));
    let error = r#"{"event":"error","stream_id":"32DE","payload":{"code":100004,"title":"invalid_media","detail":"bad frame"}}"#;
    assert_eq!(telnyx(error), Ok(Heard::Complaint("invalid_media: bad frame".into())));
    assert_eq!(telnyx(r#"{"event":"dtmf","stream_id":"32DE","dtmf":{"digit":"1"}}"#), Ok(Heard::Digit('1')));
    assert_eq!(
        telnyx(r#"{"event":"stop","stream_id":"32DE","stop":{"call_control_id":"v2:T02"}}"#),
        Ok(Heard::Stopped)
    );
    assert_eq!(Dialect(Provider::Telnyx).clear("32DE"), r#"{"event":"clear"}"#);
}

#[test]
fn what_is_wrong_is_told_apart() {
    for (text, wrong) in [
        ("", Wrong::Malformed),
        ("[]", Wrong::Malformed),
        (r#"{"event":"dance"}"#, Wrong::Unknown),
        (r#"{"event":"media"}"#, Wrong::Malformed),
        (r#"{"event":"media","media":{"timestamp":"x","payload":""}}"#, Wrong::Malformed),
        (r#"{"event":"media","media":{"timestamp":"1","payload":"a"}}"#, Wrong::Payload),
        (r#"{"event":"dtmf","dtmf":{"digit":"12"}}"#, Wrong::Malformed),
        (r#"{"event":"start","start":{}}"#, Wrong::Malformed),
    ] {
        for provider in Provider::ALL {
            assert_eq!(Dialect(provider).hear(text), Err(wrong), "{provider}: {text}");
        }
    }
}

#[test]
fn each_format_gives_its_bytes_of_20_ms_and_takes_no_half_sample() {
    assert_eq!((Format::MU_LAW.frame_bytes(), Format::WIDE.frame_bytes()), (160, 640));
    let mut samples = Vec::new();
    assert!(!Format::WIDE.decode(&[1, 2, 3], &mut samples) && samples.is_empty());
    assert!(Format::WIDE.decode(&[0x00, 0x40], &mut samples));
    assert_eq!(samples, [0.5]);
    let mut bytes = Vec::new();
    Format::WIDE.encode(&[0.5, 9.0, f32::NAN], &mut bytes);
    assert_eq!(bytes, [0x00, 0x40, 0xFF, 0x7F, 0, 0]);
}

fn near_json() -> impl Strategy<Value = String> {
    let event = prop_oneof!["connected|start|media|dtmf|mark|stop|error|clear", ".{0,8}"];
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("{}".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "[ -~]{0,12}".prop_map(|text| Value::String(text).to_string()),
        Just(r#"{"timestamp":"1","payload":"////","digit":"1","name":"x"}"#.to_owned()),
        Just(
            r#"{"streamSid":"s","callSid":"c","call_control_id":"c","mediaFormat":{"encoding":"x","sampleRate":1}}"#
                .to_owned()
        ),
    ];
    (event, value).prop_map(|(event, value)| {
        format!(
            r#"{{"event":{},"start":{value},"media":{value},"dtmf":{value},"mark":{value},"payload":{value}}}"#,
            Value::String(event)
        )
    })
}

proptest! {
    #[test]
    fn no_text_makes_a_dialect_panic(text in ".{0,200}", near in near_json()) {
        for provider in Provider::ALL {
            let _ = Dialect(provider).hear(&text);
            let _ = Dialect(provider).hear(&near);
        }
    }

    #[test]
    fn no_bytes_make_a_format_panic(bytes in proptest::collection::vec(any::<u8>(), 0..500)) {
        for format in [Format::MU_LAW, Format::A_LAW, Format::WIDE] {
            let mut samples = Vec::new();
            format.decode(&bytes, &mut samples);
            prop_assert!(samples.iter().all(|sample| (-1.0..=1.0).contains(sample)));
        }
    }
}
