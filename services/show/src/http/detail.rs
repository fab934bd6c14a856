//! What is said of a show: more to those who direct it, less to guests.

use crosspoint_carrier::{Carrier, fallback_twiml};
use crosspoint_model::show::ShowView;
use crosspoint_rooms::http::Answer;
use serde::Serialize;
use utoipa::ToSchema;

use super::HttpDeps;
use crate::actor::Actor;

/// A show, and for those who direct it what leads into it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShowDetail {
    /// The show. Guests do not see its PIN.
    #[serde(flatten)]
    show: ShowView,
    /// For hosts and operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<ShowLinks>,
    /// For hosts and operators: one entry for each telephone company that this server has an account at.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhooks: Option<Vec<ProviderSettings>>,
}

/// Addresses of pages, each with an invitation in its fragment. They are secrets: who has one has its seat.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ShowLinks {
    /// For hosts.
    host: String,
    /// For screeners.
    screener: String,
    /// For guests.
    guest: String,
    /// For whoever calls in with the simulated telephone.
    call_in: String,
}

/// What is entered at a telephone company for the show's numbers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProviderSettings {
    /// `twilio`, `telnyx`, `signalwire`.
    provider: String,
    /// The URL for "a call comes in".
    voice: String,
    /// The URL for "call status changes".
    status: String,
    /// The TwiML that is to stand where the URL for "primary handler fails" points: anywhere but on this server (a TwiML bin,
    /// say), for it is fetched when this server is down.
    fallback: String,
    /// The same for a number that only hosts know: with it the conference begins.
    fallback_host: String,
}

/// A show as this one may see it.
pub fn detail(deps: &HttpDeps, mut show: ShowView, actor: &Actor) -> Answer<ShowDetail> {
    if actor.may_see().is_err() {
        show.pin = String::new();
    }
    if actor.may_direct().is_err() {
        return Ok(ShowDetail { show, links: None, webhooks: None });
    }
    let links = deps.shows.links(&show.show_id)?;
    let links = ShowLinks { host: links.host, screener: links.screener, guest: links.guest, call_in: links.call_in };
    let webhooks = deps.carriers.iter().map(|carrier| settings(deps, carrier, &show.show_id)).collect();
    Ok(ShowDetail { show, links: Some(links), webhooks: Some(webhooks) })
}

fn settings(deps: &HttpDeps, carrier: &Carrier, show: &str) -> ProviderSettings {
    let (provider, addresses) = (carrier.provider(), deps.carriers.addresses());
    ProviderSettings {
        provider: provider.as_str().to_owned(),
        voice: addresses.voice(provider, Some(show)),
        status: addresses.status(provider),
        fallback: fallback_twiml(provider, show, false),
        fallback_host: fallback_twiml(provider, show, true),
    }
}
