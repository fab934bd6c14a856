//! Which provider, and whose account there.

use crosspoint_model::Secret;

/// A telephone company.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Provider {
    /// The reference.
    Twilio,
    /// By its TeXML interface.
    Telnyx,
    /// By its compatibility interface (cXML).
    SignalWire,
}

impl Provider {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Twilio, Self::Telnyx, Self::SignalWire];

    /// Its word in paths, settings and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Twilio => "twilio",
            Self::Telnyx => "telnyx",
            Self::SignalWire => "signalwire",
        }
    }

    /// From its word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.as_str() == word)
    }

    /// Where its REST interface usually is. SignalWire has a host per customer (`https://NAME.signalwire.com`).
    pub fn usual_url(self) -> Option<&'static str> {
        match self {
            Self::Twilio => Some("https://api.twilio.com"),
            Self::Telnyx => Some("https://api.telnyx.com"),
            Self::SignalWire => None,
        }
    }
}

impl std::fmt::Display for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An account at a provider.
#[derive(Clone, Debug)]
pub struct Account {
    /// Which provider.
    pub provider: Provider,
    /// The account's name there: `AC…` at Twilio, the project's id at SignalWire, the organisation's id at Telnyx.
    pub sid: String,
    /// What opens the REST interface: Twilio's auth token, SignalWire's API token, Telnyx's API key.
    pub token: Secret,
    /// What the provider's requests are signed with: SignalWire's signing key, Telnyx's public key in base64. Absent: `token`, as
    /// Twilio does it.
    pub signing: Option<Secret>,
    /// Where the REST interface is, without a path: see [`Provider::usual_url`]. A simulator's may have a path before it.
    pub url: String,
    /// The number that calls of ours come from, in E.164.
    pub number: Option<String>,
    /// Telnyx only: the TeXML application that places calls of ours.
    pub application: Option<String>,
}

impl Account {
    /// An account where the provider usually is.
    pub fn new(provider: Provider, sid: impl Into<String>, token: Secret) -> Self {
        let url = provider.usual_url().unwrap_or_default().to_owned();
        Self { provider, sid: sid.into(), token, signing: None, url, number: None, application: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_reads_back_from_its_word() {
        for provider in Provider::ALL {
            assert_eq!(Provider::parse(provider.as_str()), Some(provider));
        }
        assert_eq!(Provider::parse("Twilio"), None);
    }

    #[test]
    fn an_account_shows_none_of_its_secrets() {
        let mut account = Account::new(Provider::Twilio, "AC1", Secret::new("hunter2"));
        account.signing = Some(Secret::new("hunter3"));
        assert!(!format!("{account:?}").contains("hunter"));
    }
}
