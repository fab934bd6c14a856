use super::*;

fn verbs(inside: &str) -> Vec<Verb> {
    let document = read(&format!("<Response>{inside}</Response>")).unwrap();
    assert_eq!(document.warnings, Vec::<String>::new());
    document.verbs
}

#[test]
fn a_stream_and_the_conference_behind_it_are_read_with_what_they_say() {
    let verbs = verbs(
        r#"<Connect><Stream url="wss://a/b" statusCallback="https://a/s"><Parameter name="token" value="&amp;1"/></Stream></Connect>
        <Dial><Conference muted="true" startConferenceOnEnter="false" beep="false" waitUrl=""
          statusCallback="https://a/c" statusCallbackEvent="start join">show</Conference></Dial>"#,
    );
    let Verb::Connect(connect) = &verbs[0] else { panic!("{verbs:?}") };
    assert_eq!((connect.url.as_str(), &connect.action), ("wss://a/b", &None));
    assert_eq!(connect.parameters, [("token".to_owned(), "&1".to_owned())]);
    let Verb::Dial(Dial { conference, action: None }) = &verbs[1] else { panic!("{verbs:?}") };
    assert!(conference.muted && !conference.start_on_enter && !conference.beep_on_enter && conference.wait_in_silence);
    assert_eq!((conference.name.as_str(), conference.events.len(), conference.max_participants), ("show", 2, 250));
}

#[test]
fn what_is_not_said_is_as_the_provider_has_it() {
    let verbs = verbs(r#"<Gather><Say>PIN?</Say></Gather><Dial><Conference>a</Conference></Dial><Pause/><Redirect/>"#);
    let Verb::Gather(gather) = &verbs[0] else { panic!("{verbs:?}") };
    assert_eq!((gather.timeout, gather.digits, gather.finish_on), (Duration::from_secs(5), None, Some('#')));
    assert_eq!(gather.prompts, [Verb::Say { text: "PIN?".to_owned(), times: 1 }]);
    let Verb::Dial(Dial { conference, .. }) = &verbs[1] else { panic!("{verbs:?}") };
    assert!(conference.start_on_enter && conference.beep_on_enter && conference.beep_on_exit && !conference.muted);
    assert_eq!(verbs[2], Verb::Pause(Duration::from_secs(1)));
    assert_eq!(verbs[3], Verb::Redirect(Action { url: String::new(), method: Method::Post }));
}

#[test]
fn what_the_provider_does_not_know_is_passed_over_with_a_warning() {
    let long = "x".repeat(500);
    let document = read(&format!(
        r#"<Response><Dance/><Hangup now="1"/><Connect><Stream url="wss://a" codec="pcm"><Parameter name="a" value="{long}"/></Stream></Connect></Response>"#
    ))
    .unwrap();
    assert_eq!(document.verbs.len(), 2);
    assert_eq!(document.warnings.len(), 4, "{:?}", document.warnings);
}

#[test]
fn what_is_no_document_has_the_providers_code() {
    for (text, code) in [("", 12_100), ("hello", 12_100), ("<html/>", 12_100), ("<Response>", 12_100)] {
        assert_eq!(read(text).unwrap_err().code, code, "{text}");
    }
    let long = format!("<Response><Say>{}</Say></Response>", "x".repeat(LONGEST));
    assert_eq!(read(&long).unwrap_err().code, 11_750);
    assert_eq!(read("<Response/>"), Ok(Document::default()));
}
