//! What the shows want of telephone companies. A trait, so that tests can stand in for them.

use crosspoint_carrier::twiml::conferences;
use crosspoint_carrier::{Carrier, Carriers, ParticipantChange, Provider, Trouble};
use crosspoint_rooms::{CallRef, Task};

use crate::names;

/// Somebody in a conference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Participant {
    pub(crate) call: CallRef,
    /// The company's own name for the conference.
    pub(crate) conference: String,
    /// Is that the first one of the show?
    pub(crate) is_first: bool,
    /// By its label, or because the conference may begin with it.
    pub(crate) is_host: bool,
    pub(crate) muted: bool,
    pub(crate) hold: bool,
}

/// The telephone companies.
pub(crate) trait Exchange: Send + Sync {
    /// Ends a call.
    fn hang_up<'a>(&'a self, call: &'a CallRef) -> Task<'a, Result<(), Trouble>>;

    /// Has a call ask us anew what is to become of it.
    fn redirect<'a>(&'a self, call: &'a CallRef, show: &'a str) -> Task<'a, Result<(), Trouble>>;

    /// Calls a number, which is to ask us what is to become of it. Which call it is comes back.
    fn dial<'a>(&'a self, number: &'a str, show: &'a str) -> Task<'a, Result<CallRef, Trouble>>;

    /// A company's own name for a conference.
    fn conference_sid<'a>(&'a self, provider: &'a str, name: &'a str) -> Task<'a, Result<Option<String>, Trouble>>;

    /// Who is in the conferences of the show whose first one has this name, at any company. Of a company that does not say it,
    /// nobody.
    fn participants<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Participant>>;

    /// Mutes or holds a call in a conference.
    fn set_participant<'a>(
        &'a self,
        conference: &'a str,
        call: &'a CallRef,
        change: ParticipantChange,
    ) -> Task<'a, Result<(), Trouble>>;
}

impl Exchange for Carriers {
    fn hang_up<'a>(&'a self, call: &'a CallRef) -> Task<'a, Result<(), Trouble>> {
        Box::pin(
            async move { self.get(&call.provider).ok_or_else(|| no_account(&call.provider))?.hang_up(&call.sid).await },
        )
    }

    fn redirect<'a>(&'a self, call: &'a CallRef, show: &'a str) -> Task<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let carrier = self.get(&call.provider).ok_or_else(|| no_account(&call.provider))?;
            carrier.redirect(&call.sid, &self.addresses().voice(carrier.provider(), Some(show))).await
        })
    }

    fn dial<'a>(&'a self, number: &'a str, show: &'a str) -> Task<'a, Result<CallRef, Trouble>> {
        Box::pin(async move {
            let carrier = self.first().ok_or_else(|| no_account("any telephone company"))?;
            let sid = carrier.dial(number, &self.addresses().voice(carrier.provider(), Some(show))).await?;
            Ok(CallRef { provider: Provider::as_str(carrier.provider()).to_owned(), sid })
        })
    }

    fn conference_sid<'a>(&'a self, provider: &'a str, name: &'a str) -> Task<'a, Result<Option<String>, Trouble>> {
        Box::pin(async move { self.get(provider).ok_or_else(|| no_account(provider))?.conference_sid(name).await })
    }

    fn participants<'a>(&'a self, name: &'a str) -> Task<'a, Vec<Participant>> {
        Box::pin(async move {
            let mut all = Vec::new();
            for carrier in self.iter() {
                all.extend(in_conferences(carrier, name).await);
            }
            all
        })
    }

    fn set_participant<'a>(
        &'a self,
        conference: &'a str,
        call: &'a CallRef,
        change: ParticipantChange,
    ) -> Task<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let carrier = self.get(&call.provider).ok_or_else(|| no_account(&call.provider))?;
            carrier.set_participant(conference, &call.sid, change).await
        })
    }
}

/// Each is asked, also where the one before is empty or does not say: who waits longest gets a line first, so the first ones empty first.
async fn in_conferences(carrier: &Carrier, first: &str) -> Vec<Participant> {
    let mut all = Vec::new();
    for name in conferences(first) {
        match in_conference(carrier, &name, name == first).await {
            Ok(there) => all.extend(there),
            Err(trouble) => {
                tracing::warn!(conference = name, provider = %carrier.provider(), %trouble, "who is in a conference is not known");
            }
        }
    }
    all
}

async fn in_conference(carrier: &Carrier, name: &str, is_first: bool) -> Result<Vec<Participant>, Trouble> {
    let Some(conference) = carrier.conference_sid(name).await? else { return Ok(Vec::new()) };
    let provider = carrier.provider().as_str();
    let participant = |one: crosspoint_carrier::Participant| Participant {
        call: CallRef { provider: provider.to_owned(), sid: one.call },
        conference: conference.clone(),
        is_first,
        is_host: one.starts || one.label.starts_with(names::HOST_LABEL),
        muted: one.muted,
        hold: one.hold,
    };
    Ok(carrier.participants(&conference).await?.into_iter().map(participant).collect())
}

fn no_account(provider: &str) -> Trouble {
    Trouble::Refused { status: 0, code: 0, message: format!("this server has no account at {provider}") }
}
