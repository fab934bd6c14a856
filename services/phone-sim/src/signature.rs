//! How the provider signs its requests (Twilio, *Webhooks security*): HMAC-SHA1 under the account's token over the address,
//! followed by the name and value of each parameter of the form, sorted by name. A WebSocket's handshake has no parameters.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The value of `X-Twilio-Signature`. A name that comes several times has its distinct values, sorted.
pub fn sign(auth_token: &str, url: &str, params: &[(String, String)]) -> String {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in params {
        sorted.entry(name).or_default().insert(value);
    }
    let mut text = url.to_owned();
    for (name, values) in sorted {
        for value in values {
            text.push_str(name);
            text.push_str(value);
        }
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    // Computed with npm `twilio` 6.2.0 (getExpectedTwilioSignature).
    #[test]
    fn the_providers_well_known_example_has_its_signature() {
        let form = params(&[
            ("To", "+18005551212"),
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+14158675309"),
            ("Digits", "1234"),
            ("From", "+14158675309"),
        ]);
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(sign("12345", url, &form), "RSOYDt4T1cUTdK1PDd93/VVr8B8=");
    }

    #[test]
    fn a_handshake_is_signed_by_its_address_alone() {
        assert_eq!(sign("12345", "wss://example.com/media", &[]), "7PR3qMkpDyEJtMrVOY/LDyNq8J8=");
        assert_eq!(sign("12345", "wss://example.com/media/", &[]), "T+WBXwUXC0/CyoZ1DA+p9ilZORs=");
    }

    #[test]
    fn a_value_that_comes_twice_counts_once() {
        let twice = params(&[("a", "2"), ("a", "1"), ("a", "2")]);
        let once = params(&[("a", "1"), ("a", "2")]);
        assert_eq!(sign("12345", "https://example.com", &twice), sign("12345", "https://example.com", &once));
    }
}
