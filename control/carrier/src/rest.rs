//! How a provider is asked: form bodies out, JSON in. Twilio's shape, which the others follow.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::Value;
use url::form_urlencoded::Serializer;

use crate::account::{Account, Provider};
use crate::trouble::Trouble;

/// A verb of the desk waits for this.
const WHOLE: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(3);
/// Of an answer no more is read into a message.
const SHOWN: usize = 300;
/// Twilio's numbers for what is over: resource not found; call is not in progress.
const OVER: [u64; 2] = [20404, 21220];

/// The one client of all accounts. Made with the first request: making it needs the process's TLS provider, which not every
/// program that reads settings has.
#[derive(Debug, Default)]
pub struct Rest {
    client: OnceLock<Result<Client, String>>,
}

impl Rest {
    /// Asks for something to be done.
    pub async fn post(&self, account: &Account, path: &str, form: &[(&str, &str)]) -> Result<Value, Trouble> {
        // In one statement: a serializer that lived on would keep this from being waited for on another thread.
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let request = self.client()?.post(url(account, path)?);
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        answer(authorised(account, request)).await
    }

    /// Asks how something is.
    pub async fn get(&self, account: &Account, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let mut url = url(account, path)?;
        url.query_pairs_mut().extend_pairs(query);
        answer(authorised(account, self.client()?.get(url))).await
    }

    fn client(&self) -> Result<&Client, Trouble> {
        let client = self.client.get_or_init(|| {
            let builder = Client::builder().timeout(WHOLE).connect_timeout(CONNECT);
            // A redirect would carry the account's token to somebody else.
            let builder = builder.redirect(reqwest::redirect::Policy::none());
            let builder = builder.user_agent(concat!("crosspoint/", env!("CARGO_PKG_VERSION")));
            builder.build().map_err(|error| error.to_string())
        });
        client.as_ref().map_err(|error| Trouble::Unreachable(error.clone()))
    }
}

/// The path of something in an account: `Calls`, or `Calls/CA123`. Names of others in it must have been escaped.
fn url(account: &Account, path: &str) -> Result<url::Url, Trouble> {
    let (base, sid) = (account.url.trim_end_matches('/'), segment(&account.sid));
    let text = match account.provider {
        Provider::Twilio => format!("{base}/2010-04-01/Accounts/{sid}/{path}.json"),
        Provider::SignalWire => format!("{base}/api/laml/2010-04-01/Accounts/{sid}/{path}.json"),
        Provider::Telnyx => format!("{base}/v2/texml/Accounts/{sid}/{path}"),
    };
    url::Url::parse(&text).map_err(|error| Trouble::Unreachable(format!("the account's url: {error}")))
}

/// One segment of a path: a call's name comes from outside, and must not reach another resource.
pub fn segment(name: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_~:".contains(&byte);
    let escaped = |byte: u8| if keep(byte) { (byte as char).to_string() } else { format!("%{byte:02X}") };
    name.bytes().map(escaped).collect()
}

fn authorised(account: &Account, request: RequestBuilder) -> RequestBuilder {
    match account.provider {
        Provider::Twilio | Provider::SignalWire => request.basic_auth(&account.sid, Some(account.token.expose())),
        Provider::Telnyx => request.bearer_auth(account.token.expose()),
    }
}

async fn answer(request: RequestBuilder) -> Result<Value, Trouble> {
    // Its URL has no secrets, but nobody needs it in a message.
    let failed = |error: reqwest::Error| Trouble::Unreachable(error.without_url().to_string());
    let response = request.send().await.map_err(failed)?;
    let status = response.status();
    let body = response.text().await.map_err(failed)?;
    if status.is_success() {
        // Some answer with nothing.
        return if body.trim().is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_str(&body)
                .map_err(|error| Trouble::Unreachable(format!("an answer that is no JSON: {error}")))
        };
    }
    Err(refused(status, &body))
}

fn refused(status: StatusCode, body: &str) -> Trouble {
    let json: Value = serde_json::from_str(body).unwrap_or_default();
    // Telnyx gives a list of errors, the others one.
    let error = json.pointer("/errors/0").unwrap_or(&json);
    let code = match &error["code"] {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let code = code.unwrap_or_default();
    if status == StatusCode::NOT_FOUND || status == StatusCode::GONE || OVER.contains(&code) {
        return Trouble::Gone;
    }
    let words = [&error["message"], &error["detail"], &error["title"]].into_iter().find_map(Value::as_str);
    let message = words.unwrap_or(body).chars().take(SHOWN).collect();
    Trouble::Refused { status: status.as_u16(), code, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stays_within_its_segment() {
        assert_eq!(segment("CA12_a-b:c"), "CA12_a-b:c");
        assert_eq!(segment("../x?y#z"), "%2E%2E%2Fx%3Fy%23z");
    }

    #[test]
    fn what_is_over_is_told_from_what_is_refused() {
        let twilio = r#"{"code": 20404, "message": "The requested resource was not found", "status": 404}"#;
        assert_eq!(refused(StatusCode::NOT_FOUND, twilio), Trouble::Gone);
        assert_eq!(refused(StatusCode::BAD_REQUEST, r#"{"code":21220,"message":"not in-progress"}"#), Trouble::Gone);
        let telnyx = r#"{"errors":[{"code":"10015","title":"Bad Request","detail":"To is missing"}]}"#;
        let expected = Trouble::Refused { status: 400, code: 10015, message: "To is missing".into() };
        assert_eq!(refused(StatusCode::BAD_REQUEST, telnyx), expected);
        let nothing = refused(StatusCode::BAD_GATEWAY, "<html>");
        assert_eq!(nothing, Trouble::Refused { status: 502, code: 0, message: "<html>".into() });
    }
}
