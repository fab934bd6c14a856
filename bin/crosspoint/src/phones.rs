//! Telephone companies: those that the configuration names, or one that only pretends.

use anyhow::Context;
use crosspoint_carrier::{Account, Addresses, Carriers, Provider};
use crosspoint_config::{Config, PhoneAccount};
use crosspoint_model::Secret;
use crosspoint_phone_sim::{PhoneCompany, Settings};

/// The account of the simulated company: no real one has it.
pub const SIMULATED_ACCOUNT: &str = "AC00000000000000000000000000000000";
/// What it signs with. Everybody knows it, as the key of `--dev`.
pub const SIMULATED_TOKEN: &str = "simulated";
/// Below this path the server serves it.
pub const SIMULATOR: &str = "/api/phone/simulator";

/// The companies that this server has an account at.
pub fn carriers(config: &Config, here: &str) -> anyhow::Result<Carriers> {
    let phone = &config.phone;
    if let Some(url) = &phone.hold_url {
        let is_here = url.starts_with(public_url(config, here)) || url.starts_with(here);
        anyhow::ensure!(
            !is_here,
            "phone.hold_url is on this server, which may be down when it is asked for: put it elsewhere"
        );
    }
    let addresses = addresses(config, here)?;
    let simulated = phone.simulator.then(|| simulated_account(here));
    let real = [
        (Provider::Twilio, &phone.twilio),
        (Provider::SignalWire, &phone.signalwire),
        (Provider::Telnyx, &phone.telnyx),
    ];
    let real = real.into_iter().filter_map(|(provider, account)| Some((provider, account.as_ref()?)));
    let accounts = simulated.into_iter().chain(real.map(|(provider, account)| account_at(provider, account)));
    let places_calls = |account: Account| Account {
        number: phone.number.clone(),
        application: phone.telnyx_application.clone(),
        ..account
    };
    Ok(Carriers::new(accounts.map(places_calls).collect(), addresses))
}

/// Where companies find this server.
pub fn addresses(config: &Config, here: &str) -> anyhow::Result<Addresses> {
    Addresses::new(public_url(config, here)).context("http.public_url")
}

/// The public address; where there is none, the one that this machine's own programs use.
pub fn public_url<'a>(config: &'a Config, here: &'a str) -> &'a str {
    config.http.public_url.as_deref().unwrap_or(here)
}

/// The simulated company, if it is wanted. It stands in the same process, and still calls this server from outside.
pub fn simulator(config: &Config, here: &str) -> anyhow::Result<Option<PhoneCompany>> {
    if !config.phone.simulator {
        return Ok(None);
    }
    let addresses = addresses(config, here)?;
    let settings = Settings {
        status_callback: Some(addresses.status(Provider::Twilio)),
        files: config.player.directory.clone(),
        ..Settings::new(
            SIMULATED_ACCOUNT,
            SIMULATED_TOKEN,
            &format!("{here}{SIMULATOR}"),
            &addresses.voice(Provider::Twilio, None),
        )
    };
    PhoneCompany::new(settings).map(Some).context("the simulated telephone company cannot begin")
}

fn simulated_account(here: &str) -> Account {
    let token = Secret::new(SIMULATED_TOKEN);
    Account { url: format!("{here}{SIMULATOR}"), ..Account::new(Provider::Twilio, SIMULATED_ACCOUNT, token) }
}

fn account_at(provider: Provider, account: &PhoneAccount) -> Account {
    Account {
        url: account.url.trim_end_matches('/').to_owned(),
        signing: account.verifier.clone(),
        ..Account::new(provider, account.account.clone(), account.token.clone())
    }
}
