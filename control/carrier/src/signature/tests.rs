use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use reqwest::header::HeaderValue;

use super::*;

const NOW: u64 = 1_800_000_000;

fn account(provider: Provider) -> Account {
    Account::new(provider, "AC1", Secret::new("12345"))
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).collect()
}

fn webhook<'a>(headers: &'a HeaderMap, path_and_query: &'a str, body: &'a [u8]) -> Webhook<'a> {
    Webhook { headers, path_and_query, body, now: NOW }
}

/// Twilio's well-known example, and what npm twilio 6.2.0 says of it.
const EXAMPLE: &[u8] =
    b"CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";

#[test]
fn twilio_s_own_example_is_signed_as_its_library_does() {
    let signed = sign(&Secret::new("12345"), "https://mycompany.com/myapp.php?foo=1&bar=2", &form(EXAMPLE));
    assert_eq!(signed, "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
}

#[test]
fn a_webhook_is_believed_as_it_was_signed_and_not_when_a_letter_differs() {
    let (account, ours) = (account(Provider::Twilio), Addresses::new("https://mycompany.com").expect("a URL"));
    let right = headers(&[(TWILIO, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")]);
    let path = "/myapp.php?foo=1&bar=2";
    assert_eq!(verify_http(&account, &ours, &webhook(&right, path, EXAMPLE)), Ok(()));
    assert_eq!(verify_http(&account, &ours, &webhook(&right, "/myapp.php?foo=1", EXAMPLE)), Err(Unsigned::Wrong));
    assert_eq!(verify_http(&account, &ours, &webhook(&right, path, b"Digits=1")), Err(Unsigned::Wrong));
    let none = HeaderMap::new();
    assert_eq!(verify_http(&account, &ours, &webhook(&none, path, EXAMPLE)), Err(Unsigned::Missing));
    let nonsense = headers(&[(TWILIO, "%%%")]);
    assert_eq!(verify_http(&account, &ours, &webhook(&nonsense, path, EXAMPLE)), Err(Unsigned::Wrong));
}

#[test]
fn a_port_that_the_scheme_has_anyway_makes_no_difference() {
    let (account, ours) = (account(Provider::Twilio), Addresses::new("https://mycompany.com").expect("a URL"));
    let signed = sign(&account.token, "https://mycompany.com:443/voice", &form(EXAMPLE));
    let headers = headers(&[(TWILIO, &signed)]);
    assert_eq!(verify_http(&account, &ours, &webhook(&headers, "/voice", EXAMPLE)), Ok(()));
}

#[test]
fn the_handshake_of_a_socket_is_signed_over_its_own_url() {
    let (account, ours) = (account(Provider::Twilio), Addresses::new("https://example.com").expect("a URL"));
    // Vectors of npm twilio 6.2.0: without and with a slash at the end.
    for signed in ["7PR3qMkpDyEJtMrVOY/LDyNq8J8=", "T+WBXwUXC0/CyoZ1DA+p9ilZORs="] {
        let headers = headers(&[(TWILIO, signed)]);
        assert_eq!(verify_socket(&account, &ours, &headers, "/media"), Ok(()), "{signed}");
        assert_eq!(verify_socket(&account, &ours, &headers, "/other"), Err(Unsigned::Wrong));
    }
    assert_eq!(verify_socket(&account, &ours, &HeaderMap::new(), "/media"), Err(Unsigned::Missing));
}

#[test]
fn parameters_that_come_twice_are_sorted_and_count_once() {
    let token = Secret::new("12345");
    let pairs = |text: &str| form(text.as_bytes());
    let once = sign(&token, "https://a.example/", &pairs("a=1&a=2&b=3"));
    assert_eq!(sign(&token, "https://a.example/", &pairs("b=3&a=2&a=1&a=2")), once);
    assert_eq!(sign(&token, "https://a.example/", &pairs("z=a1a2b3")).len(), once.len());
    assert_ne!(sign(&token, "https://a.example/", &pairs("a=1&b=3")), once);
}

#[test]
fn of_a_json_body_the_hash_is_signed() {
    let (account, ours) = (account(Provider::Twilio), Addresses::new("https://a.example").expect("a URL"));
    let body = br#"{"event":"x"}"#;
    let (url, signed) = sign_json(&account.token, "https://a.example/voice?show=1", body);
    let path = url.strip_prefix("https://a.example").expect("ours");
    let headers = headers(&[(TWILIO, &signed)]);
    assert_eq!(verify_http(&account, &ours, &webhook(&headers, path, body)), Ok(()));
    assert_eq!(verify_http(&account, &ours, &webhook(&headers, path, b"{}")), Err(Unsigned::Wrong));
}

#[test]
fn signalwire_is_believed_by_either_of_its_schemes_and_its_own_key() {
    let mut account = account(Provider::SignalWire);
    account.signing = Some(Secret::new("PSK1"));
    let ours = Addresses::new("https://a.example").expect("a URL");
    let key = Secret::new("PSK1");
    let form_scheme = sign(&key, "https://a.example/voice", &form(EXAMPLE));
    let hex = |algorithm| -> String {
        let key = hmac::Key::new(algorithm, b"PSK1");
        let tag = hmac::sign(&key, &[b"https://a.example/voice", EXAMPLE].concat());
        tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let (sha1, sha256) = (hex(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY), hex(hmac::HMAC_SHA256));
    for (name, signed) in
        [(SIGNALWIRE, &form_scheme), (TWILIO, &form_scheme), (SIGNALWIRE, &sha1), (SIGNALWIRE_SHA256, &sha256)]
    {
        let headers = headers(&[(name, signed)]);
        assert_eq!(verify_http(&account, &ours, &webhook(&headers, "/voice", EXAMPLE)), Ok(()), "{name}");
        assert!(verify_http(&account, &ours, &webhook(&headers, "/voice", b"From=x")).is_err(), "{name}");
    }
    let with_api_token = sign(&account.token, "https://a.example/voice", &form(EXAMPLE));
    let headers = headers(&[(SIGNALWIRE, &with_api_token)]);
    assert_eq!(verify_http(&account, &ours, &webhook(&headers, "/voice", EXAMPLE)), Err(Unsigned::Wrong));
}

#[test]
fn telnyx_is_believed_by_its_public_key_and_for_five_minutes() {
    let pair = Ed25519KeyPair::generate().expect("a key");
    let mut account = account(Provider::Telnyx);
    let ours = Addresses::new("https://a.example").expect("a URL");
    let signed_at = |time: u64| {
        let message = [time.to_string().as_bytes(), b"|", EXAMPLE].concat();
        let mut headers = headers(&[(TELNYX, &STANDARD.encode(pair.sign(&message)))]);
        headers.insert(TELNYX_TIME, HeaderValue::from(time));
        headers
    };
    let now = signed_at(NOW - 10);
    assert_eq!(verify_http(&account, &ours, &webhook(&now, "/voice", EXAMPLE)), Err(Unsigned::NoKey));
    account.signing = Some(Secret::new(STANDARD.encode(pair.public_key().as_ref())));
    assert_eq!(verify_http(&account, &ours, &webhook(&now, "/voice", EXAMPLE)), Ok(()));
    assert_eq!(verify_http(&account, &ours, &webhook(&now, "/voice", b"other")), Err(Unsigned::Wrong));
    assert_eq!(verify_http(&account, &ours, &webhook(&signed_at(NOW - 301), "/voice", EXAMPLE)), Err(Unsigned::Stale));
    assert_eq!(verify_http(&account, &ours, &webhook(&HeaderMap::new(), "/voice", EXAMPLE)), Err(Unsigned::Missing));
}

#[test]
fn an_account_without_a_key_believes_nothing() {
    let account = Account::new(Provider::Twilio, "AC1", Secret::default());
    let ours = Addresses::new("https://a.example").expect("a URL");
    let signed = sign(&Secret::default(), "https://a.example/voice", &[]);
    let headers = headers(&[(TWILIO, &signed)]);
    assert_eq!(verify_http(&account, &ours, &webhook(&headers, "/voice", b"")), Err(Unsigned::NoKey));
    assert_eq!(verify_socket(&account, &ours, &headers, "/voice"), Err(Unsigned::NoKey));
}
