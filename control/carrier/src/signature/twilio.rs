//! Twilio's scheme: base64 of HMAC-SHA1, with the account's auth token as key, over the URL and after it each parameter's name
//! and value, sorted by name. <https://www.twilio.com/docs/usage/security>

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::{constant_time, digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosspoint_model::Secret;
use url::form_urlencoded;

use super::{Unsigned, form};

/// With this in the query the body is JSON, and this is its hash: no parameters are signed then.
const BODY_HASH: &str = "bodySHA256";

/// The signature of a request with these form parameters; of a socket, with none.
pub fn sign(token: &Secret, url: &str, parameters: &[(String, String)]) -> String {
    STANDARD.encode(hmac::sign(&key(token), message(url, parameters).as_bytes()))
}

/// The URL with the hash of a JSON body in its query, and the signature of that.
pub fn sign_json(token: &Secret, url: &str, body: &[u8]) -> (String, String) {
    let separator = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{separator}{BODY_HASH}={}", hash(body));
    let signature = sign(token, &url, &[]);
    (url, signature)
}

/// Was it signed over this URL and body?
pub fn verify(token: &Secret, url: &str, body: &[u8], given: &str) -> Result<(), Unsigned> {
    let Some(expected) = body_hash(url) else {
        return check(token, &message(url, &form(body)), given);
    };
    let is_same = constant_time::verify_slices_are_equal(hash(body).as_bytes(), expected.as_bytes()).is_ok();
    check(token, url, given).and(if is_same { Ok(()) } else { Err(Unsigned::Wrong) })
}

/// Was it signed over this URL alone?
pub fn verify_url(token: &Secret, url: &str, given: &str) -> Result<(), Unsigned> {
    check(token, url, given)
}

fn check(token: &Secret, message: &str, given: &str) -> Result<(), Unsigned> {
    let given = STANDARD.decode(given).map_err(|_| Unsigned::Wrong)?;
    // Takes the same time wherever the first difference is.
    hmac::verify(&key(token), message.as_bytes(), &given).map_err(|_| Unsigned::Wrong)
}

fn key(token: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.expose().as_bytes())
}

/// Values of one name are sorted, and the same one counts once, as Twilio's own libraries have it.
fn message(url: &str, parameters: &[(String, String)]) -> String {
    let mut sorted: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in parameters {
        sorted.entry(name).or_default().insert(value);
    }
    let mut message = url.to_owned();
    for (name, values) in sorted {
        for value in values {
            message.push_str(name);
            message.push_str(value);
        }
    }
    message
}

fn body_hash(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let (_, hash) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == BODY_HASH)?;
    Some(hash.into_owned())
}

fn hash(body: &[u8]) -> String {
    digest::digest(&digest::SHA256, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
