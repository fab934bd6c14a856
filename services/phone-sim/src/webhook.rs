//! Signed requests to the server: documents are fetched, callbacks posted.

use std::time::Duration;

use reqwest::{Certificate, Client, RequestBuilder};
use url::{Url, form_urlencoded};

use crate::line::Method;
use crate::signature::sign;
use crate::twiml::LONGEST;
use crate::{STAND_IN, Settings, SimulatorError};

/// A form.
pub(crate) type Params = Vec<(String, String)>;

/// Asks and tells a server.
pub(crate) struct Webhooks {
    client: Client,
    auth_token: String,
    timeout: Duration,
}

impl Webhooks {
    pub(crate) fn new(settings: &Settings) -> Result<Self, SimulatorError> {
        // HTTP/1.1 only, because a WebSocket is an upgrade of it.
        let mut builder = Client::builder().http1_only().no_proxy().user_agent(STAND_IN).pool_idle_timeout(IDLE);
        if let Some(pem) = &settings.trust {
            builder = builder.tls_certs_merge(Certificate::from_pem_bundle(pem)?);
        }
        let client = builder.build()?;
        Ok(Self { client, auth_token: settings.auth_token.clone(), timeout: settings.webhook_timeout })
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) fn sign(&self, url: &str, params: &[(String, String)]) -> String {
        sign(&self.auth_token, url, params)
    }

    /// Fetches a document. The provider calls everything that keeps it from having one 11200.
    pub(crate) async fn fetch(&self, url: &str, method: Method, params: &Params) -> Result<String, String> {
        let asked = tokio::time::timeout(self.timeout, async {
            let mut response = self.request(url, method, params)?.send().await.map_err(explain)?;
            if !response.status().is_success() {
                return Err(format!("the server answered {}", response.status()));
            }
            let mut body = Vec::new();
            // One byte more than is allowed shows that there is more.
            while let Some(chunk) = response.chunk().await.map_err(explain)? {
                body.extend_from_slice(&chunk);
                if body.len() > LONGEST {
                    break;
                }
            }
            String::from_utf8(body).map_err(|_| "the document is not UTF-8".to_owned())
        });
        asked.await.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.timeout)))
    }

    /// Fetches a file of at most so many bytes.
    pub(crate) async fn file(&self, url: &str, most: usize) -> Result<Vec<u8>, String> {
        let asked = tokio::time::timeout(self.timeout, async {
            let mut response = self.client.get(url).send().await.map_err(explain)?;
            if !response.status().is_success() {
                return Err(format!("the server answered {}", response.status()));
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(explain)? {
                body.extend_from_slice(&chunk);
                if body.len() > most {
                    return Err(format!("more than {most} bytes"));
                }
            }
            Ok(body)
        });
        asked.await.unwrap_or_else(|_| Err(format!("no answer within {:?}", self.timeout)))
    }

    /// Tells the server something. Gives the status of its answer.
    pub(crate) async fn tell(&self, url: &str, method: Method, params: &Params) -> Result<u16, String> {
        let asked = async { self.request(url, method, params)?.send().await.map_err(explain) };
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(answer) => answer.map(|response| response.status().as_u16()),
            Err(_) => Err(format!("no answer within {:?}", self.timeout)),
        }
    }

    fn request(&self, url: &str, method: Method, params: &Params) -> Result<RequestBuilder, String> {
        let mut address = Url::parse(url).map_err(|error| format!("{url:?} is no address: {error}"))?;
        Ok(match method {
            Method::Post => {
                let form = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
                self.client
                    .post(address)
                    .header("x-twilio-signature", self.sign(url, params))
                    .header("content-type", "application/x-www-form-urlencoded; charset=UTF-8")
                    .body(form)
            }
            Method::Get => {
                address.query_pairs_mut().extend_pairs(params);
                let signature = self.sign(address.as_str(), &[]);
                self.client.get(address).header("x-twilio-signature", signature)
            }
        })
    }
}

/// Connections are kept for a while: shows hang up in bursts.
const IDLE: Duration = Duration::from_secs(20);

/// An error with its causes: the client's own text says little.
pub(crate) fn explain(error: reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
