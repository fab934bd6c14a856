//! The API keys of this server, and what is done with them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use crosspoint_model::grant::Bearer;
use crosspoint_model::{Code, Identity, Refusal, Secret};
use jsonwebtoken::dangerous::insecure_decode_claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Serialize;

use crate::claims::{Claims, Minted};

/// The API key of `--dev`.
pub const DEV_KEY: &str = "devkey";
/// The secret of `--dev`. It is no secret: it stands in the documentation.
pub const DEV_SECRET: &str = "crosspoint-dev-secret-known-to-everybody";
/// A token is taken this many seconds before its `nbf`: clocks differ.
pub const NBF_LEEWAY: u64 = 60;

/// Longer tokens are not looked at. A token travels in a URL or a header, and those have bounds of their own.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// Says why a token that is signed right does not count any more; none: it counts. Asked with each token that is read.
pub type Objection = dyn Fn(&Bearer) -> Option<Refusal> + Send + Sync;

/// API keys and their secrets.
#[derive(Clone, Default)]
pub struct Keys {
    secrets: BTreeMap<String, Secret>,
    /// Of all clones.
    objection: Arc<OnceLock<Box<Objection>>>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keys").field("secrets", &self.secrets).finish_non_exhaustive()
    }
}

impl Keys {
    /// These keys.
    pub fn new(secrets: BTreeMap<String, Secret>) -> Self {
        Self { secrets, ..Self::default() }
    }

    /// From now on this one is asked about tokens, here and at all clones; only the first who wants that is.
    pub fn object_to(&self, objection: Box<Objection>) {
        // Whoever came first stays.
        let _ = self.objection.set(objection);
    }

    /// The one key of `--dev`, known to everybody.
    pub fn dev() -> Self {
        Self::new(BTreeMap::from([(DEV_KEY.to_owned(), Secret::new(DEV_SECRET))]))
    }

    /// These and those. Of two keys with one name, the other one's stays.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.secrets.extend(other.secrets);
        self
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }

    /// The first key by name: the one that tokens and webhooks are signed with when none is named.
    pub fn first(&self) -> Option<&str> {
        self.secrets.keys().next().map(String::as_str)
    }

    /// Reads a token. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `token-expired` when its time is over, what an [`Objection`] says, else `unauthorized`. The detail never repeats the token.
    pub fn verify(&self, token: &str, now: u64) -> Result<Bearer, Refusal> {
        if token.is_empty() {
            return Err(unauthorized("a token is needed"));
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(unauthorized("the token is longer than 16 KiB"));
        }
        let claims = self.checked_claims(token)?;
        let Some(exp) = claims.exp else {
            return Err(unauthorized("the token has no exp: it must say when it ends"));
        };
        let expires = seconds(exp).ok_or_else(|| unauthorized("the token's exp is not a time"))?;
        if expires <= now {
            return Err(Refusal::new(Code::TokenExpired, "the token has expired; ask for a new one"));
        }
        if let Some(nbf) = claims.nbf {
            let begins = seconds(nbf).ok_or_else(|| unauthorized("the token's nbf is not a time"))?;
            if begins > now.saturating_add(NBF_LEEWAY) {
                return Err(unauthorized("the token is not valid yet (nbf); compare the clocks"));
            }
        }
        if !claims.sub.is_empty() {
            Identity::parse(&claims.sub).map_err(|refusal| unauthorized(&format!("sub: {}", refusal.detail)))?;
        }
        let bearer = claims.into_bearer(expires);
        match self.objection.get().and_then(|objection| objection(&bearer)) {
            Some(refusal) => Err(refusal),
            None => Ok(bearer),
        }
    }

    /// Writes a token for this bearer, signed with its `key`. `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `unauthorized` when there is no such key.
    pub fn mint(&self, bearer: &Bearer, now: u64) -> Result<String, Refusal> {
        self.sign(&bearer.key, &Minted::of(bearer, now))
    }

    /// Signs any claims with a key.
    pub(crate) fn sign<C: Serialize>(&self, key: &str, claims: &C) -> Result<String, Refusal> {
        let secret = self.secrets.get(key).ok_or_else(|| unauthorized("this server has no such API key"))?;
        let signer = EncodingKey::from_secret(secret.expose().as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &signer)
            .map_err(|error| Refusal::new(Code::Internal, format!("the token could not be signed: {error}")))
    }

    /// The claims, once the signature is known to be right. Times are not looked at.
    fn checked_claims(&self, token: &str) -> Result<Claims, Refusal> {
        // What is not verified yet says only which secret to verify it with.
        let unchecked: Claims = insecure_decode_claims(token).map_err(|error| unreadable(&error))?;
        let Some(secret) = self.secrets.get(&unchecked.iss) else {
            return Err(unauthorized("the token's API key (iss) is not one of this server's"));
        };
        let mut validation = Validation::new(Algorithm::HS256);
        // The library reads the clock by itself; ours is an argument, so times are compared in `verify`.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        let reader = DecodingKey::from_secret(secret.expose().as_bytes());
        let data = jsonwebtoken::decode::<Claims>(token, &reader, &validation).map_err(|error| unreadable(&error))?;
        Ok(data.claims)
    }
}

/// The time now, in seconds since 1970.
pub fn unix_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A NumericDate (RFC 7519 §2) in whole seconds.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn seconds(date: f64) -> Option<u64> {
    (0.0..1e15).contains(&date).then_some(date as u64)
}

fn unreadable(error: &jsonwebtoken::errors::Error) -> Refusal {
    unauthorized(match error.kind() {
        ErrorKind::InvalidSignature => "the token's signature is wrong: it was signed with another secret, or changed",
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => "the token must be signed with HS256",
        _ => "the token cannot be read: it must be a JWT signed with HS256, with claims of the documented shape",
    })
}

fn unauthorized(why: &str) -> Refusal {
    Refusal::new(Code::Unauthorized, why)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use crosspoint_model::{Grant, Source};

    use super::*;

    const NOW: u64 = 1_700_000_000;

    #[test]
    fn a_token_reads_back_as_minted() {
        let bearer = Bearer {
            name: "Ann".into(),
            metadata: "{}".into(),
            attributes: BTreeMap::from([("crosspoint.role".into(), "host".into())]),
            grant: Grant { can_publish_sources: vec![Source::Screen], ..Grant::join("r") },
            ..bearer()
        };
        let token = Keys::dev().mint(&bearer, NOW).expect("a token");
        assert_eq!(Keys::dev().verify(&token, NOW), Ok(bearer));
    }

    #[test]
    fn a_token_of_livekits_shape_is_understood() {
        let claims = r#"{"video":{"roomJoin":true,"room":"r","canPublishSources":["camera","screen_share"]},"iss":"devkey",
            "sub":"ann","name":"Ann","exp":1700000600.5,"nbf":1700000000,"jti":"ann","sip":{"admin":true},"kind":"standard"}"#;
        let bearer = Keys::dev().verify(&signed(r#"{"alg":"HS256"}"#, claims), NOW).expect("a bearer");
        assert_eq!((bearer.identity.as_str(), bearer.expires), ("ann", 1_700_000_600));
        assert!(bearer.grant.may_publish(Source::Screen) && !bearer.grant.may_publish(Source::Microphone));
    }

    #[test]
    fn a_token_ends_at_its_exp_and_begins_a_minute_before_its_nbf() {
        let token = Keys::dev().mint(&bearer(), NOW).expect("a token");
        assert!(Keys::dev().verify(&token, NOW + 599).is_ok());
        assert_eq!(code(&token, NOW + 600), Code::TokenExpired);
        assert!(Keys::dev().verify(&token, NOW - 60).is_ok());
        assert_eq!(code(&token, NOW - 61), Code::Unauthorized);
    }

    #[test]
    fn a_token_without_exp_or_with_a_senseless_one_is_refused() {
        for exp in ["", r#","exp":-1"#, r#","exp":1e300"#, r#","exp":"soon""#] {
            let claims = format!(r#"{{"iss":"devkey","sub":"ann"{exp}}}"#);
            assert_eq!(code(&signed(r#"{"alg":"HS256"}"#, &claims), NOW), Code::Unauthorized, "{exp}");
        }
    }

    #[test]
    fn another_secret_and_an_unknown_key_are_refused() {
        let other = Keys::new(BTreeMap::from([(DEV_KEY.into(), Secret::new("another secret"))]));
        assert_eq!(code(&other.mint(&bearer(), NOW).expect("a token"), NOW), Code::Unauthorized);

        let unknown = Keys::new(BTreeMap::from([("other".into(), Secret::new(DEV_SECRET))]));
        let token = unknown.mint(&Bearer { key: "other".into(), ..bearer() }, NOW).expect("a token");
        assert_eq!(code(&token, NOW), Code::Unauthorized);
        assert!(Keys::dev().mint(&Bearer { key: "other".into(), ..bearer() }, NOW).is_err());
    }

    #[test]
    fn a_token_of_another_algorithm_is_refused() {
        let claims = serde_json::to_string(&Minted::of(&bearer(), NOW)).expect("json");
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"NONE"}"#, r#"{"alg":"RS256"}"#, r#"{"alg":"HS384"}"#, "{}"] {
            assert_eq!(code(&signed(header, &claims), NOW), Code::Unauthorized, "{header}");
        }
        let key = EncodingKey::from_secret(DEV_SECRET.as_bytes());
        let longer = jsonwebtoken::encode(&Header::new(Algorithm::HS384), &Minted::of(&bearer(), NOW), &key);
        assert_eq!(code(&longer.expect("a token"), NOW), Code::Unauthorized);
        let unsigned = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims));
        assert_eq!(code(&unsigned, NOW), Code::Unauthorized);
    }

    #[test]
    fn a_changed_token_is_refused() {
        let token = Keys::dev().mint(&bearer(), NOW).expect("a token");
        let (head, signature) = token.rsplit_once('.').expect("three parts");
        let admin = Bearer { grant: Grant { room_admin: true, ..Grant::join("r") }, ..bearer() };
        let claims = serde_json::to_string(&Minted::of(&admin, NOW)).expect("json");
        let (header, _) = head.split_once('.').expect("three parts");
        for changed in [format!("{header}.{}.{signature}", part(&claims)), format!("{head}."), format!("{token}x")] {
            assert_eq!(code(&changed, NOW), Code::Unauthorized);
        }
    }

    #[test]
    fn what_is_no_token_is_refused() {
        for text in ["", ".", "..", "a.b.c", "ä", &"x".repeat(20_000)] {
            assert_eq!(code(text, NOW), Code::Unauthorized);
        }
    }

    #[test]
    fn an_identity_that_could_not_stand_in_a_room_is_refused() {
        let token = Keys::dev().mint(&Bearer { identity: "a\nb".into(), ..bearer() }, NOW).expect("a token");
        assert_eq!(code(&token, NOW), Code::Unauthorized);
    }

    #[test]
    fn secrets_are_not_printed() {
        assert!(!format!("{:?}", Keys::dev()).contains(DEV_SECRET));
    }

    fn bearer() -> Bearer {
        Bearer {
            key: DEV_KEY.into(),
            identity: "ann".into(),
            grant: Grant::join("r"),
            expires: NOW + 600,
            ..Bearer::default()
        }
    }

    fn code(token: &str, now: u64) -> Code {
        Keys::dev().verify(token, now).expect_err("a refusal").code
    }

    fn part(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Any header and claims, with a right HS256 signature of the dev key.
    fn signed(header: &str, claims: &str) -> String {
        let message = format!("{}.{}", part(header), part(claims));
        let key = EncodingKey::from_secret(DEV_SECRET.as_bytes());
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).expect("a signature");
        format!("{message}.{signature}")
    }
}
