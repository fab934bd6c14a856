//! Which requests are genuine: by the providers' signatures, over the URL that they were told, never over one that a request
//! makes up of itself.
//!
//! | file | scheme |
//! |---|---|
//! | `twilio` | HMAC-SHA1 over the URL and the sorted parameters, of a JSON body its hash in the query. Twilio; SignalWire's forms |
//! | `candidates` | the spellings of one URL that may have been signed |
//! | this one | SignalWire's other scheme (HMAC over URL and body), Telnyx's Ed25519 over time and body |

mod candidates;
mod twilio;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crosspoint_model::{Code, Refusal, Secret};
use reqwest::header::HeaderMap;
use url::form_urlencoded;

pub use self::twilio::{sign, sign_json};
use crate::account::{Account, Provider};
use crate::addresses::Addresses;

/// Twilio's header, on webhooks and on the handshake of sockets.
pub const TWILIO: &str = "x-twilio-signature";
const SIGNALWIRE: &str = "x-signalwire-signature";
const SIGNALWIRE_SHA256: &str = "x-signalwire-sha256-signature";
const TELNYX: &str = "telnyx-signature-ed25519";
const TELNYX_TIME: &str = "telnyx-timestamp";
/// A webhook of Telnyx that is older was sent again by somebody else. Seconds.
const STALE: u64 = 300;

/// A webhook as it came.
#[derive(Clone, Copy, Debug)]
pub struct Webhook<'a> {
    /// All of them.
    pub headers: &'a HeaderMap,
    /// Path and query, below `public_url`.
    pub path_and_query: &'a str,
    /// The bytes of the body.
    pub body: &'a [u8],
    /// Seconds since 1970.
    pub now: u64,
}

/// Why a request is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsigned {
    /// It has no signature.
    #[error("the request has no signature of the telephone company")]
    Missing,
    /// It has one that is not the provider's over this request.
    #[error("the signature is not the telephone company's for this address and body; is public_url what it calls?")]
    Wrong,
    /// It was signed long ago.
    #[error("the request was signed more than five minutes ago")]
    Stale,
    /// The account has nothing to check it with.
    #[error("the account has no key to check signatures with (setting signing)")]
    NoKey,
}

impl From<Unsigned> for Refusal {
    fn from(unsigned: Unsigned) -> Self {
        Refusal::new(Code::Forbidden, unsigned.to_string())
    }
}

pub(crate) fn verify_http(account: &Account, ours: &Addresses, webhook: &Webhook<'_>) -> Result<(), Unsigned> {
    let urls = candidates::of_webhook(&ours.of(webhook.path_and_query));
    match account.provider {
        Provider::Twilio => {
            let given = header(webhook.headers, TWILIO).ok_or(Unsigned::Missing)?;
            any(urls.iter().map(|url| twilio::verify(key(account)?, url, webhook.body, given)))
        }
        Provider::SignalWire => verify_signalwire(account, &urls, webhook),
        Provider::Telnyx => verify_telnyx(account, webhook),
    }
}

pub(crate) fn verify_socket(
    account: &Account,
    ours: &Addresses,
    headers: &HeaderMap,
    path_and_query: &str,
) -> Result<(), Unsigned> {
    let given = match account.provider {
        Provider::Twilio => header(headers, TWILIO).ok_or(Unsigned::Missing)?,
        Provider::SignalWire => match header(headers, SIGNALWIRE).or_else(|| header(headers, TWILIO)) {
            Some(given) => given,
            None => return Ok(()),
        },
        Provider::Telnyx => return Ok(()),
    };
    let urls = candidates::of_socket(&ours.of_socket(path_and_query));
    any(urls.iter().map(|url| twilio::verify_url(key(account)?, url, given)))
}

/// SignalWire signs forms as Twilio does, and anything as HMAC over URL and body in hex: with SHA-1, newer ones also with
/// SHA-256.
fn verify_signalwire(account: &Account, urls: &[String], webhook: &Webhook<'_>) -> Result<(), Unsigned> {
    let key = key(account)?;
    let over_body = |algorithm, url: &String, given: &str| {
        let given = from_hex(given).ok_or(Unsigned::Wrong)?;
        let message = [url.as_bytes(), webhook.body].concat();
        let key = hmac::Key::new(algorithm, key.expose().as_bytes());
        hmac::verify(&key, &message, &given).map_err(|_| Unsigned::Wrong)
    };
    if let Some(given) = header(webhook.headers, SIGNALWIRE_SHA256)
        && any(urls.iter().map(|url| over_body(hmac::HMAC_SHA256, url, given))).is_ok()
    {
        return Ok(());
    }
    let given = header(webhook.headers, SIGNALWIRE).or_else(|| header(webhook.headers, TWILIO));
    let given = given.ok_or(Unsigned::Missing)?;
    any(urls.iter().map(|url| {
        twilio::verify(key, url, webhook.body, given)
            .or_else(|_| over_body(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, url, given))
    }))
}

/// Ed25519 over `timestamp|body`.
fn verify_telnyx(account: &Account, webhook: &Webhook<'_>) -> Result<(), Unsigned> {
    // Its API key opens the REST interface and checks nothing.
    let key = account.signing.as_ref().filter(|key| !key.is_empty()).ok_or(Unsigned::NoKey)?;
    let key = STANDARD.decode(key.expose().trim()).map_err(|_| Unsigned::NoKey)?;
    let given = header(webhook.headers, TELNYX).ok_or(Unsigned::Missing)?;
    let time = header(webhook.headers, TELNYX_TIME).ok_or(Unsigned::Missing)?;
    let given = STANDARD.decode(given).map_err(|_| Unsigned::Wrong)?;
    let message = [time.as_bytes(), b"|", webhook.body].concat();
    UnparsedPublicKey::new(&ED25519, key).verify(&message, &given).map_err(|_| Unsigned::Wrong)?;
    let signed: u64 = time.parse().map_err(|_| Unsigned::Wrong)?;
    if signed.abs_diff(webhook.now) > STALE { Err(Unsigned::Stale) } else { Ok(()) }
}

/// The parameters of a form body, in order.
pub fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

fn key(account: &Account) -> Result<&Secret, Unsigned> {
    let key = account.signing.as_ref().unwrap_or(&account.token);
    if key.is_empty() { Err(Unsigned::NoKey) } else { Ok(key) }
}

/// Is one of them right? Otherwise what is wrong with the last.
fn any(results: impl Iterator<Item = Result<(), Unsigned>>) -> Result<(), Unsigned> {
    let mut last = Err(Unsigned::Wrong);
    for result in results {
        last = result;
        if last.is_ok() {
            break;
        }
    }
    last
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().filter(|text| !text.is_empty())
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digit = |byte: u8| (byte as char).to_digit(16).map(|digit| digit as u8);
    let byte = |[high, low]: &[u8; 2]| Some(digit(*high)? << 4 | digit(*low)?);
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}

#[cfg(test)]
mod tests;
