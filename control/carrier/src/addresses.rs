//! Every URL that providers are told, derived from `public_url` alone: what a request says of its own host is never believed.

use url::Url;
use url::form_urlencoded::byte_serialize;

use crate::account::Provider;

/// Longer ones would not leave room in a document of 4000 characters.
const LONGEST: usize = 200;

/// Why a `public_url` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("public_url {given:?} cannot be told to a provider: {why}")]
pub struct BadAddress {
    given: String,
    why: &'static str,
}

/// Our addresses at all providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    public_url: String,
}

impl Addresses {
    /// From the URL below which the world reaches this server: `https://show.example`, maybe with a path.
    ///
    /// # Errors
    /// When it is not one of `http` or `https`, or has a query or a user, or is longer than 200 characters.
    pub fn new(public_url: &str) -> Result<Self, BadAddress> {
        let bad = |why| BadAddress { given: public_url.to_owned(), why };
        let url = Url::parse(public_url).map_err(|_| bad("it is no URL"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(bad("it must begin with https:// (or http:// on a network of one's own)"));
        }
        if url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return Err(bad("it may have a host, a port and a path, and nothing else"));
        }
        if url.as_str().len() > LONGEST {
            return Err(bad("it has more than 200 characters"));
        }
        Ok(Self { public_url: url.as_str().trim_end_matches('/').to_owned() })
    }

    /// What all the others begin with, without a slash at the end.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// The whole URL of a path of ours with its query.
    pub fn of(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.public_url)
    }

    /// The same for a WebSocket.
    pub fn of_socket(&self, path_and_query: &str) -> String {
        // `http` becomes `ws`, and `https` `wss`.
        format!("ws{}{path_and_query}", self.public_url.trim_start_matches("http"))
    }

    /// What the number's "a call comes in" is set to.
    pub fn voice(&self, provider: Provider, show: Option<&str>) -> String {
        self.of(&with_show(&path(provider, "voice"), show))
    }

    /// Where keyed digits of a host on the way into the conference go.
    pub fn pin(&self, provider: Provider, show: Option<&str>) -> String {
        self.of(&with_show(&path(provider, "pin"), show))
    }

    /// What the number's "call status changes" is set to.
    pub fn status(&self, provider: Provider) -> String {
        self.of(&path(provider, "status"))
    }

    /// Where conferences tell what happens in them.
    pub fn conference(&self, provider: Provider) -> String {
        self.of(&path(provider, "conference"))
    }

    /// Where the sound of calls goes.
    pub fn stream(&self, provider: Provider) -> String {
        self.of_socket(&match provider {
            Provider::Twilio => "/api/twilio/media-stream".to_owned(),
            _ => path(provider, "media-stream"),
        })
    }
}

/// Twilio's stand without its name.
fn path(provider: Provider, what: &str) -> String {
    match provider {
        Provider::Twilio => format!("/api/phone/{what}"),
        _ => format!("/api/phone/{provider}/{what}"),
    }
}

fn with_show(path: &str, show: Option<&str>) -> String {
    match show {
        Some(show) => format!("{path}?show={}", byte_serialize(show.as_bytes()).collect::<String>()),
        None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_addresses_begin_with_the_public_url() {
        let addresses = Addresses::new("https://show.example/").expect("a URL");
        assert_eq!(addresses.voice(Provider::Twilio, Some("a b")), "https://show.example/api/phone/voice?show=a+b");
        assert_eq!(addresses.pin(Provider::Telnyx, None), "https://show.example/api/phone/telnyx/pin");
        assert_eq!(addresses.status(Provider::SignalWire), "https://show.example/api/phone/signalwire/status");
        assert_eq!(addresses.conference(Provider::Twilio), "https://show.example/api/phone/conference");
        assert_eq!(addresses.stream(Provider::Twilio), "wss://show.example/api/twilio/media-stream");
        let addresses = Addresses::new("http://127.0.0.1:8080/live").expect("a URL");
        assert_eq!(addresses.stream(Provider::Telnyx), "ws://127.0.0.1:8080/live/api/phone/telnyx/media-stream");
    }

    #[test]
    fn what_no_provider_could_call_is_refused() {
        for url in
            ["show.example", "ftp://show.example", "https://show.example/?a", "https://u@show.example", "https://"]
        {
            assert!(Addresses::new(url).is_err(), "{url}");
        }
        assert!(Addresses::new(&format!("https://show.example/{}", "x".repeat(200))).is_err());
    }
}
