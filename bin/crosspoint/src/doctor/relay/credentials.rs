//! What relays are asked with: made from a secret of the settings, or told by the server that runs.

use std::time::Duration;

use crosspoint_auth::unix_now;
use crosspoint_model::Secret;
use crosspoint_model::signal::IceServer;
use crosspoint_stun::credential::{ending_password, ending_username};
use reqwest::StatusCode;
use serde::Deserialize;

use super::client::Credential;
use crate::doctor::Site;
use crate::doctor::server::{get_with_key, innermost, key_for};

/// Where the server tells a client its relays.
const PATH: &str = "/api/webrtc/ice-servers";
/// Longer than a visit takes, and than clocks are usually apart.
const LIFETIME: Duration = Duration::from_secs(600);
/// Whom quotas count.
const USER: &str = "crosspoint-doctor";

/// What the server answers.
#[derive(Deserialize)]
struct Answer {
    #[serde(rename = "iceServers")]
    servers: Vec<IceServer>,
}

/// Where credentials are from.
pub struct Credentials {
    own: Option<Credential>,
    external: Option<Credential>,
    /// What the server tells, or why it does not.
    told: Result<Vec<IceServer>, Untold>,
}

/// Why the server tells no credential.
struct Untold {
    why: String,
    /// It refuses the key of these settings.
    refuses_key: bool,
}

impl Credentials {
    /// Looks for them. The server is asked where the settings do not do.
    pub fn find(site: &Site<'_>) -> Self {
        let turn = &site.config.turn;
        let fixed = turn.static_users.iter().next();
        let fixed = fixed.map(|(name, password)| Credential { username: name.clone(), password: password.clone() });
        let own = turn.secret.as_ref().map(made).or(fixed);
        let external = turn.external_secret.as_ref().map(made);
        // A key that was set is looked at, too.
        let is_enough = own.is_some() && !turn.twilio && site.config.admin.key.is_none();
        let told = if is_enough { Ok(Vec::new()) } else { ask(site) };
        Self { own, external, told }
    }

    /// For this relay of ours.
    pub fn own(&self, url: &str) -> Option<Credential> {
        self.own.clone().or_else(|| self.told(url))
    }

    /// For this one of others.
    pub fn external(&self, url: &str) -> Option<Credential> {
        self.external.clone().or_else(|| self.told(url))
    }

    /// Why the server tells none.
    pub fn why_none(&self) -> &str {
        self.told.as_ref().err().map_or("the server tells of none for it", |untold| &untold.why)
    }

    /// Does the server that runs refuse the key of these settings?
    pub fn refuses_key(&self) -> bool {
        self.told.as_ref().is_err_and(|untold| untold.refuses_key)
    }

    /// Relays that the server tells, each of its addresses.
    pub fn relays(&self) -> Vec<String> {
        let servers = self.told.iter().flatten().filter(|server| server.username.is_some());
        servers.flat_map(|server| server.urls.clone()).collect()
    }

    fn told(&self, url: &str) -> Option<Credential> {
        let server = self.told.iter().flatten().find(|server| server.urls.iter().any(|known| known == url))?;
        let (username, password) = (server.username.clone()?, Secret::new(server.credential.clone()?));
        Some(Credential { username, password })
    }
}

fn made(secret: &Secret) -> Credential {
    let username = ending_username(unix_now() + LIFETIME.as_secs(), USER);
    let password = Secret::new(ending_password(secret.expose(), &username));
    Credential { username, password }
}

fn ask(site: &Site<'_>) -> Result<Vec<IceServer>, Untold> {
    let because = |why: String| Untold { why, refuses_key: false };
    let Some(running) = site.server.running() else { return Err(because("no server runs that could tell one".into())) };
    let answer = get_with_key(site, &running.url, PATH);
    let answer = answer.map_err(|error| match innermost(&error) {
        why if why.contains("peer certificate") => because(
            "this system does not trust the server's certificate, so that nothing is asked with admin.key".into(),
        ),
        why => because(format!("the server does not tell one: {why}")),
    })?;
    if [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&answer.status()) {
        return Err(match (key_for(site, &running.url), &site.config.admin.key) {
            (Some(_), _) => Untold { why: "the server refuses admin.key".into(), refuses_key: true },
            (None, Some(_)) => because("admin.key is sent from outside over https:// only".into()),
            (None, None) => because("the server tells one to operators only, and admin.key is not set".into()),
        });
    }
    if !answer.status().is_success() {
        return Err(because(format!("the server does not tell one: it answers {PATH} with {}", answer.status())));
    }
    let answer = answer.json::<Answer>();
    let answer = answer.map_err(|error| because(format!("what the server tells cannot be read: {error}")))?;
    Ok(answer.servers)
}
