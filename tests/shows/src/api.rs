//! REST as somebody: the operator (nobody is asked for a key with `--dev`), or whoever a token speaks for.

use std::sync::Once;
use std::time::Duration;

use crosspoint_model::show::{CallView, ShowEvent, ShowView};
use reqwest::{Client, Method, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body; null where it is no JSON.
    pub body: Value,
}

impl Answer {
    /// The body of a request that was carried out.
    pub fn ok<T: DeserializeOwned>(self) -> T {
        assert!(self.status.is_success(), "{} {}", self.status, self.body);
        serde_json::from_value(self.body.clone()).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The code of a request that was refused; empty where it was not.
    pub fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct Api {
    client: Client,
    url: String,
    token: Option<String>,
}

impl Api {
    /// The operator of the server there.
    pub fn operator(url: &str) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // The one of the tree; another test of this process may have been first.
            let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        });
        let client = Client::builder().timeout(Duration::from_secs(10)).build().expect("an HTTP client");
        Self { client, url: url.to_owned(), token: None }
    }

    /// Whoever has this token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Asks; an error is that there was no (whole) answer.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        let text = response.text().await?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) })
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await.unwrap_or_else(|error| panic!("GET {path}: {error}"))
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(&body)).await.unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Makes a show that these numbers lead to.
    pub async fn make_show(&self, show: &str, numbers: &[&str], settings: Value) -> ShowView {
        let mut body = json!({"showId": show, "title": "A show of tests", "numbers": numbers});
        if let (Some(body), Value::Object(settings)) = (body.as_object_mut(), settings) {
            body.extend(settings);
        }
        let answer = self.post("/api/shows", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.ok()
    }

    /// The calls of a show.
    pub async fn calls(&self, show: &str) -> Vec<CallView> {
        self.get(&format!("/api/shows/{show}/calls")).await.ok()
    }

    /// A call of it.
    pub async fn call(&self, show: &str, call: &str) -> CallView {
        self.get(&format!("/api/shows/{show}/calls/{call}")).await.ok()
    }

    /// What happened to a call.
    pub async fn history(&self, show: &str, call: &str) -> Vec<ShowEvent> {
        self.get(&format!("/api/shows/{show}/calls/{call}/events")).await.ok()
    }

    /// Does something with a call.
    pub async fn act(&self, show: &str, call: &str, verb: &str, body: Value) -> Answer {
        self.post(&format!("/api/shows/{show}/calls/{call}/{verb}"), body).await
    }
}
