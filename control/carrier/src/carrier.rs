//! What is asked of one provider, and the book of all.

use std::sync::Arc;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::account::{Account, Provider};
use crate::addresses::Addresses;
use crate::rest::{Rest, segment};
use crate::signature::{self, Unsigned, Webhook};
use crate::trouble::Trouble;

/// All providers that this server has an account at. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Carriers {
    carriers: Arc<[Carrier]>,
    addresses: Arc<Addresses>,
}

impl Carriers {
    /// Those of these accounts. Of two at the same provider the first counts.
    pub fn new(accounts: Vec<Account>, addresses: Addresses) -> Self {
        let (rest, addresses) = (Arc::new(Rest::default()), Arc::new(addresses));
        let carrier = |account: Account| Carrier {
            account: Arc::new(account),
            addresses: Arc::clone(&addresses),
            rest: Arc::clone(&rest),
        };
        Self { carriers: accounts.into_iter().map(carrier).collect(), addresses: Arc::clone(&addresses) }
    }

    /// By the provider's word (`twilio`, …).
    pub fn get(&self, provider: &str) -> Option<&Carrier> {
        self.carriers.iter().find(|carrier| carrier.provider().as_str() == provider)
    }

    /// The one that places calls where nobody says which.
    pub fn first(&self) -> Option<&Carrier> {
        self.carriers.first()
    }

    /// Each.
    pub fn iter(&self) -> impl Iterator<Item = &Carrier> {
        self.carriers.iter()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.carriers.is_empty()
    }

    /// What they are told of where we are.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }
}

/// A change of somebody in a conference. What is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ParticipantChange {
    /// Is not heard.
    pub muted: Option<bool>,
    /// Hears music instead of the conference, and is not heard.
    pub hold: Option<bool>,
}

/// Somebody in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Participant {
    /// The provider's name of the call.
    pub call: String,
    /// As the document gave it; empty: none.
    pub label: String,
    /// Does the conference begin with this one?
    pub starts: bool,
    /// Is it not heard?
    pub muted: bool,
    /// Does it hear music?
    pub hold: bool,
}

/// An account at a provider, and how to ask something of it. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct Carrier {
    account: Arc<Account>,
    addresses: Arc<Addresses>,
    rest: Arc<Rest>,
}

impl Carrier {
    /// Whose account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// At which provider.
    pub fn provider(&self) -> Provider {
        self.account.provider
    }

    /// Ends a call.
    ///
    /// # Errors
    /// [`Trouble::Gone`] when it has ended already.
    pub async fn hang_up(&self, call: &str) -> Result<(), Trouble> {
        self.update_call(call, &[("Status", "completed")]).await
    }

    /// Has the provider ask this URL anew what is to become of a call.
    ///
    /// # Errors
    /// [`Trouble::Gone`] when it has ended.
    pub async fn redirect(&self, call: &str, url: &str) -> Result<(), Trouble> {
        self.update_call(call, &[("Url", url), ("Method", "POST")]).await
    }

    async fn update_call(&self, call: &str, form: &[(&str, &str)]) -> Result<(), Trouble> {
        self.rest.post(&self.account, &format!("Calls/{}", segment(call)), form).await.map(drop)
    }

    /// Calls a number from the account's own; when it is answered, the provider asks this URL what is to become of it. The
    /// call's name comes back.
    ///
    /// # Errors
    /// [`Trouble::Refused`] also where the account has no number to call from.
    pub async fn dial(&self, to: &str, url: &str) -> Result<String, Trouble> {
        let missing =
            |what: &str| Trouble::Refused { status: 0, code: 0, message: format!("the account has no {what}") };
        let from = self.account.number.as_deref().ok_or_else(|| missing("number that calls can come from"))?;
        let status = self.addresses.status(self.provider());
        let mut form = vec![("To", to), ("From", from), ("Url", url), ("Method", "POST"), ("StatusCallback", &status)];
        if self.provider() == Provider::Telnyx {
            let application = self.account.application.as_deref();
            form.push(("ApplicationSid", application.ok_or_else(|| missing("TeXML application"))?));
        }
        let answer = self.rest.post(&self.account, "Calls", &form).await?;
        let sid = ["sid", "call_sid"].into_iter().find_map(|name| answer[name].as_str());
        sid.map(str::to_owned).ok_or_else(|| Trouble::Unreachable("the answer does not name the call".to_owned()))
    }

    /// The provider's name of a conference that is not over, if there is one.
    ///
    /// # Errors
    /// When the provider does not say.
    pub async fn conference_sid(&self, name: &str) -> Result<Option<String>, Trouble> {
        let query = [("FriendlyName", name), ("PageSize", "20")];
        let answer = match self.rest.get(&self.account, "Conferences", &query).await {
            Err(Trouble::Gone) => return Ok(None),
            answer => answer?,
        };
        // The newest stand first; one that still waits for its host is `init`.
        let is_it = |conference: &&Value| conference["status"] != "completed" && conference["friendly_name"] == name;
        let found = answer["conferences"].as_array().and_then(|conferences| conferences.iter().find(is_it));
        Ok(found.and_then(|conference| conference["sid"].as_str()).map(str::to_owned))
    }

    /// Who is in a conference.
    ///
    /// # Errors
    /// When the provider does not say.
    pub async fn participants(&self, conference: &str) -> Result<Vec<Participant>, Trouble> {
        let path = format!("Conferences/{}/Participants", segment(conference));
        // As many as a conference takes.
        let answer = match self.rest.get(&self.account, &path, &[("PageSize", "250")]).await {
            Err(Trouble::Gone) => return Ok(Vec::new()),
            answer => answer?,
        };
        let participants = answer["participants"].as_array().map(Vec::as_slice).unwrap_or_default();
        let read = |one: &Value| {
            Some(Participant {
                call: one["call_sid"].as_str()?.to_owned(),
                label: one["label"].as_str().unwrap_or_default().to_owned(),
                starts: one["start_conference_on_enter"] == true,
                muted: one["muted"] == true,
                hold: one["hold"] == true,
            })
        };
        Ok(participants.iter().filter_map(read).collect())
    }

    /// Mutes or holds somebody in a conference.
    ///
    /// # Errors
    /// [`Trouble::Gone`] when the call is not in it any more.
    pub async fn set_participant(
        &self,
        conference: &str,
        call: &str,
        change: ParticipantChange,
    ) -> Result<(), Trouble> {
        let word = |is: bool| if is { "true" } else { "false" };
        let muted = change.muted.map(|is| ("Muted", word(is)));
        let hold = change.hold.map(|is| ("Hold", word(is)));
        let form: Vec<_> = muted.into_iter().chain(hold).collect();
        if form.is_empty() {
            return Ok(());
        }
        let path = format!("Conferences/{}/Participants/{}", segment(conference), segment(call));
        self.rest.post(&self.account, &path, &form).await.map(drop)
    }

    /// Did the provider send this webhook, to us, as it is?
    ///
    /// # Errors
    /// Why that cannot be believed.
    pub fn verify_http(&self, webhook: &Webhook<'_>) -> Result<(), Unsigned> {
        signature::verify_http(&self.account, &self.addresses, webhook)
    }

    /// Did the provider open this WebSocket? Twilio signs the handshake. Of SignalWire's a signature is checked if there is
    /// one, and Telnyx has none: their streams rest on the token that is in `start` alone.
    ///
    /// # Errors
    /// Why that cannot be believed.
    pub fn verify_socket(&self, headers: &HeaderMap, path_and_query: &str) -> Result<(), Unsigned> {
        signature::verify_socket(&self.account, &self.addresses, headers, path_and_query)
    }
}
