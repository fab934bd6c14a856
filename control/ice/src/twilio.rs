//! Twilio's relays: its Tokens resource gives credentials for some hours, and they are fetched again when half of that is over
//! (<https://www.twilio.com/docs/stun-turn/api>).

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arc_swap::ArcSwap;
use crosspoint_model::Secret;
use crosspoint_model::signal::IceServer;
use reqwest::header::CONTENT_TYPE;
use serde::Deserialize;

/// What is asked for; Twilio gives at most a day.
const LIFETIME: Duration = Duration::from_secs(12 * 3600);
/// How long after a failure it is tried again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_secs(300);
const PATIENCE: Duration = Duration::from_secs(10);

/// An account at Twilio.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its SID.
    pub sid: String,
    /// Its token.
    pub token: Secret,
    /// Twilio's REST interface.
    pub url: String,
}

/// The relays that Twilio gave last. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Relays(Arc<ArcSwap<Given>>);

#[derive(Debug, Default)]
struct Given {
    servers: Vec<IceServer>,
    /// Seconds since 1970.
    ends: u64,
}

/// What Twilio answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(deserialize_with = "number")]
    ttl: u64,
    ice_servers: Vec<Server>,
}

#[derive(Deserialize)]
struct Server {
    urls: String,
    username: Option<String>,
    credential: Option<String>,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("Twilio cannot be reached or does not answer: {0}")]
    Unreachable(#[from] reqwest::Error),
    #[error("Twilio refuses: {0}; are phone.twilio_account and phone.twilio_token right?")]
    Refused(reqwest::StatusCode),
}

impl Relays {
    /// Fetches them, and again before they end, until the last clone is gone. The process's TLS provider must be there.
    pub fn follow(account: Account) -> Self {
        let relays = Self::default();
        let kept = Arc::downgrade(&relays.0);
        tokio::spawn(async move {
            let mut pause = FIRST_PAUSE;
            loop {
                let wait = match fetch(&account).await {
                    Ok(given) => {
                        let Some(place) = kept.upgrade() else { return };
                        let left = given.ends.saturating_sub(now());
                        tracing::info!(servers = given.servers.len(), seconds = left, "Twilio's relays were fetched");
                        place.store(Arc::new(given));
                        pause = FIRST_PAUSE;
                        Duration::from_secs(left / 2).max(FIRST_PAUSE)
                    }
                    Err(failure) => {
                        tracing::warn!(error = %failure, retry = ?pause, "Twilio's relays cannot be fetched");
                        let wait = pause;
                        pause = (pause * 2).min(LAST_PAUSE);
                        wait
                    }
                };
                tokio::time::sleep(wait).await;
                if kept.strong_count() == 0 {
                    return;
                }
            }
        });
        relays
    }

    /// Those that are valid at this second since 1970.
    pub fn now(&self, second: u64) -> Vec<IceServer> {
        let given = self.0.load();
        if given.ends > second { given.servers.clone() } else { Vec::new() }
    }
}

async fn fetch(account: &Account) -> Result<Given, Failure> {
    let client = reqwest::Client::builder().timeout(PATIENCE).redirect(reqwest::redirect::Policy::none()).build()?;
    let url = format!("{}/2010-04-01/Accounts/{}/Tokens.json", account.url.trim_end_matches('/'), account.sid);
    let request = client.post(url).basic_auth(&account.sid, Some(account.token.expose()));
    let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let answer = request.body(format!("Ttl={}", LIFETIME.as_secs())).send().await?;
    if !answer.status().is_success() {
        return Err(Failure::Refused(answer.status()));
    }
    let answer: Answer = answer.json().await?;
    let server = |server: Server| IceServer {
        urls: vec![server.urls],
        username: server.username,
        credential: server.credential,
    };
    Ok(Given { servers: answer.ice_servers.into_iter().map(server).collect(), ends: now() + answer.ttl })
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Twilio writes the lifetime as text.
fn number<'de, D: serde::Deserializer<'de>>(value: D) -> Result<u64, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Text(String),
    }
    match Either::deserialize(value)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::extract::Path;
    use axum::http::{HeaderMap, StatusCode};
    use axum::{Json, Router, routing};
    use serde_json::{Value, json};
    use tokio::time::{Instant, sleep};

    use super::*;

    /// Twilio itself cannot be had here: what it answers is what its documentation shows.
    async fn twilio(asked: Arc<AtomicUsize>) -> String {
        let answer = move |Path(sid): Path<String>, headers: HeaderMap| {
            let times = asked.fetch_add(1, Ordering::Relaxed);
            async move {
                // base64("AC1:token")
                let is_ours = headers.get("authorization").is_some_and(|value| value == "Basic QUMxOnRva2Vu");
                if times == 0 || sid != "AC1" || !is_ours {
                    return (StatusCode::INTERNAL_SERVER_ERROR, Json(Value::Null));
                }
                let servers = json!([
                    {"url": "stun:global.stun.twilio.com:3478", "urls": "stun:global.stun.twilio.com:3478"},
                    {"url": "turn:global.turn.twilio.com:443?transport=tcp",
                     "urls": "turn:global.turn.twilio.com:443?transport=tcp",
                     "username": format!("user-{times}"), "credential": "secret"},
                ]);
                let answer = json!({"username": "u", "password": "p", "ttl": "43200", "account_sid": sid,
                                    "ice_servers": servers});
                (StatusCode::CREATED, Json(answer))
            }
        };
        let router = Router::new().route("/2010-04-01/Accounts/{sid}/Tokens.json", routing::post(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn relays_are_fetched_tried_again_after_a_failure_and_forgotten_when_they_end() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let asked = Arc::new(AtomicUsize::new(0));
        let account = Account { sid: "AC1".into(), token: Secret::new("token"), url: twilio(asked.clone()).await };
        let relays = Relays::follow(account);
        let deadline = Instant::now() + Duration::from_secs(30);
        while relays.now(now()).is_empty() {
            assert!(Instant::now() < deadline, "asked {} times", asked.load(Ordering::Relaxed));
            sleep(Duration::from_millis(20)).await;
        }
        let told = relays.now(now());
        assert_eq!(told[0].urls, ["stun:global.stun.twilio.com:3478"]);
        assert_eq!(told[1].username.as_deref(), Some("user-1"));
        assert!(relays.now(now() + 43_201).is_empty());
    }
}
